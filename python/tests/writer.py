"""Writes `.pare` files from docs/Format.md, plainly and slowly, apart from the reader that is tested.

What the page leaves to a writer is a parameter here: encodings, the form of scales, ancillary
sections. Nothing is checked, so that wrong files can be written too.
"""

import hashlib
import struct
import zlib

import numpy as np

CRITICAL = 1 << 31
TYPES = {1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "u1", 10: "<f2",
         11: "<f8", 12: "<u4", 13: "<u8", 16: "<u2"}
FLOAT32, UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL = 1, 2, 3, 4, 5, 6, 7, 9
FLOAT16, FLOAT64, UINT32, UINT64, BFLOAT16 = 10, 11, 12, 13, 16
DENSE, BITMASK, NIBBLE_GAP, CSR16, BLOCK, BLOCK_GAP, PANELS, PALETTE = range(8)


class Tensor:
    """A constant: `elements` as an array of its shape."""

    def __init__(self, name, type, elements, encoding=DENSE, scales=None, zeros=None, axis=None,
                 half=False, order=(4, 1, 1)):
        self.name, self.type, self.encoding = name, type, encoding
        self.elements = np.ascontiguousarray(elements, dtype=TYPES[type]).reshape(np.shape(elements))
        self.scales, self.zeros, self.axis, self.half, self.order = scales, zeros, axis, half, order

    @property
    def shape(self):
        return self.elements.shape

    def bits(self):
        """The elements, flat, as Python integers of their bits."""
        return self.elements.reshape(-1).view(f"<u{self.elements.itemsize}").tolist()

    def flags(self):
        if self.scales is None:
            return 0
        return 1 | (self.axis is not None) << 1 | (self.zeros is not None) << 2 | self.half << 3

    def scale_bytes(self):
        if self.scales is None:
            return b""
        scales = np.asarray(self.scales, np.float32)
        if self.half:
            largest = scales.max()
            return struct.pack("<f", largest) + (scales / largest).astype("<f2").tobytes()
        zeros = b"" if self.zeros is None else np.asarray(self.zeros, "<i4").tobytes()
        return scales.astype("<f4").tobytes() + zeros

    def streams(self):
        """Positions and values."""
        form = f"<u{self.elements.itemsize}"
        positions, values = _ENCODERS[self.encoding](self)
        return positions, np.array(values, form).tobytes() if isinstance(values, list) else values

    def real(self):
        """What the elements stand for, as float32, where that differs from what is stored."""
        if self.type == BFLOAT16:
            return (self.elements.astype(np.uint32) << 16).view(np.float32)
        if self.type == FLOAT16:
            return self.elements.astype(np.float32)
        if self.scales is None:
            return self.elements
        shape = [1] * len(self.shape)
        if self.axis is not None:
            shape[self.axis] = -1
        zeros = np.asarray([0] if self.zeros is None else self.zeros, np.int64).reshape(
            shape if self.zeros is not None else [1] * len(self.shape))
        scales = np.asarray(self.scales, np.float32).reshape(shape)
        return (self.elements.astype(np.int64) - zeros).astype(np.float32) * scales


def pack(numbers, bits):
    """Numbers of some bits each, least significant bit first."""
    text = sum(n << i * bits for i, n in enumerate(numbers))
    return text.to_bytes((len(numbers) * bits + 7) // 8, "little")


def _gaps(places):
    halves, last = [], -1
    for place in places:
        zeros = place - last - 1
        halves += [15] * (zeros // 15) + [zeros % 15]
        last = place
    return pack(halves, 4)


def _singles(tensor):
    bits = tensor.bits()
    places = [i for i, b in enumerate(bits) if b]
    stored = [bits[i] for i in places]
    if tensor.encoding == BITMASK:
        return pack([int(b != 0) for b in bits], 1), stored
    if tensor.encoding == NIBBLE_GAP:
        return _gaps(places), stored
    shape = tensor.shape
    rows = shape[0] if len(shape) > 1 else 1
    columns = int(np.prod(shape[1:])) if len(shape) > 1 else len(bits)
    pointers = [sum(p < r * columns for p in places) for r in range(rows + 1)]
    return (np.array(pointers, "<u4").tobytes()
            + np.array([p % columns for p in places], "<u2").tobytes(), stored)


def _blocks(tensor):
    shape = tensor.shape
    outputs, inputs = (shape[0], shape[1]) if len(shape) > 1 else (1, tensor.elements.size)
    taps = int(np.prod(shape[2:]))
    bits = np.array(tensor.bits(), object).reshape(outputs, inputs, taps)
    blocks = [list(bits[o, b: b + 4, t]) for o in range(outputs) for t in range(taps)
              for b in range(0, inputs, 4)]
    stored = [i for i, block in enumerate(blocks) if any(block)]
    values = [element for i in stored for element in blocks[i]]
    if tensor.encoding == BLOCK:
        return pack([int(any(block)) for block in blocks], 1), values
    return _gaps(stored), values


def _panels(tensor):
    quantum, groups, side = tensor.order
    shape = tensor.shape
    outputs, inputs, taps = shape[0] // groups, shape[1], int(np.prod(shape[2:]))
    bits = np.array(tensor.bits(), object).reshape(groups, outputs, inputs, taps)
    r = -(-side * inputs // quantum) * quantum
    words = taps // side * r // quantum
    values = [0] * (groups * -(-outputs // 16) * words * 16 * quantum)
    for g in range(groups):
        for c in range(outputs):
            for i in range(inputs):
                for t in range(taps):
                    e = t // side * r + t % side * inputs + i
                    panel = g * -(-outputs // 16) + c // 16
                    place = ((panel * words + e // quantum) * 16 + c % 16) * quantum + e % quantum
                    values[place] = bits[g, c, i, t]
    return b"", values


def _palette(tensor):
    bits = tensor.bits()
    palette = sorted(set(bits))
    width = max(1, (len(palette) - 1).bit_length())
    positions = np.array(palette, f"<u{tensor.elements.itemsize}").tobytes()
    return positions, pack([palette.index(b) for b in bits], width)


_ENCODERS = {DENSE: lambda tensor: (b"", tensor.bits()), BITMASK: _singles, NIBBLE_GAP: _singles,
             CSR16: _singles, BLOCK: _blocks, BLOCK_GAP: _blocks, PANELS: _panels,
             PALETTE: _palette}


class Value:
    """A value; `tensor` is the number of the constant's tensor, `shape` None an open one."""

    def __init__(self, name, type=FLOAT32, shape=(), tensor=None, scale=None, zero=0):
        self.name, self.type, self.shape, self.tensor = name, type, shape, tensor
        self.scale, self.zero = scale, zero


class Node:
    """A node: operands are numbers of values, or None; attributes name: (kind, content)."""

    def __init__(self, operator, inputs=(), outputs=(), name="", attributes=(), bodies=()):
        self.operator, self.name, self.inputs, self.outputs = operator, name, inputs, outputs
        self.attributes, self.bodies = dict(attributes), bodies


class Body:
    """The graph of a body: the names of its values, numbers elsewhere."""

    def __init__(self, name, values, inputs, outputs, nodes):
        self.name, self.values, self.inputs, self.outputs = name, values, inputs, outputs
        self.nodes = nodes


class File:
    """Everything that a file holds."""

    def __init__(self, name="graph", values=(), inputs=(), outputs=(), nodes=(), tensors=(),
                 metadata=b"", ancillary=(), release=0, minor=0, compatible=0, signature=None):
        self.name, self.values, self.inputs, self.outputs = name, values, inputs, outputs
        self.nodes, self.tensors, self.metadata = nodes, tensors, metadata
        self.ancillary, self.release, self.minor = ancillary, release, minor
        self.compatible = compatible
        self.signature = signature

    def strings(self):
        """Every string, in order."""
        found = {self.name} | {v.name for v in self.values} | {t.name for t in self.tensors}

        def visit(nodes):
            for node in nodes:
                found.update((node.operator, node.name))
                for name, (kind, content) in node.attributes.items():
                    found.add(name)
                    found.update([content] if kind == 3 else content if kind == 6 else [])
                for body in node.bodies:
                    found.update([body.name, *body.values])
                    visit(body.nodes)

        visit(self.nodes)
        return sorted(found, key=lambda s: s.encode())

    def depends_on_data(self):
        return any(v.shape is None for v in self.values) or any(n.bodies for n in self.nodes)

    def encoded(self):
        """The bytes of the file."""
        strings = self.strings()
        number = {s: i for i, s in enumerate(strings)}
        text = [s.encode() for s in strings]
        offsets = [sum(map(len, text[:i])) for i in range(len(text) + 1)]
        names = struct.pack(f"<I{len(offsets)}I", len(text), *offsets) + b"".join(text)
        values = b"".join(self._value(v, number) for v in self.values)
        graph = struct.pack(f"<I{len(self.inputs)}I{len(self.outputs)}I", number[self.name],
                            *self.inputs, *self.outputs)
        graph += b"".join(self._node(n, number, self.depends_on_data()) for n in self.nodes)
        sections = [(1 | CRITICAL, names), (2 | CRITICAL, values),
                    (3 | CRITICAL, bytes(128 * len(self.tensors))), (4 | CRITICAL, graph),
                    (5, self.metadata), *self.ancillary, (6 | CRITICAL, b"")]
        if self.signature is not None:
            sections.insert(0, (7, self.signature))
        place, starts = 128 + 64 * len(sections), []
        for _, content in sections:
            place = -(-place // 64) * 64
            starts.append(place)
            place += len(content)
        records, data = self._tensors(starts[-1], number)
        sections[-1] = (6 | CRITICAL, data)
        sections[sections.index((3 | CRITICAL, bytes(len(records))))] = (3 | CRITICAL, records)
        table = b"".join(
            struct.pack("<IIQQ32s8x", kind, 0, start, len(content),
                        bytes(32) if kind in (6 | CRITICAL, 7) else hashlib.sha256(content).digest())
            for (kind, content), start in zip(sections, starts))
        size = starts[-1] + len(data)
        header = struct.pack(
            "<8sIHHQQQ6IQ32s20x", b"\x89PARE\r\n\x1a", 0x01020304, 1, self.minor, size,
            self.depends_on_data(), self.compatible, len(sections), len(self.values),
            len(self.tensors), len(self.nodes), len(self.inputs), len(self.outputs), self.release,
            hashlib.sha256(table).digest())
        file = bytearray(size)
        file[:128] = header + struct.pack("<I", zlib.crc32(header))
        file[128:128 + len(table)] = table
        for (_, content), start in zip(sections, starts):
            file[start:start + len(content)] = content
        return bytes(file)

    def _tensors(self, start, number):
        records, data = [], b""
        for t in self.tensors:
            data += bytes(-len(data) % 64)
            positions, values = t.streams()
            scales = t.scale_bytes()
            streams = positions + bytes(-len(positions) % 16) + values
            streams += bytes(-len(streams) % 16) + scales
            quantum, groups, side = t.order
            order = struct.pack("<BBHII", 16, quantum, 0, groups, side)
            records.append(struct.pack(
                "<5B3x8I5QI12s32s", t.type, t.encoding, len(t.shape), t.flags(), t.axis or 0,
                *t.shape, *[0] * (8 - len(t.shape)), start + len(data), len(positions),
                len(values), len(scales), int(np.count_nonzero(t.bits())), number[t.name],
                order if t.encoding == PANELS else bytes(12), hashlib.sha256(streams).digest()))
            data += streams
        return b"".join(records), data

    @staticmethod
    def _value(v, number):
        shape = () if v.shape is None else v.shape
        return struct.pack("<I4B8IIfi12x", number[v.name], v.type,
                           255 if v.shape is None else len(shape), v.scale is not None, 0, *shape,
                           *[0] * (8 - len(shape)), 0 if v.tensor is None else v.tensor + 1,
                           v.scale or 0, v.zero)

    def _node(self, node, number, has_bodies):
        operands = [0xFFFFFFFF if n is None else n for n in (*node.inputs, *node.outputs)]
        words = struct.pack(f"<5I{len(operands)}I", number[node.operator], number[node.name],
                            len(node.inputs), len(node.outputs), len(node.attributes), *operands)
        for name in sorted(node.attributes, key=lambda s: s.encode()):
            kind, content = node.attributes[name]
            items = [content] if kind < 4 else list(content)
            if kind in (3, 6):
                items = [number[item] for item in items]
            form = {1: "q", 2: "f", 3: "I", 4: "q", 5: "f", 6: "I"}[kind]
            words += struct.pack(f"<3I{len(items)}{form}", number[name], kind, len(items), *items)
        if has_bodies:
            words += struct.pack("<I", len(node.bodies))
            for body in node.bodies:
                words += struct.pack(
                    f"<5I{len(body.values)}I{len(body.inputs)}I{len(body.outputs)}I",
                    number[body.name], len(body.values), len(body.inputs), len(body.outputs),
                    len(body.nodes), *(number[v] for v in body.values), *body.inputs, *body.outputs)
                words += b"".join(self._node(n, number, True) for n in body.nodes)
        return words


def sections(file):
    """Of each entry of the table: its place, kind, offset and size."""
    (count,) = struct.unpack_from("<I", file, 40)
    count = min(count, (len(file) - 128) // 64)
    return [(128 + 64 * i, *struct.unpack_from("<I4xQQ", file, 128 + 64 * i)) for i in range(count)]


def resealed(file):
    """The file with every digest and the checksum made right again, wherever that can be done."""
    file = bytearray(file)

    def digest(place, start, end):
        if start <= end <= len(file):
            file[place:place + 32] = hashlib.sha256(file[start:end]).digest()

    for place, kind, start, size in sections(file):
        if kind == 3 | CRITICAL:
            for record in range(start, min(start + size, len(file)) - 127, 128):
                offset, positions, values, scales = struct.unpack_from("<4Q", file, record + 40)
                end = offset + -(-positions // 16) * 16
                digest(record + 96, offset, -(-(end + values) // 16) * 16 + scales)
    for place, kind, start, size in sections(file):
        if kind not in (6 | CRITICAL, 7):
            digest(place + 24, start, start + size)
    (count,) = struct.unpack_from("<I", file, 40)
    digest(72, 128, 128 + 64 * count)
    struct.pack_into("<I", file, 124, zlib.crc32(file[:124]))
    return bytes(file)
