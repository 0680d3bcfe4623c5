import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.sim.instruments import FRAME_SHAPE, Look, net_sum, region_sum
from lapwing.sim.sample import Sample

SAMPLE = Sample()
positions = st.floats(-10, 10)
dwells = st.floats(0.001, 10)
looks = st.builds(Look, st.just(SAMPLE), positions, positions, dwells)


@given(looks, positions)
def test_the_same_place_gives_the_same_readings_whatever_came_between(look, other):
    def readings():
        element = look.element(1, 1e-5)
        return look.scaler(), look.currents(), element.counts.sum(), look.frame(2).sum()

    first = readings()
    Look(SAMPLE, other, 0.0, 0.1).scaler()
    assert readings() == first


@given(positions, positions, dwells)
def test_without_noise_the_fluorescence_is_what_the_counter_counts(x, y, dwell):
    look = Look(SAMPLE, x, y, dwell, noise=False)
    assert look.scaler()[2] == SAMPLE.counts(x, y, dwell, noise=False)


def test_what_passes_the_sample_dips_where_it_is_bright():
    i0, it, _ = Look(SAMPLE, SAMPLE.centre, 0, 1, noise=False).scaler()
    away, it_away, _ = Look(SAMPLE, -9, 0, 1, noise=False).scaler()
    assert i0 == away
    assert it < 0.7 * it_away < i0


def test_currents_are_noisier_the_shorter_they_are_averaged():
    def spread(dwell):
        x = np.arange(200) * 1e-5
        values = [Look(SAMPLE, float(xi), 0, dwell).currents()[0] for xi in x]
        return np.std(values) / np.mean(values)

    assert spread(0.01) == pytest.approx(10 * spread(1.0), rel=0.3)
    assert Look(SAMPLE, 0, 0, 1).currents()[3] == 0


@given(looks, st.integers(0, 3), st.floats(0, 1e-4))
def test_correcting_for_dead_time_gives_what_arrived(look, number, dead_time):
    quiet = Look(look.sample, look.x, look.y, look.dwell, noise=False)
    found = quiet.element(number, dead_time)
    assert found.output_rate <= found.input_rate
    alive = found.output_rate / found.input_rate
    assert alive == pytest.approx(1 / (1 + found.input_rate * dead_time))


def test_the_counts_of_a_live_element_are_those_of_the_spectrum():
    look = Look(SAMPLE, 0.5, 0.2, 1.0, noise=False)
    spectrum = SAMPLE.spectrum(0.5, 0.2, 1.0, noise=False)
    assert np.array_equal(look.element(0, 0).counts, np.round(spectrum))
    assert look.element(3, 0).input_rate == pytest.approx(spectrum.sum() / 1.3)


def test_no_dwell_gives_nothing():
    look = Look(SAMPLE, SAMPLE.centre, 0, 0.0)
    assert look.scaler() == (0, 0, 0)
    assert look.element(0, 1e-5).counts.sum() == 0
    assert look.element(0, 1e-5).input_rate == 0
    assert look.frame(0).sum() == 0


def test_an_image_is_as_bright_as_the_sample_and_no_pixel_overflows():
    frame = Look(SAMPLE, SAMPLE.centre, 0, 0.01, noise=False).frame(0)
    assert frame.shape == FRAME_SHAPE
    assert frame.dtype == np.uint16
    expected = SAMPLE.count_rate(SAMPLE.centre, 0) * 0.01 * 10
    assert frame.sum() == pytest.approx(expected, rel=0.02)
    assert Look(SAMPLE, SAMPLE.centre, 0, 1e4).frame(0).max() == 65_535


def test_the_images_of_a_series_differ_by_their_noise_only():
    look = Look(SAMPLE, 0.5, 0, 0.01)
    assert not np.array_equal(look.frame(0), look.frame(1))
    one, other = (float(look.frame(i).sum()) for i in (0, 1))
    assert one == pytest.approx(other, rel=0.1)


def test_a_region_sums_both_its_ends_and_one_that_is_not_used_is_0():
    counts = np.arange(10.0)
    assert region_sum(counts, 2, 4) == 9
    assert region_sum(counts, 5, 99) == 35
    assert region_sum(counts, -1, 4) == region_sum(counts, 4, 2) == 0
    assert net_sum(counts, -1, -1) == net_sum(counts, 4, 2) == 0


def test_a_net_sum_is_what_stands_above_a_line():
    counts = 5.0 + 2.0 * np.arange(100)
    counts[50] += 1000
    assert net_sum(counts, 40, 60) == pytest.approx(1000)
    assert net_sum(counts, 90, 120) == 0
