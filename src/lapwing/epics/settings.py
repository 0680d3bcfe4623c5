"""Settings: PVs that are set for a while, and put back to what they were.

Owns what was there before, the order of putting it back, and what is still owed.
Must not know detectors or scans.
Test: tests/unit/epics/test_settings.py, with PV objects that need no network.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lapwing.epics import clients, connection
from lapwing.epics.convert import text_of
from lapwing.epics.device import EpicsDevice
from lapwing.epics.pv_objects import pv_name
from lapwing.epics.sentences import lost
from lapwing.errors import DeviceError, LapwingError, PlanArgumentError

PUT_LIMIT = 5.0
"""Seconds that the put of one setting may take."""


class Settings(EpicsDevice):
    """PVs that are written for a while, such as a scan, and put back after it.

    Args:
        name: Name of the device.
        pvs: The PVs, by their names or as PV objects.
    """

    kind = "settings"

    def __init__(self, name: str, pvs: Iterable[Any]):
        super().__init__(name, {pv_name(pv): pv for pv in pvs})
        self._before: dict[str, Any] = {}
        self._written: dict[str, Any] = {}
        # What could not be put back, with what was left there in its place.
        self._owed: dict[str, tuple[Any, Any]] = {}

    @property
    def before(self) -> dict[str, Any]:
        """What `restore` would put back, by PV."""
        return dict(self._before)

    def take_over(self, before: Mapping[str, Any]) -> None:
        """Put back what was there before a process that has died, not what it left.

        Args:
            before: By PV, as its own `before` told; PVs of others are passed over.
        """
        self._before = dict(before)

    async def write(self, settings: Mapping[str, Any]) -> None:
        """Write settings, one after the other in the order given; may be done again.

        What was there before the first time is what `restore` puts back.

        Args:
            settings: Values by PV.

        Raises:
            DisconnectedError: A server is away.
            DeviceError: A server refused one.
            PlanArgumentError: A PV takes values of another kind.
        """
        await self._note(settings)
        for pv, value in settings.items():
            # In the order given: some records refuse one before another.
            await self.channel(pv).put(value, timeout=PUT_LIMIT)
            self.left(pv, value)

    async def keep(self, pv: str) -> None:
        """Take note of what a PV holds, for somebody else is about to set it.

        What it holds the first time is what `restore` puts back.

        Args:
            pv: One of the PVs.

        Raises:
            DisconnectedError: Its server is away.
        """
        await self._note({pv: None})

    def left(self, pv: str, value: Any) -> None:
        """Be told what somebody else has set; it is ours to put back.

        Args:
            pv: One of the PVs, after `keep`.
            value: What was written to it.
        """
        self._written[pv] = value

    async def _note(self, wanted: Mapping[str, Any]) -> None:
        new = [pv for pv in wanted if pv not in self._before]
        for pv, found in zip(new, await self.get(*new) if new else [], strict=True):
            self._before[pv] = self._first(pv, found.value, wanted[pv])

    def _first(self, pv: str, found: Any, wanted: Any) -> Any:
        """Return what a PV is to hold again later."""
        if isinstance(wanted, str):
            # A text in an array of characters comes with all the zeros behind it.
            choices = self.channel(pv).control.choices
            known = choices[found : found + 1] if choices else (text_of(found),)
            found = known[0] if known else found
        before, left = self._owed.pop(pv, (found, found))
        # Whoever has set it since knows better than we did.
        return before if np.array_equal(left, found) else found

    async def restore(self) -> None:
        """Put everything back, the last first; one that fails holds no other up.

        Raises:
            DeviceError: Some could not be put back; each is named, with the value that
                it should have. The next `restore` puts them back, if nobody has set
                them meanwhile.
        """
        before = {pv: value for pv, value in self._before.items() if self.has(pv)}
        self._before = {}
        if not before:
            return
        errors: dict[str, LapwingError] = {}
        left = dict(before)
        try:
            with contextlib.suppress(DeviceError):
                # A lost server is waited for once, not for each of its PVs.
                channels = [self.channel(pv) for pv in before]
                await clients.client().connect(channels, connection.PATIENCE)
            for pv, value in reversed(before.items()):
                try:
                    await self._put_back(pv, value)
                    del left[pv]
                except (DeviceError, PlanArgumentError) as exc:
                    errors[pv] = exc
        finally:
            # Also if it is cut off in the midst of it.
            for pv, value in left.items():
                self._owed[pv] = (value, self._written.get(pv))
        if errors:
            raise self._not_put_back(errors, before)

    async def _put_back(self, pv: str, value: Any) -> None:
        channel = self.channel(pv)
        if not channel.connected:
            raise lost(channel, f"was to be set back to {value}")
        await channel.put(value, timeout=PUT_LIMIT)

    def _not_put_back(
        self, errors: Mapping[str, LapwingError], before: Mapping[str, Any]
    ) -> DeviceError:
        owed = {pv: before[pv] for pv in errors}
        listed = ", ".join(f"{pv} to {value!r}" for pv, value in owed.items())
        first = next(iter(errors))
        error = DeviceError(
            f"{self.title} could not be put back ({listed}): {errors[first].args[0]}",
            hint="set them by hand, or run the next scan when the server answers",
            device=self.name,
            pv=first,
            owed=owed,
        )
        error.__cause__ = errors[first]
        return error


def together(errors: Sequence[DeviceError]) -> DeviceError:
    """Return one error that says what several say.

    Args:
        errors: One at least.
    """
    if len(errors) == 1:
        return errors[0]
    first = errors[0]
    return DeviceError(
        "; ".join(str(error.args[0]) for error in errors),
        hint=first.hint,
        device=first.device,
        pv=first.pv,
        errors=[str(error) for error in errors],
    )
