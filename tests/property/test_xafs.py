"""Whatever regions an absorption scan has, it goes up in energy, and adds up."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lapwing.errors import PlanArgumentError
from lapwing.stepscan.xafs import XafsRegion, xafs_points

times = st.floats(1e-3, 100)


@st.composite
def regions(draw):
    unit = draw(st.sampled_from(["eV", "k"]))
    low = 0.0 if unit == "k" else -300.0
    start = draw(st.floats(low, 20))
    stop = start + draw(st.floats(0, 20 if unit == "k" else 1000))
    by_step = draw(st.booleans())
    return XafsRegion(
        start,
        stop,
        step=draw(st.floats(0.01, 50)) if by_step else None,
        num=None if by_step else draw(st.integers(1, 200)),
        unit=unit,
        dtime=draw(times),
        dtime_final=draw(st.none() | times),
        dtime_wt=draw(st.floats(0, 4)),
    )


@given(st.lists(regions(), min_size=1, max_size=4), st.floats(500, 50_000))
@settings(max_examples=150)
def test_scan_goes_up_and_keeps_to_its_regions(given_regions, e0_ev):
    try:
        points = xafs_points(given_regions, e0_ev)
    except PlanArgumentError:
        assume(False)
        return
    energies = points.energy_ev
    assert (np.diff(energies) > 0).all()
    assert (np.diff(points.region) >= 0).all()
    assert set(points.region) == set(range(len(given_regions)))
    joints = np.flatnonzero(np.diff(points.region))
    assert (energies[joints + 1] - energies[joints] > 0.01).all()
    for number, region in enumerate(given_regions):
        mine = points.region == number
        assert np.isin(energies[mine], region.energies(e0_ev)).all()
        lowest, highest = sorted((region.dtime, region.dtime_final or region.dtime))
        assert (points.dwell[mine] >= lowest * (1 - 1e-12)).all()
        assert (points.dwell[mine] <= highest * (1 + 1e-12)).all()
    above = energies >= e0_ev
    assert (np.isnan(points.k) == ~above).all()
    assert points.total_time == math.fsum(points.dwell)


@given(regions())
def test_points_of_a_region_lie_within_it(region):
    points = region.points()
    assert points[0] == region.start
    assert (points <= region.stop).all()
    assert len(points) == len(region.dwell())
    if region.step is None:
        assert len(points) == region.num
        assert len(points) == 1 or points[-1] == region.stop
    else:
        assert region.stop - points[-1] < region.step
        assert np.diff(points) == pytest.approx(region.step, rel=1e-3)


@given(regions())
def test_dwell_goes_from_the_first_to_the_last_as_told(region):
    dwell = region.dwell()
    count = len(dwell)
    final = region.dtime if region.dtime_final is None else region.dtime_final
    assert dwell[0] == region.dtime
    if count == 1 or region.dtime_wt == 0:
        assert (dwell == region.dtime).all()
        return
    assert dwell[-1] == final
    for i in range(1, count, count // 20 + 1):
        along = (i / (count - 1)) ** region.dtime_wt
        assert dwell[i] == pytest.approx(region.dtime + (final - region.dtime) * along)
