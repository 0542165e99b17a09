"""Fixtures for the operators that move and index data."""

import numpy as np
from onnx import numpy_helper

from operator_fixtures import Fixture

random = np.random.default_rng(1)
I = np.int64


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def counting(*shape, dtype=np.float32):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def ints(*values, dtype=I):
    return np.array(values, dtype)


shaping = Fixture("Shaping")
add = shaping.add
x = floats(2, 3, 4)
for shape in [(4, -1), (0, 0, 2, 2), (24,), (2, -1, 1, 2)]:
    add("Reshape", [x, ints(*shape)])
add("Reshape", [floats(0, 3), ints(3, 0)], allowzero=1)
add("Reshape", [floats(1), np.zeros(0, I)])
for axis in [0, 1, 2, 3, -1, -3]:
    add("Flatten", [x], axis=axis)
add("Flatten", [np.float32(3)], axis=0)
for perm in [(2, 0, 1), (0, 2, 1), (1, 0, 2), (0, 1, 2)]:
    add("Transpose", [x], perm=perm)
add("Transpose", [x])
add("Transpose", [floats(19, 23)])
add("Transpose", [floats(2, 3, 2, 2, 3)], perm=(4, 2, 0, 3, 1))
add("Transpose", [floats(1, 5, 6, 7)], perm=(0, 2, 3, 1))
for dtype in [np.int64, np.uint8, np.float64, np.int8, np.bool_]:
    add("Transpose", [counting(2, 3, 4, dtype=dtype)], perm=(1, 2, 0))
add("Squeeze", [floats(1, 3, 1, 2)])
add("Squeeze", [floats(1, 3, 1, 2), ints(-2)])
add("Squeeze", [floats(1, 3, 1, 2), ints(0, 2)])
add("Unsqueeze", [floats(3, 2), ints(0, -1)])
add("Unsqueeze", [np.float32(2), ints(0)])
for shape in [(2, 3, 4), (3, 1), (5, 2, 3, 4), (1,)]:
    add("Expand", [floats(2, 3, 1) if len(shape) != 2 else floats(3, 1), ints(*shape)])
add("Expand", [np.float32(7), ints(2, 2)])
add("Expand", [counting(1, 3, dtype=np.int64), ints(2, 3)])
add("Expand", [floats(1, 3), ints(0, 3)])
add("Tile", [floats(2, 3), ints(2, 2)])
add("Tile", [floats(1, 2, 3, 2), ints(2, 1, 3, 2)])
add("Tile", [counting(2, 2, dtype=np.int64), ints(1, 0)])
add("Tile", [floats(2, 3, 1, 2), ints(1, 2, 2, 1)])
add("Shape", [x])
add("Shape", [x], start=1)
add("Shape", [x], start=-2, end=-1)
add("Shape", [x], start=-9, end=9)
add("Shape", [np.float32(1)])
add("Size", [x])
add("Size", [floats(0, 3)])
for value in [np.array([2.5], np.float32), np.array([7], I), np.array([True])]:
    add("ConstantOfShape", [ints(2, 3)], value=numpy_helper.from_array(value), given=[ints(2, 3), value])
add("ConstantOfShape", [ints(4)])
add("ConstantOfShape", [np.zeros(0, I)])
for dtype in [np.float32, np.float64, np.int32, np.int64]:
    for a, b, c in [(1, 9, 3), (10, 3, -2), (3, 1, 1), (0, 8, 2)]:
        add("Range", [np.array(v, dtype) for v in (a, b, c)])
add("Range", [np.float32(0), np.float32(1), np.float32(0.3)])
for mode in ["DCR", "CRD"]:
    add("DepthToSpace", [counting(2, 8, 2, 3)], blocksize=2, mode=mode)
    add("DepthToSpace", [counting(1, 9, 2, 1)], blocksize=3, mode=mode)
add("SpaceToDepth", [counting(2, 2, 4, 6)], blocksize=2)
shaping.write()

indexing = Fixture("Indexing")
add = indexing.add
for axis in [0, 1, -1]:
    shapes = [[2, 3, 2, 2], [2, 3, 2, 2], [2, 3, 2, 2]]
    for i, extent in enumerate([1, 3, 2]):
        shapes[i][axis] = extent
    add("Concat", [floats(*s) for s in shapes], axis=axis)
add("Concat", [ints(1, 2), ints(3), np.zeros(0, I)], axis=0)
add("Concat", [counting(2, 2, dtype=np.uint8), counting(2, 1, dtype=np.uint8)], axis=1)
y = counting(2, 7, 3)
add("Split", [y, ints(2, 4, 1)], outputs=3, axis=1)
add("Split", [y], outputs=3, axis=-2, num_outputs=3)
add("Split", [y], outputs=2, axis=0, num_outputs=2)
add("Split", [floats(2, 5, 2, 3), ints(2, 3)], outputs=2, axis=1)
add("Split", [floats(2, 5, 2, 4)], outputs=2, axis=3, num_outputs=2)
add("Split", [counting(6, dtype=np.int64), ints(0, 6)], outputs=2)
z = counting(4, 6, 5)
for starts, ends, axes, steps in [
    ([1], [3], None, None), ([0, 1], [9, -1], [0, 1], [1, 2]), ([-1], [-9], [1], [-1]),
    ([4, 5], [0, 0], [2, 1], [-2, -3]), ([2], [1], [0], [1]), ([-100], [100], [-1], [3]),
    ([np.iinfo(I).max], [np.iinfo(I).min], [1], [-1]), ([0], [np.iinfo(I).max], [2], [np.iinfo(I).max]),
]:
    rest = [] if axes is None else [ints(*axes), ints(*steps)]
    add("Slice", [z, ints(*starts), ints(*ends)] + rest)
add("Slice", [floats(2, 5, 3, 4), ints(-1, 3), ints(-9, 0), ints(1, 3), ints(-2, -1)])
add("Slice", [floats(2, 5, 3, 4), ints(5), ints(2), ints(1)])
add("Slice", [z, ints(1, dtype=np.int32), ints(3, dtype=np.int32), ints(1, dtype=np.int32)])
add("Slice", [counting(1, 3, 4, 4, dtype=np.uint8), ints(1, 0), ints(4, 4), ints(2, 3), ints(2, 2)])
for axis in [0, 1, -1]:
    add("Gather", [z, ints(1, -1, 0)], axis=axis)
add("Gather", [z, np.array([[0, 2], [3, 1]], np.int32)])
add("Gather", [ints(5, 6, 7), np.array(2, I)])
add("Gather", [counting(3, 4, dtype=np.uint8), ints(1, 1)], axis=1)
add("Gather", [z, np.zeros((0,), I)])
add("GatherElements", [floats(3, 3), np.array([[1, 2, 0], [2, 0, 0]], I)], axis=0)
add("GatherElements", [floats(2, 2, 2), np.array([[[0, 1]], [[-1, 0]]], np.int32)], axis=-1)
add("GatherElements", [counting(4, dtype=np.int64), ints(3, -4)])
add("GatherND", [counting(2, 2, dtype=np.int64), np.array([[0, 0], [1, -1]], I)])
add("GatherND", [floats(2, 3, 4), np.array([[1], [0]], I)])
add("GatherND", [floats(2, 3, 4), np.array([[1], [0]], I)], batch_dims=1)
add("GatherND", [floats(2, 3, 4), np.array([[[1, 2]], [[0, -1]]], I)], batch_dims=1)
for reduction in ["none", "add", "mul", "min", "max"]:
    for dtype in [np.float32, np.int64]:
        add("ScatterND", [counting(4, 3, dtype=dtype), np.array([[1], [-1]], I),
                          np.full((2, 3), 5, dtype)], reduction=reduction)
        add("ScatterElements", [counting(3, 3, dtype=dtype), np.array([[1, 0, 2], [0, 2, -1]], I),
                                np.full((2, 3), 4, dtype)], axis=0, reduction=reduction)
add("ScatterND", [floats(2, 3, 2), np.array([[0, 1], [1, 2]], I), floats(2, 2)])
add("ScatterElements", [floats(1, 5), np.array([[1, 3]], I), floats(1, 2)], axis=1)
p = counting(2, 3, 4)
for mode in ["constant", "reflect", "edge", "wrap"]:
    add("Pad", [p, ints(0, 1, 2, 1, 0, 1)] if mode != "reflect" else [p, ints(0, 1, 2, 0, 2, 1)], mode=mode)
    add("Pad", [floats(1, 2, 3, 3), ints(0, 0, 1, 2, 0, 0, 2, 0)], mode=mode)
    add("Pad", [p, ints(1, 2), None, ints(-1)], mode=mode)
add("Pad", [floats(1, 3, 2, 4), ints(1, -1, 2, 0), None, ints(1, 3)], mode="edge")
add("Pad", [p, ints(0, -1, 1, 1, 0, -2), np.float32(9)])
add("Pad", [counting(3, dtype=np.int64), ints(1, 2), np.array(-7, I)])
add("Pad", [counting(2, 2, dtype=np.uint8), ints(1, 0, 0, 1), np.array(3, np.uint8)])
m = floats(2, 3, 4)
for upper in [0, 1]:
    add("Trilu", [m], upper=upper)
    for k in [-1, 1, 5, -7]:
        add("Trilu", [m, np.array(k, I)], upper=upper)
add("Trilu", [counting(3, 3, dtype=np.int64)])
for axis in [0, 1, -1]:
    for exclusive, reverse in [(0, 0), (1, 0), (0, 1), (1, 1)]:
        add("CumSum", [counting(2, 3, 2), np.array(axis, np.int32)], exclusive=exclusive, reverse=reverse)
add("CumSum", [floats(2, 3, 4, 2), np.array(1, I)], reverse=1)
add("CumSum", [counting(4, dtype=np.int64), ints(0)])
for axis in [-1, 0, 1]:
    add("OneHot", [np.array([[0, 2], [-1, 5]], I), np.array(3, I), np.array([-1, 4], np.float32)], axis=axis)
add("OneHot", [np.array([1, 0], np.float32), np.float32(2), ints(0, 1)])
t = np.array([[3, 1, 4, 1, 5], [2, 7, 1, 8, 2]], np.float32)
for largest in [0, 1]:
    for k in [1, 3, 5]:
        add("TopK", [t, ints(k)], outputs=2, largest=largest)
add("TopK", [t, ints(2)], outputs=2, axis=0)
add("TopK", [random.integers(-9, 9, (2, 9, 3)), ints(4)], outputs=2, axis=1)
add("TopK", [floats(2, 5, 3, 2), ints(2)], outputs=2, axis=1)
add("TopK", [floats(50), ints(17)], outputs=2)
indexing.write()
