"""Fixtures for recurrent layers, Einsum, attention, sampling, detection and the rest of pooling."""

import numpy as np

from operator_fixtures import Fixture

random = np.random.default_rng(3)
I = np.int64


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def ints(*values, dtype=I):
    return np.array(values, dtype)


recurrent = Fixture("Recurrent")
add = recurrent.add


def layer(op, gates, directions, inputs, hidden, batch, steps, layout=0, bias=True, lengths=None,
          state=True, peepholes=False, outputs=None, engine=None, **attributes):
    """Adds a case of a recurrent layer with random weights."""
    x = floats(batch, steps, inputs) if layout else floats(steps, batch, inputs)
    shape = (batch, directions, hidden) if layout else (directions, batch, hidden)
    operands = [x, floats(directions, gates * hidden, inputs), floats(directions, gates * hidden, hidden),
                floats(directions, 2 * gates * hidden) if bias else None,
                None if lengths is None else np.array(lengths, np.int32),
                floats(*shape) if state else None]
    if op == "LSTM":
        operands += [floats(*shape) if state else None,
                     floats(directions, 3 * hidden) if peepholes else None]
    while operands[-1] is None:
        operands.pop()
    if layout:
        # ONNX Runtime lacks layout 1.
        engine = "onnx"
        attributes["layout"] = 1
    add(op, operands, outputs=outputs or (3 if op == "LSTM" else 2), hidden_size=hidden,
        direction=["forward", "bidirectional"][directions - 1], engine=engine, **attributes) \
        if "direction" not in attributes else \
        add(op, operands, outputs=outputs or (3 if op == "LSTM" else 2), hidden_size=hidden,
            engine=engine, **attributes)


for op, gates in [("LSTM", 4), ("GRU", 3), ("RNN", 1)]:
    layer(op, gates, 1, 3, 5, 2, 4)
    layer(op, gates, 2, 3, 4, 3, 5, lengths=[5, 2, 0])
    layer(op, gates, 1, 2, 17, 1, 3, bias=False, state=False, direction="reverse")
    layer(op, gates, 1, 3, 4, 3, 4, lengths=[1, 4, 3], direction="reverse")
    layer(op, gates, 1, 3, 5, 2, 3, clip=0.4)
    layer(op, gates, 1, 3, 4, 2, 3, layout=1, state=False)
layer("LSTM", 4, 2, 3, 4, 2, 3, peepholes=True)
layer("LSTM", 4, 1, 3, 4, 2, 3, input_forget=1)
layer("LSTM", 4, 1, 3, 4, 2, 3, activations=["HardSigmoid", "Softsign", "Relu"],
      activation_alpha=[0.3], activation_beta=[0.4])
layer("LSTM", 4, 1, 3, 4, 2, 3, activations=["Sigmoid", "ScaledTanh", "Affine"],
      activation_alpha=[0.7, 0.8], activation_beta=[1.2, 0.1])
layer("GRU", 3, 2, 3, 4, 2, 3, linear_before_reset=1)
layer("GRU", 3, 1, 3, 4, 2, 3, linear_before_reset=1, bias=False)
layer("GRU", 3, 1, 3, 4, 2, 3, activations=["Sigmoid", "LeakyRelu"], activation_alpha=[0.05])
for name, alpha in [("Relu", []), ("Elu", [0.5]), ("ThresholdedRelu", [0.2]), ("Softplus", [])]:
    layer("RNN", 1, 1, 3, 4, 2, 3, activations=[name], **({"activation_alpha": alpha} if alpha else {}))
recurrent.write()

einsum = Fixture("Einsum")
for equation, shapes in [
    ("ij,jk->ik", [(3, 4), (4, 5)]), ("ij,jk", [(3, 4), (4, 5)]), ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
    ("bhid,bhjd->bhij", [(2, 2, 3, 4), (2, 2, 5, 4)]), ("ii->i", [(4, 4)]), ("ii", [(4, 4)]),
    ("ij->ji", [(3, 4)]), ("ij->", [(3, 4)]), ("...ij->...ji", [(2, 3, 4, 5)]), ("i,i->", [(7,), (7,)]),
    ("i,j->ij", [(3,), (4,)]), ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]), ("ba", [(3, 4)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]), ("ijk,ilm,njm,nlk,abc->", [(2, 3, 4), (2, 5, 6), (3, 3, 6), (3, 5, 4), (2, 2, 2)]),
    ("bld,ed->ble", [(2, 3, 4), (5, 4)]), ("iji->j", [(3, 4, 3)]), ("ij , jk -> i k", [(2, 3), (3, 2)]),
    ("a...,a...->...", [(3, 2, 4), (3, 2, 4)]), ("bnqd,bnkd->bnqk", [(1, 3, 9, 8), (1, 3, 11, 8)]),
    ("abc,cb->ac", [(2, 3, 4), (4, 3)]), ("nchw,kc->nkhw", [(1, 3, 4, 5), (6, 3)]), (",ij->ij", [(), (2, 3)]),
    ("ij,ij->ij", [(0, 3), (0, 3)]), ("ij,jk->ik", [(2, 0), (0, 3)]),
]:
    einsum.add("Einsum", [floats(*s) for s in shapes], equation=equation, tolerance=1e-4)
    if len(shapes) < 3:
        einsum.add("Einsum", [random.integers(-5, 5, s) for s in shapes], equation=equation)
einsum.write()

attention = Fixture("Attention")
add = attention.add


def attend(q, kv, lengths, size, value_size=None, flat=False, batch=2, mask=None, past=0, outputs=1,
           opset=24, **attributes):
    """Adds a case with q heads of queries and kv of keys, of lengths (queries, keys)."""
    value_size = value_size or size
    def heads(count, length, width):
        return floats(batch, length, count * width) if flat else floats(batch, count, length, width)
    operands = [heads(q, lengths[0], size), heads(kv, lengths[1], size), heads(kv, lengths[1], value_size)]
    if flat:
        attributes.update(q_num_heads=q, kv_num_heads=kv)
    operands.append(mask)
    if past:
        operands += [floats(batch, kv, past, size), floats(batch, kv, past, value_size)]
    while operands[-1] is None:
        operands.pop()
    add("Attention", operands, outputs=outputs, opset=opset, engine="onnx", tolerance=1e-4, **attributes)


attend(2, 2, (3, 4), 8)
attend(4, 2, (3, 5), 8, value_size=10)
attend(4, 1, (3, 5), 6, flat=True)
attend(2, 2, (66, 40), 8, batch=1)
attend(2, 2, (66, 70), 8, batch=1, is_causal=1)
attend(2, 2, (4, 4), 8, flat=True, is_causal=1, scale=0.3)
attend(2, 2, (4, 3), 8, past=5, outputs=3, is_causal=1)
attend(2, 1, (4, 3), 8, flat=True, past=2, outputs=3)
attend(2, 2, (3, 4), 8, outputs=3, flat=True)
attend(2, 2, (3, 4), 8, mask=random.integers(0, 2, (3, 4)).astype(bool))
attend(2, 2, (3, 4), 8, mask=np.zeros((2, 1, 3, 4), bool))
attend(2, 2, (3, 4), 8, mask=floats(2, 1, 1, 4), softcap=2.0)
attend(2, 2, (3, 6), 8, mask=floats(2, 3, 4))
attend(2, 2, (3, 4), 8, mask=floats(1, 2, 3, 4), is_causal=1)
for mode in range(4):
    attend(2, 2, (3, 4), 8, outputs=4, qk_matmul_output_mode=mode, mask=floats(3, 4))
table = floats(50, 4)
for interleaved in [0, 1]:
    add("RotaryEmbedding", [floats(2, 3, 5, 8), table, floats(50, 4), random.integers(0, 50, (2, 5))],
        opset=23, engine="onnx", interleaved=interleaved)
    add("RotaryEmbedding", [floats(2, 5, 24), floats(2, 5, 2), floats(2, 5, 2)], opset=23, engine="onnx",
        num_heads=3, rotary_embedding_dim=4, interleaved=interleaved)
attention.write()

sampling = Fixture("Sampling")
add = sampling.add
for mode in ["nearest", "linear", "cubic"]:
    for padding in ["zeros", "border", "reflection"]:
        for align in [0, 1]:
            add("GridSample", [floats(2, 3, 4, 5), random.uniform(-1.6, 1.6, (2, 3, 4, 2)).astype(np.float32)],
                opset=20, mode=mode, padding_mode=padding, align_corners=align, tolerance=1e-4)
for mode in ["nearest", "linear"]:
    add("GridSample", [floats(1, 2, 3, 4, 5), random.uniform(-1.4, 1.4, (1, 2, 3, 2, 3)).astype(np.float32)],
        opset=20, mode=mode, padding_mode="border", tolerance=1e-4)
for align in [0, 1]:
    add("AffineGrid", [floats(2, 2, 3), ints(2, 3, 4, 5)], opset=20, align_corners=align, tolerance=1e-4)
    add("AffineGrid", [floats(1, 3, 4), ints(1, 1, 2, 3, 4)], opset=20, align_corners=align, tolerance=1e-4)
rois = np.array([[0, 0, 4, 3], [1, 2, 7, 6], [-2, -1, 12, 11], [3, 3, 3.2, 3.1]], np.float32)
for mode in ["avg"]:
    for transformation in ["half_pixel", "output_half_pixel"]:
        for ratio in [0, 2]:
            add("RoiAlign", [floats(2, 3, 8, 9), rois, ints(0, 1, 1, 0)], opset=16, mode=mode, output_height=3,
                output_width=2, sampling_ratio=ratio, spatial_scale=0.9, tolerance=1e-4,
                coordinate_transformation_mode=transformation)
add("RoiAlign", [floats(2, 3, 8, 9), rois, ints(0, 1, 1, 0)], opset=16, mode="max", output_height=3,
    output_width=2, sampling_ratio=2, engine="onnx")
add("MaxRoiPool", [floats(2, 3, 8, 9), np.array([[0, 0, 0, 4, 3], [1, 1, 2, 7, 6], [1, 5, 5, 20, 20]], np.float32)],
    pooled_shape=[3, 2], spatial_scale=0.9)
boxes = np.concatenate([random.uniform(0, 5, (2, 12, 2)), random.uniform(5, 10, (2, 12, 2))], 2).astype(np.float32)
scores = random.uniform(0, 1, (2, 3, 12)).astype(np.float32)
for center in [0, 1]:
    for most, overlap, least in [(3, 0.5, 0.2), (20, 0.3, 0.0), (0, 0.5, 0.0), (2, 1.0, 0.9)]:
        add("NonMaxSuppression", [boxes, scores, ints(most), np.array([overlap], np.float32),
                                  np.array([least], np.float32)], center_point_box=center)
add("NonMaxSuppression", [boxes[:, :, ::-1].copy(), scores, ints(4)])
sampling.write()

selecting = Fixture("Selecting")
add = selecting.add
for data in [np.array([[1, 0, -0.0], [np.nan, 0, 2]], np.float32), ints(0, 3, 0, 4), np.array(5, I), np.array(0, np.int32),
             np.array([[True, False], [True, True]]), np.zeros((0, 3), np.float32), np.zeros((2, 2), I)]:
    add("NonZero", [data])
flags = np.array([True, False, True])
add("Compress", [floats(3, 4), flags], axis=0)
add("Compress", [floats(3, 4), flags], axis=-1)
add("Compress", [floats(3, 4), flags])
add("Compress", [random.integers(0, 9, (2, 3, 2)).astype(np.uint8), flags], axis=1)
for order in [0, 1]:
    add("Unique", [np.array([2, 1, 1, 3, 4, 3], np.float32)], outputs=4, sorted=order)
    add("Unique", [random.integers(0, 3, (3, 4))], outputs=4, sorted=order)
    add("Unique", [random.integers(0, 2, (6, 2)).astype(np.float32)], outputs=4, sorted=order, axis=0)
    add("Unique", [random.integers(0, 2, (2, 5, 2)).astype(np.float32)], outputs=4, sorted=order, axis=1)
add("Unique", [np.array([3, 1, 3], np.int8)])
for batch in [0, 1]:
    add("ReverseSequence", [floats(4, 4, 3), ints(1, 4, 2, 3)], batch_axis=batch, time_axis=1 - batch)
add("TensorScatter", [floats(2, 3, 5, 4), floats(2, 3, 2, 4), ints(1, 3)], opset=24, engine="onnx")
add("TensorScatter", [floats(2, 5, 4), floats(2, 3, 4), ints(3, 4)], opset=24, engine="onnx", mode="circular", axis=1)
add("TensorScatter", [floats(2, 5, 4), floats(2, 3, 4)], opset=24, engine="onnx")
selecting.write()

rest = Fixture("Structure")
add = rest.add
for order in [0, 1]:
    add("MaxPool", [floats(2, 3, 6, 5)], outputs=2, kernel_shape=[2, 3], strides=[2, 1], pads=[1, 0, 0, 1],
        storage_order=order)
    add("MaxPool", [floats(1, 2, 4, 5, 3)], outputs=2, kernel_shape=[2, 2, 2], storage_order=order)
add("MaxPool", [floats(2, 3, 9)], outputs=2, kernel_shape=[3], strides=[2])
add("MaxUnpool", [floats(1, 2, 2, 2), np.array([0, 3, 10, 15, 16, 19, 26, 31]).reshape(1, 2, 2, 2)],
    kernel_shape=[2, 2], strides=[2, 2])
for p in [1, 2, 3]:
    add("LpPool", [floats(2, 3, 6, 5)], kernel_shape=[2, 3], strides=[2, 1], pads=[1, 0, 0, 1], p=p, opset=18)
    add("GlobalLpPool", [floats(2, 3, 4, 5)], p=p)
add("LpPool", [floats(1, 2, 9)], kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER", opset=18)
for p in [1, 2]:
    for axis in [0, 1, -1]:
        add("LpNormalization", [floats(2, 3, 4, 2)], p=p, axis=axis)
add("LpNormalization", [np.zeros((2, 3), np.float32)])
add("Col2Im", [floats(2, 12, 12), ints(5, 5), ints(2, 2)], opset=18, strides=[1, 2], pads=[0, 1, 0, 0])
add("Col2Im", [floats(1, 18, 9), ints(5, 5), ints(3, 3)], opset=18)
add("Col2Im", [floats(1, 4, 16), ints(6, 6), ints(2, 2)], opset=18, dilations=[2, 2])
add("CenterCropPad", [floats(5, 4, 3), ints(2, 7, 3)], opset=18, engine="onnx")
add("CenterCropPad", [floats(1, 3, 5, 8), ints(8, 5)], opset=18, engine="onnx", axes=[2, -1])
for mode in ["linear", "cubic"]:
    for scales in [(1, 1, 0.6, 0.3), (1, 1, 0.5, 1.5)]:
        add("Resize", [floats(1, 2, 7, 9), None, np.array(scales, np.float32)], opset=18, mode=mode, antialias=1,
            exclude_outside=1, engine="onnx", tolerance=1e-4)
    add("Resize", [floats(1, 1, 7, 9), None, None, ints(1, 1, 3, 4)], opset=18, mode=mode, antialias=1,
        engine="onnx", tolerance=1e-4)
for shape, weights, group in [((1, 3, 4, 5, 6), (4, 3, 2, 3, 2), 1), ((2, 4, 3, 4, 4), (6, 2, 3, 1, 2), 2)]:
    add("Conv", [floats(*shape), floats(*weights), floats(weights[0])], group=group, strides=[1, 2, 1],
        pads=[1, 0, 1, 0, 1, 1], dilations=[1, 1, 2], tolerance=1e-4)
add("Conv", [floats(1, 2, 9, 9, 9), floats(3, 2, 3, 3, 3)], auto_pad="SAME_LOWER", strides=[2, 2, 2], tolerance=1e-4)
add("ConvTranspose", [floats(2, 4, 3, 2, 3), floats(4, 3, 2, 3, 2), floats(3)], strides=[2, 1, 2],
    pads=[0, 1, 0, 1, 0, 1], tolerance=1e-4)
add("ConvTranspose", [floats(1, 4, 2, 2, 3), floats(4, 2, 2, 2, 2)], group=2, output_padding=[1, 0, 1],
    strides=[2, 2, 2], dilations=[1, 2, 1], tolerance=1e-4)
rest.write()

signal = Fixture("Signal")
add = signal.add
for length in [1, 2, 7, 8, 12, 15]:
    for onesided in [0, 1]:
        add("DFT", [floats(2, length, 1)], opset=20, engine="onnx", tolerance=1e-4, onesided=onesided)
    for inverse in [0, 1]:
        add("DFT", [floats(1, length, 2, 2), None, np.array(1, I)], opset=20, engine="onnx", tolerance=1e-4,
            inverse=inverse)
add("DFT", [floats(3, 5, 4, 1).astype(np.float64), np.array(6, I), np.array(-3, I)], opset=20, engine="onnx")
add("DFT", [floats(2, 5, 1), np.array(8, I)], opset=20, engine="onnx", tolerance=1e-4)
for frame, window in [(16, None), (16, floats(16)), (None, floats(12))]:
    for onesided in [0, 1]:
        add("STFT", [floats(2, 40, 1), np.array(5, I), window, None if frame is None else np.array(frame, I)],
            opset=17, engine="onnx", tolerance=1e-4, onesided=onesided)
for op in ["HannWindow", "HammingWindow", "BlackmanWindow"]:
    for periodic in [0, 1]:
        add(op, [np.array(9, I)], opset=17, engine="onnx", periodic=periodic)
    add(op, [np.array(4, I)], opset=17, engine="onnx", output_datatype=11)
add("MelWeightMatrix", [np.array(v, np.int64 if isinstance(v, int) else np.float32)
                        for v in (8, 64, 8192, 0.0, 4000.0)], opset=17, engine="onnx")
signal.write()

types = Fixture("Types")
add = types.add
for dtype in [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.uint64, np.float64]:
    def values(*shape):
        return (random.integers(0, 2, shape) if dtype == np.bool_ else random.integers(0, 100, shape)).astype(dtype)
    add("Gather", [values(3, 4), ints(-1, 0)], axis=1)
    add("GatherElements", [values(3, 2), np.array([[1, 2], [0, -1]])])
    add("GatherND", [values(3, 2), np.array([[1, 0], [-1, 1]])])
    add("ScatterElements", [values(3, 3), np.array([[1, 0, -1]]), values(1, 3)])
    add("ScatterND", [values(4, 2), np.array([[2], [-1]]), values(2, 2)])
    add("Slice", [values(4, 5), ints(3, -1), ints(-9, 0), ints(0, 1), ints(-1, -2)])
    add("Pad", [values(2, 3), ints(1, 0, 0, 2), values()])
    add("Pad", [values(2, 3), ints(1, 0, 1, 0), None, ints(1, -2)], mode="wrap", opset=19)
    add("Split", [values(5, 2), ints(2, 0, 3)], outputs=3)
    add("Concat", [values(2, 2), values(2, 1), values(2, 0)], axis=-1)
    add("Expand", [values(3, 1), ints(2, 1, 4)])
    add("Tile", [values(2, 1), ints(1, 3)])
    add("Transpose", [values(2, 3, 2)], perm=[2, 0, 1])
    add("NonZero", [values(3, 3)])
    add("Compress", [values(3, 2), np.array([False, True, True])], axis=0)
    add("ReverseSequence", [values(3, 2), ints(2, 3)])
    if dtype != np.bool_:
        add("TopK", [values(3, 7), ints(3)], outputs=2, opset=24)
        add("Unique", [values(9)], outputs=4)
        for reduction in ["add", "max"]:
            add("ScatterND", [values(4, 2), np.array([[2], [2]]), values(2, 2)], reduction=reduction)
eight = floats(1, 2, 1, 2, 1, 2, 1, 3)
add("Gather", [eight, ints(2, 0)], axis=-1)
add("Slice", [eight, ints(-1), ints(-4), ints(7), ints(-2)])
add("Transpose", [eight], perm=[7, 5, 3, 1, 0, 2, 4, 6])
add("Expand", [eight, ints(2, 1, 1, 2, 3, 1, 1, 1)])
add("Tile", [eight, ints(1, 2, 1, 1, 1, 1, 3, 1)])
add("Pad", [eight, ints(0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0)])
add("Concat", [eight, eight], axis=3)
for op, inputs, attributes in [
    ("Gather", [floats(0, 3), np.zeros((2, 0), I)], {}), ("Concat", [floats(0, 3), floats(2, 3)], {"axis": 0}),
    ("Slice", [floats(0, 3), ints(0), ints(5), ints(0), ints(1)], {}), ("Tile", [floats(2, 0), ints(2, 2)], {}),
    ("TopK", [floats(0, 3), ints(2)], {}), ("ScatterND", [floats(3), np.zeros((0, 1), I), floats(0)], {}),
    ("Pad", [floats(0, 2), ints(1, 0, 1, 0)], {}), ("Expand", [floats(1, 0), ints(3, 0)], {}),
]:
    add(op, inputs, outputs=2 if op == "TopK" else 1, **attributes)
types.write()
