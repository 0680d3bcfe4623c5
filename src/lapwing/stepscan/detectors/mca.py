"""MCA: spectra with regions of interest, of one element or of several.

Owns the names of the mca record's fields, and the correction for dead time.
Must not know scans.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lapwing.errors import DeviceError
from lapwing.stepscan.counter import Counter, SumCounter
from lapwing.stepscan.detectors.computed import RatioCounter
from lapwing.stepscan.detectors.naming import Naming
from lapwing.stepscan.detectors.ready import Answers, ReadyDetector, named
from lapwing.stepscan.trigger import Trigger

NUM_REGIONS = 32
MAX_ELEMENTS = 32
_CALIBRATION = (("offset", "CALO"), ("slope", "CALS"), ("quadratic", "CALQ"))
_NUMBERED = re.compile(r"mca(\d+)[.:]?$")
Rates = tuple[str, str]


class McaDetector(ReadyDetector):
    """A multichannel analyser of one element: ``McaDetector("IOC:mca1")``.

    Read are the regions of interest that have a name, under that name; where there
    are rates, input and output count rate and their quotient, the factor by which
    dead time makes counts too few. Calibration is noted beside the data.

    Args:
        prefix: The record, or what its names begin with.
        spectrum: Whether the whole spectrum is kept for every point.
        corrected: Whether the regions' counts are multiplied by that factor.
        net: Whether the regions' net counts (``.R0N``) are read in place of all.
        num_regions: How many regions to look at.
        **options: As of `ReadyDetector`.

    Source:
        The mca record's reference (EPICS ``mca`` module).
    """

    record_types = ("mca",)

    def __init__(
        self,
        prefix: str,
        *,
        spectrum: bool = False,
        corrected: bool = False,
        net: bool = False,
        num_regions: int = NUM_REGIONS,
        **options: Any,
    ):
        self._spectrum = spectrum
        self._corrected = corrected
        self._net = net
        self._num_regions = num_regions
        super().__init__(prefix, **options)

    def _make_trigger(self, label: str) -> Trigger:
        naming = self.naming
        true = naming.fields.endswith(".")
        return Trigger(
            naming.record("EraseStart"),
            label=f"{label} trigger",
            abort_pv=naming.field("STOP") if true else naming.record("Stop"),
        )

    def _dwell_pv(self) -> str:
        return self.naming.field("PRTM")

    async def learn(self, timeout: float) -> None:
        """Ask for the names of the regions, and whether there are rates."""
        field = self.naming.field
        await self.ask(field("VAL"), timeout=timeout)
        asked = region_names(self.naming, self._num_regions)
        pairs = self._rate_pairs()
        found = await self.maybe(*asked, *(pv for pair in pairs for pv in pair))
        rates = next((p for p in pairs if p[0] in found and p[1] in found), None)
        counters = list(self._regions(regions_in(found, asked), rates))
        if rates is not None:
            counters += rate_counters(self.label, rates)
        if self._spectrum:
            counters.append(Counter(field("VAL"), f"{self.label} spectrum"))
        self.found(counters, extra_pvs=calibration(self.label, self.naming))

    def _regions(
        self, regions: Mapping[str, str], rates: Rates | None
    ) -> Iterator[Counter]:
        for region, label in regions.items():
            pv = self.naming.field(region + ("N" if self._net else ""))
            if self._corrected and rates is not None:
                yield SumCounter([pv], label, [rates])
            else:
                yield Counter(pv, label)

    def _rate_pairs(self) -> list[Rates]:
        pairs = [(self.naming.field("ICR"), self.naming.field("OCR"))]
        if number := _NUMBERED.search(self.naming.records):
            head = self.naming.records[: number.start()]
            pairs.append(dxp_rates(head, int(number[1])))
        return pairs


class MultiMcaDetector(ReadyDetector):
    """A fluorescence detector of several elements: ``MultiMcaDetector("IOC:MED:")``.

    Read are sums over the elements of each region of interest that has a name in the
    first, corrected for the dead time of each element.

    Args:
        prefix: What all of its names begin with, as ``"IOC:MED:"`` of
            ``IOC:MED:mca1``.
        nmcas: How many elements; None looks how many there are.
        corrected: Whether sums are corrected for dead time.
        elements: Whether regions and rates of each element are kept, too; counts are
            not corrected there.
        spectrum: Whether the sum of the spectra is kept for every point; with
            ``elements`` the spectrum of each element, too.
        net: Whether the regions' net counts are read in place of all.
        num_regions: How many regions to look at.
        **options: As of `ReadyDetector`.

    Raises:
        DeviceError: By `prepare`, if there are no elements.

    Source:
        Databases of the EPICS ``dxp`` module: ``EraseStart``, ``PresetReal``,
        ``mca1``, ``dxp1:InputCountRate``, ``dxp1:OutputCountRate``.
    """

    def __init__(
        self,
        prefix: str,
        nmcas: int | None = None,
        *,
        corrected: bool = True,
        elements: bool = False,
        spectrum: bool = False,
        net: bool = False,
        num_regions: int = NUM_REGIONS,
        **options: Any,
    ):
        self.nmcas = nmcas
        self._corrected = corrected
        self._elements = elements
        self._spectrum = spectrum
        self._net = net
        self._num_regions = num_regions
        super().__init__(prefix, **options)

    def _make_trigger(self, label: str) -> Trigger:
        record = self.naming.record
        return Trigger(
            record("EraseStart"), label=f"{label} trigger", abort_pv=record("StopAll")
        )

    def _dwell_pv(self) -> str:
        return self.naming.record("PresetReal")

    async def learn(self, timeout: float) -> None:
        """Ask how many elements there are, and for their regions and rates."""
        await self.ask(self.naming.record("PresetReal"), timeout=timeout)
        names = await self._find_elements()
        asked = region_names(names[0], self._num_regions)
        rates = {i: dxp_rates(self.naming.records, i + 1) for i in range(len(names))}
        found = await self.maybe(*asked, *(pv for p in rates.values() for pv in p))
        rates = {i: p for i, p in rates.items() if p[0] in found and p[1] in found}
        counters = list(self._sums(names, regions_in(found, asked), rates))
        if self._elements:
            counters += self._single(names, regions_in(found, asked), rates)
        extras: dict[str, str] = {}
        for i, one in enumerate(names, 1):
            extras |= calibration(f"{self.label} mca{i}", one)
        self.found(counters, extra_pvs=extras)

    async def _find_elements(self) -> list[Naming]:
        """Return the names of each element, by fields or by records."""
        numbers = range(1, (self.nmcas or MAX_ELEMENTS) + 1)
        ways = [
            [Naming.of(self.naming.record(f"mca{i}"), separator) for i in numbers]
            for separator in (".", ":")
        ]
        found = await self.maybe(*(one.field("NUSE") for way in ways for one in way))
        for way in ways:
            there = [one for one in way if one.field("NUSE") in found]
            if there and (self.nmcas is None or len(there) == self.nmcas):
                return there
        wanted = "an element" if self.nmcas is None else f"{self.nmcas} elements"
        raise DeviceError(
            f"detector {self.label} has not {wanted}: of {ways[0][0].field('NUSE')} "
            f"and the like, {len(found)} answer",
            hint="give it the number of elements that there are, as nmcas",
            device=self.name,
            pv=ways[0][0].field("NUSE"),
        )

    def _sums(
        self,
        names: list[Naming],
        regions: Mapping[str, str],
        rates: Mapping[int, Rates],
    ) -> Iterator[Counter]:
        # One element without rates would make the sum neither one nor the other.
        complete = self._corrected and len(rates) == len(names)
        pairs = [rates[i] for i in range(len(names))] if complete else []
        for region, label in regions.items():
            pvs = [self._region_pv(one, region) for one in names]
            yield SumCounter(pvs, label, pairs)
        if self._spectrum:
            pvs = [one.field("VAL") for one in names]
            yield SumCounter(pvs, f"{self.label} spectrum", pairs)

    def _single(
        self,
        names: list[Naming],
        regions: Mapping[str, str],
        rates: Mapping[int, Rates],
    ) -> Iterator[Counter]:
        for i, one in enumerate(names):
            for region, label in regions.items():
                yield Counter(self._region_pv(one, region), f"{label} mca{i + 1}")
            if i in rates:
                yield from rate_counters(f"{self.label} mca{i + 1}", rates[i])
            if self._spectrum:
                yield Counter(one.field("VAL"), f"{self.label} mca{i + 1} spectrum")

    def _region_pv(self, one: Naming, region: str) -> str:
        return one.field(region + ("N" if self._net else ""))


def region_names(naming: Naming, num: int) -> dict[str, str]:
    """Return the PVs of the regions' names, and which region each is of.

    Args:
        naming: Where the fields are.
        num: How many regions there may be.
    """
    return {naming.field(f"R{i}NM"): f"R{i}" for i in range(num)}


def regions_in(found: Answers, asked: Mapping[str, str]) -> dict[str, str]:
    """Return the regions that have a name, as labels by region.

    Args:
        found: What the records have answered.
        asked: See `region_names`.
    """
    names = {asked[pv]: str(found[pv].value) for pv in asked if pv in found}
    return named(names)


def dxp_rates(prefix: str, number: int) -> Rates:
    """Return the PVs of input and output count rate of an element.

    Args:
        prefix: What all names begin with.
        number: Which element, from 1.
    """
    head = f"{prefix}dxp{number}:"
    return f"{head}InputCountRate", f"{head}OutputCountRate"


def rate_counters(label: str, rates: Rates) -> list[Counter]:
    """Return counters of both count rates and of the dead-time factor.

    Args:
        label: What their names begin with.
        rates: PVs of input and output count rate.
    """
    incoming, outgoing = rates
    return [
        Counter(incoming, f"{label} ICR"),
        Counter(outgoing, f"{label} OCR"),
        RatioCounter(incoming, outgoing, f"{label} dead time factor"),
    ]


def calibration(label: str, naming: Naming) -> dict[str, str]:
    """Return the PVs that turn channels into energies, by label.

    Args:
        label: What their names begin with.
        naming: Where the fields are.
    """
    return {f"{label} {name}": naming.field(field) for name, field in _CALIBRATION}
