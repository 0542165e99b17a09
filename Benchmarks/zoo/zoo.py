#!/usr/bin/env python3
"""Exports networks by both exporters of PyTorch, and checks and times what Pare makes of them."""
import argparse
import json
import os
import re

import cache as exports

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="names that this regex finds; all")
    parser.add_argument("--exporter", choices=exports.EXPORTERS, help="one of the two; both")
    parser.add_argument("--cache", default=exports.default_cache(),
                        help="folder of the exports, which are made once (%(default)s)")
    parser.add_argument("--size", type=int, help="height and width instead of the usual ones")
    parser.add_argument("--export-only", action="store_true", help="fill the cache, no more")
    parser.add_argument("--cached-only", action="store_true", help="only what the cache has")
    parser.add_argument("--no-latency", action="store_true", help="leave the timing out")
    parser.add_argument("--pare", default=os.path.join(HERE, "../../.build/release/pare"),
                        help="the executable (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there")
    return parser.parse_args()


def row(entry, exporter, options):
    """What is measured for one export, or nil where only the cache counts and lacks it."""
    if options.cached_only and exports.state(options.cache, entry.name, exporter,
                                             options.size) is None:
        return None
    names = {"model": entry.name, "exporter": exporter}
    done = exports.export(options.cache, entry.name, exporter, options.size)
    if not done["ok"]:
        return {**names, "failure": "export: " + done["error"]}
    if options.export_only:
        return {**names, "export_s": done["seconds"]}
    from measure import measure
    folder = exports.folder(options.cache, entry.name, exporter, options.size)
    return {**names, **measure(options.pare, os.path.join(folder, "model.onnx"),
                               not options.no_latency)}


def main():
    options = arguments()
    os.environ["OMP_NUM_THREADS"] = "1"
    import report
    from models import ZOO
    rows = []
    print(report.heading(), flush=True)
    for entry in ZOO:
        if not re.search(options.pattern, entry.name):
            continue
        for exporter in [options.exporter] if options.exporter else exports.EXPORTERS:
            found = row(entry, exporter, options)
            if found is None:
                continue
            rows.append(found)
            print(report.line(found), flush=True)
            # After each row: an interrupted run keeps what it has.
            if options.json:
                with open(options.json, "w") as file:
                    json.dump(rows, file, indent=1)
            if options.markdown:
                with open(options.markdown, "w") as file:
                    file.write(report.markdown(rows))
    if not options.export_only:
        print(report.summary(rows))


if __name__ == "__main__":
    main()
