"""Where exports lie, and how those that are missing are made."""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EXPORTERS = ["torchscript", "dynamo"]


def default_cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "pare-zoo")


def folder(cache, name, exporter, size=None):
    return os.path.join(cache, name if size is None else f"{name}@{size}", exporter)


def state(cache, name, exporter, size=None):
    """What is known about an export: {"ok", "seconds", "error"}, or None where nothing is."""
    try:
        with open(os.path.join(folder(cache, name, exporter, size), "export.json")) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def export(cache, name, exporter, size=None, limit=1200):
    """Exports unless that is done, and returns the state; a failure is remembered as well."""
    known = state(cache, name, exporter, size)
    if known is not None:
        return known
    target = folder(cache, name, exporter, size)
    partial = target + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    command = [sys.executable, os.path.join(HERE, "export.py"), name, exporter, partial]
    start = time.time()
    try:
        done = subprocess.run(command + ([str(size)] if size else []), capture_output=True,
                              text=True, timeout=limit)
        ok, said = done.returncode == 0, done.stderr
    except subprocess.TimeoutExpired:
        ok, said = False, f"took more than {limit} s"
    known = {"ok": ok, "seconds": round(time.time() - start, 1),
             "error": None if ok else said_by(said)}
    if not ok:
        for file in os.listdir(partial):
            os.remove(os.path.join(partial, file))
    with open(os.path.join(partial, "export.json"), "w") as file:
        json.dump(known, file)
    shutil.rmtree(target, ignore_errors=True)
    os.rename(partial, target)
    return known


def said_by(text):
    """The line of an error that says what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("<class") or "Error: " in line]
    return ((errors or lines or ["no message"])[-1])[:300]
