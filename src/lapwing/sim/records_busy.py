"""Busy records: a command whose put completes when its work is over.

Owns how a put is held, how 0 ends the work early, and the faults of a count.
Must not know what the work is.
Test: tests/system/test_beamline_records.py, through Channel Access.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from softioc import alarm, builder

_FLAG = {"initial_value": 0}
INVALID = {"severity": alarm.INVALID_ALARM, "alarm": alarm.READ_ALARM}


class BusyRecord:
    """A record that is 1 as long as it works: put 1 to begin, 0 to end it early.

    A put with completion is answered when the work is over. The work hangs on a
    record of its own (``NAME:WORK``), processed after this one: a record that
    works itself would not hear a 0 before its work was over.

    Args:
        name: Name of the record.
        work: What is to be done; it waits with `wait`, to be ended early.
        choices: Words for 0 and 1; without them the record is a number.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        choices: tuple[str, str] | None = None,
    ):
        self._work = work
        self._wanted = False
        self._nudge = asyncio.Event()
        worker = builder.longOut(
            f"{name}:WORK",
            blocking=True,
            always_update=True,
            on_update=self._run,
            **_FLAG,
        )
        fields: dict[str, Any] = {
            "always_update": True,
            "on_update": self._command,
            "FLNK": worker,
            **_FLAG,
        }
        self._record = (
            builder.longOut(name, **fields)
            if choices is None
            else builder.boolOut(name, ZNAM=choices[0], ONAM=choices[1], **fields)
        )

    @property
    def working(self) -> bool:
        """Whether it works, and was not told to end."""
        return self._wanted

    @property
    def ended(self) -> bool:
        """Whether the work was told to end early."""
        return not self._wanted

    def end(self) -> None:
        """End the work early, as a put of 0 does."""
        self._wanted = False
        self._nudge.set()

    def nudge(self) -> None:
        """Wake the work up from `wait_for_change`."""
        self._nudge.set()

    async def wait(self, seconds: float) -> float:
        """Wait, unless the work is ended; return the seconds that it took."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while not self.ended and (left := began + seconds - clock()) > 0:
            self._nudge.clear()
            try:
                await asyncio.wait_for(self._nudge.wait(), left)
            except TimeoutError:
                return seconds
        return seconds if not self.ended else min(clock() - began, seconds)

    async def wait_for_change(self) -> None:
        """Wait until somebody calls `nudge` or ends the work."""
        self._nudge.clear()
        if not self.ended:
            await self._nudge.wait()

    def _command(self, value: int) -> None:
        if value:
            self._wanted = True
        else:
            self.end()

    async def _run(self, _: int) -> None:
        if not self._wanted:
            return
        try:
            await self._work()
        finally:
            self._wanted = False
            self._record.set(0, process=False)


class Faults:
    """What a test can switch on, to see what a scan makes of it.

    ``STALL`` 1: a count does not end, except by 0. ``SHORT`` n: the next n counts
    end at once, with nothing counted. ``INVALID`` n: the readings of the next n
    counts have the severity INVALID.

    Args:
        prefix: What the names of the faults begin with, such as ``"SIM:DET:"``.
        busy: What counts.
    """

    def __init__(self, prefix: str, busy: BusyRecord):
        self._busy = busy
        self._stall = builder.boolOut(
            f"{prefix}STALL",
            ZNAM="free",
            ONAM="stalled",
            on_update=lambda _: busy.nudge(),
            **_FLAG,
        )
        self._short = builder.longOut(f"{prefix}SHORT", **_FLAG)
        self._invalid = builder.longOut(f"{prefix}INVALID", **_FLAG)

    async def expose(self, seconds: float) -> float:
        """Count for some seconds; return those in which it really counted."""
        if take_one(self._short):
            return 0.0
        live = await self._busy.wait(seconds)
        while self._stall.get() and not self._busy.ended:
            await self._busy.wait_for_change()
        return live

    def trouble(self) -> dict[str, int]:
        """Return the alarm of the readings of this count: none, or INVALID."""
        return INVALID if take_one(self._invalid) else {}


class Exposure:
    """A count of some seconds, with its trigger and its faults.

    Args:
        prefix: What the names of the faults begin with, such as ``"SIM:DET:"``.
        trigger: Full name of the record that starts a count.
        seconds: Tells how long a count takes.
        publish: Is told the seconds counted, and the alarm of the readings.
        delay: Tells how long to wait before it.
        choices: Words for 0 and 1 of the trigger.
    """

    def __init__(
        self,
        prefix: str,
        trigger: str,
        seconds: Callable[[], float],
        publish: Callable[[float, dict[str, int]], None],
        *,
        delay: Callable[[], float] = lambda: 0.0,
        choices: tuple[str, str] | None = None,
    ):
        self._seconds, self._publish, self._delay = seconds, publish, delay
        self.busy = BusyRecord(trigger, self._count, choices=choices)
        self._faults = Faults(prefix, self.busy)

    async def _count(self) -> None:
        await self.busy.wait(self._delay())
        live = await self._faults.expose(self._seconds())
        self._publish(live, self._faults.trouble())


def take_one(left: Any) -> bool:
    """Count a record down by one; return whether there was one to take."""
    count = left.get()
    if count > 0:
        left.set(count - 1, process=False)
    return count > 0


def build_command(name: str, action: Callable[[], None]) -> None:
    """Make a record that does something each time that 1 is put into it.

    Args:
        name: Name of the record.
        action: What it does, at once.
    """
    builder.Action(
        name,
        ZNAM="Done",
        ONAM="Do",
        on_update=lambda value: action() if value else None,
        **_FLAG,
    )
