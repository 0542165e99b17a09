#!/usr/bin/env python3
"""Makes what PyTorch computes of losses, optimizers and crops, for the tests of Sources/Train.

Usage: make-training-fixtures.py [FILE]     (default: Tests/TrainTests/Fixtures/training.json)

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
    "training.json")
CASES = {}


def case(name, **arrays):
    """Adds arrays of float32 as base64 under a name."""
    CASES[name] = {
        key: base64.b64encode(np.asarray(
            value.detach() if torch.is_tensor(value) else value, np.float32).tobytes()).decode()
        for key, value in arrays.items()}


def losses():
    torch.manual_seed(1)
    logits = (torch.randn(5, 7) * 4).requires_grad_()
    labels = torch.tensor([0, 6, 3, 3, 1])
    for smoothing in (0.0, 0.1):
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        grad, = torch.autograd.grad(loss, logits)
        case(f"cross-entropy-{smoothing}", logits=logits, labels=labels, loss=loss, gradient=grad)
    # Mixup: shares of two classes, smoothed.
    other, share = torch.tensor([2, 6, 1, 0, 5]), torch.rand(5)
    mixed = F.one_hot(labels, 7) * share[:, None] + F.one_hot(other, 7) * (1 - share[:, None])
    loss = F.cross_entropy(logits, mixed, label_smoothing=0.05)
    grad, = torch.autograd.grad(loss, logits)
    case("cross-entropy-mixed", logits=logits, labels=labels, other=other, share=share,
         targets=mixed, loss=loss, gradient=grad)
    # Logits whose exponentials overflow.
    large = (torch.randn(3, 4) * 300).requires_grad_()
    loss = F.cross_entropy(large, torch.tensor([1, 2, 3]))
    grad, = torch.autograd.grad(loss, large)
    case("cross-entropy-large", logits=large, labels=[1, 2, 3], loss=loss, gradient=grad)
    teacher = torch.randn(5, 7) * 3
    for temperature in (1.0, 4.0):
        loss = temperature ** 2 * F.kl_div(
            F.log_softmax(logits / temperature, 1), F.log_softmax(teacher / temperature, 1),
            reduction="batchmean", log_target=True)
        grad, = torch.autograd.grad(loss, logits)
        case(f"distillation-{temperature}", logits=logits, teacher=teacher, loss=loss, gradient=grad)
    x, t = torch.randn(3, 19).requires_grad_(), torch.randn(3, 19) * 2
    loss = F.mse_loss(x, t) / t.square().mean()
    grad, = torch.autograd.grad(loss, x)
    case("features", x=x, teacher=t, loss=loss, gradient=grad)


def optimizers():
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=1),
        "sgd-momentum": lambda p: torch.optim.SGD(p, lr=1, momentum=0.9),
        "sgd-nesterov": lambda p: torch.optim.SGD(p, lr=1, momentum=0.9, nesterov=True),
        "adamw": lambda p: torch.optim.AdamW(p, lr=1),
    }
    for name, make in kinds.items():
        torch.manual_seed(2)
        weights, bias = torch.nn.Parameter(torch.randn(4, 3)), torch.nn.Parameter(torch.randn(5))
        start = [weights.detach().clone(), bias.detach().clone()]
        decay = 0.05 if name == "adamw" else 0.01
        optimizer = make([{"params": [weights], "weight_decay": decay},
                          {"params": [bias], "weight_decay": 0}])
        gradients, norms = [], []
        for step in range(20):
            rate = 0.02 * (step + 1)
            for group in optimizer.param_groups:
                group["lr"] = rate
            weights.grad, bias.grad = torch.randn(4, 3), torch.randn(5)
            gradients += [weights.grad.clone().flatten(), bias.grad.clone()]
            norms.append(torch.nn.utils.clip_grad_norm_([weights, bias], 3))
            optimizer.step()
        case(name, weights=start[0], bias=start[1], gradients=torch.cat(gradients),
             norms=torch.stack(norms), weights_after=weights, bias_after=bias)


def rates():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 12, eta_min=0.05)
    found = []
    for _ in range(12):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    case("cosine", rates=found)


def resizes():
    torch.manual_seed(3)
    image = torch.randn(1, 2, 13, 17)
    for name, (top, left, height, width), size in (
            ("smaller", (1, 2, 11, 13), (5, 4)), ("larger", (3, 4, 5, 7), (8, 16)),
            ("mixed", (0, 0, 13, 8), (6, 12))):
        part = image[:, :, top:top + height, left:left + width]
        case(f"resize-{name}", image=image, window=[top, left, height, width], size=size,
             result=F.interpolate(part, size, mode="bilinear", antialias=True))


def rounding():
    torch.manual_seed(4)
    x = (torch.randn(200) * 2).requires_grad_()
    y = torch.fake_quantize_per_tensor_affine(x, 0.02, 90, 0, 255)
    seed = torch.randn(200)
    grad, = torch.autograd.grad(y, x, seed)
    case("fake-activations", x=x, y=y, seed=seed, gradient=grad)
    w = (torch.randn(3, 20)).requires_grad_()
    scales = torch.tensor([0.01, 0.02, 0.008])
    y = torch.fake_quantize_per_channel_affine(
        w, scales, torch.zeros(3, dtype=torch.int32), 0, -127, 127)
    seed = torch.randn(3, 20)
    grad, = torch.autograd.grad(y, w, seed)
    case("fake-weights", x=w, scales=scales, y=y, seed=seed, gradient=grad)


torch.set_num_threads(1)
losses()
optimizers()
rates()
resizes()
rounding()
os.makedirs(os.path.dirname(FILE), exist_ok=True)
with open(FILE, "w") as file:
    json.dump(CASES, file, indent=1, sort_keys=True)
    file.write("\n")
