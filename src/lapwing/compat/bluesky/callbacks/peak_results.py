"""Peak results: what was found of the peaks of the last run, by field.

Owns the five dicts that users look at: ``bec.peaks.com["det"]``.
Must not know how peaks are found.
Test: update it, look at it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lapwing.compat.bluesky.callbacks.fitting import PeakStats


class PeakResults:
    """The peaks of the last run, by kind of number and data key.

    Attributes:
        com: Centres of mass.
        cen: Points midway between the crossings of half height.
        max: Positions and heights of the highest points.
        min: Positions and heights of the lowest points.
        fwhm: Full widths at half height.
        stats: All numbers of each.
    """

    ATTRS = ("com", "cen", "max", "min", "fwhm")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self.com: dict[str, Any] = {}
        self.cen: dict[str, Any] = {}
        self.max: dict[str, Any] = {}
        self.min: dict[str, Any] = {}
        self.fwhm: dict[str, Any] = {}
        self.stats: dict[str, Any] = {}

    def update(self, ps_dict: Mapping[str, PeakStats]) -> None:
        """Take statistics, by data key."""
        for field, found in ps_dict.items():
            self.stats[field] = found.stats
            for attr in self.ATTRS:
                getattr(self, attr)[field] = getattr(found, attr)

    def __getitem__(self, key: str) -> dict[str, Any]:
        if key not in (*self.ATTRS, "stats"):
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ATTRS)

    def __repr__(self) -> str:
        lines = [f"    {attr!r}: {getattr(self, attr)!r}," for attr in self.ATTRS]
        return "\n".join(["{", *lines, "}"])
