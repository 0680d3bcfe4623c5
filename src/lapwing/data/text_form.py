"""Text form: how values, names and places look in a text file in columns.

Owns cells, header values and references, in both directions, without loss.
Must not know files, runs or the order of lines.
Test: any value there and back, as a cell and in a header.

A cell is one token without white space, so that every program that splits lines can
read the rows. Numbers are written in full (``repr``), booleans as 1 and 0, a missing
number as ``nan``, any other missing value as ``null``, a text as it is if it is a plain
word and else in quotes with JSON's escapes. A header value is a line's rest: text as it
is where nothing else could be meant, all else as JSON.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from lapwing.data.lines import encode_value

SEPARATOR = "||"
LONGEST = 2000
"""Characters of a header value; what is longer is in the HDF5 file only."""

LARGEST = 64
"""Elements that an array has at most in a cell or header value."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.:+/-]*")
_NOT_WORDS = {"nan", "inf", "infinity", "null"}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_ARROW = "->"
_ESCAPES = {" ": r"\u0020", "#": r"\u0023", "|": r"\u007c"}


class Elsewhere(NamedTuple):
    """Where a value is that is not in the text file.

    Attributes:
        file: Name of the HDF5 file, as seen from the text file.
        dataset: Path of the dataset in it.
    """

    file: str
    dataset: str

    def __str__(self) -> str:
        return f"{_ARROW} {self.file}:{self.dataset}"


# ---------------------------------------------------------------- cells


def token(text: str) -> str:
    """Return a text as one token without white space."""
    if _WORD.fullmatch(text) and text.lower() not in _NOT_WORDS:
        return text
    return _compact(text)


def cell(value: Any, is_number: bool) -> str:
    """Return a value as a cell of a row.

    Args:
        value: Anything. An array with more than `LARGEST` elements becomes ``->``: it
            is in the HDF5 file only.
        is_number: Whether the column is one of numbers: then a missing value is
            ``nan``, which other programs can read.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return "nan" if is_number else "null"
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return token(value)
    return _compact(value) if _is_small(value) else _ARROW


def value_of(text: str) -> Any:
    """Return the value of a cell.

    Raises:
        ValueError: It is none.
    """
    if text[0] in '"[{':
        return json.loads(text)
    if text in ("null", _ARROW):
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def _compact(value: Any) -> str:
    plain = json.loads(encode_value(value))
    text = json.dumps(plain, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)  # there is none outside of texts
    return text


def _is_small(value: Any) -> bool:
    try:
        return np.size(value) <= LARGEST
    except ValueError:  # ragged
        return len(value) <= LARGEST


# ---------------------------------------------------------------- header values


def header_value(value: Any, place: Callable[[], Elsewhere]) -> str:
    """Return a value as the rest of a header line, or where it is if it is long.

    Args:
        value: Anything.
        place: Says where it is in the HDF5 file.
    """
    if isinstance(value, np.ndarray) and value.size > LONGEST:
        return str(place())
    text = one_line(value) if isinstance(value, str) and value else _json(value)
    return text if len(text) <= LONGEST else str(place())


def one_line(text: str) -> str:
    """Return a text as the rest of a header line, or a part of it; "" as it is."""
    return text if _means_itself(text) else _json(text)


def _json(value: Any) -> str:
    text = encode_value(value).decode("utf-8").strip()
    return text.replace("|", _ESCAPES["|"])  # there is none outside of texts


def header_value_of(text: str) -> Any:
    """Return the value of a header line; an `Elsewhere` if it is not in it."""
    if text.startswith(_ARROW):
        file, _, path = text.removeprefix(_ARROW).strip().partition(":/")
        return Elsewhere(file, f"/{path}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _means_itself(text: str) -> bool:
    if not text.isprintable() or text != text.strip() or SEPARATOR in text:
        return False
    return header_value_of(text) == text


def pv_name(data_key: Any) -> str:
    """Return the PV of a data key; of sources of other kinds all that is told."""
    source = data_key.get("source")
    source = source if isinstance(source, str) else ""
    for kind in ("ca://", "PV:"):
        source = source.removeprefix(kind)
    return source


def moment(time: float) -> str:
    """Return a time, in seconds since 1970, as ISO 8601 with the local zone."""
    try:
        local = datetime.fromtimestamp(time).astimezone()
    except (ValueError, OverflowError, OSError):  # of a clock that is far off
        return "unknown"
    return local.isoformat(timespec="seconds")
