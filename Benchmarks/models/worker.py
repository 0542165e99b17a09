"""One process of one peer: loads, warms up, times. Prints one line of JSON."""
import json
import os
import sys
import time


def main():
    job = json.loads(sys.argv[1])
    os.environ["OMP_NUM_THREADS"] = str(job["threads"])
    import numpy as np
    import peers
    x = np.random.default_rng(1).standard_normal(job["shape"], np.float32)
    step, load_ms = peers.load(job["peer"], job["files"], job["threads"], x)
    for _ in range(5):
        step()
    times = []
    for _ in range(job["runs"]):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"load_ms": load_ms, "times_ms": times}))


if __name__ == "__main__":
    main()
