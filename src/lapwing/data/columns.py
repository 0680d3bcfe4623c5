"""Columns: the fixed type that a data key has while its run goes on.

Owns the choice of type and shape, and the test whether a value fits exactly.
Must not know files or documents other than data keys.
Test: choose a column, fit lists of values, look at which do not fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

TEXT_BYTES = 128
"""UTF-8 bytes that a text may have in a fixed column; longer ones do not fit."""

_TEXT = np.dtype(f"S{TEXT_BYTES}")
_EXACT = 2**53
_KINDS = {"f": "f8", "i": "i8", "u": "u8", "b": "?"}
_SCALARS = {"number": "f8", "integer": "i8", "boolean": "?"}


@dataclass(frozen=True, slots=True)
class Column:
    """The type of one value of a data key.

    Attributes:
        dtype: Type of the elements; ``S{TEXT_BYTES}`` for text.
        shape: Shape of one value; ``()`` for a scalar.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of one value."""
        return self.dtype.itemsize * int(np.prod(self.shape, dtype=np.int64))

    def blank(self, count: int) -> np.ndarray[Any, Any]:
        """Return ``count`` values that stand for none: NaN, 0, False or ""."""
        filler = np.nan if self.dtype.kind in "fc" else np.zeros((), self.dtype)
        return np.full((count, *self.shape), filler, self.dtype)


FLOAT = Column(np.dtype("f8"))


def choose_column(data_key: Mapping[str, Any], sample: Any = None) -> Column | None:
    """Choose the fixed type of a data key.

    Args:
        data_key: Its entry in a descriptor: ``dtype``, ``shape``, perhaps
            ``dtype_numpy`` and ``external``.
        sample: The first value, if there is one. What an array really is counts
            more than what the descriptor says of it.

    Returns:
        The column, or None if the values have no fixed type (unknown shape,
        lists of text): these are kept as text until the run is over.
    """
    dtype, declared = data_key.get("dtype"), data_key.get("dtype_numpy")
    if data_key.get("external") or isinstance(sample, str):
        return Column(_TEXT)
    first = _array(sample)
    if first.ndim > 0:
        return _column(first.dtype, first.shape) if first.size else None
    if dtype == "array" and first.dtype.kind in _KINDS:
        return Column(np.dtype(_KINDS[first.dtype.kind]))
    if dtype == "array" or data_key.get("shape"):
        return _declared_array(declared, data_key.get("shape") or ())
    if dtype == "string":
        return Column(_TEXT)
    if dtype == "integer" and isinstance(declared, str) and "u8" in declared:
        return Column(np.dtype("u8"))
    return Column(np.dtype(_SCALARS.get(str(dtype), "f8")))


def fit(
    values: Sequence[Any], column: Column
) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Put values into a column's type, exactly or not at all.

    Args:
        values: One value a row.
        column: The type.

    Returns:
        An array ``(len(values), *column.shape)`` and the indices of the rows whose
        value does not fit without loss; these rows are blank.
    """
    block = _convert(values, column)
    if block is not None:
        return block, []
    block, misfits = column.blank(len(values)), []
    for index, value in enumerate(values):
        one = _convert([value], column)
        if one is None:
            misfits.append(index)
        else:
            block[index] = one[0]
    return block, misfits


def _convert(values: Sequence[Any], column: Column) -> np.ndarray[Any, Any] | None:
    if column.dtype.kind == "S":
        return _convert_texts(values)
    block = _array(values)
    if block.dtype.kind not in "biufc" or block.shape != (len(values), *column.shape):
        return None
    # Among floats a large integer would become one, and perhaps another number.
    mixed = block.dtype.kind == "f" and not column.shape and len(values) > 1
    if mixed and (np.abs(block) >= _EXACT).any():
        return None
    return cast_exactly(block, column.dtype)


def cast_exactly(
    block: np.ndarray[Any, Any], dtype: np.dtype[Any]
) -> np.ndarray[Any, Any] | None:
    """Return numbers as another type, or None if one of them would change."""
    if block.dtype == dtype:
        return block
    kind, into = block.dtype.kind, dtype.kind
    integer = kind in "iu"
    if np.can_cast(block.dtype, dtype, "safe") and not (integer and into in "fc"):
        return block.astype(dtype)
    if "c" in (kind, into):
        return None
    with np.errstate(all="ignore"):
        cast = block.astype(dtype)
        same = cast.astype(block.dtype) == block
    # The way back alone does not tell: -1 as u8 and back is -1 again.
    if integer and into in "iu":
        same &= (cast < 0) == (block < 0)
    elif "f" in (kind, into) and kind != into:
        same &= np.abs(block.astype("f8")) < 2.0**63
    elif kind == "f":
        same |= np.isnan(block)
    return cast if same.all() else None


def _convert_texts(values: Sequence[Any]) -> np.ndarray[Any, Any] | None:
    if not all(isinstance(value, str) for value in values):
        return None
    try:
        texts = [value.encode("utf-8") for value in values]
    except UnicodeEncodeError:
        return None
    if any(len(text) > TEXT_BYTES or b"\0" in text for text in texts):
        return None
    return np.array(texts, _TEXT)


def _declared_array(declared: Any, shape: Sequence[Any]) -> Column | None:
    if not shape or not all(isinstance(n, int) and n > 0 for n in shape):
        return None
    dtype = np.dtype("f8")
    if isinstance(declared, str):
        try:
            dtype = np.dtype(declared)
        except TypeError:
            return None
    elif declared is not None:
        return None
    return _column(dtype, tuple(shape))


def _column(dtype: np.dtype[Any], shape: tuple[int, ...]) -> Column | None:
    if dtype.kind not in "biufc" or dtype.itemsize > 16:
        return None
    if dtype.kind == "f" and dtype.itemsize > 8:
        dtype = np.dtype("f8")
    return Column(dtype.newbyteorder("="), shape)


def _array(values: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(values)
    except (ValueError, OverflowError):  # ragged, or beyond any integer
        return np.empty((), object)
