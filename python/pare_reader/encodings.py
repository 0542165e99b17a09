"""The eight encodings: from the streams of a tensor to its elements.

Elements are handled as unsigned integers of their width, so that every bit counts. Long streams are
taken in pieces, so that what is needed beside the result stays small.
"""

from __future__ import annotations

from math import prod
from typing import Callable, Dict, Iterator, Tuple

import numpy as np

from .errors import check
from .records import Record

PIECE = 1 << 18

Placed = Iterator[Tuple[np.ndarray, np.ndarray]]


def decode(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The elements of a tensor in row-major order, as unsigned integers; dense ones are a view.

    ``positions`` and ``values`` are the bytes of the streams.
    """
    sound(len(values) % record.type.size == 0 or record.encoding == "palette", record,
          "the values end within an element")
    sound(record.justified, record,
          f"{record.positions + record.values} bytes stand for {record.expanded}")
    return _DECODERS[record.encoding](record, positions, values)


def sound(holds: bool, record: Record, message: str) -> None:
    """Refuses streams that break a rule."""
    check(bool(holds), "encodingStream", record.offset, f"{record.name!r}: {message}")


def _count_is(record: Record, found: int) -> None:
    sound(found == record.nonzero, record,
          f"{found} elements are not zero, where the record says {record.nonzero}")


def _dense(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    sound(len(positions) == 0 and len(values) == record.expanded, record, "the size is wrong")
    elements = values.view(record.type.bits)
    _count_is(record, int(np.count_nonzero(elements)))
    return elements


def _by_mask(positions: np.ndarray) -> Placed:
    """The numbers of the bits that are set, piece by piece, and how many bits were read."""
    for start in range(0, len(positions), PIECE):
        bits = np.unpackbits(positions[start: start + PIECE], bitorder="little")
        places = np.flatnonzero(bits)
        yield places + 8 * start, places + 1 + 8 * start


def _by_gaps(positions: np.ndarray) -> Placed:
    """The places that half bytes lead to, piece by piece, and how many halves each took."""
    place = 0
    for start in range(0, len(positions), PIECE):
        piece = positions[start: start + PIECE]
        halves = np.empty(2 * len(piece), np.int64)
        halves[0::2] = piece & 15
        halves[1::2] = piece >> 4
        ends = place + np.cumsum(halves + (halves != 15))
        stored = np.flatnonzero(halves != 15)
        yield ends[stored] - 1, 2 * start + stored + 1
        place = int(ends[-1])


def _check_rest(record: Record, positions: np.ndarray, halves: int) -> None:
    """No halves follow the last one, but for one of zero that fills the byte."""
    sound((halves + 1) // 2 == len(positions) and (halves % 2 == 0 or positions[-1] >> 4 == 0),
          record, "the gaps do not end with the last position")


def _mask_is(record: Record, positions: np.ndarray, bits: int) -> None:
    sound(len(positions) == (bits + 7) // 8, record, f"{len(positions)} bytes of mask for {bits}")


def _singles(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Bitmask and nibble-gap: each element at its place."""
    masked = record.encoding == "bitmask"
    stored = values.view(record.type.bits)
    _count_is(record, len(stored))
    sound(np.all(stored), record, "a stored element is zero")
    if masked:
        _mask_is(record, positions, record.count)
    sound(len(stored) <= record.count, record, "there are more elements than the shape has")
    elements = np.zeros(record.count, record.type.bits)
    filled = halves = 0
    for places, read in (_by_mask if masked else _by_gaps)(positions):
        if not masked:
            places = places[: len(stored) - filled]
        if len(places):
            sound(places[-1] < record.count, record, "a position lies behind the last element")
            sound(filled + len(places) <= len(stored), record, "more positions than elements")
            elements[places] = stored[filled: filled + len(places)]
            filled += len(places)
            halves = int(read[len(places) - 1])
        if not masked and filled == len(stored):
            break
    sound(filled == len(stored), record, "fewer positions than elements")
    if not masked:
        _check_rest(record, positions, halves)
    return elements


def _csr16(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    matrix = len(record.shape) > 1
    rows = record.shape[0] if matrix else 1
    columns = prod(record.shape[1:]) if matrix else record.count
    sound(columns <= 1 << 16, record, f"{columns} columns")
    stored = values.view(record.type.bits)
    _count_is(record, len(stored))
    sound(np.all(stored), record, "a stored element is zero")
    split = 4 * (rows + 1)
    sound(len(positions) == split + 2 * len(stored), record, "the size of the positions is wrong")
    pointers = positions[:split].view("<u4").astype(np.int64)
    sound(pointers[0] == 0 and pointers[-1] == len(stored)
          and np.all(pointers[:-1] <= pointers[1:]), record,
          "the row pointers do not rise from 0 to the number of elements")
    column = positions[split:].view("<u2")
    elements = np.zeros(record.count, record.type.bits)
    last = -1
    for start in range(0, len(stored), PIECE):
        end = min(start + PIECE, len(stored))
        here = column[start:end].astype(np.int64)
        sound(np.all(here < columns), record, "a column lies behind the last")
        row = np.searchsorted(pointers, np.arange(start, end), side="right") - 1
        places = row * columns + here
        sound(places[0] > last and np.all(places[:-1] < places[1:]), record,
              "the columns do not rise within a row")
        elements[places] = stored[start:end]
        last = int(places[-1])
    return elements


class _Blocks:
    """Fills a tensor block by block, four elements along the second dimension each."""

    def __init__(self, record: Record, stored: np.ndarray) -> None:
        shape = record.shape
        self.record, self.stored = record, stored
        self.outputs, self.inputs = (shape[0], shape[1]) if len(shape) > 1 else (1, record.count)
        self.taps = prod(shape[2:])
        self.row = -(-self.inputs // 4)
        self.count = self.outputs * self.taps * self.row
        self.elements = np.zeros(record.count, record.type.bits)
        self.used = 0

    def widths(self, blocks: np.ndarray) -> np.ndarray:
        """How many elements each block has."""
        return np.minimum(4, self.inputs - blocks % max(1, self.row) * 4)

    def put(self, blocks: np.ndarray) -> None:
        """Puts the next stored elements into these blocks."""
        sound(blocks[-1] < self.count, self.record, "a position lies behind the last block")
        widths = self.widths(blocks)
        ends = self.used + np.cumsum(widths)
        sound(ends[-1] <= len(self.stored), self.record, "more blocks than elements")
        output, tap = np.divmod(blocks // self.row, self.taps)
        first = blocks % self.row * 4
        filled = np.zeros(len(blocks), bool)
        for lane in range(4):
            has = widths > lane
            element = self.stored[(ends - widths)[has] + lane]
            filled[has] |= element != 0
            self.elements[(output[has] * self.inputs + first[has] + lane) * self.taps + tap[has]] \
                = element
        sound(np.all(filled), self.record, "a stored block is all zeros")
        self.used = int(ends[-1])


def _blocks(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    stored = values.view(record.type.bits)
    masked = record.encoding == "block1x4"
    _count_is(record, int(np.count_nonzero(stored)))
    sound(len(stored) <= record.count, record, "there are more elements than the shape has")
    blocks = _Blocks(record, stored)
    if masked:
        _mask_is(record, positions, blocks.count)
    halves = 0
    for numbers, read in (_by_mask if masked else _by_gaps)(positions):
        if not masked:
            # As many blocks as it takes to use up the values.
            ends = blocks.used + np.cumsum(blocks.widths(numbers))
            numbers = numbers[: int(np.searchsorted(ends, len(stored))) + 1]
        if len(numbers):
            blocks.put(numbers)
            halves = int(read[len(numbers) - 1])
        if not masked and blocks.used == len(stored):
            break
    sound(blocks.used == len(stored), record, "fewer blocks than elements")
    if not masked:
        _check_rest(record, positions, halves)
    return blocks.elements


def _panels(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    quantum, groups, side = record.order
    outputs, inputs = record.shape[0] // groups, record.shape[1]
    panels, runs = -(-outputs // 16), prod(record.shape[2:]) // side
    words = -(-side * inputs // quantum)
    stored = values.view(record.type.bits)
    sound(len(positions) == 0 and len(stored) == groups * panels * runs * words * 16 * quantum,
          record, "the size is wrong")
    _count_is(record, int(np.count_nonzero(stored)))
    lines = stored.reshape(groups, panels, runs, words, 16, quantum).transpose(0, 1, 4, 2, 3, 5)
    lines = lines.reshape(groups, panels * 16, runs, words * quantum)
    taps = lines[:, :outputs, :, :side * inputs].reshape(groups * outputs, runs * side, inputs)
    elements = np.ascontiguousarray(taps.transpose(0, 2, 1)).reshape(-1)
    sound(int(np.count_nonzero(elements)) == record.nonzero, record, "padding is not zero")
    return elements


def _palette(record: Record, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    entries, rest = divmod(len(positions), record.type.size)
    sound(rest == 0 and 2 <= entries <= 256, record, f"a palette of {len(positions)} bytes")
    palette = positions.view(record.type.bits)
    sound(np.all(palette[:-1] < palette[1:]), record, "the entries do not rise")
    bits = max(1, (entries - 1).bit_length())
    count = record.count
    sound(len(values) == -(-count * bits // 8), record, "the size is wrong")
    elements = np.empty(count, record.type.bits)
    used = np.zeros(256, bool)
    weights = (1 << np.arange(bits)).astype(np.uint16)
    for start in range(0, count, 8 * (PIECE // 8)):
        end = min(start + 8 * (PIECE // 8), count)
        piece = np.unpackbits(values[start * bits // 8: -(-end * bits // 8)], bitorder="little")
        last = (end - start) * bits
        sound(not piece[last:].any(), record, "bits behind the last element are set")
        numbers = piece[:last].reshape(-1, bits) @ weights
        sound(numbers.max() < entries, record, "a number behind the last entry")
        used[numbers] = True
        elements[start:end] = palette[numbers]
    sound(np.all(used[:entries]), record, "an entry is not used")
    _count_is(record, int(np.count_nonzero(elements)))
    return elements


_DECODERS: Dict[str, Callable[[Record, np.ndarray, np.ndarray], np.ndarray]] = {
    "dense": _dense,
    "bitmask": _singles,
    "nibble-gap": _singles,
    "csr16": _csr16,
    "block1x4": _blocks,
    "block1x4-gap": _blocks,
    "panels": _panels,
    "palette": _palette,
}
