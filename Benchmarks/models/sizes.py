#!/usr/bin/env python3
"""What the constants of pruned .pare files take in each encoding, read by docs/Format.md alone."""
import argparse
import json
import os
import struct

import numpy as np

NAMES = ["dense", "bitmask", "nibble-gap", "csr16", "block1x4", "block1x4-gap"]
SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}


def tensors(data):
    """Every tensor record: shape, bytes of an element, encoding, positions, values."""
    sections, count = struct.unpack_from("<I", data, 40)[0], struct.unpack_from("<I", data, 48)[0]
    entries = [struct.unpack_from("<IIQQ", data, 128 + 64 * index) for index in range(sections)]
    start = next(entry[2] for entry in entries if entry[0] & 0xFFFF == 3)
    for index in range(count):
        record = start + 128 * index
        kind, encoding, rank = data[record], data[record + 1], data[record + 2]
        shape = struct.unpack_from(f"<{rank}I", data, record + 8)
        offset, positions, values = struct.unpack_from("<QQQ", data, record + 40)
        at = (offset + positions + 15) // 16 * 16
        yield shape, SIZES[kind], encoding, data[offset:offset + positions], data[at:at + values]


def marks(stream, is_gaps, count):
    """Which of `count` places are stored, from a mask or from gaps."""
    stream = np.frombuffer(stream, np.uint8)
    if not is_gaps:
        return np.unpackbits(stream, bitorder="little")[:count].astype(bool)
    halves = np.stack([stream & 15, stream >> 4], 1).reshape(-1).astype(np.int64)
    places = np.cumsum(np.where(halves < 15, halves + 1, 15)) - 1
    places = places[halves < 15]
    found = np.zeros(count, bool)
    # An odd last half is zero, and would name one more.
    found[places[places < count]] = True
    return found


def nonzero(shape, size, encoding, positions, values):
    """The elements that are not zero, as [outputs, inputs, taps]."""
    count = int(np.prod(shape, dtype=np.int64))
    outputs, inputs = (shape[0], shape[1]) if len(shape) > 1 else (1, count)
    taps = count // max(1, outputs * inputs)
    if encoding >= 4:
        quads = -(-inputs // 4)
        stored = np.zeros((outputs * taps, quads), bool)
        block_width = np.minimum(4, inputs - 4 * np.arange(quads))
        flat = marks(positions, encoding == 5, stored.size)
        if encoding == 5:  # the half too many, where there is one
            widths = np.tile(block_width, outputs * taps)
            ends = np.cumsum(np.where(flat, widths, 0)) * size
            flat &= ends <= len(values)
        stored = flat.reshape(stored.shape)
        channels = np.repeat(stored, 4, 1)[:, :inputs]
        dense = np.zeros(channels.shape, bool)
        dense[channels] = np.frombuffer(values, np.uint8).reshape(-1, size).any(1)
        return dense.reshape(outputs, taps, inputs).transpose(0, 2, 1)
    if encoding == 0:
        flat = np.frombuffer(values, np.uint8).reshape(-1, size).any(1)
    elif encoding == 3:
        rows = struct.unpack_from(f"<{outputs + 1}I", positions)
        columns = np.frombuffer(positions, np.uint16, offset=4 * (outputs + 1))
        flat = np.zeros((outputs, count // max(1, outputs)), bool)
        flat[np.repeat(np.arange(outputs), np.diff(rows)), columns] = True
    else:
        flat = marks(positions, encoding == 2, count)
        if encoding == 2:
            flat[np.nonzero(flat)[0][len(values) // size:]] = False
    return flat.reshape(outputs, inputs, taps)


def gaps(stored):
    """Half bytes that the gaps of stored places take."""
    places = np.nonzero(stored.reshape(-1))[0]
    return int(((np.diff(places, prepend=-1) - 1) // 15 + 1).sum())


def bytes_as(shape, size, kept):
    """The bytes of positions and values in every encoding."""
    outputs, inputs, taps = kept.shape
    elements = int(kept.sum())
    padded = np.pad(kept, ((0, 0), (0, -inputs % 4), (0, 0)))
    quads = padded.reshape(outputs, -1, 4, taps).any(2)
    widths = np.minimum(4, inputs - 4 * np.arange(quads.shape[1]))
    stored = int((quads.sum((0, 2)) * widths).sum()) * size
    order = quads.transpose(0, 2, 1)
    return {"dense": kept.size * size, "bitmask": (kept.size + 7) // 8 + elements * size,
            "nibble-gap": (gaps(kept) + 1) // 2 + elements * size,
            "csr16": (outputs + 1) * 4 + elements * (2 + size),
            "block1x4": (quads.size + 7) // 8 + stored,
            "block1x4-gap": (gaps(order) + 1) // 2 + stored}


def measure(path):
    with open(path, "rb") as file:
        data = file.read()
    total = {name: 0 for name in [*NAMES, "elements", "smallest", "with the mask alone"]}
    for shape, size, encoding, positions, values in tensors(data):
        found = bytes_as(shape, size, nonzero(shape, size, encoding, positions, values))
        if found[NAMES[encoding]] != len(positions) + len(values):
            raise SystemExit(f"{path}: {shape} {NAMES[encoding]}: "
                             f"{found[NAMES[encoding]]} is not {len(positions) + len(values)}")
        for name in NAMES:
            total[name] += found[name]
        total["elements"] += min(found[name] for name in NAMES[:3])
        total["with the mask alone"] += min(found[name] for name in NAMES[:5])
        total["smallest"] += min(found.values())
    return {"file": os.path.basename(path), "bytes": len(data), "constants": total}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help=".pare files")
    parser.add_argument("--json", metavar="FILE", help="write the results there")
    options = parser.parse_args()
    results = [measure(path) for path in options.files]
    for result in results:
        print(result["file"], f"{result['bytes']:,} bytes")
        for name, count in result["constants"].items():
            print(f"  {name:20}{count:14,}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"files": results}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
