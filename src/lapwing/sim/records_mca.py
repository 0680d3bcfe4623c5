"""MCA: spectra, regions of interest and dead time, of one element or of four.

Owns the records of the multichannel analysers ``MCA`` and ``MED``.
Must not know motors; a `View` tells what is seen.
Test: tests/system/test_beamline_records.py, through Channel Access.
"""

from typing import Any

import numpy as np
from softioc import builder

from lapwing.sim.instruments import net_sum, region_sum
from lapwing.sim.records_busy import Exposure, build_command
from lapwing.sim.sample import SPECTRUM_CHANNELS
from lapwing.sim.view import View

DEAD_TIME = 2e-5
NUM_ELEMENTS = 4
# Name, first and last channel; a region that is not used begins at -1.
_REGIONS = (("Fe Ka", 610, 670), ("Fe Kb", 675, 735), ("Cu Ka", 1190, 1290))
_REGIONS += (("", -1, -1),)
_CALIBRATION = (("CALO", 0.0), ("CALS", 0.01), ("CALQ", 0.0))
_SECONDS = {"EGU": "s", "PREC": 3}
_CHOICES = ("Done", "Acquire")


class SimRegion:
    """A region of interest: name, limits, and its sum, which follows the limits.

    Args:
        name: Prefix of its records, such as ``"SIM:MCA:R0"``.
        title: Its name.
        low: First channel.
        high: Last channel.
    """

    def __init__(self, name: str, title: str, low: int, high: int):
        self._counts = np.zeros(SPECTRUM_CHANNELS)
        again = {"on_update": lambda _: self.update(self._counts)}
        builder.stringOut(f"{name}NM", initial_value=title)
        self._low = builder.longOut(f"{name}LO", initial_value=low, **again)
        self._high = builder.longOut(f"{name}HI", initial_value=high, **again)
        fields = {"initial_value": 0, "EGU": "counts", "PREC": 0}
        self._sum = builder.aIn(name, **fields)
        self._net = builder.aIn(f"{name}N", **fields)

    def update(self, counts: Any, trouble: dict[str, int] | None = None) -> None:
        """Take new counts per channel, float64 of shape ``(2048,)``."""
        self._counts = counts
        where = (self._low.get(), self._high.get())
        self._sum.set(region_sum(counts, *where), **(trouble or {}))
        self._net.set(net_sum(counts, *where), **(trouble or {}))


class SimElement:
    """The spectrum of one element, its regions and its calibration.

    Args:
        prefix: Prefix of its records, such as ``"SIM:MCA:"``.
        rates: Names of the records of input and output count rate.
        number: Which element, 0 or more.
        view: What it sees.
    """

    def __init__(self, prefix: str, rates: tuple[str, str], number: int, view: View):
        self._number, self._view = number, view
        self.spectrum = builder.WaveformIn(
            f"{prefix}VAL", np.zeros(SPECTRUM_CHANNELS), EGU="counts"
        )
        self.used = builder.longOut(
            f"{prefix}NUSE", initial_value=SPECTRUM_CHANNELS, DRVL=1, DRVH=2048
        )
        self.regions = [
            SimRegion(f"{prefix}R{i}", *region) for i, region in enumerate(_REGIONS)
        ]
        for name, value in _CALIBRATION:
            builder.aOut(f"{prefix}{name}", initial_value=value, PREC=6)
        builder.stringOut(f"{prefix}EGU", initial_value="keV")
        builder.stringIn(f"{prefix}RTYP", initial_value="mca")
        self._rates = [
            builder.aIn(name, initial_value=0, EGU="counts/s", PREC=1) for name in rates
        ]

    def publish(self, live: float, trouble: dict[str, int]) -> None:
        """Show what there is after some seconds of counting; 0 erases."""
        found = self._view.look(live).element(self._number, DEAD_TIME)
        self.spectrum.set(found.counts[: self.used.get()], **trouble)
        for region in self.regions:
            region.update(found.counts, trouble)
        rates = (found.input_rate, found.output_rate)
        for record, rate in zip(self._rates, rates, strict=True):
            record.set(rate, **trouble)


class SimMca:
    """One or several elements that count together.

    Args:
        prefix: Prefix of its records, such as ``"SIM:MCA:"``.
        elements: What counts.
        words: How this detector calls preset time, elapsed time, stop and erase.
    """

    def __init__(
        self, prefix: str, elements: list[SimElement], words: tuple[str, str, str, str]
    ):
        self._elements = elements
        preset, elapsed, stop, erase = words
        self._preset = builder.aOut(
            f"{prefix}{preset}", initial_value=1.0, DRVL=0, DRVH=3600, **_SECONDS
        )
        self._elapsed = builder.aIn(f"{prefix}{elapsed}", initial_value=0.0, **_SECONDS)
        self.exposure = Exposure(
            prefix,
            f"{prefix}EraseStart",
            lambda: self._preset.get(),
            self._publish,
            choices=_CHOICES,
        )
        build_command(f"{prefix}{stop}", self.exposure.work.end)
        build_command(f"{prefix}{erase}", lambda: self._publish(0.0, {}))

    def _publish(self, live: float, trouble: dict[str, int]) -> None:
        self._elapsed.set(live, **trouble)
        for element in self._elements:
            element.publish(live, trouble)


def build_mca(prefix: str, view: View) -> SimMca:
    """Make an MCA of one element.

    Args:
        prefix: What its names begin with, such as ``"SIM:MCA:"``.
        view: What it sees.
    """
    element = SimElement(prefix, (f"{prefix}ICR", f"{prefix}OCR"), 0, view)
    return SimMca(prefix, [element], ("PRTM", "ELTM", "Stop", "Erase"))


def build_multi_element(prefix: str, view: View) -> SimMca:
    """Make a fluorescence detector of four elements.

    Args:
        prefix: What its names begin with, such as ``"SIM:MED:"``.
        view: What it sees.
    """
    elements = [
        SimElement(
            f"{prefix}mca{i + 1}:",
            (
                f"{prefix}dxp{i + 1}:InputCountRate",
                f"{prefix}dxp{i + 1}:OutputCountRate",
            ),
            i,
            view,
        )
        for i in range(NUM_ELEMENTS)
    ]
    words = ("PresetReal", "ElapsedReal", "StopAll", "EraseAll")
    return SimMca(prefix, elements, words)
