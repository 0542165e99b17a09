#!/usr/bin/env python3
"""Says what the reader finds in files, line by line, to be compared with another reader.

Usage: describe.py FILE...                 what is in each file, or the rule that it breaks
       describe.py --damage SEED COUNT FOLDER FILE...
                                           writes damaged files, sealed again, and what they break
       describe.py --rules FOLDER          writes the files of the tests of rules, and what they break

Strings are in hexadecimal, floats by their bits.
"""

import hashlib
import os
import random
import struct
import sys
import unittest

import numpy as np

import support  # noqa: F401  (finds pare_reader)
from pare_reader import FormatError, Model
from writer import resealed, sections


def text(string):
    return string.encode().hex() or "''"


def bits(number):
    return struct.pack(">f", number).hex()


def sha(array, code=None):
    if code:
        with np.errstate(all="ignore"):
            array = array.astype(code)
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def numbers(items):
    return ",".join("-" if item is None else str(item) for item in items) or "none"


def describe(model):
    """The lines of a model."""
    yield f"digest {model.digest} release {model.release} version {model.version[0]}.{model.version[1]}"
    for record in model.records.values():
        yield (f"tensor {text(record.name)} at {record.offset} bytes {record.positions} "
               f"{record.values} {record.scales} digest {record.digest.hex()}")
    for section in model.sections:
        if section.name == "signature":
            yield f"signature {bytes(section.data[8:]).hex()}"
        if section.name == "ancillary":
            yield f"ancillary {section.number} {sha(np.frombuffer(section.data, np.uint8))}"
    for value in model.graph.values:
        shape = "open" if value.shape is None else numbers(value.shape)
        quantized = "" if value.scale is None else f" {bits(value.scale)} {value.zero_point}"
        yield f"value {text(value.name)} {value.dtype} {shape}{quantized}"
        if value.tensor is not None:
            yield constant(model, value.name, list(model.records.values())[value.tensor])
    yield from describe_graph(model.graph)
    yield from describe_metadata(model.metadata)


def constant(model, name, record):
    line = f"  {record.type.name} {record.encoding} nonzero {record.nonzero}"
    scales, zeros = model.scales(name)
    if scales is not None:
        axis = record.axis if record.flags & 2 else "-"
        zeros = np.zeros(len(scales), "<i4") if zeros is None else zeros
        line += f" axis {axis} scales {sha(scales)} zeros {sha(zeros)}"
    return f"{line} stored {sha(model.tensors[record.name])} real {sha(model.tensor(name), '<f4')}"


def describe_graph(graph):
    yield (f"graph {text(graph.name)} inputs {numbers(v.number for v in graph.inputs)} "
           f"outputs {numbers(v.number for v in graph.outputs)}")
    for node in graph.nodes:
        ends = [numbers(v and v.number for v in operands) for operands in (node.inputs, node.outputs)]
        yield f"node {text(node.operator)} {text(node.name)} inputs {ends[0]} outputs {ends[1]}"
        for name in sorted(node.attributes, key=lambda s: s.encode()):
            content, kind = node.attributes[name], node.kinds[name]
            items = content if kind.endswith("s") else [content]
            form = text if kind.startswith("string") else bits if kind.startswith("float") else str
            yield f"  {text(name)} {kind} {numbers(map(form, items))}"
        for body in node.bodies:
            yield f"body {numbers(text(v.name) for v in body.values)}"
            yield from describe_graph(body)
            yield "end"


def describe_metadata(metadata):
    def entries(items):
        return numbers(f"{text(e['key'])}={text(e['value'])}" for e in items)
    if metadata["preprocessing"]:
        p = metadata["preprocessing"]
        yield (f"preprocessing {text(p['name'])} {p['resize']} {p['crop']} {bits(p['divisor'])} "
               f"{numbers(map(bits, p['mean']))} {numbers(map(bits, p['deviation']))} "
               f"{p['color']} {p['layout']}")
    yield f"labels {numbers(map(text, metadata['labels']))}"
    provenance = metadata["provenance"]
    if provenance:
        s = provenance["source"]
        yield (f"provenance {text(provenance['tool'])} {text(provenance['tool_version'])} "
               f"{provenance['source_parameters']} {provenance['source_multiply_accumulates']}")
        yield (f"source {text(s['file'])} {s['bytes']} {s['sha256'].hex()} {text(s['producer'])} "
               f"{s['opset']} {s['ir_version']}")
        for p in provenance["passes"]:
            yield (f"pass {text(p['name'])} {entries(p['options'])} {p['calibration_samples']} "
                   f"{double(p['seconds'])} {p['peak_rss_bytes']} {text(p['effect'])}")
        for m in provenance["measurements"]:
            yield (f"measurement {text(m['name'])} {double(m['before'])} {double(m['after'])} "
                   f"{m['samples']}")
    yield f"entries {entries(metadata['source_entries'])}"
    if metadata["golden"]:
        yield f"golden {metadata['golden']['seed']}"
        for p in metadata["golden"]["probes"]:
            yield f"probe {p['elements']} {numbers(map(bits, p['values']))} {bits(p['tolerance'])}"


def double(number):
    return struct.pack(">d", number).hex()


def verdict(file):
    """The rule that a file breaks and where, or that it breaks none."""
    try:
        Model(file)
        return "valid"
    except FormatError as error:
        return error.rule if error.rule == "metadata" else f"{error.rule} {error.offset}"


def damaged(file, chance):
    """The file with a few bytes or words that are others, nearly always sealed again."""
    file = bytearray(file)
    table = sections(file)
    for _ in range(chance.choice((1, 1, 1, 2))):
        start, end = chance.choice([(0, 128), (128, 128 + 64 * len(table))]
                                   + 2 * [(s[2], s[2] + s[3]) for s in table if s[3]])
        at = chance.randrange(start, end)
        word = at // 4 * 4
        (number,) = struct.unpack_from("<I", file[word: word + 4].ljust(4, b"\0"))
        other = chance.choice((0, 1, 2, number + 1, number - 1, number ^ 1 << 31, 0xFFFFFFFF,
                               2 * number, number // 2, 0x7F800000, chance.randrange(1 << 32)))
        size = chance.choice((1, 4, 8, 64, 128))
        content = chance.choice((
            (at, bytes([file[at] ^ 1 << chance.randrange(8)])), (at, bytes([chance.randrange(256)])),
            (word, struct.pack("<I", other & 0xFFFFFFFF)),
            (at, bytes(file[start + chance.randrange(end - start):][:size]))))
        file[content[0]: content[0] + len(content[1])] = content[1][: len(file) - content[0]]
    return resealed(file) if chance.random() < 0.95 else bytes(file)


def files_of_rules():
    """The files that test_hostile.py has for each rule."""
    import test_hostile
    files = []

    class Collecting(test_hostile.Rules):
        def check(self, file, rule, offset=None):
            files.append(file)

    unittest.defaultTestLoader.loadTestsFromTestCase(Collecting).run(unittest.TestResult())
    return files


def write(files, folder):
    """Writes numbered files, and a line for each of what it breaks."""
    for number, file in enumerate(files):
        with open(os.path.join(folder, f"{number}.pare"), "wb") as out:
            out.write(file)
        print(verdict(file))


def main(arguments):
    if arguments[0] == "--rules":
        write(files_of_rules(), arguments[1])
        return
    if arguments[0] == "--damage":
        seed, count, folder = int(arguments[1]), int(arguments[2]), arguments[3]
        files = []
        for path in arguments[4:]:
            with open(path, "rb") as source:
                files.append(source.read())
        chance = random.Random(seed)
        write((damaged(chance.choice(files), chance) for _ in range(count)), folder)
        return
    for path in arguments:
        with open(path, "rb") as source:
            file = source.read()
        try:
            for line in describe(Model(file)):
                print(line)
        except FormatError as error:
            print(f"refused: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
