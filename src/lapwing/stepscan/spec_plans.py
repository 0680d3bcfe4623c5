"""SPEC plans: the scans of SPEC's prompt, with its order of arguments, as plans.

Owns what each of them moves, counts and calls itself; n intervals are n + 1 points.
Must not know sessions or engines; `lapwing.stepscan.spec_commands` runs them.
Test: tests/unit/stepscan/test_spec_commands.py.

It is long because each signature stands in full: that is what help() shows at a prompt.
"""

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg
from lapwing.plans.plan import Plan
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.meshes import mesh, mesh_metadata
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.spec_counting import count_once, set_times
from lapwing.stepscan.spec_motors import Motors, aimed
from lapwing.stepscan.trigger import Trigger


class SpecPlans:
    """SPEC's scans as plans: ``RE(spec.plans.ascan("x", -1, 1, 10, 0.1))``.

    Args:
        motors: The motors by name.

    Attributes:
        motors: As given.
        detectors: What is triggered and read: detectors of step scans, and devices
            with ``trigger`` or ``read``.
        counters: What is read besides: counters, or PVs.
        triggers: What is started besides: triggers, or PVs.
        options: What `StepScan` is given beside: settle times, extra PVs, ...
    """

    def __init__(self, motors: Motors):
        self.motors = motors
        self.detectors: list[Any] = []
        self.counters: list[Any] = []
        self.triggers: list[Any] = []
        self.options: dict[str, Any] = {}

    # ------------------------------------------------------------ along a line

    def ascan(
        self, motor: Any, start: float, finish: float, intervals: int, time: float
    ) -> Plan[str]:
        """Scan a motor from start to finish.

        Args:
            motor: Its name, a PV, a positioner or a device.
            start: Its first position.
            finish: Its last position.
            intervals: Number of steps; there is one more point than that.
            time: Seconds of counting at each point.
        """
        return self._line("ascan", (motor, start, finish), intervals, time)

    def a2scan(
        self,
        motor1: Any,
        start1: float,
        finish1: float,
        motor2: Any,
        start2: float,
        finish2: float,
        intervals: int,
        time: float,
    ) -> Plan[str]:
        """Scan two motors together; see ascan."""
        given = (motor1, start1, finish1, motor2, start2, finish2)
        return self._line("a2scan", given, intervals, time)

    def a3scan(
        self,
        motor1: Any,
        start1: float,
        finish1: float,
        motor2: Any,
        start2: float,
        finish2: float,
        motor3: Any,
        start3: float,
        finish3: float,
        intervals: int,
        time: float,
    ) -> Plan[str]:
        """Scan three motors together; see ascan."""
        given = (motor1, start1, finish1, motor2, start2, finish2)
        third = (motor3, start3, finish3)
        return self._line("a3scan", (*given, *third), intervals, time)

    def dscan(
        self, motor: Any, start: float, finish: float, intervals: int, time: float
    ) -> Plan[str]:
        """Scan a motor about where it stands, and go back there; see ascan."""
        return self._line("dscan", (motor, start, finish), intervals, time)

    def lup(
        self, motor: Any, start: float, finish: float, intervals: int, time: float
    ) -> Plan[str]:
        """Line a motor up: scan it about where it stands, and go back; as dscan."""
        return self._line("lup", (motor, start, finish), intervals, time)

    def d2scan(
        self,
        motor1: Any,
        start1: float,
        finish1: float,
        motor2: Any,
        start2: float,
        finish2: float,
        intervals: int,
        time: float,
    ) -> Plan[str]:
        """Scan two motors together about where they stand, and go back."""
        given = (motor1, start1, finish1, motor2, start2, finish2)
        return self._line("d2scan", given, intervals, time)

    def d3scan(
        self,
        motor1: Any,
        start1: float,
        finish1: float,
        motor2: Any,
        start2: float,
        finish2: float,
        motor3: Any,
        start3: float,
        finish3: float,
        intervals: int,
        time: float,
    ) -> Plan[str]:
        """Scan three motors together about where they stand, and go back."""
        given = (motor1, start1, finish1, motor2, start2, finish2)
        third = (motor3, start3, finish3)
        return self._line("d3scan", (*given, *third), intervals, time)

    # ------------------------------------------------------------ over a mesh

    def mesh(
        self,
        motor1: Any,
        start1: float,
        finish1: float,
        intervals1: int,
        motor2: Any,
        start2: float,
        finish2: float,
        intervals2: int,
        time: float,
    ) -> Plan[str]:
        """Scan a mesh, row by row; the first motor is the quick one.

        Args:
            motor1: What goes along a row.
            start1: Where rows begin.
            finish1: Where rows end.
            intervals1: Number of steps in a row.
            motor2: What goes from row to row.
            start2: Where the first row is.
            finish2: Where the last row is.
            intervals2: Number of steps from row to row.
            time: Seconds of counting at each point.
        """
        quick = (motor1, start1, finish1, intervals1)
        slow = (motor2, start2, finish2, intervals2)
        return self._mesh("mesh", quick, slow, time)

    def dmesh(
        self,
        motor1: Any,
        start1: float,
        finish1: float,
        intervals1: int,
        motor2: Any,
        start2: float,
        finish2: float,
        intervals2: int,
        time: float,
    ) -> Plan[str]:
        """Scan a mesh about where both motors stand, and go back; see mesh."""
        quick = (motor1, start1, finish1, intervals1)
        slow = (motor2, start2, finish2, intervals2)
        return self._mesh("dmesh", quick, slow, time)

    # ------------------------------------------------------------ counting

    def ct(self, time: float = 1.0) -> Plan[dict[str, Any]]:
        """Count once; nothing is moved or recorded.

        Args:
            time: Seconds of counting.

        Returns:
            A plan that returns the readings by data key.
        """
        scan = self._scan("ct", [], time, npts=1)
        return _named("ct", (time,), lambda: count_once(scan))

    # ------------------------------------------------------------ how they are made

    def _line(
        self, name: str, given: Sequence[Any], intervals: int, time: float
    ) -> Plan[str]:
        relative = not name.startswith("a")
        num = _num_points(name, intervals)
        moved = []
        for motor, start, finish in zip(
            given[::3], given[1::3], given[2::3], strict=True
        ):
            positions = np.linspace(_number(name, start), _number(name, finish), num)
            moved.append(aimed(self.motors.get(motor), positions, relative))
        args = (*given, intervals, time)
        scan = self._scan(name, moved, time, restore=relative, args=args)
        return _named(name, args, scan.plan)

    def _mesh(
        self, name: str, quick: Sequence[Any], slow: Sequence[Any], time: float
    ) -> Plan[str]:
        relative = name.startswith("d")
        axes = [
            np.linspace(
                _number(name, start), _number(name, finish), _num_points(name, steps)
            )
            for _, start, finish, steps in (slow, quick)
        ]
        arrays, ends = mesh(*((None, axis.tolist()) for axis in axes))
        moved = [
            aimed(self.motors.get(motor), array, relative)
            for motor, array in zip((slow[0], quick[0]), arrays, strict=True)
        ]
        args = (*quick, *slow, time)
        scan = self._scan(
            name,
            moved,
            time,
            args=args,
            restore=relative,
            breakpoints=ends,
            md=mesh_metadata(moved, axes),
        )
        return _named(name, args, scan.plan)

    def _scan(
        self,
        name: str,
        moved: Sequence[Any],
        time: float,
        *,
        args: Sequence[Any] = (),
        md: dict[str, Any] | None = None,
        **options: Any,
    ) -> StepScan:
        if not (self.detectors or self.counters or self.triggers):
            raise PlanArgumentError(
                f"{name} has nothing to count; choose detectors or counters first",
                hint="spec.count_on(det), or spec.count_on(counters=[PV])",
            )
        seconds = _number(name, time)
        if seconds <= 0:
            raise PlanArgumentError(
                f"{name}: the time is {time!r}; seconds above 0 are needed"
            )
        command = " ".join((name, *(_word(one) for one in args)))
        return StepScan(
            moved,
            [
                one if isinstance(one, Trigger) else Trigger(one)
                for one in self.triggers
            ],
            [
                one if isinstance(one, Counter) else Counter(one)
                for one in self.counters
            ],
            self.detectors,
            dwell=seconds,
            name=name,
            pre_scan=partial(set_times, list(self.detectors), seconds),
            **{
                **self.options,
                **options,
                "md": {
                    "plan_name": name,
                    "spec_command": command,
                    **(md or {}),
                    **self.options.get("md", {}),
                },
            },
        )


def _named(
    name: str, args: Sequence[Any], make: Callable[[], Iterable[Msg]]
) -> Plan[Any]:
    """Return a plan that is called as people would type it to resume it."""

    def made(*_: Any) -> Generator[Msg, Any, Any]:
        return (yield from plan)

    plan = make()
    made.__name__ = f"spec.plans.{name}"
    return Plan(made, tuple(args), {})


def _num_points(name: str, intervals: Any) -> int:
    whole = isinstance(intervals, int | np.integer) and not isinstance(intervals, bool)
    if not whole or intervals < 1:
        raise PlanArgumentError(
            f"{name}: there are {intervals!r} intervals; a whole number from 1 is "
            "needed, and makes one more point"
        )
    return int(intervals) + 1


def _number(name: str, value: Any) -> float:
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not math.isfinite(value):
        raise PlanArgumentError(
            f"{name}: {value!r} is no number; finite ones are needed"
        )
    return float(value)


def _word(given: Any) -> str:
    return str(getattr(given, "name", given))
