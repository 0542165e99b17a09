"""``python -m pare_reader FILE``: lists what a file holds."""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from typing import Any, Dict, List

import numpy as np

from . import FormatError, Model, open


def main() -> int:
    """Prints a listing, and exits with 1 where the file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m pare_reader",
                                     description="Lists what a .pare file holds.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--npz", metavar="OUT.npz",
                        help="write all tensors, dequantized, for numpy.load")
    arguments = parser.parse_args()
    try:
        model = open(arguments.file)
        if arguments.npz:
            write_arrays(model, arguments.npz)
    except (FormatError, OSError) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(summary(model), indent=2))
    else:
        print_listing(model)
    return 0


def summary(model: Model) -> Dict[str, Any]:
    """What the listing says, for JSON; bytes in hexadecimal."""
    return {
        "digest": model.digest,
        "release": model.release,
        "graph": model.graph.name,
        "nodes": len(model.graph.nodes),
        "inputs": [_value(value) for value in model.graph.inputs],
        "outputs": [_value(value) for value in model.graph.outputs],
        "sections": [{"number": s.number, "name": s.name, "offset": s.offset, "bytes": s.size}
                     for s in model.sections],
        "tensors": [{"name": r.name, "type": r.type.name, "shape": r.shape, "encoding": r.encoding,
                     "bytes": r.end - r.offset, "nonzero": r.nonzero, "quantized": r.quantized}
                    for r in model.records.values()],
        "metadata": _plain(model.metadata),
    }


def _value(value: Any) -> Dict[str, Any]:
    return {"name": value.name, "type": value.dtype, "shape": value.shape}


def _plain(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _plain(each) for key, each in content.items()}
    if isinstance(content, list):
        return [_plain(each) for each in content]
    return content.hex() if isinstance(content, bytes) else content


def print_listing(model: Model) -> None:
    """Prints a head and a line for each tensor."""
    print(f"{model.graph.name}: {len(model.graph.nodes)} nodes, {len(model.records)} tensors, "
          f"digest {model.digest}")
    rows: List[List[str]] = [["tensor", "type", "shape", "encoding", "bytes"]]
    for record in model.records.values():
        rows.append([record.name, record.type.name, "x".join(map(str, record.shape)) or "scalar",
                     record.encoding, f"{record.end - record.offset:,}"])
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths)]
        print("  ".join(cells), row[-1].rjust(widths[-1]))


def write_arrays(model: Model, path: str) -> None:
    """Writes every tensor, dequantized, one at a time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in model.records:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, model.tensor(name), allow_pickle=False)


if __name__ == "__main__":
    sys.exit(main())
