#!/usr/bin/env python3
"""Times training steps of PyTorch and of Pare side by side: forward, cross entropy, backward, SGD.

Usage: compare.py [--threads 1,2] [--steps N] [--rounds N] [--folder DIR] [--json FILE]

Needs torch, torchvision and onnx, and `swift build -c release --product TrainBenchmark` and
`--product TrainableGraph`. See README.md.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Case:
    """A network, its images, and whether normalization is folded into its convolutions."""

    def __init__(self, name, make, shape, folds):
        self.name, self.make, self.shape, self.folds = name, make, shape, folds


def resnet20():
    import torch.nn as nn
    import torch.nn.functional as F

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(outputs)
            self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(outputs)
            self.shortcut = nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x):
            y = F.relu(self.norm1(self.first(x)))
            return F.relu(self.norm2(self.second(y)) + self.shortcut(x))

    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for outputs, stride in ((16, 1), (32, 2), (64, 2)):
        for index in range(3):
            layers.append(Block(inputs, outputs, stride if index == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def mobilenet():
    import torchvision
    return torchvision.models.mobilenet_v2(num_classes=1000)


CASES = [
    Case("MobileNetV2", mobilenet, (16, 3, 224, 224), False),
    Case("MobileNetV2 folded", mobilenet, (16, 3, 224, 224), True),
    Case("ResNet-20", resnet20, (128, 3, 32, 32), False),
]


def folded(model):
    """The model with every BatchNorm folded into the convolution before it, all weights trained."""
    import torch
    from torch.fx.experimental.optimization import fuse
    return fuse(model.eval()).train() if not isinstance(model, torch.fx.GraphModule) else model


def export(case, folder):
    """Writes the network for TrainBenchmark and returns the file."""
    import torch
    source = os.path.join(folder, case.name.replace(" ", "-") + ".onnx")
    target = source[:-5] + ".pare"
    torch.onnx.export(
        case.make().eval(), torch.randn(1, *case.shape[1:]), source,
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, opset_version=13,
        dynamo=False)
    tool = os.path.join(ROOT, ".build", "release", "TrainableGraph")
    if not os.path.exists(tool):
        tool = os.path.join(ROOT, ".build", "debug", "TrainableGraph")
    subprocess.run([tool, source, target] + (["--folded"] if case.folds else []), check=True)
    return target


def torch_steps(index, threads, steps):
    """Prints the median of PyTorch's steps in the faster of its two layouts, in milliseconds."""
    import torch
    import torch.nn.functional as F
    case = CASES[index]
    torch.set_num_threads(threads)
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        model = folded(case.make()) if case.folds else case.make()
        model = model.train().to(memory_format=layout)
        images = torch.randn(*case.shape).to(memory_format=layout)
        labels = torch.randint(0, 10, (case.shape[0],))
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
        times = []
        for _ in range(steps + 1):
            start = time.perf_counter()
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
            times.append(time.perf_counter() - start)
        results.append(statistics.median(times[1:]) * 1000)
    print(min(results))


def pare_steps(file, case, threads, steps):
    """The median of our steps, in milliseconds."""
    tool = os.path.join(ROOT, ".build", "release", "TrainBenchmark")
    words = [tool, file, str(case.shape[0]), str(steps), str(threads)]
    line = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return float(line.split()[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder")
    parser.add_argument("--json")
    parser.add_argument("--torch", nargs=2, type=int, metavar=("CASE", "THREADS"),
                        help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        torch_steps(*options.torch, options.steps)
        return
    folder = options.folder or tempfile.mkdtemp()
    rows = []
    print("| network | batch | threads | PyTorch ms | Pare ms | ratio |\n|---|---|---|---|---|---|")
    for index, case in enumerate(CASES):
        file = export(case, folder)
        for threads in map(int, options.threads.split(",")):
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(pare_steps(file, case, threads, options.steps))
                theirs.append(float(subprocess.run(
                    [sys.executable, __file__, "--torch", str(index), str(threads), "--steps",
                     str(options.steps)], check=True, capture_output=True, text=True,
                    env=dict(os.environ, OMP_NUM_THREADS=str(threads))).stdout))
            a, b = statistics.median(theirs), statistics.median(ours)
            rows.append({"network": case.name, "batch": case.shape[0], "threads": threads,
                         "pytorch_ms": a, "pare_ms": b})
            print(f"| {case.name} | {case.shape[0]} | {threads} | {a:.0f} | {b:.0f} | {b / a:.2f} |",
                  flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
