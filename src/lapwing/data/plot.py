"""Plot: what a viewer should show when it opens a run's file.

Owns the choice of signal and axes, and the order of a grid's points.
Must not know files; it looks at start document and descriptors only.
Test: hand it records; compare the order with the plans that made it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapwing.data.record import Record, Stream

TIME = "time"


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectilinear grid of points; the first axis is the slowest.

    Attributes:
        shape: Number of points along each axis.
        snaking: Whether an axis is run through to and fro.
        extents: First and last position of each axis; None where unknown.
    """

    shape: tuple[int, ...]
    snaking: tuple[bool, ...]
    extents: tuple[tuple[float, float] | None, ...]

    def index_of(self, seq_num: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return where points lie in the image, row by row.

        Args:
            seq_num: Numbers of the points in the order taken, from 1, ``(n,)``.

        Returns:
            Flat indices into an array of ``shape``, ``(n,)``; -1 for a number
            that is not on the grid.
        """
        order = np.asarray(seq_num, np.int64) - 1
        total = math.prod(self.shape)
        flat = np.zeros_like(order)
        inner = total
        for size, snake in zip(self.shape, self.snaking, strict=True):
            lap, inner = order // inner, inner // size
            along = order // inner % size
            if snake:
                along = np.where(lap % 2 == 1, size - 1 - along, along)
            flat = flat * size + along
        return np.where((order >= 0) & (order < total), flat, -1)


@dataclass(frozen=True, slots=True)
class Plot:
    """What to show.

    Attributes:
        stream: Name of the stream that holds it.
        signals: Data keys; the first is the signal.
        dimensions: Fields of each independent dimension; ``("time",)`` is time.
        grid: The grid on which the points lie, or None.
    """

    stream: str
    signals: tuple[str, ...]
    dimensions: tuple[tuple[str, ...], ...]
    grid: Grid | None = None

    @property
    def axes(self) -> list[str]:
        """One field for each dimension."""
        return [fields[0] for fields in self.dimensions]


def choose_plot(record: Record) -> Plot | None:
    """Choose what to show, as the hints in the documents say.

    Returns:
        None if no stream has a numeric field.
    """
    dimensions, name = _dimensions(record)
    stream = record.streams.get(name) or _main_stream(record)
    if stream is None:
        return None
    known = stream.data_keys
    dimensions = [
        [f for f in fields if f in known or f == TIME] for fields in dimensions
    ]
    if not dimensions or not all(dimensions):
        dimensions = _motors(record, stream) or [[TIME]]
    signals = _signals(record, stream, {f for fields in dimensions for f in fields})
    if not signals:
        return None
    fields = tuple(tuple(names) for names in dimensions)
    return Plot(
        stream.name, tuple(signals), fields, _grid(record, stream, signals, fields)
    )


def _dimensions(record: Record) -> tuple[list[list[str]], str]:
    hints = record.start.get("hints")
    given = hints.get("dimensions") if isinstance(hints, Mapping) else None
    dimensions, names = [], []
    for entry in given or ():
        if not (isinstance(entry, list | tuple) and len(entry) == 2):
            return [], "primary"
        fields = [entry[0]] if isinstance(entry[0], str) else entry[0]
        dimensions.append([str(field) for field in fields])
        names.append(str(entry[1]))
    return dimensions, names[0] if names else "primary"


def _main_stream(record: Record) -> Stream | None:
    streams = list(record.streams.values())
    main = [stream for stream in streams if not stream.is_auxiliary]
    return next(iter(main or streams), None)


def _motors(record: Record, stream: Stream) -> list[list[str]]:
    fields = []
    for motor in record.names("motors"):
        keys = stream.hinted(motor) or stream.objects.get(motor, [])
        if keys and _is_number(stream.data_keys.get(keys[0], {})):
            fields.append(keys[0])
    # One dimension: without hints nobody says that the motors are independent.
    return [fields] if fields else []


def _signals(record: Record, stream: Stream, axes: set[str]) -> list[str]:
    first = [name for name in record.names("detectors") if name in stream.objects]
    motors = record.names("motors")
    rest = [name for name in stream.objects if name not in (*first, *motors)]
    keys = stream.event_keys
    hinted = [f for d in (*first, *rest) for f in stream.hinted(d)]
    others = [f for d in (*first, *rest) for f in stream.objects[d]]
    for fields in (hinted, others, list(keys)):
        fields = [f for f in dict.fromkeys(fields) if f in keys and f not in axes]
        if scalars := [f for f in fields if _is_number(keys[f])]:
            return scalars
        if arrays := [f for f in fields if _is_spectrum(keys[f])]:
            return arrays[:1]
    # A plan that reads only its motors is shown as these.
    return [f for f in keys if f in axes and _is_number(keys[f])]


def _is_number(data_key: Mapping[str, Any]) -> bool:
    numeric = data_key.get("dtype") in ("number", "integer")
    return numeric and not data_key.get("shape") and not data_key.get("external")


def _is_spectrum(data_key: Mapping[str, Any]) -> bool:
    is_array = data_key.get("dtype") == "array" and not data_key.get("external")
    return is_array and all(isinstance(n, int) for n in data_key.get("shape") or [None])


def _grid(
    record: Record, stream: Stream, signals: Sequence[str], dimensions: Sequence[Any]
) -> Grid | None:
    start = record.start
    hints = start.get("hints")
    shape = start.get("shape")
    if not isinstance(hints, Mapping) or hints.get("gridding") != "rectilinear":
        return None
    if not isinstance(shape, list | tuple) or len(shape) != len(dimensions):
        return None
    if len(shape) < 2 or not all(isinstance(n, int) and n > 0 for n in shape):
        return None
    if not _is_number(stream.data_keys[signals[0]]):
        return None
    axes = range(len(shape))
    snaking, extents = start.get("snaking") or (), start.get("extents") or ()
    return Grid(
        tuple(shape),
        tuple(bool(snaking[i]) if i < len(snaking) else False for i in axes),
        tuple(_extent(extents[i]) if i < len(extents) else None for i in axes),
    )


def _extent(pair: Any) -> tuple[float, float] | None:
    try:
        first, last = (float(value) for value in pair)
    except (TypeError, ValueError):
        return None
    return first, last
