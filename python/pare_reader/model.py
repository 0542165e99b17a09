"""A model: what a file holds, checked before it is handed out."""

from __future__ import annotations

import hashlib
import io
import mmap
import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import layout
from .encodings import decode
from .errors import check
from .graph import Graph, read_graph
from .layout import Section
from .metadata import read_metadata
from .names import read_names
from .records import (EXPANSION, FREE_CONSTANTS, Record, check_quantization, read_tensors,
                      read_values)
from .scales import gaps, read_scales, real_numbers, streams


def open(path: Union[str, "os.PathLike[str]"], verify: str = "all") -> "Model":
    """Maps a ``.pare`` file and checks it.

    ``verify="all"`` checks every rule of the format first. ``verify="lazy"`` checks the streams of
    a tensor when it is first read, and the metadata when they are; all else first. A file must not
    be changed in place while it is mapped.

    Raises :class:`FormatError` where a rule is broken, and OSError where the file cannot be read.
    """
    with io.open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 128:
            return Model(file.read(size), verify)
        return Model(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), verify)


class Model:
    """A model that was read; arrays are views of the file where it stores them as they are.

    ``release`` is the number of the release, ``digest`` the SHA-256 that stands for the whole file,
    ``sections`` are the sections in their order, ``records`` say how each tensor is stored, by its
    name, and ``graph`` is the graph.
    """

    def __init__(self, data: Union[bytes, mmap.mmap], verify: str = "all") -> None:
        if verify not in ("all", "lazy"):
            raise ValueError('verify is "all" or "lazy"')
        self._view = memoryview(data).toreadonly()
        header = layout.read_header(self._view)
        self.sections: List[Section] = layout.read_sections(self._view, header)
        self.release = header.release
        self.version = (1, header.minor)
        self.digest = layout.file_digest(self._view, header)
        self._bytes = np.frombuffer(self._view, np.uint8)
        self._verified: set = set()
        self._metadata: Optional[Dict[str, Any]] = None
        names = read_names(self._section("names"))
        tensors = read_tensors(self._section("tensors"), header, self._view, names,
                               self._section("data"))
        # Tensors that expand to more than all values may are refused with the values, before one of
        # them is expanded; those that may not expand at all are refused when it is tried.
        sparse = sum(t.expanded for t in tensors
                     if t.justified and t.encoding not in ("dense", "panels"))
        bounded = sparse // EXPANSION <= max(FREE_CONSTANTS // EXPANSION, len(self._view))
        for tensor in tensors if bounded else ():
            if verify == "all":
                self._stored(tensor)
            else:
                check_quantization(tensor)
        values = read_values(self._section("values"), header, names, tensors, len(self._view))
        self.graph: Graph = read_graph(self._section("graph"), header, names, values)
        self.records: Dict[str, Record] = {tensor.name: tensor for tensor in tensors}
        self._holders = {value.name: tensors[value.tensor] for value in values
                         if value.tensor is not None}
        if verify == "all":
            self._read_metadata()

    def _section(self, name: str) -> Section:
        return layout.by_name(self.sections, name)

    @property
    def tensors(self) -> Mapping[str, np.ndarray]:
        """The stored elements of each tensor by name, decoded when asked for.

        An array has the stored type: integers of quantized tensors, bits as uint16 of bfloat16.
        """
        return _Tensors(self)

    @property
    def metadata(self) -> Dict[str, Any]:
        """Preprocessing, labels, provenance, the source's entries, as schemas/pare.proto says."""
        return self._read_metadata()

    def _read_metadata(self) -> Dict[str, Any]:
        if self._metadata is None:
            section = self._section("metadata")
            self._metadata = read_metadata(section.data, section.offset)
        return self._metadata

    def tensor(self, name: str, dequantize: bool = True) -> np.ndarray:
        """The elements of a constant, by the name of its tensor or of any value that it holds.

        With ``dequantize``, quantized, float16 and bfloat16 elements become float32; others keep
        their type. Raises KeyError where there is no such constant.
        """
        record = self._holders[name]
        elements = self._stored(record)
        if not dequantize:
            return elements
        scales, zeros = self.scales(name)
        return real_numbers(elements, record, scales, zeros)

    def scales(self, name: str) -> Tuple[Optional[np.ndarray], Optional[np.ndarray]]:
        """Scales and zero points of a constant, along the axis; None where there are none."""
        record = self._holders[name]
        self._verify(record)
        if not record.quantized:
            return None, None
        return read_scales(record, streams(record, self._bytes)[2])

    def _verify(self, record: Record) -> None:
        if record.place in self._verified:
            return
        stretch = self._view[record.offset: record.end]
        check(hashlib.sha256(stretch).digest() == record.digest, "tensorDigest", record.offset,
              f"tensor {record.name!r} is damaged")
        for start, end in gaps(record):
            layout.check_zero(self._view, start, end)
        check_quantization(record)
        if record.quantized:
            read_scales(record, streams(record, self._bytes)[2])

    def _stored(self, record: Record) -> np.ndarray:
        self._verify(record)
        positions, values, _ = streams(record, self._bytes)
        elements = decode(record, positions, values)
        self._verified.add(record.place)
        if record.type.name == "bool":
            return (elements != 0).reshape(record.shape)
        return elements.view(record.type.dtype).reshape(record.shape)


class _Tensors(Mapping[str, np.ndarray]):
    def __init__(self, model: Model) -> None:
        self._model = model

    def __getitem__(self, name: str) -> np.ndarray:
        return self._model._stored(self._model.records[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._model.records)

    def __len__(self) -> int:
        return len(self._model.records)
