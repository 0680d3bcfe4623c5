import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.sim.sample import Sample

SAMPLE = Sample()
positions = st.floats(-10, 10)


@given(positions)
def test_along_x_at_y_0_the_profile_is_a_gaussian_on_a_background(x):
    gaussian = np.exp(-(((x - SAMPLE.centre) / SAMPLE.sigma) ** 2) / 2)
    expected = SAMPLE.background + SAMPLE.rate * gaussian
    assert SAMPLE.count_rate(x, 0.0) == pytest.approx(expected, rel=1e-9)


def test_half_the_height_is_reached_half_a_width_from_the_centre():
    at_half = SAMPLE.count_rate(SAMPLE.centre + SAMPLE.fwhm / 2, 0.0)
    assert at_half - SAMPLE.background == pytest.approx(SAMPLE.rate / 2)


def test_the_centre_of_mass_of_a_noisy_scan_lies_within_1_percent_of_its_range():
    x = np.linspace(-5, 5, 51)
    counts = np.array([SAMPLE.counts(float(xi), 0.0, 0.01) for xi in x])
    centre = (x * counts).sum() / counts.sum()
    assert abs(centre - SAMPLE.centre) < 0.1


def test_the_map_has_six_spots_on_its_inner_ring():
    angles = np.linspace(-np.pi, np.pi, 360, endpoint=False)
    ring = np.array(
        [
            SAMPLE.count_rate(SAMPLE.centre + 2.6 * np.cos(a), 2.6 * np.sin(a))
            for a in angles
        ]
    )
    higher = (ring > np.roll(ring, 1)) & (ring >= np.roll(ring, -1))
    assert (higher & (ring > ring.max() / 2)).sum() == 6


@given(positions, positions, st.floats(0.001, 10))
def test_the_same_point_gives_the_same_data_whatever_came_between(x, y, dwell):
    counts = SAMPLE.counts(x, y, dwell)
    spectrum = SAMPLE.spectrum(x, y, dwell)
    SAMPLE.counts(x + 1, y, dwell)
    assert SAMPLE.counts(x, y, dwell) == counts
    assert np.array_equal(SAMPLE.spectrum(x, y, dwell), spectrum)


def test_the_rounding_of_a_position_reached_on_another_way_does_not_matter():
    assert SAMPLE.counts(0.1 + 0.2, 0.0, 1.0) == SAMPLE.counts(0.3, 0.0, 1.0)


def test_another_position_dwell_or_seed_gives_other_noise():
    def noise(sample, x, dwell):
        return sample.counts(x, 0.0, dwell) - sample.counts(x, 0.0, dwell, noise=False)

    base = [noise(SAMPLE, SAMPLE.centre + i * 0.001, 1.0) for i in range(20)]
    assert len(set(base)) > 10
    assert base != [noise(Sample(seed=2), SAMPLE.centre + i * 0.001, 1.0)
                    for i in range(20)]  # fmt: skip


def test_the_noise_is_as_large_as_poisson_s():
    x = SAMPLE.centre + np.arange(500) * 1e-6
    counts = np.array([SAMPLE.counts(float(xi), 0.0, 0.01) for xi in x])
    true = SAMPLE.counts(SAMPLE.centre, 0.0, 0.01, noise=False)
    assert counts.mean() == pytest.approx(true, rel=0.01)
    assert counts.std() == pytest.approx(np.sqrt(true), rel=0.15)


def test_without_noise_counts_are_the_rounded_truth():
    expected = round(SAMPLE.count_rate(1.0, 0.5) * 0.25)
    assert SAMPLE.counts(1.0, 0.5, 0.25, noise=False) == expected


def test_a_spectrum_has_2048_channels_and_depends_on_the_position():
    on_spot = SAMPLE.spectrum(SAMPLE.centre, 0.0, 1.0, noise=False)
    on_ring = SAMPLE.spectrum(SAMPLE.centre, 2.6, 1.0, noise=False)
    assert on_spot.shape == (2048,)
    assert on_spot.dtype == np.float64
    assert on_spot.argmax() == 640
    assert on_ring.argmax() == 705


def test_no_dwell_gives_no_counts():
    assert SAMPLE.counts(SAMPLE.centre, 0.0, 0.0) == 0
    assert SAMPLE.spectrum(SAMPLE.centre, 0.0, 0.0).sum() == 0
