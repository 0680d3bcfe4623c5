"""The places of a path that are drawn: all of a short one, some of a long one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.callbacks.test_path_preview import LIMITS, grid

from lapwing.callbacks import path_motion, path_tracks
from lapwing.callbacks.path_motion import motion
from lapwing.callbacks.path_preview import PathPreview
from lapwing.callbacks.path_tracks import (
    MOST_PLACES,
    Track,
    marks,
    thin,
    track,
)
from lapwing.errors import StateError
from lapwing.trajectory import CompoundGenerator, LineGenerator, SpiralGenerator
from lapwing.trajectory.motion import AxisLimits, MotionLimits


def spiral(radius, **options):
    made = SpiralGenerator(["x", "y"], "mm", [0, 0], radius, 0.1)
    return CompoundGenerator([made], duration=1, **options)


def test_a_short_path_is_there_with_all_its_bounds_and_middles():
    way = track(PathPreview(grid(2, 2)))
    assert way.place.tolist() == [
        *([0, -0.5], [0, 0], [0, 0.5], [0, 1], [0, 1.5]),
        *([1, 1.5], [1, 1], [1, 0.5], [1, 0], [1, -0.5]),
    ]
    assert way.when.tolist() == [-0.5, 0, 0.5, 1, 1.5, 1.5, 2, 2.5, 3, 3.5]
    assert np.flatnonzero(way.starts).tolist() == [0, 5]
    line = way.broken(way.place[:, 1])
    assert np.flatnonzero(np.isnan(line)).tolist() == [5]


def test_points_that_stand_still_are_one_piece():
    way = track(PathPreview(grid(2, 3, continuous=False)))
    assert way.place.tolist() == [[0, 0], [0, 1], [0, 2], [1, 2], [1, 1], [1, 0]]
    assert way.starts.tolist() == [True] + 5 * [False]


@given(
    st.lists(st.booleans(), min_size=1, max_size=400),
    st.integers(min_value=8, max_value=100),
)
def test_thinned_places_are_few_in_order_and_begin_with_whole_pieces(starts, most):
    starts = np.array([True, *starts[1:]])
    kept = thin(starts, most)
    assert 0 < len(kept) <= most
    assert (np.diff(kept) > 0).all()
    piece = starts.cumsum()
    ends = np.flatnonzero(starts | np.append(starts[1:], True))
    chosen = np.isin(piece[ends], piece[kept])
    assert set(ends[chosen]) <= set(kept)
    assert kept[0] == 0


@pytest.mark.parametrize(
    "path",
    [
        grid(300, 300),
        grid(5000, 6, snake=False),
        grid(6, 5000),
        spiral(10),
        grid(150, 200, continuous=False),
    ],
    ids=["square", "many rows", "long rows", "spiral", "at rest"],
)
def test_a_long_path_is_thinned_but_keeps_its_extent(path):
    preview = PathPreview(path)
    way = track(preview)
    assert 4000 < len(way) <= MOST_PLACES
    box = np.array(list(preview.summary.box.values()))
    span = box[:, 1] - box[:, 0]
    assert (np.abs(way.place.min(axis=0) - box[:, 0]) < 0.01 * span).all()
    assert (np.abs(way.place.max(axis=0) - box[:, 1]) < 0.01 * span).all()
    points = path.slice()
    assert way.place[0].tolist() == points.lower[0].tolist()
    assert way.place[-1].tolist() == points.upper[-1].tolist()


def test_rows_are_kept_from_end_to_end():
    way = track(PathPreview(grid(5000, 100)))
    first, last = (
        np.flatnonzero(way.starts),
        np.flatnonzero(np.append(way.starts[1:], True)),
    )
    assert len(first) > 1000
    rows = np.stack([way.place[first, 1], way.place[last, 1]], axis=1)
    assert (np.sort(rows[:-1], axis=1) == [-0.5, 99.5]).all()
    assert rows[-1].tolist() == [-0.5, -0.5]  # the very end, if its row is left out


def test_what_is_kept_does_not_depend_on_blocks_but_for_their_ends(monkeypatch):
    whole = track(PathPreview(grid(30, 30)))
    monkeypatch.setattr(path_tracks, "BLOCK", 7)
    parts = track(PathPreview(grid(30, 30)))
    seen = {tuple(place) for place in whole.place}
    assert seen <= {tuple(place) for place in parts.place}
    assert parts.starts.sum() == whole.starts.sum() == 30


def test_marks_are_told_by_number_or_by_time():
    told = marks(PathPreview(grid(2, 2)))
    assert told.middles.when.tolist() == [0, 1, 2, 3]
    assert told.bounds.when.tolist() == [-0.5, 0.5, 1.5, 2.5, 0.5, 1.5, 2.5, 3.5]
    preview = PathPreview(grid(2, 2), LIMITS)
    told = marks(preview)
    # The run-up takes 0.05 s, each point 0.5 s.
    assert told.middles.when[:2].tolist() == pytest.approx([0.3, 0.8])
    place, _ = preview.motion.pvt().sample(told.middles.when)
    assert place == pytest.approx(told.middles.place)
    place, _ = preview.motion.pvt().sample(told.bounds.when)
    assert place == pytest.approx(told.bounds.place)


def test_many_points_are_not_marked_and_still_ones_have_no_bounds():
    assert marks(PathPreview(grid(100, 100))) is None
    assert len(marks(PathPreview(grid(2, 3, continuous=False))).bounds) == 0


def test_motion_is_rows_and_turnarounds_end_to_end():
    preview = PathPreview(grid(), LIMITS)
    plan, moved = preview.motion, motion(preview)
    assert (moved.rows.starts.sum(), moved.turns.starts.sum()) == (3, 4)
    rows, turns = moved.rows, moved.turns
    assert turns.place[0].tolist() == plan.start_position.tolist()
    assert turns.when[-1] == pytest.approx(plan.summary.total_time)
    for one in (rows, turns):
        place, _ = plan.pvt().sample(one.when)
        assert place == pytest.approx(one.place)
    # Each row begins where the turnaround before it ends.
    begins = np.flatnonzero(rows.starts)
    ends = np.flatnonzero(np.append(turns.starts[1:], True))[:-1]
    assert rows.place[begins] == pytest.approx(turns.place[ends])
    assert rows.place[:, 1].max() == 4.5
    assert turns.place[:, 1].max() > 4.5


def test_speeds_are_parts_of_what_an_axis_may_do():
    preview = PathPreview(grid(), LIMITS)
    moved = motion(preview)
    top = preview.summary.top_speed
    expected = [top["y"] / 2, top["x"] / 4]
    assert moved.shares.max(axis=0).tolist() == pytest.approx(expected)
    assert moved.shares[[0, -1]].max() == pytest.approx(0.0)


@pytest.mark.parametrize("path", [grid(2000, 10), grid(20, 2000), spiral(6)])
def test_a_long_motion_is_thinned_and_keeps_its_extremes(path):
    wide = MotionLimits({"x": AxisLimits(9, 900), "y": AxisLimits(9, 900)})
    preview = PathPreview(path, wide)
    moved = motion(preview)
    assert len(moved.rows) <= MOST_PLACES
    assert len(moved.turns) <= MOST_PLACES
    assert moved.shares.size <= MOST_PLACES
    assert moved.turns.place[0].tolist() == preview.motion.start_position.tolist()
    end = preview.motion.pvt().position[-1]
    assert moved.turns.place[-1].tolist() == end.tolist()
    top = [preview.summary.top_speed[axis] / 9 for axis in preview.summary.axes]
    assert moved.shares.max(axis=0).tolist() == pytest.approx(top, rel=1e-6)
    assert moved.seconds[-1] == pytest.approx(preview.summary.motion.total_time, 0.01)


def test_many_points_at_rest_are_where_their_motion_is_when_they_begin_and_end():
    preview = PathPreview(grid(40, 40, continuous=False), LIMITS)
    moved = motion(preview)
    assert moved.rows is None
    place, _ = preview.motion.pvt().sample(moved.turns.when)
    assert moved.turns.place == pytest.approx(place, abs=1e-9)
    assert moved.turns.starts.sum() == 1


def test_turnarounds_of_a_long_motion_are_as_wide_as_they_are():
    preview = PathPreview(grid(100, 200), LIMITS)
    box = preview.summary.motion.box
    places = motion(preview).turns.place
    for column, axis in enumerate(preview.summary.axes):
        far = places[:, column].min(), places[:, column].max()
        assert far == pytest.approx(box[axis], abs=0.02)


def test_a_motion_needs_limits():
    with pytest.raises(StateError, match="has no limits"):
        motion(PathPreview(grid()))


def test_blocks_leave_no_trace_in_a_motion(monkeypatch):
    line = CompoundGenerator([LineGenerator("x", "mm", 0, 30, 31)], duration=0.5)
    previews = [PathPreview(path, LIMITS) for path in (grid(7, 9), line)]
    whole = [motion(preview) for preview in previews]
    monkeypatch.setattr(path_motion, "BLOCK", 4)
    for preview, before in zip(previews, whole, strict=True):
        after = motion(preview)
        for one, other in ((before.rows, after.rows), (before.turns, after.turns)):
            times = [np.unique(each.when.round(9)) for each in (one, other)]
            assert times[0].tolist() == times[1].tolist()
        assert after.shares.max() == before.shares.max()


def test_a_track_of_few_places_is_not_thinned():
    way = Track(np.arange(3.0), np.zeros((3, 1)), np.array([True, False, True]))
    assert way.thinned(10).starts.tolist() == [True, False, True]
