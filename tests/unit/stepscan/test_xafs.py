import math

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.stepscan.xafs import (
    EV_PER_K2,
    XafsRegion,
    energy_to_k,
    k_to_energy,
    xafs_points,
)

IRON_K = 7112.0


def test_constant_is_that_of_a_free_electron():
    hbar, mass, charge = 1.054571817e-34, 9.1093837015e-31, 1.602176634e-19
    expected = hbar**2 / (2 * mass) / charge * 1e20  # angstroms in a metre, squared
    assert pytest.approx(expected, rel=1e-10) == EV_PER_K2


def test_exafs_scan_of_iron_is_joined_from_its_regions():
    points = xafs_points(
        [
            XafsRegion(-200, -20, step=10, dtime=1),
            XafsRegion(-20, 30, step=0.5, dtime=2),
            XafsRegion(2.0, 12.0, step=0.05, unit="k", dtime=2, dtime_final=10),
        ],
        IRON_K,
    )
    energies = points.energy_ev
    assert energies[:3].tolist() == [6912, 6922, 6932]
    before_edge = points.region == 0
    assert energies[before_edge][-1] == 7092
    edge = energies[points.region == 1]
    # -20 eV is there once only, of the first region.
    assert [edge[0], edge[1], edge[-1]] == [7092.5, 7093, 7142]
    k = points.k[points.region == 2]
    # 2.0 to 2.8 per angstrom lie below 30 eV.
    assert k[0] == pytest.approx(2.85)
    assert k[-1] == pytest.approx(12.0)
    assert energies[-1] == pytest.approx(7112 + 3.80998212 * 144, abs=1e-5)
    assert points.num_points == 19 + 100 + 184
    assert math.isnan(points.k[0])
    assert points.k[energies == IRON_K] == [0.0]


def test_dwell_grows_with_the_weight_along_the_whole_region():
    region = XafsRegion(0, 4, num=5, dtime=1, dtime_final=17, dtime_wt=2)
    assert xafs_points([region], IRON_K).dwell.tolist() == [1, 2, 5, 10, 17]
    overlapping = [XafsRegion(-10, 1, num=2), region]
    assert xafs_points(overlapping, IRON_K).dwell.tolist() == [1, 1, 5, 10, 17]


@pytest.mark.parametrize("more", [{}, {"dtime_final": 9.0, "dtime_wt": 0}])
def test_dwell_stays_as_it_is_without_an_end_or_a_weight(more):
    points = xafs_points([XafsRegion(0, 4, num=5, dtime=3, **more)], IRON_K)
    assert points.dwell.tolist() == [3] * 5
    assert points.total_time == 15


@pytest.mark.parametrize("more", [{"num": 1}, {"step": 50.0}])
def test_region_of_one_point_has_its_first_dwell(more):
    region = XafsRegion(5, 10, dtime=3, dtime_final=9, dtime_wt=2, **more)
    points = xafs_points([region], IRON_K)
    assert points.energy_ev.tolist() == [7117]
    assert points.dwell.tolist() == [3]


def test_steps_go_to_the_end_but_not_beyond():
    assert XafsRegion(0, 1, step=0.1).points()[-1] == 1.0
    assert XafsRegion(0, 1, step=0.3).points().tolist() == pytest.approx(
        [0, 0.3, 0.6, 0.9]
    )


def test_absolute_regions_need_no_edge():
    points = xafs_points([XafsRegion(7000, 7010, step=5, relative=False)])
    assert points.energy_ev.tolist() == [7000, 7005, 7010]
    assert np.isnan(points.k).all()


def test_wave_numbers_and_energies_are_each_other_s_inverse():
    k = np.linspace(0, 20, 41)
    assert energy_to_k(k_to_energy(k, IRON_K), IRON_K) == pytest.approx(k, abs=1e-6)


def test_arrays_of_a_scan_cannot_be_changed():
    points = xafs_points([XafsRegion(0, 4, num=5)], IRON_K)
    with pytest.raises(ValueError, match="read-only"):
        points.energy_ev[0] = 1.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"step": 1.0, "num": 3}, "both of step and num"),
        ({}, "neither of step and num"),
        ({"step": 0.0}, "step .* is 0.0"),
        ({"step": -1.0}, "step .* is -1.0"),
        ({"step": 1e-9}, "<= 1000000 points"),
        ({"step": 5e-324}, "<= 1000000 points"),
        ({"num": 0}, "num .* is 0"),
        ({"num": 2.5}, "num .* is 2.5"),
        ({"num": True}, "num .* is True"),
        ({"num": 3, "start": math.nan}, "start .* is nan"),
        ({"num": 3, "stop": math.inf}, "stop .* is inf"),
        ({"num": 3, "start": "low"}, "start .* is 'low'"),
        ({"num": 3, "start": 50.0}, "allowed: the start, 50.0, and more"),
        ({"num": 3, "unit": "keV"}, "'keV'"),
        ({"num": 3, "unit": "k", "start": -1.0}, "in k, 0 and more"),
        ({"num": 3, "unit": "k", "relative": False}, "with unit k, True"),
        ({"num": 3, "dtime": 0.0}, "dtime .* is 0.0"),
        ({"num": 3, "dtime_final": -1.0}, "dtime_final .* is -1.0"),
        ({"num": 3, "dtime_wt": -0.5}, "dtime_wt .* is -0.5"),
        ({"num": 3, "dtime_wt": math.nan}, "dtime_wt .* is nan"),
    ],
)
def test_region_that_says_too_much_or_too_little_is_refused(given, said):
    with pytest.raises(PlanArgumentError, match=said):
        XafsRegion(**{"start": 0.0, "stop": 10.0, **given})


@pytest.mark.parametrize(
    ("regions", "e0_ev", "said"),
    [
        ([], IRON_K, "no regions"),
        ([(0, 10)], None, "e0_ev is not given"),
        ([(0, 10)], -5.0, "e0_ev .* is -5.0"),
        ([(0, 10)], math.nan, "e0_ev .* is nan"),
        ([(-9000, 10)], IRON_K, "goes from -1888 eV"),
        ([(0, 30), (10, 30)], IRON_K, "region 1 .* must end more than 0.01 eV above"),
        ([(5, 5)], IRON_K, "some have the same energy"),
        ([(0, 1e-300)], IRON_K, "some have the same energy"),
    ],
)
def test_scan_that_cannot_be_is_refused(regions, e0_ev, said):
    with pytest.raises(PlanArgumentError, match=said):
        xafs_points([XafsRegion(*one, num=3) for one in regions], e0_ev)


@pytest.mark.parametrize("least", [-1.0, math.nan, None])
def test_least_step_is_a_number(least):
    with pytest.raises(PlanArgumentError, match="min_step_ev"):
        xafs_points([XafsRegion(0, 1, num=2)], IRON_K, min_step_ev=least)
