"""What checking a submitted plan costs, beside bluesky-queueserver.

A plan without types, one with two, and one whose 8 parameters are heavily annotated,
valid ones and one that is refused; the first check of a description, which compiles
it, is told too. Then the lists of 1,000 devices and 500 plans are made, filtered for a
group, written and read (``annotation_lists.py``). The two run in interleaved blocks in
one process.

    python bench/annotation.py [--checks 200] [--blocks 15] [--json FILE]
"""

import itertools
import time
import warnings
from collections.abc import Callable
from typing import Any

from annotation_lists import measure_lists
from harness import Series, arguments, report

from lapwing import parameter_annotation_decorator
from lapwing.annotation import read_plan, validate_plan
from lapwing.annotation.description import plan_to_dict

warnings.simplefilter("ignore")

from bluesky_queueserver.manager import profile_ops  # noqa: E402

DEVICES = {
    f"{kind}{n}": {"is_readable": True, "is_movable": kind == "motor"}
    for n in range(10)
    for kind in ("det", "motor")
}

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
        ok, _ = validate(plan, allowed_plans=PLANS, allowed_devices=DEVICES)
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
                        allowed_devices=DEVICES,
                    )
                )
            )
        found.append(series)
    return found


def main() -> None:
    args = arguments(__doc__, checks=200, blocks=15)
    series, ratios = checks(args.blocks, args.checks)
    series += first_checks(args.blocks)
    lists, more = measure_lists(max(3, args.blocks // 5))
    report("Annotations", series + lists, ratios | more, args)


if __name__ == "__main__":
    main()
