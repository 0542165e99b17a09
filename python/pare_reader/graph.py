"""The graph: inputs, outputs, nodes, attributes and bodies."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

from .errors import check
from .layout import Header, Section
from .names import canonical
from .records import Value

ABSENT = 0xFFFFFFFF
MOST_OPERANDS = 1 << 16
DEEPEST = 8
KINDS = {1: "int", 2: "float", 3: "string", 4: "ints", 5: "floats", 6: "strings"}

Attribute = Union[int, float, str, Tuple[int, ...], Tuple[float, ...], Tuple[str, ...]]


@dataclass
class Node:
    """One step. An operand that is left out is None.

    ``kinds`` says of which kind each attribute is: int, float, string, or many of them.
    """

    operator: str
    name: str
    inputs: List[Optional[Value]]
    outputs: List[Optional[Value]]
    attributes: Dict[str, Attribute]
    kinds: Dict[str, str]
    bodies: List["Graph"] = field(default_factory=list)


@dataclass
class Graph:
    """Values, and the nodes that compute them in order; of a body, values have a name alone."""

    name: str
    values: List[Value]
    inputs: List[Value]
    outputs: List[Value]
    nodes: List[Node]


def read_graph(section: Section, header: Header, names: List[str], values: List[Value]) -> Graph:
    """The graph, the rules of order checked."""
    reader = _Reader(section, names, header.depends_on_data)
    name = reader.string()
    defined = bytearray(value.tensor is not None for value in values)
    graph = reader.graph(name, values, header.inputs, header.outputs, header.nodes, defined, 0)
    check(reader.place == reader.end, "graphLength", section.offset + reader.place,
          "the graph goes on behind its last node")
    return graph


class _Reader:
    """A place in the section that moves on."""

    def __init__(self, section: Section, names: List[str], has_bodies: bool) -> None:
        self.data, self.start = section.data, section.offset
        self.place, self.end = 0, section.size
        self.names, self.has_bodies = names, has_bodies

    def here(self) -> int:
        return self.start + self.place

    def left(self) -> int:
        return self.end - self.place

    def words(self, count: int, rule: str = "graphLength") -> Tuple[int, ...]:
        """The next words, or ``rule`` where the section ends before the last."""
        whole = min(count, self.left() // 4)
        check(whole == count, rule, self.here() + 4 * whole, "the graph ends within a node")
        return self.take("I", count)

    def take(self, form: str, count: int) -> Tuple:
        """Numbers of one form, I, q or f, that are known to be there."""
        numbers = struct.unpack_from(f"<{count}{form}", self.data, self.place)
        self.place += count * (8 if form == "q" else 4)
        return numbers

    def word(self, rule: str = "graphLength") -> int:
        return self.words(1, rule)[0]

    def string(self) -> str:
        place, number = self.here(), self.word()
        check(number < len(self.names), "operandIndex", place, f"there is no string {number}")
        return self.names[number]

    def value(self, values: List[Value]) -> Value:
        place, number = self.here(), self.word()
        check(number < len(values), "operandIndex", place, f"there is no value {number}")
        return values[number]

    def operand(self, values: List[Value]) -> Optional[Value]:
        if self.data[self.place: self.place + 4] == b"\xff\xff\xff\xff":
            self.place += 4
            return None
        return self.value(values)

    def graph(self, name: str, values: List[Value], inputs: int, outputs: int, nodes: int,
              defined: bytearray, depth: int) -> Graph:
        start = self.here()
        graph = Graph(name, values, [], [], [])
        for _ in range(inputs):
            place, value = self.here(), self.value(values)
            check(not defined[value.number], "definedTwice", place,
                  f"the input {value.name!r} is a constant, or is listed twice")
            check(depth > 0 or value.shape is not None, "openShape", place, "an input has no shape")
            defined[value.number] = 1
            graph.inputs.append(value)
        graph.outputs.extend(self.value(values) for _ in range(outputs))
        for _ in range(nodes):
            node = self.node(values, depth)
            for operand in node.inputs:
                check(operand is None or bool(defined[operand.number]), "usedBeforeDefined",
                      self.here(), f"node {node.name!r} reads what is not defined yet")
            for result in node.outputs:
                if result is not None:
                    check(not defined[result.number], "definedTwice", self.here(),
                          f"{result.name!r} is defined twice")
                    defined[result.number] = 1
            graph.nodes.append(node)
        for output in graph.outputs:
            check(bool(defined[output.number]), "graphOutput", start,
                  f"the output {output.name!r} is never defined")
        return graph

    def node(self, values: List[Value], depth: int) -> Node:
        operator, name = self.string(), self.string()
        inputs, outputs, attributes = self.words(3)
        fits = max(inputs, outputs, attributes) <= MOST_OPERANDS
        check(fits and 4 * (inputs + outputs) + 12 * attributes <= self.left(), "entryCount",
              self.here(), "the operands of a node do not fit")
        node = Node(operator, name, [self.operand(values) for _ in range(inputs)],
                    [self.operand(values) for _ in range(outputs)], {}, {})
        last, known = -1, set()
        for _ in range(attributes):
            place = self.here()
            number = self.word("attribute")
            check(last < number < len(self.names), "attribute", place,
                  f"the names of attributes do not rise, or there is no string {number}")
            last = number
            self.attribute(node, self.names[number])
            known.add(canonical(self.names[number]))
            check(len(known) == len(node.attributes), "attribute", place,
                  f"attribute {self.names[number]!r} is there twice")
        if self.has_bodies:
            place = self.here()
            bodies = self.word("body")
            check(20 * bodies <= self.left(), "entryCount", place, f"{bodies} bodies do not fit")
            node.bodies.extend(self.body(depth + 1) for _ in range(bodies))
        return node

    def attribute(self, node: Node, name: str) -> None:
        place = self.here()
        kind, count = self.words(2, "attribute")
        check(kind in KINDS and (kind > 3 or count == 1)
              and count * (8 if kind in (1, 4) else 4) <= self.left(), "attribute", place,
              f"attribute {name!r} is of kind {kind}, with {count} entries")
        if kind in (3, 6):
            content: Tuple = tuple(self.string() for _ in range(count))
        else:
            content = self.take("q" if kind in (1, 4) else "f", count)
        node.attributes[name] = content if kind > 3 else content[0]
        node.kinds[name] = KINDS[kind]

    def body(self, depth: int) -> Graph:
        place = self.here()
        check(depth <= DEEPEST, "body", place, f"bodies lie more than {DEEPEST} deep")
        name = self.string()
        count, inputs, outputs, nodes = self.words(4, "body")
        check(4 * (count + inputs + outputs) + 24 * nodes <= self.left(), "entryCount", place,
              "the values and nodes of a body do not fit")
        values = [Value(number, self.string()) for number in range(count)]
        return self.graph(name, values, inputs, outputs, nodes, bytearray(count), depth)
