"""The names section: every string of the graph."""

from __future__ import annotations

import struct
import unicodedata
from typing import List

from .errors import FormatError, check
from .layout import Section

MOST_STRINGS = 1 << 21
MOST_BYTES = 1024


def read_names(section: Section) -> List[str]:
    """The strings, in the order of their numbers."""
    data, start = section.data, section.offset
    check(len(data) >= 4, "nameTable", start, "the names end within their count")
    (count,) = struct.unpack_from("<I", data, 0)
    text = 4 + 4 * (count + 1)
    check(count <= MOST_STRINGS and text <= len(data), "entryCount", start, f"{count} strings")
    offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
    check(offsets[0] == 0 and offsets[count] == len(data) - text, "nameTable", start,
          "the strings do not fill the section")
    names: List[str] = []
    previous = b""
    for i in range(count):
        check(offsets[i] <= offsets[i + 1] <= offsets[count], "nameTable", start + 4 + 4 * i,
              f"string {i} does not end behind its begin, or with the text")
        place = start + text + offsets[i]
        stored = bytes(data[text + offsets[i]: text + offsets[i + 1]])
        names.append(_decoded(stored, place))
        check(i == 0 or previous < stored, "nameOrder", place, "the strings do not rise strictly")
        previous = stored
    return names


def _decoded(stored: bytes, offset: int) -> str:
    check(len(stored) <= MOST_BYTES, "nameText", offset, f"a string of {len(stored)} bytes")
    try:
        name = stored.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("nameText", offset, "a string is no UTF-8") from None
    check(not any(c < " " or "\x7f" <= c <= "\x9f" for c in name), "nameText", offset,
          "a string has control characters")
    return name


def canonical(name: str) -> str:
    """One form of all names that are canonically equivalent: é as one code point and as two."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
