import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.errors import ConfigError
from lapwing.sim.motion import Move

# Positions in nanometres and times in microseconds: finer ones are not physics.
positions = st.floats(-1e3, 1e3).map(lambda position: round(position, 9))
velocities = st.floats(1e-2, 1e3)
times = st.floats(0, 10).map(lambda seconds: round(seconds, 6))
moves = st.builds(Move, positions, positions, velocities, times)


@given(moves)
def test_a_move_begins_at_its_start_and_ends_exactly_at_its_target(move):
    assert move.position(0) == (move.start if move.distance else move.target)
    assert move.position(-1) == move.start
    assert move.position(move.duration) == move.target
    assert move.position(move.duration + 1) == move.target


@given(moves, st.floats(0, 1), st.floats(0, 1))
def test_a_move_never_turns_back_and_never_leaves_its_way(move, a, b):
    early, late = sorted((a, b))
    first, second = (move.position(f * move.duration) for f in (early, late))
    low, high = sorted((move.start, move.target))
    assert low <= first <= high
    assert low <= second <= high
    slack = 1e-9 * (1 + abs(move.start) + abs(move.target))
    assert abs(second - move.start) >= abs(first - move.start) - slack


@given(moves, st.floats(0, 1), st.floats(1e-6, 1e-2))
def test_a_move_is_never_faster_than_its_velocity(move, fraction, step):
    at = fraction * move.duration
    way = abs(move.position(at + step) - move.position(at))
    assert way <= move.velocity * step * (1 + 1e-6) + 1e-9


@given(moves)
def test_the_way_is_symmetric_in_time(move):
    middle = move.position(move.duration / 2)
    if move.distance:
        expected = (move.start + move.target) / 2
        assert middle == pytest.approx(expected, abs=1e-6 * (1 + move.distance))


def test_a_long_move_takes_its_way_at_full_speed_and_one_ramp_more():
    move = Move(0, 10, 5, 0.5)
    assert move.duration == pytest.approx(10 / 5 + 0.5)
    assert move.ramp == 0.5
    assert move.position(0.5) == pytest.approx(1.25)


def test_a_short_move_has_a_triangular_profile():
    move = Move(0, 0.1, 5, 0.5)
    assert move.duration == pytest.approx(2 * math.sqrt(0.1 / 10))
    assert move.ramp < 0.5


def test_without_acceleration_time_the_speed_is_constant():
    move = Move(1, -1, 4)
    assert move.duration == 0.5
    assert move.position(0.25) == 0


def test_a_move_to_where_it_is_takes_no_time():
    assert Move(3, 3, 5, 0.5).duration == 0
    assert Move(3, 3, 5, 0.5).position(0) == 3


@pytest.mark.parametrize(
    "numbers", [(0, math.nan, 1, 0), (0, 1, 0, 0), (0, 1, -1, 0), (0, 1, 1, -1)]
)
def test_numbers_that_make_no_move_are_refused(numbers):
    with pytest.raises(ConfigError, match="a move"):
        Move(*numbers)
