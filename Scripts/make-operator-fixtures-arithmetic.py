#!/usr/bin/env python3
"""Writes what other runtimes compute for our arithmetic operators, as fixtures for OperatorsTests.

Needs numpy, onnx and onnxruntime. ONNX Runtime computes each expected output, or, where it lacks an
operator or a type, the reference evaluator of the onnx package. Run from the package's root.
"""
import base64
import json
import math
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

FOLDER = pathlib.Path("Tests/OperatorsTests/Fixtures")
rng = np.random.default_rng(7)
cases = []


def attribute(value):
    if isinstance(value, float):
        return {"float": value}
    if isinstance(value, str):
        return {"string": value}
    return {"int": value} if isinstance(value, int) else {"ints": value}


def tensor(array):
    if array is None:
        return None
    if isinstance(array, Quantized):
        return tensor(array.stored) | {"scale": float(array.scale), "zero": array.zero}
    array = np.asarray(array)
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": int(kind), "shape": list(array.shape), "data": data}


class Quantized:
    """Stored bytes with the scale and zero point that give them their meaning."""

    def __init__(self, stored, scale, zero):
        self.stored, self.scale, self.zero = np.asarray(stored, np.uint8), np.float32(scale), zero

    def real(self):
        return float(self.scale) * (self.stored.astype(np.float64) - self.zero)


def run(op, inputs, attributes, outputs, opset):
    names = ["" if x is None else f"i{k}" for k, x in enumerate(inputs)]
    given = {n: np.asarray(x) for n, x in zip(names, inputs) if n}
    results = [f"o{k}" for k in range(outputs)]
    graph = helper.make_graph(
        [helper.make_node(op, names, results, **attributes)], "case",
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
         for n, x in given.items()],
        [helper.make_tensor_value_info(n, TensorProto.UNDEFINED, None) for n in results])
    for value in graph.output:
        value.ClearField("type")
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        # The runtime wants typed outputs: inference finds them.
        typed = onnx.shape_inference.infer_shapes(model)
        session = onnxruntime.InferenceSession(
            typed.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, given)
    except Exception as error:
        print(f"  {op}: reference evaluator ({str(error).splitlines()[0][:90]})")
        return ReferenceEvaluator(model).run(None, given)


def case(op, *inputs, outputs=1, opset=22, expected=None, **attributes):
    inputs = list(inputs)
    with np.errstate(all="ignore"):
        results = expected or run(op, inputs, attributes, outputs, opset)
    cases.append({
        "op": op,
        "attributes": {k: attribute(v) for k, v in attributes.items()},
        "inputs": [tensor(x) for x in inputs],
        "outputs": [tensor(x) for x in results],
    })


def f(*shape, scale=2.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def positive(*shape):
    return np.abs(f(*shape)) + np.float32(0.1)


def ints(*shape, low=-9, high=10, dtype=np.int64):
    return rng.integers(low, high, shape).astype(dtype)


def bools(*shape):
    return rng.integers(0, 2, shape).astype(bool)


def write(name):
    path = FOLDER / f"{name}.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
    print(path, len(cases), "cases", path.stat().st_size, "bytes")
    cases.clear()


nan, inf = math.nan, math.inf
EDGES = np.array([0.0, -0.0, nan, inf, -inf, 1e-30, -1e-30, 100, -100, 0.5, -0.5, 1.5, 2.5, -1.5],
                 np.float32)
SHAPES = [(), (0,), (5,), (2, 0, 3), (1, 3, 2, 5), (2, 1, 2, 2, 3)]


def unary():
    everywhere = "Relu Sigmoid Tanh HardSigmoid HardSwish Erf Exp Neg Abs Floor Ceil Round".split()
    everywhere += "LeakyRelu Elu Selu Softplus Sign Sin Cos Identity IsNaN IsInf".split()
    for op in everywhere:
        for shape in SHAPES:
            case(op, f(*shape))
        # ONNX Runtime's polynomials leave out NaN and the infinities for some functions.
        exact = op in "Relu Neg Abs Floor Ceil Round LeakyRelu Sign Identity IsNaN IsInf".split()
        case(op, EDGES if exact else EDGES[np.isfinite(EDGES)])
        case(op, np.append(f(40).astype(np.float64), 0.5))
    for op in ["Sqrt", "Log", "Reciprocal"]:
        for shape in SHAPES:
            case(op, positive(*shape))
        case(op, positive(9).astype(np.float64))
    case("Sqrt", np.array([-1, 0, inf], np.float32))
    case("Log", np.array([-1, 0, inf], np.float32))
    case("Reciprocal", np.array([0, -0.0, inf, -inf], np.float32))
    for op in ["Neg", "Abs", "Sign", "Relu"]:
        for dtype in [np.int64, np.int32, np.int8]:
            case(op, ints(2, 5, dtype=dtype))
    case("Abs", ints(6, low=0, dtype=np.uint8))
    case("HardSigmoid", f(3, 4), alpha=0.3, beta=-0.25)
    case("LeakyRelu", f(1, 3, 2, 2), alpha=0.3)
    case("Elu", f(3, 4), alpha=1.75)
    case("Selu", f(3, 4), alpha=1.5, gamma=2.0)
    for alpha in [1.0, 1.702]:
        case("Swish", f(2, 3, 4, 2), alpha=alpha, opset=24)
    for approximate in ["none", "tanh"]:
        for shape in SHAPES:
            case("Gelu", f(*shape), approximate=approximate)
        case("Gelu", f(8).astype(np.float64), approximate=approximate)
    case("Gelu", f(2, 3))
    case("IsInf", EDGES, detect_negative=0)
    case("IsInf", EDGES, detect_positive=0)
    for shape in SHAPES:
        case("Not", bools(*shape))
    for shape in SHAPES:
        case("Clip", f(*shape), np.float32(-1), np.float32(0.75))
    case("Clip", f(9), np.float32(0.5))
    case("Clip", f(9), None, np.float32(0.5))
    case("Clip", f(9))
    case("Clip", EDGES, np.float32(-3), np.float32(3))
    case("Clip", f(9), np.float32(2), np.float32(-2))
    for dtype in [np.int64, np.int32, np.int8, np.uint8]:
        case("Clip", ints(9, low=0, dtype=dtype), dtype(2), dtype(6))
    case("Clip", f(9).astype(np.float64), np.float64(-1), np.float64(1))
    case("Dropout", f(2, 3))
    case("Dropout", f(2, 3), np.float32(0.5), outputs=2)
    case("Dropout", f(1, 2, 3, 2), np.float32(0.5), np.bool_(False), outputs=2)
    case("Identity", ints(3, 2))


def cast():
    import ml_dtypes
    types = [np.float32, np.uint8, np.int8, np.uint16, np.int16, np.int32, np.int64, np.bool_,
             np.float16, np.float64, np.uint32, np.uint64, ml_dtypes.bfloat16]
    values = np.array([0, 1, 2, 3, 100, 127, 0.25, 1.75])
    for source in types:
        for target in types:
            # The numbers that every type of the two holds, so that the standard defines the result.
            case("Cast", values.astype(source),
                 to=int(helper.np_dtype_to_tensor_dtype(np.dtype(target))))
    halves = np.array([0, -0.0, 1, 65504, 65519, 65520, 1e6, 6e-8, 2.9e-8, 1e-5, nan, inf, -inf,
                       1.00048828125, 1.0009765625, 1.00146484375], np.float32)
    case("Cast", halves, to=TensorProto.FLOAT16)
    case("Cast", halves, to=TensorProto.BFLOAT16)
    case("Cast", np.arange(0, 65536, 37, dtype=np.uint16).view(np.float16), to=TensorProto.FLOAT)
    case("Cast", EDGES, to=TensorProto.BOOL)
    case("Cast", np.array([-1.9, -0.5, 1.9, 2.5], np.float32), to=TensorProto.INT64)
    case("Cast", np.array([-1, 300, -300, 1 << 40], np.int64), to=TensorProto.UINT8)
    case("Cast", f(1, 2, 3, 2), to=TensorProto.INT32)
    case("Cast", f(2, 0), to=TensorProto.INT32)


PAIRS = [((), ()), ((3,), ()), ((), (3,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 1), (1, 3)),
         ((1, 3, 2, 4), (1, 3, 2, 4)), ((1, 3, 2, 4), (3, 1, 1)), ((1, 3, 2, 4), (4,)),
         ((2, 3, 2, 4), (1, 3, 1, 1)), ((2, 3, 2, 4), (2, 4)), ((2, 3, 2, 4), (3, 2, 4)),
         ((2, 1, 2, 4), (2, 3, 1, 4)), ((1, 16, 3, 3), (2, 16, 1, 1)), ((2, 3, 2, 1, 2), (3, 1, 2, 1)),
         ((0, 3), (3,)), ((1, 0), (4, 1)), ((2, 1, 0, 3), (1, 5, 1, 1)), ((3,), (2, 1, 2, 3))]


def binary():
    for op in ["Add", "Sub", "Mul", "Div"]:
        for a, b in PAIRS if op in ["Add", "Div"] else PAIRS[::3]:
            case(op, f(*a), f(*b))
        for dtype in [np.int64, np.int32]:
            case(op, ints(3, 4, dtype=dtype), ints(4, low=1, dtype=dtype))
            case(op, ints(5, dtype=dtype), np.full(5, -3, dtype))
        case(op, f(7).astype(np.float64), f(7).astype(np.float64))
    case("Div", np.array([1, -1, 0, inf], np.float32), np.zeros(4, np.float32))
    for a, b in PAIRS[:8]:
        case("Pow", positive(*a), f(*b))
        case("PRelu", f(2, 3, 2, 4), f(3, 1, 1))
    case("PRelu", f(2, 3, 2, 4), f(1))
    case("PRelu", f(1, 3, 2, 2), f(2))
    case("PRelu", f(4, 3), f(3))
    for exponent in [2.0, 3.0, 0.5, -1.0, 0.0]:
        case("Pow", positive(1, 2, 3, 3), np.float32(exponent))
    case("Pow", f(6), np.float32(2))
    case("Pow", f(6), np.int64(2))
    case("Pow", f(6), ints(6, low=0, high=4, dtype=np.int32))
    case("Pow", ints(6, dtype=np.int64), ints(6, low=0, high=5))
    case("Pow", ints(6, dtype=np.int32), np.float32(2))
    case("Pow", f(6).astype(np.float64), np.float64(3))
    a, b = np.array([7, -7, 7, -7, 6, -6], np.int64), np.array([3, 3, -3, -3, 3, -3], np.int64)
    for fmod in [0, 1]:
        for dtype in [np.int64, np.int32]:
            case("Mod", a.astype(dtype), b.astype(dtype), fmod=fmod)
    case("Mod", np.array([7.5, -7.5, 5.3, inf], np.float32), np.array([2, 2, -2, 3], np.float32),
         fmod=1)
    for op in ["Min", "Max", "Sum", "Mean"]:
        for a, b in PAIRS if op == "Max" else PAIRS[::4]:
            case(op, f(*a), f(*b))
        case(op, f(2, 3))
        case(op, f(2, 1), f(3), f(1, 1), f(2, 3))
        case(op, f(3), f(1, 3, 2, 3), f(2, 3, 1, 1))
        case(op, f(5).astype(np.float64), f(5).astype(np.float64))
    for op in ["Min", "Max"]:
        case(op, np.array([nan, 1, nan, inf], np.float32), np.array([1, nan, nan, -inf], np.float32))
        for dtype in [np.int64, np.int32]:
            case(op, ints(3, 1, dtype=dtype), ints(4, dtype=dtype), ints(1, dtype=dtype))


def comparisons():
    for op in ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]:
        for p, q in PAIRS if op == "Equal" else PAIRS[::4]:
            case(op, np.rint(f(*p)), np.rint(f(*q)))
        for dtype in [np.int64, np.int32, np.float64]:
            case(op, ints(20, low=-2, high=3, dtype=dtype), ints(20, low=-2, high=3, dtype=dtype))
        case(op, EDGES, EDGES[::-1].copy())
        case(op, EDGES, EDGES)
    case("Equal", bools(2, 8), bools(8))
    for op in ["And", "Or", "Xor"]:
        for p, q in PAIRS if op == "Xor" else PAIRS[::4]:
            case(op, bools(*p), bools(*q))
    for a, b in PAIRS:
        case("Where", bools(*a), f(*b), f(*b))
        case("Where", bools(*a), f(), f(*b))
    case("Where", bools(2, 3, 1, 4), f(3, 2, 1), f(1, 1, 2, 4))
    for dtype in [np.int64, np.int32, np.uint8, np.float64]:
        case("Where", bools(2, 1), ints(2, 3, low=0, dtype=dtype), ints(3, low=0, dtype=dtype))
    case("Where", bools(2, 1), bools(2, 3), bools(3))


def reductions():
    axes = [((5,), [0]), ((2, 3), [1]), ((2, 3), [-2]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [-1]),
            ((1, 9, 3, 4), [2, 3]), ((1, 17, 2, 3), [-1, -2]), ((2, 3, 2, 4), [1]),
            ((2, 3, 2, 5), [0]), ((1, 3, 2, 5), [0, 1, 2, 3]), ((1, 9, 2, 3), [2]), ((2, 3, 2, 4), [3, 1]),
            ((2, 2, 3, 2, 2), [1, 3]), ((1, 40), [1]), ((5, 9), [0]), ((1, 1, 1), [1])]
    floats = "ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2".split()
    floats += "ReduceSumSquare ReduceLogSum ReduceLogSumExp".split()
    for op in floats:
        make = positive if op in ["ReduceLogSum", "ReduceProd"] else f
        for shape, along in axes if op == "ReduceMean" else axes[2::4]:
            for keepdims in [1, 0]:
                case(op, make(*shape), np.array(along, np.int64), keepdims=keepdims)
        case(op, make(2, 3, 1, 4))
        case(op, make(2, 3), keepdims=0)
        case(op, make())
        case(op, make(2, 3), np.array([], np.int64), noop_with_empty_axes=0)
        case(op, make(2, 3).astype(np.float64), np.array([1], np.int64))
    # Without axes, nothing is reduced, though the functions of single elements apply.
    x = f(2, 3)
    none = np.array([], np.int64)
    for op, y in [("ReduceSum", x), ("ReduceMean", x), ("ReduceMax", x), ("ReduceL1", np.abs(x)),
                  ("ReduceSumSquare", x * x), ("ReduceL2", np.abs(x))]:
        case(op, x, none, noop_with_empty_axes=1, expected=[y])
    for op in ["ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceMean", "ReduceL1",
               "ReduceSumSquare"]:
        for dtype in [np.int64, np.int32]:
            # Positive: the references differ in how they round a negative mean.
            case(op, ints(2, 3, 4, low=0, dtype=dtype), np.array([1], np.int64))
    for op in ["ReduceMax", "ReduceMin"]:
        case(op, ints(2, 9, low=0, dtype=np.uint8), np.array([1], np.int64))
        case(op, ints(2, 9, dtype=np.int8), np.array([0], np.int64))
    for op in ["ReduceSum", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"]:
        case(op, f(2, 0, 3), np.array([1], np.int64))
        case(op, f(2, 0, 3), np.array([0], np.int64))
    case("ReduceLogSumExp", np.array([[1000, 1000.5], [-1000, -1001]], np.float32),
         np.array([1], np.int64))
    for op in ["ArgMax", "ArgMin"]:
        for shape, along in axes:
            if len(along) == 1 and (op == "ArgMax" or len(shape) == 4):
                for keepdims in [1, 0]:
                    case(op, f(*shape), axis=along[0], keepdims=keepdims)
        for last in [0, 1]:
            case(op, np.array([[1, 2, 2], [3, 1, 1]], np.float32), axis=1, select_last_index=last)
            for dtype in [np.int32, np.uint8, np.int8, np.float64]:
                case(op, ints(3, 7, low=0, high=3, dtype=dtype), axis=-1, select_last_index=last)
        case(op, f(2, 3))


def normalization():
    shapes = [(7,), (2, 3), (2, 3, 4), (1, 3, 2, 4), (1, 9, 2, 3), (2, 1, 3, 2, 2)]
    for op in ["Softmax", "LogSoftmax"]:
        for shape in shapes:
            for axis in range(-len(shape), len(shape)):
                case(op, f(*shape), axis=axis)
        case(op, f(3, 20))
        case(op, f(3, 20, scale=100.0))
        case(op, f(0, 3))
        case(op, f(2, 5).astype(np.float64), axis=0)
    for shape in shapes[:5]:
        for axis in range(-len(shape), len(shape)):
            size = shape[axis:]
            if axis < 0:
                case("LayerNormalization", f(*shape), f(*size), f(*size), axis=axis)
                continue
            case("LayerNormalization", f(*shape), f(*size), axis=axis, epsilon=1e-2, outputs=3)
            case("RMSNormalization", f(*shape), f(*size), axis=axis, opset=23)
    case("LayerNormalization", f(3, 20), f(20), f(20))
    case("RMSNormalization", f(3, 20), f(20), opset=23, epsilon=0.1)
    for shape in [(2, 3), (2, 3, 4), (1, 3, 2, 4), (2, 9, 3, 2), (2, 2, 3, 2, 2), (0, 3, 2, 2)]:
        c = shape[1]
        case("BatchNormalization", f(*shape), f(c), f(c), f(c), positive(c))
        case("BatchNormalization", f(*shape), f(c), f(c), f(c), positive(c), epsilon=0.1)
    for shape in [(2, 3, 4), (1, 3, 2, 4), (2, 9, 3, 2), (2, 2, 3, 2, 2)]:
        c = shape[1]
        case("InstanceNormalization", f(*shape), f(c), f(c))
        case("InstanceNormalization", f(*shape), f(c), f(c), epsilon=0.1)
    for shape, groups in [((2, 4, 3), 2), ((1, 6, 2, 3), 3), ((2, 4, 3, 3), 1), ((1, 4, 2, 2), 4)]:
        case("GroupNormalization", f(*shape), f(shape[1]), f(shape[1]), num_groups=groups)
    case("GroupNormalization", f(1, 4, 3, 3), f(4), f(4), num_groups=2, epsilon=0.1)
    for size in [1, 3, 5]:
        case("LRN", f(1, 9, 1, 3), size=size)
    for size in [2, 4, 20]:
        # ONNX Runtime refuses even sizes; the reference evaluator counts channels by the batch.
        case("LRN", f(4, 4, 1, 3), size=size, alpha=0.5)
    case("LRN", f(2, 5, 2, 3), size=3, alpha=0.5, beta=0.6, bias=2.0)
    case("LRN", f(2, 5, 3, 2), size=3, alpha=0.5, beta=0.75, bias=2.0)


def rounded(value, zero):
    """The uint8 of a float32 in steps of the output's scale: held within the range, rounded half to even."""
    assert value.dtype == np.float32
    held = np.clip(value, np.float32(-zero), np.float32(255 - zero))
    return np.rint(held).astype(np.int64) + zero


def quantized():
    def q(scale, zero, *shape):
        return Quantized(rng.integers(0, 256, shape), scale, zero)

    def near(result, y, ideal):
        ideal = np.clip(np.round(ideal / float(y.scale)) + y.zero, 0, 255)
        assert np.abs(result - ideal).max() <= 1, np.abs(result - ideal).max()
        return [Quantized(result, y.scale, y.zero)]

    parameters = [
        ((0.02, 128), (0.03, 100), (0.04, 120)), ((0.5, 0), (0.001, 255), (0.3, 7)),
        ((0.001, 3), (0.002, 250), (1.7, 40)), ((1.0, 0), (1.0, 0), (0.01, 0)),
        ((3e-6, 10), (2e-6, 20), (3.0, 99)), ((0.0123, 131), (0.0123, 131), (0.0123, 131))]
    pairs = [((300,), (300,)), ((1, 3, 2, 5), (1, 3, 2, 5)), ((2, 3, 4, 3), (3, 1, 1)), ((6,), (4, 1)),
             ((2, 70, 2, 3), (2, 70, 1, 1)), ((2, 1, 1, 1), (2, 5, 1, 3)), ((3, 1, 2), (2, 1))]
    for sa, sb, sy in parameters:
        for p, s in pairs:
            a, b, y = q(*sa, *p), q(*sb, *s), Quantized(0, *sy)
            na, nb = a.stored.astype(np.int64) - a.zero, b.stored.astype(np.int64) - b.zero
            ra, rb = float(a.scale) / float(y.scale), float(b.scale) / float(y.scale)
            for op, sign in [("Add", 1), ("Sub", -1)]:
                left, right = na.astype(np.float32) * np.float32(ra), nb.astype(np.float32) * np.float32(rb)
                result = rounded(left + right if sign > 0 else left - right, y.zero)
                case(op, a, b, expected=near(result, y, a.real() + sign * b.real()))
            m = float(a.scale) * float(b.scale) / float(y.scale)
            result = rounded((na * nb).astype(np.float32) * np.float32(m), y.zero)
            case("Mul", a, b, expected=near(result, y, a.real() * b.real()))

    functions = {
        "Relu": lambda x: max(x, 0.0), "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
        "Tanh": math.tanh, "HardSwish": lambda x: x * max(0, min(1, x / 6 + 0.5)),
        "HardSigmoid": lambda x: max(0.0, min(1.0, float(np.float32(0.2)) * x + 0.5)),
        "LeakyRelu": lambda x: x if x >= 0 else float(np.float32(0.01)) * x,
        "Erf": math.erf, "Exp": math.exp, "Neg": lambda x: -x, "Abs": abs, "Floor": math.floor,
        "Gelu": lambda x: 0.5 * x * (1 + math.erf(x * 0.7071067811865475)),
        "Elu": lambda x: x if x >= 0 else math.expm1(x), "Round": round,
        "Softplus": lambda x: math.log1p(math.exp(-abs(x))) + max(x, 0), "Sin": math.sin,
        "Swish": lambda x: x / (1 + math.exp(-x)), "Sqrt": lambda x: math.sqrt(x) if x >= 0 else 0}
    for op, function in functions.items():
        for scale, zero, out, out_zero in [(0.0371, 117, 0.0293, 60), (0.25, 0, 0.011, 3)]:
            x, y = Quantized(np.arange(256).reshape(1, 4, 8, 8), scale, zero), Quantized(0, out, out_zero)
            steps = np.array([round(function(v) / float(y.scale)) for v in x.real().flat])
            result = np.clip(steps + out_zero, 0, 255).reshape(x.stored.shape)
            case(op, x, expected=[Quantized(result, out, out_zero)])
    x = q(0.05, 128, 1, 2, 3, 3)
    clipped = np.clip(x.real(), -1, 6)
    case("Clip", x, np.float32(-1), np.float32(6),
         expected=[Quantized(np.clip(np.rint(clipped / float(np.float32(0.03))) + 30, 0, 255), 0.03, 30)])

    for shape, axes in [((1, 9, 7, 7), [2, 3]), ((2, 5, 3, 4), [1]), ((3, 4), [0, 1])]:
        for sx, sy in [((0.02, 100), (0.01, 90)), ((0.5, 0), (0.4, 12))]:
            x, y = q(*sx, *shape), Quantized(0, *sy)
            total = (x.stored.astype(np.int64) - x.zero).sum(axis=tuple(axes), keepdims=True)
            n = math.prod(shape[a] for a in axes)
            real = float(x.scale) / float(y.scale) / n
            result = rounded(total.astype(np.float32) * np.float32(real), y.zero)
            mean = x.real().mean(axis=tuple(axes), keepdims=True)
            case("ReduceMean", x, np.array(axes, np.int64), expected=near(result, y, mean))
    for shape in [(3, 5), (2, 3, 96), (1, 130), (4, 1)]:
        for sx, sy in [((0.02, 100), (0.031, 90)), ((0.5, 0), (0.01, 255))]:
            x, y = q(*sx, *shape), Quantized(0, *sy)
            n, epsilon = shape[-1], float(np.float32(1e-6))
            scale = rng.normal(1, 0.3, n).astype(np.float32)
            bias = rng.normal(0, 0.3, n).astype(np.float32)
            steps = x.stored.astype(np.int64) - x.zero
            mean = steps.sum(-1, keepdims=True).astype(np.float64) / n
            variance = (steps**2).sum(-1, keepdims=True).astype(np.float64) / n - mean * mean
            sx = float(x.scale)
            r = (sx / np.sqrt(np.maximum(variance, 0) * sx * sx + epsilon)).astype(np.float32)
            v = (steps.astype(np.float32) - mean.astype(np.float32)) * r
            v = v * (scale / float(y.scale)).astype(np.float32)
            result = rounded(v + (bias / float(y.scale)).astype(np.float32), y.zero)
            real = x.real()
            ideal = (real - real.mean(-1, keepdims=True)) / np.sqrt(real.var(-1, keepdims=True) + epsilon)
            case("LayerNormalization", x, scale, bias, expected=near(result, y, ideal * scale + bias),
                 epsilon=1e-6)
    for shape in [(2, 5, 3, 4), (1, 70, 2, 3), (3, 6)]:
        x, y = q(0.02, 100, *shape), Quantized(0, 0.031, 90)
        c, epsilon = shape[1], np.float32(1e-3)
        scale, bias, mean = (rng.normal(m, 0.5, c).astype(np.float32) for m in (1, 0, 0))
        variance = np.abs(rng.normal(1, 0.5, c)).astype(np.float32)
        factor = scale.astype(np.float64) / np.sqrt((variance + epsilon).astype(np.float64))
        columns = (1, c) + (1,) * (len(shape) - 2)
        f = (factor * float(x.scale) / float(y.scale)).astype(np.float32).reshape(columns)
        g = ((bias - mean * factor) / float(y.scale)).astype(np.float32).reshape(columns)
        result = rounded((x.stored.astype(np.int64) - x.zero).astype(np.float32) * f + g, y.zero)
        ideal = x.real() * factor.reshape(columns) + (bias - mean * factor).reshape(columns)
        case("BatchNormalization", x, scale, bias, mean, variance,
             expected=near(result, y, ideal), epsilon=float(epsilon))
    x = q(0.02, 100, 2, 9, 3, 3)
    for op, pick in [("ReduceMax", np.max), ("ReduceMin", np.min)]:
        result = pick(x.stored, axis=(2, 3), keepdims=True)
        case(op, x, np.array([2, 3], np.int64), expected=[Quantized(result, x.scale, x.zero)])


FOLDER.mkdir(parents=True, exist_ok=True)
for family in [unary, cast, binary, comparisons, reductions, normalization, quantized]:
    family()
    write(family.__name__)
