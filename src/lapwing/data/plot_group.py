"""Plot group: the NXdata group that a viewer opens first.

Owns its links and attributes, and the image that a grid's points make.
Must not know documents, nor where the data come from.
Test: open a file with nexusformat and look at its plottable data.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from lapwing.data.layout import make_group, stream_path
from lapwing.data.plot import TIME, Grid, Plot

Block = tuple[np.ndarray[Any, Any], Mapping[str, np.ndarray[Any, Any]]]


def link_plot(
    entry: h5py.Group, plot: Plot, names: Mapping[str, str], ranks: Mapping[str, int]
) -> h5py.Group | None:
    """Make the default plot out of links: a curve, or points in a plane.

    Args:
        entry: The entry; the group will be its ``data``.
        plot: What to show.
        names: Names of the stream's data keys in the file.
        ranks: Number of dimensions, rows included, of what can be shown.

    Returns:
        The group, or None if the signal or an axis cannot be shown.
    """
    signals = [s for s in plot.signals if s in ranks]
    fields = [f for fields in plot.dimensions for f in fields]
    if not signals or any(ranks.get(f, f == TIME) != 1 for f in fields):
        return None
    group = make_group(entry, "data", "NXdata")
    root = f"/{stream_path(plot.stream)}"
    own = {key: names.get(key, key) for key in (*signals, *fields)}
    for key, name in own.items():
        target = f"{root}/data/{name}" if key in names else f"{root}/{TIME}"
        group[name] = h5py.SoftLink(target)
    for field in fields:
        group.attrs[f"{own[field]}_indices"] = 0
    axes = [own[axis] for axis in plot.axes]
    _name_parts(group, [own[s] for s in signals], axes, ranks[signals[0]])
    entry.attrs["default"] = "data"
    return group


def _name_parts(
    group: h5py.Group, signals: list[str], axes: list[str], rank: int
) -> None:
    group.attrs["signal"] = signals[0]
    group.attrs["axes"] = axes + ["."] * (rank - 1)
    if len(signals) > 1:
        group.attrs["auxiliary_signals"] = signals[1:]


@dataclass(slots=True)
class Image:
    """The points of a grid, put where they belong.

    Attributes:
        grid: The grid.
        images: Signals by data key, each of the grid's shape; NaN where no point is.
        positions: For each axis the mean of the measured positions, ``(n,)``; NaN
            where none was taken. None for an axis that is not measured.
    """

    grid: Grid
    images: dict[str, np.ndarray[Any, Any]]
    positions: list[np.ndarray[Any, Any] | None]

    @classmethod
    def from_blocks(cls, plot: Plot, grid: Grid, blocks: Iterable[Block]) -> "Image":
        """Put points on the grid, block by block.

        Args:
            plot: Which signals and axes.
            grid: The grid.
            blocks: ``(seq_num, columns by data key)``, all ``(n,)``.
        """
        total = int(np.prod(grid.shape))
        images = {key: np.full(total, np.nan) for key in plot.signals}
        sums = [np.zeros(size) for size in grid.shape]
        counts = [np.zeros(size) for size in grid.shape]
        measured: set[int] = set()
        for seq_num, columns in blocks:
            flat = grid.index_of(seq_num)
            on_grid = flat >= 0
            flat = flat[on_grid]
            for key, image in images.items():
                image[flat] = columns[key][on_grid]
            for i, index in enumerate(np.unravel_index(flat, grid.shape)):
                if (field := plot.axes[i]) in columns:
                    values = columns[field][on_grid]
                    known = np.isfinite(values)
                    np.add.at(sums[i], index[known], values[known])
                    np.add.at(counts[i], index[known], 1)
                    measured.add(i)
        return cls(
            grid,
            {key: image.reshape(grid.shape) for key, image in images.items()},
            [
                _mean(sums[i], counts[i]) if i in measured else None
                for i in range(len(grid.shape))
            ],
        )

    def axis(self, i: int) -> tuple[np.ndarray[Any, Any], str]:
        """Return the positions along an axis, and where they come from.

        The set points are taken if they say where the points are (within a quarter
        of a step), else the measured positions: those of a relative scan are not
        where its start document says.
        """
        size = self.grid.shape[i]
        extent, found = self.grid.extents[i], self.positions[i]
        planned = np.linspace(*extent, size) if extent else None
        if found is None or np.isnan(found).all():
            if planned is None:
                return np.arange(size, dtype=float), "index"
            return planned, "extents of the plan"
        if planned is not None:
            step = abs(planned[-1] - planned[0]) / max(1, size - 1)
            if np.nanmax(np.abs(found - planned)) <= (step or np.inf) / 4:
                return planned, "extents of the plan"
        return _fill(found, planned), "mean of the measured positions"


def _mean(
    sums: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _fill(
    found: np.ndarray[Any, Any], planned: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any]:
    """Put positions where no point was taken: evenly spaced, as the grid is."""
    known = np.isfinite(found)
    index = np.arange(len(found))
    if planned is not None:
        shape = planned - np.interp(index, index[known], planned[known])
        return np.interp(index, index[known], found[known]) + shape
    if known.sum() < 2:
        return np.where(known, found, found[known][0] + index - index[known][0])
    slope, offset = np.polyfit(index[known], found[known], 1)
    return np.where(known, found, offset + slope * index)


def write_image(
    entry: h5py.Group,
    plot: Plot,
    image: Image,
    names: Mapping[str, str],
    attributes: Mapping[str, Mapping[str, Any]],
) -> Iterator[None]:
    """Make the default plot out of a grid's image; yield between its parts.

    Args:
        entry: The entry; the group will be its ``data``.
        plot: What to show.
        image: The points on their grid.
        names: Names of the stream's data keys in the file.
        attributes: Attributes of the fields, by data key.
    """
    group = make_group(entry, "data", "NXdata")
    for key, values in image.images.items():
        field = group.create_dataset(names[key], data=values)
        field.attrs.update(attributes.get(key, {}))
        yield
    axes = []
    for i, key in enumerate(plot.axes):
        values, source = image.axis(i)
        name = names.get(key, key)
        field = group.create_dataset(name, data=values)
        field.attrs.update(attributes.get(key, {"units": ""}))
        field.attrs["positions"] = source
        group.attrs[f"{name}_indices"] = i
        axes.append(name)
    _name_parts(group, [names[key] for key in image.images], axes, 1)
    entry.attrs["default"] = "data"
