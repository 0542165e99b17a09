#!/usr/bin/env python3
"""Times the kernels on usual shapes by `pare bench --kernels`, and keeps the results."""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../models"))
import machine  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", action="append", default=[],
                        help="instruction sets to hold kernels to, one after the other; the best")
    parser.add_argument("--threads", type=int, default=1, help="(%(default)s)")
    parser.add_argument("--pare", default=os.path.join(HERE, "../../.build/release/pare"),
                        help="the executable (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="(%(default)s)",
                        default=os.path.join(HERE, "../results/kernels.json"))
    options = parser.parse_args()
    pare = os.path.abspath(options.pare)
    results = {"machine": machine.describe(pare), "runs": []}
    for isa in options.isa or [None]:
        command = [pare, "bench", "--kernels", "--threads", str(options.threads), "--json"]
        command += ["--isa", isa] if isa else []
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr.strip())
        results["runs"].append(json.loads(done.stdout))
    with open(options.json, "w") as file:
        json.dump(results, file, indent=0, sort_keys=True)
        file.write("\n")
    print(f"{options.json}: {len(results['runs'])} run(s); Benchmarks/render.py writes the tables")


if __name__ == "__main__":
    main()
