"""Area detector: one image for each point, into a file, with statistics of it.

Owns the names of a camera's records and of its plugins', and what they must be set to.
Must not know scans, nor the layout of a file.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lapwing.epics.device import EpicsDevice
from lapwing.epics.settings import together
from lapwing.errors import DeviceError
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detectors.file_plugin import FilePlugin
from lapwing.stepscan.detectors.ready import Answers, ReadyDetector, named
from lapwing.stepscan.given import listed
from lapwing.stepscan.trigger import Trigger

NUM_REGIONS = 32
_CONTINUOUS = 2


class AreaDetector(ReadyDetector):
    """A camera: ``AreaDetector("IOC:CAM:", file_path="/data/frames")``.

    Each point has one image. Read are the counter of images, the sum over the image
    and, by name, that over each region of interest that is used, where the plugins
    for it are there; with ``file_path`` the file, and which frame of it is the point's.

    Args:
        prefix: What all of its names begin with, as ``"IOC:CAM:"`` of
            ``IOC:CAM:cam1:Acquire``.
        file_path: Directory that its server writes images into; None: no file.
        file_name: What names of files begin with; None takes the label.
        file_template: How a file's name is made of directory, name and number.
        file_plugin: Which plugin writes.
        roistat: Which plugin has regions of interest; None: none is read.
        stats: Which plugin has the statistics of the image; None: it is not read.
        statistics: What is read of them, such as ``"Total"`` and ``"MaxValue"``.
        trigger_mode: What its trigger mode is set to; None leaves it.
        cam: What the camera's own records begin with.
        **options: As of `ReadyDetector`.

    Source:
        Databases of the EPICS ``ADCore`` module: ``ADBase``, ``NDPluginFile``,
        ``NDPluginROIStat``, ``NDPluginStats``.
    """

    def __init__(
        self,
        prefix: str,
        *,
        file_path: str | Path | None = None,
        file_name: str | None = None,
        file_template: str = "%s%s_%6.6d.h5",
        file_plugin: str = "HDF1",
        roistat: str | None = "ROIStat1",
        stats: str | None = "Stats1",
        statistics: Sequence[str] = ("Total",),
        trigger_mode: Any = 0,
        cam: str = "cam1",
        **options: Any,
    ):
        self._cam = cam
        self._roistat, self._stats = roistat, stats
        self._statistics = tuple(listed(statistics, "statistics"))
        self._trigger_mode = trigger_mode
        self._lazy = f"{file_plugin}:LazyOpen" if file_path is not None else ""
        self._live: bool | None = None  # nobody has looked whether it is
        super().__init__(prefix, **options)
        self.file: FilePlugin | None = None
        if file_path is not None:
            self.file = FilePlugin(
                self.naming.record(f"{file_plugin}:"),
                self.name,
                label=self.label,
                path=str(file_path),
                file_name=file_name or self.name,
                template=file_template,
            )

    def cam(self, name: str) -> str:
        """Return the PV of a record of the camera itself."""
        return self.naming.record(f"{self._cam}:{name}")

    def _make_trigger(self, label: str) -> Trigger:
        return Trigger(self.cam("Acquire"), label=f"{label} trigger")

    def _dwell_pv(self) -> str:
        return self.cam("AcquireTime")

    @property
    def devices(self) -> list[EpicsDevice]:
        """What is to be connected beside the counters."""
        return [*super().devices, *([self.file] if self.file else [])]

    async def learn(self, timeout: float) -> None:
        """Ask which plugins and regions of interest there are."""
        counter = self.cam("ArrayCounter_RBV")
        await self.ask(counter, timeout=timeout)
        regions = self._region_pvs()
        wanted = {**self._plugin_settings(), self.cam("WaitForPlugins"): 1}
        statistics = {
            self._plugin(self._stats, f"{name}_RBV"): f"{self.label} {name.lower()}"
            for name in (self._statistics if self._stats else ())
        }
        asked = [pv for pair in regions.values() for pv in pair]
        found = await self.maybe(*wanted, *statistics, *asked)
        counters = [Counter(counter, f"{self.label} array counter")]
        counters += [
            Counter(pv, label) for pv, label in statistics.items() if pv in found
        ]
        counters += self._regions(found, regions)
        if self.file is not None:
            counters += self.file.counters
        there = {pv: value for pv, value in wanted.items() if pv in found}
        self.found(
            counters,
            settings={**self._cam_settings(), **there},
            extra_pvs={f"{self.label} acquire time": self.cam("AcquireTime")},
        )

    def _cam_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            self.cam("ImageMode"): "Single",
            self.cam("NumImages"): 1,
            self.cam("ArrayCallbacks"): 1,
        }
        if self._trigger_mode is not None:
            settings[self.cam("TriggerMode")] = self._trigger_mode
        return settings

    def _plugin(self, plugin: str | None, name: str) -> str:
        return self.naming.record(f"{plugin}:{name}")

    def _plugin_settings(self) -> dict[str, Any]:
        settings = {
            self._plugin(plugin, "EnableCallbacks"): 1
            for plugin in (self._roistat, self._stats)
            if plugin
        }
        if self._stats:
            settings[self._plugin(self._stats, "ComputeStatistics")] = 1
        if self._lazy:
            # A plugin that had no image yet does not know what file to open.
            settings[self.naming.record(self._lazy)] = 1
        return settings

    def _region_pvs(self) -> dict[int, tuple[str, str]]:
        if not self._roistat:
            return {}
        return {
            i: (
                self._plugin(self._roistat, f"{i}:Name"),
                self._plugin(self._roistat, f"{i}:Use"),
            )
            for i in range(1, NUM_REGIONS + 1)
        }

    def _regions(
        self, found: Answers, regions: Mapping[int, tuple[str, str]]
    ) -> list[Counter]:
        names = {
            str(i): str(found[name].value)
            for i, (name, use) in regions.items()
            if name in found and use in found and found[use].value
        }
        several = len(self._statistics) > 1
        return [
            Counter(
                self._plugin(self._roistat, f"{i}:{name}_RBV"),
                f"{label} {name.lower()}" if several else label,
            )
            for i, label in named(names).items()
            for name in self._statistics
        ]

    # ------------------------------------------------------------ for scans

    async def arm(self) -> None:
        """Make it ready to take single images, and its file ready to be written."""
        if self.trigger is not None and self._live is None:
            await self._look_at_live(self.trigger)
        # Who looks at live images would else share the scan's.
        await self._stop()
        await super().arm()
        if self.file is not None:
            await self.file.start()

    async def disarm(self) -> None:
        """Close its file, and put back what was there before; live images, too.

        Raises:
            DeviceError: Something failed; the rest was done all the same.
        """
        # The images end first, then their file; only then their settings change.
        steps = [self._stop, super().disarm, self._show_live]
        if self.file is not None:
            steps[1:1] = [self.file.end, self.file.restore]
        errors: list[DeviceError] = []
        for step in steps:
            try:
                await step()
            except DeviceError as exc:
                errors.append(exc)
        if errors:
            raise together(errors)

    @property
    def before(self) -> dict[str, Any]:
        """What `disarm` would write back, by PV; the file plugin's, and live images."""
        found = super().before | ({} if self.file is None else self.file.before)
        if self._live is not None:
            found[self.cam("Acquire")] = int(self._live)
        return found

    def take_over(self, before: Mapping[str, Any]) -> None:
        """Write back what was there before a process that has died.

        Args:
            before: By PV, as its own `before` told.
        """
        super().take_over(before)
        if self.file is not None:
            self.file.take_over(before)
        # Now it shows what the process that died has left, and nobody live images.
        live = before.get(self.cam("Acquire"))
        self._live = None if live is None else bool(live)

    async def _look_at_live(self, trigger: Trigger) -> None:
        (acquires,) = await trigger.get("trigger")
        (mode,) = await self._set_up.get(self.cam("ImageMode"))
        self._live = bool(acquires.value) and mode.value == _CONTINUOUS

    async def _show_live(self) -> None:
        live, self._live = self._live, None
        if live and self.trigger is not None:
            await self.trigger.channel("trigger").put(self.trigger.value, wait=False)

    async def _stop(self) -> None:
        if self.trigger is not None:
            await self.trigger.stop()

    def facts(self) -> dict[str, Any]:
        """Return what the metadata of a scan say of it; its file among that."""
        found = super().facts()
        if self.file is not None:
            found["file"] = self.file.facts()
        return found
