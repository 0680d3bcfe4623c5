"""What no trajectory can be made of: each is refused with a sentence that says why."""

import tracemalloc
from typing import Any

import pytest

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    ArrayGenerator,
    CompoundGenerator,
    ConcatGenerator,
    LineGenerator,
    LissajousGenerator,
    SpiralGenerator,
    StaticPointGenerator,
    ZipGenerator,
)

NAN, INF = float("nan"), float("inf")


def line(*args: Any, **more: Any) -> LineGenerator:
    return LineGenerator(*args, **more)


X = line("x", "mm", 0, 1, 3)
Y = line("y", "mm", 0, 1, 3)
SNAKE = line("x", "mm", 0, 1, 3, True)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: line(["x", "y"], "mm", [0], [1, 2], 3), "start needs 2 numbers"),
        (lambda: line("x", "mm", 0, [1, 2], 3), "stop needs 1 number,"),
        (lambda: line(["x", "y"], ["mm"] * 3, [0, 0], [1, 2], 3), "2 axes .* as many"),
        (lambda: line(["x", "x"], "mm", [0, 0], [1, 2], 3), "named once"),
        (lambda: line(["x", 5], "mm", [0, 0], [1, 2], 3), "named by a string, not"),
        (lambda: line("", "mm", 0, 1, 3), "named by a string"),
        (lambda: line(5, "mm", 0, 1, 3), "axes are named by strings, not by 5"),
        (lambda: line("x", None, 0, 1, 3), "units are named by strings, not by None"),
        (lambda: line("x", "mm", NAN, 1, 3), "start must be finite"),
        (lambda: line("x", "mm", 0, INF, 3), "stop must be finite"),
        (lambda: line("x", "mm", -1e308, 1e308, 3), "longer than a number can be"),
        (lambda: line("x", "mm", -1.7e308, 0, 3), "longer than a number can be"),
        (lambda: line("x", "mm", "here", 1, 3), "start must be numbers"),
        (lambda: line("x", "mm", "1", 1, 3), "start must be numbers, not '1'"),
        (lambda: line("x", "mm", 10**400, 1, 3), "start must be numbers, not 10000"),
        (lambda: line("x", "mm", 0, 1, 10**19), "LineGenerator of 1000.* indexed"),
        (lambda: line("x", "mm", 0, 1, 10**400), "LineGenerator of 1000.* indexed"),
        (lambda: line("x", "mm", 0, 1, 0), "whole and at least 1, not 0"),
        (lambda: line("x", "mm", 0, 1, 2.5), "whole and at least 1, not 2.5"),
        (lambda: line("x", "mm", 0, 1, True), "whole and at least 1, not True"),
        (lambda: line("x", "mm", 0, 1, 3, "yes"), "alternate must be True or False"),
        (lambda: line("x", "mm", 0, 1, 3, duration=0), "is 0.0 s"),
        (lambda: line("x", "mm", 0, 1, 3, duration=[1, 2]), "2 numbers for 3 points"),
        (lambda: line("x", "mm", 0, 1, 3, duration=NAN), "one finite number"),
        (lambda: line("x", "mm", 0, 1, 3, duration="long"), "duration must be seconds"),
        (lambda: ArrayGenerator("x", "mm", []), "at least one row"),
        (lambda: ArrayGenerator("x", "mm", [1, NAN]), "NaN or infinity is in it"),
        (lambda: ArrayGenerator("x", "mm", ["a"]), "rows of 1 numbers"),
        (lambda: ArrayGenerator(["x", "y"], "mm", [1, 2]), r"the shape \(2,\)"),
        (lambda: ArrayGenerator("x", "mm", [1], lower=[0]), "given together"),
        (
            lambda: ArrayGenerator("x", "mm", [1], lower=[0, 1], upper=[1, 2]),
            "1 points need as many bounds, not 2",
        ),
        (lambda: StaticPointGenerator(0), "at least 1"),
        (lambda: StaticPointGenerator(2, ["a", "b"]), "counts them, or none"),
        (lambda: SpiralGenerator("x", "mm", [0, 0], 1), "two axes, not 1"),
        (lambda: SpiralGenerator(["x", "y"], "mm", [0, 0], 0), "above 0"),
        (lambda: SpiralGenerator(["x", "y"], "mm", [0, 0], 1, -1), "above 0"),
        (lambda: SpiralGenerator(["x", "y"], "mm", [0, 0], None), "radius must be a f"),
        (lambda: SpiralGenerator(["x", "y"], "mm", [0], 1), "centre needs 2 numbers"),
        (lambda: SpiralGenerator(["x", "y"], "", [0, 0], 1, 1e-300), "be indexed"),
        (lambda: SpiralGenerator(["x", "y"], "", [0, 0], 10**400), "radius must be a"),
        (lambda: LissajousGenerator(["x", "y"], "mm", [0, 0], [1, 0], 1), "above 0"),
        (lambda: LissajousGenerator(["x", "y"], "mm", [0, 0], [1, 1], 0), "lobes"),
        (lambda: ConcatGenerator([]), "at least one generator"),
        (lambda: ConcatGenerator([X, Y]), "need the same axes"),
        (lambda: ConcatGenerator([SNAKE]), "set alternate on the whole"),
        (lambda: ConcatGenerator(5), "a list of Generators is needed"),
        (lambda: ZipGenerator([X, line("y", "mm", 0, 1, 4)]), r"but have \[3, 4\]"),
        (lambda: ZipGenerator([X, X]), "moves in several"),
        (
            lambda: ZipGenerator([line(a, "", 0, 1, 2, duration=1) for a in "xy"]),
            "given by 2 parts of a ZipGenerator",
        ),
        (lambda: CompoundGenerator([]), "at least one generator"),
        (lambda: CompoundGenerator([X, X]), "but x moves in several"),
        (lambda: CompoundGenerator([CompoundGenerator([X])]), "nest its generators"),
        (lambda: CompoundGenerator(CompoundGenerator([X])), "nest its generators"),
        (lambda: CompoundGenerator(["x"]), "a Generator is needed here"),
        (lambda: CompoundGenerator(5), "a Generator is needed here, but 5"),
        (lambda: CompoundGenerator([X], duration=0), "duration must be above 0"),
        (lambda: CompoundGenerator([X], duration=-0.5), "is -0.5 s"),
        (lambda: CompoundGenerator([X], duration=[1, 2]), "2 numbers for 3 points"),
        (lambda: CompoundGenerator([X], duration=[]), "one finite number"),
        (lambda: CompoundGenerator([X], delay_after=-1), "delay_after must be not neg"),
        (lambda: CompoundGenerator([X], delay_after=[1, 2]), "delay_after has 2 numb"),
        (lambda: CompoundGenerator([X], continuous=None), "continuous must be True or"),
        (
            lambda: CompoundGenerator([line("x", "", 0, 1, 2, duration=1)], duration=1),
            "for the whole and by the generator",
        ),
        (
            lambda: CompoundGenerator([line(a, "", 0, 1, 10**7) for a in "xyz"]),
            "cannot be indexed",
        ),
        (lambda: X.blocks(0), "blocks of 0 points"),
        (lambda: X[::2], "step of 2"),
    ],
)
def test_it_is_refused_in_a_sentence(make: Any, said: str):
    with pytest.raises(PlanArgumentError, match=said):
        make()


def test_a_message_has_no_million_numbers_in_it():
    with pytest.raises(PlanArgumentError, match=r"\[0, 1, 2") as caught:
        line("x", "mm", list(range(10**6)), 1, 3)
    assert len(str(caught.value)) < 200


def test_generators_may_come_one_by_one():
    assert CompoundGenerator(part for part in [X, Y]).size == 9


def test_a_region_or_an_offset_on_an_axis_that_is_not_there_is_refused():
    described = {
        "typeid": "scanpointgenerator:excluder/SquashingExcluder:1.0",
        "axes": ["x", "q"],
    }
    with pytest.raises(PlanArgumentError, match="names the axis 'q', which no"):
        CompoundGenerator([X, Y], [described])


def test_a_million_million_points_take_no_memory():
    tracemalloc.start()
    try:
        huge = CompoundGenerator(
            [
                line("y", "mm", 0, 1, 10**6),
                line("x", "mm", 0, 1, 10**6, True),
            ],
            duration=0.001,
        )
        assert huge.size == 10**12
        assert len(huge.slice(-1000)) == 1000
        assert huge.total_time == pytest.approx(1e9)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000
