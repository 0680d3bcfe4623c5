"""What people give for a scan by mistake, and the sentence that they are told."""

import re

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.stepscan import (
    AreaDetector,
    Counter,
    Detector,
    Positioner,
    Poster,
    StepScan,
    SumCounter,
    Trigger,
    mesh,
)


def x(array=(1, 2), **options):
    return Positioner("IOC:x", array, name="x", **options)


LIST_NEEDED = "is no list; a list is needed, also of one"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: StepScan(x()), LIST_NEEDED),
        (
            lambda: StepScan("IOC:x"),
            f"positioners='IOC:x' {LIST_NEEDED} (positioners=[Positioner('IOC:x')])",
        ),
        (lambda: StepScan(triggers=Trigger("IOC:t")), "(triggers=[Trigger('IOC:t', 1)"),
        (lambda: StepScan(counters="IOC:c"), "(counters=[Counter('IOC:c')])"),
        (
            lambda: StepScan(detectors=Detector()),
            f"detectors=Detector('detector') {LIST_NEEDED}",
        ),
        (lambda: StepScan([x()], breakpoints=1), f"breakpoints=1 {LIST_NEEDED}"),
        (lambda: StepScan([x()], listeners=print), LIST_NEEDED),
        (lambda: StepScan([x()], extra_pvs=3), "extra_pvs=3 is no list"),
        (lambda: StepScan([x()]).skip(-1), "num_points=-1 cannot be"),
        (
            lambda: Detector("IOC:t"),
            "'IOC:t' is no Trigger (Trigger('IOC:t') makes one)",
        ),
        (lambda: Detector(None, ["IOC:c"]), "'IOC:c' is no Counter"),
        (
            lambda: Detector(None, [Trigger("IOC:t")]),
            "Trigger('IOC:t', 1) is no Counter",
        ),
        (lambda: Trigger("IOC:t", timeout=-1), "timeout=-1 cannot be; seconds"),
        (lambda: x(timeout="2 s"), "positioner x: timeout='2 s' cannot be; seconds"),
        (lambda: x(tolerance="a"), "positioner x: a is no tolerance"),
        (lambda: x(limits=(1,)), "(1,) are no limits"),
        (lambda: x(limits=3), "3 are no limits"),
        (lambda: x(limits=(None, 3)), "(None, 3) are no limits"),
        (lambda: x([[1], [1, 2]]), "the positions are lists of other lengths"),
        (lambda: x().set_array(0, 1, 2.5), "npts 2.5 is not a number of positions"),
        (lambda: x().set_array(0, "1", 2), "stop='1' is no number"),
        (lambda: x().set_array(0, 1, 0), "0 positions are none"),
        (lambda: Poster("IOC:", "info"), "template='info' is none; INFO or SSCAN"),
        (lambda: mesh(), "a mesh has no axes"),
        (lambda: mesh(("y", [0]), [1, 2]), "axis 1 of the mesh is [1, 2]; a pair"),
        (lambda: mesh(("y", "abc")), "axis 0 of the mesh is ('y', 'abc'); a pair"),
        (lambda: SumCounter([], "all"), "the sum 'all' is of no PVs"),
        (lambda: AreaDetector("IOC:", statistics="Total"), "(statistics=['Total'])"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_that_says_what_is_needed(make, sentence):
    with pytest.raises(PlanArgumentError, match=re.escape(sentence)):
        make()


def test_what_can_be_is_taken():
    scan = StepScan(
        (x(np.arange(3), limits=np.array([0, 5]), timeout=float("inf")),),
        counters=(Counter(name) for name in ("IOC:a", "IOC:b")),
        breakpoints={0, 2},
        reconnect_timeout=None,
    )
    assert scan.check() == 3
    assert [one.pv for one in scan.counters] == ["IOC:a", "IOC:b"]
    assert scan.breakpoints == {0, 2}
    assert Trigger("IOC:t", timeout=None).timeout is None
