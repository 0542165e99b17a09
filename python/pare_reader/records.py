"""The records of tensors and of values, and the rules that bind them to each other."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import List, Optional, Tuple

from .errors import FormatError, check
from .layout import Header, Section, aligned, check_records, check_zero
from .names import canonical
from .types import ELEMENT_TYPES, ElementType

TENSOR = struct.Struct("<5B3s8I5QI12s32s")
VALUE = struct.Struct("<I4B8IIIi12s")
ENCODINGS = ("dense", "bitmask", "nibble-gap", "csr16", "block1x4", "block1x4-gap", "panels",
             "palette")
PANELS = 6
MOST_ELEMENTS = 1 << 40
MOST_BYTES = 1 << 43
FREE_EXPANSION = 1 << 24
FREE_CONSTANTS = 1 << 28
EXPANSION = 64
OPEN = 255


@dataclass(frozen=True)
class Record:
    """How one tensor is stored; ``place`` is where its record lies in the file."""

    place: int
    name: str
    type: ElementType
    encoding: str
    shape: Tuple[int, ...]
    flags: int
    axis: int
    offset: int
    positions: int
    values: int
    scales: int
    nonzero: int
    order: Tuple[int, int, int]
    digest: bytes

    @property
    def count(self) -> int:
        """Elements."""
        return prod(self.shape)

    @property
    def expanded(self) -> int:
        """Bytes of all elements."""
        return self.count * self.type.size

    @property
    def justified(self) -> bool:
        """Whether what is stored allows the expanded size; dense elements need no leave."""
        stored = self.positions + self.values
        return (self.encoding in ("dense", "panels") or self.expanded <= FREE_EXPANSION
                or self.expanded // EXPANSION <= stored)

    @property
    def quantized(self) -> bool:
        """Whether the elements are ``real / scale + zero point``."""
        return bool(self.flags & 1)

    @property
    def scale_count(self) -> int:
        """Scales that are stored."""
        if not self.quantized:
            return 0
        return self.shape[self.axis] if self.flags & 2 else 1

    @property
    def values_offset(self) -> int:
        """Where the values stream begins."""
        return aligned(self.offset + self.positions, 16)

    @property
    def scales_offset(self) -> int:
        """Where the scales stream begins."""
        return aligned(self.values_offset + self.values, 16)

    @property
    def end(self) -> int:
        """Where the last stream ends."""
        return self.scales_offset + self.scales


@dataclass(frozen=True)
class Value:
    """A graph input, a constant, or an output of a node.

    ``shape`` is None where it depends on the data of a run. ``scale`` and ``zero_point`` are there
    for a quantized activation. ``tensor`` is the number of the tensor that holds a constant. The
    values of a body have a number and a name alone.
    """

    number: int
    name: str
    dtype: Optional[str] = None
    shape: Optional[Tuple[int, ...]] = None
    scale: Optional[float] = None
    zero_point: Optional[int] = None
    tensor: Optional[int] = None


def is_positive_normal(bits: int) -> bool:
    """Whether these are the bits of a positive normal float32."""
    return 0x00800000 <= bits <= 0x7F7FFFFF


def _shape(extents: Tuple[int, ...], rank: int, place: int) -> Tuple[int, ...]:
    check(rank <= 8, "rank", place, f"rank {rank}")
    for i in range(rank, 8):
        check(extents[i] == 0, "rank", place + 4 * i, "an extent behind the rank is not zero")
    check(prod(max(1, e) for e in extents[:rank]) <= MOST_ELEMENTS, "elementCount", place,
          "more than 2^40 elements")
    return extents[:rank]


def _reserved(content: bytes, place: int, rule: str) -> None:
    for i, byte in enumerate(content):
        check(byte == 0, rule, place + i, "a reserved byte is not zero")


def read_tensors(section: Section, header: Header, data: memoryview, names: List[str],
                 streams: Section) -> List[Record]:
    """The records of the tensors, whose streams fill the section ``streams`` of the file."""
    check_records(section, header.tensors, TENSOR.size)
    records: List[Record] = []
    end = streams.offset
    for at in range(0, section.size, TENSOR.size):
        record = _tensor(TENSOR.unpack_from(section.data, at), section.offset + at, names)
        check(record.offset == aligned(end, 64) and record.offset <= streams.end, "tensorPlace",
              record.place + 40, f"{record.name!r} lies at {record.offset}")
        check_zero(data, end, record.offset)
        check(record.end <= streams.end, "tensorPlace", record.place + 48,
              f"{record.name!r} exceeds the data section")
        end = record.end
        records.append(record)
    check(end == streams.end, "tensorPlace", end, "data follow the last tensor")
    return records


def _tensor(fields: Tuple, place: int, names: List[str]) -> Record:
    number, encoding, rank, flags, axis, reserved = fields[:6]
    extents, numbers = fields[6:14], fields[14:19]
    name, order, digest = fields[19:]
    check(name < len(names), "tensorRecord", place + 80, f"there is no string {name}")
    check(number in ELEMENT_TYPES, "elementType", place, f"element type {number}")
    element = ELEMENT_TYPES[number]
    check(encoding < len(ENCODINGS), "encodingUnknown", place + 1, f"encoding {encoding}")
    _reserved(reserved, place + 5, "tensorRecord")
    shape = _shape(extents, rank, place + 8)
    for i, size in enumerate(numbers):
        check(size <= MOST_BYTES, "tensorRecord", place + 40 + 8 * i, f"a size of {size}")
    panels = _order(encoding, order, shape, element, place + 84)
    return Record(place, names[name], element, ENCODINGS[encoding], shape, flags, axis, *numbers,
                  panels, digest)


def _order(encoding: int, order: bytes, shape: Tuple[int, ...], element: ElementType,
           place: int) -> Tuple[int, int, int]:
    """Quantum, groups and taps side by side of panels; zeros of other encodings."""
    if encoding != PANELS:
        _reserved(order, place, "tensorRecord")
        return (0, 0, 0)
    outputs, quantum, _, groups, side = struct.unpack("<BBHII", order)
    check(outputs == 16, "tensorRecord", place, f"panels of {outputs} outputs")
    _reserved(order[2:4], place + 2, "tensorRecord")
    fits = (quantum * element.size == 4 and groups > 0 and side > 0 and len(shape) >= 2
            and prod(shape) > 0 and shape[0] % groups == 0 and prod(shape[2:]) % side == 0)
    check(fits, "tensorRecord", place, "there is no such order of panels")
    return (quantum, groups, side)


def check_quantization(record: Record) -> None:
    """Refuses flags, an axis, a type or a size of the scales that do not fit each other."""
    flags = record.flags
    fits = flags < 16 and (flags & 1 or flags == 0) and (not flags & 8 or flags & 6 == 2)
    fits = fits and (flags == 0 or record.type.limits is not None)
    fits = fits and (record.axis < len(record.shape) if flags & 2 else record.axis == 0)
    check(bool(fits), "tensorRecord", record.scales_offset,
          f"quantization flags {flags:#04x}, axis {record.axis}, of {record.type.name}")
    n = record.scale_count
    expected = 4 + 2 * n if flags & 8 else 8 * n if flags & 4 else 4 * n
    check(record.scales == expected, "tensorRecord", record.scales_offset,
          f"{record.scales} bytes of scales, where there should be {expected}")


def read_values(section: Section, header: Header, names: List[str], tensors: List[Record],
                file_size: int) -> List[Value]:
    """The values of the graph; their names, tensors and sizes fit each other."""
    check_records(section, header.values, VALUE.size)
    values: List[Value] = []
    seen = set()
    owned = [False] * len(tensors)
    expanded = 0
    for at in range(0, section.size, VALUE.size):
        place = section.offset + at
        value = _value(VALUE.unpack_from(section.data, at), place, len(values), header, names,
                       tensors, owned)
        name = canonical(value.name)
        check(name not in seen, "valueName", place, f"two values are named {value.name!r}")
        seen.add(name)
        if value.tensor is not None:
            expanded += tensors[value.tensor].expanded
            check(expanded <= FREE_CONSTANTS or expanded // EXPANSION <= file_size,
                  "constantExpansion", place, f"{expanded} bytes of expanded constants")
        values.append(value)
    for tensor, owns in zip(tensors, owned):
        check(owns, "tensorReference", tensor.place, "a tensor belongs to no value")
    return values


def _value(fields: Tuple, place: int, number: int, header: Header, names: List[str],
           tensors: List[Record], owned: List[bool]) -> Value:
    name, type_number, rank, quantized, reserved = fields[:5]
    extents = fields[5:13]
    tensor, scale, zero, rest = fields[13:]
    check(name < len(names), "valueRecord", place, f"there is no string {name}")
    check(type_number in ELEMENT_TYPES, "elementType", place + 4, f"element type {type_number}")
    element = ELEMENT_TYPES[type_number]
    check(reserved == 0, "valueRecord", place + 7, "a reserved byte is not zero")
    check(quantized <= 1, "valueRecord", place + 6, f"quantized is {quantized}")
    is_open = rank == OPEN
    extents = _shape(extents, 0 if is_open else rank, place + 8)
    _reserved(rest, place + 52, "valueRecord")
    check(not is_open or header.depends_on_data and not tensor and not quantized, "openShape",
          place + 5, "an open shape where none may be")
    if quantized:
        check(not tensor, "valueRecord", place + 6, "a constant says it is quantized")
        check(is_positive_normal(scale), "scale", place + 44, "a scale is no positive number")
        least, most = element.limits or (1, 0)
        check(least <= zero <= most, "zeroPoint", place + 48,
              f"zero point {zero} of {element.name}")
    else:
        check(scale == 0 and zero == 0, "valueRecord", place + 44, "parameters without a flag")
    if tensor:
        check(tensor <= len(tensors), "tensorReference", place + 40, f"there is no tensor {tensor}")
        _check_constant(tensors[tensor - 1], element, extents, place)
        check(owned[tensor - 1] or tensors[tensor - 1].name == names[name], "tensorReference",
              place + 40, f"tensor {tensors[tensor - 1].name!r} belongs to {names[name]!r}")
        owned[tensor - 1] = True
    (real,) = struct.unpack("<f", struct.pack("<I", scale))
    return Value(number, names[name], element.name, None if is_open else extents,
                 real if quantized else None, zero if quantized else None,
                 tensor - 1 if tensor else None)


def _check_constant(tensor: Record, element: ElementType, shape: Tuple[int, ...],
                    place: int) -> None:
    same = element == tensor.type and not tensor.quantized
    narrower = element.name == "float32" and (
        tensor.quantized or tensor.type.name in ("float16", "bfloat16"))
    if not (tensor.shape == shape and (same or narrower)):
        raise FormatError("tensorReference", place + 40,
                          f"tensor {tensor.name!r} does not fit its value")
