"""Values in messages: short, however long or deep they are.

Owns how much of a value a message shows.
Must not know what the value is for.
Test: ``shown(value)`` of something large.
"""

from reprlib import Repr
from typing import Any

_short = Repr()
_short.maxstring = _short.maxother = 80
_short.maxlist = _short.maxdict = _short.maxtuple = 6


def shown(value: Any) -> str:
    """Return a value as Python writes it, the middle left out where it is long."""
    return _short.repr(value)
