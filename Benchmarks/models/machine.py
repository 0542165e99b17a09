"""What the figures were made on: the machine, the date, the versions."""
import datetime
import importlib.metadata
import os
import platform
import subprocess

PACKAGES = ["onnxruntime", "openvino", "nncf", "ncnn", "pnnx", "onnx", "numpy"]
VECTORS = ["avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimd",
           "asimddp", "i8mm"]


def describe(pare):
    """The machine and the versions, as the results keep them."""
    processor, flags = processor_and_flags()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor,
        "vectors": [name for name in VECTORS if name in flags],
        "cores": os.cpu_count(),
        "caches": caches(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "hypervisor": "hypervisor" in flags,
        "load": os.getloadavg()[0],
        "real_time": os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR),
        "versions": {"pare": pare_version(pare), "python": platform.python_version(),
                     **package_versions()},
    }


def processor_and_flags():
    name, flags = platform.processor() or platform.machine(), set()
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == "model name":
                    name = value.strip()
                if key.strip() in ("flags", "Features"):
                    flags = set(value.split())
    except OSError:
        pass
    return name, flags


def caches():
    """The sizes of the first core's caches: {"L1d": "48K", …}."""
    found = {}
    for index in range(5):
        folder = f"/sys/devices/system/cpu/cpu0/cache/index{index}"
        try:
            level, kind, size = (open(f"{folder}/{name}").read().strip()
                                 for name in ("level", "type", "size"))
        except OSError:
            break
        found[f"L{level}" + {"Data": "d", "Instruction": "i"}.get(kind, "")] = size
    return found


def package_versions():
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def pare_version(pare):
    """What the executable says, and the commit that it was built from where that can be told."""
    said = subprocess.run([pare, "--version"], capture_output=True, text=True).stdout.strip()
    commit = subprocess.run(["git", "-C", os.path.dirname(os.path.abspath(pare)), "rev-parse",
                             "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return " ".join(part for part in (said, commit) if part)
