"""What must hold for every peak: it moves, scales and turns with its curve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.callbacks.peaks import Peak, find_peak

numbers = st.floats(-100, 100, allow_subnormal=False)
factors = st.floats(0.01, 100)


@st.composite
def curves(draw):
    """Noisy Gaussians, steps and what else is seen: x and y."""
    num = draw(st.integers(9, 61))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = np.sort(rng.uniform(-1, 1, num)) if draw(st.booleans()) else None
    x = np.linspace(-1, 1, num) if x is None else x
    centre, width = draw(st.floats(-0.8, 0.8)), draw(st.floats(0.1, 0.8))
    y = np.exp(-(((x - centre) / width) ** 2))
    if draw(st.booleans()):
        y = 1 / (1 + np.exp(-(x - centre) / width))
    return x, y + rng.normal(scale=draw(st.sampled_from([0.0, 0.01, 0.1])), size=num)


def same(found: Peak, wanted: Peak, x_scale=1.0, x_shift=0.0, reach=1.0):
    assert (found.source, found.shape) == (wanted.source, wanted.shape)
    assert (found.reason, found.num_points) == (wanted.reason, wanted.num_points)
    for name in ("centre", "cen", "com"):
        before, after = getattr(wanted, name), getattr(found, name)
        if before is None:
            assert after is None
        else:
            moved = before * x_scale + x_shift
            assert after == pytest.approx(moved, abs=1e-5 * reach)
    if wanted.fwhm is not None:
        assert found.fwhm == pytest.approx(wanted.fwhm * abs(x_scale), abs=1e-5 * reach)
    assert len(found.crossings) == len(wanted.crossings)


@given(curves(), numbers)
def test_a_shift_of_x_shifts_the_peak(curve, shift):
    x, y = curve
    same(find_peak(x + shift, y), find_peak(x, y), x_shift=shift)


@given(curves(), factors)
def test_a_stretch_of_x_stretches_the_peak(curve, factor):
    x, y = curve
    same(find_peak(x * factor, y), find_peak(x, y), x_scale=factor, reach=factor)


@given(curves(), factors, numbers)
def test_a_stretch_and_shift_of_y_leave_the_peak_where_it_is(curve, factor, shift):
    x, y = curve
    before, after = find_peak(x, y), find_peak(x, y * factor + shift)
    same(after, before)
    assert after.max[1] == pytest.approx(before.max[1] * factor + shift, abs=1e-9)


@given(curves())
def test_a_mirrored_curve_has_a_mirrored_peak(curve):
    x, y = curve
    same(find_peak(-x, y), find_peak(x, y), x_scale=-1)


@given(curves(), st.randoms())
def test_the_order_of_points_does_not_matter(curve, random):
    x, y = curve
    order = list(range(x.size))
    random.shuffle(order)
    assert find_peak(x[order], y[order]) == find_peak(x, y)


anything = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(anything, anything), max_size=30))
def test_nothing_that_floats_can_hold_breaks_it(points):
    x = [p[0] for p in points]
    peak = find_peak(x, [p[1] for p in points])
    assert (peak.centre is None) == bool(peak.reason)
    finite = [v for v in x if np.isfinite(v)]
    if peak.centre is not None:
        reach = max(finite) / 2 - min(finite) / 2
        assert min(finite) - reach * 1e-6 <= peak.centre <= max(finite) + reach * 1e-6
    if peak.fwhm is not None:
        assert peak.fwhm >= 0
