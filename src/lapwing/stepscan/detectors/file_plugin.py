"""File plugin: what makes an area detector's server write images into a file.

Owns the order in which it is told, and how one knows which frame is whose.
Must not know cameras or scans, nor the layout of a file.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lapwing.epics.device import EpicsDevice
from lapwing.epics.settings import Settings
from lapwing.errors import DeviceError
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detectors.computed import FrameCounter, TextCounter, text_of

START_LIMIT = 10.0
"""Seconds that a file may take to be opened, or to be closed."""
_POLL = 0.01
_WRITTEN = ("Capture", "FileNumber")
_READ = ("Capture_RBV", "FilePathExists_RBV", "FileNumber_RBV", "FullFileName_RBV")
_READ += ("NumCaptured_RBV", "WriteStatus", "WriteMessage")


class FilePlugin(EpicsDevice):
    """The file plugin of an area detector, which writes from `start` to `end`.

    It takes every image that comes, however many they are: a point that is taken
    again has one more. Which frame is a point's is among the data.

    Args:
        prefix: What all of its names begin with, such as ``"IOC:CAM:HDF1:"``.
        name: Name of the detector.
        label: What people call the detector.
        path: Directory for the server to write into.
        file_name: What names of files begin with; the time of their beginning follows,
            for the number of a server that was started anew begins anew.
        template: How a file's name is made of directory, name and number.

    Attributes:
        counters: The file of each point, and which frame of it is the point's.
        file: The file that is written, or was last; "" before the first.
    """

    kind = "file plugin"

    def __init__(
        self,
        prefix: str,
        name: str,
        *,
        label: str,
        path: str,
        file_name: str,
        template: str,
    ):
        self._prefix = prefix
        self._settings: dict[str, Any] = {
            "EnableCallbacks": 1,
            "AutoIncrement": 1,
            "FilePath": path,
            "FileName": file_name,  # see `start`
            "FileTemplate": template,
            "FileWriteMode": "Stream",
            # As many as come, until it is told to end.
            "NumCapture": 0,
        }
        self._set_up = Settings(f"{name}_file_settings", self._by_pv())
        names = (*_WRITTEN, *_READ)
        pvs = {one: prefix + one for one in names}
        super().__init__(f"{name}_file", pvs, [self._set_up])
        self._begins_with = file_name
        self._writing = False
        self._number = 0
        self.file = ""
        self.counters: list[Counter] = [
            TextCounter(f"{prefix}FullFileName_RBV", f"{label} file"),
            FrameCounter(f"{prefix}NumCaptured_RBV", f"{label} frame"),
        ]

    def _by_pv(self) -> dict[str, Any]:
        return {self._prefix + one: value for one, value in self._settings.items()}

    async def start(self) -> None:
        """Begin a file; one that is being written already goes on.

        Raises:
            DeviceError: The plugin does not write; it says why.
        """
        if await self._value("Capture_RBV"):
            if self._writing:
                return
            await self._stop_capture()  # somebody else's
        # To the hundredth of a second: real plugins write over what is there.
        stamp = f"{datetime.now():%Y%m%d-%H%M%S-%f}"[:-4]
        self._settings["FileName"] = f"{self._begins_with}_{stamp}"
        await self._set_up.write(self._by_pv())
        await self._number_anew()
        # Its put completes when the last image is written.
        await self.channel("Capture").put(1, wait=False)
        await self._until(self._has_started, "does not write")
        self._writing = True
        self.file = text_of(await self._value("FullFileName_RBV"))

    async def _number_anew(self) -> None:
        # A server that was started anew counts from the start again, and no file is
        # to be written over.
        number = int(await self._value("FileNumber_RBV"))
        if number <= self._number:
            number = self._number + 1
            await self.channel("FileNumber").put(number, timeout=5.0)
        self._number = number

    async def _has_started(self) -> bool:
        capturing, wanted, failed = await self.get(
            "Capture_RBV", "Capture", "WriteStatus"
        )
        if capturing.value:
            return True
        # What went wrong before this does not count.
        if failed.value and not wanted.value:
            raise await self._trouble("does not write")
        return False

    async def end(self) -> None:
        """End the file, and wait until it is closed.

        Raises:
            DeviceError: It is not, in `START_LIMIT`.
        """
        self._writing = False
        if self.connected:
            self.file = text_of(await self._value("FullFileName_RBV"))
            await self._stop_capture()

    @property
    def before(self) -> dict[str, Any]:
        """What `restore` would put back, by PV."""
        return self._set_up.before

    def take_over(self, before: Mapping[str, Any]) -> None:
        """Put back what was there before a process that has died.

        Args:
            before: By PV, as its own `before` told.
        """
        self._set_up.take_over(before)

    async def restore(self) -> None:
        """Put back what was set before `start`; to be done after `end`.

        The number of the next file is left as it is: back at an earlier one, a file
        would be written over.

        Raises:
            DeviceError: Something cannot be put back.
        """
        await self._set_up.restore()

    async def _stop_capture(self) -> None:
        await self.channel("Capture").put(0, wait=False)

        async def closed() -> bool:
            return not await self._value("Capture_RBV")

        await self._until(closed, "does not end its file")

    async def _until(self, condition: Callable[[], Any], what: str) -> None:
        try:
            async with asyncio.timeout(START_LIMIT):
                while not await condition():  # noqa: ASYNC110 - PVs have no events
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise await self._trouble(what) from None

    async def _trouble(self, what: str) -> DeviceError:
        message = text_of(await self._value("WriteMessage"))
        there = await self._value("FilePathExists_RBV")
        path = self._settings["FilePath"]
        hint = "see what it says, and the plugin's own page"
        if not there:
            hint = f"its server finds no directory {path}; make it, or give another"
        return DeviceError(
            f"{self._prefix[:-1]} {what}: {message or 'it does not say why'}",
            hint=hint,
            device=self.name,
            pv=f"{self._prefix}Capture",
        )

    async def _value(self, role: str) -> Any:
        (found,) = await self.get(role)
        return found.value

    def facts(self) -> dict[str, Any]:
        """Return where images go, as the metadata of a scan have it."""
        names = ("FilePath", "FileName", "FileTemplate")
        found = {name: self._settings[name] for name in names}
        return {**found, "first_file": self.file}
