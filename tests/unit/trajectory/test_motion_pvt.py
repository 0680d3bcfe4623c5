"""What happens between PVT points, against fine samples; and real paths as PVT."""

import numpy as np
import pytest
from motion_rows import assert_good_motion, limits, points_of, snake

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    CompoundGenerator,
    LineGenerator,
    LissajousGenerator,
    SpiralGenerator,
)
from lapwing.trajectory.motion import MotionPlan, PvtBlock, turnarounds
from lapwing.trajectory.motion.hermite import Segments


def some_segments(num: int = 300) -> Segments:
    """Make cubics of all kinds, straight ones and parabolas among them."""
    rng = np.random.default_rng(3)
    x0, v0, v1 = rng.normal(size=(3, num, 2))
    time = rng.uniform(0.1, 3, (num, 1))
    x1 = x0 + rng.normal(size=(num, 2))
    v1[:50] = v0[:50]
    x1[:50] = x0[:50] + time[:50] * v0[:50]
    x1[50:100] = x0[50:100] + time[50:100] * (v0[50:100] + v1[50:100]) / 2
    return Segments(x0, v0, x1, v1, time)


def test_axes_turn_round_where_fine_samples_do():
    segments = some_segments()
    parts = np.linspace(0, 1, 2001)
    at = np.array([segments.at(np.full((300, 1), part))[0] for part in parts])
    places = np.array([segments.x0, *segments.turns(), segments.x1])
    np.testing.assert_allclose(places.min(axis=0), at.min(axis=0), atol=1e-5)
    np.testing.assert_allclose(places.max(axis=0), at.max(axis=0), atol=1e-5)
    way = np.abs(np.diff(at, axis=0)).sum(axis=0)
    np.testing.assert_allclose(
        np.abs(np.diff(places, axis=0)).sum(axis=0), way, atol=1e-5
    )


def test_peaks_are_those_of_fine_samples():
    segments = some_segments()
    parts = np.linspace(0, 1, 2001)
    speed = np.array([segments.at(np.full((300, 1), part))[1] for part in parts])
    np.testing.assert_allclose(
        segments.peak_velocity(), np.abs(speed).max(axis=0), rtol=1e-4
    )
    change = np.abs(np.diff(speed, axis=0)).max(axis=0) * 2000 / segments.time
    np.testing.assert_allclose(
        segments.peak_acceleration(), change, rtol=2e-3, atol=1e-9
    )


def test_a_block_is_sampled_at_any_time():
    block = MotionPlan(snake(2, 3), limits()).pvt()
    position, velocity = block.sample(np.array([0.0, 0.01, 0.06, block.total_time]))
    np.testing.assert_allclose(position[:, 0], [-0.55, -0.5, 0, -0.55])
    np.testing.assert_allclose(velocity[:, 0], [0, 10, 10, 0], atol=1e-9)


def test_blocks_joined_begin_where_the_first_does():
    plan = MotionPlan(snake(2, 3), limits(), 1)
    first, *others = plan.blocks(2)
    joined = PvtBlock.join([first, *others])
    assert joined.start_completed == 1
    assert joined.start_position is first.start_position
    assert len(joined) == len(plan.pvt())


def test_a_spiral_is_gone_through_within_its_limits():
    spiral = CompoundGenerator(
        generators=[SpiralGenerator(["x", "y"], "mm", [0, 0], 5, 0.5)], duration=0.1
    )
    plan = MotionPlan(spiral, limits(20, 200))
    assert_good_motion(spiral.slice(), plan)
    assert plan.summary.num_gaps == 0


def test_a_lissajous_figure_in_layers_is_gone_through_within_its_limits():
    layers = CompoundGenerator(
        generators=[
            LineGenerator("z", "mm", 0, 1, 3),
            LissajousGenerator(["x", "y"], "mm", [0, 0], [5, 5], 2, 200),
        ],
        duration=0.05,
    )
    plan = MotionPlan(layers, limits(50, 500))
    assert_good_motion(layers.slice(), plan)
    assert plan.summary.num_gaps == 2


@pytest.mark.parametrize("continuous", [True, False])
def test_a_grid_with_delays_is_gone_through_within_its_limits(continuous):
    grid = CompoundGenerator(
        generators=[
            LineGenerator("y", "mm", 0, 1, 3),
            LineGenerator("x", "mm", 0, 1, 5, alternate=True),
        ],
        duration=0.1,
        continuous=continuous,
        delay_after=0.02,
    )
    plan = MotionPlan(grid, limits())
    assert_good_motion(grid.slice(), plan)
    assert plan.summary.num_gaps == 14
    assert plan.summary.gaps_time >= 14 * 0.02


def test_a_turnaround_that_cannot_be_found_is_an_error_and_no_endless_search(
    monkeypatch,
):
    monkeypatch.setattr(turnarounds, "_MOST_TRIES", 0)
    points = points_of([np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])])
    with pytest.raises(PlanArgumentError, match="no turnaround of up to"):
        MotionPlan(points, limits())
