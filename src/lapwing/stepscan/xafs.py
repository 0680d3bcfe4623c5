"""XAFS: the energies of an absorption scan, region by region, and how long at each.

Owns regions in eV or k, the dwell that grows along a region, and their joining.
Must not know devices, plans or elements; the edge's energy is given.
Test: properties over any regions; the joints of an EXAFS scan by hand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lapwing.errors import PlanArgumentError

__all__ = ["XafsPoints", "XafsRegion", "energy_to_k", "k_to_energy", "xafs_points"]

EV_PER_K2 = 3.8099821115
"""Energy of a free electron with k = 1 per angstrom, in eV: hbar^2 / (2 m_e), from the
constants of CODATA 2018 (Tiesinga et al., Rev. Mod. Phys. 93, 025010, 2021)."""

MIN_STEP_EV = 0.01
MOST_POINTS = 1_000_000

_ON_GRID = 1e-6
"""Part of a step by which a region's end may lie off the grid and still be on it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class XafsRegion:
    """A stretch of an absorption scan, with one kind of step: ``start`` to ``stop``.

    Of ``step`` and ``num`` one is given. With a step the points are ``start``,
    ``start + step``, ..., the last of them at or before ``stop``; with a num they are
    evenly spaced, ``stop`` included (``num=1``: only ``start``).

    The dwell of point i of n is ``dtime + (dtime_final - dtime) * (i / (n - 1)) **
    dtime_wt``; the only point of a region has ``dtime``.

    Args:
        start: First point, in ``unit``.
        stop: Where it ends, in ``unit``; not before ``start``.
        step: Distance of points, > 0.
        num: Number of points, >= 1.
        unit: ``"eV"``; or ``"k"``, the photoelectron's wave number in 1/angstrom,
            >= 0, which counts from the edge.
        relative: Whether energies count from the edge; False: they are absolute.
        dtime: Seconds at the first point, > 0.
        dtime_final: Seconds at the last point, > 0; None: as at the first.
        dtime_wt: Exponent >= 0 with which the dwell grows; 0: it does not.

    Raises:
        PlanArgumentError: It says more or less than one thing; the field is named.
    """

    start: float
    stop: float
    step: float | None = None
    num: int | None = None
    unit: Literal["eV", "k"] = "eV"
    relative: bool = True
    dtime: float = 1.0
    dtime_final: float | None = None
    dtime_wt: float = 1.0

    def __post_init__(self) -> None:
        _finite("start", self.start)
        _finite("stop", self.stop)
        if self.unit not in ("eV", "k"):
            raise _refused("unit", self.unit, '"eV" and "k"')
        if self.unit == "k" and not self.relative:
            raise _refused("relative", False, "with unit k, True")
        if self.unit == "k" and self.start < 0:
            raise _refused("start", self.start, "in k, 0 and more")
        if self.stop < self.start:
            raise _refused("stop", self.stop, f"the start, {self.start}, and more")
        _positive("dtime", self.dtime)
        if self.dtime_final is not None:
            _positive("dtime_final", self.dtime_final)
        if _finite("dtime_wt", self.dtime_wt) < 0:
            raise _refused("dtime_wt", self.dtime_wt, "0 and more")
        self._check_spacing()

    def _check_spacing(self) -> None:
        if (self.step is None) == (self.num is None):
            found = "neither" if self.step is None else "both"
            raise PlanArgumentError(
                f"an XAFS region from {self.start} to {self.stop} has {found} of step "
                "and num; one of them is needed"
            )
        if self.step is not None:
            _positive("step", self.step)
        elif not _is_number_of_points(self.num):
            raise _refused("num", self.num, f"whole numbers from 1 to {MOST_POINTS}")
        if self._num > MOST_POINTS:
            raise _refused(
                "step", self.step, f"steps that give <= {MOST_POINTS} points"
            )

    @property
    def _num(self) -> float:
        if self.num is not None:
            return self.num
        steps = (self.stop - self.start) / (self.step or 1.0)
        return steps if steps > MOST_POINTS else math.floor(steps + _ON_GRID) + 1

    def points(self) -> Floats:
        """Return all its points, in its unit, ``(n,)``."""
        if self.step is None:
            return np.linspace(self.start, self.stop, int(self._num))
        values = self.start + self.step * np.arange(int(self._num), dtype="f8")
        return np.minimum(values, self.stop)

    def dwell(self) -> Floats:
        """Return the seconds at each of its points, ``(n,)``."""
        count = int(self._num)
        if self.dtime_final is None or count == 1 or self.dtime_wt == 0:
            return np.full(count, float(self.dtime))
        along = np.linspace(0.0, 1.0, count) ** self.dtime_wt
        # In this form both ends are just what was asked for.
        return self.dtime * (1 - along) + self.dtime_final * along

    def energies(self, e0_ev: float | None) -> Floats:
        """Return all its points as energies in eV, ``(n,)``.

        Args:
            e0_ev: Energy of the edge in eV; None if the region does without.

        Raises:
            PlanArgumentError: It counts from the edge, and there is none.
        """
        points = self.points()
        if self.unit == "eV" and not self.relative:
            return points
        if e0_ev is None:
            raise PlanArgumentError(
                f"an XAFS region from {self.start} to {self.stop} {self.unit} counts "
                "from the edge, whose energy e0_ev is not given; it is needed in eV"
            )
        return k_to_energy(points, e0_ev) if self.unit == "k" else e0_ev + points


@dataclass(frozen=True, slots=True, eq=False)
class XafsPoints:
    """The points of an absorption scan; its arrays cannot be written to.

    Attributes:
        energy_ev: Energies in eV, ``(num_points,)``, each above the one before it.
        dwell: Seconds at each, ``(num_points,)``.
        k: Wave number at each in 1/angstrom, ``(num_points,)``; NaN below the edge, and
            everywhere if its energy was not given.
        region: Number of the region that each is of, from 0, ``(num_points,)``.
    """

    energy_ev: Floats
    dwell: Floats
    k: Floats
    region: NDArray[np.int64]

    @property
    def num_points(self) -> int:
        """How many points it has."""
        return len(self.energy_ev)

    @property
    def total_time(self) -> float:
        """Seconds of all dwells together, moves left out."""
        return math.fsum(self.dwell)


def xafs_points(
    regions: Sequence[XafsRegion],
    e0_ev: float | None = None,
    *,
    min_step_ev: float = MIN_STEP_EV,
) -> XafsPoints:
    """Join regions to one scan upwards in energy: pre-edge, edge, EXAFS.

    Where a region overlaps the ones before it, these count: of it only those points are
    kept that lie more than ``min_step_ev`` above all before. A point keeps the dwell
    that it has in its whole region.

    Args:
        regions: The regions, the lowest first; at least one.
        e0_ev: Energy of the edge in eV, > 0; None if all regions are absolute.
        min_step_ev: Least distance between two regions in eV, >= 0.

    Returns:
        Energies, dwells and wave numbers of all points.

    Raises:
        PlanArgumentError: A region has no point left, or points at 0 eV or below, or so
            close together that they are the same; or an argument is no such number.
    """
    if e0_ev is not None:
        _positive("e0_ev", e0_ev)
    if _finite("min_step_ev", min_step_ev) < 0:
        raise _refused("min_step_ev", min_step_ev, "0 and more")
    if not regions:
        raise PlanArgumentError("an XAFS scan has no regions; at least one is needed")
    parts: list[tuple[Floats, Floats]] = []
    highest = -math.inf
    for number, region in enumerate(regions):
        energies = _checked_energies(number, region, e0_ev)
        kept = energies > highest + min_step_ev
        if not kept.any():
            raise PlanArgumentError(
                f"region {number} of the XAFS scan ends at {energies[-1]:g} eV, and "
                f"those before it reach {highest:g} eV; it must end more than "
                f"{min_step_ev:g} eV above them",
                hint="give the regions in order of their energy",
            )
        parts.append((energies[kept], region.dwell()[kept]))
        highest = float(energies[-1])
    return _joined(parts, e0_ev)


def k_to_energy(k: ArrayLike, e0_ev: float) -> Floats:
    """Return the photon energies in eV at which photoelectrons have wave numbers k.

    Args:
        k: Wave numbers in 1/angstrom, >= 0, of any shape.
        e0_ev: Energy of the edge in eV.
    """
    return e0_ev + EV_PER_K2 * np.square(np.asarray(k, "f8"))


def energy_to_k(energy_ev: ArrayLike, e0_ev: float) -> Floats:
    """Return the wave numbers in 1/angstrom of photoelectrons; NaN below the edge.

    Args:
        energy_ev: Photon energies in eV, of any shape.
        e0_ev: Energy of the edge in eV.
    """
    above = np.asarray(energy_ev, "f8") - e0_ev
    return np.sqrt(np.where(above < 0, np.nan, above) / EV_PER_K2)


def _checked_energies(number: int, region: XafsRegion, e0_ev: float | None) -> Floats:
    energies = region.energies(e0_ev)
    if not energies[0] > 0 or not math.isfinite(energies[-1]):
        raise PlanArgumentError(
            f"region {number} of the XAFS scan goes from {energies[0]:g} eV to "
            f"{energies[-1]:g} eV; energies above 0 eV are allowed",
            hint="energies count from the edge, unless relative=False",
        )
    if (np.diff(energies) <= 0).any():
        raise PlanArgumentError(
            f"region {number} of the XAFS scan, from {region.start} to {region.stop} "
            f"{region.unit}, has {len(energies)} points, of which some have the same "
            "energy; fewer points or a greater step is needed"
        )
    return energies


def _joined(parts: list[tuple[Floats, Floats]], e0_ev: float | None) -> XafsPoints:
    energies = np.concatenate([energies for energies, _ in parts])
    unknown = np.full(len(energies), np.nan)
    found = XafsPoints(
        energy_ev=energies,
        dwell=np.concatenate([dwell for _, dwell in parts]),
        k=unknown if e0_ev is None else energy_to_k(energies, e0_ev),
        region=np.repeat(np.arange(len(parts)), [len(part) for part, _ in parts]),
    )
    for array in (found.energy_ev, found.dwell, found.k, found.region):
        array.flags.writeable = False
    return found


def _finite(name: str, value: Any) -> float:
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not math.isfinite(value):
        raise _refused(name, value, "finite numbers")
    return float(value)


def _positive(name: str, value: Any) -> None:
    if _finite(name, value) <= 0:
        raise _refused(name, value, "numbers above 0")


def _is_number_of_points(value: Any) -> bool:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return whole and 1 <= int(value) <= MOST_POINTS


def _refused(name: str, value: Any, allowed: str) -> PlanArgumentError:
    return PlanArgumentError(
        f"{name} of an XAFS scan is {value!r}; allowed: {allowed}", argument=name
    )
