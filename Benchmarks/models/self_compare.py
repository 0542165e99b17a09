#!/usr/bin/env python3
"""Times Pare's own int8 forms beside its float32 form, in turns in one run.

What int8 must never be is slower: the last column says by how much it is, against float32.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

import compare
import machine

# The forms in which each model runs: options of `convert`. The first is what the others are held against.
FORMS = {
    "f32": [],
    "int8-dynamic": ["--quantize", "int8-dynamic"],
    "int8": ["--quantize", "int8"],
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="ONNX files with one float input")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5,
                        help="times that each is started, in alternating order (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.3,
                        help="how long each measures in each round, of 7 to 300 runs (%(default)s)")
    parser.add_argument("--samples", type=int, default=2,
                        help="random samples for ranges; speed does not depend on them (%(default)s)")
    parser.add_argument("--limit", type=float, default=1.03,
                        help="the ratio from which on a form is marked (%(default)s)")
    parser.add_argument("--work", default=os.path.expanduser("~/.cache/pare-self"),
                        help="folder of converted models, which are made once; remove it after a "
                             "change of the converter (%(default)s)")
    parser.add_argument("--convert-only", action="store_true", help="time nothing")
    parser.add_argument("--pare", default=os.path.join(compare.HERE, "../../.build/release/pare"),
                        help="the executable (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the results there, after each model")
    return parser.parse_args()


def name_of(path):
    """The file's name, or its folder's where files of all models have the same name."""
    name = os.path.splitext(os.path.basename(path))[0]
    if name != "model":
        return name
    folders = os.path.abspath(path).split(os.sep)[:-1]
    return folders[-2] if folders[-1] in ("torchscript", "dynamo") else folders[-1]


def convert(options, path):
    """Our files by form; what cannot be made is said and left out."""
    import peers
    folder = os.path.join(options.work, name_of(path))
    os.makedirs(folder, exist_ok=True)
    files = {form: os.path.join(folder, form + ".pare") for form in FORMS}
    if all(os.path.exists(file) for file in files.values()):
        return files
    fixed, source, shape = peers.fixed(path, folder)
    ranges, _ = peers.samples(folder, source, shape, options.samples)
    for form, out in files.items():
        if os.path.exists(out):
            continue
        command = [options.pare, "convert", fixed, "-o", out, "--no-verify", "--json", *FORMS[form]]
        if form == "int8":
            command += ["--calibration", ranges, "--preprocess", "raw"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{name_of(path)} {form}: {done.stderr.strip()}"[:300], file=sys.stderr)
    os.remove(fixed)
    return {form: out for form, out in files.items() if os.path.exists(out)}


def bench(options, file, threads, runs):
    return compare.last_json([options.pare, "bench", file, "--threads", str(threads), "--runs",
                              str(runs), "--json"])


def measure(options, files, threads):
    """One row for each form, all from the same rounds."""
    usual = statistics.median(bench(options, files["f32"], threads, 3)["times_ms"])
    runs = int(min(max(options.seconds * 1e3 / usual, 7), 300))
    times = {form: [] for form in files}
    for turn in range(options.rounds):
        for form in list(files) if turn % 2 == 0 else reversed(list(files)):
            times[form] += bench(options, files[form], threads, runs)["times_ms"]
    rows = []
    for form, found in times.items():
        found.sort()
        rows.append({"name": form, "median_ms": statistics.median(found),
                     "p10_ms": found[len(found) // 10], "p90_ms": found[len(found) * 9 // 10],
                     "runs": len(found), "bytes": os.path.getsize(files[form])})
    for row in rows:
        row["ratio"] = row["median_ms"] / rows[0]["median_ms"]
    return rows


def main():
    options = arguments()
    options.pare = os.path.abspath(options.pare)
    results = {"machine": machine.describe(options.pare), "rounds": options.rounds, "models": []}
    slower = 0
    for path in options.models:
        files = convert(options, path)
        if options.convert_only or "f32" not in files:
            continue
        for threads in (int(number) for number in options.threads.split(",")):
            try:
                rows = measure(options, files, threads)
            except (RuntimeError, ValueError) as error:
                print(f"{name_of(path)}: {error}"[:300], file=sys.stderr)
                continue
            results["models"].append({"model": name_of(path), "threads": threads, "rows": rows})
            said = "".join(f"{row['median_ms']:11.3f} {row['ratio']:6.3f}"
                           + ("!" if row["ratio"] > options.limit else " ") for row in rows[1:])
            print(f"{name_of(path):32}{threads}{rows[0]['median_ms']:11.3f}{said}", flush=True)
            slower += sum(row["ratio"] > options.limit for row in rows)
            if options.json:
                with open(options.json, "w") as file:
                    json.dump(results, file, indent=1)
                    file.write("\n")
    print(f"{slower} of {sum(len(entry['rows']) - 1 for entry in results['models'])} are slower "
          f"than float32 by more than the limit of {options.limit}")


if __name__ == "__main__":
    main()
