"""Every golden file holds what was written into it."""

import glob
import hashlib
import json
import math
import os
import unittest
from unittest import mock

import numpy as np

import support  # noqa: F401  (finds pare_reader)
import make_golden
import pare_reader
from pare_reader import encodings
from writer import (BITMASK, BLOCK, BLOCK_GAP, CSR16, FLOAT32, INT8, NIBBLE_GAP, PALETTE, PANELS,
                    Tensor)

GOLDEN = sorted(glob.glob(os.path.join(make_golden.FOLDER, "*.pare")))


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


class Golden(unittest.TestCase):
    def test_elements_are_those_that_were_written(self):
        with open(os.path.join(make_golden.FOLDER, "expected.json")) as file:
            expected = json.load(file)
        for name, tensors in expected.items():
            for verify in ("all", "lazy"):
                model = pare_reader.open(os.path.join(make_golden.FOLDER, f"{name}.pare"), verify)
                self.assertEqual(set(model.tensors), set(tensors))
                for tensor, digests in tensors.items():
                    with self.subTest(file=name, tensor=tensor):
                        self.assertEqual(sha(model.tensors[tensor]), digests["stored"])
                        self.assertEqual(sha(model.tensor(tensor)), digests["real"])

    def test_files_are_what_the_script_writes(self):
        # Random numbers may differ with the version of numpy; these files have none.
        for name in ("worked-example", "types", "attributes", "bodies", "metadata"):
            with open(os.path.join(make_golden.FOLDER, f"{name}.pare"), "rb") as file:
                self.assertEqual(make_golden.FILES[name]().encoded(), file.read(), name)

    def test_the_worked_example_is_that_of_the_page(self):
        with open(os.path.join(make_golden.FOLDER, "worked-example.pare"), "rb") as file:
            stored = file.read()
        self.assertEqual(len(stored), 1002)
        with open(os.path.join(support.ROOT, "docs", "Format.md"), encoding="utf-8") as file:
            page = file.read()
        lines = page[page.index("## Worked example"):].split("```")[1].strip().splitlines()
        for line in lines:
            if line == "...":
                continue
            at, text = int(line[:4], 16), line[6:54].replace(" ", "")
            self.assertEqual(stored[at: at + len(text) // 2].hex(), text, line)
        model = pare_reader.open(os.path.join(make_golden.FOLDER, "worked-example.pare"))
        real = model.tensor("c").reshape(-1)
        self.assertEqual([real[i] for i in (2, 7, 24, 35)], [2.5, -1.5, 7, 1])
        self.assertEqual(np.count_nonzero(real), 4)

    def test_pieces_join(self):
        """Streams that are longer than a piece."""
        for path in GOLDEN:
            whole = {name: sha(a) for name, a in pare_reader.open(path).tensors.items()}
            with mock.patch.object(encodings, "PIECE", 8):
                self.assertEqual(whole, {n: sha(a) for n, a in pare_reader.open(path).tensors.items()})

    def test_random_tensors_in_every_encoding(self):
        random = np.random.default_rng(3)
        for trial in range(60):
            shape = tuple(random.integers(1, 9, random.integers(0, 5)))
            part = random.random()
            tensors = []
            for encoding in range(8):
                for type in (INT8, FLOAT32):
                    elements = random.integers(-99, 99, shape) * (random.random(shape) < part)
                    order = (4 if type == INT8 else 1, 1, math.prod(shape[2:]))
                    if encoding == PANELS and len(shape) < 2:
                        continue
                    if encoding == PALETTE and not 2 <= len(np.unique(elements)) <= 256:
                        continue
                    tensors.append(Tensor(f"{encoding}.{type}", type, elements, encoding, order=order))
            model = pare_reader.Model(make_golden.holding(tensors).encoded())
            for tensor in tensors:
                with self.subTest(shape=shape, tensor=tensor.name):
                    np.testing.assert_array_equal(model.tensors[tensor.name], tensor.elements)


class Contents(unittest.TestCase):
    def open(self, name):
        return pare_reader.open(os.path.join(make_golden.FOLDER, f"{name}.pare"))

    def test_dense_tensors_are_views(self):
        model = self.open("types")
        for name, array in model.tensors.items():
            if not name.endswith(".9"):
                self.assertFalse(array.flags.owndata)
                self.assertFalse(array.flags.writeable)

    def test_values_that_share_a_tensor(self):
        model = self.open("types")
        self.assertNotIn("again", model.tensors)
        np.testing.assert_array_equal(model.tensor("again"), model.tensor("type.16"))
        with self.assertRaises(KeyError):
            model.tensor("x y")

    def test_attributes(self):
        node = self.open("attributes").graph.nodes[0]
        self.assertEqual(node.attributes, {
            "int": -2**63, "float": math.inf, "string": "größe", "ints": (2**63 - 1, 0, -1),
            "floats": (float(np.float32(0.1)), -0.0, float(np.float32(3e-45))),
            "strings": ("b", "a", "", "b"), "no ints": (), "no floats": (), "no strings": (), "": 0})
        self.assertEqual(node.kinds["no floats"], "floats")
        self.assertEqual([v and v.name for v in node.inputs], ["x", None, "x"])
        self.assertEqual([v and v.name for v in node.outputs], [None, "größe"])

    def test_values(self):
        graph = self.open("attributes").graph
        value = graph.values[3]
        self.assertEqual((value.name, value.dtype, value.shape, value.scale, value.zero_point),
                         ("", "uint8", (0, 4), 0.5, 7))
        self.assertEqual([v.name for v in graph.outputs], ["q", "x", "q"])

    def test_bodies(self):
        graph = self.open("bodies").graph
        self.assertIsNone(graph.values[2].shape)
        body, depth = graph.nodes[0].bodies[0], 0
        self.assertEqual([v.name for v in body.values], ["x", "x", "y"])
        while body.nodes[1].bodies:
            body, depth = body.nodes[1].bodies[0], depth + 1
        self.assertEqual((depth, body.nodes[1].operator), (7, "Abs"))
        self.assertEqual(graph.nodes[0].bodies[1].nodes, [])

    def test_metadata(self):
        model = self.open("metadata")
        metadata = model.metadata
        self.assertEqual(metadata["labels"], ["zero", "", "two"])
        self.assertEqual(metadata["preprocessing"]["mean"], [0.5, 0, -0.0])
        source = metadata["provenance"]["source"]
        self.assertEqual((source["bytes"], source["sha256"]), (2**40, bytes(range(32))))
        self.assertEqual(metadata["provenance"]["passes"][0]["options"],
                         [{"key": "key", "value": "größe"}, {"key": "", "value": ""}])
        self.assertEqual(metadata["provenance"]["measurements"][0]["after"], -1.5)
        self.assertEqual((model.release, model.version), (2**63 + 5, (1, 7)))
        self.assertEqual([(s.number, s.name, bytes(s.data)) for s in model.sections[6:8]],
                         [(100, "ancillary", b"something new"), (2**31 - 1, "ancillary", b"")])
        self.assertEqual([p["elements"] for p in metadata["golden"]["probes"]], [1000, 0])
        self.assertEqual((metadata["golden"]["seed"], model.sections[0].name), (2**64 - 1, "signature"))
        self.assertEqual(self.open("types").metadata["labels"], [])


if __name__ == "__main__":
    unittest.main()
