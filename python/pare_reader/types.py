"""Element types, numbered as ONNX's TensorProto.DataType."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np


@dataclass(frozen=True)
class ElementType:
    """A type of elements.

    ``bits`` is the unsigned integer type of the same width: what storage is compared in.
    ``dtype`` is numpy's type for it; of bfloat16, which numpy lacks, the bits as uint16.
    ``limits`` are the least and the greatest number of a type that can be quantized.
    """

    number: int
    name: str
    dtype: np.dtype
    limits: Optional[Tuple[int, int]] = None

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def bits(self) -> np.dtype:
        """The unsigned integer type of this width, little endian."""
        return np.dtype(f"<u{self.size}")


_ROWS = [(1, "float32", "<f4"), (2, "uint8", "u1"), (3, "int8", "i1"), (4, "uint16", "<u2"),
         (5, "int16", "<i2"), (6, "int32", "<i4"), (7, "int64", "<i8"), (9, "bool", "?"),
         (10, "float16", "<f2"), (11, "float64", "<f8"), (12, "uint32", "<u4"),
         (13, "uint64", "<u8"), (16, "bfloat16", "<u2")]
_QUANTIZED = (2, 3, 4, 5, 6)

ELEMENT_TYPES = {
    number: ElementType(
        number, name, np.dtype(code),
        (int(np.iinfo(code).min), int(np.iinfo(code).max)) if number in _QUANTIZED else None)
    for number, name, code in _ROWS
}
