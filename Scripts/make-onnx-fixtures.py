#!/usr/bin/env python3
"""Makes the small ONNX files that the importer's tests read.

Usage: make-onnx-fixtures.py [FOLDER]     (default: Tests/ConvertTests/Fixtures/onnx)

Needs the packages onnx and numpy. The files are checked in; run this after a change here.
"""
import os
import sys

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures", "onnx")
FLOAT = TensorProto.FLOAT
I64 = np.int64


def save(name, data):
    data = data if isinstance(data, bytes) else data.SerializeToString(deterministic=True)
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def info(name, shape=(1, 4), type_=FLOAT):
    return helper.make_tensor_value_info(name, type_, shape)


def model(nodes, opset, inputs=None, outputs=None, constants=(), ir=8, domains=(), **more):
    graph = helper.make_graph(
        nodes, "g", [info("x")] if inputs is None else inputs,
        [info("y", None)] if outputs is None else outputs, list(constants))
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(
        graph, opset_imports=imports, ir_version=ir, producer_name="fixtures", **more)


def one(name, op, opset, ins=("x",), outs=("y",), constants=(), inputs=None, outputs=None,
        domain="", **attributes):
    """A model of one node."""
    node = helper.make_node(op, list(ins), list(outs), name="n", domain=domain, **attributes)
    save(name + ".onnx", model([node], opset, inputs, outputs, constants,
                               domains=[domain] if domain else []))


IMAGE = [info("x", (1, 4, 6, 6))]


def versions():
    one("clip-6", "Clip", 6 + 1, min=-1.0, max=6.0)
    one("clip-6-max", "Clip", 9, max=6.0)
    one("clip-11", "Clip", 11, ("x", "", "hi"), constants=[tensor("hi", 6.0)])
    aligned = dict(inputs=[info("x", (2, 3, 4, 5))], constants=[tensor("b", [1, 2, 3])])
    one("add-6-axis", "Add", 6, ("x", "b"), broadcast=1, axis=1, **aligned)
    one("add-6-axis-negative", "Add", 6, ("x", "b"), broadcast=1, axis=-3, **aligned)
    one("prelu-6", "PRelu", 6, ("x", "b"), **aligned)
    one("add-6-end", "Add", 6, ("x", "b"), broadcast=1, inputs=[info("x", (2, 3))],
        constants=[tensor("b", [1, 2, 3])])
    one("gemm-6", "Gemm", 6, ("x", "b", "c"), broadcast=1, inputs=[info("x", (2, 3))],
        constants=[tensor("b", np.ones((3, 4))), tensor("c", [1.0])])
    one("reshape-1", "Reshape", 1, shape=[2, 2], consumed_inputs=[0])
    one("pad-2", "Pad", 9, pads=[0, 1, 0, 2], value=0.5, mode="constant")
    one("pad-11", "Pad", 11, ("x", "p"), constants=[tensor("p", [0, 1, 0, 2], I64)])
    one("slice-1", "Slice", 9, starts=[0], ends=[2], axes=[1])
    one("slice-10", "Slice", 10, ("x", "s", "e"),
        constants=[tensor("s", [0, 0], I64), tensor("e", [1, 2], I64)])
    one("squeeze-1", "Squeeze", 11, axes=[0])
    one("squeeze-all", "Squeeze", 11)
    one("unsqueeze-1", "Unsqueeze", 11, axes=[0, 3])
    one("unsqueeze-13", "Unsqueeze", 13, ("x", "a"), constants=[tensor("a", [0], I64)])
    one("reduce-sum-11", "ReduceSum", 11, axes=[1], keepdims=0)
    one("reduce-mean-13", "ReduceMean", 13, axes=[1])
    one("reduce-mean-18", "ReduceMean", 18, ("x", "a"), constants=[tensor("a", [1], I64)])
    one("softmax-11", "Softmax", 11, inputs=[info("x", (1, 2, 3))], axis=1)
    one("softmax-11-computed", "Softmax", 11, ("r",), inputs=IMAGE)
    computed = [helper.make_node("Relu", ["x"], ["r"], name="relu"),
                helper.make_node("Softmax", ["r"], ["y"], name="n")]
    save("softmax-11-computed.onnx", model(computed, 11, IMAGE))
    one("softmax-11-last", "Softmax", 11, inputs=[info("x", (1, 2, 3))], axis=-1)
    one("softmax-11-rank-2", "Softmax", 11)
    one("softmax-13", "Softmax", 13)
    one("log-softmax-11", "LogSoftmax", 11, inputs=[info("x", (1, 2, 3))])
    halves = [info("a", None), info("b", None)]
    one("split-2", "Split", 11, outs=("a", "b"), outputs=halves, axis=1, split=[1, 3])
    one("split-2-equal", "Split", 11, outs=("a", "b"), outputs=halves, axis=1)
    one("split-13", "Split", 13, ("x", "s"), ("a", "b"), [tensor("s", [1, 3], I64)],
        outputs=halves, axis=1)
    one("split-18", "Split", 18, outs=("a", "b"), outputs=halves, axis=1, num_outputs=2)
    scales = tensor("s", [1, 1, 2, 2])
    one("resize-10", "Resize", 10, ("x", "s"), constants=[scales], inputs=IMAGE)
    one("resize-10-linear", "Resize", 10, ("x", "s"), constants=[scales], inputs=IMAGE,
        mode="linear")
    one("resize-10-shrink", "Resize", 10, ("x", "s"), constants=[tensor("s", [1, 1, .5, .5])],
        inputs=IMAGE)
    empty = tensor("roi", np.zeros(0))
    one("resize-11", "Resize", 11, ("x", "roi", "s"), constants=[scales, empty], inputs=IMAGE,
        coordinate_transformation_mode="half_pixel", mode="linear")
    corners = helper.make_node("Resize", ["x", "roi", "s"], ["y"], name="n", mode="linear",
                               coordinate_transformation_mode="align_corners")
    for name, producer in (("corners", "fixtures"), ("corners-pytorch", "pytorch")):
        made = model([corners], 13, IMAGE, None, [scales, empty])
        made.producer_name = producer
        save(f"resize-{name}.onnx", made)
    none = tensor("none", np.zeros(0))
    one("resize-11-sizes", "Resize", 11, ("x", "roi", "none", "z"),
        constants=[empty, none, tensor("z", [1, 4, 9, 9], I64)], inputs=IMAGE)
    one("resize-13", "Resize", 13, ("x", "", "s"), constants=[scales], inputs=IMAGE)
    one("upsample-7", "Upsample", 8, inputs=IMAGE, scales=[1.0, 1.0, 2.0, 2.0], mode="nearest")
    one("upsample-9", "Upsample", 9, ("x", "s"), constants=[scales], inputs=IMAGE, mode="linear")
    bn = [tensor(n, np.ones(4)) for n in ("g", "b", "m", "v")]
    ins = ("x", "g", "b", "m", "v")
    one("batch-norm-7", "BatchNormalization", 7, ins, constants=bn, inputs=IMAGE, epsilon=1e-3,
        momentum=0.9)
    one("batch-norm-9-outputs", "BatchNormalization", 9, ins, ("y", "m1", "v1", "m2", "v2"), bn,
        IMAGE)
    one("batch-norm-15-training", "BatchNormalization", 15, ins, ("y", "m1", "v1"), bn, IMAGE,
        training_mode=1)
    one("batch-norm-7-spatial", "BatchNormalization", 7, ins, constants=bn, inputs=IMAGE,
        spatial=0)
    one("dropout-7", "Dropout", 7, outs=("y", "mask"), ratio=0.3)
    one("dropout-13", "Dropout", 13, ("x", "r", "t"),
        constants=[tensor("r", 0.3), tensor("t", False, bool)])
    one("dropout-13-training", "Dropout", 13, ("x", "r", "t"),
        constants=[tensor("r", 0.3), tensor("t", True, bool)])
    one("dropout-mask", "Dropout", 13, outs=("y", "mask"),
        outputs=[info("y", None), info("mask", None, TensorProto.BOOL)])
    one("top-k-1", "TopK", 9, outs=("y", "i"), k=2, axis=1)
    one("top-k-11", "TopK", 11, ("x", "k"), ("y", "i"), [tensor("k", [2], I64)], largest=0)
    one("constant-of-shape", "ConstantOfShape", 9, ("s",), inputs=[],
        constants=[tensor("s", [2, 3], I64)], value=tensor("v", [7.0]))
    one("constant-of-shape-default", "ConstantOfShape", 9, ("s",), inputs=[],
        constants=[tensor("s", [2, 3], I64)])
    scale = [tensor("s", [1, 2]), tensor("b", [3, 4])]
    one("group-norm-18", "GroupNormalization", 18, ("x", "s", "b"), constants=scale, inputs=IMAGE,
        num_groups=2, epsilon=1e-3)
    one("group-norm-21", "GroupNormalization", 21, ("x", "s", "b"),
        constants=[tensor("s", [1, 2, 3, 4]), tensor("b", [3, 4, 5, 6])], inputs=IMAGE,
        num_groups=2)
    one("gelu-20", "Gelu", 20)
    one("gelu-microsoft", "Gelu", 17, domain="com.microsoft")
    one("attention-microsoft", "MultiHeadAttention", 17, ("x", "x", "x"), inputs=[info("x", (1, 2, 4))],
        num_heads=2, unidirectional=1, domain="com.microsoft")
    one("attention-microsoft-packed", "MultiHeadAttention", 17, inputs=[info("x", (1, 2, 2, 3, 2))],
        num_heads=2, domain="com.microsoft")
    one("attention-microsoft-past", "Attention", 17, ("x", "w", "", "", "x"),
        inputs=[info("x", (1, 2, 4))], constants=[tensor("w", np.ones((4, 12)))], num_heads=2,
        domain="com.microsoft")
    one("grid-sample-16", "GridSample", 16, ("x", "g"), inputs=[
        info("x", (1, 1, 2, 2)), info("g", (1, 2, 2, 2))], mode="bicubic")
    one("roi-align-10", "RoiAlign", 10, ("x", "r", "i"), inputs=[
        info("x", (1, 1, 4, 4)), info("r", (1, 4))], constants=[tensor("i", [0], I64)])
    one("dft-17", "DFT", 17, inputs=[info("x", (1, 4, 1))])
    one("cast-half", "Cast", 13, to=TensorProto.FLOAT16)
    one("cast-string", "Cast", 13, to=TensorProto.STRING)
    one("max-pool-indices", "MaxPool", 12, outs=("y", "i"), inputs=IMAGE, kernel_shape=[2, 2],
        storage_order=1)
    one("max-pool-storage", "MaxPool", 12, outs=("y", "i"), inputs=IMAGE, kernel_shape=[2, 2],
        storage_order=1, outputs=[info("y", None), info("i", None, TensorProto.INT64)])
    one("scatter-9", "Scatter", 9, ("x", "i", "u"),
        constants=[tensor("i", [[0]], I64), tensor("u", [[1]])], axis=1)
    scale = [tensor("s", 0.5), tensor("z", 3, np.uint8)]
    one("quantize-13", "QuantizeLinear", 13, ("x", "s", "z"), constants=scale)
    one("quantize-21-blocks", "QuantizeLinear", 21, ("x", "s", "z"), constants=[
        tensor("s", [[0.5, 1]]), tensor("z", [[3, 4]], np.uint8)], block_size=2)
    one("dequantize-23-half", "DequantizeLinear", 23, ("q", "s"), inputs=[],
        constants=[tensor("q", [1, 2], np.int8), tensor("s", 0.5)],
        output_dtype=TensorProto.FLOAT16)
    constants = [
        helper.make_node("Constant", [], ["a"], value=tensor("v", [[1, 2]])),
        helper.make_node("Constant", [], ["b"], value_float=2.5),
        helper.make_node("Constant", [], ["c"], value_floats=[1.5, 2.5]),
        helper.make_node("Constant", [], ["d"], value_int=7),
        helper.make_node("Constant", [], ["e"], value_ints=[7, 8]),
        helper.make_node("Constant", [], ["f"], sparse_value=helper.make_sparse_tensor(
            tensor("sv", [5, 6]), tensor("si", [1, 3], I64), [2, 2]))]
    save("constants.onnx", model(constants, 13, [], [info(n, None) for n in "abcdef"]))
    one("constant-string", "Constant", 13, (), inputs=[], value_string="text")


def types():
    kinds = {
        "float32": np.float32, "uint8": np.uint8, "int8": np.int8, "uint16": np.uint16,
        "int16": np.int16, "int32": np.int32, "int64": np.int64, "bool": np.bool_,
        "float16": np.float16, "float64": np.float64, "uint32": np.uint32, "uint64": np.uint64}
    for name, dtype in kinds.items():
        values = np.asarray([1, 0, 1] if name == "bool" else [1, 2, 100], dtype)
        raw = numpy_helper.from_array(values, "c")
        typed = helper.make_tensor("c", raw.data_type, [3], values.tolist())
        node = [helper.make_node("Identity", ["c"], ["y"], name="n")]
        save(f"type-{name}-raw.onnx", model(node, 13, [], constants=[raw]))
        save(f"type-{name}-typed.onnx", model(node, 13, [], constants=[typed]))
    bits = TensorProto(name="c", data_type=TensorProto.BFLOAT16, dims=[2])
    bits.int32_data.extend([0x3F80, 0x4000])
    one("type-bfloat16-typed", "Identity", 13, ("c",), inputs=[], constants=[bits])
    for name, number, data in [("int4", 22, b"\xF1\x08"), ("uint4", 21, b"\xF1\x08"),
                               ("int2", 26, b"\x39"), ("uint2", 25, b"\x39")]:
        raw = TensorProto(name="c", data_type=number, dims=[3], raw_data=data)
        typed = TensorProto(name="c", data_type=number, dims=[3], int32_data=list(data))
        for kind, constant in [("raw", raw), ("typed", typed)]:
            one(f"type-{name}-{kind}", "Identity", 25, ("c",), inputs=[], constants=[constant])
    one("type-int4-short", "Identity", 21, ("c",), inputs=[],
        constants=[TensorProto(name="c", data_type=22, dims=[3], raw_data=b"\x21")])
    one("quantize-int4", "QuantizeLinear", 21, ("x", "s", "z"), constants=[
        tensor("s", 0.25), TensorProto(name="z", data_type=22, dims=[], raw_data=b"\x0F")])
    one("quantize-output-uint2", "QuantizeLinear", 25, ("x", "s"), constants=[tensor("s", 0.25)],
        output_dtype=25)
    one("cast-like-int4", "CastLike", 21, ("x", "z"), constants=[
        TensorProto(name="z", data_type=22, dims=[], raw_data=b"\x0F")])
    one("cast-int4", "Cast", 21, to=22)
    one("type-float8", "Identity", 19, ("c",), inputs=[],
        constants=[TensorProto(name="c", data_type=17, dims=[2], raw_data=b"\x21\x22")])
    text = TensorProto(name="c", data_type=TensorProto.STRING, dims=[1], string_data=[b"a"])
    one("type-string", "Identity", 13, ("c",), inputs=[], constants=[text])
    one("type-string-unused", "Relu", 13, constants=[text])
    scalar = TensorProto(name="c", data_type=FLOAT, dims=[])
    scalar.float_data.append(4)
    one("type-scalar", "Identity", 13, ("c",), inputs=[], constants=[scalar])
    save("half-model.onnx", model(
        [helper.make_node("Mul", ["x", "w"], ["m"], name="mul"),
         helper.make_node("Cast", ["m"], ["y"], name="cast", to=TensorProto.FLOAT16)], 13,
        [info("x", (1, 4), TensorProto.FLOAT16)],
        constants=[tensor("w", [1, 2, 3, 4], np.float16)]))
    sparse = model([helper.make_node("Add", ["x", "w"], ["y"], name="n")], 13)
    sparse.graph.sparse_initializer.append(helper.make_sparse_tensor(
        tensor("w", [5, 6]), tensor("i", [[0, 1], [0, 3]], I64), [1, 4]))
    save("sparse-initializer.onnx", sparse)
    sparse.graph.sparse_initializer[0].indices.CopyFrom(tensor("i", [[0, 1], [1, 3]], I64))
    save("sparse-outside.onnx", sparse)
    sparse.graph.sparse_initializer[0].indices.CopyFrom(tensor("i", [1, 3], I64))
    sparse.graph.sparse_initializer[0].dims[:] = [1 << 20, 1 << 20]
    save("sparse-bomb.onnx", sparse)
    for name, data in (("short", bytes(12)), ("long", bytes(20))):
        one(f"raw-too-{name}", "Add", 13, ("x", "w"), constants=[
            TensorProto(name="w", data_type=FLOAT, dims=[1, 4], raw_data=data)])
    for name, dims in (("negative", [-1, 4]), ("overflow", [1 << 40, 1 << 40]),
                       ("wrap", [1 << 32, 1 << 32]), ("rank", [1] * 9)):
        one(f"extent-{name}", "Add", 13, ("x", "w"), constants=[
            TensorProto(name="w", data_type=FLOAT, dims=dims, raw_data=bytes(16))])


def external():
    def place(location, **more):
        t = TensorProto(name="w", data_type=FLOAT, dims=[1, 4], data_location=1)
        for key, value in dict(location=location, **more).items():
            t.external_data.add(key=key, value=str(value))
        return t

    def case(name, *args, **more):
        one("external-" + name, "Add", 13, ("x", "w"), constants=[place(*args, **more)])

    save("weights.bin", np.arange(8, dtype=np.float32).tobytes())
    case("good", "weights.bin", offset=16, length=16)
    case("no-length", "weights.bin", offset=4)
    case("absent", "absent.bin", length=16)
    case("parent", "../../../../Package.swift", length=16)
    case("dots", "a/../weights.bin", length=16)
    case("absolute", "/etc/passwd", length=16)
    case("link", "link.bin", length=16)
    case("cut", "weights.bin", offset=24, length=16)
    case("wrong-length", "weights.bin", length=12)
    case("overflow", "weights.bin", offset=(1 << 63) - 1, length=16)
    case("bad-number", "weights.bin", offset="many", length=16)
    case("folder", ".", length=16)


def graphs():
    def node(op, ins, outs, name="", **attributes):
        return helper.make_node(op, ins, outs, name=name, **attributes)

    save("cycle.onnx", model([
        node("Add", ["x", "c"], ["a"], "first"), node("Relu", ["a"], ["b"], "second"),
        node("Relu", ["b"], ["c"], "third"), node("Relu", ["c"], ["y"], "last")], 13))
    save("unsorted.onnx", model([
        node("Relu", ["b"], ["y"], "third"), node("Relu", ["a"], ["b"], "second"),
        node("Relu", ["x"], ["a"], "first"), node("Relu", ["x"], ["z"], "apart")], 13))
    save("undefined.onnx", model([node("Add", ["x", "w"], ["y"], "add")], 13))
    save("undefined-output.onnx", model([node("Relu", ["x"], ["z"], "relu")], 13))
    save("redefined.onnx", model([
        node("Relu", ["x"], ["y"], "first"), node("Tanh", ["x"], ["y"], "second")], 13))
    save("redefined-initializer.onnx", model(
        [node("Relu", ["x"], ["w"], "relu"), node("Add", ["x", "w"], ["y"], "add")], 13,
        constants=[tensor("w", [1])]))
    save("duplicate-initializer.onnx", model(
        [node("Add", ["x", "w"], ["y"], "add")], 13,
        constants=[tensor("w", [1]), tensor("w", [2])]))
    inner = helper.make_graph([node("Bar", [], ["i"], "deep")], "b", [], [info("i", None)])
    flag = tensor("flag", True, bool)
    save("unknown-operators.onnx", model(
        [node("Foo", ["x"], [f"f{i}"], f"foo{i}") for i in range(7)]
        + [node("If", ["flag"], ["i"], "if", then_branch=inner, else_branch=inner),
           node("HardSwish", ["x"], ["h"], "swish"),
           node("Custom", ["x"], ["y"], "", domain="my.domain")], 13, constants=[flag],
        domains=["my.domain"]))
    function = helper.make_function(
        "local", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 13)])
    save("function.onnx", model([node("Twice", ["x"], ["y"], "call", domain="local")], 13,
                                domains=["local"], functions=[function]))
    again = helper.make_function(
        "local", "Twice", ["a"], ["b"],
        [node("Twice", ["a"], ["c"], domain="local"), node("Twice", ["c"], ["b"], domain="local")],
        [helper.make_opsetid("", 13), helper.make_opsetid("local", 1)])
    save("function-recursive.onnx", model([node("Twice", ["x"], ["y"], "call", domain="local")], 13,
                                          domains=["local"], functions=[again]))
    older = helper.make_function(
        "local", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 12)])
    save("function-opset.onnx", model([node("Twice", ["x"], ["y"], "call", domain="local")], 13,
                                      domains=["local"], functions=[older]))
    save("function-unused.onnx", model([node("Relu", ["x"], ["y"], "n")], 13, domains=["local"],
                                       functions=[function]))
    save("initializer-as-input.onnx", model(
        [node("Add", ["x", "w"], ["y"], "add")], 7, [info("x"), info("w", (1,))],
        constants=[tensor("w", [1]), tensor("unused", [2])], ir=3))
    long = "n" * 2000
    save("names.onnx", model([
        node("Relu", ["x"], ["a\x1b[2J"]), node("Relu", ["a\x1b[2J"], ["a_[2J"]),
        node("Relu", ["a_[2J"], [long + "1"], "same"),
        node("Relu", [long + "1"], [long + "2"], "same"),
        node("Relu", [long + "2"], ["y"], "same")], 13))
    for name, shape in (("batch", ("N", 3)), ("symbolic", ("N", 3, "height", "width")),
                        ("no-rank", None), ("zero", (0, 3)), ("empty", (2, 0, 4)),
                        ("fixed", (2, 3))):
        save(f"shape-{name}.onnx", model([node("Relu", ["x"], ["y"], "n")], 13,
                                         [info("x", shape)]))
    save("input-string.onnx", model([node("Identity", ["x"], ["y"], "n")], 13,
                                    [info("x", (1,), TensorProto.STRING)]))
    sequence = helper.make_tensor_sequence_value_info("x", FLOAT, [1])
    save("input-sequence.onnx", model([node("Identity", ["x"], ["y"], "n")], 13, [sequence]))
    relu = [node("Relu", ["x"], ["y"], "n")]
    save("opset-0.onnx", model(relu, 0))
    save("opset-28.onnx", model(relu, 28))
    save("opset-40.onnx", model(relu, 40))
    save("ir-2.onnx", model(relu, 13, ir=2))
    named = model(relu, 13)
    named.opset_import[0].domain = "ai.onnx"
    named.graph.node[0].domain = "ai.onnx"
    helper.set_model_props(named, {"author": "somebody"})
    save("ai-onnx-domain.onnx", named)
    none = model(relu, 13)
    del none.opset_import[:]
    save("no-opset.onnx", none)
    save("no-graph.onnx", ModelProto(ir_version=8))

    # Subgraphs within subgraphs, each an If of its own; by hand, since the package has a limit too.
    def branch(name, body):
        graph = field(1, body) + field(12, info("y", None).SerializeToString())
        return field(5, field(1, name) + field(6, graph) + b"\xa0\x01\x05")

    leaf = node("Relu", ["x"], ["y"], "n").SerializeToString()
    for depth in (8, 9, 40, 500):
        body = leaf
        for _ in range(depth):
            body = (field(4, b"If") + field(1, b"x") + field(2, b"y")
                    + branch(b"then_branch", body) + branch(b"else_branch", leaf))
        save(f"nested-{depth}.onnx", deep(body))


def field(number, data):
    """A field of bytes in protobuf's wire format."""
    length, size = len(data), b""
    while length >= 0x80:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + data


def deep(node):
    """A model whose only node is given as bytes."""
    graph = field(1, node) + field(11, info("x").SerializeToString())
    graph += field(12, info("y", None).SerializeToString())
    return b"\x08\x08" + field(7, graph) + field(8, b"\x10\x0d")


def tensors():
    save("tensor.pb", tensor("input_0", [[1, 2], [3, 4]]))
    save("tensor-int64.pb", helper.make_tensor("t", TensorProto.INT64, [2], [5, -6]))


def small():
    """A model with a little of everything, for damage of all kinds."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("Clip", ["c"], ["r"], name="clip", min=0.0, max=6.0),
        helper.make_node("Upsample", ["r", "s"], ["u"], name="up", mode="nearest"),
        helper.make_node("Constant", [], ["k"], name="k", value=tensor("v", [1, -1], I64)),
        helper.make_node("Reshape", ["u", "k"], ["f"], name="reshape"),
        helper.make_node("Softmax", ["f"], ["y"], name="softmax", axis=1)]
    weights = [
        tensor("w", rng.normal(size=(2, 1, 3, 3))), tensor("s", [1, 1, 2, 2]),
        helper.make_tensor("b", FLOAT, [2], [0.5, -0.5])]
    made = model(nodes, 9, [info("x", ("N", 1, 4, 4))], constants=weights)
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(
        tensor("q", [5]), tensor("i", [2], I64), [4]))
    save("small.onnx", made)


os.makedirs(FOLDER, exist_ok=True)
for part in (versions, types, external, graphs, tensors, small):
    part()
LINK = os.path.join(FOLDER, "link.bin")
if not os.path.islink(LINK):
    os.symlink("../../../../Package.swift", LINK)
