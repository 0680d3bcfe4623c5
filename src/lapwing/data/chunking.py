"""Chunking: the shape of an array that lies in files, and the pieces it comes in.

Owns joining the arrays of events into one, its chunks, and names of numbered files.
Must not read a file, nor know documents.
Test: shapes and chunks worked out by hand.
"""

import re
from collections.abc import Sequence
from typing import Literal

Join = Literal["stack", "concat"]

_NUMBER = re.compile(r"%(?P<flags>[-+ 0#]*)(?P<width>\d*)(?:\.(?P<digits>\d+))?d")


def joined_shape(num_rows: int, row: Sequence[int], join: Join) -> tuple[int, ...]:
    """Return the shape of the arrays of all events together.

    Args:
        num_rows: Number of events.
        row: Shape of what one event has.
        join: "stack" gives them an axis of their own, the first; "concat" appends
            them along the first axis that they have.
    """
    if join == "stack" or not row:
        return (num_rows, *row)
    return (num_rows * row[0], *row[1:])


def chunks_of(
    num_rows: int,
    row: Sequence[int],
    join: Join,
    chunk_shape: Sequence[int],
    *,
    across_rows: bool = True,
) -> tuple[tuple[int, ...], ...]:
    """Return the sizes of chunks along each axis.

    Args:
        num_rows: Number of events.
        row: Shape of what one event has.
        join: As of `joined_shape`.
        chunk_shape: Largest size of a chunk along the first axes; along the others,
            and if it is empty, chunks reach from end to end.
        across_rows: Whether a chunk may hold parts of several events that are
            appended to each other.
    """
    shape = joined_shape(num_rows, row, join)
    sizes = [*chunk_shape, *shape[len(chunk_shape) :]][: len(shape)]
    inner = tuple(
        _pieces(n, size) for n, size in zip(shape[1:], sizes[1:], strict=True)
    )
    if num_rows == 0 or not chunk_shape:
        return ((shape[0],), *inner)
    if join == "concat" and row and not across_rows:
        return (_pieces(row[0], sizes[0]) * num_rows, *inner)
    return (_pieces(shape[0], sizes[0]), *inner)


def _pieces(length: int, size: int) -> tuple[int, ...]:
    """Return the lengths of pieces of at most a size that make up a length."""
    size = max(1, min(size, length))
    whole, rest = divmod(length, size)
    return (size,) * whole + ((rest,) if rest else ())


def brace_template(template: str, filename: str = "") -> str:
    """Return a template of numbered names in the style of ``str.format``.

    Args:
        template: Such as ``"%s_%06d.tiff"``, the style of area detectors, or
            ``"{:s}_{:06d}.tiff"``.
        filename: What stands in the place of the text.
    """
    named = template.replace("%s", filename).replace("{:s}", filename)
    return _NUMBER.sub(_as_braces, named)


def _as_braces(found: "re.Match[str]") -> str:
    flags, digits = found["flags"], found["digits"]
    left = "<" if "-" in flags else ""
    sign = "+" if "+" in flags else " " if " " in flags else ""
    zero = "0" if not left and ("0" in flags or digits) else ""
    return f"{{:{left}{sign}{zero}{digits or found['width']}d}}"
