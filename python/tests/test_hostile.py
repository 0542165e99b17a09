"""Whatever the bytes, there is a model or a FormatError, and nothing else."""

import glob
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import support
from make_golden import FOLDER, holding, message, the_example, worked_example
from pare_reader import FormatError, Model, open as open_file
from writer import (BITMASK, BLOCK, BLOCK_GAP, CSR16, DENSE, FLOAT32, INT8, NIBBLE_GAP,
                    PALETTE, PANELS, Body, File, Node, Tensor, Value, resealed, sections)

EXAMPLE = worked_example().encoded()
NAMES, VALUES, TENSORS, GRAPH, DATA = 0x200, 0x240, 0x300, 0x380, 0x3C0


def poked(file, *pokes, seal=True):
    """The file with other bytes at some places, its digests made right again."""
    file = bytearray(file)
    for offset, content in pokes:
        content = struct.pack("<I", content) if isinstance(content, int) else content
        file[offset: offset + len(content)] = content
    return resealed(file) if seal else bytes(file)


def refusal(file, verify="all"):
    """The rule that is broken and its place, or None."""
    try:
        model = Model(bytes(file), verify)
        for name in model.tensors:
            model.tensor(name)
        model.metadata
    except FormatError as error:
        return error.rule, error.offset
    return None


def encoded(tensor, positions=None, values=None, **more):
    """A file of one int8 tensor whose streams are others than its elements ask for."""
    right = tensor.streams()
    tensor.streams = lambda: (right[0] if positions is None else positions,
                              right[1] if values is None else values)
    return holding([tensor], **more).encoded()


def sparse(encoding, positions=None, values=None):
    return encoded(Tensor("c", INT8, the_example(), encoding), positions, values)


def described(meta):
    return holding([Tensor("c", FLOAT32, [1.0])], metadata=meta).encoded()


class Rules(unittest.TestCase):
    """One file, at least, for each rule of the page."""

    def check(self, file, rule, offset=None):
        found = refusal(file)
        self.assertIsNotNone(found, rule)
        self.assertEqual(found[0], rule)
        if offset is not None:
            self.assertEqual(found, (rule, offset))
        self.assertEqual(refusal(file, "lazy")[0], rule)

    def test_header(self):
        self.check(EXAMPLE[:127], "headerLength", 127)
        self.check(b"", "headerLength", 0)
        self.check(b"\x7fELF\0\0\0\0\0", "magic", 0)
        self.check(poked(EXAMPLE, (0, b"\x88")), "magic", 0)
        self.check(poked(EXAMPLE, (60, b"\7"), seal=False), "headerChecksum", 124)
        self.check(poked(EXAMPLE, (8, b"\1\2\3\4")), "byteOrder", 8)
        self.check(poked(EXAMPLE, (12, b"\2")), "majorVersion", 12)
        self.check(poked(EXAMPLE, (24, b"\2")), "incompatibleFeature", 24)
        self.check(poked(EXAMPLE, (31, b"\1")), "incompatibleFeature", 24)
        self.check(poked(EXAMPLE, (110, b"\1")), "headerReserved", 110)
        self.check(EXAMPLE + b"\0", "fileSize", 16)
        for count in (5, 65, 14):
            self.check(poked(EXAMPLE, (40, count)), "sectionCount", 40)
        self.assertIsNone(refusal(poked(EXAMPLE, (14, b"\7"), (32, b"\xff" * 8), (64, b"\1"))))

    def test_section_table(self):
        self.check(poked(EXAMPLE, (128 + 4, 1)), "sectionTableReserved", 128)
        self.check(poked(EXAMPLE, (128 + 63, b"\1")), "sectionTableReserved", 128)
        self.check(poked(EXAMPLE, (128 + 5 * 64 + 30, b"\1")), "sectionTableReserved", 128 + 5 * 64 + 24)
        self.check(poked(EXAMPLE, (128, 1)), "sectionUnknown", 128)
        self.check(poked(EXAMPLE, (128, 0x80000007)), "sectionUnknown", 128)
        self.check(poked(EXAMPLE, (128, 9)), "sectionMissing", 128)
        self.check(poked(EXAMPLE, (128, 0x80000002)), "sectionOrder", 192)
        self.check(poked(EXAMPLE, (136, 0x201)), "sectionPlace", 136)
        self.check(poked(EXAMPLE, (128 + 5 * 64 + 16, 43)), "sectionPlace", 128 + 5 * 64 + 8)
        self.check(poked(EXAMPLE, (128 + 5 * 64 + 23, b"\xff")), "sectionPlace", 128 + 5 * 64 + 8)
        self.check(poked(EXAMPLE, (128 + 5 * 64 + 16, 41)), "sectionPlace", 1001)
        self.check(poked(EXAMPLE, (NAMES + 4, b"\1"), seal=False), "sectionDigest", NAMES)
        self.check(poked(EXAMPLE, (NAMES + 48, b"\1")), "padding", NAMES + 48)
        self.check(poked(EXAMPLE, (200, b"\1"), seal=False), "sectionTableDigest", 128)
        two = File(values=[Value("x")], inputs=[0], outputs=[0], ancillary=[(9, b"1"), (9, b""), (0, b"")])
        self.assertIsNone(refusal(two.encoded()))
        entry = 128 + 5 * 64
        self.check(poked(two.encoded(), (entry, 0x80000006), (entry + 24, bytes(32)), (128 + 8 * 64, 9)),
                   "sectionOrder", entry)

    def test_signature(self):
        def signed(content):
            return File(values=[Value("x")], inputs=[0], outputs=[0], signature=content,
                        ancillary=[(9, b"")]).encoded()
        right = signed(struct.pack("<II", 1, 0) + b"s" * 72)
        self.assertIsNone(refusal(right))
        for content in (b"", bytes(80), struct.pack("<II", 1, 1) + b"s" * 72,
                        struct.pack("<II", 1, 0) + b"s" * 71):
            self.check(signed(content), "signature", 128 + 7 * 64 + 64)
        self.check(poked(right, (128, 0x80000007)), "sectionUnknown", 128)
        self.check(poked(right, (128 + 24, b"\1")), "sectionTableReserved", 128 + 24)
        twice = poked(right, (128 + 6 * 64, 7), (128 + 6 * 64 + 24, bytes(32)))
        self.check(twice, "sectionOrder", 128 + 6 * 64)

    def test_counts(self):
        self.check(poked(EXAMPLE, (44, 4)), "entryCount", VALUES)
        self.check(poked(EXAMPLE, (48, 2)), "entryCount", TENSORS)
        for field in (44, 48, 52, 56, 60):
            self.check(poked(EXAMPLE, (field, (1 << 20) + 1)), "entryCount", field)
        self.check(poked(EXAMPLE, (NAMES, 1 << 31)), "entryCount", NAMES)
        self.check(poked(EXAMPLE, (GRAPH + 20, 0xFFFFFFFF)), "entryCount", GRAPH + 32)

    def test_names(self):
        self.check(poked(EXAMPLE, (NAMES + 4, 1)), "nameTable", NAMES)
        self.check(poked(EXAMPLE, (NAMES + 28, 15)), "nameTable", NAMES)
        self.check(poked(EXAMPLE, (NAMES + 12, 2)), "nameTable", NAMES + 8)
        self.check(poked(EXAMPLE, (NAMES + 12, 99)), "nameTable", NAMES + 8)
        for text in (b"\x1f", b"\x7f", b"\x80", b"\xff"):
            self.check(poked(EXAMPLE, (NAMES + 34, text)), "nameText", NAMES + 32)
        for text in ("\x85", "n" * 1025):
            self.check(File(text, [Value("x")], [0], [0]).encoded(), "nameText")
        self.check(poked(EXAMPLE, (NAMES + 38, b"a")), "nameOrder", NAMES + 38)
        self.check(poked(EXAMPLE, (NAMES + 32, b"add")), "nameOrder", NAMES + 35)

    def test_tensor_records(self):
        r = TENSORS
        self.check(poked(EXAMPLE, (r, b"\0")), "elementType", r)
        self.check(poked(EXAMPLE, (r, b"\x08")), "elementType", r)
        self.check(poked(EXAMPLE, (r + 1, b"\x08")), "encodingUnknown", r + 1)
        self.check(poked(EXAMPLE, (r + 2, b"\x09")), "rank", r + 8)
        self.check(poked(EXAMPLE, (r + 2, b"\xff")), "rank", r + 8)
        self.check(poked(EXAMPLE, (r + 2, b"\1")), "rank", r + 12)
        self.check(poked(EXAMPLE, (r + 16, 5)), "rank", r + 16)
        self.check(poked(EXAMPLE, (r + 8, b"\0\0\0\x80" * 2)), "elementCount", r + 8)
        self.check(poked(EXAMPLE, (r + 2, b"\4"), (r + 8, b"\0\0\0\0" + b"\0\0\0\x80" * 3)),
                   "elementCount", r + 8)
        self.check(poked(EXAMPLE, (r + 6, b"\1")), "tensorRecord", r + 6)
        self.check(poked(EXAMPLE, (r + 90, b"\1")), "tensorRecord", r + 90)
        self.check(poked(EXAMPLE, (r + 80, 6)), "tensorRecord", r + 80)
        for field in (40, 48, 56, 64, 72):
            self.check(poked(EXAMPLE, (r + field + 7, b"\x7f")), "tensorRecord", r + field)
        for flags in (0x1B, 0x0A, 0x09, 0x0F, 0x08, 0x06, 0x03, 0x00, 0x01):
            self.check(poked(EXAMPLE, (r + 3, bytes([flags]))), "tensorRecord", 992)
        self.check(poked(EXAMPLE, (r + 4, b"\2")), "tensorRecord", 992)
        self.check(poked(EXAMPLE, (r + 4, b"\1")), "tensorRecord", 992)
        self.check(poked(EXAMPLE, (r + 40, 0x3C1)), "tensorPlace", r + 40)
        self.check(poked(EXAMPLE, (r + 64, 11)), "tensorPlace", r + 48)
        self.check(poked(EXAMPLE, (r + 64, 9)), "tensorPlace", 1001)
        self.check(poked(EXAMPLE, (DATA, b"\x43"), seal=False), "tensorDigest", DATA)
        self.check(poked(EXAMPLE, (DATA + 3, b"\1")), "padding", DATA + 3)
        self.check(poked(EXAMPLE, (DATA + 20, b"\1")), "padding", DATA + 20)
        two = holding([Tensor("a", INT8, [1]), Tensor("b", INT8, [1])]).encoded()
        self.check(poked(two, (len(two) - 17, b"\1")), "padding", len(two) - 17)
        panels = sparse(PANELS)
        record = panels.index(struct.pack("<BBHII", 16, 4, 0, 1, 1)) - 84
        for content in (b"\x08", b"\x10\3", b"\x10\4\0\0\2\0", b"\x10\4\0\0\0\0", b"\x10\4\0\0\1\0\0\0\0",
                        b"\x10\4\0\0\1\0\0\0\2"):
            self.check(poked(panels, (record + 84, content)), "tensorRecord", record + 84)
        self.check(poked(panels, (record + 87, b"\1")), "tensorRecord", record + 87)

    def test_scales(self):
        for bits in (b"\0\0\x80\xff", b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\0\0", b"\0\0\x40\0"):
            self.check(poked(EXAMPLE, (992, bits)), "scale", 996)
        self.check(poked(EXAMPLE, (998, b"\0\0")), "scale", 998)
        self.check(poked(EXAMPLE, (998, b"\0\xfc")), "scale", 998)
        zeros = Tensor("c", INT8, [[1, 2], [3, 4]], DENSE, [1, 2], [0, 5], axis=0)
        file = holding([zeros]).encoded()
        self.check(poked(file, (len(file) - 12, b"\0\0\0\x80")), "scale", len(file) - 12)
        self.check(poked(file, (len(file) - 4, 128)), "zeroPoint", len(file) - 4)
        self.check(poked(file, (len(file) - 4, 0)), "zeroPoint", len(file) - 16)
        mask = Tensor("c", INT8, [[1, 2], [3, 4]], BITMASK, [1, 2], [0, 5], axis=0)
        file = holding([mask]).encoded()
        self.check(file, "sparseZeroPoint", len(file) - 16)

    def test_streams(self):
        v = b"\5\xfd\7\1"
        for encoding, positions, values in (
                (DENSE, None, bytes(35)), (DENSE, b"\0", None), (DENSE, None, bytes(36)),
                (BITMASK, b"\x84\0\0\1\x18", None), (BITMASK, b"\x84\0\0\1\0", None),
                (BITMASK, b"\x84\0\0\1\x0c", None), (BITMASK, b"\x84\0\0\1\x08\0", None),
                (BITMASK, None, b"\5\xfd\7"), (BITMASK, None, b"\5\xfd\0\1"), (BITMASK, None, v + b"\1"),
                (NIBBLE_GAP, b"\x42\x1f\x1a", None), (NIBBLE_GAP, b"\x42\x1f\x0b", None),
                (NIBBLE_GAP, b"\x42\x1f", None), (NIBBLE_GAP, b"\x42\x1f\x0a\0", None),
                (NIBBLE_GAP, b"\x42\xff\xff", None), (NIBBLE_GAP, b"", None), (NIBBLE_GAP, None, b""),
                (NIBBLE_GAP, None, b"\5\xfd\0\1"),
                (CSR16, bytes.fromhex("00000000020000000200000004000000020002000000 0b00"), None),
                (CSR16, bytes.fromhex("00000000020000000200000004000000020007000000 0c00"), None),
                (CSR16, bytes.fromhex("01000000020000000200000004000000020007000000 0b00"), None),
                (CSR16, bytes.fromhex("00000000020000000100000004000000020007000000 0b00"), None),
                (CSR16, bytes.fromhex("00000000ffffffff0200000004000000020007000000 0b00"), None),
                (CSR16, bytes.fromhex("00000000020000000200000005000000020007000000 0b00"), None),
                (CSR16, b"", None), (CSR16, None, b"\5\xfd\0\1"),
                (BLOCK, b"\x43\3", None), (BLOCK, b"\x43\0", None), (BLOCK, b"\x43", None),
                (BLOCK, b"\x43\5", None), (BLOCK, None, bytes(16)), (BLOCK, None, b"\5"),
                (BLOCK_GAP, b"\0\x24", None), (BLOCK_GAP, b"\0\x14\0", None), (BLOCK_GAP, b"\0", None),
                (BLOCK_GAP, b"\0\xf4", None), (BLOCK_GAP, b"", None),
                (BLOCK_GAP, None, bytes(4) + b"\5\xfd\7\1" + bytes(8)), (BLOCK_GAP, None, b"\5\xfd\7"),
                (PANELS, None, bytes(191) + b"\1"), (PANELS, None, bytes(188)), (PANELS, b"\0", None),
                (PALETTE, b"\0", None), (PALETTE, b"", None), (PALETTE, bytes(257), None),
                (PALETTE, b"\0\1\1\7\xfd", None),
                (PALETTE, b"\0\1\5\7\xfd\xfe", None), (PALETTE, None, bytes(14)),
                (PALETTE, None, b"\xff" * 14), (PALETTE, None, None)):
            with self.subTest(encoding=encoding, positions=positions, values=values):
                if (positions, values) == (None, None):
                    file = encoded(Tensor("c", INT8, [1, 2, 3], PALETTE), None, b"\x64")
                else:
                    file = sparse(encoding, positions, values)
                self.check(file, "encodingStream", Model(file, "lazy").records["c"].offset)
        record = sparse(DENSE).index(struct.pack("<Q", 4), 640)
        self.check(poked(sparse(DENSE), (record, 5)), "encodingStream")
        wide = np.zeros(65537, np.int8)
        wide[3] = 1
        self.check(holding([Tensor("c", INT8, wide, CSR16)]).encoded(), "encodingStream")

    def test_values(self):
        v = VALUES
        self.check(poked(EXAMPLE, (v, 6)), "valueRecord", v)
        self.check(poked(EXAMPLE, (v + 4, b"\x11")), "elementType", v + 4)
        self.check(poked(EXAMPLE, (v + 5, b"\x09")), "rank", v + 8)
        self.check(poked(EXAMPLE, (v + 5, b"\xff")), "rank", v + 8)
        self.check(poked(EXAMPLE, (v + 5, b"\xff"), (v + 8, bytes(8))), "openShape", v + 5)
        self.check(poked(EXAMPLE, (v + 6, b"\2")), "valueRecord", v + 6)
        self.check(poked(EXAMPLE, (v + 64 + 6, b"\1")), "valueRecord", v + 64 + 6)
        self.check(poked(EXAMPLE, (v + 7, b"\1")), "valueRecord", v + 7)
        self.check(poked(EXAMPLE, (v + 63, b"\1")), "valueRecord", v + 63)
        self.check(poked(EXAMPLE, (v + 44, 1)), "valueRecord", v + 44)
        self.check(poked(EXAMPLE, (v + 48, 1)), "valueRecord", v + 44)
        self.check(poked(EXAMPLE, (v + 6, b"\1")), "scale", v + 44)
        self.check(poked(EXAMPLE, (v + 6, b"\1"), (v + 46, b"\x80\x3f")), "zeroPoint", v + 48)
        self.check(poked(EXAMPLE, (v + 4, b"\2\2\1"), (v + 46, b"\x80\x3f"), (v + 49, b"\1")),
                   "zeroPoint", v + 48)
        self.check(poked(EXAMPLE, (v, 5)), "valueName", v + 128)
        twins = File(values=[Value("\u00e9"), Value("e\u0301")], inputs=[0], outputs=[0]).encoded()
        self.check(twins, "valueName")
        self.check(poked(EXAMPLE, (v + 40, 2)), "tensorReference", v + 40)
        self.check(poked(EXAMPLE, (v + 40, 1)), "tensorReference", v + 40)
        self.check(poked(EXAMPLE, (v + 64 + 40, 0)), "tensorReference", TENSORS)
        self.check(poked(EXAMPLE, (v + 64 + 8, 12), (v + 64 + 12, 3)), "tensorReference", v + 64 + 40)
        self.check(poked(EXAMPLE, (v + 64 + 4, b"\3")), "tensorReference", v + 64 + 40)

    def test_expansion_is_bounded(self):
        zeros = Tensor("c", INT8, np.zeros((256, 65536), np.int8), NIBBLE_GAP)
        zeros.bits = lambda: []
        for extent, fits in ((256, True), (257, False)):
            file = holding([zeros]).encoded()
            where = [at for at in range(len(file)) if file[at:at + 8] == struct.pack("<2I", 256, 65536)]
            file = poked(file, *((at, extent) for at in where))
            self.assertEqual(refusal(file), None if fits else ("encodingStream", len(file)))
        values = [Value("c" * i, INT8, (256, 65536), 0) for i in range(1, 18)]
        file = File(values=[*values[:16], Value("x")], tensors=[zeros], inputs=[16], outputs=[16]).encoded()
        self.assertIsNone(refusal(file))
        file = File(values=[*values, Value("x")], tensors=[zeros], inputs=[17], outputs=[17]).encoded()
        (table,) = (place for place, kind, start, size in sections(file) if kind == 0x80000002)
        (start,) = struct.unpack_from("<Q", file, table + 8)
        self.check(file, "constantExpansion", start + 16 * 64)

    def test_graph(self):
        g = GRAPH
        self.check(poked(EXAMPLE, (g, 6)), "operandIndex", g)
        self.check(poked(EXAMPLE, (g + 4, 3)), "operandIndex", g + 4)
        self.check(poked(EXAMPLE, (g + 12, 6)), "operandIndex", g + 12)
        self.check(poked(EXAMPLE, (g + 32, 3)), "operandIndex", g + 32)
        self.check(poked(EXAMPLE, (g + 4, 1)), "definedTwice", g + 4)
        self.check(poked(EXAMPLE, (g + 40, 0)), "definedTwice", g + 44)
        self.check(poked(EXAMPLE, (g + 40, 1)), "definedTwice", g + 44)
        self.check(poked(EXAMPLE, (g + 32, 2)), "usedBeforeDefined", g + 44)
        self.check(poked(EXAMPLE, (g + 40, 0xFFFFFFFF)), "graphOutput", g + 4)
        self.check(poked(EXAMPLE, (52, 0)), "graphOutput", g + 4)
        self.check(poked(EXAMPLE, (52, 0), (g + 8, 0)), "graphLength", g + 12)
        self.check(poked(EXAMPLE, (52, 2)), "graphLength", g + 44)
        self.check(poked(EXAMPLE, (52, 1 << 20)), "graphLength", g + 44)
        self.assertIsNone(refusal(poked(EXAMPLE, (g + 36, 0xFFFFFFFF))))

    def test_attributes(self):
        def with_attribute(kind, content, *pokes, names=("a", "b")):
            node = Node("Op", [0], [1], "", {name: (kind, content) for name in names})
            file = File(values=[Value("x"), Value("y")], inputs=[0], outputs=[1], nodes=[node]).encoded()
            start = next(start for _, kind, start, _ in sections(file) if kind == 0x80000004) + 40
            return poked(file, *((start + at, content) for at, content in pokes)), start
        file, start = with_attribute(1, 5)
        self.assertIsNone(refusal(file))
        for at, content, place in ((4, 7, 4), (4, 0, 4), (8, 2, 4), (8, 0, 4), (0, 99, 0), (20, 0, 20),
                                   (28, 2, 24)):
            file, start = with_attribute(1, 5, (at, content))
            self.check(file, "attribute", start + place)
        file, start = with_attribute(4, [5], (28, 0xFFFFFFFF))
        self.check(file, "attribute", start + 24)
        file, start = with_attribute(1, 5, names=("\u00e9", "e\u0301"))
        self.check(file, "attribute", start + 20)
        file, start = with_attribute(6, ["a"], (12, 99))
        self.check(file, "operandIndex", start + 12)

    def test_bodies(self):
        def nested(depth):
            inner = [Body("", [], [], [], [nested(depth - 1)])] if depth else []
            return Node("If", [], [], "", {}, inner)
        def file(node):
            return File(values=[Value("x")], inputs=[0], outputs=[0], nodes=[node]).encoded()
        self.assertIsNone(refusal(file(nested(8))))
        self.check(file(nested(9)), "body")
        self.check(file(Node("If", [], [], "", {}, [Body("", ["v"], [], [0], [])])), "graphOutput")
        self.check(file(Node("If", [], [], "", {}, [Body("", ["v"], [0, 0], [], [])])), "definedTwice")
        good = file(Node("If", [], [], "", {}, [Body("", ["v"], [0], [0], [])]))
        start = Model(good).sections[3].offset + 12 + 20
        self.check(poked(good, (start, 2)), "entryCount", start)
        self.check(poked(good, (start, 0xFFFFFFFF)), "entryCount", start)
        for at in (8, 12, 16, 20):
            self.check(poked(good, (start + at, 1 << 20)), "entryCount", start + 4)
        open_input = File(values=[Value("x", shape=None)], inputs=[0], outputs=[0]).encoded()
        self.check(open_input, "openShape", Model(File(values=[Value("x", shape=None)]).encoded())
                   .sections[3].offset + 4)
        self.check(poked(open_input, (24, b"\0")), "openShape", 512 + 64 + 5)

    def test_metadata(self):
        one, empty = np.array([1], "<f4").tobytes(), b""
        pre = [(4, np.float32(255)), (5, one), (6, one), (7, "rgb"), (8, "nchw")]
        for right in (message((2, ""), (2, "b")), message((1, message(*pre))),
                      message((3, message((3, b"")))), message((4, b""))):
            self.assertIsNone(refusal(described(right)))
        wrong = [b"\x12", b"\x92\0\1a", b"\x12\x81\0a", b"\x12\xff\xff\xff\xff\x0f", b"\xff" * 12,
                 message((5, 1)),
                 message((2, b"\xff")), message((2, "a\0")), message((2, 1)), message((3, empty)),
                 message((2, "a"), (1, message(*pre))), message((1, message(*pre)), (1, message(*pre))),
                 message((3, message((3, empty), (6, 0)))), message((3, message((3, empty), (6, 1 << 63)))),
                 message((3, message((3, empty), (5, message((2, -0.0)))))),
                 message((3, message((3, message((5, 1 << 32)))))),
                 message((3, message((1, ""), (3, empty))))]
        wrong += [message((1, message(*(f for f in pre if f[0] != n)))) for n in (5, 6, 7, 8)]
        wrong += [message((1, message(*pre[:3], (7, "red"), (8, "nchw")))), message((1, message((5, b"\0"))))]
        for content in wrong:
            with self.subTest(content=content):
                self.check(described(content), "metadata")


class Damage(unittest.TestCase):
    def setUp(self):
        random.seed(11)

    def files(self):
        for path in sorted(glob.glob(os.path.join(FOLDER, "*.pare"))):
            with open(path, "rb") as file:
                yield os.path.basename(path), file.read()

    def test_every_truncation_is_refused(self):
        for name, file in self.files():
            for size in range(0, len(file), 1 if len(file) < 5000 else 211):
                self.assertIsNotNone(refusal(file[:size]), (name, size))
                if size % 13 == 0 and size >= 128:
                    # Sealed again, with the size that it has now.
                    short = resealed(poked(file[:size], (16, struct.pack("<Q", size)), seal=False))
                    self.assertIsNotNone(refusal(short), (name, size))

    def test_every_flipped_bit_is_found(self):
        for name, file in self.files():
            # Nothing is read from a signature, and nothing reaches it.
            free = [range(start + 8, start + size) for _, kind, start, size in sections(file) if kind == 7]
            chosen = range(len(file)) if len(file) < 1100 else random.sample(range(len(file)), 250)
            for at in (at for at in chosen if not any(at in part for part in free)):
                broken = bytearray(file)
                broken[at] ^= 1 << random.randrange(8)
                self.assertIsNotNone(refusal(broken), (name, at))
                self.assertIsNotNone(refusal(broken, "lazy"), (name, at))

    def test_sealed_damage_gives_a_model_or_an_error(self):
        files = [file for name, file in self.files()]
        for trial in range(1500):
            file = bytearray(random.choice(files))
            for _ in range(random.choice((1, 1, 2, 5))):
                at = random.randrange(len(file))
                width = random.choice((1, 4, 8))
                word = random.choice((random.randbytes(width), b"\xff" * width, b"\0" * width))
                file[at: at + width] = word[: len(file) - at]
            try:
                file = resealed(file)
            except struct.error:
                continue
            refusal(file, random.choice(("all", "lazy")))

    def test_memory_is_bounded_by_the_file(self):
        """Files that claim the most that records can say, in a process that may take little."""
        script = ("import resource, sys; sys.path[:0] = sys.argv[1:3]\n"
                  "from test_hostile import claims, refusal\n"
                  "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
                  "for file in claims():\n"
                  "    assert refusal(file) is not None\n"
                  "    assert refusal(file, 'lazy') is not None\n")
        subprocess.run([sys.executable, "-c", script, support.PYTHON, os.path.join(support.PYTHON, "tests")],
                       check=True, timeout=120, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})


def claims():
    """Small files whose records claim 2^40 elements in every encoding, or as many scales."""
    for encoding in range(8):
        file = holding([Tensor("c", INT8, the_example(), encoding)]).encoded()
        where = [at for at in range(len(file)) if file[at: at + 8] == struct.pack("<2I", 3, 12)]
        for shape in ((1 << 20, 1 << 20), (1 << 31, 1 << 9), (1, 1 << 31), (1 << 31, 0)):
            yield poked(file, *((at, struct.pack("<2I", *shape)) for at in where))
    yield poked(EXAMPLE, (TENSORS + 8, 1 << 31), (VALUES + 64 + 8, 1 << 31))


class Opening(unittest.TestCase):
    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pare")
            with self.assertRaises(FileNotFoundError):
                open_file(path)
            for content in (b"", b"x", EXAMPLE[:200]):
                with open(path, "wb") as file:
                    file.write(content)
                with self.assertRaises(FormatError):
                    open_file(path)
            with open(path, "wb") as file:
                file.write(EXAMPLE)
            self.assertEqual(open_file(path).tensor("c").dtype, np.float32)
            with self.assertRaises(ValueError):
                open_file(path, verify="never")

    def test_a_lazy_model_checks_a_tensor_when_it_is_read(self):
        two = holding([Tensor("a", INT8, [1, 2]), Tensor("b", INT8, [3, 4])]).encoded()
        model = Model(poked(two, (len(two) - 16, b"\7"), seal=False), "lazy")
        self.assertEqual(model.tensor("a").tolist(), [1, 2])
        for _ in range(2):
            with self.assertRaises(FormatError) as caught:
                model.tensor("b")
            self.assertEqual((caught.exception.rule, caught.exception.offset),
                             ("tensorDigest", len(two) - 16))


if __name__ == "__main__":
    unittest.main()
