"""Meshes: scans over rows of points, as lists, and what the metadata say of them.

Owns breakpoints, shape, extents, snaking and dimensions; not the mathematics of grids.
Must not know scans; the positions are `lapwing.trajectory`'s.
Test: tests/unit/stepscan/test_definition.py, test_spec_commands.py.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import ArrayGenerator, CompoundGenerator


class Named(Protocol):
    """What has a name, which is its data key."""

    name: str


def mesh_metadata(
    positioners: Sequence[Named], axes: Sequence[ArrayLike], snake: bool = False
) -> dict[str, Any]:
    """Return what the metadata say of a mesh.

    Args:
        positioners: What is moved, the slowest first.
        axes: The positions of each axis, each position once.
        snake: Whether every second row goes back.
    """
    arrays = [np.asarray(axis, float) for axis in axes]
    return {
        "shape": [len(array) for array in arrays],
        "extents": [[float(array.min()), float(array.max())] for array in arrays],
        "snaking": [False, *[snake] * (len(arrays) - 1)],
        "hints": {
            "gridding": "rectilinear",
            "dimensions": [[[one.name], "primary"] for one in positioners],
        },
    }


def mesh(
    *axes: tuple[Any, ArrayLike], snake: bool = False
) -> tuple[list[NDArray[np.float64]], list[int]]:
    """Return the positions of a mesh as lists, and a breakpoint for each row.

    Args:
        *axes: Pairs of anything and its positions, the slowest first.
        snake: Whether every second row goes back.

    Returns:
        The positions for each axis, ``(num_points,)``; the numbers of the points that
        end a row of the fastest axis.

    Raises:
        PlanArgumentError: There are no axes; or one has no positions, or one that is
            no finite number.
    """
    if not axes:
        raise PlanArgumentError(
            "a mesh has no axes; pairs of a name and positions are needed"
        )
    rows = [
        ArrayGenerator(f"axis {i}", "", _positions(i, axis), alternate=snake)
        for i, axis in enumerate(axes)
    ]
    points = CompoundGenerator(generators=rows).slice(0, None).midpoint
    row = len(rows[-1])
    return list(points.T.copy()), list(range(row - 1, len(points), row))


def _positions(i: int, axis: Any) -> NDArray[np.float64]:
    try:
        _, given = axis
        positions = np.asarray(given, float)
    except (TypeError, ValueError):
        positions = np.empty(0)
    if positions.ndim != 1 or not positions.size:
        raise PlanArgumentError(
            f"axis {i} of the mesh is {axis!r}; a pair of a name and a list of numbers "
            "is needed"
        )
    return positions
