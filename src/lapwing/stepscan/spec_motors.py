"""SPEC motors: the motors of a prompt by their names, and where they are.

Owns finding and connecting them, the table of all, and showing them as they move.
Must not know scans.
Test: tests/unit/stepscan/test_spec_commands.py; real ones in test_spec_prompt.
"""

import asyncio
import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lapwing.engine import device_loop
from lapwing.epics.motor import EpicsMotor
from lapwing.epics.pv_objects import pv_name
from lapwing.errors import DeviceError, PlanArgumentError
from lapwing.protocols import resolve
from lapwing.stepscan.fields import fields_of
from lapwing.stepscan.names import key_of
from lapwing.stepscan.positioner import Positioner

PERIOD = 0.2
"""Seconds between two looks at a motor that moves."""

Say = Callable[[str], object]


@dataclass(frozen=True)
class Whereabouts:
    """Where a motor is.

    Attributes:
        name: Its name.
        pv: Its PV, or its name again if it is another device.
        user: Where it is; None if it does not answer.
        dial: The same by its dial; None if it has none.
        low: Lowest position; None if there is no limit.
        high: Highest position.
        units: Unit of all of them.
    """

    name: str
    pv: str
    user: Any = None
    dial: float | None = None
    low: float | None = None
    high: float | None = None
    units: str = ""


class Motors:
    """Motors by name: PVs, positioners and devices with ``set``.

    Args:
        motors: Them by name; or them, of which each has its own name. Any other PV
            that is used is one of them from then on.
        timeout: Seconds within which they must answer.

    Raises:
        PlanArgumentError: One cannot be moved.
    """

    def __init__(
        self, motors: Mapping[str, Any] | Iterable[Any] = (), timeout: float = 5.0
    ):
        self.timeout = timeout
        self._known: dict[str, Positioner] = {}
        self._devices: dict[str, Any] = {}
        named = motors.items() if isinstance(motors, Mapping) else ()
        for name, given in named or ((None, one) for one in motors):
            one = _positioner(given, name)
            self._known[name or one.name] = one
            if hasattr(given, "set"):
                self._devices[name or one.name] = given

    def __iter__(self) -> Iterator[Positioner]:
        return iter(self._known.values())

    def names(self) -> list[str]:
        """Return the names of all."""
        return list(self._known)

    def known(self, name: str) -> Any:
        """Return a motor by its name: the device, if it was given as one."""
        return self._devices.get(name, self._known[name])

    def get(self, given: Any) -> Positioner:
        """Return a motor, connected; blocks the first time.

        Args:
            given: Its name, a PV, a positioner or a device.

        Raises:
            DisconnectedError: It does not answer.
            PlanArgumentError: It cannot be moved.
        """
        one = self._find(given) or _positioner(given)
        if not one.connected:
            device_loop.call(one.connect(self.timeout))
        if one not in self._known.values():
            self._known[one.name if one.name not in self._known else one.pv] = one
        return one

    def _find(self, given: Any) -> Positioner | None:
        if isinstance(given, str) and given in self._known:
            return self._known[given]
        for one in self:
            if given is one or given is one.axis or _is_pv_of(given, one):
                return one
        return None

    def whereabouts(
        self, which: Sequence[Positioner] | None = None
    ) -> list[Whereabouts]:
        """Return where motors are, of all by default; blocks."""
        names = {id(one): name for name, one in self._known.items()}
        chosen = list(self) if which is None else list(which)
        return device_loop.call(_whereabouts(chosen, names, self.timeout))


def _is_pv_of(given: Any, one: Positioner) -> bool:
    name = getattr(given, "pvname", given)
    return isinstance(name, str) and name.removesuffix(".VAL") == one.pv.removesuffix(
        ".VAL"
    )


def _positioner(given: Any, name: str | None = None) -> Positioner:
    if isinstance(given, Positioner):
        return given
    if hasattr(given, "set") and hasattr(given, "name"):
        return Positioner(given, label=given.name)
    if not isinstance(given, str) and not hasattr(given, "pvname"):
        raise PlanArgumentError(
            f"{given!r} cannot be moved; a motor's name, a PV, a positioner or a "
            "device with set is needed"
        )
    return Positioner(pv_name(given), name=None if name is None else key_of(name))


def aimed(one: Positioner, positions: ArrayLike, relative: bool) -> Positioner:
    """Return a positioner for one scan, which shares the device with another one.

    Args:
        one: A positioner that is connected.
        positions: Where the scan goes, ``(num_points,)``.
        relative: Whether that counts from where it stands.
    """
    made = copy.copy(one)
    made.relative, made.origin = relative, None
    made.array = np.asarray(positions, float)
    return made


# ---------------------------------------------------------------- where they are


async def _whereabouts(
    chosen: Sequence[Positioner], names: Mapping[int, str], patience: float
) -> list[Whereabouts]:
    missing = [one for one in chosen if not one.connected]
    await asyncio.gather(
        *(one.connect(patience) for one in missing), return_exceptions=True
    )
    records = [
        one.pv for one in chosen if one.connected and isinstance(one.axis, EpicsMotor)
    ]
    dials = await fields_of(records, "DRBV")
    return [
        await _one(one, names.get(id(one), one.name), dials.get(one.pv))
        for one in chosen
    ]


async def _one(one: Positioner, name: str, dial: Any) -> Whereabouts:
    if not one.connected:
        return Whereabouts(name, one.pv)
    try:
        user = (await one.locate())["readback"]
    except DeviceError:
        return Whereabouts(name, one.pv)
    low, high = await _limits(one.axis)
    pv = one.axis.channel("setpoint").pv if one.is_pv else one.pv
    return Whereabouts(name, pv, user, dial, low, high, one.units)


async def _limits(axis: Any) -> tuple[float | None, float | None]:
    limits = getattr(axis, "limits", None)
    if limits is None:
        return None, None
    if hasattr(limits, "active"):
        return (limits.low, limits.high) if limits.active else (None, None)
    low, high = limits  # as ophyd has them
    return (low, high) if low < high else (None, None)


def table(rows: Sequence[Whereabouts]) -> list[str]:
    """Return lines that show where motors are: user, dial and limits."""
    cells = [("motor", "user", "dial", "low", "high", "", "PV")]
    cells += [
        (
            one.name,
            *map(show, (one.user, one.dial, one.low, one.high)),
            one.units,
            "" if one.pv == one.name else one.pv,
        )
        if one.user is not None
        else (one.name, "away", "", "", "", "", f"{one.pv} does not answer")
        for one in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if i in (0, 5, 6) else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def show(value: Any) -> str:
    """Return a position as people read it; "" for None."""
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float | int) else str(value)


# ---------------------------------------------------------------- on the way


@contextlib.contextmanager
def followed(motors: Sequence[Positioner], say: Say) -> Iterator[None]:
    """Tell where motors are, again and again, within the block.

    Args:
        motors: Connected ones.
        say: Called on the device loop with a line.
    """

    async def follow() -> None:
        # What is lost on the way the move itself reports.
        with contextlib.suppress(DeviceError):
            while True:
                say(await line_of(motors))
                await asyncio.sleep(PERIOD)

    future = asyncio.run_coroutine_threadsafe(follow(), device_loop.get())
    try:
        yield
    finally:
        future.cancel()


async def line_of(motors: Sequence[Positioner]) -> str:
    """Return where motors are, in a line: ``"x 1.2500 mm   y 3.0000 mm"``."""
    parts = []
    for one in motors:
        readback = (await resolve(one.locate()))["readback"]
        parts.append(f"{one.name} {show(readback)} {one.units}".rstrip())
    return "   ".join(parts)
