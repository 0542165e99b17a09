"""Builds small ONNX networks, and runs them with ONNX Runtime on inputs that tests can make too."""
import base64
import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

GAMMA = 0x9E3779B97F4A7C15


def uniform(seed, count):
    """Numbers from -1 up to 1 that TestSupport's SeededGenerator gives too: SplitMix64, 24 bits each."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1))


def run(model, seed):
    """What ONNX Runtime computes, without optimizing, from the inputs of `seed`."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model if isinstance(model, str) else model.SerializeToString(), options,
        providers=["CPUExecutionProvider"])
    feeds = {}
    for index, port in enumerate(session.get_inputs()):
        shape = [extent if isinstance(extent, int) else 1 for extent in port.shape]
        values = uniform(seed + index, int(np.prod(shape))).reshape(shape)
        if port.type == "tensor(int64)":
            values = np.floor(np.abs(values) * 8).astype(np.int64)
        feeds[port.name] = values
    return list(zip([port.name for port in session.get_outputs()], session.run(None, feeds)))


def encode(array):
    """The elements as little-endian float32 in base64."""
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()


class Network:
    """A graph under construction; weights come from its name's seed."""

    def __init__(self, name, opset=17):
        self.name, self.opset = name, opset
        self.random = np.random.default_rng(sum(name.encode()))
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.functions = []  # of the domain "local"

    def input(self, *shape, name="x", type_=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, type_, shape))
        return name

    def constant(self, values, dtype=np.float32, name=None):
        name = name or f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weights(self, *shape, name=None):
        fan = max(1, int(np.prod(shape[1:])))
        return self.constant(self.random.normal(0, (2 / fan) ** 0.5, shape), name=name)

    def op(self, type_, *inputs, outputs=1, name=None, **attributes):
        index = len(self.nodes)
        made = [f"v{index}" if outputs == 1 else f"v{index}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(
            type_, [x or "" for x in inputs], made, name=name or f"{type_}_{index}", **attributes))
        return made[0] if outputs == 1 else made

    def conv(self, x, o, i, k=3, bias=True, group=1, name=None, **attributes):
        kernel = [k] * 2 if isinstance(k, int) else list(k)
        if not any(key in attributes for key in ("pads", "auto_pad")):
            attributes["pads"] = [extent // 2 for extent in kernel] * 2
        parts = [x, self.weights(o, i // group, *kernel)] + ([self.weights(o)] if bias else [])
        return self.op("Conv", *parts, group=group, name=name, **attributes)

    def norm(self, x, channels, epsilon=1e-5):
        r = self.random
        return self.op(
            "BatchNormalization", x, self.constant(r.uniform(0.5, 1.5, channels)),
            self.constant(r.normal(0, 0.5, channels)), self.constant(r.normal(0, 0.5, channels)),
            self.constant(r.uniform(0.5, 2, channels)), epsilon=epsilon)

    def output(self, value, name=None):
        """Makes `value` an output; with `name` it is renamed everywhere."""
        if name:
            for node in self.nodes:
                node.input[:] = [name if x == value else x for x in node.input]
                node.output[:] = [name if x == value else x for x in node.output]
        self.outputs.append(name or value)

    def model(self, has_open_shapes=False):
        known = {port.name: port for port in self.inputs}
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs,
            [known.get(name) or helper.make_empty_tensor_value_info(name)
             for name in self.outputs], self.constants)
        made = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)] + [
                helper.make_opsetid(domain, 1)
                for domain in sorted({node.domain for node in self.nodes} - {""})],
            functions=self.functions, ir_version=8,
            producer_name="fixtures")
        made = onnx.shape_inference.infer_shapes(made)
        del made.graph.value_info[:]
        # The checker wants the ranks of outputs, which an open shape does not have.
        if not has_open_shapes:
            onnx.checker.check_model(made)
        return made


def write(networks, folder, has_open_shapes=False):
    """Writes each network and, in expected.json, what it computes."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    entries = []
    for seed, network in enumerate(networks, 1):
        model = network.model(has_open_shapes)
        with open(os.path.join(folder, network.name + ".onnx"), "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
        outputs = [{"name": name, "shape": list(np.shape(values)), "elements": encode(values)}
                   for name, values in run(model, seed * 1000)]
        entries.append({"name": network.name, "seed": seed * 1000, "outputs": outputs})
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    with open(os.path.join(folder, "expected.json"), "w") as file:
        file.write(f"[\n{lines}\n]\n")
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    print(f"{folder}: {len(entries)} networks, {size} bytes")
