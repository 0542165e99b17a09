"""Reads ``.pare`` model files, version 1 of docs/Format.md, with numpy alone.

>>> import pare_reader
>>> model = pare_reader.open("digits.pare")
>>> model.tensor("conv1.weight").dtype
dtype('float32')
"""

from .errors import FormatError
from .graph import Graph, Node
from .layout import Section
from .model import Model, open
from .records import Record, Value

__all__ = ["FormatError", "Graph", "Model", "Node", "Record", "Section", "Value", "open"]
