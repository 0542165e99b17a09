#!/usr/bin/env python3
"""Makes gradients that PyTorch computes of single operators, for the tests of Sources/Train.

Usage: make-derivative-fixtures.py [FILE]     (default: Tests/TrainTests/Fixtures/derivatives.json)

Needs the packages torch and numpy. The file is checked in; run this after a change here.
"""
import base64
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

FILE = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "TrainTests", "Fixtures",
    "derivatives.json")
CASES = []
I64 = np.int64


def encoded(array):
    array = np.ascontiguousarray(array)
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode(),
            "integers": array.dtype == I64}


def attribute(value):
    if isinstance(value, str):
        return {"string": value}
    if isinstance(value, list):
        return {"ints": value}
    return {"float": value} if isinstance(value, float) else {"int": value}


def random(*shape, low=-2.0, high=2.0):
    return torch.rand(*shape) * (high - low) + low


def case(op, inputs, forward, **attributes):
    """`inputs`: float tensors have gradients; arrays of int64 are constants, None is left out."""
    leaves = [x.clone().requires_grad_() if torch.is_tensor(x) else x for x in inputs]
    y = forward(*[x for x in leaves if torch.is_tensor(x)])
    seed = torch.randn(y.shape)
    wanted = [x for x in leaves if torch.is_tensor(x)]
    gradients = iter(torch.autograd.grad(y, wanted, seed))
    CASES.append({
        "op": op, "attributes": {k: attribute(v) for k, v in attributes.items()},
        "inputs": [None if x is None else encoded(x.detach().numpy() if torch.is_tensor(x) else x)
                   for x in leaves],
        "output": encoded(y.detach().numpy()), "seed": encoded(seed.numpy()),
        "gradients": [encoded(next(gradients).numpy()) if torch.is_tensor(x) else None
                      for x in leaves]})


def elementwise():
    x = random(1, 2, 3, 5, low=-4, high=4)
    case("Abs", [x], torch.abs)
    case("Celu", [x], lambda x: F.celu(x, 0.7), alpha=0.7)
    case("Cos", [x], torch.cos)
    case("Elu", [x], lambda x: F.elu(x, 0.6), alpha=0.6)
    case("Erf", [x], torch.erf)
    case("Exp", [x], torch.exp)
    case("Gelu", [x], F.gelu)
    case("Gelu", [x], lambda x: F.gelu(x, approximate="tanh"), approximate="tanh")
    case("HardSigmoid", [x], F.hardsigmoid, alpha=1 / 6)
    case("HardSwish", [x], F.hardswish)
    case("LeakyRelu", [x], lambda x: F.leaky_relu(x, 0.2), alpha=0.2)
    case("Log", [x.abs() + 0.1], torch.log)
    case("Mish", [x * 10], F.mish)
    case("Neg", [x], torch.neg)
    case("Reciprocal", [x.abs() + 0.3], torch.reciprocal)
    case("Selu", [x], F.selu)
    case("Sigmoid", [x], torch.sigmoid)
    case("Sin", [x], torch.sin)
    case("Softplus", [x], F.softplus)
    case("Softsign", [x], F.softsign)
    case("Sqrt", [x.abs() + 0.1], torch.sqrt)
    case("Swish", [x], F.silu)
    case("Tanh", [x], torch.tanh)
    case("Softmax", [x], lambda x: F.softmax(x, 1), axis=1)
    case("Softmax", [x], lambda x: F.softmax(x, -1))
    case("LogSoftmax", [x], lambda x: F.log_softmax(x, 1), axis=1)
    a, b = random(2, 3, 4, 5), random(3, 1, 1)
    case("Sub", [a, b], torch.sub)
    case("Mul", [a, b], torch.mul)
    case("Mul", [a, random(2, 3, 1, 1)], torch.mul)
    case("Div", [a, b.abs() + 0.5], torch.div)
    case("Max", [a, random(4, 1)], torch.maximum)
    case("Min", [a, random(4, 1)], torch.minimum)
    case("Pow", [a.abs() + 0.2, b], torch.pow)
    case("PRelu", [a, random(3, 1, 1)], lambda x, s: F.prelu(x, s.flatten()))


def moving():
    x = random(1, 4, 6, 5)
    y = random(1, 4, 6, 6)
    case("Transpose", [x], lambda x: x.permute(0, 2, 3, 1), perm=[0, 2, 3, 1])
    case("DepthToSpace", [y], lambda x: F.pixel_shuffle(x, 2), blocksize=2, mode="CRD")
    case("SpaceToDepth", [y], lambda x: F.pixel_unshuffle(x, 2).reshape(
        1, 4, 4, 3, 3).transpose(1, 2).reshape(1, 16, 3, 3), blocksize=2)
    case("Slice", [x, np.array([1, 1], I64), np.array([3, 6], I64), np.array([1, 2], I64),
                   np.array([1, 2], I64)], lambda x: x[:, 1:3, 1:6:2])
    for mode, torchs in (("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):
        case("Pad", [x, np.array([0, 0, 2, 1, 0, 0, 1, 3], I64)],
             lambda x: F.pad(x, (1, 3, 2, 1), mode=torchs), mode=mode)
    case("Pad", [x, np.array([0, 0, 2, -1, 0, 0, 1, 3], I64)],
         lambda x: F.pad(x, (-1, 3, 2, 1)))
    case("Expand", [random(2, 1, 5, 1), np.array([2, 3, 5, 4], I64)], lambda x: x.expand(2, 3, 5, 4))
    case("Gather", [x, np.array([3, 0, 3], I64)],
         lambda x: x.index_select(1, torch.tensor([3, 0, 3])), axis=1)
    a, b = random(2, 3, 4, 4), random(2, 2, 4, 4)
    case("Concat", [a, b], lambda a, b: torch.cat([a, b], 1), axis=1)
    for keeps in (0, 1):
        case("ReduceMean", [x, np.array([2, 3], I64)], lambda x: x.mean((2, 3), bool(keeps)),
             keepdims=keeps)
        case("ReduceSum", [x, np.array([1], I64)], lambda x: x.sum(1, bool(keeps)), keepdims=keeps)
    case("ReduceL2", [x, np.array([1], I64)], lambda x: x.norm(dim=1, keepdim=True))
    case("ReduceLogSumExp", [x, np.array([-1], I64)],
         lambda x: torch.logsumexp(x, -1, keepdim=True))
    x = random(1, 2, 6, 5)
    for size in ([12, 10], [9, 4]):
        sizes = np.array([1, 2] + size, I64)
        case("Resize", [x, None, None, sizes], lambda x: F.interpolate(x, size, mode="nearest"),
             mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        case("Resize", [x, None, None, sizes], lambda x: F.interpolate(x, size, mode="bilinear"),
             mode="linear")
        case("Resize", [x, None, None, sizes],
             lambda x: F.interpolate(x, size, mode="bilinear", align_corners=True),
             mode="linear", coordinate_transformation_mode="align_corners")
        case("Resize", [x, None, None, sizes], lambda x: F.interpolate(x, size, mode="bicubic"),
             mode="cubic")


def normalizations():
    x, s, b = random(3, 4, 6), random(6), random(6)
    case("LayerNormalization", [x, s, b], lambda x, s, b: F.layer_norm(x, (6,), s, b, 1e-3),
         epsilon=1e-3)
    case("RMSNormalization", [x, s], lambda x, s: F.rms_norm(x, (6,), s, 1e-3), epsilon=1e-3)
    x, s, b = random(2, 6, 3, 4), random(6), random(6)
    case("GroupNormalization", [x, s, b], lambda x, s, b: F.group_norm(x, 3, s, b), num_groups=3)
    case("InstanceNormalization", [x, s, b],
         lambda x, s, b: F.instance_norm(x, weight=s, bias=b))
    x, w, b = random(2, 4, 3, 4), random(4, 3, 3, 2), random(6)
    case("ConvTranspose", [x, w, b],
         lambda x, w, b: F.conv_transpose2d(x, w, b, stride=(2, 3), padding=(1, 0), groups=2),
         strides=[2, 3], pads=[1, 0, 1, 0], group=2)


def networks():
    def conv(inputs, outputs, kernel, group=1, activation=None, residual=False,
             size=(7, 6), **attributes):
        x, b = random(2, inputs, *size), random(outputs)
        w = random(outputs, inputs // group, *kernel)
        pads = attributes.get("pads", [0, 0, 0, 0])
        def forward(x, w, b, r=None):
            y = F.conv2d(F.pad(x, (pads[1], pads[3], pads[0], pads[2])), w, b,
                         attributes.get("strides", [1, 1]), 0, attributes.get("dilations", [1, 1]),
                         group)
            y = y if r is None else y + r
            return F.hardtanh(y, -1.0, 1.5) if activation else y
        operands = [x, w, b]
        if residual:
            operands.append(random(*forward(x, w, b).shape))
        fused = {"activation": "Clip", "activation_min": -1.0, "activation_max": 1.5}
        case("Conv", operands, forward, group=group, kernel_shape=list(kernel), **attributes,
             **(fused if activation else {}))
    conv(4, 6, (3, 3), pads=[1, 1, 1, 1])
    conv(17, 18, (3, 3), pads=[1, 1, 1, 1])
    conv(3, 5, (3, 2), strides=[2, 2], pads=[1, 0, 0, 1])
    conv(4, 6, (3, 3), group=2, strides=[3, 2], pads=[1, 1, 1, 1])
    conv(5, 5, (3, 3), group=5, strides=[2, 1], pads=[1, 1, 1, 1], activation="Clip")
    conv(5, 5, (3, 3), group=5, pads=[1, 1, 1, 1], activation="Clip")
    conv(4, 3, (2, 3), dilations=[2, 2], pads=[1, 2, 1, 2])
    conv(8, 4, (1, 1), activation="Clip", residual=True, size=(1, 1))
    case("Gemm", [random(3, 20), random(7, 20), random(7)],
         lambda x, w, b: F.relu(F.linear(x, w, b)), transB=1, activation="Relu")
    case("MatMul", [random(2, 3, 5), random(5, 4)], torch.matmul)
    case("BatchNormalization",
         [random(4, 5, 3, 2) + 3, random(5), random(5), np.zeros(5, np.float32),
          np.ones(5, np.float32)],
         lambda x, s, b: F.relu(F.batch_norm(x, None, None, s, b, True, 0.1, 1e-3)), epsilon=1e-3,
         activation="Relu")
    x = random(2, 3, 7, 6)
    case("MaxPool", [x], lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 1)), kernel_shape=[3, 2],
         strides=[2, 1], pads=[1, 1, 1, 1])
    case("AveragePool", [x], lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
         kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("AveragePool", [x], lambda x: F.avg_pool2d(x, 2, 2, 1), kernel_shape=[2, 2],
         strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)


torch.set_num_threads(1)
torch.manual_seed(5)
elementwise()
moving()
normalizations()
networks()
with open(FILE, "w") as file:
    json.dump(CASES, file, indent=0)
    file.write("\n")
