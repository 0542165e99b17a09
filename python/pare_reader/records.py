"""The records of tensors and of values, and the rules that bind them to each other."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import List, Optional, Tuple

from .errors import FormatError, check
from .layout import Header, Section, aligned, check_zero
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
    axis: Optional[int]
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
    def quantized(self) -> bool:
        """Whether the elements are ``real / scale + zero point``."""
        return bool(self.flags & 1)

    @property
    def scale_count(self) -> int:
        """Scales that are stored."""
        if not self.quantized:
            return 0
        return 1 if self.axis is None else self.shape[self.axis]

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


def read_tensors(section: Section, data: memoryview, names: List[str], place: Section) -> List[Record]:
    """The records of the tensors, whose streams fill the section ``place`` of the file ``data``."""
    records: List[Record] = []
    end = place.offset
    for at in range(0, section.size, TENSOR.size):
        record = _tensor(TENSOR.unpack_from(section.data, at), section.offset + at, names)
        check(record.offset == aligned(end, 64), "tensorPlace", record.place + 40,
              f"{record.name!r} lies at {record.offset}")
        check(record.end <= place.offset + place.size, "tensorPlace", record.place + 48,
              f"{record.name!r} exceeds the data section")
        check_zero(data, end, record.offset)
        end = record.end
        records.append(record)
    check(end == place.offset + place.size, "tensorPlace", end, "data follow the last tensor")
    return records


def _tensor(fields: Tuple, place: int, names: List[str]) -> Record:
    number, encoding, rank, flags, axis, reserved = fields[:6]
    extents = fields[6:14]
    offset, positions, values, scales, nonzero, name, order, digest = fields[14:]
    check(number in ELEMENT_TYPES, "elementType", place, f"element type {number}")
    element = ELEMENT_TYPES[number]
    check(encoding < len(ENCODINGS), "encodingUnknown", place + 1, f"encoding {encoding}")
    for i, byte in enumerate(reserved):
        check(byte == 0, "tensorRecord", place + 5 + i, "a reserved byte is not zero")
    shape = _shape(extents, rank, place + 8)
    check(name < len(names), "tensorRecord", place + 80, f"there is no string {name}")
    for i, size in enumerate((positions, values, scales)):
        check(size <= MOST_BYTES, "tensorRecord", place + 48 + 8 * i, f"a stream of {size} bytes")
    fits = flags < 16 and (flags & 1 or flags == 0) and (not flags & 8 or flags & 6 == 2)
    check(bool(fits), "tensorRecord", place + 3, f"quantization flags {flags:#04x}")
    check(flags == 0 or element.limits is not None, "tensorRecord", place + 3,
          f"quantized {element.name}")
    check(axis < len(shape) if flags & 2 else axis == 0, "tensorRecord", place + 4, f"axis {axis}")
    record = Record(place, names[name], element, ENCODINGS[encoding], shape, flags,
                    axis if flags & 2 else None, offset, positions, values, scales, nonzero,
                    _order(encoding, order, shape, element, place), digest)
    n = record.scale_count
    expected = 4 + 2 * n if flags & 8 else 8 * n if flags & 4 else 4 * n
    check(scales == expected, "tensorRecord", record.scales_offset,
          f"{scales} bytes of scales, where there should be {expected}")
    check(not flags & 4 or encoding == 0, "sparseZeroPoint", record.scales_offset,
          f"{ENCODINGS[encoding]} with zero points")
    return record


def _order(encoding: int, order: bytes, shape: Tuple[int, ...], element: ElementType,
           place: int) -> Tuple[int, int, int]:
    """Quantum, groups and taps side by side of panels; zeros of other encodings."""
    if encoding != PANELS:
        for i, byte in enumerate(order):
            check(byte == 0, "tensorRecord", place + 84 + i, "a reserved byte is not zero")
        return (0, 0, 0)
    outputs, quantum, reserved, groups, side = struct.unpack("<BBHII", order)
    fits = (outputs == 16 and quantum * element.size == 4 and reserved == 0 and groups > 0
            and side > 0 and len(shape) >= 2 and prod(shape) > 0)
    fits = fits and shape[0] % groups == 0 and prod(shape[2:]) % side == 0
    check(fits, "tensorRecord", place + 84, "there is no such order of panels")
    return (quantum, groups, side)


def read_values(section: Section, header: Header, names: List[str], tensors: List[Record],
                file_size: int) -> List[Value]:
    """The values of the graph; their names, tensors and sizes fit each other."""
    values: List[Value] = []
    seen = set()
    owners: List[Optional[str]] = [None] * len(tensors)
    expanded = 0
    for at in range(0, section.size, VALUE.size):
        place = section.offset + at
        value = _value(VALUE.unpack_from(section.data, at), place, len(values), header, names,
                       tensors)
        check(value.name not in seen, "valueName", place, f"two values are named {value.name!r}")
        seen.add(value.name)
        if value.tensor is not None:
            tensor = tensors[value.tensor]
            owner = owners[value.tensor] or value.name
            check(owner == tensor.name, "tensorReference", place + 40,
                  f"tensor {tensor.name!r} belongs to {owner!r}")
            owners[value.tensor] = owner
            expanded += tensor.expanded
            check(expanded <= max(FREE_CONSTANTS, EXPANSION * file_size), "constantExpansion",
                  place, f"{expanded} bytes of expanded constants")
        values.append(value)
    for tensor, owner in zip(tensors, owners):
        check(owner is not None, "tensorReference", tensor.place, "a tensor belongs to no value")
    return values


def _value(fields: Tuple, place: int, number: int, header: Header, names: List[str],
           tensors: List[Record]) -> Value:
    name, type_number, rank, quantized, reserved = fields[:5]
    extents = fields[5:13]
    tensor, scale, zero, rest = fields[13:]
    check(name < len(names), "valueRecord", place, f"there is no string {name}")
    check(type_number in ELEMENT_TYPES, "elementType", place + 4, f"element type {type_number}")
    element = ELEMENT_TYPES[type_number]
    check(reserved == 0, "valueRecord", place + 7, "a reserved byte is not zero")
    for i, byte in enumerate(rest):
        check(byte == 0, "valueRecord", place + 52 + i, "a reserved byte is not zero")
    shape = None
    if rank == OPEN:
        check(header.depends_on_data and not tensor and not quantized, "openShape", place + 5,
              "an open shape where none may be")
        _shape(extents, 0, place + 8)
    else:
        shape = _shape(extents, rank, place + 8)
    check(quantized <= 1 and not (quantized and tensor), "valueRecord", place + 6,
          "a constant or a wrong flag says it is quantized")
    if quantized:
        check(element.limits is not None, "valueRecord", place + 6, f"quantized {element.name}")
        check(is_positive_normal(scale), "scale", place + 44, "a scale is no positive number")
        least, most = element.limits or (0, 0)
        check(least <= zero <= most, "zeroPoint", place + 48, f"zero point {zero}")
    else:
        check(scale == 0 and zero == 0, "valueRecord", place + 44, "parameters without a flag")
    check(tensor <= len(tensors), "tensorReference", place + 40, f"there is no tensor {tensor - 1}")
    if tensor:
        _check_constant(tensors[tensor - 1], element, shape, place)
    (real,) = struct.unpack("<f", struct.pack("<I", scale))
    return Value(number, names[name], element.name, shape, real if quantized else None,
                 zero if quantized else None, tensor - 1 if tensor else None)


def _check_constant(tensor: Record, element: ElementType, shape: Optional[Tuple[int, ...]],
                    place: int) -> None:
    same = element == tensor.type and not tensor.quantized
    narrower = element.name == "float32" and (
        tensor.quantized or tensor.type.name in ("float16", "bfloat16"))
    if not (tensor.shape == shape and (same or narrower)):
        raise FormatError("tensorReference", place + 40,
                          f"tensor {tensor.name!r} does not fit its value")
