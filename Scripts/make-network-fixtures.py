#!/usr/bin/env python3
"""Makes the small networks that the tests of passes and compression run, with ONNX Runtime's outputs.

Usage: make-network-fixtures.py [FOLDER]     (default: Tests/ConvertTests/Fixtures/networks)

Needs the packages onnx, onnxruntime and numpy. The files are checked in; run this after a change here.
"""
import os
import sys

import numpy as np
from onnx import TensorProto

from network_fixtures import Network, write

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures",
    "networks")
I64 = np.int64
NETWORKS = []


def network(function):
    """Adds the network that `function` builds; its name is the function's."""
    made = Network(function.__name__.replace("_", "-"))
    result = function(made)
    for value in result if isinstance(result, tuple) else (result,):
        if value is not None:
            made.output(value)
    NETWORKS.append(made)


# ------------------------------------------------------------ folding

@network
def conv_norm(n):
    a = n.norm(n.conv(n.input(1, 3, 6, 6), 8, 3, bias=False), 8)
    return n.norm(n.conv(n.op("Relu", a), 4, 8, group=2), 4, epsilon=0.1)


@network
def conv_norm_kept(n):
    """Three normalizations that must stay: after an activation, after a shared value, after an output."""
    a = n.conv(n.input(1, 3, 6, 6), 4, 3)
    b = n.conv(n.op("Relu", a), 4, 4)
    shared = n.conv(b, 4, 4)
    n.output(b)
    return n.op("Add", n.norm(n.op("Relu", n.norm(b, 4)), 4), n.op("Mul", n.norm(shared, 4), shared))


@network
def norm_twice(n):
    return n.norm(n.norm(n.conv(n.input(1, 3, 6, 6), 4, 3), 4), 4)


@network
def norm_shared_weights(n):
    """Two convolutions with the same weights, one of them normalized."""
    x, w = n.input(1, 4, 5, 5), n.weights(4, 4, 3, 3)
    a = n.op("Conv", x, w, pads=[1] * 4)
    return n.norm(a, 4), n.op("Conv", n.op("Relu", x), w, pads=[1] * 4)


@network
def preactivation(n):
    x = n.conv(n.input(1, 3, 8, 8), 6, 3)
    for _ in range(2):
        a = n.conv(n.op("Relu", n.norm(x, 6)), 6, 6)
        b = n.conv(n.op("Relu", n.norm(a, 6)), 6, 6)
        x = n.op("Add", x, b)
    return n.op("GlobalAveragePool", n.op("Relu", n.norm(x, 6)))


@network
def gemm_norm(n):
    a = n.op("Gemm", n.input(3, 6), n.weights(5, 6), n.weights(5), transB=1)
    return n.op("Relu", n.norm(a, 5))


@network
def matmul_norm_rank3(n):
    """The channels of a normalization are dimension 1, which is not the one that a product makes."""
    a = n.op("MatMul", n.input(1, 4, 6), n.weights(6, 4))
    return n.norm(a, 4)


@network
def transposed_conv_norm(n):
    return n.norm(n.op("ConvTranspose", n.input(1, 4, 4, 4), n.weights(4, 3, 2, 2), strides=[2, 2]), 3)


@network
def conv_arithmetic(n):
    a = n.op("Add", n.conv(n.input(1, 3, 5, 5), 4, 3, bias=False), n.weights(4, 1, 1))
    b = n.op("Mul", n.constant(1.5), n.conv(a, 4, 4))
    c = n.op("Sub", n.conv(b, 4, 4), n.weights(1, 4, 1, 1))
    d = n.op("Div", n.conv(c, 4, 4), n.constant([[[2.0]], [[3.0]], [[0.5]], [[-4.0]]]))
    return n.op("Add", n.weights(4, 1, 1), n.conv(d, 4, 4, k=1))


@network
def conv_arithmetic_kept(n):
    """Constants that are none for a channel, or stand on the wrong side."""
    a = n.op("Sub", n.weights(4, 1, 1), n.conv(n.input(1, 3, 5, 5), 4, 3))
    b = n.op("Div", n.constant(2.0), n.op("Exp", n.conv(a, 4, 4)))
    c = n.op("Add", n.conv(b, 5, 4), n.weights(5))
    return n.op("Mul", n.conv(c, 4, 5), n.weights(4, 5, 5))


@network
def matmul_add(n):
    a = n.op("Add", n.op("MatMul", n.input(2, 6), n.weights(6, 5)), n.weights(5))
    return n.op("Mul", n.op("MatMul", n.op("Relu", a), n.weights(5, 4)), n.weights(4))


@network
def matmul_rank3(n):
    a = n.op("Add", n.weights(8), n.op("MatMul", n.input(1, 5, 6), n.weights(6, 8)))
    b = n.op("MatMul", n.op("Relu", a), n.op("Transpose", a, perm=[0, 2, 1]))
    return n.op("Softmax", b, axis=-1)


@network
def gemm_variants(n):
    x = n.input(4, 6)
    bias = [n.weights(5), n.weights(1, 5), n.weights(4, 1), n.weights(4, 5), n.constant(0.7)]
    a = [n.op("Gemm", x, n.weights(6, 5), b, alpha=1.5, beta=0.5) for b in bias]
    a.append(n.op("Gemm", x, n.weights(5, 6), transB=1, alpha=0.25))
    a.append(n.op("Gemm", n.op("Transpose", x, perm=[1, 0]), n.weights(6, 5), bias[0], transA=1))
    a.append(n.op("Gemm", n.op("Transpose", x, perm=[1, 0]), n.weights(5, 6), bias[1], transA=1,
                  transB=1, alpha=2.0, beta=3.0))
    return n.op("Concat", *a, axis=1)


@network
def gemm_column_bias(n):
    """As many rows as columns: a bias for each row must not be taken for one of each column."""
    a = n.op("Gemm", n.input(4, 6), n.weights(4, 6), n.weights(4, 1), transB=1)
    b = n.op("Gemm", a, n.weights(4, 4), n.weights(4, 1), transB=1)
    return n.op("Mul", b, n.weights(4))


@network
def gemm_transposed_add(n):
    """What is added to a product with a factor for its bias."""
    a = n.op("Gemm", n.input(6, 4), n.weights(5, 6), n.weights(5), transA=1, transB=1, alpha=2.0,
             beta=0.5)
    return n.op("Add", a, n.weights(5))


@network
def gemm_computed_bias(n):
    x = n.input(4, 6)
    bias = n.op("ReduceMax", x, axes=[1], keepdims=1)
    return n.op("Gemm", x, n.weights(5, 6), bias, transB=1, beta=0.5)


# ------------------------------------------------------------ activations

@network
def clamps(n):
    low, high = n.constant(0.0), n.constant(6.0)
    a = n.op("Clip", n.conv(n.input(1, 3, 6, 6), 4, 3), low, high)
    b = n.op("Clip", n.conv(a, 4, 4), n.constant(-0.5))
    c = n.op("Clip", n.conv(b, 4, 4), None, n.constant(0.3))
    d = n.op("Relu", n.op("Relu", n.conv(c, 4, 4)))
    e = n.op("Flatten", n.op("Clip", n.op("Relu", n.conv(d, 4, 4)), low, high))
    return n.op("Relu", n.op("Gemm", e, n.weights(5, 144), transB=1))


@network
def clamps_kept(n):
    """A convolution that is read twice, one that is an output, and a clamp with a computed bound."""
    x = n.input(1, 3, 6, 6)
    a = n.conv(x, 4, 3)
    b = n.conv(n.op("Add", n.op("Relu", a), a), 4, 4)
    n.output(b)
    c = n.conv(n.op("Relu", b), 4, 4)
    bound = n.op("ReduceMax", c, keepdims=0)
    return n.op("Clip", c, None, n.op("Mul", bound, n.constant(0.5)))


@network
def activations(n):
    a = n.op("PRelu", n.conv(n.input(1, 3, 6, 6), 8, 3), n.weights(8, 1, 1))
    b = n.op("HardSwish", n.conv(a, 8, 8))
    c = n.conv(b, 8, 8, group=8)
    d = n.op("LeakyRelu", n.op("Mul", c, n.op("Sigmoid", c)), alpha=0.2)
    e = n.op("Elu", n.conv(d, 4, 8, k=1))
    return n.op("Tanh", n.op("HardSigmoid", n.conv(e, 4, 4), alpha=0.2, beta=0.4))


@network
def gates(n):
    """Squeeze and excitation."""
    a = n.op("Relu", n.conv(n.input(1, 3, 8, 8), 8, 3))
    s = n.op("Relu", n.conv(n.op("GlobalAveragePool", a), 4, 8, k=1))
    a = n.op("Mul", n.op("Sigmoid", n.conv(s, 8, 4, k=1)), a)
    s = n.op("HardSigmoid", n.conv(n.op("ReduceMean", a, axes=[2, 3]), 8, 8, k=1))
    return n.conv(n.op("Mul", a, s), 4, 8)


# ------------------------------------------------------------ residuals

@network
def residual(n):
    """Both orders of operands; two convolutions; the shortcut computed behind the convolution."""
    x = n.op("Relu", n.conv(n.input(1, 3, 6, 6), 6, 3))
    a = n.op("Relu", n.op("Add", n.conv(x, 6, 6), x))
    b = n.op("Add", a, n.conv(n.op("Relu", n.conv(a, 6, 6)), 6, 6))
    c = n.op("Relu", n.op("Add", n.conv(b, 6, 6), n.conv(b, 6, 6, k=1)))
    d = n.conv(c, 6, 6, group=6)
    return n.op("Add", d, n.op("MaxPool", c, kernel_shape=[3, 3], pads=[1] * 4))


@network
def residual_kept(n):
    """A convolution read twice, one that is an output, one added to itself, one broadcast."""
    x = n.input(1, 4, 6, 6)
    a = n.conv(x, 4, 4)
    b = n.op("Add", a, n.op("Sigmoid", a))
    c = n.conv(b, 4, 4)
    n.output(c)
    d = n.op("Add", c, b)
    e = n.conv(d, 4, 4)
    f = n.op("Add", e, e)
    return n.op("Add", n.op("Relu", n.conv(f, 4, 4)), n.op("Add", n.op("GlobalMaxPool", f), n.conv(f, 4, 4)))


@network
def residual_output(n):
    """The sum and its activation are both outputs."""
    x = n.input(1, 4, 6, 6)
    a = n.op("Add", n.conv(x, 4, 4), x)
    n.output(a)
    return n.op("Relu", a)


@network
def residual_depthwise(n):
    x = n.input(1, 16, 7, 7)
    a = n.op("Relu", n.op("Add", n.conv(x, 16, 16, group=16, bias=False), x))
    b = n.op("Add", a, n.conv(a, 16, 16, group=4))
    return n.op("Clip", b, n.constant(-1.0), n.constant(1.0))


@network
def residual_1d(n):
    x = n.input(1, 4, 9)
    a = n.op("Relu", n.norm(n.conv(x, 8, 4, k=[3]), 8))
    b = n.op("Relu", n.op("Add", n.conv(a, 8, 8, k=[3]), a))
    c = n.conv(b, 8, 8, k=[3], group=8, pads=[2, 2], dilations=[2])
    return n.conv(n.op("Add", b, c), 4, 8, k=[5], pads=[1, 3], strides=[2])


# ------------------------------------------------------------ shapes

@network
def means(n):
    a = n.op("Relu", n.conv(n.input(1, 3, 5, 7), 6, 3))
    b = n.op("ReduceMean", a, axes=[2, 3], keepdims=0)
    c = n.op("Flatten", n.op("ReduceMean", a, axes=[-1, -2], keepdims=1))
    d = n.op("ReduceMean", n.op("ReduceMean", a, axes=[3]), axes=[2], keepdims=0)
    e = n.op("ReduceMean", a, axes=[1, 2], keepdims=0)
    return n.op("Concat", b, c, n.op("Flatten", d), e, axis=1), n.op("ReduceMean", a, keepdims=0)


@network
def shape_tail(n):
    a = n.op("Relu", n.conv(n.input(1, 3, 6, 6), 4, 3, strides=[2, 2]))
    size = n.op("Gather", n.op("Shape", a), n.constant(0, I64), axis=0)
    size = n.op("Unsqueeze", size, n.constant([0], I64))
    shape = n.op("Concat", size, n.constant([-1], I64), axis=0)
    return n.op("Gemm", n.op("Reshape", a, shape), n.weights(5, 36), n.weights(5), transB=1)


@network
def layouts(n):
    """Channels last and row-major by turns."""
    a = n.op("Relu", n.conv(n.input(1, 3, 6, 4), 8, 3))
    b = n.op("Transpose", a, perm=[0, 2, 3, 1])
    b = n.op("Add", b, n.weights(8))
    c = n.op("Transpose", b, perm=[0, 3, 1, 2])
    d = n.op("Concat", n.conv(c, 4, 8), a, axis=1)
    e = n.op("Reshape", d, n.constant([1, 4, 3, -1], I64))
    f = n.op("Mul", n.op("ReduceMax", e, axes=[1], keepdims=1), e)
    g = n.op("Reshape", f, n.constant([0, 12, 6, 4], I64))
    return n.conv(n.op("Sub", g, n.weights(1, 12, 1, 4)), 4, 12, k=1), n.op("Softmax", g, axis=1)


@network
def identities(n):
    x = n.input(1, 3, 4, 4)
    a = n.op("Identity", n.op("Relu", n.op("Identity", x)))
    b = n.conv(n.op("Dropout", a, n.constant(0.5)), 4, 3)
    n.output(n.op("Identity", n.op("Identity", b)), "first")
    n.output(n.op("Identity", b), "second")
    n.output(n.op("Identity", x), "third")
    n.output(n.op("Identity", n.constant([1.0, 2.0])), "fourth")
    return n.op("Relu", b)


@network
def shared_constants(n):
    x = n.input(1, 4)
    values = [0.5, -0.0, 2.0, 1.0]
    a = n.op("Mul", n.op("Add", x, n.constant(values)), n.constant(values))
    b = n.op("Add", a, n.constant([values]))
    c = n.op("Div", n.constant([1.0, 1, 1, 1]), n.op("Add", n.op("Relu", b), n.constant([0.0] * 4)))
    return n.op("Clip", c, n.constant(-9.0), n.constant(9.0)), n.op("Clip", b, n.constant(-9.0))


@network
def unread_outputs(n):
    x = n.input(1, 4, 6)
    _, indices = n.op("TopK", x, n.constant([2], I64), outputs=2)
    parts = n.op("Split", x, n.constant([1, 2, 1], I64), outputs=3, axis=1)
    n.op("Exp", n.op("Neg", x))
    normal = n.op("LayerNormalization", parts[1], n.weights(6))
    return n.op("Cast", indices, to=TensorProto.FLOAT), n.op("Relu", normal)


@network
def constant_outputs(n):
    """Outputs that are an input, or depend on constants alone."""
    x = n.input(2, 3)
    n.output(n.op("Add", n.weights(3), n.constant([1.0, 2.0, 3.0])), "known")
    n.output(n.op("Reshape", n.constant(np.arange(6.0)), n.op("Shape", x)), "shaped")
    n.output(x)
    return n.op("Neg", x)


# ------------------------------------------------------------ convolutions and movement

@network
def convolutions(n):
    x = n.input(1, 6, 9, 7)
    a = [n.conv(x, 4, 6, pads=[0, 1, 2, 3]), n.conv(x, 4, 6, dilations=[2, 3], pads=[2, 3, 4, 2]),
         n.conv(x, 6, 6, group=3, strides=[2, 1]), n.conv(x, 12, 6, group=6, k=[5, 3]),
         n.conv(x, 4, 6, auto_pad="SAME_UPPER", strides=[2, 2]),
         n.conv(x, 4, 6, auto_pad="SAME_LOWER", strides=[2, 2], k=4),
         n.conv(x, 3, 6, k=[1, 7], auto_pad="VALID"), n.conv(x, 4, 6, k=[9, 7], pads=[0] * 4)]
    a = [n.op("Flatten", n.op("Relu", y)) for y in a]
    return n.op("Concat", *a, axis=1)


@network
def conv_1d(n):
    a = n.op("Relu", n.norm(n.conv(n.input(1, 3, 12), 6, 3, k=[3], bias=False), 6))
    b = n.op("MaxPool", a, kernel_shape=[2], strides=[2])
    c = n.op("Clip", n.conv(b, 6, 6, k=[3], group=2), n.constant(-1.0), n.constant(1.0))
    return n.op("Gemm", n.op("Flatten", c), n.weights(4, 36), n.weights(4), transB=1)


@network
def branches(n):
    """A fire module, a split, and concatenations along channels and rows."""
    s = n.op("Relu", n.conv(n.input(1, 3, 6, 6), 4, 3, k=1))
    a = n.op("Concat", n.op("Relu", n.conv(s, 4, 4, k=1)), n.op("Relu", n.conv(s, 6, 4)), axis=1)
    b, c = n.op("Split", a, n.constant([4, 6], I64), outputs=2, axis=1)
    d = n.op("Concat", n.conv(c, 4, 6), b, n.op("AveragePool", b, kernel_shape=[3, 3], pads=[1] * 4),
             axis=2)
    return n.conv(d, 3, 4, strides=[3, 2])


@network
def resizing(n):
    a = n.op("Relu", n.conv(n.input(1, 3, 5, 4), 4, 3))
    scales = n.constant([1.0, 1, 2, 2])
    b = n.op("Resize", a, None, scales, mode="nearest", nearest_mode="floor",
             coordinate_transformation_mode="asymmetric")
    c = n.op("Resize", n.conv(b, 4, 4), None, None, n.constant([1, 4, 7, 9], I64), mode="linear",
             coordinate_transformation_mode="half_pixel")
    d = n.op("DepthToSpace", n.conv(c, 8, 4), blocksize=2)
    return n.conv(n.op("Pad", d, n.constant([0, 0, 1, 0, 0, 0, 0, 2], I64)), 2, 2)


@network
def shuffle(n):
    """Channel shuffle: a grouped convolution between reshapes and a transposition."""
    a = n.op("Relu", n.conv(n.input(1, 4, 5, 5), 8, 4, k=1, group=2))
    b = n.op("Reshape", a, n.constant([1, 2, 4, 5, 5], I64))
    c = n.op("Reshape", n.op("Transpose", b, perm=[0, 2, 1, 3, 4]), n.constant([1, 8, 5, 5], I64))
    return n.op("Add", n.conv(c, 8, 8, group=8), c)


@network
def island(n):
    """A float island between layers that integers compute."""
    a = n.op("Relu", n.conv(n.input(1, 3, 8, 8), 8, 3, name="before"))
    b = n.op("Exp", n.op("LRN", n.op("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2]), size=3))
    c = n.op("Relu", n.conv(b, 8, 8, name="after"))
    d = n.op("Flatten", n.op("GlobalAveragePool", c))
    n.output(n.op("Gemm", d, n.weights(5, 8), n.weights(5), transB=1, name="head"), "logits")


@network
def two_inputs(n):
    x, y = n.input(1, 4, 4, 4, name="left"), n.input(1, 4, 4, 4, name="right")
    index = n.input(3, name="index", type_=TensorProto.INT64)
    a = n.op("Add", n.conv(x, 4, 4), n.conv(y, 4, 4))
    rows = n.op("Gather", n.weights(8, 5), index)
    return n.op("Sub", a, y), n.op("MatMul", rows, n.weights(5, 3))


@network
def attention(n):
    x = n.input(1, 6, 8)
    q, k, v = (n.op("Add", n.op("MatMul", x, n.weights(8, 8)), n.weights(8)) for _ in range(3))
    scores = n.op("Div", n.op("MatMul", q, n.op("Transpose", k, perm=[0, 2, 1])), n.constant(2.83))
    a = n.op("Add", n.op("MatMul", n.op("Softmax", scores, axis=-1), v), x)
    a = n.op("LayerNormalization", a, n.weights(8), n.weights(8))
    return n.op("MatMul", n.op("Relu", n.op("MatMul", a, n.weights(8, 12))), n.weights(12, 8))


@network
def recurrent(n):
    x = n.input(6, 1, 8)
    y = n.op("LSTM", x, n.weights(2, 24, 8), n.weights(2, 24, 6), n.weights(2, 48), hidden_size=6,
             direction="bidirectional", outputs=3)[0]
    y = n.op("Reshape", n.op("Transpose", y, perm=[0, 2, 1, 3]), n.constant([6, 1, 12], np.int64))
    y = n.op("GRU", y, n.weights(1, 15, 12), n.weights(1, 15, 5), n.weights(1, 30), hidden_size=5,
             linear_before_reset=1, outputs=2)[1]
    return n.op("Gemm", n.op("Squeeze", y, n.constant([0], np.int64)), n.weights(5, 3), n.weights(3))


@network
def conv_3d(n):
    x = n.input(1, 3, 5, 6, 7)
    y = n.op("Relu", n.op("Conv", x, n.weights(16, 3, 3, 3, 3), n.weights(16), pads=[1] * 6))
    y = n.op("MaxPool", y, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    y = n.op("Relu", n.op("Conv", y, n.weights(16, 16, 2, 3, 3), pads=[0, 1, 1, 0, 1, 1]))
    return n.op("ConvTranspose", y, n.weights(16, 2, 2, 2, 2), n.weights(2), strides=[2, 2, 2])


@network
def computed_weights(n):
    x = n.input(1, 4, 6, 6)
    w = n.op("Reshape", n.op("Slice", x, n.constant([0], np.int64), n.constant([3], np.int64),
                             n.constant([3], np.int64)), n.constant([2, 4, 3, 3], np.int64))
    return n.op("Relu", n.op("Conv", x, w, n.weights(2), pads=[1, 1, 1, 1]))


def plain(n, y, *shape):
    """Gives a value of another domain's operator a type and a shape that onnx can infer."""
    return n.op("Reshape", n.op("Cast", y, to=TensorProto.FLOAT), n.constant(shape, np.int64))


@network
def attention_microsoft(n):
    x = n.input(2, 5, 16)
    y = n.op("Attention", x, n.weights(16, 48), n.weights(48), num_heads=4, unidirectional=1,
             domain="com.microsoft")
    q, k, v = (n.op("MatMul", y, n.weights(16, 16)) for _ in range(3))
    y = n.op("MultiHeadAttention", q, k, v, n.weights(48), None, n.weights(1, 4, 5, 5), num_heads=4,
             scale=0.4, domain="com.microsoft")
    return plain(n, y, 2, 5, 16)


@network
def rotary_microsoft(n):
    x = n.input(1, 5, 16)
    positions = n.constant([[0, 1, 2, 3, 4]], np.int64)
    angles = np.outer(np.arange(8), [1, 0.1, 0.01, 0.001])
    y = n.op("RotaryEmbedding", x, positions, n.constant(np.cos(angles)), n.constant(np.sin(angles)),
             num_heads=2, domain="com.microsoft")
    return plain(n, y, 1, 5, 16)


write(NETWORKS, FOLDER)
