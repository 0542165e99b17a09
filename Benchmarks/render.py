#!/usr/bin/env python3
"""Writes the tables of docs/Performance.md from the results that the benchmarks left.

Between `<!-- begin NAME -->` and `<!-- end NAME -->` everything is replaced; figures are never typed.
"""
import argparse
import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = ("ort", "openvino", "ncnn")


def table(headings, rows, left=1):
    """A Markdown table; the first `left` columns are text, the others numbers."""
    lines = ["| " + " | ".join(headings) + " |",
             "|" + "---|" * left + "--:|" * (len(headings) - left)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def megabytes(count):
    return f"{count / 1e6:.2f}"


def machine(results):
    """One paragraph on what the figures were made on."""
    found = results["machine"]
    caches = ", ".join(f"{name} {size}" for name, size in found["caches"].items())
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    where = "a virtual machine with " if found["hypervisor"] else ""
    return (f"{found['date']}; {where}{found['cores']} cores of {found['processor']} "
            f"({', '.join(found['vectors'])}; {caches}), {found['memory_bytes'] / 2**30:.0f} GiB, "
            f"{found['system']}. {versions}. "
            + ("Run with real-time priority" if found["real_time"] else "Run with usual priority")
            + f", load average at the start {found['load']:.1f}.")


def probe(results):
    """The limits that the probe of the kernels' run found."""
    run = results["runs"][0]
    found = run["probe"]
    rows = [["float32 multiply-adds", f"{found['f32_gflops']:.0f} GFLOP/s"],
            ["int8 multiply-adds", f"{found['int8_gops']:.0f} GOP/s"]]
    for copy in found["copies"]:
        size = copy["bytes"]
        name = f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
        rows.append([f"copies, changes in place, within {name}",
                     f"{copy['gbps']:.0f}, {copy['update_gbps']:.0f} GB/s"])
    return table([f"limit, {run['threads']} thread(s), {run['isa']}", ""], rows)


def best(rows, kind):
    """The fastest peer of a kind, or nil."""
    peers = [row for row in rows if row["name"].startswith(PEERS) and row["name"].endswith(kind)]
    return min(peers, key=lambda row: row["median_ms"], default=None)


def models(results):
    """For each number of threads: every form of ours beside the best peer of its kind."""
    parts = []
    for threads in sorted({entry["threads"] for entry in results["models"]}):
        lines = []
        for entry in results["models"]:
            if entry["threads"] != threads:
                continue
            for row in entry["rows"]:
                if not row["name"].startswith("pare"):
                    continue
                kind = "f32" if "f32" in row["name"] else "int8"
                peer = best(entry["rows"], kind)
                lines.append([
                    entry["model"], row["name"].removeprefix("pare-"), f"{row['median_ms']:.3f}",
                    f"{row['p10_ms']:.3f}", f"{row['p90_ms']:.3f}",
                    f"{peer['median_ms']:.3f} {peer['name']}" if peer else "",
                    f"**{row['median_ms'] / peer['median_ms']:.2f}**" if peer else "",
                    f"{row['fraction'] * 100:.0f} %" if "fraction" in row else "",
                    f"{row['load_ms']:.1f}", megabytes(row["bytes"])])
        parts.append(f"### {threads} thread{'s' if threads > 1 else ''}\n\n" + table(
            ["model", "form", "ms", "p10", "p90", "best peer", "ratio", "of limit", "load ms",
             "MB"], lines, left=2))
    return "\n\n".join(parts)


def peers(results):
    """Medians of every peer."""
    names = sorted({row["name"] for entry in results["models"] for row in entry["rows"]
                    if row["name"].startswith(PEERS)})
    lines = []
    for entry in results["models"]:
        rows = {row["name"]: row for row in entry["rows"]}
        lines.append([entry["model"], str(entry["threads"])]
                     + [f"{rows[name]['median_ms']:.3f}" if name in rows else "" for name in names])
    return table(["model", "threads", *names], lines)


def own(results):
    """Our int8 forms against our float32: ratios of medians, for each number of threads."""
    numbers = sorted({entry["threads"] for entry in results["models"]})
    found = {(entry["model"], entry["threads"]): {row["name"]: row for row in entry["rows"]}
             for entry in results["models"]}
    names = list(dict.fromkeys(entry["model"] for entry in results["models"]))
    lines = []
    for name in names:
        line = [name]
        for threads in numbers:
            rows = found.get((name, threads), {})
            line.append(f"{rows['f32']['median_ms']:.3f}" if rows else "")
            line += [f"{rows[form]['ratio']:.2f}" if form in rows else ""
                     for form in ("int8-dynamic", "int8")]
        lines.append(line)
    headings = ["model"]
    for threads in numbers:
        mark = f", {threads} thread{'s' if threads > 1 else ''}"
        headings += ["f32 ms" + mark, "dynamic", "static"]
    return table(headings, lines)


def kernels(results):
    """The kernel that a plan takes for each shape, against its roof."""
    parts = []
    for run in results["runs"]:
        for kind in ("f32", "u8s8"):
            lines = [[row["name"], short(row["kernel"]), f"{row['ms']:.4f}", f"{row['gops']:.0f}",
                      f"{row['gbps']:.1f}", row["bound"], f"{row['fraction'] * 100:.0f} %"]
                     for row in run["kernels"] if row["type"] == kind and row["is_chosen"]]
            parts.append(f"### {kind}, {run['isa']}\n\n" + table(
                ["shape", "kernel", "ms", "Gop/s", "GB/s", "roof", "of roof"], lines, left=2))
        lines = [[row["name"], row["kernel"].removeprefix("pare_").split("__")[0],
                  f"{row['ms']:.4f}", f"{row['gbps']:.1f}", f"{row['fraction'] * 100:.0f} %"]
                 for row in run["operators"]]
        parts.append(f"### Other operators, {run['isa']}\n\n" + table(
            ["operator", "kernel", "ms", "GB/s", "of roof"], lines, left=2))
    return "\n\n".join(parts)


def short(kernel):
    return kernel.removeprefix("pare_").split("__")[0]


def sparse(results):
    """Sparse products against dense ones, and where they are even."""
    def even(row, key):
        return f"{row[key] * 100:.0f} %" if key in row else "never"

    parts = []
    for run in results["runs"]:
        for kind, form in (("u8s8", "balanced"), ("u8s8", "lanes"), ("f32", "lanes")):
            rows = [row for row in run["sparse"] if row["type"] == kind and row["form"] == form]
            if not rows:
                continue
            zeros = [f"{point['zeros'] * 100:.0f} % zeros" for point in rows[0]["points"]]
            lines = [[row["shape"], f"{row['dense_ms']:.4f}"]
                     + [f"{point['speedup']:.1f}" for point in row["points"]]
                     + [even(row, "even_zeros"), even(row, "expected_even_zeros")] for row in rows]
            parts.append(f"### {kind}, {form}, {run['isa']}\n\n" + table(
                ["shape", "dense ms", *zeros, "even", "even, expected"], lines))
    return "\n\n".join(parts)


def sizes(results):
    """Bytes of constants in the encodings of single elements, with blocks, and with gaps too."""
    lines = []
    for entry in results["files"]:
        found = entry["constants"]
        saved = 1 - found["smallest"] / found["elements"]
        lines.append([entry["file"].removesuffix(".pare"), f"{found['dense']:,}",
                      f"{found['elements']:,}", f"{found['with the mask alone']:,}",
                      f"{found['smallest']:,}", f"−{saved * 100:.1f} %"])
    return table(["file", "dense", "elements", "and block1x4", "and block1x4-gap", ""], lines)


def replace(text, name, content):
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"no place for '{name}' in the page")
    return pattern.sub(lambda found: found[1] + "\n" + content + "\n\n" + found[2], text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default=os.path.join(HERE, "results"),
                        help="folder of models.json, kernels.json and sizes.json; what is missing is left as it "
                             "is (%(default)s)")
    parser.add_argument("--page", default=os.path.join(HERE, "../docs/Performance.md"),
                        help="(%(default)s)")
    options = parser.parse_args()
    with open(options.page) as file:
        text = file.read()
    places = {"models.json": {"models-machine": machine, "models": models, "peers": peers},
              "kernels.json": {"kernels-machine": machine, "probe": probe, "kernels": kernels,
                               "sparse": sparse},
              "self.json": {"self-machine": machine, "self": own},
              "sizes.json": {"sizes": sizes}}
    for name, tables in places.items():
        path = os.path.join(options.results, name)
        if not os.path.exists(path):
            print(f"{path} is missing: its tables stay")
            continue
        with open(path) as file:
            results = json.load(file)
        for place, maker in tables.items():
            text = replace(text, place, maker(results))
    with open(options.page, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
