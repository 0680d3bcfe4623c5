"""Values in messages: short, however long or deep they are.

Owns how much of a value a message shows.
Must not know what the value is for.
Test: ``shown(value)`` of something large.
"""

from reprlib import Repr
from typing import Any

LONGEST = 1000
"""Letters of a value that has many parts."""

LONGEST_NUMBER = 200
"""Bits of a whole number that is shown digit by digit."""


class _Short(Repr):
    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write numbers of thousands of digits, and takes long for it.
        bits = x.bit_length()
        if bits <= LONGEST_NUMBER:
            return repr(x)
        return f"a whole number of about {int(bits * 0.30103) + 1} digits"


_short = _Short()
_short.maxstring = _short.maxother = 80
_short.maxlevel = 5
_short.maxlist = _short.maxdict = _short.maxtuple = 6


def shown(value: Any) -> str:
    """Return a value as Python writes it, the middle left out where it is long."""
    if type(value) is str and len(value) <= _short.maxstring:
        text = repr(value)  # most are, and this is quick
        if len(text) <= _short.maxstring:
            return text
    text = _short.repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
