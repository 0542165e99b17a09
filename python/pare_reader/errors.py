"""What is wrong with a file."""

from __future__ import annotations


class FormatError(Exception):
    """A file breaks a rule of docs/Format.md.

    ``rule`` is the name of the rule in the page's table (``magic``, ``tensorDigest``, ...), or
    ``metadata`` where the metadata are not the canonical encoding of their message; ``offset`` is
    the byte of the file at which it is broken; ``message`` says what was found.
    """

    def __init__(self, rule: str, offset: int, message: str) -> None:
        super().__init__(f"{message} (rule {rule}, byte {offset})")
        self.rule = rule
        self.offset = int(offset)
        self.message = message


def check(holds: bool, rule: str, offset: int, message: str) -> None:
    """Raises a :class:`FormatError` unless ``holds``."""
    if not holds:
        raise FormatError(rule, offset, message)
