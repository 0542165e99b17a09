"""One-node models run by ONNX Runtime (or, where it lacks the operator, by onnx.reference), written as
test fixtures: a JSON file of cases with inputs and expected outputs in base64."""

import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests" / "OperatorsTests" / "Fixtures"


def tensor(array):
    """An array as JSON."""
    if array is None:
        return None
    array = np.asarray(array)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": str(array.dtype), "shape": list(array.shape), "data": data}


def attribute(value):
    """An attribute as JSON, tagged with its kind."""
    if isinstance(value, str):
        return {"string": value}
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], str):
            return {"strings": list(value)}
        if value and isinstance(value[0], float):
            return {"floats": list(value)}
        return {"ints": [int(v) for v in value]}
    return {"float": value} if isinstance(value, float) else {"int": int(value)}


def model(op, inputs, attributes, outputs, opset):
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    node = helper.make_node(op, names, [f"y{i}" for i in range(outputs)], **attributes)
    graph = helper.make_graph(
        [node], op,
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
         for n, x in zip(names, inputs) if x is not None],
        [helper.make_empty_tensor_value_info(f"y{i}") for i in range(outputs)])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def run(op, inputs, attributes, outputs, opset, engine):
    made = model(op, inputs, attributes, outputs, opset)
    feeds = {f"x{i}": x for i, x in enumerate(inputs) if x is not None}
    if engine == "onnx":
        return ReferenceEvaluator(made).run(None, feeds)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


class Fixture:
    """Cases that are collected and written to one file."""

    def __init__(self, name):
        self.path = FIXTURES / f"{name}.json"
        self.cases = []

    def add(self, op, inputs, outputs=1, opset=21, engine=None, tolerance=1e-5, given=None,
            name="", **attributes):
        """Adds a case; `given` are the inputs in this project's form, where it differs."""
        inputs = [None if x is None else np.asarray(x) for x in inputs]
        used = engine or "ort"
        try:
            results = run(op, inputs, attributes, outputs, opset, used)
        except Exception as error:  # an operator or type that the engine lacks
            if engine:
                raise
            print(f"{op} {attributes}: not by ONNX Runtime: {str(error).splitlines()[0][:150]}")
            used = "onnx"
            results = run(op, inputs, attributes, outputs, opset, used)
        if given is not None:
            inputs = given
            attributes = {k: v for k, v in attributes.items() if k != "value"}
        shapes = " ".join("x".join(map(str, np.shape(x))) or "scalar" for x in inputs if x is not None)
        words = " ".join(f"{k}={v}" for k, v in attributes.items())
        self.cases.append({
            "name": " ".join(filter(None, [op, words, f"({shapes})", name])), "op": op,
            "attributes": {k: attribute(v) for k, v in attributes.items()},
            "inputs": [tensor(x) for x in inputs], "outputs": [tensor(y) for y in results],
            "tolerance": tolerance, "reference": used})

    def write(self):
        lines = ",\n".join(json.dumps(case, sort_keys=True) for case in self.cases)
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(f"[\n{lines}\n]\n")
        print(f"{self.path.name}: {len(self.cases)} cases, {self.path.stat().st_size} bytes")
