"""Final type: what the values of a data key turned out to be, all of them.

Owns the choice of a type that holds every value of a finished run.
Must not know files; it looks at one value after the other and forgets it.
Test: show it values, ask for the type.
"""

from typing import Any, Literal

import numpy as np

from lapwing.data.columns import Column

Form = Literal["column", "text", "numbers", "ragged", "json"]

_EXACT = 2**53


class FinalType:
    """The type of a data key some of whose values did not fit its column.

    Args:
        column: The type of those that did; None if there was no column.

    Attributes:
        shape: Of arrays that differ in shape, the shape that holds all.
    """

    def __init__(self, column: Column | None):
        self.column = column
        self.shape: tuple[int, ...] | None = None
        self._kinds: set[str] = set()
        self._array_kinds: set[str] = set()
        self._ranks: set[int] = set()
        self._low = self._high = 0
        if column is not None and column.shape:
            self._see_array(column.shape, column.dtype.kind)

    def see(self, value: Any) -> None:
        """Take note of a value that does not fit the column."""
        if isinstance(value, list | np.ndarray):
            array = as_numbers(value)
            if array is None:
                self._kinds.add("other")
            else:
                kind = "i" if array.size == 0 else array.dtype.kind
                self._see_array(array.shape, kind)
                self.see_integers(array)
        elif value is None:
            self._kinds.add("none")
        elif isinstance(value, bool):
            self._kinds.add("bool")
        elif isinstance(value, int):
            self._kinds.add("int")
            self._low, self._high = min(self._low, value), max(self._high, value)
        elif isinstance(value, float):
            self._kinds.add("float")
        elif isinstance(value, str):
            self._kinds.add("text" if _storable(value) else "other")
        else:
            self._kinds.add("other")

    def see_integers(self, block: np.ndarray[Any, Any]) -> None:
        """Take note of values that do fit: how large the integers are."""
        if block.dtype.kind in "iu" and block.size:
            self._low = min(self._low, int(block.min()))
            self._high = max(self._high, int(block.max()))

    @property
    def form(self) -> Form:
        """How the values are to be written.

        ``numbers``: floats, NaN for none. ``text``: texts of any length.
        ``ragged``: arrays, filled up to the largest. ``json``: each as JSON text.
        """
        scalar = self.column is not None and not self.column.shape
        if self._ranks:
            even = len(self._ranks) == 1 and self._kinds <= {"none"}
            return "ragged" if even and not scalar and self._holds_arrays() else "json"
        is_text = self.column is not None and self.column.dtype.kind == "S"
        if is_text or (self.column is None and "text" in self._kinds):
            return "text" if self._kinds <= {"text"} else "json"
        numeric = self._kinds <= {"none", "bool", "int", "float"}
        return "numbers" if numeric and self._integers_within(_EXACT) else "json"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of ragged arrays' elements: floats if any is one."""
        return np.dtype("f8" if "f" in self._array_kinds else "i8")

    def _holds_arrays(self) -> bool:
        largest = _EXACT if "f" in self._array_kinds else 2**63 - 1
        return "c" not in self._array_kinds and self._integers_within(largest)

    def _integers_within(self, largest: int) -> bool:
        return -largest <= self._low and self._high <= largest

    def _see_array(self, shape: tuple[int, ...], kind: str) -> None:
        self._ranks.add(len(shape))
        self._array_kinds.add(kind)
        old = self.shape
        if old is None or len(old) != len(shape):
            self.shape = shape
        else:
            self.shape = tuple(max(a, b) for a, b in zip(old, shape, strict=True))


def as_numbers(value: Any) -> np.ndarray[Any, Any] | None:
    """Return a list as an array of numbers, or None if it is none."""
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    if array.dtype.kind in "bif" or array.size == 0:
        return array
    return None


def _storable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text
