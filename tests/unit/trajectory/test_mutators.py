"""Offsets: fixed ones, and random ones that belong to seed, axis and index."""

from typing import Any

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    CompoundGenerator,
    FixedOffsetMutator,
    LineGenerator,
    Mutator,
    RandomOffsetMutator,
)

AXES = [LineGenerator("y", "mm", 0, 1, 3), LineGenerator("x", "mm", 0, 9, 10, True)]


def moved(*mutators: Mutator, **more: Any) -> CompoundGenerator:
    return CompoundGenerator(AXES, [], mutators, **more)


def test_a_fixed_offset_moves_every_point_and_bound():
    still, points = moved().slice(), moved(FixedOffsetMutator(["x"], [0.5])).slice()
    for name in ("lower", "midpoint", "upper"):
        shift = getattr(points, name) - getattr(still, name)
        assert np.array_equal(shift, np.tile([0, 0.5], (30, 1)))
    assert np.array_equal(points.gap, still.gap)
    box = moved(FixedOffsetMutator("x", {"x": 0.5})).bounding_box()
    assert box == {"y": (0, 1), "x": (0, 10)}


def test_offsets_add_up():
    points = moved(FixedOffsetMutator("x", 1), FixedOffsetMutator(["x", "y"], [2, 3]))
    assert points[0].positions == {"y": 3, "x": 3}


def test_random_offsets_stay_within_their_greatest_one():
    noise = RandomOffsetMutator(7, ["x"], [0.25])
    offsets = noise.offsets("x", np.arange(10_000))
    assert np.abs(offsets).max() <= 0.25
    assert abs(offsets.mean()) < 0.01
    assert np.abs(offsets).mean() == pytest.approx(0.125, abs=0.005)


def test_another_seed_makes_other_offsets():
    index = np.arange(100)
    one, two = (RandomOffsetMutator(s, "x", 1).offsets("x", index) for s in (1, 2))
    assert not np.isclose(one, two).any()


def test_axes_that_begin_alike_are_moved_alike_by_one_seed():
    noise = RandomOffsetMutator(1, ["tx", "ty"], {"tx": 1, "ty": 2})
    index = np.arange(1000)
    assert np.array_equal(2 * noise.offsets("tx", index), noise.offsets("ty", index))


def test_axes_that_begin_alike_are_moved_apart_by_seeds_of_their_own():
    index = np.arange(1000)
    one = RandomOffsetMutator(1, "tx", 1).offsets("tx", index)
    two = RandomOffsetMutator(2, "ty", 1).offsets("ty", index)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.1


def test_points_that_joined_still_do_and_gaps_stay():
    still, points = moved().slice(), moved(RandomOffsetMutator(1, ["x", "y"], [1, 1]))
    assert np.array_equal(points.slice().gap, still.gap)
    joined = ~still.gap[1:]
    p = points.slice()
    assert np.array_equal(p.upper[:-1][joined], p.lower[1:][joined])


def test_points_that_rest_have_no_bounds_of_their_own():
    points = moved(RandomOffsetMutator(1, "x", 0.1), continuous=False).slice()
    assert np.array_equal(points.lower, points.midpoint)
    assert np.array_equal(points.upper, points.midpoint)


def test_the_box_of_random_offsets_is_that_of_all_points():
    scan = moved(RandomOffsetMutator(1, "x", 0.1))
    points = scan.slice()
    assert scan.bounding_box()["x"] == (
        points.lower[:, 1].min(),
        points.upper[:, 1].max(),
    )


@pytest.mark.parametrize(
    "mutator",
    [FixedOffsetMutator(["x"], [0.5]), RandomOffsetMutator(1, ["x", "y"], [0.1, 0.2])],
)
def test_a_mutator_is_made_again_of_its_description(mutator: Mutator):
    again = Mutator.from_json(mutator.to_json())
    assert again == mutator
    index = np.arange(-1, 5)
    assert again.offsets("x", index).tolist() == mutator.offsets("x", index).tolist()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RandomOffsetMutator(1.5, "x", 1), "seed must be a whole number"),
        (lambda: RandomOffsetMutator(True, "x", 1), "seed must be a whole number"),
        (lambda: RandomOffsetMutator(1, ["x", "y"], [1]), "max_offset needs 2 numbers"),
        (lambda: RandomOffsetMutator(1, "x", {"y": 1}), "is given for"),
        (lambda: FixedOffsetMutator("x", float("inf")), "offset must be finite"),
        (lambda: moved(FixedOffsetMutator("z", 1)), "'z', which no generator moves"),
        (lambda: moved(5), "a Mutator is needed here, but 5 is none"),
    ],
)
def test_mutators_that_cannot_be_are_refused(make: Any, said: str):
    with pytest.raises(PlanArgumentError, match=said):
        make()
