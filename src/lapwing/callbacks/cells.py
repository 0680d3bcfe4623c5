"""Cells: how one value looks in a column of a table or in a sentence.

Owns the formatting of values and of column heads.
Must not know documents or screens.
Test: format every kind of value that a device may give.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from lapwing.callbacks.fields import Field

MIN_WIDTH = 9
MAX_WIDTH = 16


def cell(value: Any, field: Field, width: int) -> str:
    """Return a value as text of at most ``width`` characters, never raising.

    Numbers have the decimals of the field's precision; those that do not fit, or
    would show as zero without being a position, are written with an exponent.
    Arrays show their shape.

    Args:
        value: Whatever a device gave.
        field: What is known of it.
        width: Characters that there are; at least 7.
    """
    if value is None:
        return "-"
    if isinstance(value, np.ndarray | list | tuple):
        return clip(_shape(value), width)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        # A position of exactly 5 must not stand out of a column of decimals.
        if field.dtype == "number" and field.precision and abs(int(value)) < 1e15:
            return _number(float(value), field, width)
        return _whole(int(value), width)
    if isinstance(value, float | np.floating):
        return _number(float(value), field, width)
    return clip(" ".join(str(value).split()), width)


def clip(text: str, width: int) -> str:
    """Cut a text to a width; "~" at its end says that there was more."""
    return text if len(text) <= width else text[: width - 1] + "~"


def number(value: float, decimals: int) -> str:
    """Return a number for a sentence, with so many decimals if that is sensible."""
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.4g}"
    return _no_minus_zero(f"{value:.{decimals}f}")


def column_width(field: Field) -> int:
    """Return how wide the column of a field had best be."""
    longest = max(len(field.units), *map(len, _words(field.name)))
    return max(MIN_WIDTH, min(MAX_WIDTH, max(longest, len(field.name))))


def head(field: Field, width: int) -> list[str]:
    """Return the name of a field as lines that fit into a column.

    A name that is too long is broken after "_", "-", ":", "." or where it must.
    """
    lines = [""]
    for word in _words(field.name):
        if len(lines[-1]) + len(word) <= width:
            lines[-1] += word
            continue
        pieces = [word[i : i + width] for i in range(0, len(word), width)]
        lines += pieces if lines[-1] else pieces[1:]
        if not lines[0]:
            lines[0] = pieces[0]
    return lines


def _words(name: str) -> list[str]:
    return re.findall(r"[^_\-:.]*[_\-:.]+|[^_\-:.]+", name) or [name]


def _shape(value: np.ndarray | Sequence[Any]) -> str:
    shape = value.shape if isinstance(value, np.ndarray) else (len(value),)
    return f"[{'x'.join(map(str, shape))}]"


def _whole(value: int, width: int) -> str:
    # Python refuses to print integers of thousands of digits.
    if abs(value) < 10 ** (width - 1):
        return str(value)
    try:
        return _fitting(float(value), width, f"{float(value):.3e}")
    except OverflowError:
        return ">1e308" if value > 0 else "<-1e308"


def _number(value: float, field: Field, width: int) -> str:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    decimals = field.precision
    if decimals is None:
        return _fitting(value, width, f"{value:.6g}")
    # A current of 1e-9 A with a precision of 3 is not zero; a position is.
    too_small = 0 < abs(value) < 0.5 * 10.0**-decimals and not field.dimension
    if too_small or abs(value) >= 1e15:
        return _fitting(value, width, f"{value:.4g}")
    return _fitting(value, width, _no_minus_zero(f"{value:.{decimals}f}"))


def _fitting(value: float, width: int, text: str) -> str:
    """Return the text if it fits, else as many digits as do."""
    if len(text) <= width:
        return text
    for digits in range(min(width, 17), 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= width:
            return text
    return text


def _no_minus_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text
