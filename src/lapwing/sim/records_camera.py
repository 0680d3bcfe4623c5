"""Camera: an area detector with areaDetector's names, and its plugins.

Owns the records of the camera, and hands its images to the plugins.
Must not know motors, nor files; a `View` tells what is seen.
Test: tests/system/test_beamline_camera.py, through Channel Access.
"""

import asyncio
import itertools

from softioc import builder

from lapwing.sim import records_setting as setting
from lapwing.sim.instruments import FRAME_SHAPE
from lapwing.sim.records_busy import BusyRecord, Faults, build_command
from lapwing.sim.records_file_plugin import SimFilePlugin
from lapwing.sim.records_plugins import SimImage, SimRegions, SimStatistics
from lapwing.sim.view import View

_HEIGHT, _WIDTH = FRAME_SHAPE
_STATES = ("Idle", "Acquire", "Readout", "Correct", "Saving", "Aborting", "Error")
_STATES += ("Waiting", "Initializing", "Disconnected", "Aborted")
_IDLE, _ACQUIRE, _WAITING, _ABORTED = 0, 1, 7, 10


class SimCamera:
    """A camera of 64 by 48 pixels, with image, statistics, regions and a file.

    ``cam1:Acquire`` 1 takes one image, ``NumImages`` of them, or images until 0 is
    put, as ``ImageMode`` says; its put completes with the last. With ``TriggerMode``
    at External each image waits for ``TriggerSoftware``.

    Args:
        prefix: Prefix of its records, such as ``"SIM:CAM:"``.
        view: What it sees.
    """

    def __init__(self, prefix: str, view: View):
        self._view = view
        self._pulses = 0
        self._build_controls(f"{prefix}cam1:")
        self._build_constants(f"{prefix}cam1:")
        self._faults = Faults(prefix, self._work)
        self._plugins = [
            SimImage(f"{prefix}image1:"),
            SimStatistics(f"{prefix}Stats1:"),
            SimRegions(f"{prefix}ROIStat1:"),
            SimFilePlugin(f"{prefix}HDF1:", FRAME_SHAPE),
        ]

    def _build_controls(self, cam: str) -> None:
        choices = ("Done", "Acquire")
        self._work = BusyRecord(f"{cam}Acquire", self._acquire, choices=choices).work
        build_command(f"{cam}TriggerSoftware", self._pulse)
        self._time = setting.number(f"{cam}AcquireTime", 0.01, 0, 3600, "s")
        self._period = setting.number(f"{cam}AcquirePeriod", 0, 0, 3600, "s")
        self._mode = setting.menu(f"{cam}ImageMode", "Single", "Multiple", "Continuous")
        self._trigger = setting.menu(f"{cam}TriggerMode", "Internal", "External")
        self._wanted = setting.whole(f"{cam}NumImages", 1, 1, 1_000_000)
        self._counter = setting.whole(f"{cam}ArrayCounter", 0)
        self._callbacks = setting.menu(
            f"{cam}ArrayCallbacks", "Disable", "Enable", initial=1
        )
        self._in_series = builder.longIn(f"{cam}NumImagesCounter_RBV", initial_value=0)
        self._state = builder.mbbIn(
            f"{cam}DetectorState_RBV", *_STATES, initial_value=_IDLE
        )

    def _build_constants(self, cam: str) -> None:
        # Plugins are always waited for; others' software sets it all the same.
        builder.boolOut(f"{cam}WaitForPlugins", ZNAM="No", ONAM="Yes", initial_value=1)
        for name, size in zip("XY", (_WIDTH, _HEIGHT), strict=True):
            for title in ("Size", "MaxSize", "ArraySize"):
                builder.longIn(f"{cam}{title}{name}_RBV", initial_value=size)
        builder.stringIn(f"{cam}DataType_RBV", initial_value="UInt16")
        builder.stringIn(f"{cam}Manufacturer_RBV", initial_value="Lapwing")
        builder.stringIn(f"{cam}Model_RBV", initial_value="simulated camera")

    def _pulse(self) -> None:
        self._pulses += 1
        self._work.nudge()

    async def _acquire(self) -> None:
        time = asyncio.get_running_loop().time
        self._pulses = 0
        self._in_series.set(0)
        due = time()
        series = (1, self._wanted.get(), None)[self._mode.get()]
        for number in itertools.islice(itertools.count(), series):
            # The period lies between images: nothing waits for it after the last.
            await self._work.wait(due - time())
            await self._wait_for_pulse(number)
            due = time() + self._period.get()
            self._state.set(_ACQUIRE)
            live = await self._faults.expose(self._time.get())
            if self._work.ended:
                break
            self._publish(number, live)
        self._state.set(_ABORTED if self._work.ended else _IDLE)

    async def _wait_for_pulse(self, number: int) -> None:
        while self._trigger.get() and self._pulses <= number and not self._work.ended:
            self._state.set(_WAITING)
            await self._work.wait_for_change()

    def _publish(self, number: int, live: float) -> None:
        trouble = self._faults.trouble()
        frame = self._view.look(live).frame(number)
        self._counter.set(self._counter.get() + 1)
        self._in_series.set(number + 1)
        if self._callbacks.get():
            for plugin in self._plugins:
                plugin.take(frame, trouble)
