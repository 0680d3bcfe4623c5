"""Busy records: a command whose put completes when its work is over.

Owns how a put is held, how 0 ends the work early, and the faults of a count.
Must not know what the work is.
Test: tests/system/test_beamline_records.py, through Channel Access.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from softioc import alarm, builder

from lapwing.sim.work import Work

# Record types of base itself, which the builder makes from its definitions.
_RECORDS: Any = builder.records
_FLAG = {"initial_value": 0}
INVALID = {"severity": alarm.INVALID_ALARM, "alarm": alarm.READ_ALARM}


class BusyRecord:
    """A record that is 1 as long as it works: put 1 to begin, 0 to end it early.

    A put with completion is answered when its work is over. The work hangs on a
    record of its own (``NAME:WORK``), processed after this one: a record that
    works itself would not hear a 0 before its work was over. While that one still
    works, a second one (``NAME:NEXT``) takes the next command and waits.

    Args:
        name: Name of the record.
        do: What is to be done; it waits with ``work``, to be ended early.
        choices: Words for 0 and 1; without them the record is a number.

    Attributes:
        work: What is under way.
    """

    def __init__(
        self,
        name: str,
        do: Callable[[], Awaitable[None]],
        *,
        choices: tuple[str, str] | None = None,
    ):
        self.work = Work(do)
        worker = self._worker(f"{name}:WORK")
        # Enabled while the first works; base decides that, without any Python.
        second = self._worker(f"{name}:NEXT", SDIS=f"{name}:WORK.PACT", DISV=0)
        # Not for a 0: one more would find both at work, if the next 1 comes at once.
        fanout = _RECORDS.fanout(
            f"{name}:BOTH", SDIS=name, DISV=0, LNK1=second, LNK2=worker
        )
        fields: dict[str, Any] = {
            "always_update": True,
            "on_update": self._command,
            "FLNK": fanout,
            **_FLAG,
        }
        self._record = (
            builder.longOut(name, **fields)
            if choices is None
            else builder.boolOut(name, ZNAM=choices[0], ONAM=choices[1], **fields)
        )

    def _worker(self, name: str, **fields: Any) -> Any:
        return builder.longOut(
            name,
            blocking=True,
            always_update=True,
            on_update=self._run,
            **fields,
            **_FLAG,
        )

    def _command(self, value: int) -> None:
        if value:
            self.work.ask()
        else:
            self.work.end()

    async def _run(self, _: int) -> None:
        if await self.work.run():
            self._record.set(0, process=False)


class Faults:
    """What a test can switch on, to see what a scan makes of it.

    ``STALL`` 1: a count does not end, except by 0. ``SHORT`` n: the next n counts
    end at once, with nothing counted. ``INVALID`` n: the readings of the next n
    counts have the severity INVALID.

    Args:
        prefix: What the names of the faults begin with, such as ``"SIM:DET:"``.
        work: What counts.
    """

    def __init__(self, prefix: str, work: Work):
        self._work = work
        self._stall = builder.boolOut(
            f"{prefix}STALL",
            ZNAM="free",
            ONAM="stalled",
            on_update=lambda _: work.nudge(),
            **_FLAG,
        )
        self._short = builder.longOut(f"{prefix}SHORT", **_FLAG)
        self._invalid = builder.longOut(f"{prefix}INVALID", **_FLAG)

    async def expose(self, seconds: float) -> float:
        """Count for some seconds; return those in which it really counted."""
        if take_one(self._short):
            return 0.0
        live = await self._work.wait(seconds)
        while self._stall.get() and not self._work.ended:
            await self._work.wait_for_change()
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
        self.work = BusyRecord(trigger, self._count, choices=choices).work
        self._faults = Faults(prefix, self.work)

    async def _count(self) -> None:
        await self.work.wait(self._delay())
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
