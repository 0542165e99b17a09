"""The header, the section table, and the sections."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import List, Union

from .errors import FormatError, check

MAGIC = b"\x89PARE\r\n\x1a"
HEADER = struct.Struct("<8sIHHQQQ6IQ32s20sI")
ENTRY = struct.Struct("<IIQQ32s8s")
NAMES = {1: "names", 2: "values", 3: "tensors", 4: "graph", 5: "metadata", 6: "data"}
SIGNATURE = 7
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
    """One section: ``name`` is ``"ancillary"`` where its number is unknown.

    ``data`` is a view of its bytes, ``entry`` the place of its entry in the section table.
    """

    number: int
    critical: bool
    name: str
    offset: int
    size: int
    digest: bytes
    data: memoryview
    entry: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.offset + self.size


def aligned(offset: int, unit: int) -> int:
    """The first multiple of ``unit`` at or behind ``offset``."""
    return -(-offset // unit) * unit


def check_zero(data: Union[bytes, memoryview], start: int, end: int, rule: str = "padding",
               what: str = "padding is not zero") -> None:
    """Refuses a byte other than zero in ``data[start:end]``, by its place."""
    stretch = bytes(data[start:end])
    rest = stretch.lstrip(b"\0")
    check(not rest, rule, start + len(stretch) - len(rest), what)


def read_header(data: memoryview) -> Header:
    """The header, every rule of it checked."""
    check(len(data) < 8 or data[:8] == MAGIC, "magic", 0, "this is no .pare file")
    check(len(data) >= 128, "headerLength", len(data), f"{len(data)} bytes are no header")
    (_, mark, major, minor, size, incompatible, compatible, sections, values, tensors, nodes,
     inputs, outputs, release, digest, _, checksum) = HEADER.unpack_from(data, 0)
    check(zlib.crc32(data[:124]) == checksum, "headerChecksum", 124, "the header is damaged")
    check(mark == 0x01020304, "byteOrder", 8, f"the byte-order mark is {mark:#010x}")
    check(major == 1, "majorVersion", 12, f"version {major} needs another reader")
    check(incompatible <= 1, "incompatibleFeature", 24,
          f"features {incompatible:#x} need a newer reader")
    check_zero(data, 104, 124, "headerReserved", "a reserved byte is not zero")
    check(size == len(data), "fileSize", 16, f"{len(data)} bytes, where the header says {size}")
    check(6 <= sections <= 64 and 128 + 64 * sections <= len(data), "sectionCount", 40,
          f"{sections} sections")
    return Header(minor, bool(incompatible), compatible, sections, values, tensors, nodes, inputs,
                  outputs, release, digest)


def read_sections(data: memoryview, header: Header) -> List[Section]:
    """The sections in the order of the file, with their places, digests and padding checked."""
    end = 128 + 64 * header.sections
    check(hashlib.sha256(data[128:end]).digest() == header.table_digest, "sectionTableDigest", 128,
          "the section table is damaged")
    sections: List[Section] = []
    known: List[int] = []
    for entry in range(128, end, 64):
        section = _section(data, entry, end if not sections else sections[-1].end)
        if section.number in NAMES:
            check(not known or known[-1] < section.number, "sectionOrder", entry,
                  "the numbers of the sections do not rise")
            known.append(section.number)
        elif section.number == SIGNATURE:
            check(not sections, "sectionOrder", entry, "the signature is not the first section")
            _check_signature(section)
        sections.append(section)
    last = sections[-1]
    check(last.end == len(data), "sectionPlace", last.end, "bytes follow the last section")
    for number, name in NAMES.items():
        check(number in known, "sectionMissing", 128, f"there is no section {name}")
    check(last.name == "data", "sectionOrder", by_name(sections, "data").entry,
          "the data section is not the last")
    metadata = by_name(sections, "metadata")
    check(metadata.size <= MOST_METADATA, "entryCount", metadata.entry,
          f"{metadata.size} bytes of metadata")
    counts = (header.values, header.tensors, header.nodes, header.inputs, header.outputs)
    for i, (what, count) in enumerate(zip(COUNTS, counts)):
        check(count <= MOST, "entryCount", 44 + 4 * i, f"{count} {what}")
    return sections


def _section(data: memoryview, entry: int, before: int) -> Section:
    """The section of the entry at ``entry``, behind one that ends at ``before``."""
    kind, flags, offset, size, digest, reserved = ENTRY.unpack_from(data, entry)
    number = kind & ~CRITICAL
    name = "signature" if number == SIGNATURE else NAMES.get(number, "ancillary")
    check(kind == KINDS.get(number, number), "sectionUnknown", entry,
          f"a section of kind {kind:#010x}")
    check(flags == 0 and not any(reserved), "sectionTableReserved", entry,
          "a reserved field is not zero")
    check(offset == aligned(before, 64), "sectionPlace", entry + 8, f"{name} lies at {offset}")
    check(offset + size <= len(data), "sectionPlace", entry + 8, f"{name} exceeds the file")
    check_zero(data, before, offset)
    content = data[offset: offset + size]
    if name in ("data", "signature"):
        check(not any(digest), "sectionTableReserved", entry + 24, f"section {name} has a digest")
    else:
        check(hashlib.sha256(content).digest() == digest, "sectionDigest", offset,
              f"section {name} is damaged")
    return Section(number, kind >= CRITICAL, name, offset, size, digest, content, entry)


def _check_signature(section: Section) -> None:
    """Checks the form; whether the signature holds is for those to say who have a key."""
    check(section.size == 80 and bytes(section.data[:8]) == struct.pack("<II", 1, 0), "signature",
          section.offset, "the signature is no Ed25519 signature of 80 bytes")


def check_records(section: Section, count: int, size: int) -> None:
    """Refuses a section of records that is not as long as the header says."""
    check(section.size == count * size, "entryCount", section.offset,
          f"{section.size} bytes of {section.name}, where {count} records take {count * size}")


def file_digest(data: memoryview, header: Header) -> str:
    """The SHA-256 of header and section table, in hexadecimal: it stands for the whole file."""
    return hashlib.sha256(data[: 128 + 64 * header.sections]).hexdigest()


def by_name(sections: List[Section], name: str) -> Section:
    """The section of a known name."""
    for section in sections:
        if section.name == name:
            return section
    raise FormatError("sectionMissing", 128, f"there is no section {name}")
