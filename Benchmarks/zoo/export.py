#!/usr/bin/env python3
"""Exports one network with one exporter: export.py NAME EXPORTER FOLDER [SIZE].

A process of its own for each, so that a crash or a lack of memory costs one export. Writes
FOLDER/model.onnx, with model.onnx.data beside it from the dynamo exporter.
"""
import os
import sys
import warnings

import torch

from models import ZOO, prepared

warnings.filterwarnings("ignore")


def export(name, exporter, folder, size):
    entry = next(entry for entry in ZOO if entry.name == name)
    network, example = prepared(entry, size)
    path = os.path.join(folder, "model.onnx")
    with torch.no_grad():
        if exporter == "torchscript":
            torch.onnx.export(network, (example,), path, opset_version=17, dynamo=False,
                              input_names=["x"])
        else:
            torch.onnx.export(network, (example,), path, opset_version=20, dynamo=True,
                              input_names=["x"], external_data=True, verbose=False)


if __name__ == "__main__":
    torch.set_num_threads(1)
    # The fused form is one operator that no ONNX operator corresponds to.
    torch.backends.mha.set_fastpath_enabled(False)
    export(*sys.argv[1:4], int(sys.argv[4]) if len(sys.argv) > 4 else None)
