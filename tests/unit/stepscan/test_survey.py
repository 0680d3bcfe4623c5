"""What is wrong with a scan at the beamline is told together, and nothing moves."""

import asyncio

import pytest
from kit import Motor

from lapwing.errors import DeviceError, LimitError, MotionError
from lapwing.stepscan import Counter, Positioner, StepScan
from lapwing.stepscan.survey import problems_of


class Refusing(Motor):
    """A motor that refuses all positions beyond 1, and says why."""

    parent = None

    def __init__(self, name, kind=LimitError):
        super().__init__(name)
        self.kind = kind

    def check_value(self, value):
        if value > 1:
            raise self.kind(f"motor {self.name}: not to {value}", hint="")


def positioner(name, positions, kind=LimitError):
    return Positioner(Refusing(name, kind), positions)


def test_all_problems_are_told_together():
    scan = StepScan(
        [positioner("x", [0, 5]), positioner("y", [0, 1]),
         positioner("z", [0, 7], MotionError)],
        counters=[Counter("IOC:a", "I"), Counter("IOC:b", "I")],
        breakpoints=[2],
    )  # fmt: skip
    found = asyncio.run(problems_of(scan))
    assert [one.split(";")[0] for one in found] == [
        "breakpoint 2 is no point of the scan, which has 0 to 1",
        "two columns are called 'I', of IOC:a and IOC:b",
        "motor x: not to 5.0",
        "motor z: not to 7.0",
    ]


@pytest.mark.parametrize(
    ("kinds", "raised"),
    [
        ((LimitError,), LimitError),
        ((LimitError, LimitError), LimitError),
        ((LimitError, MotionError), DeviceError),
    ],
)
def test_a_scan_refuses_with_all_that_is_wrong(kinds, raised):
    moved = [positioner(f"m{i}", [0, 2], kind) for i, kind in enumerate(kinds)]
    with pytest.raises(raised) as said:
        asyncio.run(StepScan(moved).verify())
    assert type(said.value) is raised
    for one in moved:
        assert f"motor {one.name}: not to 2.0" in str(said.value)


def test_a_hint_that_all_have_is_told_once():
    class Hinting(Refusing):
        def check_value(self, value):
            if value > 1:
                raise LimitError(f"not to {value}")

    moved = [Positioner(Hinting(name), [0, 2 + i]) for i, name in enumerate("ab")]
    with pytest.raises(LimitError) as said:
        asyncio.run(StepScan(moved).verify())
    hint = LimitError.default_hint
    assert str(said.value) == f"not to 2.0; not to 3.0 ({hint})"


def test_what_is_no_word_of_the_device_is_raised_as_it_is():
    broken = positioner("x", [0, 2], ZeroDivisionError)
    broken.axis.check_value = lambda value: 1 / 0
    with pytest.raises(ZeroDivisionError):
        asyncio.run(StepScan([broken]).verify())
