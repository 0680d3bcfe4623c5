import numpy as np
import pytest
from unit.callbacks.streams import feed, peak_counts, peak_scan, scan_run

from lapwing.callbacks.peak_stats import PeakStats
from lapwing.callbacks.peaks import find_peak

X = np.linspace(-5, 5, 51)


@pytest.mark.parametrize("fwhm", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("centre", [-2.5, 0.73, 3.0])
def test_a_noisy_gaussian_is_centred_within_half_a_percent_of_the_range(centre, fwhm):
    errors = []
    for seed in range(100):
        peak = find_peak(X, peak_counts(X, centre, fwhm, seed=seed))
        assert peak.source == "gaussian fit" or fwhm < 1
        errors.append(abs(peak.centre - centre) / 10)
    assert max(errors) < 0.006
    assert np.sqrt(np.mean(np.square(errors))) < 0.002


def test_the_fit_is_closer_than_crossings_and_the_highest_point():
    found = [find_peak(X, peak_counts(X, seed=seed)) for seed in range(100)]

    def spread(values):
        return np.sqrt(np.mean((np.array(values) - 0.73) ** 2))

    fit = spread([p.centre for p in found])
    assert 1.3 * fit < spread([p.cen for p in found])
    assert 5 * fit < spread([p.max[0] for p in found])


@pytest.mark.parametrize("fwhm", [1.0, 2.0, 3.0])
def test_the_width_is_right_within_a_tenth(fwhm):
    widths = [find_peak(X, peak_counts(X, 0.73, fwhm, seed=s)).fwhm for s in range(50)]
    assert np.mean(widths) == pytest.approx(fwhm, rel=0.05)
    assert max(abs(w / fwhm - 1) for w in widths) < 0.15


def test_a_triangle_without_noise_is_exact():
    peak = find_peak([0, 1, 2, 3, 4], [0, 1, 2, 1, 0])
    assert peak.centre == pytest.approx(2)
    assert (peak.cen, peak.fwhm, peak.com) == pytest.approx((2, 2, 2))
    assert peak.crossings == pytest.approx((1, 3))
    assert (peak.max, peak.min, peak.background) == ((2, 2), (0, 0), 0)


def test_a_single_high_point_is_a_peak_one_step_wide():
    peak = find_peak(range(7), [0, 0, 0, 5, 0, 0, 0])
    assert (peak.centre, peak.fwhm) == pytest.approx((3, 1))
    assert peak.source == "half height"


def test_a_flat_top_is_centred_by_its_sides():
    for seed in range(20):
        expected = 1000.0 * (abs(X - 0.73) < 1.5)
        peak = find_peak(X, np.random.default_rng(seed).poisson(expected))
        assert peak.source == "half height"
        assert peak.centre == pytest.approx(0.8, abs=0.02)


def test_a_dip_is_found_where_it_is_lowest():
    y = np.random.default_rng(1).poisson(1000 - 800 * np.exp(-((X - 1.2) ** 2)))
    peak = find_peak(X, y)
    assert peak.shape == "dip"
    assert peak.centre == pytest.approx(1.2, abs=0.1)
    assert peak.background == pytest.approx(1000, rel=0.05)
    assert peak.fwhm == pytest.approx(2 * np.sqrt(np.log(2)), rel=0.15)


@pytest.mark.parametrize("side", [1, -1])
def test_an_edge_is_centred_where_it_is_half_as_high(side):
    expected = 500 * (1 + np.tanh(side * (X - 1.5) / 0.3))
    peak = find_peak(X, np.random.default_rng(2).poisson(expected))
    assert (peak.shape, peak.source, peak.fwhm) == ("edge", "edge", None)
    assert peak.centre == pytest.approx(1.5, abs=0.05)


def test_a_peak_cut_off_by_the_border_says_so():
    peak = find_peak(X, 1000 * np.exp(-((X + 5) ** 2)))
    assert peak.source == "maximum at the border"
    assert (peak.centre, peak.fwhm) == (-5, None)


def test_a_peak_near_the_border_is_still_fitted():
    peak = find_peak(X, 1000 * np.exp(-((X - 4.4) ** 2) / 1.4))
    assert (peak.source, peak.fwhm) == ("gaussian fit", None)
    assert peak.centre == pytest.approx(4.4, abs=0.02)


def test_a_noise_spike_beside_the_peak_does_not_cut_its_width():
    y = 1000 * np.exp(-(X**2) / 4)
    y[np.argmin(abs(X - 1.0))] = 100  # a dropped count inside
    assert find_peak(X, y).fwhm == pytest.approx(4 * np.sqrt(np.log(2)), rel=0.05)


def test_order_nan_and_infinity_do_not_matter():
    y = peak_counts(X).astype(float)
    plain = find_peak(X, y)
    x_more = np.concatenate([X, [1.0, np.nan, 2.0, np.inf]])
    y_more = np.concatenate([y, [np.nan, 5.0, np.inf, 7.0]])
    order = np.random.default_rng(0).permutation(x_more.size)
    assert find_peak(x_more[order], y_more[order]) == plain


def test_points_at_the_same_place_are_averaged():
    peak = find_peak([0, 1, 1, 2, 2, 3, 4], [0, 1, 3, 4, 6, 2, 0])
    assert peak.num_points == 5
    assert peak == find_peak([0, 1, 2, 3, 4], [0, 2, 5, 2, 0])


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([], [], "there are no finite points"),
        ([np.nan], [1.0], "there are no finite points"),
        ([1.0], [2.0], "1 point cannot show a peak, 3 can"),
        ([1.0, 1.0, 2.0], [2.0, 3.0, 4.0], "2 points cannot show a peak, 3 can"),
        ([1, 2, 3, 4], [7, 7, 7, 7], "y is flat"),
        ([1, 2, 3, 4], [0, 0, 0, 0], "y is flat"),
        ([1, 2, 3], [1e9, 1e9 + 1e-7, 1e9], "y is flat"),
    ],
)
def test_what_holds_no_peak_gives_the_reason(x, y, reason):
    peak = find_peak(x, y)
    assert (peak.centre, peak.fwhm, peak.reason) == (None, None, reason)


def test_pure_noise_is_hardly_ever_taken_for_a_peak():
    rng = np.random.default_rng(0)
    found = [find_peak(X, rng.poisson(100, X.size)) for _ in range(500)]
    assert sum(p.centre is not None for p in found) <= 10
    assert any(p.reason == "nothing stands out from the noise" for p in found)


def test_huge_and_tiny_numbers_do_no_harm():
    y = np.array([0.0, 1, 4, 1, 0])
    for scale in (1e-300, 1e-9, 1e300):
        peak = find_peak(np.arange(5) * scale, y * scale)
        assert peak.centre == pytest.approx(2 * scale, rel=1e-9)
    assert find_peak([-1e308, 0, 1e308], [-1e308, 1e308, -1e308]).centre == 0


# ---------------------------------------------------------------- the callback


def test_peak_stats_follow_the_documents_of_a_scan():
    stats = PeakStats("x", "det")
    assert stats.result.reason == "no run has begun"
    feed(stats, peak_scan())
    assert stats.result.num_points == 51
    assert stats.centre == pytest.approx(0.73, abs=0.05)


def test_peak_stats_can_be_asked_in_mid_run_and_follow_the_newest_run():
    stats = PeakStats("x", "det")
    documents = peak_scan()
    feed(stats, documents[:30])
    assert stats.result.num_points == 28
    feed(stats, documents[30:])
    feed(stats, [scan_run(scan_id=99).start()])
    assert stats.result.num_points == 0


def test_a_point_taken_again_counts_once():
    run = scan_run()
    stats = PeakStats("x", "det")
    feed(stats, [run.start(), run.descriptor()])
    for seq_num, x, det in [(1, 0, 0), (2, 1, 900), (2, 1, 5), (3, 2, 0)]:
        stats(*run.event(seq_num, x=x, det=det))
    assert stats.result.max == (1, 5)
