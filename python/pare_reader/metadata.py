"""The metadata section: the canonical encoding of one ``pare.Metadata`` of schemas/pare.proto."""

from __future__ import annotations

import struct
from typing import Any, Dict, Tuple

from .errors import FormatError

# Of each message, by number: the name of a field, its type, and whether it is repeated. A type in
# capitals is a message.
_SCHEMA: Dict[str, Dict[int, Tuple[str, str, bool]]] = {
    "Metadata": {
        1: ("preprocessing", "Preprocessing", False), 2: ("labels", "string", True),
        3: ("provenance", "Provenance", False), 4: ("source_entries", "Entry", True),
        5: ("golden", "Golden", False)},
    "Preprocessing": {
        1: ("name", "string", False), 2: ("resize", "uint32", False), 3: ("crop", "uint32", False),
        4: ("divisor", "float", False), 5: ("mean", "float", True), 6: ("deviation", "float", True),
        7: ("color", "string", False), 8: ("layout", "string", False)},
    "Provenance": {
        1: ("tool", "string", False), 2: ("tool_version", "string", False),
        3: ("source", "Source", False), 4: ("passes", "Pass", True),
        5: ("measurements", "Measurement", True), 6: ("source_parameters", "uint64", False),
        7: ("source_multiply_accumulates", "uint64", False)},
    "Source": {
        1: ("file", "string", False), 2: ("bytes", "uint64", False), 3: ("sha256", "bytes", False),
        4: ("producer", "string", False), 5: ("opset", "uint32", False),
        6: ("ir_version", "uint32", False)},
    "Pass": {
        1: ("name", "string", False), 2: ("options", "Entry", True),
        3: ("calibration_samples", "uint32", False), 4: ("seconds", "double", False),
        5: ("peak_rss_bytes", "uint64", False), 6: ("effect", "string", False)},
    "Measurement": {
        1: ("name", "string", False), 2: ("before", "double", False), 3: ("after", "double", False),
        4: ("samples", "uint32", False)},
    "Golden": {1: ("seed", "seed", False), 2: ("probes", "Probe", True)},
    "Probe": {
        1: ("elements", "uint64", False), 2: ("values", "float", True),
        3: ("tolerance", "float", False)},
    "Entry": {1: ("key", "string", False), 2: ("value", "string", False)},
}
_FIXED = {"float": (5, "<f"), "double": (1, "<d")}
# Integers of 64 bits are held within 63, so that every language has a type for them; of a seed all
# bits are random.
_VARINTS = {"uint32": 32, "uint64": 63, "seed": 64}
_DEFAULTS: Dict[str, Any] = {"string": "", "bytes": b"", "uint32": 0, "uint64": 0, "seed": 0, "float": 0.0,
                             "double": 0.0}


class _Wrong(Exception):
    pass


def read_metadata(data: memoryview, offset: int) -> Dict[str, Any]:
    """The message as a dict; what is not stored has its default, a message None.

    The encoding is canonical where fields stand in order, none equals its default, and no number
    takes more bytes than it needs: then it is what encoding the message again would give.
    """
    try:
        message = _message("Metadata", bytes(data))
        _check_meaning(message)
        return message
    except _Wrong as wrong:
        raise FormatError("metadata", offset, f"metadata: {wrong}") from None


def _check_meaning(message: Dict[str, Any]) -> None:
    preprocessing, provenance = message["preprocessing"], message["provenance"]
    if preprocessing is not None:
        if not preprocessing["mean"] or not preprocessing["deviation"]:
            raise _Wrong("preprocessing has no mean or no deviation")
        if preprocessing["color"] not in ("rgb", "bgr", "gray"):
            raise _Wrong(f"there is no order of colors {preprocessing['color']!r}")
        if preprocessing["layout"] not in ("nchw", "nhwc"):
            raise _Wrong(f"there is no layout {preprocessing['layout']!r}")
    if provenance is not None and provenance["source"] is None:
        raise _Wrong("provenance has no source")


def _message(kind: str, data: bytes) -> Dict[str, Any]:
    fields = _SCHEMA[kind]
    message: Dict[str, Any] = {
        name: [] if repeated else _DEFAULTS.get(of) for name, of, repeated in fields.values()}
    place = last = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if number not in fields:
            raise _Wrong(f"{kind} has no field {number}")
        name, of, repeated = fields[number]
        packed = repeated and of in _FIXED
        if number < last or number == last and (packed or not repeated):
            raise _Wrong(f"{kind}.{name} is not in order")
        last = number
        if wire != (0 if of in _VARINTS else _FIXED[of][0] if of in _FIXED and not packed else 2):
            raise _Wrong(f"{kind}.{name} is stored in another form")
        if wire == 0:
            content, place = _varint(data, place)
            if content >> _VARINTS[of]:
                raise _Wrong(f"{kind}.{name} is too large")
        else:
            size = struct.calcsize(_FIXED[of][1]) if wire != 2 else 0
            if wire == 2:
                size, place = _varint(data, place)
            stored = data[place: place + size]
            if len(stored) < size:
                raise _Wrong(f"it ends within {kind}.{name}")
            place += size
            content = _content(of, stored)
        # A negative zero equals zero, so it is left out too.
        is_default = not stored if wire == 2 else not (content if wire == 0 else content[0])
        if is_default and of not in _SCHEMA and (packed or not repeated):
            raise _Wrong(f"{kind}.{name} equals its default")
        if packed:
            message[name] = content
        elif repeated:
            message[name].append(content)
        else:
            message[name] = content[0] if of in _FIXED else content
    return message


def _content(of: str, data: bytes) -> Any:
    if of in _SCHEMA:
        return _message(of, data)
    if of in _FIXED:
        form = _FIXED[of][1]
        if len(data) % struct.calcsize(form):
            raise _Wrong("a list ends within a number")
        return [number for (number,) in struct.iter_unpack(form, data)]
    if of == "bytes":
        return data
    if 0 in data:
        raise _Wrong("a string has a zero byte")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _Wrong("a string is no UTF-8") from None


def _varint(data: bytes, place: int) -> Tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            if byte == 0 and shift > 0 or number >> 64:
                break
            return number, place
    raise _Wrong("a number does not end, or takes more bytes than it needs")
