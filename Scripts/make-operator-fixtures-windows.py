"""Fixtures for pooling, resizing and transposed convolution."""

import numpy as np

from operator_fixtures import Fixture

random = np.random.default_rng(2)


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


pooling = Fixture("Pooling")
for op in ["MaxPool", "AveragePool"]:
    add = pooling.add
    add(op, [floats(2, 3, 5, 6)], kernel_shape=[2, 2])
    add(op, [floats(1, 2, 7, 7)], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    add(op, [floats(1, 2, 7, 6)], kernel_shape=[3, 2], strides=[2, 3], pads=[0, 1, 2, 0])
    add(op, [floats(1, 3, 6, 6)], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    add(op, [floats(1, 1, 4, 4)], kernel_shape=[2, 2], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1)
    add(op, [floats(1, 2, 8, 8)], kernel_shape=[2, 3], dilations=[3, 2])
    add(op, [floats(1, 2, 8, 8)], kernel_shape=[3, 3], dilations=[2, 2], pads=[2, 2, 2, 2])
    for pad in ["SAME_UPPER", "SAME_LOWER", "VALID"]:
        add(op, [floats(1, 2, 6, 5)], kernel_shape=[3, 2], strides=[2, 2], auto_pad=pad)
        add(op, [floats(1, 1, 5, 5)], kernel_shape=[2, 2], auto_pad=pad)
    add(op, [floats(2, 3, 9)], kernel_shape=[3], strides=[2], pads=[1, 1])
    add(op, [floats(1, 2, 4, 4, 5)], kernel_shape=[2, 2, 3], strides=[1, 2, 1], pads=[0, 0, 1, 1, 0, 1])
add = pooling.add
add("AveragePool", [floats(1, 2, 5, 5)], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
add("AveragePool", [floats(1, 2, 6, 6)], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 0],
    count_include_pad=1, ceil_mode=1)
add("AveragePool", [floats(1, 1, 7, 7)], kernel_shape=[2, 2], dilations=[2, 2], pads=[1, 1, 1, 1],
    count_include_pad=1)
for dtype in [np.uint8, np.int8]:
    add("MaxPool", [random.integers(0, 100, (1, 2, 5, 5)).astype(dtype)], kernel_shape=[3, 3],
        strides=[2, 2], pads=[1, 1, 1, 1])
for op in ["GlobalAveragePool", "GlobalMaxPool"]:
    for shape in [(2, 3, 4, 5), (1, 2, 7), (1, 2, 2, 3, 2), (1, 4, 1, 1)]:
        add(op, [floats(*shape)])
pooling.write()

resizing = Fixture("Resizing")
add = resizing.add
x = floats(1, 1, 4, 5)
transformations = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
for transformation in transformations:
    for mode in ["nearest", "linear", "cubic"]:
        for scales in [(1, 1, 2, 2), (1, 1, 0.6, 1.7)]:
            # ONNX aligns corners to the extent with the fraction that scales make; ONNX Runtime does not.
            engine = "onnx" if transformation == "align_corners" else None
            add("Resize", [x, None, np.array(scales, np.float32)], mode=mode, engine=engine,
                coordinate_transformation_mode=transformation)
        add("Resize", [x, None, None, np.array([1, 1, 3, 9])], mode=mode,
            coordinate_transformation_mode=transformation)
for nearest in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
    for transformation in ["half_pixel", "asymmetric", "align_corners"]:
        for sizes in [(1, 1, 8, 10), (1, 1, 2, 3), (1, 1, 7, 4)]:
            add("Resize", [x, None, None, np.array(sizes)], mode="nearest", nearest_mode=nearest,
                coordinate_transformation_mode=transformation)
add("Resize", [x, None, np.array([1, 1, 1.5, 0.8], np.float32)], mode="cubic", cubic_coeff_a=-0.5)
add("Resize", [x, None, np.array([1, 1, 1.5, 0.8], np.float32)], mode="cubic", exclude_outside=1)
roi = np.array([0, 0, 0.2, -0.1, 1, 1, 0.9, 1.2], np.float32)
for mode in ["nearest", "linear", "cubic"]:
    add("Resize", [x, roi, None, np.array([1, 1, 3, 7])], mode=mode, extrapolation_value=9.5,
        coordinate_transformation_mode="tf_crop_and_resize")
add("Resize", [x, None, np.array([2, 1.5], np.float32)], mode="linear", axes=[2, 3])
add("Resize", [x, None, np.array([2, 0.5], np.float32)], mode="nearest", axes=[3, 2])
for policy in ["not_larger", "not_smaller"]:
    for mode in ["nearest", "linear"]:
        add("Resize", [x, None, None, np.array([7, 12])], mode=mode, axes=[2, 3],
            keep_aspect_ratio_policy=policy)
add("Resize", [floats(2, 7), None, np.array([2, 1.4], np.float32)], mode="linear")
add("Resize", [floats(1, 2, 6), None, np.array([1, 1, 2.5], np.float32)], mode="linear")
add("Resize", [floats(1, 2, 6), None, np.array([1, 1, 2.5], np.float32)], mode="nearest")
add("Resize", [floats(1, 1, 2, 3, 4), None, np.array([1, 1, 2, 2, 0.5], np.float32)], mode="linear")
add("Resize", [random.integers(0, 255, (1, 2, 3, 3)).astype(np.uint8), None,
               np.array([1, 1, 2, 2], np.float32)], mode="nearest")
resizing.write()

convolution = Fixture("Convolution")
add = convolution.add
x, w = floats(2, 4, 3, 5), floats(4, 3, 3, 3)
add("ConvTranspose", [x, w])
add("ConvTranspose", [x, w, floats(3)], strides=[2, 2], pads=[1, 1, 1, 1])
add("ConvTranspose", [x, w], strides=[2, 3], pads=[0, 1, 2, 0], output_padding=[1, 2])
add("ConvTranspose", [x, w], dilations=[2, 1], strides=[1, 2])
add("ConvTranspose", [x, floats(4, 2, 2, 2), floats(4)], group=2, strides=[2, 2])
add("ConvTranspose", [x, floats(4, 1, 3, 2)], group=4)
add("ConvTranspose", [x, w], strides=[2, 2], output_shape=[7, 12])
add("ConvTranspose", [x, w], strides=[3, 2], output_shape=[10, 10], auto_pad="SAME_UPPER")
add("ConvTranspose", [x, w], strides=[2, 2], output_shape=[6, 10])
for pad in ["SAME_UPPER", "SAME_LOWER", "VALID"]:
    add("ConvTranspose", [x, w], strides=[2, 2], auto_pad=pad)
add("ConvTranspose", [floats(1, 2, 20), floats(2, 3, 4), floats(3)], strides=[2], pads=[1, 1])
convolution.write()
