"""SPEC commands: ascan, dscan, mesh, ct, mv, umv, wa and others, at a prompt.

Owns running them in a session, and what they print.
Must not know how a scan is made (`spec_plans`), nor sessions beyond ``RE`` and ``say``.
Test: tests/unit/stepscan/test_spec_commands.py; real ones in test_spec_prompt.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import wraps
from typing import Any

from lapwing.engine import device_loop
from lapwing.errors import MotionError, PlanArgumentError
from lapwing.plans.move_stubs import mv
from lapwing.protocols import resolve
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.spec_motors import Motors, followed, line_of, show, table
from lapwing.stepscan.spec_plans import SpecPlans

SCANS = ("ascan", "a2scan", "a3scan", "dscan", "d2scan", "d3scan", "lup")
SCANS += ("mesh", "dmesh")
MOVES = ("mv", "mvr", "umv", "umvr", "wa", "wm", "ct")


class SpecCommands:
    """SPEC's commands: ``SpecCommands(session, motors={"x": "SIM:X"}).export(...)``.

    Motors are names given here, EPICS PVs, positioners, and any device with ``set``.
    Scans are step scans, run by the session; those about a position go back to it.

    Args:
        session: A session; or a RunEngine, and nothing is printed but by commands.
        motors: Motors by name; or motors that have names.
        detectors: What is triggered and read: detectors of step scans and devices.
        counters: What is read besides: counters, or PVs.
        triggers: What is started besides: triggers, or PVs.
        timeout: Seconds within which motors must answer.
        **options: What each `StepScan` is given beside: settle times, extra PVs, ...

    Attributes:
        RE: Runs the plans.
        plans: The same scans as plans, to be nested or resumed.
        motors: The motors by name.

    Raises:
        PlanArgumentError: A motor cannot be moved.

    Source:
        The order of arguments is that of SPEC's standard macros (Certified
        Scientific Software, spec help pages "ascan", "mesh", "mv").
    """

    ascan: Callable[..., str]
    a2scan: Callable[..., str]
    a3scan: Callable[..., str]
    dscan: Callable[..., str]
    d2scan: Callable[..., str]
    d3scan: Callable[..., str]
    lup: Callable[..., str]
    mesh: Callable[..., str]
    dmesh: Callable[..., str]

    def __init__(
        self,
        session: Any,
        motors: Mapping[str, Any] | Iterable[Any] = (),
        detectors: Iterable[Any] = (),
        counters: Iterable[Any] = (),
        triggers: Iterable[Any] = (),
        *,
        timeout: float = 5.0,
        **options: Any,
    ):
        self.RE = getattr(session, "RE", session)
        self._say = getattr(session, "say", _print)
        self.motors = Motors(motors, timeout)
        self.plans = SpecPlans(self.motors)
        self.plans.options = options
        self.count_on(*detectors, counters=counters, triggers=triggers)
        for name in SCANS:
            setattr(self, name, self._command(getattr(self.plans, name)))

    def _command(self, make: Callable[..., Any]) -> Callable[..., str]:
        @wraps(make)
        def command(*args: Any, **kwargs: Any) -> str:
            return self._run(make(*args, **kwargs))[0]

        return command

    def _run(self, plan: Any) -> Sequence[str]:
        result = self.RE(plan)
        return getattr(result, "run_start_uids", result)

    def export(self, namespace: MutableMapping[str, Any]) -> None:
        """Put the commands, RE, and motors under their names, into a namespace.

        What is there already under ``RE`` or a motor's name stays.

        Args:
            namespace: Such as ``globals()``.
        """
        for name in (*SCANS, *MOVES):
            namespace[name] = getattr(self, name)
        namespace.setdefault("RE", self.RE)  # what a pause tells people to type
        for name in self.motors.names():
            if name.isidentifier():
                namespace.setdefault(name, self.motors.known(name))

    def count_on(
        self,
        *detectors: Any,
        counters: Iterable[Any] = (),
        triggers: Iterable[Any] = (),
    ) -> None:
        """Choose what all scans count from now on.

        Args:
            *detectors: Detectors of step scans, and devices.
            counters: Counters, or PVs.
            triggers: Triggers, or PVs.
        """
        self.plans.detectors = list(detectors)
        self.plans.counters = list(counters)
        self.plans.triggers = list(triggers)

    # ------------------------------------------------------------ counting

    def ct(self, time: float = 1.0) -> dict[str, Any]:
        """Count once, print what was counted, and record nothing.

        Args:
            time: Seconds of counting.

        Returns:
            The values by name.
        """
        found: dict[str, Any] = {}
        plan = self.plans.ct(time)

        def keep() -> Any:
            found.update((yield from plan))

        self.RE(keep())
        values = {name: reading["value"] for name, reading in found.items()}
        width = max(map(len, values), default=0)
        for name, value in values.items():
            shape = getattr(value, "shape", ())
            text = f"array {tuple(shape)}" if shape else _plain(value)
            self._say(f"{name.rjust(width)}  {text}")
        return values

    # ------------------------------------------------------------ moving

    def mv(self, *args: Any) -> None:
        """Move motors, all at once, and wait: ``mv(x, 1, y, 2)``."""
        self._move(self._pairs("mv", args))

    def umv(self, *args: Any) -> None:
        """Move motors as mv does, and show where they are meanwhile."""
        self._move(self._pairs("umv", args), watch=True)

    def mvr(self, *args: Any) -> None:
        """Move motors from where they stand: ``mvr(x, 0.1)``."""
        self._move(self._shifted(self._pairs("mvr", args)))

    def umvr(self, *args: Any) -> None:
        """Move motors as mvr does, and show where they are meanwhile."""
        self._move(self._shifted(self._pairs("umvr", args)), watch=True)

    def _pairs(self, name: str, args: Sequence[Any]) -> dict[Positioner, Any]:
        if not args or len(args) % 2:
            raise PlanArgumentError(
                f"{name} takes motors and positions, in pairs; the number of its "
                f"arguments is {len(args)}"
            )
        found: dict[Positioner, Any] = {}
        for motor, position in zip(args[::2], args[1::2], strict=True):
            one = self.motors.get(motor)
            if one in found:
                raise PlanArgumentError(f"{name} has {one.name} twice; once is needed")
            found[one] = position
        return found

    def _shifted(self, pairs: Mapping[Positioner, Any]) -> dict[Positioner, Any]:
        async def setpoint(one: Positioner) -> Any:
            return (await one.locate())["setpoint"]

        return {
            one: device_loop.call(setpoint(one)) + distance
            for one, distance in pairs.items()
        }

    def _move(self, pairs: Mapping[Positioner, Any], watch: bool = False) -> None:
        # All of them before the first one moves.
        for one, position in pairs.items():
            device_loop.call(_check(one, position))
        plan = mv(*(part for pair in pairs.items() for part in pair))
        if watch:
            self._watched(plan, list(pairs))
        else:
            self.RE(plan)
        for one, position in pairs.items():
            device_loop.call(_check_arrival(one, position))

    def _watched(self, plan: Any, motors: list[Positioner]) -> None:
        hook, self.RE.waiting_hook = self.RE.waiting_hook, None
        line = _Line()
        try:
            with followed(motors, line.write):
                self.RE(plan)
        finally:
            self.RE.waiting_hook = hook
            line.end()
            self._say(device_loop.call(line_of(motors)))

    # ------------------------------------------------------------ where they are

    def wa(self) -> None:
        """Print where all motors are: user, dial, limits."""
        for line in table(self.motors.whereabouts()):
            self._say(line)

    def wm(self, *motors: Any) -> None:
        """Print where some motors are: ``wm(x, y)``."""
        chosen = [self.motors.get(one) for one in motors]
        for line in table(self.motors.whereabouts(chosen)):
            self._say(line)

    def __repr__(self) -> str:
        names = ", ".join(self.motors.names()) or "none"
        return f"<SpecCommands: motors {names}; {', '.join((*SCANS, *MOVES))}>"


async def _check(one: Positioner, position: Any) -> None:
    await resolve(one.check_value(position))


async def _check_arrival(one: Positioner, position: Any) -> None:
    if fault := one.strayed(position, (await one.locate())["readback"]):
        raise MotionError(fault, hint="look at its limits", device=one.name, pv=one.pv)


def _plain(value: Any) -> str:
    return show(value) if isinstance(value, float) else str(value)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


class _Line:
    """A line of a terminal that is written anew; elsewhere nothing is written."""

    def __init__(self) -> None:
        self._shown = sys.stdout.isatty()
        self._width = 0

    def write(self, text: str) -> None:
        """Write it in place of what was there."""
        if self._shown:
            sys.stdout.write(f"\r{text.ljust(self._width)}")
            sys.stdout.flush()
            self._width = len(text)

    def end(self) -> None:
        """Take it away, for it is followed by the last word."""
        if self._shown:
            sys.stdout.write(f"\r{' ' * self._width}\r")
            sys.stdout.flush()
