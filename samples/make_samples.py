#!/usr/bin/env python3
"""Makes everything in samples/ except README.md.

    python3 -m venv .venv
    .venv/bin/pip install -r samples/requirements.txt
    .venv/bin/python samples/make_samples.py                # rewrites samples/
    .venv/bin/python samples/make_samples.py --output /dir  # writes elsewhere

Trains two small CNNs on scikit-learn's handwritten digits, exports them to
ONNX, writes the test and calibration images, measures the models with ONNX
Runtime and records the results in expected.json. Nothing is downloaded: the
digits come with scikit-learn. One thread, fixed seeds: the same library
versions on the same kind of CPU give the same bytes.
"""

import argparse
import collections
import hashlib
import io
import json
import pathlib
import shutil
import tarfile
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
import sklearn
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat,
                                      QuantType, quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SEED = 20240601
SIZE = 16                # images are 8x8 in the data set, 16x16 here
TEST_COUNT = 500
CALIBRATION_COUNT = 100
EPOCHS = 60
BATCH = 32
NAMES = ["zero", "one", "two", "three", "four",
         "five", "six", "seven", "eight", "nine"]


# ---------------------------------------------------------------- images

def load_images():
    """All 1,797 digits as uint8 [n, SIZE, SIZE], with their labels."""
    data = load_digits()
    small = np.rint(data.images * (255 / 16)).astype(np.uint8)
    scaled = [Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
              for image in small]
    return np.stack([np.asarray(image) for image in scaled]), data.target.astype(np.int64)


def split(labels):
    """Indices into the data set: (train, test, calibration part of train)."""
    train, test = train_test_split(np.arange(len(labels)), test_size=TEST_COUNT,
                                   stratify=labels, random_state=SEED)
    _, calibration = train_test_split(train, test_size=CALIBRATION_COUNT,
                                      stratify=labels[train], random_state=SEED)
    return np.sort(train), np.sort(test), np.sort(calibration)


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def add_to_tar(tar, name, content):
    member = tarfile.TarInfo(name)   # mtime, uid and gid are 0, mode is 0644
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def write_images(root, images, labels, test, calibration):
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / "labels.txt").write_text("".join(name + "\n" for name in NAMES))

    # Files are named after the position in the data set.
    for index in test:
        folder = root / "test" / str(labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index:04}.png").write_bytes(png(images[index]))
    (root / "calibration").mkdir()
    for index in calibration:
        (root / "calibration" / f"{index:04}.png").write_bytes(png(images[index]))

    # The WebDataset form of test/: pairs in the order of the data set.
    with tarfile.open(root / "test.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for key, index in enumerate(test):
            add_to_tar(tar, f"{key:05}.png", png(images[index]))
            add_to_tar(tar, f"{key:05}.cls", str(labels[index]).encode())


def unit(images):
    """The preprocessing Pare calls `unit`: float32(pixel) / 255, NCHW."""
    return images[:, None].astype(np.float32) / np.float32(255)


# ---------------------------------------------------------------- networks

class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class DigitsResnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1, bias=False),
                                  nn.BatchNorm2d(16), nn.ReLU())
        self.blocks = nn.Sequential(ResidualBlock(16, 16, 1),
                                    ResidualBlock(16, 32, 2),
                                    ResidualBlock(32, 64, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(64, 10)

    def forward(self, image):
        x = self.blocks(self.stem(image))
        return self.head(torch.flatten(self.pool(x), 1))


def conv_bn(inputs, outputs, kernel=1, stride=1, groups=1, activation=None):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2,
                        groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        y = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.expand(F.relu(self.reduce(y))))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, hidden, outputs, stride, gate=None):
        super().__init__()
        self.adds = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            conv_bn(inputs, hidden, activation=nn.ReLU6),
            conv_bn(hidden, hidden, 3, stride, groups=hidden, activation=nn.ReLU6),
            *([Gate(hidden, gate)] if gate else []),
            conv_bn(hidden, outputs))

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


class Fire(nn.Module):
    def __init__(self, inputs, squeezed, expanded):
        super().__init__()
        self.squeeze = conv_bn(inputs, squeezed, activation=nn.ReLU)
        self.left = conv_bn(squeezed, expanded, activation=nn.ReLU)
        self.right = conv_bn(squeezed, expanded, 3, activation=nn.ReLU)

    def forward(self, x):
        x = self.squeeze(x)
        return torch.cat([self.left(x), self.right(x)], 1)


class DigitsMobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv_bn(1, 16, 3, activation=nn.Hardswish)
        self.features = nn.Sequential(
            InvertedResidual(16, 64, 16, 1),
            InvertedResidual(16, 64, 32, 2, gate=16),
            Fire(32, 16, 32),
            nn.MaxPool2d(2),
            InvertedResidual(64, 192, 64, 1),
            InvertedResidual(64, 192, 64, 1, gate=16))
        self.head = nn.Linear(64, 10)

    def forward(self, image):
        x = (image - 0.3) / 0.35     # about the mean and deviation of the digits
        x = self.features(self.stem(x))
        return self.head(torch.flatten(x.mean((2, 3), keepdim=True), 1))


# ---------------------------------------------------------------- training

def augment(x, generator):
    """Shift by up to 1 pixel, turn by up to 10 degrees, add a little noise."""
    n = len(x)
    angle = (torch.rand(n, generator=generator) * 2 - 1) * (10 * np.pi / 180)
    shift = (torch.rand(n, 2, generator=generator) * 2 - 1) * (2 / SIZE)
    matrix = torch.stack([
        torch.stack([angle.cos(), -angle.sin(), shift[:, 0]], 1),
        torch.stack([angle.sin(), angle.cos(), shift[:, 1]], 1)], 1)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    moved = F.grid_sample(x, grid, align_corners=False)
    noise = torch.randn(x.shape, generator=generator) * 0.03
    return (moved + noise).clamp(0, 1)


def train(make, x, y):
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = make().train()
    # Strong decay, so that half of the weights can go without retraining (its
    # value was chosen on the training images); none on biases and normalisation.
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    steps = EPOCHS * (len(x) // BATCH)
    optimizer = torch.optim.SGD([{"params": weights, "weight_decay": 4e-3},
                                 {"params": others, "weight_decay": 0.0}],
                                lr=0.1, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=steps)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(x), generator=generator)
        total = 0.0
        for batch in order[:len(x) // BATCH * BATCH].split(BATCH):
            loss = F.cross_entropy(model(augment(x[batch], generator)), y[batch],
                                   label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        if (epoch + 1) % 10 == 0:
            print(f"  epoch {epoch + 1}: loss {total / (len(x) // BATCH):.4f}", flush=True)
    return model.eval()


# ---------------------------------------------------------------- export

def strip(model):
    """Drops what says where and how the file was exported, not what it computes."""
    del model.metadata_props[:]
    model.doc_string = ""
    model.producer_version = model.producer_version.split("+")[0]
    graph = model.graph
    graph.doc_string = ""
    del graph.metadata_props[:]
    for item in [*graph.node, *graph.input, *graph.output, *graph.value_info,
                 *graph.initializer]:
        item.doc_string = ""
        del item.metadata_props[:]


def export_resnet(model, path):
    """The exporter through TorchScript; PRESERVE keeps BatchNormalization unfolded."""
    torch.onnx.export(model, (torch.zeros(1, 1, SIZE, SIZE),), path, dynamo=False,
                      opset_version=17, training=torch.onnx.TrainingMode.PRESERVE,
                      do_constant_folding=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})


def export_mobile(model, path):
    """The exporter through torch.export, which is the default one."""
    torch.onnx.export(model, (torch.zeros(2, 1, SIZE, SIZE),), path, dynamo=True,
                      opset_version=20, external_data=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_shapes={"image": {0: torch.export.Dim("N")}})


# ---------------------------------------------------------------- measuring

def correct(path, x, y):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    logits = session.run(None, {session.get_inputs()[0].name: x})[0]
    return int((logits.argmax(1) == y).sum())


def prune(source, target, fraction):
    """Zeroes the smallest weights of all Conv and Gemm nodes, with one threshold."""
    model = onnx.load(source)
    names = {node.input[1] for node in model.graph.node if node.op_type in ("Conv", "Gemm")}
    tensors = [t for t in model.graph.initializer if t.name in names]
    arrays = [numpy_helper.to_array(t).copy() for t in tensors]
    magnitudes = np.sort(np.abs(np.concatenate([a.ravel() for a in arrays])))
    threshold = magnitudes[int(len(magnitudes) * fraction)]
    for tensor, array in zip(tensors, arrays):
        array[np.abs(array) < threshold] = 0
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    onnx.save(model, target)


class Calibration(CalibrationDataReader):
    def __init__(self, x):
        self.rows = iter([{"image": row[None]} for row in x])

    def get_next(self):
        return next(self.rows, None)


def quantize(source, target, x):
    folded = target.with_suffix(".folded.onnx")
    quant_pre_process(str(source), str(folded))
    quantize_static(str(folded), str(target), Calibration(x), quant_format=QuantFormat.QDQ,
                    per_channel=True, activation_type=QuantType.QInt8,
                    weight_type=QuantType.QInt8)


def measure(path, calibration, x, y):
    def score(file):
        count = correct(file, x, y)
        return {"correct": count, "top1": count / len(y)}

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    content = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        pruned, quantized, both = (pathlib.Path(folder) / name for name in
                                   ("pruned.onnx", "quantized.onnx", "both.onnx"))
        prune(path, pruned, 0.5)
        quantize(path, quantized, calibration)
        quantize(pruned, both, calibration)
        operators = collections.Counter(node.op_type for node in model.graph.node)
        return {
            "file": path.name,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "opset": model.opset_import[0].version,
            "parameters": sum(int(np.prod(t.dims)) for t in model.graph.initializer
                              if t.data_type == onnx.TensorProto.FLOAT),
            "input": {"name": "image", "shape": ["N", 1, SIZE, SIZE]},
            "output": {"name": "logits", "shape": ["N", len(NAMES)]},
            "preprocessing": "unit",
            "images": len(y),
            "f32": score(path),
            "pruned_50_global_magnitude": score(pruned),
            "int8_static_qdq_per_channel": score(quantized),
            "pruned_50_int8": score(both),
            "nodes": len(model.graph.node),
            "operators": dict(sorted(operators.items())),
        }


# ---------------------------------------------------------------- all of it

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    images, labels = load_images()
    train_set, test, calibration = split(labels)
    write_images(output / "digits", images, labels, test, calibration)
    x = unit(images)

    entries = []
    for name, make, export in (("digits_resnet", DigitsResnet, export_resnet),
                               ("digits_mobile", DigitsMobile, export_mobile)):
        print(name, flush=True)
        path = output / f"{name}.onnx"
        export(train(make, x[train_set], labels[train_set]), path)
        model = onnx.load(path)
        strip(model)
        onnx.save(model, path)
        entries.append(measure(path, x[calibration], x[test], labels[test]))
        print(json.dumps(entries[-1], indent=2), flush=True)

    record = {
        "made_with": {"numpy": np.__version__, "onnx": onnx.__version__,
                      "onnxruntime": ort.__version__, "scikit-learn": sklearn.__version__,
                      "torch": torch.__version__.split("+")[0]},
        "seed": SEED,
        "test": "digits/test",
        "calibration": "digits/calibration",
        "labels": "digits/labels.txt",
        "models": entries,
    }
    (output / "expected.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
