#!/usr/bin/env python3
"""Writes the golden files, and what they hold beside them.

Usage: make_golden.py       writes tests/golden

Every file comes from tests/writer.py. `expected.json` says of each tensor the SHA-256 of its
elements as they are stored, expanded and row-major, and of what they stand for; both come from the
arrays that were written, not from a reader. The files are checked in; run this after a change here.
"""

import hashlib
import json
import math
import os
import struct

import numpy as np

from writer import (BFLOAT16, BITMASK, BLOCK, BLOCK_GAP, BOOL, CSR16, DENSE, FLOAT16, FLOAT32,
                    FLOAT64, INT16, INT32, INT64, INT8, NIBBLE_GAP, PALETTE, PANELS, TYPES, UINT16,
                    UINT32, UINT64, UINT8, Body, File, Node, Tensor, Value, resealed)

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
RANDOM = np.random.default_rng(7)


def sparse(shape, part, type=INT8, block=1):
    """Random numbers of which a part is not zero, in blocks along the second dimension."""
    size = math.prod(shape)
    width = np.dtype(TYPES[type]).itemsize
    numbers = RANDOM.integers(1, 1 << 8 * width, size, dtype=np.uint64, endpoint=False)
    if type in (FLOAT32, FLOAT64, FLOAT16):
        numbers = RANDOM.normal(size=size).astype(TYPES[type])
    numbers = numbers.astype(TYPES[type]).reshape(shape)
    kept = RANDOM.random((shape[0], -(-shape[1] // block), *shape[2:])) < part
    return numbers * np.repeat(kept, block, axis=1)[:, :shape[1]].astype(numbers.dtype)


def holding(tensors, extra=(), **more):
    """A file of tensors that nothing reads; values are float32 where tensors are narrower."""
    values = [Value(t.name, FLOAT32 if t.scales is not None or t.type in (FLOAT16, BFLOAT16)
                    else t.type, t.shape, i) for i, t in enumerate(tensors)]
    values += [Value("x", FLOAT32, (2, 3)), Value("y", FLOAT32, (2, 3)), *extra]
    n = len(tensors)
    return File(values=values, tensors=tensors, inputs=[n], outputs=[n + 1],
                nodes=[Node("Relu", [n], [n + 1], "relu")], **more)


def the_example():
    elements = np.zeros((3, 12), np.int8)
    elements.reshape(-1)[[2, 7, 24, 35]] = [5, -3, 7, 1]
    return elements


def worked_example():
    """Byte for byte the example at the end of docs/Format.md."""
    tensor = Tensor("c", INT8, the_example(), NIBBLE_GAP, [0.5, 0.25, 1], axis=0, half=True)
    values = [Value("x", FLOAT32, (3, 12)), Value("c", FLOAT32, (3, 12), 0),
              Value("y", FLOAT32, (3, 12))]
    return File("example", values, [0], [2], [Node("Add", [0, 1], [2], "add")], [tensor])


def encodings():
    """The page's examples in every encoding, and larger tensors of every width."""
    kernel = np.array([1, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, -1, 0, 0, 0, -5, 0, 0, 0, 0, 4, 0, 0, 0],
                      np.int8).reshape(2, 6, 1, 2)
    tensors = []
    for encoding in range(8):
        tensors += [Tensor(f"example.{encoding}", INT8, the_example(), encoding),
                    Tensor(f"kernel.{encoding}", INT8, kernel, encoding, order=(4, 1, 2))]
        if encoding != PANELS:
            line = np.zeros(70, np.int16)
            line[[0, 14, 30, 31, 62, 69]] = [1, -2, 3, -4, 5, -32768]
            tensors.append(Tensor(f"line.{encoding}", INT16, line, encoding))
        if encoding not in (PANELS, PALETTE):
            tensors += [Tensor(f"point.{encoding}", FLOAT32, np.float32(-0.0), encoding),
                        Tensor(f"zeros.{encoding}", INT8, np.zeros((5, 7)), encoding),
                        Tensor(f"nothing.{encoding}", FLOAT64, np.zeros((4, 0, 3)), encoding)]
    for encoding in (BITMASK, NIBBLE_GAP, CSR16, BLOCK, BLOCK_GAP):
        block = 4 if encoding in (BLOCK, BLOCK_GAP) else 1
        for type in (INT8, FLOAT16, FLOAT32, INT64):
            shape = (9, 13, 3, 2)
            scales = [0.5] if type == INT8 else None
            tensors.append(Tensor(f"large.{encoding}.{type}", type,
                                  sparse(shape, 0.1, type, block), encoding, scales))
        tensors.append(Tensor(f"sparse.{encoding}", INT8, sparse((4, 3000), 0.003, INT8, block),
                              encoding))
    return holding(tensors)


def panels():
    """Panels of each quantum, with groups, short panels and taps side by side."""
    tensors = []
    for type, quantum in ((INT8, 4), (UINT8, 4), (FLOAT16, 2), (BFLOAT16, 2), (FLOAT32, 1)):
        for shape, groups, side in (((20, 5, 3, 3), 1, 1), ((20, 5, 3, 3), 1, 3),
                                    ((36, 3, 2), 2, 2), ((6, 1, 3, 3), 6, 9), ((33, 7), 1, 1)):
            scales = RANDOM.uniform(0.1, 1, shape[0]) if type in (INT8, UINT8) else None
            name = f"{type}.{'x'.join(map(str, shape))}.{groups}.{side}"
            tensors.append(Tensor(name, type, sparse(shape, 0.9, type), PANELS, scales,
                                  axis=0 if scales is not None else None,
                                  order=(quantum, groups, side)))
    return holding(tensors)


def palettes():
    """Palettes of 2 to 256 entries, of each width of elements."""
    tensors = []
    for entries in (2, 3, 4, 5, 8, 9, 17, 64, 65, 128, 129, 256):
        for type in (INT8, INT16, FLOAT32, INT64):
            palette = RANDOM.permutation(256)[:entries].astype(np.int64) - 128
            index = np.concatenate([np.arange(entries), RANDOM.integers(0, entries, 61)])
            elements = palette[RANDOM.permutation(index)].astype(TYPES[type])
            scales = [0.25] if type in (INT8, INT16) else None
            tensors.append(Tensor(f"{entries}.{type}", type, elements, PALETTE, scales))
    return holding(tensors)


def scales():
    """Every form of scales, for every type that can be quantized."""
    tensors = []
    for type, least, most in ((INT8, -128, 127), (UINT8, 0, 255), (INT16, -32768, 32767),
                              (UINT16, 0, 65535), (INT32, -2**31, 2**31 - 1)):
        elements = RANDOM.integers(least, most, (4, 3, 2), endpoint=True)
        elements.reshape(-1)[:2] = least, most
        ratios = np.float32(0.37) * np.array([1, 0.5, 2**-14, 2**-20], np.float16).astype("f4")
        some = RANDOM.uniform(1e-4, 1, 4).astype(np.float32)
        for name, scale, zeros, axis, half, encoding in (
                ("one", [0.1], None, None, False, DENSE), ("zero", [0.1], [most], None, False, DENSE),
                ("axis", some, None, 0, False, DENSE), ("half", ratios, None, 0, True, DENSE),
                ("last", some[:2], [least, 3], 2, False, DENSE),
                ("zeros", some, [0, most, 1, least], 0, False, DENSE),
                ("mask", some[:3], None, 1, False, BITMASK), ("palette", ratios, None, 0, True, PALETTE)):
            tensors.append(Tensor(f"{type}.{name}", type, elements, encoding, scale, zeros, axis, half))
    tensors.append(Tensor("extremes", INT8, [[1, 2], [3, 4]], DENSE, [2.0**-126, 3e38], axis=0))
    return holding(tensors)


def types():
    """Every element type, extremes among them, and a tensor that three values share."""
    tensors = []
    for type, code in TYPES.items():
        width = np.dtype(code).itemsize
        bits = [0, 1, (1 << 8 * width) - 1, 1 << 8 * width - 1, 0x7F << 8 * width - 8]
        elements = np.array([0, 1, 1] if type == BOOL else bits, f"<u{width}").view(code)
        tensors.append(Tensor(f"type.{type}", type, elements))
    tensors.append(Tensor("deep", UINT8, np.arange(16).reshape(1, 2, 1, 2, 1, 2, 2, 1)))
    file = holding(tensors)
    number = [t.type for t in tensors].index(BFLOAT16)
    file.values += [Value("again", BFLOAT16, (5,), number), Value("and again", FLOAT32, (5,), number)]
    return file


def attributes():
    """Attributes of every kind, operands left out, names of every length of UTF-8."""
    values = [Value("x", FLOAT32, (1,)), Value("größe", FLOAT32, (2,)), Value("λ→𝜆", INT64, ()),
              Value("", UINT8, (0, 4), None, 0.5, 7), Value("q", INT32, (3,), None, 2.0**-126, -9)]
    every = {"int": (1, -2**63), "float": (2, math.inf), "string": (3, "größe"),
             "ints": (4, [2**63 - 1, 0, -1]), "floats": (5, [0.1, -0.0, 3e-45]),
             "strings": (6, ["b", "a", "", "b"]), "no ints": (4, []), "no floats": (5, []),
             "no strings": (6, []), "": (1, 0)}
    nodes = [Node("Everything", [0, None, 0], [None, 1], "", every),
             Node("Split", [1], [2, 3, 4], "n" * 1024)]
    return File("", values, [0], [4, 0, 4], nodes)


def bodies():
    """Bodies within bodies, eight deep, and a value whose shape is open."""
    def nested(depth):
        inner = [nested(depth - 1)] if depth else []
        body = Body(f"level {depth}", ["x", "x", "y"], [0], [2, 0],
                    [Node("Relu", [0], [1]), Node("If" if depth else "Abs", [1, None], [2], "",
                                                  {"depth": (1, depth)}, inner)])
        return body
    empty = Body("empty", [], [], [], [])
    values = [Value("x", FLOAT32, (4,)), Value("c", BOOL, ()), Value("open", FLOAT32, None),
              Value("weight", FLOAT32, (2,), 0), Value("y", INT64, None)]
    nodes = [Node("Loop", [0, 1], [2], "loop", {"a": (5, [1.5])}, [nested(7), empty]),
             Node("NonZero", [2], [4], "nonzero")]
    return File("bodies", values, [0, 1], [4, 3], nodes, [Tensor("weight", FLOAT32, [1.0, -2.0])])


def message(*fields):
    """A message from pairs: number and content, in protobuf's form."""
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)
    stored = b""
    for number, content in fields:
        if isinstance(content, int):
            stored += varint(number << 3) + varint(content)
        elif isinstance(content, float):
            stored += varint(number << 3 | 1) + struct.pack("<d", content)
        elif isinstance(content, np.float32):
            stored += varint(number << 3 | 5) + content.tobytes()
        else:
            content = content.encode() if isinstance(content, str) else content
            stored += varint(number << 3 | 2) + varint(len(content)) + content
    return stored


def metadata():
    """Every field of the metadata, ancillary sections, and numbers of the header that inform."""
    entry = message((1, "key"), (2, "größe"))
    preprocessing = message((1, "unit"), (2, 256), (3, 224), (4, np.float32(255)),
                            (5, np.array([0.5, 0, -0.0], "<f4").tobytes()),
                            (6, np.array([0.25], "<f4").tobytes()), (7, "rgb"), (8, "nchw"))
    source = message((1, "a.onnx"), (2, 2**40), (3, bytes(range(32))), (4, "writer"), (5, 17), (6, 8))
    passes = [message((1, "prune"), (2, entry), (2, b""), (3, 300), (4, 0.5), (5, 2**33), (6, "half")),
              b""]
    provenance = message((1, "pare"), (2, "0.1.0"), (3, source), *((4, p) for p in passes),
                         (5, message((1, "top-1"), (2, 0.75), (3, -1.5), (4, 2**32 - 1))),
                         (6, 2**63 - 1), (7, 1))
    probe = message((1, 1000), (2, np.array([1, -0.0], "<f4").tobytes()), (3, np.float32(0.25)))
    golden = message((1, 2**64 - 1), (2, probe), (2, b""))
    stored = message((1, preprocessing), (2, "zero"), (2, ""), (2, "two"), (3, provenance),
                     (4, entry), (4, b""), (5, golden))
    file = holding([Tensor("c", FLOAT32, [1.0])], metadata=stored, release=2**63 + 5, minor=7,
                   ancillary=[(100, b"something new"), (2**31 - 1, b"")],
                   signature=struct.pack("<II", 1, 0) + bytes(range(72)))
    file.compatible = 1 << 40
    return file


FILES = {"worked-example": worked_example, "encodings": encodings, "panels": panels,
         "palettes": palettes, "scales": scales, "types": types, "attributes": attributes,
         "bodies": bodies, "metadata": metadata}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    expected = {}
    for name, make in FILES.items():
        file = make()
        stored = file.encoded()
        with open(os.path.join(FOLDER, f"{name}.pare"), "wb") as out:
            out.write(stored)
        with np.errstate(all="ignore"):
            expected[name] = {t.name: {"stored": hashlib.sha256(t.elements.tobytes()).hexdigest(),
                                       "real": hashlib.sha256(t.real().tobytes()).hexdigest()}
                              for t in file.tensors}
    with open(os.path.join(FOLDER, "expected.json"), "w") as out:
        json.dump(expected, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
