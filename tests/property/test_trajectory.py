"""Any range of any trajectory is what it is in the whole, and bounds join."""

import json
from itertools import product
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lapwing.errors import PlanArgumentError
from lapwing.plans.patterns import inner_product, outer_product
from lapwing.trajectory import (
    ArrayGenerator,
    CircularROI,
    CompoundGenerator,
    ConcatGenerator,
    EllipticalROI,
    FixedOffsetMutator,
    Generator,
    LineGenerator,
    LissajousGenerator,
    Points,
    PolygonalROI,
    RandomOffsetMutator,
    RectangularROI,
    ROIExcluder,
    SectorROI,
    SpiralGenerator,
    SquashingExcluder,
    StaticPointGenerator,
    Trajectory,
    ZipGenerator,
)

numbers = st.floats(-100, 100).map(lambda value: round(value, 3))
lengths = st.floats(0.5, 5).map(lambda value: round(value, 3))
sizes = st.integers(1, 7)


@st.composite
def lines(draw: st.DrawFn, axes: list[str]) -> LineGenerator:
    start, stop = (draw(st.tuples(*[numbers for _ in axes])) for _ in range(2))
    return LineGenerator(axes, "mm", start, stop, draw(sizes))


@st.composite
def arrays(draw: st.DrawFn, axes: list[str]) -> ArrayGenerator:
    size = draw(sizes)
    rows = st.lists(st.tuples(*[numbers for _ in axes]), min_size=size, max_size=size)
    points = np.array(draw(rows))
    if draw(st.booleans()):
        return ArrayGenerator(axes, "mm", points)
    lower, upper = np.array(draw(rows)), np.array(draw(rows))
    return ArrayGenerator(axes, "mm", points, lower=lower, upper=upper)


@st.composite
def curves(draw: st.DrawFn, axes: list[str]) -> Generator:
    if draw(st.booleans()):
        centre = draw(st.tuples(numbers, numbers))
        return SpiralGenerator(axes, "mm", centre, draw(lengths), draw(lengths))
    span, lobes = draw(st.tuples(lengths, lengths)), draw(st.integers(1, 3))
    return LissajousGenerator(axes, "mm", (0, 1), span, lobes, draw(sizes))


@st.composite
def concats(draw: st.DrawFn, axes: list[str]) -> ConcatGenerator:
    parts = draw(st.lists(lines(axes) | arrays(axes), min_size=1, max_size=3))
    return ConcatGenerator(parts, gap=draw(st.booleans()))


@st.composite
def zips(draw: st.DrawFn, axes: list[str]) -> ZipGenerator:
    size = draw(sizes)
    parts = []
    for axis in axes:
        values = draw(st.lists(numbers, min_size=size, max_size=size))
        line = LineGenerator(axis, "deg", *draw(st.tuples(numbers, numbers)), size)
        parts.append(draw(st.sampled_from([ArrayGenerator(axis, "mm", values), line])))
    return ZipGenerator(parts)


@st.composite
def generators(draw: st.DrawFn, axes: list[str]) -> Generator:
    kinds: list[Any] = [lines(axes), arrays(axes), concats(axes), zips(axes)]
    if len(axes) == 2:
        kinds.append(curves(axes))
    part = draw(st.one_of(kinds))
    if draw(st.booleans()):
        part = type(part).from_dict({**part.to_dict(), "alternate": True})
    return part


@st.composite
def regions(draw: st.DrawFn) -> Any:
    centre = draw(st.tuples(numbers, numbers))
    size = st.floats(20, 200)
    return draw(
        st.sampled_from(
            [
                CircularROI(centre, draw(size)),
                EllipticalROI(centre, (draw(size), draw(size)), 0.3),
                RectangularROI(centre, draw(size), draw(size), draw(st.just(0) | size)),
                PolygonalROI([-99, 99, centre[0]], [-99, -50, centre[1]]),
                SectorROI(centre, (0, draw(size)), (0, 4)),
            ]
        )
    )


@st.composite
def compounds(draw: st.DrawFn) -> CompoundGenerator:
    axes = ["ab", "c", "xy", "z"]
    chosen = draw(st.lists(st.sampled_from(axes), unique=True, min_size=1, max_size=3))
    parts: list[Generator] = [draw(generators(list(names))) for names in chosen]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(parts)))
        still = StaticPointGenerator(draw(st.integers(1, 3)), gap=draw(st.booleans()))
        parts.insert(at, still)
    moving = [axis for part in parts for axis in part.axes]
    excluders: list[Any] = []
    if len(moving) > 1 and draw(st.booleans()):
        plane = draw(st.permutations(moving))[:2]
        excluders = [ROIExcluder([draw(regions())], plane)]
    elif draw(st.booleans()):
        excluders = [SquashingExcluder(draw(st.permutations(moving))[:2])]
    mutators = [FixedOffsetMutator(moving[:1], [0.25])]
    mutators += [RandomOffsetMutator(7, moving, [0.1] * len(moving))]
    return CompoundGenerator(
        parts,
        excluders,
        draw(st.sampled_from([mutators, mutators[:1], []])),
        duration=draw(st.sampled_from([-1, 0.5])),
        continuous=draw(st.booleans()),
        delay_after=draw(st.sampled_from([0, 0.25])),
    )


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    """Draw any kind that can be: not all nestings can be squashed."""
    while True:
        try:
            made = draw(compounds() | generators(["x", "y"]) | generators(["x"]))
            if isinstance(made, CompoundGenerator):
                made.prepare()
        except PlanArgumentError as refused:
            assert "exclude" in str(refused)  # noqa: PT017  two reasons only
        else:
            return made


def whole(trajectory: Trajectory) -> Points:
    return trajectory.slice(0, trajectory.size)


@settings(max_examples=300)
@given(trajectories(), st.data())
def test_a_range_is_what_it_is_in_the_whole(
    trajectory: Trajectory, data: st.DataObject
):
    points = whole(trajectory)
    assert len(points) == trajectory.size == np.prod(trajectory.shape)
    start = data.draw(st.integers(0, trajectory.size))
    stop = data.draw(st.integers(0, trajectory.size))
    assert trajectory.slice(start, stop) == points[start:stop]
    num = data.draw(st.integers(1, 9))
    assert Points.join(list(trajectory.blocks(num))) == points
    assert list(trajectory)[start:stop] == list(points[start:stop])


@settings(max_examples=300)
@given(trajectories())
def test_what_is_computed_is_what_points_may_be(trajectory: Trajectory):
    points = whole(trajectory)
    arrays = {
        name: getattr(points, name)
        for name in ("lower", "midpoint", "upper", "duration", "delay_after")
    }
    checked = Points(
        points.axes, **arrays, gap=points.gap, index=points.index, units=points.units
    )
    assert checked == points
    assert points.axes == trajectory.axes
    assert points.units == trajectory.units
    assert {name: value.dtype for name, value in arrays.items()} == dict.fromkeys(
        arrays, np.float64
    )


@settings(max_examples=300)
@given(trajectories())
def test_bounds_join_where_there_is_no_gap(trajectory: Trajectory):
    points = whole(trajectory)
    joined = ~points.gap[1:]
    assert points.gap[0]
    assert np.array_equal(points.upper[:-1][joined], points.lower[1:][joined])


@settings(max_examples=100)
@given(trajectories(), st.data())
def test_a_row_begins_with_the_last_gap_or_after_the_last_delay(
    trajectory: Trajectory, data: st.DataObject
):
    at = data.draw(st.integers(0, trajectory.size - 1))
    row = trajectory[trajectory.row_start(at) : at + 1]
    assert not row.gap[1:].any()
    assert not row.delay_after[:-1].any()
    before = trajectory[: at + 1][: -len(row)]
    assert not len(before) or row.gap[0] or before.delay_after[-1] > 0


@settings(max_examples=200)
@given(trajectories())
def test_a_description_makes_the_same_points(trajectory: Trajectory):
    again = Trajectory.from_dict(json.loads(json.dumps(trajectory.to_dict())))
    assert again == trajectory
    assert hash(again) == hash(trajectory)
    assert whole(again) == whole(trajectory)
    assert type(trajectory).from_json(trajectory.to_json()) == trajectory


@settings(max_examples=200)
@given(trajectories())
def test_the_box_and_the_time_are_those_of_all_points(trajectory: Trajectory):
    points = whole(trajectory)
    every = np.concatenate([points.lower, points.midpoint, points.upper])
    box = trajectory.bounding_box()
    assert list(box) == list(points.axes)
    for column, (low, high) in zip(every.T, box.values(), strict=True):
        assert (low, high) == (column.min(), column.max())
    if (points.duration == -1).any():
        assert np.isnan(trajectory.total_time)
    else:
        seconds = points.duration.sum() + points.delay_after.sum()
        np.testing.assert_allclose(trajectory.total_time, seconds)


@settings(max_examples=200)
@given(trajectories())
def test_each_index_is_visited_once(trajectory: Trajectory):
    index = whole(trajectory).index
    every = product(*map(range, trajectory.shape))
    assert sorted(map(tuple, index.tolist())) == list(every)


ends = st.tuples(numbers, numbers)


@given(st.lists(ends, min_size=1, max_size=3), st.integers(1, 30))
@example([(0.1, 0.7)], 7)
def test_a_line_is_the_line_of_a_step_scan(given_ends: list[Any], num: int):
    names = ["x", "y", "z"][: len(given_ends)]
    if num == 1:  # there a plan takes the start, and a line that is flown its middle
        given_ends = [(start, start) for start, _ in given_ends]
    starts, stops = zip(*given_ends, strict=True)
    args = [
        value
        for name, pair in zip(names, given_ends, strict=True)
        for value in (name, *pair)
    ]
    steps = [list(step.values()) for step in inner_product(num, args)]
    line = LineGenerator(names, "mm", starts, stops, num)
    assert line.slice().midpoint.tolist() == steps


@given(st.lists(st.tuples(ends, st.integers(2, 6)), min_size=1, max_size=3), st.data())
def test_a_grid_is_the_grid_of_a_step_scan(given_axes: list[Any], data: st.DataObject):
    snaking = [False] + [data.draw(st.booleans()) for _ in given_axes[1:]]
    args: list[Any] = []
    for name, (pair, num), snakes in zip("xyz", given_axes, snaking, strict=False):
        args += [name, *pair, num, *([snakes] if args else [])]
    steps = [list(step.values()) for step in outer_product(args)]
    grid = CompoundGenerator(
        [
            LineGenerator(name, "mm", *pair, num, snakes)
            for name, (pair, num), snakes in zip(
                "xyz", given_axes, snaking, strict=False
            )
        ]
    )
    assert grid.slice().midpoint.tolist() == steps
