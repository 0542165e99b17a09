"""The header, the section table, and the sections."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import List, Tuple

from .errors import FormatError, check

MAGIC = b"\x89PARE\r\n\x1a"
HEADER = struct.Struct("<8sIHHQQQ6IQ32s20sI")
ENTRY = struct.Struct("<IIQQ32s8s")
NAMES = {1: "names", 2: "values", 3: "tensors", 4: "graph", 5: "metadata", 6: "data"}
CRITICAL = 1 << 31
KINDS = {number: number if number == 5 else number | CRITICAL for number in NAMES}
COUNTS = ("values", "tensors", "nodes", "graph inputs", "graph outputs")
MOST = 1 << 20
MOST_METADATA = 1 << 24


@dataclass(frozen=True)
class Header:
    """The fields of the first 128 bytes that mean something."""

    minor: int
    depends_on_data: bool
    compatible: int
    sections: int
    values: int
    tensors: int
    nodes: int
    inputs: int
    outputs: int
    release: int
    table_digest: bytes


@dataclass(frozen=True)
class Section:
    """One section: ``name`` is ``"ancillary"`` where its number is unknown. ``data`` is a view."""

    number: int
    critical: bool
    name: str
    offset: int
    size: int
    digest: bytes
    data: memoryview


def aligned(offset: int, unit: int) -> int:
    """The first multiple of ``unit`` at or behind ``offset``."""
    return -(-offset // unit) * unit


def check_zero(data: memoryview, start: int, end: int, rule: str = "padding",
               what: str = "padding is not zero") -> None:
    """Refuses a byte other than zero in ``data[start:end]``, by its place."""
    stretch = bytes(data[start:end])
    rest = stretch.lstrip(b"\0")
    check(not rest, rule, start + len(stretch) - len(rest), what)


def read_header(data: memoryview) -> Header:
    """The header, every rule of it checked."""
    check(len(data) >= 128, "headerLength", len(data), f"{len(data)} bytes are no header")
    (magic, mark, major, minor, size, incompatible, compatible, sections, values, tensors, nodes,
     inputs, outputs, release, digest, _, checksum) = HEADER.unpack_from(data, 0)
    check(magic == MAGIC, "magic", 0, "this is no .pare file")
    check(zlib.crc32(data[:124]) == checksum, "headerChecksum", 124, "the header is damaged")
    check(mark == 0x01020304, "byteOrder", 8, f"the byte-order mark is {mark:#010x}")
    check(major == 1, "majorVersion", 12, f"version {major} needs another reader")
    check(incompatible <= 1, "incompatibleFeature", 24,
          f"features {incompatible:#x} need a newer reader")
    check_zero(data, 104, 124, "headerReserved", "a reserved byte is not zero")
    check(size == len(data), "fileSize", 16, f"{len(data)} bytes, where the header says {size}")
    check(6 <= sections <= 64 and 128 + 64 * sections <= len(data), "sectionCount", 40,
          f"{sections} sections")
    for place, (what, count) in enumerate(zip(COUNTS, (values, tensors, nodes, inputs, outputs))):
        check(count <= MOST, "entryCount", 44 + 4 * place, f"{count} {what}")
    return Header(minor, bool(incompatible), compatible, sections, values, tensors, nodes, inputs,
                  outputs, release, digest)


def read_sections(data: memoryview, header: Header) -> List[Section]:
    """The sections in the order of the file, with their places, digests and padding checked."""
    end = 128 + 64 * header.sections
    check(hashlib.sha256(data[128:end]).digest() == header.table_digest, "sectionTableDigest", 128,
          "the section table is damaged")
    entries = [ENTRY.unpack_from(data, 128 + 64 * i) for i in range(header.sections)]
    _check_kinds(entries)
    sections = []
    for i, (kind, _, offset, size, digest, _) in enumerate(entries):
        field = 128 + 64 * i + 8
        check(offset == aligned(end, 64), "sectionPlace", field, f"section {i} lies at {offset}")
        check(offset + size <= len(data), "sectionPlace", field, f"section {i} exceeds the file")
        check_zero(data, end, offset)
        end = offset + size
        number = kind & ~CRITICAL
        sections.append(Section(number, kind >= CRITICAL, NAMES.get(number, "ancillary"), offset,
                                size, digest, data[offset:end]))
    check(end == len(data), "sectionPlace", end, "bytes follow the last section")
    for section in sections:
        check(section.name == "data" or hashlib.sha256(section.data).digest() == section.digest,
              "sectionDigest", section.offset, f"section {section.name} is damaged")
    _check_sizes(sections, header)
    return sections


def _check_kinds(entries: List[Tuple]) -> None:
    known = []
    for i, (kind, flags, _, _, digest, reserved) in enumerate(entries):
        place = 128 + 64 * i
        number = kind & ~CRITICAL
        check(flags == 0 and not any(reserved), "sectionTableReserved", place,
              "a reserved field is not zero")
        check(number != 6 or not any(digest), "sectionTableReserved", place + 24,
              "the data section has a digest")
        if number in NAMES:
            check(kind == KINDS[number], "sectionUnknown", place, f"a section of kind {kind:#x}")
            check(not known or known[-1] < number, "sectionOrder", place,
                  "the numbers of the sections do not rise")
            known.append(number)
        else:
            check(kind < CRITICAL, "sectionUnknown", place, f"a critical section of kind {kind:#x}")
            check(6 not in known, "sectionOrder", place, "the data section is not the last")
    for number, name in NAMES.items():
        check(number in known, "sectionMissing", 128, f"there is no section {name}")


def _check_sizes(sections: List[Section], header: Header) -> None:
    records = {"values": 64 * header.values, "tensors": 128 * header.tensors}
    for i, section in enumerate(sections):
        if section.name == "metadata":
            check(section.size <= MOST_METADATA, "entryCount", 128 + 64 * i,
                  f"{section.size} bytes of metadata")
        check(section.size == records.get(section.name, section.size), "entryCount", section.offset,
              f"{section.size} bytes of {section.name} records, where the header promises "
              f"{records.get(section.name)}")


def file_digest(data: memoryview, header: Header) -> str:
    """The SHA-256 of header and section table, in hexadecimal: it stands for the whole file."""
    return hashlib.sha256(data[: 128 + 64 * header.sections]).hexdigest()


def by_name(sections: List[Section], name: str) -> Section:
    """The section of a known name."""
    for section in sections:
        if section.name == name:
            return section
    raise FormatError("sectionMissing", 128, f"there is no section {name}")
