#!/usr/bin/env python3
"""Records what ONNX Runtime computes with real models, for tests that skip where they are absent.

Usage: make-real-model-fixtures.py DATA [FILE]     (default: Tests/ConvertTests/Fixtures/real-models.json)

DATA is a folder with models/*.onnx, mnist/ and cifar10/. Needs the packages onnx, onnxruntime, numpy
and pillow. The file is checked in; run this after a change here.
"""
import gzip
import io
import json
import os
import sys
import tarfile

import numpy as np
import onnxruntime
from PIL import Image

from network_fixtures import encode, run

DATA = sys.argv[1]
FILE = sys.argv[2] if len(sys.argv) > 2 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConvertTests", "Fixtures",
    "real-models.json")
MODELS = ["Ultraface.version-RFB-320", "cifar10_resnet20", "cifar10_resnet8_mlperftiny", "mnist-8",
          "mnist_lenet5_bn", "mobilenetv2-12-fp32", "yunet_n_320_320"]
SAMPLES = 500


def model(name):
    return os.path.join(DATA, "models", name + ".onnx")


def correct(name, inputs, labels):
    """How many of the samples ONNX Runtime puts into their class."""
    session = onnxruntime.InferenceSession(model(name), providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0].name
    found = [int(np.argmax(session.run(None, {port: x[None]})[0])) for x in inputs]
    return int(np.sum(np.array(found) == np.array(labels)))


def mnist():
    folder = os.path.join(DATA, "mnist")
    with gzip.open(os.path.join(folder, "t5k-images-idx3-ubyte.gz")) as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(os.path.join(folder, "t5k-labels-idx1-ubyte.gz")) as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return images[:SAMPLES].astype(np.float32), labels[:SAMPLES]


def cifar():
    mean = np.array([0.4914, 0.4822, 0.4465], np.float32)[:, None, None]
    deviation = np.array([0.2470, 0.2435, 0.2616], np.float32)[:, None, None]
    images, labels = [], []
    with tarfile.open(os.path.join(DATA, "cifar10", "test.tar")) as file:
        members = {member.name: member for member in file}
        for name in list(members):
            if not name.endswith(".jpg") or len(images) == SAMPLES:
                continue
            pixels = np.asarray(Image.open(io.BytesIO(file.extractfile(members[name]).read())))
            images.append((pixels.transpose(2, 0, 1).astype(np.float32) / 255 - mean) / deviation)
            labels.append(int(file.extractfile(members[name[:-3] + "cls"]).read()))
    return images, labels


models = []
for seed, name in enumerate(MODELS, 1):
    outputs = [{"name": output, "count": int(np.size(values)),
                "largest": float(np.abs(values).max()), "first": encode(values.ravel()[:64])}
               for output, values in run(model(name), seed * 1000)]
    models.append({"name": name, "seed": seed * 1000, "outputs": outputs})
lines = ",\n  ".join(json.dumps(entry, sort_keys=True) for entry in models)
accuracy = json.dumps({"mnist-8": correct("mnist-8", *mnist()),
                       "cifar10_resnet20": correct("cifar10_resnet20", *cifar())}, sort_keys=True)
with open(FILE, "w") as file:
    file.write(f'{{"samples": {SAMPLES}, "correct": {accuracy}, "models": [\n  {lines}\n]}}\n')
print(f"{FILE}: {os.path.getsize(FILE)} bytes; {accuracy}")
