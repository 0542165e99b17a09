#!/usr/bin/env python3
"""Exports small modules with both exporters of PyTorch, for tests of the passes that recognize them.

Usage: make-export-fixtures.py [FOLDER]     (default: Tests/ConvertTests/Fixtures/exports)

Beside each module stand the operators that all passes must make of it, changes of shape left out.
What it computes comes from ONNX Runtime. Needs the packages of Benchmarks/zoo/requirements.txt. The
files are checked in; run this after a change here.
"""
import json
import os
import sys
import warnings

import onnx
import torch
import torch.nn.functional as F
from torch import nn

from network_fixtures import encode, run

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures", "exports")
# Name, opset, and whether the default exporter of today writes it.
FORMS = [("torchscript11", 11, False), ("torchscript17", 17, False), ("dynamo20", 20, True)]
ROWS, IMAGE = (2, 6, 16), (1, 8, 6, 6)


class Function(nn.Module):
    """A function of the input and of modules."""

    def __init__(self, function, *modules):
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(modules)

    def forward(self, x):
        return self.function(x, *self.parts)


class Scaled(nn.Module):
    """A normalization with a scale, and maybe a bias, as networks define their own."""

    def __init__(self, function, size, has_bias):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.randn(size))
        self.bias = nn.Parameter(torch.randn(size)) if has_bias else None

    def forward(self, x):
        y = self.weight * self.function(x)
        return y if self.bias is None else y + self.bias


def normal(module):
    """The module with weights that are no ones and zeros."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0, 0.5)
    return module


def deviations(x):
    d = x - x.mean(-1, keepdim=True)
    return d / torch.sqrt(d.pow(2).mean(-1, keepdim=True) + 1e-6)


def attention(mask=None, is_causal=False):
    def function(x, product):
        q, k, v = product(x).reshape(2, 6, 3, 2, 8).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=is_causal)
        return y.transpose(1, 2).reshape(2, 6, 16)
    return Function(function, nn.Linear(16, 48))


def own_attention(x, product):
    q, k, v = product(x).reshape(2, 6, 3, 2, 8).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-2, -1) / 8 ** 0.5
    return (scores.softmax(-1) @ v).transpose(1, 2).reshape(2, 6, 16)


def shuffled(x):
    return x.view(1, 2, 2, 2, 6, 6).permute(0, 1, 4, 2, 5, 3).reshape(1, 2, 12, 12)


def channels_last(x, first, second):
    y = F.relu(first(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).permute(0, 2, 3, 1))
    return second(y).permute(0, 3, 1, 2)


MASK = torch.tensor([[0.0 if j <= i + 2 else -1e4 for j in range(6)] for i in range(6)])
ATTENTION = ["Gemm", "Split", "Attention"]
MODULES = [
    ("gelu", lambda: nn.GELU(), ROWS, ["Gelu"]),
    ("gelu-tanh", lambda: nn.GELU("tanh"), ROWS, ["Gelu"]),
    ("gelu-own-erf", lambda: Function(
        lambda x: x * 0.5 * (1 + torch.erf(x / 1.4142135623730951))), ROWS, ["Gelu"]),
    ("gelu-own-tanh", lambda: Function(lambda x: 0.5 * x * (1 + torch.tanh(
        0.7978845608 * (x + 0.044715 * torch.pow(x, 3))))), ROWS, ["Gelu"]),
    ("gelu-quick", lambda: Function(lambda x: x * torch.sigmoid(1.702 * x)), ROWS, ["Swish"]),
    ("silu", lambda: nn.SiLU(), IMAGE, ["Swish"]),
    ("hard-swish", lambda: nn.Hardswish(), IMAGE, ["HardSwish"]),
    ("hard-swish-own", lambda: Function(lambda x: x * F.relu6(x + 3) / 6), IMAGE, ["HardSwish"]),
    ("hard-sigmoid-own", lambda: Function(lambda x: F.relu6(x + 3) / 6), IMAGE, ["HardSigmoid"]),
    ("softplus", lambda: nn.Softplus(), IMAGE, ["Softplus"]),
    ("layer-norm", lambda: normal(nn.LayerNorm(16)), ROWS, ["LayerNormalization"]),
    ("layer-norm-own", lambda: Scaled(deviations, 16, True), ROWS, ["LayerNormalization"]),
    ("rms-norm-own", lambda: Scaled(
        lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6), 16, False), ROWS,
     ["RMSNormalization"]),
    ("group-norm", lambda: normal(nn.GroupNorm(4, 8)), IMAGE, ["GroupNormalization"]),
    ("softmax", lambda: nn.Softmax(-1), ROWS, ["Softmax"]),
    ("pixel-shuffle-own", lambda: Function(shuffled), IMAGE, ["DepthToSpace"]),
    ("normalize", lambda: Function(lambda x: F.normalize(x, dim=1)), IMAGE,
     ["ReduceL2", "Clip", "Div"]),
    ("global-mean", lambda: Function(lambda x: x.mean([2, 3])), IMAGE, ["GlobalAveragePool"]),
    ("chunks", lambda: Function(lambda x: torch.cat(x.chunk(2, 1)[::-1], 1)), IMAGE,
     ["Split", "Concat"]),
    ("uneven-padding", lambda: Function(
        lambda x, conv: conv(F.pad(x, (0, 1, 0, 1))), nn.Conv2d(8, 4, 3, stride=2)), IMAGE, ["Conv"]),
    ("layer-scale", lambda: Function(
        lambda x, conv: x + conv(x) * torch.linspace(0.5, 1, 8)[:, None, None],
        nn.Conv2d(8, 8, 3, padding=1)), IMAGE, ["Conv"]),
    ("channels-last", lambda: Function(
        channels_last, nn.Linear(8, 8), nn.Linear(8, 4)), IMAGE,
     ["Transpose", "Gemm", "Gemm", "Transpose"]),
    ("attention", lambda: attention(), ROWS, ATTENTION),
    ("attention-mask", lambda: attention(MASK), ROWS, ATTENTION),
    ("attention-causal", lambda: attention(is_causal=True), ROWS, ATTENTION),
    ("attention-own", lambda: Function(own_attention, nn.Linear(16, 48)), ROWS, ATTENTION),
]


def exported(build, shape, opset, is_dynamo, path):
    """The model, without what exporters note about where each node came from; None where they cannot."""
    torch.manual_seed(0)
    module = build().eval()
    options = {"external_data": False, "verbose": False} if is_dynamo else {}
    try:
        with torch.no_grad():
            torch.onnx.export(module, (torch.rand(shape),), path, opset_version=opset,
                              dynamo=is_dynamo, input_names=["x"], **options)
    except torch.onnx.errors.UnsupportedOperatorError:
        return None
    model = onnx.load(path)
    os.remove(path)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    model.graph.doc_string = ""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for port in [*model.graph.input, *model.graph.output]:
        del port.metadata_props[:]
    return model


def main():
    warnings.filterwarnings("ignore")
    os.makedirs(FOLDER, exist_ok=True)
    for name in os.listdir(FOLDER):
        os.remove(os.path.join(FOLDER, name))
    entries = []
    for seed, (name, build, shape, operators) in enumerate(MODULES, 1):
        for form, opset, is_dynamo in FORMS:
            file = f"{name}.{form}"
            path = os.path.join(FOLDER, file + ".onnx")
            model = exported(build, shape, opset, is_dynamo, path)
            if model is None:
                continue
            with open(path, "wb") as stream:
                stream.write(model.SerializeToString(deterministic=True))
            outputs = [{"name": port, "shape": list(values.shape), "elements": encode(values)}
                       for port, values in run(model, seed * 1000)]
            entries.append({"name": file, "seed": seed * 1000, "outputs": outputs,
                            "operators": operators})
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    with open(os.path.join(FOLDER, "expected.json"), "w") as file:
        file.write(f"[\n{lines}\n]\n")
    print(f"{FOLDER}: {len(entries)} exports")


if __name__ == "__main__":
    main()
