#!/usr/bin/env python3
"""Quantizes a small network in the ways that quantizers of today do, for tests of importing such models.

Usage: make-quantized-network-fixtures.py [FOLDER]
       (default: Tests/ConvertTests/Fixtures/quantized)

Expected outputs are those of ONNX Runtime with its optimizations, which compute in integers. Needs the
packages of Benchmarks/zoo/requirements.txt. The files are checked in; run this after a change here.
"""
import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_static)

from network_fixtures import encode, uniform

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures", "quantized")
SEED, SHAPE = 900, (1, 3, 12, 12)


class Network:
    def __init__(self):
        self.random = np.random.default_rng(7)
        self.nodes, self.constants = [], []

    def weights(self, *shape):
        name = f"w{len(self.constants)}"
        scale = np.exp(self.random.normal(0, 0.7, (shape[0],) + (1,) * (len(shape) - 1)))
        values = self.random.normal(0, 1, shape) * scale / np.sqrt(np.prod(shape[1:]) or 1)
        self.constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def bias(self, count):
        name = f"b{len(self.constants)}"
        values = self.random.normal(0, 0.2, count).astype(np.float32)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"{op}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name + ".node", **attributes))
        return name

    def conv(self, x, outputs, inputs, kernel=3, **attributes):
        pad = kernel // 2
        return self.node("Conv", x, self.weights(outputs, inputs // attributes.get("group", 1),
                                                 kernel, kernel), self.bias(outputs),
                         pads=[pad] * 4, **attributes)


def network():
    """Convolutions of all kinds, a residual, pooling, a Concat, a gate and a classifier."""
    n = Network()
    n.constants += [numpy_helper.from_array(np.array(0, np.float32), "zero"),
                    numpy_helper.from_array(np.array(6, np.float32), "six")]
    x = n.node("Relu", n.conv("x", 16, 3))
    y = n.node("Clip", n.conv(x, 16, 16, group=16), "zero", "six")
    y = n.conv(y, 16, 16, kernel=1)
    x = n.node("Relu", n.node("Add", x, y))
    x = n.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    a = n.node("Relu", n.conv(x, 8, 16, kernel=1))
    b = n.conv(x, 8, 16)
    x = n.node("Concat", a, b, axis=1)
    x = n.node("Mul", x, n.node("Sigmoid", x))
    x = n.node("GlobalAveragePool", n.conv(x, 24, 16, strides=[2, 2]))
    x = n.node("Flatten", x)
    n.nodes.append(helper.make_node("Gemm", [x, n.weights(10, 24), n.bias(10)], ["y"], name="Gemm.node",
                                    transB=1))
    graph = helper.make_graph(
        n.nodes, "quantized", [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 10))], n.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Samples(CalibrationDataReader):
    def __init__(self):
        self.left = iter(range(8))

    def get_next(self):
        k = next(self.left, None)
        return None if k is None else {"x": uniform(100 + k, int(np.prod(SHAPE))).reshape(SHAPE)}


def variants():
    u8, s8 = QuantType.QUInt8, QuantType.QInt8
    yield "qdq-u8s8", dict(activation_type=u8, weight_type=s8)
    yield "qdq-u8s8-channel", dict(activation_type=u8, weight_type=s8, per_channel=True)
    yield "qdq-s8s8-channel", dict(activation_type=s8, weight_type=s8, per_channel=True)
    yield "qdq-s8s8-symmetric", dict(activation_type=s8, weight_type=s8, per_channel=True,
                                     extra_options={"ActivationSymmetric": True})
    yield "qdq-u8u8", dict(activation_type=u8, weight_type=u8)
    yield "qoperator-u8s8", dict(activation_type=u8, weight_type=s8, format=QuantFormat.QOperator)
    yield "qoperator-s8s8", dict(activation_type=s8, weight_type=s8, format=QuantFormat.QOperator)
    yield "qoperator-u8u8", dict(activation_type=u8, weight_type=u8, format=QuantFormat.QOperator)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    expected = []
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "float.onnx")
        onnx.save(network(), source)
        for name, options in variants():
            path = os.path.join(FOLDER, name + ".onnx")
            options = {"quant_format": options.pop("format", QuantFormat.QDQ), **options}
            quantize_static(source, path, Samples(), **options)
            model = onnx.load(path)
            del model.metadata_props[:]
            onnx.save(model, path)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            x = uniform(SEED, int(np.prod(SHAPE))).reshape(SHAPE)
            y = session.run(None, {"x": x})[0]
            expected.append({"name": name, "seed": SEED, "outputs": [
                {"name": "y", "shape": list(y.shape), "elements": encode(y)}]})
    with open(os.path.join(FOLDER, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1)


if __name__ == "__main__":
    main()
