"""Trajectories are those of scanspec 1 and of scanpointgenerator 3.1.

scanpointgenerator cannot be imported on any Python that Lapwing runs on. What it makes
of some scans, drawn at random, is in scanpointgenerator_scans.json, as version 3.1
computed it on Python 3.8; scripts/record_scanpointgenerator.py makes that file. Other
scans are worked out here from its documentation.
"""

import json
from math import pi
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from scanspec.core import Path
from scanspec.specs import (
    Concat,
    ConstantDuration,
    Ellipse,
    Fly,
    Linspace,
    Polygon,
    Product,
    Range,
    Spec,
    Spiral,
    Squash,
    Static,
)

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    ArrayGenerator,
    CircularROI,
    CompoundGenerator,
    ConcatGenerator,
    LineGenerator,
    RandomOffsetMutator,
    ROIExcluder,
    SpiralGenerator,
    Trajectory,
    ZipGenerator,
)
from lapwing.trajectory.adapters import from_scanspec
from lapwing.trajectory.description import Described


def assert_same(trajectory: Trajectory, spec: Spec[Any]) -> None:
    """Compare positions, bounds, gaps and durations of all points."""
    theirs = Path(spec.calculate()).consume()
    ours = trajectory.slice()
    assert list(ours.axes) == [str(axis) for axis in theirs.axes()]
    for name in ("lower", "midpoints", "upper"):
        table = np.stack(list(getattr(theirs, name).values()), axis=1)
        found = getattr(ours, "midpoint" if name == "midpoints" else name)
        np.testing.assert_allclose(found, table, rtol=1e-14, atol=1e-14)
    # The first one says whether the last point joins it, which is not asked here.
    assert ours.gap[1:].tolist() == theirs.gap[1:].tolist()
    if theirs.duration is None:
        assert (ours.duration == -1).all()
    else:
        assert ours.duration.tolist() == theirs.duration.tolist()


def line(axis: str, start: float, stop: float, num: int, snake: bool = False) -> Any:
    return LineGenerator(axis, "mm", start, stop, num, snake)


def snake_x() -> LineGenerator:
    return line("x", 1, 2, 5, True)


def line_y(*, snake: bool = False) -> LineGenerator:
    return line("y", -0.3, 0.7, 4, snake)


def x(num: int = 5) -> Linspace[str]:
    return Linspace("x", 1, 2, num)


def y() -> Linspace[str]:
    return Linspace("y", -0.3, 0.7, 4)


WRITTEN_TWICE = {
    "line": (CompoundGenerator([line("x", 1, 2, 5)]), Fly(x())),
    "grid": (CompoundGenerator([line_y(), line("x", 1, 2, 5)]),
             Fly(y() * x())),
    "snake": (
        CompoundGenerator([line_y(), snake_x()]),
        Fly(y() * ~x()),
    ),
    "three levels": (
        CompoundGenerator(
            [line("z", 0, 1, 3), line_y(snake=True), snake_x()]
        ),
        Fly(Linspace("z", 0, 1, 3) * ~y() * ~x()),
    ),
    "zip": (
        CompoundGenerator([ZipGenerator([line_y(), line("x", 1, 2, 4)])]),
        Fly(y().zip(x(4))),
    ),
    "concat": (
        CompoundGenerator([ConcatGenerator([line("x", 0, 3, 4), line("x", 4, 8, 5)])]),
        Fly(Linspace("x", 0, 3, 4).concat(Linspace("x", 4, 8, 5))),
    ),
    "concat with a gap": (
        CompoundGenerator([ConcatGenerator([line("x", 0, 3, 4), line("x", 6, 9, 7)])]),
        Fly(Linspace("x", 0, 3, 4).concat(Linspace("x", 6, 9, 7))),
    ),
    "circle": (
        CompoundGenerator(
            [line("y", -2, 2, 9), line("x", -2, 2, 9, True)],
            [ROIExcluder([CircularROI([0, 0], 2)], ["x", "y"])],
        ),
        Fly(Ellipse("x", 0, 4, 0.5, "y", 0, 4, snake=True)),
    ),
    "step scan": (
        CompoundGenerator(
            [line_y(), line("x", 1, 2, 5)], continuous=False, duration=0.1
        ),
        0.1 @ (y() * x()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN_TWICE)
def test_the_same_scan_in_both_languages_has_the_same_points(name: str):
    assert_same(*WRITTEN_TWICE[name])


THERE_AND_BACK = Linspace.bounded("x", 0, 3, 3).concat(Linspace.bounded("x", 3, 0, 2))

SPECS = {name: spec for name, (_, spec) in WRITTEN_TWICE.items()} | {
    "flown for a time": Fly(0.1 @ (y() * ~x())),
    "one point": Fly(Linspace("x", 1, 3, 1)),
    "one point rests": Linspace("x", 1, 3, 1),
    "bounded": Fly(Linspace.bounded("x", 0, 1, 4)),
    "range": Fly(Range("x", 1, 2, 0.25)),
    "range down": Fly(Range("x", 2, 1, 0.3)),
    "range of one": Fly(Range("x", 1, 2, 3)),
    "static": Fly(Static("z", 3, 4)),
    "static zipped": Fly(y().zip(Static("z", 3))),
    "repeats": Fly(Product(3, x())),
    "repeats that meet": Fly(Product(3, THERE_AND_BACK)),
    "repeats without gaps": Fly(Product(3, THERE_AND_BACK, gap=False)),
    "repeats at rest": Product(2, ~x()),
    "repeats in a grid": Fly(y() * Product(2, THERE_AND_BACK)),
    "snake on the spot": Fly(Product(2, ~x())),
    "frames": Fly(y() * x() * 2),
    "spiral": Fly(Spiral("x", 1, 10, 2.5, "y", 5, 50)),
    "polygon": Fly(Polygon("x", "y", [(0, 0), (5, 0), (2.5, 4)], 0.2, snake=True)),
    "ellipses": Fly(Linspace("z", 0, 1, 2) * Ellipse("x", 0, 4, 0.5, "y", 0, 3)),
    "squashed": Fly(Squash(y() * ~x())),
    "snake squashed": Fly(~Squash(~y() * ~x())),
    "zip of products": Fly((y() * x()).zip(Linspace("z", 0, 1, 5))),
    "snaked zip": Fly(Linspace("z", 0, 1, 3) * ~(y().zip(x(4)))),
    "zipped snakes": Fly(Linspace("z", 0, 1, 3) * (~y()).zip(~x(4))),
    "forced gap": Fly(Concat(Linspace("x", 0, 3, 4), Linspace("x", 4, 8, 5), gap=True)),
    "forced gap in a snake": Fly(
        y() * ~Concat(Linspace("x", 0, 3, 4), Linspace("x", 4, 8, 5), gap=True)
    ),
    "concat of products": Fly((y() * x()).concat(Linspace("y", 5, 6, 3) * x(2))),
    "axes in another order": Fly(y().zip(x(4)).concat(x(4).zip(y()))),
    "durations differ": Fly((0.1 @ x(2)).concat(0.2 @ x(3))),
    "durations differ in a grid": Fly(y() * (0.1 @ x(2)).concat(0.2 @ x(3))),
    "duration alone": ConstantDuration(0.1),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_a_scanspec_is_read(name: str):
    spec = SPECS[name]
    read = from_scanspec(spec, "mm")
    assert_same_or_empty(read, spec)
    assert set(read.units.values()) <= {"mm"}
    assert from_scanspec(spec.serialize(), "mm") == read
    assert Trajectory.from_json(read.to_json()) == read


def assert_same_or_empty(trajectory: Trajectory, spec: Spec[Any]) -> None:
    if spec.axes():
        assert_same(trajectory, spec)
    else:
        assert trajectory.slice().duration.tolist() == [spec.duration()]


def test_what_has_a_closed_form_keeps_it():
    read = from_scanspec(Fly(Linspace("y", 0, 1, 10**6) * ~Linspace("x", 0, 1, 10**6)))
    assert read.size == 10**12
    assert read[-1].positions == {"y": 1, "x": 0}


def test_units_may_be_given_by_axis():
    read = from_scanspec(Fly(y() * x()), {"y": "deg"})
    assert read.units == {"y": "deg", "x": ""}


def test_axes_may_be_devices():
    class Motor:
        name = "sample_x"

    assert from_scanspec(Fly(Linspace(Motor(), 0, 1, 3))).axes == ("sample_x",)


def test_what_moves_beside_the_fastest_axis_is_refused():
    with pytest.raises(PlanArgumentError, match="put Fly around the whole"):
        from_scanspec(Fly(y()) * x())
    with pytest.raises(PlanArgumentError, match="put Fly around the whole"):
        from_scanspec((Fly(y()) * x()).zip(Linspace("z", 0, 1, 5)))


def test_what_is_no_spec_is_refused():
    with pytest.raises(PlanArgumentError, match="a scanspec Spec"):
        from_scanspec(5)


SCANS = json.loads(
    (FilePath(__file__).parent / "scanpointgenerator_scans.json").read_text()
)


@pytest.mark.parametrize("kept", SCANS, ids=range(len(SCANS)))
def test_a_scan_is_what_scanpointgenerator_made_of_it(kept: dict[str, Any]):
    scan = CompoundGenerator.from_dict(kept["scan"])
    points = scan.slice()
    assert list(scan.shape) == kept["shape"]
    assert points.index.tolist() == kept["indexes"]
    for name, table in (
        ("lower", points.lower),
        ("positions", points.midpoint),
        ("upper", points.upper),
    ):
        expected = np.array(kept[name]).reshape(table.shape)
        np.testing.assert_allclose(table, expected, rtol=1e-14, atol=1e-14)
    assert rounded(scan.to_dict()) == rounded(kept["described"])


def rounded(described: dict[str, Any]) -> dict[str, Any]:
    """Return a description without the last digits, in which angles may differ."""
    text = json.dumps(described)
    return json.loads(text, parse_float=lambda digits: round(float(digits), 12))


def test_every_kind_of_scanpointgenerator_is_among_the_scans():
    kinds = {kind for kept in SCANS for kind in type_ids(kept["scan"])}
    known = {kind.typeid for kind in every_kind(Described)}
    assert kinds == {kind for kind in known if kind.startswith("scanpointgenerator:")}


def type_ids(described: Any) -> set[str]:
    """Return all type ids in a description."""
    if isinstance(described, dict):
        inside = set().union(*map(type_ids, described.values()))
        return inside | {described["typeid"]}
    if isinstance(described, list):
        return set().union(*map(type_ids, described))
    return set()


def every_kind(kind: type[Described]) -> set[type[Described]]:
    below = set().union(*map(every_kind, kind.__subclasses__()))
    return below | {kind} if kind.typeid else below


def test_a_circle_over_a_snake_is_scanpointgenerator_s():
    scan = CompoundGenerator(
        [line("y", -1, 1, 3), line("x", -1, 1, 3, True)],
        [ROIExcluder([CircularROI([0, 0], 1)], ["x", "y"])],
    )
    points = scan.slice()
    assert scan.shape == (5,)
    assert points.midpoint.tolist() == [[-1, 0], [0, 1], [0, 0], [0, -1], [1, 0]]
    assert points.lower[:, 1].tolist() == [-0.5, 1.5, 0.5, -0.5, -0.5]
    assert points.upper[:, 1].tolist() == [0.5, 0.5, -0.5, -1.5, 0.5]
    assert points.index.ravel().tolist() == [0, 1, 2, 3, 4]
    assert points.gap.tolist() == [True, True, False, False, True]


def test_a_spiral_is_scanpointgenerator_s():
    spiral = SpiralGenerator(["x", "y"], "mm", [0, 0], 5, 1)
    assert spiral.size == 79  # as its reference tells
    r = (1 / (2 * pi)) * np.sqrt(4 * pi * 0.5)
    angle = np.sqrt(4 * pi * 0.5)
    assert spiral[0].positions == pytest.approx(
        {"x": r * np.sin(angle), "y": r * np.cos(angle)}
    )


def noise(seed: int, axis: str, index: int) -> float:
    """R. Jenkins' integer hash in plain integers, as scanpointgenerator uses it."""
    word = ((index << 4) + ord(axis[0])) ^ (seed << 12)
    for add, step, combine in (
        (0x7ED55D16, 12, "+"),
        (0xC761C23C, 19, ">"),
        (0x165667B1, 5, "+"),
        (0xD3A2646C, 9, "^"),
        (0xFD7046C5, 3, "+"),
        (0xB55A4F09, 16, ">"),
    ):
        if combine == ">":
            word = (word ^ add) ^ (word >> step)
        elif combine == "+":
            word = (word + add) + (word << step)
        else:
            word = (word + add) ^ (word << step)
        word %= 2**32
    return float(np.float32(word)) / 0xFFFFFFFF * 2 - 1


def test_random_offsets_are_scanpointgenerator_s():
    plain = [line("y", 0, 1, 2), line("x", 0, 9, 10, True)]
    moved = CompoundGenerator(
        plain, [], RandomOffsetMutator(42, ["x", "y"], [0.2, 0.1])
    )
    still, points = CompoundGenerator(plain).slice(), moved.slice()
    for column, axis, size in ((0, "y", 0.1), (1, "x", 0.2)):
        for k in range(20):
            here, before, after = (
                size * noise(42, axis, at) for at in (k, k - 1, k + 1)
            )
            shifts = [
                getattr(points, name)[k, column] - getattr(still, name)[k, column]
                for name in ("lower", "midpoint", "upper")
            ]
            expected = [(before + here) / 2, here, (here + after) / 2]
            assert shifts == pytest.approx(expected, abs=1e-14)


def test_an_array_is_scanpointgenerator_s():
    array = ArrayGenerator("x", "mm", [0, 1, 3])
    assert array.slice().lower.ravel().tolist() == [-0.5, 0.5, 2]
    assert array.slice().upper.ravel().tolist() == [0.5, 2, 4]


def test_a_description_is_scanpointgenerator_s():
    described = {
        "typeid": "scanpointgenerator:generator/CompoundGenerator:1.0",
        "excluders": [],
        "continuous": True,
        "generators": [
            {
                "typeid": "scanpointgenerator:generator/LineGenerator:1.0",
                "alternate": False,
                "axes": ["y"],
                "stop": [1.0],
                "start": [0.0],
                "units": ["mm"],
                "size": 6,
            },
            {
                "typeid": "scanpointgenerator:generator/LineGenerator:1.0",
                "alternate": True,
                "axes": ["x"],
                "stop": [1.0],
                "start": [0.0],
                "units": ["mm"],
                "size": 5,
            },
        ],
        "duration": 0.5,
        "mutators": [],
    }
    read = CompoundGenerator.from_dict(described)
    assert (read.shape, read.duration, read.total_time) == ((6, 5), 0.5, 15)
    assert read.to_dict() == {**described, "delay_after": 0}
