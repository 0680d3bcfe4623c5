"""Descriptions: to dicts and JSON and back, and what is no description."""

import json
from typing import Any

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    ROI,
    ArrayGenerator,
    CircularROI,
    CompoundGenerator,
    ConcatGenerator,
    LineGenerator,
    LissajousGenerator,
    PolygonalROI,
    SpiralGenerator,
    StaticPointGenerator,
    Trajectory,
    ZipGenerator,
)

LINE = LineGenerator("x", "mm", 0, 1, 3)
DESCRIBED: dict[str, Any] = {
    "LineGenerator": {
        "axes": ["x", "y"],
        "units": ["mm", "deg"],
        "start": [0.0, 1.0],
        "stop": [2.0, 3.0],
        "size": 5,
        "alternate": True,
    },
    "ArrayGenerator": {
        "axes": ["x"],
        "units": ["mm"],
        "points": [0.0, 2.0, 1.0],
        "alternate": False,
    },
    "SpiralGenerator": {
        "axes": ["x", "y"],
        "units": ["mm", "mm"],
        "centre": [0.0, 1.0],
        "radius": 2.0,
        "scale": 1.0,
        "alternate": False,
    },
    "LissajousGenerator": {
        "axes": ["x", "y"],
        "units": ["mm", "mm"],
        "centre": [0.0, 1.0],
        "span": [1.0, 2.0],
        "lobes": 2,
        "size": 7,
        "alternate": False,
    },
    "StaticPointGenerator": {"size": 3, "axes": []},
    "ConcatGenerator": {"generators": [LINE.to_dict()], "alternate": True},
    "ZipGenerator": {"generators": [LINE.to_dict()], "alternate": False},
}


@pytest.mark.parametrize("kind", DESCRIBED)
def test_descriptions_are_those_of_scanpointgenerator(kind: str):
    typeid = f"scanpointgenerator:generator/{kind}:1.0"
    described = {"typeid": typeid, **DESCRIBED[kind]}
    made = Trajectory.from_dict(described)
    assert type(made).__name__ == kind
    assert type(made).typeid == typeid
    assert made.to_dict() == described
    assert type(made).from_dict(DESCRIBED[kind]) == made  # the class says what it is


def test_durations_are_described_only_if_they_are_given():
    timed = LineGenerator("x", "mm", 0, 1, 2, duration=[0.5, 1])
    assert timed.to_dict()["duration"] == [0.5, 1]
    assert Trajectory.from_json(timed.to_json()) == timed
    assert "duration" not in LINE.to_dict()


def test_numbers_of_numpy_s_are_written_as_json():
    line = LineGenerator("x", "mm", np.float32(0), np.int64(1), np.int64(3))
    assert Trajectory.from_json(line.to_json()) == line
    array = ArrayGenerator("x", "mm", np.arange(3), alternate=np.bool_(True))
    assert json.loads(array.to_json())["alternate"] is True


def test_equal_descriptions_are_equal():
    assert LineGenerator("x", "mm", 0, 1, 3) == LINE
    assert LineGenerator("x", "mm", 0, 1, 4) != LINE
    assert LINE != 5
    assert len({LINE, LineGenerator(["x"], ["mm"], [0], [1], 3)}) == 1


def test_what_is_shown_tells_what_it_is():
    assert repr(LINE) == (
        "LineGenerator(axes=['x'], units=['mm'], start=[0.0], stop=[1.0], size=3, "
        "alternate=False)"
    )
    long = repr(ArrayGenerator("x", "mm", np.arange(10_000)))
    assert len(long) < 200


POLYGON = PolygonalROI([0, 1, 1], [0, 0, 1]).to_dict()


def _deep(levels: int) -> dict[str, Any]:
    """Return the description of concatenations in each other."""
    description = LINE.to_dict()
    for _ in range(levels):
        description = {"typeid": ConcatGenerator.typeid, "generators": [description]}
    return description


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: Trajectory.from_dict({"typeid": "x"}), "'x' describes no Trajectory"),
        (lambda: Trajectory.from_dict({}), "'' describes no Trajectory"),
        (lambda: Trajectory.from_dict([]), "is no dict"),
        (lambda: Trajectory.from_dict(CircularROI([0, 0], 1).to_dict()), "no Traj"),
        (lambda: ROI.from_dict(LINE.to_dict()), "known are .*CircularROI"),
        (lambda: SpiralGenerator.from_dict(LINE.to_dict()), "no SpiralGenerator"),
        (lambda: LineGenerator.from_dict({"axes": "x"}), "missing 4 required"),
        (
            lambda: LineGenerator.from_dict({**LINE.to_dict(), "colour": 1}),
            "unexpected keyword argument 'colour'",
        ),
        (lambda: Trajectory.from_dict({"typeid": []}), "describes no Trajectory"),
        (lambda: Trajectory.from_json("{"), "the text is none"),
        (lambda: Trajectory.from_json(None), "the text is none"),
        (lambda: Trajectory.from_json(100_000 * "["), "nested .* too deeply"),
        (lambda: Trajectory.from_dict(_deep(1000)), "nested .* too deeply"),
        (lambda: ROI.from_dict(POLYGON | {"points_x": [[1], [1, 2]]}), "cannot be mad"),
        (lambda: CompoundGenerator([{"typeid": "x"}]), "describes no Generator"),
    ],
)
def test_what_describes_nothing_is_refused(read: Any, said: str):
    with pytest.raises(PlanArgumentError, match=said):
        read()


def test_each_class_has_a_type_id_of_its_own():
    kinds = [
        ArrayGenerator,
        CompoundGenerator,
        ConcatGenerator,
        LineGenerator,
        LissajousGenerator,
        SpiralGenerator,
        StaticPointGenerator,
        ZipGenerator,
    ]
    for kind in kinds:
        assert kind.typeid == f"scanpointgenerator:generator/{kind.__name__}:1.0"
