#!/usr/bin/env python3
"""Makes the small networks with control flow and open shapes, with ONNX Runtime's outputs.

Usage: make-control-flow-fixtures.py [FOLDER]     (default: Tests/ConvertTests/Fixtures/control-flow)

Needs the packages onnx, onnxruntime and numpy. The files are checked in; run this after a change here.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network_fixtures import Network, write

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures",
    "control-flow")
I64 = np.int64
NETWORKS = []


def network(function):
    """Adds the network that `function` builds; its name is the function's."""
    made = Network(function.__name__.replace("_", "-"))
    result = function(made)
    for value in result if isinstance(result, tuple) else (result,):
        made.output(value)
    NETWORKS.append(made)


class Body(Network):
    """A body; what it does not define comes from around it."""

    def __init__(self, name):
        super().__init__(name)

    def op(self, type_, *inputs, outputs=1, name=None, **attributes):
        index = len(self.nodes)
        made = [f"{self.name}_{index}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(
            type_, [x or "" for x in inputs], made, name=name or f"{type_}_{index}", **attributes))
        return made[0] if outputs == 1 else made

    def constant(self, values, dtype=np.float32, name=None):
        name = f"{self.name}_c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def graph(self, inputs, *outputs):
        ports = [helper.make_tensor_value_info(name, type_, shape) for name, type_, shape in inputs]
        results = []
        for value in outputs:
            value, type_ = value if isinstance(value, tuple) else (value, TensorProto.FLOAT)
            results.append(helper.make_tensor_value_info(value, type_, None))
        return helper.make_graph(self.nodes, self.name, ports, results, self.constants)


def branches(first, second):
    return {"then_branch": first, "else_branch": second}


def loop_inputs(name, shape):
    return [(f"{name}_i", TensorProto.INT64, []), (f"{name}_cond", TensorProto.BOOL, []),
            (f"{name}_state", TensorProto.FLOAT, shape)]


@network
def if_known(n):
    """The condition comes from a shape: one branch vanishes with all that only it reads."""
    x = n.input(1, 3, 6, 6)
    rank = n.op("Size", n.op("Shape", x))
    yes, no = Body("yes"), Body("no")
    a = yes.op("Relu", yes.conv(x, 4, 3))
    b = no.op("Neg", x)
    y = n.op("If", n.op("Equal", rank, n.constant(4, I64)),
             **branches(yes.graph([], a, yes.op("Neg", a)), no.graph([], b, no.op("Abs", x))),
             outputs=2)
    return n.conv(y[0], 2, 4), n.op("Sigmoid", y[1])


def by_data(n, wanted):
    x = n.input(1, 4, 5, 5)
    a = n.op("Relu", n.conv(x, 4, 4))
    scale = n.weights(4, 1, 1)
    total = n.op("ReduceSum", x, keepdims=0)
    condition = n.op("Less" if wanted else "Greater", n.op("Abs", total), n.constant(1e6))
    yes, no = Body("yes"), Body("no")
    b = yes.op("Add", yes.op("Mul", a, scale), yes.constant([1.5]))
    c = no.op("Sub", x, scale)
    y = n.op("If", condition, **branches(yes.graph([], b), no.graph([], c)))
    return n.conv(y, 3, 4), a


@network
def if_true(n):
    return by_data(n, True)


@network
def if_false(n):
    return by_data(n, False)


@network
def if_of_other_shapes(n):
    x = n.input(2, 6)
    yes, no = Body("yes"), Body("no")
    a = yes.op("Reshape", x, yes.constant([3, 4], I64))
    b = no.op("Reshape", x, no.constant([12], I64))
    condition = n.op("Greater", n.op("ReduceMax", x, keepdims=0), n.constant(-1e6))
    y = n.op("If", condition, **branches(yes.graph([], a), no.graph([], b)))
    return n.op("Softmax", y, axis=-1), n.op("Shape", y)


@network
def loop_known(n):
    """Unrolled: a recurrence with weights from around it, and rows of results."""
    x = n.input(2, 5)
    w = n.weights(5, 5)
    body = Body("body")
    state = body.op("Tanh", body.op("Add", body.op("MatMul", "body_state", w), body.constant([0.1])))
    row = body.op("Mul", state, body.op("Cast", "body_i", to=TensorProto.FLOAT))
    graph = body.graph(loop_inputs("body", [2, 5]), (body.op("Identity", "body_cond"), TensorProto.BOOL), state, row)
    return tuple(n.op("Loop", n.constant(4, I64), n.constant(True, bool), x, body=graph, outputs=2))


@network
def loop_of_data(n):
    """The trip count is an input, so that the number of rows is not known."""
    x, count = n.input(2, 3), n.input(1, name="count", type_=TensorProto.INT64)
    w = n.weights(3, 3)
    body = Body("body")
    state = body.op("Sin", body.op("MatMul", "body_state", w))
    graph = body.graph(loop_inputs("body", [2, 3]), (body.op("Identity", "body_cond"), TensorProto.BOOL), state,
                       state)
    trips = n.op("Add", n.op("Squeeze", count), n.constant(3, I64))
    last, rows = n.op("Loop", trips, None, x, body=graph, outputs=2)
    return last, n.op("Transpose", rows, perm=[1, 0, 2]), n.op("Shape", rows)


@network
def loop_while(n):
    """Runs until the state is large; the body holds an If, and both read from around them."""
    x = n.input(1, 4)
    step = n.op("Add", n.op("Abs", x), n.constant([0.25]))
    body = Body("body")
    yes, no = Body("inner_yes"), Body("inner_no")
    odd = body.op("Equal", body.op("Mod", "body_i", body.constant(2, I64)), body.constant(1, I64))
    grown = body.op("If", odd, **branches(
        yes.graph([], yes.op("Add", "body_state", step)),
        no.graph([], no.op("Mul", "body_state", no.constant([1.5])))))
    goes_on = body.op("Less", body.op("ReduceMax", grown, keepdims=0), body.constant(20))
    graph = body.graph(loop_inputs("body", [1, 4]), (goes_on, TensorProto.BOOL), grown,
                       body.op("ReduceSum", grown, keepdims=0))
    return tuple(n.op("Loop", n.constant(1000, I64), n.constant(True, bool), step, body=graph,
                      outputs=2))


@network
def loop_never(n):
    """No iteration: the state comes back."""
    x = n.input(2, 3)
    body = Body("body")
    graph = body.graph(loop_inputs("body", [2, 3]), ("body_cond", TensorProto.BOOL), body.op("Neg", "body_state"))
    return n.op("Relu", n.op("Loop", n.constant(5, I64), n.constant(False, bool), x, body=graph))


@network
def scan_sum(n):
    """Running sums over columns from the last to the first, with rows of results."""
    x = n.input(3, 5)
    body = Body("body")
    state = body.op("Add", "body_state", "body_x")
    graph = body.graph([("body_state", TensorProto.FLOAT, [3]), ("body_x", TensorProto.FLOAT, [3])],
                       state, body.op("Mul", state, n.constant([2.0])))
    return tuple(n.op("Scan", n.constant([0, 0, 0]), x, body=graph, num_scan_inputs=1,
                      scan_input_axes=[1], scan_input_directions=[1], scan_output_axes=[1],
                      scan_output_directions=[1], outputs=2))


@network
def open_reshape(n):
    """The shape is an input: what reads it runs node by node, convolutions among it."""
    x, extent = n.input(2, 4, 6, 6), n.input(1, name="extent", type_=TensorProto.INT64)
    a = n.op("Relu", n.conv(x, 8, 4))
    rows = n.op("Add", n.op("Mul", n.op("Min", extent, n.constant([1], I64)), n.constant([3], I64)),
                n.constant([3], I64))
    b = n.op("Reshape", a, n.op("Concat", n.constant([2, 8], I64), rows, n.constant([-1], I64), axis=0))
    c = n.op("MaxPool", n.op("Relu", n.conv(b, 4, 8)), kernel_shape=[2, 2])
    d = n.op("Flatten", n.op("GlobalAveragePool", c))
    return n.op("Gemm", d, n.weights(5, 4), n.weights(5), transB=1), a, n.op("Shape", b)


@network
def open_weights(n):
    """Weights are computed from the input: the shapes are known, a kernel cannot be."""
    x = n.input(1, 4, 5, 5)
    w = n.op("Reshape", n.op("Slice", n.op("Reshape", x, n.constant([100], I64)), n.constant([0], I64),
                             n.constant([72], I64)), n.constant([2, 4, 3, 3], I64))
    return n.op("Sigmoid", n.op("Conv", n.op("Tanh", x), w, pads=[1] * 4))


@network
def loop_unread(n):
    """What is carried is needed although nobody reads it behind the loop."""
    x = n.input(2, 3)
    body = Body("body")
    count = body.op("Add", "body_other", body.constant([1.0]))
    state = body.op("Mul", "body_state", count)
    goes_on = body.op("Less", body.op("ReduceMax", count, keepdims=0), body.constant(4))
    graph = body.graph(loop_inputs("body", [2, 3]) + [("body_other", TensorProto.FLOAT, [1])],
                       (goes_on, TensorProto.BOOL), state, count)
    return n.op("Neg", n.op("Loop", None, n.constant(True, bool), x, n.constant([0.0]), body=graph,
                            outputs=2)[0])


@network
def functions(n):
    """Functions of the model's own: attributes with and without default, a call in a call, a body."""
    def node(op, ins, outs, refer=None, domain="", **attributes):
        made = helper.make_node(op, ins, outs, domain=domain, **attributes)
        for name, (outer, type_) in (refer or {}).items():
            made.attribute.append(onnx.AttributeProto(name=name, ref_attr_name=outer, type=type_))
        return made

    opsets = [helper.make_opsetid("", n.opset), helper.make_opsetid("local", 1)]
    leaky = helper.make_function(
        "local", "Leaky", ["a", "b"], ["y", "z"],
        [node("LeakyRelu", ["a"], ["t"], {"alpha": ("slope", onnx.AttributeProto.FLOAT)}),
         node("Concat", ["t", "b"], ["z"], {"axis": ("along", onnx.AttributeProto.INT)}),
         node("Neg", ["t"], ["y"])], opsets, ["slope"],
        [helper.make_attribute("along", 1)])
    inner = helper.make_graph([node("Exp", ["p"], ["t"])], "yes", [],
                              [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)])
    other = helper.make_graph([node("Abs", ["a"], ["t"])], "no", [],
                              [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)])
    outer = helper.make_function(
        "local", "Outer", ["a", "c"], ["r"],
        [node("Leaky", ["a", "a"], ["p", "q"], domain="local", slope=0.3),
         node("ReduceMax", ["q"], ["m"], keepdims=0),
         node("Greater", ["m", "c"], ["g"]),
         node("If", ["g"], ["r"], then_branch=inner, else_branch=other)], opsets)
    n.functions = [leaky, outer]
    x = n.input(2, 3)
    y, z = n.op("Leaky", x, x, outputs=2, domain="local", slope=0.1, along=0)
    return n.op("Outer", y, n.constant(0.5), domain="local"), z, n.op("Outer", x, n.constant(9.0), domain="local")


write(NETWORKS, FOLDER, has_open_shapes=True)
