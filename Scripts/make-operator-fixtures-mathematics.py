"""Fixtures for elementwise functions, bits, losses, and every number type of arithmetic operators.

Where ONNX Runtime lacks an operator or a type, numpy or onnx.reference computes what is expected.
"""

import numpy as np

from operator_fixtures import Fixture

random = np.random.default_rng(11)
INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
REALS = [np.float32, np.float64]


def floats(*shape, dtype=np.float32, scale=2.0):
    return (random.standard_normal(shape) * scale).astype(dtype)


def integers(dtype, *shape, low=None, high=10):
    low = (0 if np.iinfo(dtype).min == 0 else -9) if low is None else low
    return random.integers(low, high, shape).astype(dtype)


def numbers(dtype, *shape):
    return floats(*shape, dtype=dtype) if dtype in REALS else integers(dtype, *shape)


fixture = Fixture("Mathematics")


def add(op, inputs, outputs=1, opset=22, **more):
    fixture.add(op, inputs, outputs, opset, **more)


def functions():
    for dtype in REALS:
        x = floats(3, 7, dtype=dtype)
        small = np.clip(x / 4, -1, 1)
        for op in ["Tan", "Atan", "Sinh", "Cosh", "Asinh"]:
            add(op, [x])
        for op in ["Asin", "Acos", "Atanh"]:
            add(op, [small * dtype(0.99)])
        add("Acosh", [np.abs(x) + 1])
        add("Softsign", [x])
        add("Mish", [np.concatenate([x.ravel(), [-100, -30, 0, 30, 100]]).astype(dtype)])
        add("Celu", [x], opset=12)
        add("Celu", [x.astype(np.float32)], alpha=2.5, opset=12)
        add("ThresholdedRelu", [x])
        add("ThresholdedRelu", [x], alpha=0.25)
        add("Shrink", [x])
        add("Shrink", [x], lambd=1.5, bias=0.5)
        add("Hardmax", [np.round(x)], axis=-1)
        add("Hardmax", [np.round(floats(2, 3, 4, 2, dtype=dtype))], axis=1)
        add("Hardmax", [np.round(floats(2, 3, 4, dtype=dtype))], axis=0)
        for shape in [(1, 1), (3, 3), (2, 4, 4), (2, 2, 5, 5), (0, 3, 3), (0, 0)]:
            add("Det", [floats(*shape, dtype=dtype)], tolerance=1e-4)
        add("Det", [np.array([[0, 2, 1], [1, 0, 3], [2, 4, 6]], dtype)])
        add("Det", [np.ones((3, 3), dtype)])
    edges = np.array([np.nan, np.inf, -np.inf, 0, -0.0], np.float32)
    for op in ["Tan", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Asin", "Softsign", "ThresholdedRelu"]:
        add(op, [edges], engine="onnx" if op == "Softsign" else None)


def bits():
    for dtype in INTEGERS:
        a, b = integers(dtype, 2, 3, high=100), integers(dtype, 3, high=100)
        for op in ["BitwiseAnd", "BitwiseOr", "BitwiseXor"]:
            add(op, [a, b], opset=18)
        add("BitwiseNot", [a], opset=18)
        shifts = np.array([0, 1, 3, 2, 5, 7], dtype)
        x = random.integers(0, 127, 6).astype(dtype)
        for direction in ["LEFT", "RIGHT"]:
            signed = np.iinfo(dtype).min < 0
            add("BitShift", [-x if signed else x, shifts], opset=28 if signed else 11,
                direction=direction, engine="onnx" if signed else None)
    width = np.array([8, 200, 7, 0], np.uint8)
    for direction in ["LEFT", "RIGHT"]:
        # Beyond all bits, by opset 28.
        add("BitShift", [np.full(4, 255, np.uint8), width], opset=28, direction=direction, engine="onnx")
        add("BitShift", [np.array([-5, 5, -5, 5], np.int8), np.array([9, 9, -1, -1], np.int8)],
            opset=28, direction=direction, engine="onnx")


def types():
    for dtype in INTEGERS + REALS:
        a, b = numbers(dtype, 2, 3, 4), numbers(dtype, 3, 1)
        b = np.where(b == 0, dtype(2), b)
        for op in ["Add", "Sub", "Mul", "Div"]:
            add(op, [a, b])
        for op in ["Max", "Min"]:
            add(op, [a, b, numbers(dtype, 4)])
        add("Mod", [a, b], fmod=1)
        add("Mod", [a, b], fmod=0, opset=28, engine="onnx" if dtype in REALS else None)
        power = np.abs(integers(dtype, 3, 1, high=3)) if dtype in INTEGERS else floats(3, 1, dtype=dtype)
        add("Pow", [np.abs(a), power])
        add("Pow", [np.abs(a), np.array([2.0], np.float32)])
        add("Pow", [np.abs(a), np.array([2], np.int32)])
        for op in ["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"]:
            add(op, [a, b])
        add("Where", [random.integers(0, 2, (3, 1)).astype(bool), a, b])
        add("Clip", [a, dtype(1), dtype(4)])
        for op in ["Abs", "Sign"]:
            add(op, [a])
        if dtype in REALS or np.iinfo(dtype).min < 0:
            add("Neg", [a])
            add("Relu", [a])
        reductions = ["ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"]
        # numpy, by which onnx.reference computes squares, sums small integers up as large ones.
        for op in reductions + ["ReduceSumSquare"] * (dtype in [np.int32, np.int64, *REALS]):
            add(op, [a, np.array([1])], keepdims=0)
        # Integer means are truncated.
        add("ReduceMean", [np.abs(a) if dtype in INTEGERS else a, np.array([-1])])
        for op in ["ArgMax", "ArgMin"]:
            add(op, [a], axis=1)
        add("MatMul", [numbers(dtype, 2, 3, 4), numbers(dtype, 4, 2)])
        add("EyeLike", [numbers(dtype, 3, 4)], k=1)
        add("CastLike", [np.abs(floats(2, 3)), numbers(dtype, 1)])
        if dtype in REALS or np.iinfo(dtype).bits >= 32:
            add("CumSum", [a, np.int64(1)])
            add("Gemm", [numbers(dtype, 3, 4), numbers(dtype, 3, 2), numbers(dtype, 2)], transA=1)
    add("Gemm", [floats(3, 4, dtype=np.float64), floats(2, 4, dtype=np.float64),
                 floats(3, 1, dtype=np.float64)], transB=1, alpha=0.5, beta=2.0)
    for op in ["Softmax", "LogSoftmax"]:
        add(op, [floats(2, 3, 4, dtype=np.float64)], axis=1)
    for k in [-2, 0, 5, -7]:
        add("EyeLike", [floats(3, 4)], k=k)
    add("EyeLike", [floats(2, 2)], dtype=7)
    zero = np.array([0.0, -0.0, 3, -3, np.inf, -np.inf, np.nan, 5.5, -5.5], np.float32)
    for divisor in [2.0, -2.0, np.inf, -np.inf, 0.0, np.nan]:
        add("Mod", [zero, np.float32(divisor)], fmod=0, opset=28, engine="onnx")


def losses():
    for dtype in REALS:
        for shape in [(3, 5), (2, 4, 3), (2, 3, 2, 2), (1, 2, 2, 1, 3)]:
            x = np.log(random.dirichlet(np.ones(shape[1]), (shape[0],) + shape[2:]))
            x = np.moveaxis(x, -1, 1).astype(dtype)
            target = random.integers(0, shape[1], (shape[0],) + shape[2:])
            weight = random.uniform(0.2, 2, shape[1]).astype(dtype)
            for reduction in ["none", "sum", "mean"]:
                add("NegativeLogLikelihoodLoss", [x, target], reduction=reduction)
                add("NegativeLogLikelihoodLoss", [x, target, weight], reduction=reduction)
                add("NegativeLogLikelihoodLoss", [x, target.astype(np.int32), weight],
                    reduction=reduction, ignore_index=1)
            add("NegativeLogLikelihoodLoss", [x, np.where(target == 1, -3, target)], ignore_index=-3)


def shapes():
    """Tensors without elements, of rank 0 and of rank 8, and axes counted from the back."""
    eight = (2, 1, 3, 1, 2, 1, 1, 2)
    for shape in [(), (0,), (2, 0, 3), (0, 0), eight]:
        x = floats(*shape)
        for op in ["Relu", "Sigmoid", "Tanh", "Erf", "Gelu", "Neg", "Abs", "Sign", "Softplus", "HardSwish",
                   "Exp", "Floor", "Round", "Tan", "Asinh", "Mish", "Softsign", "Shrink", "IsNaN"]:
            add(op, [x])
        add("Clip", [x, np.float32(-1), np.float32(1)])
        add("Cast", [x], to=7)
        for op in ["Add", "Sub", "Mul", "Div", "Max", "Min", "Less", "Equal", "PRelu"]:
            add(op, [x, floats(*shape)])
            add(op, [x, np.float32(0.5)])
        add("Where", [x > 0, x, np.float32(3)])
        for op in ["ReduceSum", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum"]:
            add(op, [np.abs(x)], keepdims=0, engine="onnx" if 0 in shape else None)
        if not shape:
            continue
        for op in ["ReduceSum", "ReduceProd", "ReduceL2"]:
            add(op, [x, np.array([-1])], engine="onnx" if 0 in shape else None)
        for op in ["Softmax", "LogSoftmax", "Hardmax"]:
            add(op, [x], axis=-1)
            add(op, [x], axis=-len(shape))
        add("CumSum", [x, np.int64(-1)])
        # Of the last dimension: scale and bias with its extent.
        last = (shape[-1],)
        if 0 not in last:
            add("LayerNormalization", [x, floats(*last), floats(*last)], axis=-1,
                engine=None if x.size else "onnx")
    for shape, other in [((2, 0), (1, 1)), ((3, 1, 0), (2, 0)), ((1,), (0,)), ((0, 1), (1, 5)),
                         (eight, (1, 3, 2, 4, 5, 1)), ((1, 1, 1, 1, 1, 1, 1, 2), eight)]:
        for op in ["Add", "Mul", "Greater", "Min"]:
            add(op, [floats(*shape), floats(*other)])
    for axes in [[-1], [-2, 0], [-8, -1, 2], [0, 1, 2, 3, 4, 5, 6, 7]]:
        for op in ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceLogSumExp"]:
            add(op, [floats(*eight), np.array(axes)], keepdims=len(axes) % 2)
    for shape in [(0, 3), (0, 3, 4), (2, 3, 0), (0, 3, 2, 2)]:
        c = [floats(3) for _ in range(2)]
        add("BatchNormalization", [floats(*shape), *c, floats(3), np.abs(floats(3))], opset=15,
            engine="onnx")
    add("LRN", [floats(0, 3, 2, 2)], size=3, engine="onnx")
    for shape in [(0, 4), (3, 0), (0, 0)]:
        add("MatMul", [floats(*shape), floats(shape[1], 2)])
    add("Det", [np.zeros((2, 0, 0), np.float32)])


def blocks():
    """SpaceToDepth as of opset 28."""
    for mode in ["DCR", "CRD"]:
        add("SpaceToDepth", [floats(2, 3, 4, 6)], opset=28, blocksize=2, mode=mode, engine="onnx")


blocks()
functions()
bits()
types()
losses()
shapes()
fixture.write()
