"""Summary: the peaks of a run in one sentence each.

Owns the wording, and printing it when a run ends.
Must not know how peaks are found.
Test: compare the sentence of a known peak.
"""

from typing import IO

import numpy as np

from lapwing.callbacks.cells import number
from lapwing.callbacks.fields import Field, decimals_for
from lapwing.callbacks.peak_stats import RunPeaks
from lapwing.callbacks.peaks import Peak
from lapwing.callbacks.routing import ByRun
from lapwing.callbacks.screen import Screen
from lapwing.documents import Document


class PeakSummary:
    """Says at the end of a scan where the peaks are, one sentence each.

    Args:
        file: Where to write; None: ``sys.stdout`` of that moment.
        screen: Where to write instead, shared with tables and bars.
        say: Whether to say anything; the peaks are kept in any case.

    Attributes:
        peaks: The peaks of the last run that ended, by data key; empty if it
            scanned along no single dimension.
    """

    def __init__(
        self,
        file: IO[str] | None = None,
        *,
        screen: Screen | None = None,
        say: bool = True,
    ):
        self.screen = Screen(file, ticking=False) if screen is None else screen
        self.say = say
        self.peaks: dict[str, Peak] = {}
        self._runs = ByRun(RunPeaks)

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        ending = self._runs.open.get(doc["run_start"]) if name == "stop" else None
        self._runs(name, doc)
        if ending is not None:
            self.peaks = ending.results()
            for line in sentences(ending, self.peaks) if self.say else ():
                self.screen.line(line, "cyan")


def sentences(run: RunPeaks, peaks: dict[str, Peak]) -> list[str]:
    """Return what there is to say of the peaks of a run.

    What was hardly measured (fewer than three points) is not worth a word.
    """
    if run.x is None:
        return []
    xs = run.samples.column(run.x.name)
    step = typical_step(xs)
    return [
        sentence(run.x, y, peaks[y.name], step)
        for y in run.ys
        if peaks[y.name].num_points >= 3
    ]


def sentence(x: Field, y: Field, peak: Peak, step: float) -> str:
    """Return what there is to say of one peak.

    Args:
        x: What is scanned.
        y: What is measured.
        peak: What was found.
        step: Typical distance of two points, in the unit of x; it tells how
            many decimals make sense.
    """

    def position(value: float, unit: bool = True) -> str:
        decimals = max(x.precision or 0, decimals_for(step))
        return f"{number(value, decimals)}{' ' + x.units if unit and x.units else ''}"

    if peak.centre is None:
        return f"no peak of {y.name}: {peak.reason}"
    parts = [f"{peak.shape} of {y.name} at {x.name} = {position(peak.centre)}"]
    if peak.fwhm is not None:
        parts[0] += f", FWHM {position(peak.fwhm)}"
    if peak.source == "maximum at the border":
        parts[0] += " (cut off by the end of the scan)"
    extreme, word = (peak.min, "min") if peak.shape == "dip" else (peak.max, "max")
    if extreme is not None:
        height = number(extreme[1], 3 if y.precision is None else y.precision)
        if y.dtype == "integer":
            height = f"{extreme[1]:.0f}"
        unit = f" {y.units}" if y.units else ""
        parts.append(f"{word} {height}{unit} at {position(extreme[0], unit=False)}")
    return "; ".join(parts)


def typical_step(xs: np.ndarray) -> float:
    """Return the median distance of neighbouring positions, in their unit."""
    distinct = np.unique(xs[np.isfinite(xs)])
    return float(np.median(np.diff(distinct))) if distinct.size > 1 else float("nan")
