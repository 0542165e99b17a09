"""The names section: every string of the graph."""

from __future__ import annotations

import struct
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
    check(count <= MOST_STRINGS, "entryCount", start, f"{count} strings")
    text = 4 + 4 * (count + 1)
    check(len(data) >= text, "nameTable", start, f"the names end within {count} offsets")
    offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
    check(offsets[0] == 0, "nameTable", start + 4, "the first string does not begin at 0")
    for i in range(count):
        check(offsets[i] <= offsets[i + 1], "nameTable", start + 8 + 4 * i, "an offset falls")
    check(offsets[count] == len(data) - text, "nameTable", start + 4 + 4 * count,
          "the strings do not end with the section")
    names: List[str] = []
    previous = b""
    for i in range(count):
        place = text + offsets[i]
        stored = bytes(data[place: text + offsets[i + 1]])
        names.append(_decoded(stored, start + place))
        check(i == 0 or previous < stored, "nameOrder", start + place,
              "the strings do not rise strictly")
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
