#!/usr/bin/env python3
"""Times Pare beside other runtimes on ONNX files, in turns in one run."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import machine

HERE = os.path.dirname(os.path.abspath(__file__))

# The forms in which Pare runs each model: options of `convert`.
OURS = {
    "pare-f32": [],
    "pare-int8": ["--quantize", "int8"],
    "pare-block-0.5": ["--quantize", "int8", "--prune", "block:0.5"],
    "pare-block-0.75": ["--quantize", "int8", "--prune", "block:0.75"],
    "pare-f32-0.8": ["--prune", "0.8"],
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="ONNX files with one input")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5,
                        help="times that each is started, in alternating order (%(default)s)")
    parser.add_argument("--runs", type=int, default=15, help="runs in each round (%(default)s)")
    parser.add_argument("--ours", default=",".join(OURS), help="(%(default)s)")
    parser.add_argument("--peers", default=None, help="peers, separated by commas; all")
    parser.add_argument("--artifacts", metavar="FOLDER",
                        help="where to find NAME-f32.pare, NAME-int8.pare, … instead of converting")
    parser.add_argument("--harness", metavar="PATH",
                        help="a script that builds and times peers itself instead (README.md)")
    parser.add_argument("--work", default=os.path.expanduser("~/.cache/pare-models"),
                        help="folder of what is built, which is built once (%(default)s)")
    parser.add_argument("--pare", default=os.path.join(HERE, "../../.build/release/pare"),
                        help="the executable (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the results there, after each model")
    return parser.parse_args()


def last_json(command):
    """The JSON object that a command prints, on one line or many."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1:] or "failed")
    return json.loads(done.stdout[done.stdout.index("{"):])


def artifacts(options, path, name, folder, ranges):
    """Our files by form; what cannot be made is said and left out."""
    found = {}
    for form in options.ours.split(","):
        if options.artifacts:
            out = os.path.join(options.artifacts, f"{name}-{form.removeprefix('pare-')}.pare")
        else:
            out = os.path.join(folder, form + ".pare")
            if not os.path.exists(out):
                command = [options.pare, "convert", path, "-o", out, "--no-verify", "--json",
                           *OURS[form]]
                if "--quantize" in command:
                    command += ["--calibration", ranges, "--preprocess", "raw"]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode != 0:
                    print(f"{form}: {done.stderr.strip()}", file=sys.stderr)
        if os.path.exists(out):
            found[form] = out
    return found


def summary(name, found, files):
    """The row of one form or peer from the results of its rounds."""
    times = sorted(time for result in found for time in result["times_ms"])
    return {"name": name, "median_ms": statistics.median(times), "p10_ms": times[len(times) // 10],
            "p90_ms": times[len(times) * 9 // 10], "min_ms": times[0], "runs": len(times),
            "load_ms": min(result["load_ms"] for result in found),
            "bytes": sum(os.path.getsize(file) for file in files if os.path.exists(file))}


def compare(options, path, threads):
    """Rows of one model: every form of ours and every peer, in turns."""
    import peers
    name = os.path.splitext(os.path.basename(path))[0]
    folder = os.path.join(options.work, name)
    os.makedirs(folder, exist_ok=True)
    fixed, source, shape = peers.fixed(path, folder)
    ranges, paths = peers.samples(folder, source, shape, 16)
    jobs, files = {}, {}
    for form, file in artifacts(options, fixed, name, folder, ranges).items():
        jobs[form] = [options.pare, "bench", file, "--threads", str(threads), "--runs",
                      str(options.runs), "--json"]
        files[form] = [file]
    for peer in (options.peers.split(",") if options.peers else peers.PEERS):
        try:
            files[peer] = peers.build(peer, fixed, source, paths, folder)
        except Exception as error:  # Whatever a peer throws is its failure, not the comparison's.
            print(f"{peer}: {error}"[:300], file=sys.stderr)
            continue
        jobs[peer] = [sys.executable, os.path.join(HERE, "worker.py"), json.dumps(
            {"peer": peer, "files": files[peer], "threads": threads, "runs": options.runs,
             "shape": shape})]
    found = {form: [] for form in jobs}
    for turn in range(options.rounds):
        for form in list(jobs) if turn % 2 == 0 else reversed(list(jobs)):
            try:
                result = last_json(jobs[form])
                found[form].append({"load_ms": result["load_ms"] + result.get("first_ms", 0),
                                    "times_ms": result["times_ms"]})
            except (RuntimeError, ValueError) as error:
                print(f"{form}: {error}"[:300], file=sys.stderr)
    rows = [summary(form, results, files[form]) for form, results in found.items() if results]
    return add_limits(options, {form: files[form][0] for form in files if form in OURS}, rows,
                      threads)


def compare_outside(options, path, threads):
    """The same by another script, which builds and times the peers and starts ours."""
    import peers
    name = os.path.splitext(os.path.basename(path))[0]
    folder = os.path.join(options.work, name)
    os.makedirs(folder, exist_ok=True)
    fixed, source, shape = peers.fixed(path, folder)
    ranges, _ = peers.samples(folder, source, shape, 16)
    ours = artifacts(options, fixed, name, folder, ranges)
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "out.json")
        command = [sys.executable, options.harness, path, "--threads", str(threads), "--rounds",
                   str(options.rounds), "--runs", str(options.runs), "--work",
                   os.path.join(folder, "harness"), "--json", out]
        if options.peers:
            command += ["--peers", options.peers]
        for form, file in ours.items():
            command += ["--ours", f"{form}='{options.pare}' bench '{file}' --threads {{threads}} "
                                  "--runs {runs} --json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with open(out) as file:
            rows = json.load(file)["rows"]
    rows = [{**row, "name": form.replace("_fp32", "-f32").replace("_int8", "-int8"),
             "bytes": row.get("bytes") or (os.path.getsize(ours[form]) if form in ours else 0)}
            for form, row in rows.items()]
    return add_limits(options, ours, rows, threads)


def add_limits(options, ours, rows, threads):
    """Says in our rows what the machine gives at most: the layers' time, and that at their roofs."""
    for row in rows:
        if row["name"] in ours:
            total = last_json([options.pare, "bench", ours[row["name"]], "--threads", str(threads),
                               "--runs", str(options.runs), "--profile", "--json"])["layers_total"]
            row.update(layers_ms=total["ms"], limit_ms=total["limit_ms"],
                       fraction=total["fraction"], macs=total["macs"],
                       effective_macs=total["effective_macs"])
    return rows


def main():
    options = arguments()
    options.pare = os.path.abspath(options.pare)
    results = {"machine": machine.describe(options.pare), "rounds": options.rounds,
               "runs": options.runs, "models": []}
    for path in options.models:
        for threads in (int(number) for number in options.threads.split(",")):
            rows = (compare_outside if options.harness else compare)(options, path, threads)
            name = os.path.splitext(os.path.basename(path))[0]
            results["models"].append({"model": name, "threads": threads, "rows": rows})
            print(f"{name}, {threads} thread{'s' if threads > 1 else ''}")
            for row in sorted(rows, key=lambda row: row["median_ms"]):
                print(f"  {row['name']:18}{row['median_ms']:10.3f} ms"
                      f"{row['p10_ms']:10.3f}{row['p90_ms']:10.3f}  load {row['load_ms']:8.1f}"
                      f"{row['bytes']:13,}", flush=True)
            if options.json:
                with open(options.json, "w") as file:
                    json.dump(results, file, indent=1)
                    file.write("\n")


if __name__ == "__main__":
    main()
