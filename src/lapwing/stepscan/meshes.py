"""Meshes: what the metadata say of a scan over rows of points.

Owns shape, extents, snaking and dimensions, as plots and files look for them.
Must not know how positions are made; `lapwing.stepscan.scan.mesh` does.
Test: tests/unit/stepscan/test_definition.py, test_spec_commands.py.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike


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
