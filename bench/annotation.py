"""What checking a submitted plan costs, beside bluesky-queueserver.

A plan without types, one with two, and one whose 8 parameters are heavily annotated,
valid ones and one that is refused; the first check of a description, which compiles
it, is told too. Then descriptions of 500 plans are made, with lists of patterns over
1,000 devices. The two run in interleaved blocks in one process.

    python bench/annotation.py [--checks 200] [--blocks 15] [--json FILE]
"""

import itertools
import time
import warnings
from collections.abc import Callable
from typing import Any

from harness import Series, arguments, report

from lapwing import parameter_annotation_decorator
from lapwing.annotation import read_plan, validate_plan
from lapwing.annotation.description import plan_to_dict
from lapwing.annotation.names import NameLists
from lapwing.annotation.trees import described_trees

warnings.simplefilter("ignore")

from bluesky_queueserver.manager import profile_ops  # noqa: E402

DEVICES = {
    f"{kind}{n}": {
        "classname": "Device",
        "module": "bench",
        "is_readable": True,
        "is_movable": kind == "motor",
        "is_flyable": False,
        "components": {
            part: {
                "classname": "Signal",
                "module": "bench",
                "is_readable": True,
                "is_movable": False,
                "is_flyable": False,
            }
            for part in ("value", "setpoint", "status")
        },
    }
    for n in range(500)
    for kind in ("det", "motor")
}
FEW = {name: DEVICES[name] for name in itertools.islice(DEVICES, 20)}

HEAVY = {
    "parameters": {
        "detectors": {
            "annotation": "typing.List[Detectors]",
            "devices": {"Detectors": ["det0", "det1", "det2", "det3"]},
        },
        "motor": {"annotation": "Motors", "devices": {"Motors": ["motor0", "motor1"]}},
        "start": {"annotation": "float", "min": -10, "max": 10, "step": 0.1},
        "stop": {"annotation": "float", "min": -10, "max": 10, "step": 0.1},
        "num": {"annotation": "int", "min": 1, "max": 1000},
        "exposures": {"annotation": "typing.List[float]", "min": 0.001, "max": 60},
        "mode": {"annotation": "Mode", "enums": {"Mode": ["step", "fly", "both"]}},
        "md": {
            "annotation": "typing.Optional[typing.Dict[str, typing.Union[str, float]]]"
        },
    }
}


def untyped(detectors, num, delay=1.0):
    yield detectors, num, delay


def simple(num: int, delay: float = 1.0):
    yield num, delay


@parameter_annotation_decorator(HEAVY)
def heavy(detectors, motor, start, stop, num, exposures, mode="step", md=None):
    yield detectors, motor, start, stop, num, exposures, mode, md


GIVEN: dict[str, dict[str, Any]] = {
    "untyped": {"name": "untyped", "args": [["det0", "det1"], 5]},
    "simple": {"name": "simple", "kwargs": {"num": 5, "delay": 0.5}},
    "heavy": {
        "name": "heavy",
        "args": [["det0", "det2"], "motor1", -1, 1, 11],
        "kwargs": {
            "exposures": [0.1, 0.2, 0.5],
            "mode": "fly",
            "md": {"sample": "gold", "mass": 1.5},
        },
    },
    "heavy, refused": {
        "name": "heavy",
        "args": [["det0", "dett2"], "motor1", -1, 1, 11, [0.1]],
    },
}
SIDES: dict[str, Callable[..., tuple[bool, str]]] = {
    "Lapwing": validate_plan,
    "queue server": profile_ops.validate_plan,
}
PLANS = {
    func.__name__: plan_to_dict(read_plan(func)) for func in (untyped, simple, heavy)
}


def timed(function: Callable[[], Any]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def check(side: str, name: str, number: int) -> None:
    validate, plan = SIDES[side], GIVEN[name]
    for _ in range(number):
        ok, _ = validate(plan, allowed_plans=PLANS, allowed_devices=FEW)
        if ok == ("refused" in name):
            raise SystemExit(f"{side}: {name} got the wrong answer")


def checks(blocks: int, number: int) -> tuple[list[Series], dict[str, float]]:
    series = {
        (name, side): Series(f"{name}, {side}", "µs")
        for name in GIVEN
        for side in SIDES
    }
    for _, (name, side) in itertools.product(range(blocks), series):
        many = number if side == "Lapwing" else max(1, number // 20)
        seconds = timed(lambda: check(side, name, many))  # noqa: B023 - called at once
        series[name, side].add(1e6 * seconds / many)
    ratios = {
        f"{name}, queue server / Lapwing": series[name, "queue server"].median
        / series[name, "Lapwing"].median
        for name in GIVEN
    }
    return list(series.values()), ratios


def first_checks(blocks: int) -> list[Series]:
    """Measure checks of descriptions that were never seen before."""
    found = []
    for name in ("simple", "heavy"):
        series = Series(f"{name}, the first time", "µs")
        for n in range(10 * blocks):
            fresh = {**PLANS[name], "description": f"{name} {n}"}
            series.add(
                1e6
                * timed(
                    lambda: validate_plan(
                        GIVEN[name],  # noqa: B023 - called at once
                        allowed_plans={name: fresh},  # noqa: B023
                        allowed_devices=FEW,
                    )
                )
            )
        found.append(series)
    return found


def some_plan(n: int) -> Callable[..., Any]:
    def plan(detectors, motor, num: int = 1, exposure: float = 0.1):
        """Scan.

        Parameters
        ----------
        detectors : list
            What is read.
        motor : object
            What is moved.
        num : int
            How many points.
        """
        yield detectors, motor, num, exposure

    own = {
        "detectors": {
            "annotation": "typing.List[D]",
            "devices": {"D": ["det0", f":^det{n % 10}", "__DETECTOR__:^det1:?value"]},
        },
        "motor": {"annotation": "M", "devices": {"M": [f"__MOTOR__:^motor.*{n % 7}$"]}},
        "exposure": {"min": 0.001, "max": 60},
    }
    plan.__name__ = f"plan{n}"
    return parameter_annotation_decorator({"parameters": own})(plan)


def describe_ours(plans: list[Callable[..., Any]]) -> list[Any]:
    lists = NameLists(described_trees(DEVICES))
    return [plan_to_dict(read_plan(one, expand_devices=lists.devices)) for one in plans]


def describe_theirs(plans: list[Callable[..., Any]]) -> list[Any]:
    return [
        profile_ops._process_plan(  # noqa: SLF001 - what makes one description
            one, existing_devices=DEVICES, existing_plans={}
        )
        for one in plans
    ]


def descriptions(blocks: int) -> tuple[list[Series], dict[str, float]]:
    plans = [some_plan(n) for n in range(500)]
    if describe_ours(plans[:3]) != describe_theirs(plans[:3]):
        raise SystemExit("the descriptions differ")
    ours = Series("500 plans, 1000 devices, Lapwing", "ms")
    theirs = Series("500 plans, queue server", "ms")
    for _ in range(blocks):
        ours.add(1e3 * timed(lambda: describe_ours(plans)))
        theirs.add(1e3 * timed(lambda: describe_theirs(plans)))
    return [ours, theirs], {
        "500 plans, queue server / Lapwing": theirs.median / ours.median
    }


def main() -> None:
    args = arguments(__doc__, checks=200, blocks=15)
    series, ratios = checks(args.blocks, args.checks)
    series += first_checks(args.blocks)
    lists, more = descriptions(max(3, args.blocks // 5))
    report("Annotations", series + lists, ratios | more, args)


if __name__ == "__main__":
    main()
