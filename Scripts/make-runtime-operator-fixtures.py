#!/usr/bin/env python3
"""Makes small networks with operators of ONNX Runtime's own domain, and what ONNX Runtime computes.

Usage: make-runtime-operator-fixtures.py [FOLDER]   (default: Tests/ConvertTests/Fixtures/runtime)

Needs numpy, onnx and onnxruntime. The files are checked in; run this after a change here.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper

import network_fixtures
from network_fixtures import Network

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures", "runtime")
networks = []


class RuntimeNetwork(Network):
    """A network that may use the domain com.microsoft."""

    def __init__(self, name, opset=17):
        super().__init__(name, opset)
        networks.append(self)

    def own(self, type_, *inputs, **attributes):
        return self.op(type_, *inputs, domain="com.microsoft", **attributes)

    def quantized(self, x, scale, zero, dtype):
        """Quantizes `x` and returns value, scale and zero point."""
        s, z = self.constant(scale), self.constant(zero, dtype)
        return [self.op("QuantizeLinear", x, s, z), s, z]

    def integers(self, dtype, *shape):
        info = np.iinfo(dtype)
        return self.constant(self.random.integers(info.min, info.max + 1, shape), dtype)

    def scaled(self, value, scale, zero, dtype, name="y"):
        """Makes the real numbers of a quantized value an output."""
        self.output(self.op(
            "DequantizeLinear", value, self.constant(scale), self.constant(zero, dtype)), name)

    def model(self, has_open_shapes=False):
        # The types of outputs are left out: only ONNX Runtime knows them.
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs,
            [helper.make_empty_tensor_value_info(name) for name in self.outputs], self.constants)
        return helper.make_model(
            graph, ir_version=8, producer_name="fixtures",
            opset_imports=[helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)])


def one_input(name, op, shape, dtype, x, y, **attributes):
    n = RuntimeNetwork(name)
    parts = n.quantized(n.input(*shape), *x, dtype)
    result = [n.constant(y[0]), n.constant(y[1], dtype)]
    n.scaled(n.own(op, *parts, *result, **attributes), y[0], y[1], dtype)


def pair(name, op, first, second, dtype):
    n = RuntimeNetwork(name)
    a = n.quantized(n.input(*first), 0.011, 3, dtype)
    b = n.quantized(n.input(*second, name="b"), 0.009, 0 if dtype is np.int8 else 100, dtype)
    zero = 7 if dtype is np.int8 else 99
    result = [n.constant(0.021), n.constant(zero, dtype)]
    n.scaled(n.own(op, *a, *b, *result), 0.021, zero, dtype)


def quantized():
    for dtype, kind in [(np.uint8, "u8"), (np.int8, "s8")]:
        zero = 128 if dtype is np.uint8 else 0
        pair(f"qlinear-add-{kind}", "QLinearAdd", (2, 3, 4), (2, 3, 4), dtype)
        pair(f"qlinear-mul-{kind}", "QLinearMul", (2, 3, 4), (3, 1), dtype)
        one_input(f"qlinear-sigmoid-{kind}", "QLinearSigmoid", (4, 9), dtype,
                  (0.008, zero), (1 / 256, zero - 128))
        one_input(f"qlinear-leaky-{kind}", "QLinearLeakyRelu", (4, 9), dtype,
                  (0.008, zero), (0.006, zero), alpha=0.2)
        one_input(f"qlinear-softmax-{kind}", "QLinearSoftmax", (4, 9), dtype,
                  (0.03, zero), (1 / 256, zero - 128), axis=-1, opset=13)
        one_input(f"qlinear-global-pool-{kind}", "QLinearGlobalAveragePool", (2, 3, 5, 4), dtype,
                  (0.008, zero), (0.004, zero), channels_last=0)
        one_input(f"qlinear-pool-{kind}", "QLinearAveragePool", (1, 3, 7, 6), dtype,
                  (0.008, zero), (0.006, zero), kernel_shape=[3, 2], strides=[2, 1],
                  pads=[1, 0, 1, 1])
    one_input("qlinear-pool-ceil", "QLinearAveragePool", (1, 2, 6, 6), np.uint8,
              (0.008, 120), (0.006, 110), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1,
              pads=[1, 1, 0, 0])
    n = RuntimeNetwork("qlinear-concat")
    a = n.quantized(n.input(2, 3), 0.008, 100, np.uint8)
    b = n.quantized(n.input(2, 2, name="b"), 0.01, 128, np.uint8)
    c = n.quantized(n.input(2, 4, name="c"), 0.02, 90, np.uint8)
    y = [n.constant(0.009), n.constant(128, np.uint8)]
    n.scaled(n.own("QLinearConcat", *y, *a, *b, *c, axis=1), 0.009, 128, np.uint8)


def products():
    for name, transposed, dtype, alpha, bias, result in [
            ("qgemm", 0, np.uint8, 1.0, True, (0.05, 128)), ("qgemm-float", 1, np.int8, 0.5, True, None),
            ("qgemm-plain", 1, np.int8, 1.0, False, (0.05, 100))]:
        n = RuntimeNetwork(name)
        a = n.quantized(n.input(3, 8), 0.008, 120, np.uint8)
        channels = n.random.uniform(0.005, 0.02, 5)
        scale = n.constant(channels if transposed else 0.01)
        zero = n.constant(np.zeros(5) if transposed else 90, dtype)
        c = n.constant(n.random.integers(-4000, 4000, 5), np.int32) if bias else ""
        y = [n.constant(result[0]), n.constant(result[1], np.uint8)] if result else []
        value = n.own("QGemm", *a, n.integers(dtype, *((5, 8) if transposed else (8, 5))), scale,
                      zero, c, *y, alpha=alpha, transB=transposed)
        n.scaled(value, *result, np.uint8) if result else n.output(value, "y")
    for name, dtype, columns, zero, bias in [
            ("dynamic-matmul", np.uint8, False, True, True), ("dynamic-matmul-plain", np.int8, False, False, False),
            ("dynamic-matmul-columns", np.int8, True, True, True)]:
        n = RuntimeNetwork(name)
        scale = n.constant(n.random.uniform(0.005, 0.02, 6) if columns else 0.01)
        z = n.constant(np.zeros(6) if columns else 7, dtype) if zero else ""
        n.output(n.own("DynamicQuantizeMatMul", n.input(2, 3, 8), n.integers(dtype, 8, 6), scale, z,
                       n.weights(6) if bias else ""), "y")
    n = RuntimeNetwork("integer-to-float")
    a = n.quantized(n.input(4, 8), 0.008, 120, np.uint8)
    n.output(n.own("MatMulIntegerToFloat", a[0], n.integers(np.int8, 8, 6), a[1],
                   n.constant(n.random.uniform(0.005, 0.02, 6)), a[2], "", n.weights(6)), "y")
    for name, bits, block, depth, zero, bias in [
            ("nbits-4", 4, 16, 32, None, False), ("nbits-4-zero", 4, 16, 48, "packed", False),
            ("nbits-4-tail", 4, 32, 40, "packed", True), ("nbits-8", 8, 16, 32, "packed", False),
            ("nbits-8-plain", 8, 32, 64, None, False), ("nbits-4-real-zero", 4, 16, 32, "real", False),
            ("nbits-2", 2, 16, 48, "packed", False)]:
        n = RuntimeNetwork(name)
        rows, blocks = 6, (depth + block - 1) // block
        parts = [n.input(2, 3, depth), n.integers(np.uint8, rows, blocks, block * bits // 8),
                 n.constant(n.random.uniform(0.01, 0.05, rows * blocks))]
        if zero == "packed":
            parts.append(n.integers(np.uint8, rows * ((blocks * bits + 7) // 8)))
        elif zero == "real":
            parts.append(n.constant(n.random.uniform(5, 10, rows * blocks)))
        if bias:
            parts += ["", n.weights(rows)]
        n.output(n.own("MatMulNBits", *parts, K=depth, N=rows, bits=bits, block_size=block), "y")


def fused():
    for name, activation, parameters in [
            ("relu", "Relu", []), ("tanh", "Tanh", []), ("sigmoid", "Sigmoid", []),
            ("leaky", "LeakyRelu", [0.1]), ("clip", "Clip", [-0.5, 0.75]),
            ("hard-sigmoid", "HardSigmoid", [0.3, 0.4])]:
        n = RuntimeNetwork(f"fused-conv-{name}")
        more = {"activation_params": parameters} if parameters else {}
        n.output(n.own("FusedConv", n.input(1, 3, 6, 6), n.weights(4, 3, 3, 3), n.weights(4),
                       pads=[1, 1, 1, 1], activation=activation, **more), "y")
    n = RuntimeNetwork("fused-conv-sum")
    x = n.input(1, 3, 6, 6)
    n.output(n.own("FusedConv", x, n.weights(3, 3, 3, 3), n.weights(3), x, pads=[1, 1, 1, 1],
                   activation="Relu"), "y")
    for name, activation, more in [
            ("relu", "Relu", {}), ("leaky", "LeakyRelu", {"activation_alpha": 0.2})]:
        n = RuntimeNetwork(f"fused-gemm-{name}")
        n.output(n.own("FusedGemm", n.input(3, 5), n.weights(4, 5), n.weights(4), transB=1, alpha=0.5,
                       beta=2.0, activation=activation, **more), "y")
    for name, a, b, more in [
            ("a", (2, 5, 3), (2, 5, 4), {"transA": 1}), ("b", (2, 3, 5), (4, 5), {"transB": 1}),
            ("ab", (5, 3), (2, 4, 5), {"transA": 1, "transB": 1, "alpha": 0.25}),
            ("alpha", (2, 3, 5), (5, 4), {"alpha": 0.125})]:
        for kind in ["computed", "constant"]:
            n = RuntimeNetwork(f"fused-matmul-{name}-{kind}")
            x = n.input(*a)
            other = n.weights(*b) if kind == "constant" else n.input(*b, name="b")
            n.output(n.own("FusedMatMul", x, other, **more), "y")
    n = RuntimeNetwork("gelus")
    x = n.input(3, 8)
    n.output(n.own("BiasGelu", x, n.weights(8)), "biased")
    n.output(n.own("FastGelu", x, n.weights(8)), "fast")
    n.output(n.own("FastGelu", x), "fast-plain")
    n.output(n.own("QuickGelu", x), "quick")
    n.output(n.own("QuickGelu", x, alpha=1.1), "quick-alpha")
    n = RuntimeNetwork("skip-norm")
    x, skip = n.input(2, 3, 8), n.input(2, 3, 8, name="skip")
    n.output(n.own("SkipLayerNormalization", x, skip, n.weights(8), n.weights(8), n.weights(8),
                   epsilon=1e-5), "all")
    n.output(n.own("SkipLayerNormalization", x, skip, n.weights(8)), "scale")
    given = n.own("SkipLayerNormalization", x, skip, n.weights(8), n.weights(8), outputs=4)
    n.nodes[-1].output[1] = n.nodes[-1].output[2] = ""
    n.output(given[0], "with-sum")
    n.output(given[3], "sum")
    n.output(n.own("SkipSimplifiedLayerNormalization", x, skip, n.weights(8), epsilon=1e-5), "rms")
    n = RuntimeNetwork("optimizer-norms", opset=13)
    x = n.input(2, 3, 8)
    n.output(n.op("LayerNormalization", x, n.weights(8), n.weights(8), axis=-1, epsilon=1e-5), "layer")
    n.output(n.op("SimplifiedLayerNormalization", x, n.weights(8), axis=-1, epsilon=1e-5,
                  stash_type=1), "rms")


def half_precision():
    """Casts that round; float32 values between them, as this project computes."""
    for name, type_, dtype in [("half", TensorProto.FLOAT16, np.float16), ("brain", TensorProto.BFLOAT16, None)]:
        n = RuntimeNetwork(f"cast-{name}", opset=19)
        x = n.input(4, 16)
        # Normal, subnormal, and too large for float16.
        for output, factor in [("normal", 3.0), ("small", 1e-6), ("large", 1e5)]:
            scaled = n.op("Mul", x, n.constant(factor))
            n.output(n.op("Cast", n.op("Cast", scaled, to=type_), to=TensorProto.FLOAT), output)
        if dtype is not None:
            like = n.op("CastLike", x, n.constant(1, dtype))
            n.output(n.op("Cast", like, to=TensorProto.FLOAT), "like")
            again = n.op("CastLike", n.op("Mul", x, n.constant(2.0)), like)
            n.output(n.op("Cast", again, to=TensorProto.FLOAT), "like-computed")


def lstms():
    """DynamicQuantizeLSTM, and LSTM with the real weights that its integers stand for."""
    for name, directions, channels, dtype in [
            ("one", 1, False, np.uint8), ("one-channels", 1, True, np.int8),
            ("both", 2, False, np.int8), ("both-channels", 2, True, np.int8)]:
        hidden, size = 5, 4
        quantized = RuntimeNetwork(f"dynamic-lstm-{name}")
        real = RuntimeNetwork(f"dynamic-lstm-{name}-real")
        r = quantized.random
        parts, weights = [], []
        for depth in [size, hidden]:
            info = np.iinfo(dtype)
            stored = r.integers(info.min, info.max + 1, (directions, depth, 4 * hidden)).astype(dtype)
            shape = (directions, 4 * hidden) if channels else (directions,)
            scale = r.uniform(0.002, 0.006, shape).astype(np.float32)
            zero = np.full(shape, 0 if dtype is np.int8 else 128, dtype)
            wide = (directions, 1, -1)
            weights.append((stored.astype(np.float32) - zero.reshape(wide).astype(np.float32))
                           * scale.reshape(wide))
            parts.append([stored, scale, zero])
        bias = r.normal(0, 0.3, (directions, 8 * hidden))
        direction = "forward" if directions == 1 else "bidirectional"
        (w, ws, wz), (rw, rs, rz) = parts
        c = quantized.constant
        outputs = quantized.own(
            "DynamicQuantizeLSTM", quantized.input(3, 2, size), c(w, dtype), c(rw, dtype), c(bias), "", "",
            "", "", c(ws), c(wz, dtype), c(rs), c(rz, dtype), outputs=3, hidden_size=hidden,
            direction=direction)
        same = real.op("LSTM", real.input(3, 2, size),
                       *[real.constant(x.transpose(0, 2, 1)) for x in weights], real.constant(bias),
                       outputs=3, hidden_size=hidden, direction=direction)
        for network, results in [(quantized, outputs), (real, same)]:
            for result, output in zip(results, ["y", "h", "c"]):
                network.output(result, output)


lstms()
half_precision()
quantized()
products()
fused()
network_fixtures.write(networks, FOLDER)
