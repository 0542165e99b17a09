#!/usr/bin/env python3
"""Exports compressed samples with pare, and runs them with ONNX Runtime and its optimizations.

Usage: make-exported-fixtures.py PARE [FOLDER]     (default: Tests/ConvertTests/Fixtures/exported)

PARE is the executable. Tests read the files again and compare with what ONNX Runtime computes. Needs the
packages of Benchmarks/zoo/requirements.txt. The files are checked in; run this after a change of the
form in which models are exported.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

from network_fixtures import encode, uniform

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "samples")
FOLDER = sys.argv[2] if len(sys.argv) > 2 else os.path.join(
    HERE, "..", "Tests", "ConvertTests", "Fixtures", "exported")
SEED = 700
STATIC = ["--quantize", "int8", "--calibration", os.path.join(SAMPLES, "digits", "calibration"),
          "--preprocess", "unit"]
MODELS = [
    ("resnet-int8-blocks", "digits_resnet", ["--prune", "block:0.5"] + STATIC, 17),
    ("mobile-int8", "digits_mobile", STATIC, 13),
    ("mobile-dynamic", "digits_mobile", ["--quantize", "int8-dynamic"], 21),
]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    expected = []
    with tempfile.TemporaryDirectory() as folder:
        artifact = os.path.join(folder, "a.pare")
        for name, sample, options, opset in MODELS:
            path = os.path.join(FOLDER, name + ".onnx")
            source = os.path.join(SAMPLES, sample + ".onnx")
            subprocess.run([sys.argv[1], "convert", source, "-o", artifact, "--quiet", *options],
                           check=True)
            subprocess.run([sys.argv[1], "export", artifact, "-o", path, "--opset", str(opset),
                            "--quiet"], check=True)
            onnx.checker.check_model(path, full_check=True)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            port = session.get_inputs()[0]
            x = uniform(SEED, int(np.prod(port.shape))).reshape(port.shape)
            outputs = session.run(None, {port.name: x})
            expected.append({"name": name, "seed": SEED, "outputs": [
                {"name": output.name, "shape": list(y.shape), "elements": encode(y)}
                for output, y in zip(session.get_outputs(), outputs)]})
    with open(os.path.join(FOLDER, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1)


if __name__ == "__main__":
    main()
