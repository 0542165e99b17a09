"""Converts one export, compares what the artifact computes with ONNX Runtime, and times both."""
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnx
import onnxruntime


class Failure(Exception):
    """One line that says which step did not work, and why."""


def pare(tool, arguments, limit=900):
    """What a command of Pare prints as JSON."""
    # Through a shell that forks: what a process says of its peak counts the memory of the one that
    # started it, where that one becomes it.
    shell = ["sh", "-c", '"$@"; exit $?', "sh"]
    try:
        done = subprocess.run([*shell, tool, *arguments, "--json"], capture_output=True, text=True,
                              timeout=limit)
    except subprocess.TimeoutExpired:
        raise Failure(f"{arguments[0]}: took more than {limit} s") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith("pare")), (lines or ["?"])[-1])
        code = f" (exit {done.returncode})" if done.returncode != 1 else ""
        raise Failure(f"{arguments[0]}{code}: {said[:400]}")
    return json.loads(done.stdout)


def nodes(path):
    """How many nodes an ONNX file has, Constant nodes left out."""
    graph = onnx.load(path, load_external_data=False).graph
    return sum(node.op_type != "Constant" for node in graph.node)


def nodes_of_artifact(path):
    """The count in the header; `inspect` would compute far more (docs/Format.md)."""
    with open(path, "rb") as file:
        file.seek(52)
        return int.from_bytes(file.read(4), "little")


class Reference:
    """ONNX Runtime with one thread."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        source = self.session.get_inputs()[0]
        self.name = source.name
        shape = [extent if isinstance(extent, int) else 1 for extent in source.shape]
        self.input = np.random.default_rng(0).random(shape, np.float32)

    def run(self):
        return self.session.run(None, {self.name: self.input})

    def milliseconds(self, runs):
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            self.run()
            times.append((time.perf_counter() - start) * 1000)
        return statistics.median(times)


def difference(found, expected):
    """The largest difference of two elements in units of the range of the outputs expected."""
    if found.shape != expected.shape:
        raise Failure(f"run: shape {list(found.shape)} instead of {list(expected.shape)}")
    if expected.size == 0:
        return 0.0
    a, b = found.astype(np.float64), expected.astype(np.float64)
    if not np.isfinite(a).all():
        return float("inf")
    return float(np.abs(a - b).max() / max(b.max() - b.min(), 1e-6))


def error(tool, artifact, reference, folder):
    """The worst error over all outputs of the artifact."""
    path = os.path.join(folder, "x.npy")
    np.save(path, reference.input)
    pare(tool, ["run", artifact, f"{reference.name}={path}", "--output", folder])
    worst = 0.0
    for output, expected in zip(reference.session.get_outputs(), reference.run()):
        name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_"
                       for c in output.name)
        worst = max(worst, difference(np.load(os.path.join(folder, name + ".npy")), expected))
    return worst


def latencies(tool, artifact, reference):
    """Medians in milliseconds of Pare and of ONNX Runtime, in turns in one run."""
    first = reference.milliseconds(1)
    runs = 3 if first > 400 else 10 if first > 60 else 40
    ours, theirs = [], []
    for _ in range(2):
        timed = pare(tool, ["bench", artifact, "--runs", str(runs), "--warmup", "2"])
        ours.append(timed["latency_ms"]["median"])
        theirs.append(reference.milliseconds(runs))
    return min(ours), min(theirs)


def measure(tool, path, is_timed=True):
    """A row of the table: what was measured, as far as it went, and "failure" where it stopped."""
    row = {"nodes": nodes(path)}
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        artifact = os.path.join(folder, "model.pare")
        try:
            done = pare(tool, ["convert", path, "-o", artifact, "--no-verify"])
            row["convert_s"] = done["seconds"]
            row["peak_bytes"] = done["peak_rss_bytes"]
            row["nodes_after"] = nodes_of_artifact(artifact)
            reference = Reference(path)
            row["error"] = error(tool, artifact, reference, folder)
            if is_timed:
                row["pare_ms"], row["ort_ms"] = latencies(tool, artifact, reference)
        except Failure as failure:
            row["failure"] = str(failure)
    return row
