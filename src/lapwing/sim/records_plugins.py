"""Plugins: what becomes of the camera's images, but for the file.

Owns the records of image, statistics and regions of interest.
Must not know the camera; images are handed to it.
Test: tests/system/test_beamline_camera.py, through Channel Access.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from softioc import builder

from lapwing.sim import records_setting as setting
from lapwing.sim.instruments import FRAME_SHAPE

_HEIGHT, _WIDTH = FRAME_SHAPE
# Name, first column and row, columns and rows; the last is not used.
_REGIONS = (("beam", 24, 16, 16, 16), ("ring", 44, 16, 8, 16), ("corner", 0, 0, 8, 8))
_REGIONS += (("", 0, 0, 0, 0),)
Frame = NDArray[np.uint16]
Trouble = dict[str, int]


class Plugin(ABC):
    """What is common to plugins: they are enabled or not, and count what they got.

    Args:
        prefix: Prefix of its records, such as ``"SIM:CAM:image1:"``.
        enabled: Whether it is enabled at the start.
    """

    def __init__(self, prefix: str, *, enabled: bool = True):
        self._enable = setting.menu(
            f"{prefix}EnableCallbacks", "Disable", "Enable", initial=int(enabled)
        )
        self._count = setting.whole(f"{prefix}ArrayCounter", 0)

    def take(self, frame: Frame, trouble: Trouble) -> None:
        """Do with an image what is to be done, if enabled.

        Args:
            frame: uint16 of shape ``(48, 64)``.
            trouble: Alarm of the readings that come of it.
        """
        if self._enable.get():
            self._count.set(self._count.get() + 1)
            self._process(frame, trouble)

    @abstractmethod
    def _process(self, frame: Frame, trouble: Trouble) -> None: ...


class SimImage(Plugin):
    """The last image, as an array."""

    def __init__(self, prefix: str):
        super().__init__(prefix)
        empty = np.zeros(_HEIGHT * _WIDTH, np.uint16)
        self._data = builder.WaveformIn(f"{prefix}ArrayData", empty)
        for i, size in enumerate((_WIDTH, _HEIGHT)):
            builder.longIn(f"{prefix}ArraySize{i}_RBV", initial_value=size)

    def _process(self, frame: Frame, trouble: Trouble) -> None:
        self._data.set(frame.reshape(-1), **trouble)


class Statistics:
    """Sum, mean, least and greatest value of the pixels of an image or a part of it.

    Args:
        prefix: Prefix of its records, such as ``"SIM:CAM:Stats1:"``.
    """

    def __init__(self, prefix: str):
        self._records = [
            (builder.aIn(f"{prefix}{name}_RBV", initial_value=0, PREC=precision), of)
            for name, precision, of in (
                ("Total", 0, np.sum),
                ("MeanValue", 3, np.mean),
                ("MinValue", 0, np.min),
                ("MaxValue", 0, np.max),
            )
        ]

    def update(self, pixels: NDArray[Any], trouble: Trouble) -> None:
        """Show what is true of some pixels; of none all is 0."""
        for record, of in self._records:
            record.set(float(of(pixels)) if pixels.size else 0.0, **trouble)


class SimStatistics(Plugin):
    """Statistics of the whole image."""

    def __init__(self, prefix: str):
        super().__init__(prefix)
        self._statistics = Statistics(prefix)

    def _process(self, frame: Frame, trouble: Trouble) -> None:
        self._statistics.update(frame, trouble)


class SimRegions(Plugin):
    """Statistics of four rectangles of the image, which follow their limits.

    Args:
        prefix: Prefix of its records, such as ``"SIM:CAM:ROIStat1:"``.
    """

    def __init__(self, prefix: str):
        super().__init__(prefix)
        self._regions = [
            SimRectangle(f"{prefix}{i}:", title, limits)
            for i, (title, *limits) in enumerate(_REGIONS, 1)
        ]

    def _process(self, frame: Frame, trouble: Trouble) -> None:
        for region in self._regions:
            region.update(frame, trouble)


class SimRectangle:
    """One rectangle: its name, its limits in pixels, and its statistics."""

    def __init__(self, prefix: str, title: str, limits: list[Any]):
        self._frame: Frame = np.zeros(FRAME_SHAPE, np.uint16)
        self._statistics = Statistics(prefix)
        again: dict[str, Any] = {"on_update": lambda _: self.update(self._frame, {})}
        builder.stringOut(f"{prefix}Name", initial_value=title)
        self._use = builder.boolOut(
            f"{prefix}Use", ZNAM="No", ONAM="Yes", initial_value=bool(title), **again
        )
        self._limits = [
            builder.longOut(f"{prefix}{name}", initial_value=limit, DRVL=0, **again)
            for name, limit in zip(
                ("MinX", "MinY", "SizeX", "SizeY"), limits, strict=True
            )
        ]

    def update(self, frame: Frame, trouble: Trouble) -> None:
        """Take another image."""
        self._frame = frame
        if self._use.get():
            x, y, width, height = (limit.get() for limit in self._limits)
            self._statistics.update(frame[y : y + height, x : x + width], trouble)
