"""Fixtures for the operators of quantized models."""

import numpy as np

from operator_fixtures import Fixture

random = np.random.default_rng(3)


def floats(*shape):
    return (random.standard_normal(shape) * 3).astype(np.float32)


def bytes8(dtype, *shape):
    info = np.iinfo(dtype)
    return random.integers(info.min, info.max + 1, shape).astype(dtype)


def scale(*values):
    return np.array(values, np.float32) if len(values) > 1 else np.float32(values[0])


quantized = Fixture("Quantized")
add = quantized.add
edge = np.array([0, -0.0, 0.05, 0.15, 0.25, -0.25, 1e9, -1e9, np.inf, -np.inf], np.float32)
for dtype in [np.uint8, np.int8, np.uint16, np.int16]:
    add("QuantizeLinear", [edge, scale(0.1), np.array(3, dtype)])
    add("DequantizeLinear", [bytes8(dtype, 2, 5), scale(0.25), np.array(7, dtype)])
add("QuantizeLinear", [floats(2, 3), scale(0.1)])
add("QuantizeLinear", [floats(2, 3), scale(0.1)], output_dtype=3)
add("QuantizeLinear", [floats(2, 3, 2, 2), scale(0.1, 0.2, 0.05), np.array([1, 128, 255], np.uint8)])
add("QuantizeLinear", [floats(2, 3), scale(0.1, 0.2), np.array([0, -5], np.int8)], axis=0)
add("QuantizeLinear", [floats(2, 3), scale(0.1, 0.2, 0.3), np.array([0, -5, 4], np.int8)], axis=-1)
add("QuantizeLinear", [floats(2, 6), np.abs(floats(2, 3)) + np.float32(0.1), bytes8(np.int8, 2, 3)],
    axis=1, block_size=2)
add("QuantizeLinear", [floats(5, 2), np.abs(floats(2, 2)) + np.float32(0.1), bytes8(np.uint8, 2, 2)],
    axis=0, block_size=3)
add("QuantizeLinear", [floats(2, 6, 2, 2), np.abs(floats(2, 2, 2, 2)) + np.float32(0.1), bytes8(np.uint8, 2, 2, 2, 2)],
    axis=1, block_size=3)
add("QuantizeLinear", [random.integers(-99, 99, (6,)).astype(np.int32), scale(1.5), np.uint8(9)])
add("DequantizeLinear", [random.integers(-9999, 9999, (6,)).astype(np.int32), scale(0.5)])
add("DequantizeLinear", [bytes8(np.uint8, 2, 3, 2, 2), scale(0.1, 0.2, 0.05), bytes8(np.uint8, 3)])
add("DequantizeLinear", [bytes8(np.int8, 3, 2), scale(0.1, 0.2, 0.3)], axis=0)
add("DequantizeLinear", [bytes8(np.int8, 2, 6), np.abs(floats(2, 3)), bytes8(np.int8, 2, 3)],
    axis=1, block_size=2)
for x in [floats(3, 4), floats(1, 2, 3, 2), np.abs(floats(6)), -np.abs(floats(6)), np.zeros(4, np.float32)]:
    add("DynamicQuantizeLinear", [x], outputs=3, opset=11)

for a, b in [(np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)]:
    add("MatMulInteger", [bytes8(a, 3, 4), bytes8(b, 4, 5)])
    add("MatMulInteger", [bytes8(a, 3, 4), bytes8(b, 4, 5), a(7), b(9)])
    add("MatMulInteger", [bytes8(a, 2, 3, 4), bytes8(b, 4, 5), a(7), bytes8(b, 5)])
    add("QLinearMatMul", [bytes8(a, 3, 4), scale(0.02), a(5), bytes8(b, 4, 6), scale(0.03), b(2),
                          scale(0.9), a(11)])
    add("QLinearMatMul", [bytes8(a, 2, 3, 4), scale(0.02), a(5), bytes8(b, 2, 4, 3),
                          scale(0.03), b(2), scale(0.8), a(11)])
add("MatMulInteger", [bytes8(np.uint8, 2, 1, 3, 4), bytes8(np.uint8, 3, 4, 2)])
add("QLinearMatMul", [bytes8(np.uint8, 3, 4), scale(0.02), np.uint8(5), bytes8(np.int8, 4, 3),
                      scale(0.03, 0.01, 0.02), np.zeros(3, np.int8), scale(0.5), np.uint8(100)])

for w in [np.uint8, np.int8]:
    for attributes in [{}, {"pads": [1, 1, 1, 1]}, {"strides": [2, 2], "pads": [0, 1, 1, 0]},
                       {"dilations": [2, 2], "pads": [2, 2, 2, 2]}, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}]:
        add("ConvInteger", [bytes8(np.uint8, 1, 2, 6, 7), bytes8(w, 3, 2, 3, 3), np.uint8(4)], **attributes)
        add("QLinearConv", [bytes8(np.uint8, 2, 2, 6, 7), scale(0.02), np.uint8(120), bytes8(w, 3, 2, 3, 3),
                            scale(0.01), w(3), scale(0.3), np.uint8(99)], **attributes)
x, w = bytes8(np.uint8, 1, 4, 9, 9), bytes8(np.int8, 6, 2, 3, 3)
bias = random.integers(-9000, 9000, 6).astype(np.int32)
scales = (np.abs(random.standard_normal(6)) * 0.02 + 0.002).astype(np.float32)
add("QLinearConv", [x, scale(0.02), np.uint8(128), w, scales, np.zeros(6, np.int8), scale(0.2),
                    np.uint8(128), bias], group=2, pads=[1, 1, 1, 1])
add("QLinearConv", [bytes8(np.int8, 1, 3, 4, 4), scale(0.02), np.int8(-3), bytes8(np.int8, 3, 1, 2, 2),
                    scale(0.02), np.int8(0), scale(0.1), np.int8(5)], group=3)
add("QLinearConv", [bytes8(np.uint8, 1, 2, 9), scale(0.02), np.uint8(3), bytes8(np.uint8, 4, 2, 3),
                    scale(0.02), np.uint8(127), scale(0.1), np.uint8(5)], pads=[1, 1])
quantized.write()
