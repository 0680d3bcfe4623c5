import numpy as np
import pytest

from lapwing.callbacks.samples import Samples, as_number


def test_points_are_kept_by_their_number():
    samples = Samples(["x", "y"])
    for seq_num, x in [(1, 0.5), (2, 1.5), (4, 3.5)]:
        samples.put(seq_num, {"x": x, "y": True})
    assert samples.column("x").tolist()[:2] == [0.5, 1.5]
    assert np.isnan(samples.column("x")[2])
    assert samples.numbers.tolist() == [1, 2, 3, 4]


def test_a_point_taken_again_replaces_the_former():
    samples = Samples(["x"])
    for value in (1.0, 2.0):
        samples.put(1, {"x": value})
    assert samples.column("x").tolist() == [2.0]


@pytest.mark.parametrize("limit", [2, 7, 64, 100])
def test_a_full_store_keeps_every_second_fourth_and_so_on_point(limit):
    samples = Samples(["x"], limit=limit)
    for seq_num in range(1, 1001):
        samples.put(seq_num, {"x": float(seq_num)})
    assert len(samples) <= limit
    assert samples.column("x").tolist() == samples.numbers.tolist()
    assert samples.numbers[-1] > 1000 - samples.stride
    assert len(samples) >= limit // 2


def test_a_run_that_is_met_late_fits_too():
    samples = Samples(["x"], limit=8)
    samples.put(1025, {"x": 5.0})
    assert samples.stride == 256
    assert samples.column("x")[-1] == 5.0


def test_a_million_points_take_bounded_space():
    samples = Samples(["x", "y"])
    samples.put(1_000_001, {"x": 1.0, "y": 2.0})
    assert samples._values.nbytes <= 2 * 65536 * 8


@pytest.mark.parametrize(
    "odd", [None, "text", [1, 2], {}, 1j, np.array([1, 2]), 10**400, object()]
)
def test_what_is_no_number_is_nan(odd):
    assert np.isnan(as_number(odd))


@pytest.mark.parametrize("one", [1, True, np.float32(1), np.array([1.0]), "1"])
def test_what_is_one_number_is_that(one):
    assert as_number(one) == 1.0
