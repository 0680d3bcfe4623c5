"""A step scan before anything is connected: its order, its checks, its positions."""

import asyncio
import re

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError, RequestAbort, StateError
from lapwing.stepscan import Counter, Detector, Detectors, Positioner, StepScan, Trigger
from lapwing.stepscan.meshes import mesh

TWICE = Positioner("IOC:x", [1, 2])


def messages(scan, answer=lambda msg: None):
    """Iterate a scan's plan without an engine, answering what a test cares about."""
    plan = scan.plan()
    said = [next(plan)]
    try:
        while True:
            said.append(plan.send(answer(said[-1])))
    except StopIteration:
        return said


def words(said):
    return [(msg.command, getattr(msg.obj, "name", None)) for msg in said]


def two_by_two(**options):
    x = Positioner("IOC:x", [1, 2, 3], name="x")
    y = Positioner("IOC:y", [4, 5, 6], name="y")
    first = Detector(Trigger("IOC:t1", name="t1"), [Counter("IOC:c1")], name="d1")
    second = Detector(Trigger("IOC:t2", name="t2"), [Counter("IOC:c2")], name="d2")
    return StepScan([x, y], detectors=[first, second], **options)


def test_a_point_is_all_moves_then_all_triggers_then_one_reading():
    said = words(messages(two_by_two()))
    begin = said.index(("checkpoint", None), said.index(("wait", None)))
    assert said[begin : said.index(("checkpoint", None), begin + 1)] == [
        ("checkpoint", None),
        ("set", "x"),
        ("set", "y"),
        ("wait", None),
        ("trigger", "t1"),
        ("trigger", "t2"),
        ("wait", None),
        ("create", None),
        ("read", "point"),
        ("save", None),
    ]


def test_it_stages_goes_to_the_start_and_notes_the_extra_pvs_before_the_first_point():
    said = words(messages(two_by_two(extra_pvs=["IOC:temperature"])))
    assert said[: said.index(("save", None)) + 1] == [
        ("stage", "step_scan"),
        ("subscribe", None),
        ("open_run", None),
        ("checkpoint", None),
        ("set", "x"),
        ("set", "y"),
        ("wait", None),
        ("checkpoint", None),
        ("create", None),
        ("read", "extra_pvs"),
        ("save", None),
    ]


def test_each_point_goes_to_its_positions():
    said = [msg for msg in messages(two_by_two()) if msg.command == "set"]
    places = [(msg.obj.name, msg.args[0]) for msg in said]
    assert places[2:] == [("x", 1), ("y", 4), ("x", 2), ("y", 5), ("x", 3), ("y", 6)]


def test_a_trigger_that_two_detectors_share_is_started_once():
    trigger = Trigger("IOC:t", name="t")
    both = [Detector(trigger, [Counter(f"IOC:{c}")], name=c) for c in "ab"]
    said = words(messages(StepScan(detectors=both, triggers=[trigger], npts=2)))
    assert said.count(("trigger", "t")) == 2


def test_hooks_come_in_order_and_those_after_the_scan_in_reverse():
    told = []
    x = Positioner(
        "IOC:x",
        [0, 1],
        name="x",
        pre_scan=lambda: told.append("x before"),
        post_scan=lambda: told.append("x after"),
        at_break=lambda: told.append("x break"),
    )
    detector = Detector(
        None,
        [Counter("IOC:c")],
        name="d",
        pre_scan=lambda: told.append("d before"),
        post_scan=lambda: told.append("d after"),
    )

    class MyScan(StepScan):
        def pre_scan(self):
            told.append("scan before")

        def post_scan(self):
            told.append("scan after")

        def at_break(self, point):
            told.append(f"scan break {point}")

    scan = MyScan([x], detectors=[detector], breakpoints=[1])

    def answer(msg):
        if msg.command == "wait_for":
            for make in msg.args[0]:
                asyncio.run(make())

    messages(scan, answer)
    assert told == [
        *("x before", "d before", "scan before"),
        *("x break", "scan break 2"),
        *("scan after", "d after", "x after"),
    ]


def test_a_hook_may_be_a_plan():
    from lapwing import plan_stubs as bps

    def settle():
        yield from bps.sleep(3)

    said = messages(two_by_two(pre_scan=settle))
    assert [msg.args for msg in said if msg.command == "sleep"] == [(3,)]


def test_lists_of_unequal_length_are_refused_with_label_and_length_of_each():
    x = Positioner("IOC:x", [1, 2, 3], label="theta")
    y = Positioner("IOC:y", [1, 2], label="two theta")
    with pytest.raises(ValueError, match="theta has 3, two theta has 2"):
        StepScan([x, y]).plan()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: StepScan(npts=0).plan(), "no points"),
        (lambda: StepScan().plan(), "no points"),
        (lambda: StepScan(npts=3, dwell=[1, 2]).plan(), "2 dwells for 3 points"),
        (lambda: StepScan(npts=3, dwell=-1), "no dwell"),
        (lambda: StepScan(npts=3, dwell="long"), "no dwell"),
        (lambda: StepScan(npts=3, breakpoints=[3]).plan(), "breakpoint 3 is no point"),
        (lambda: StepScan(npts=3, breakpoints=[-1]).plan(), "breakpoint -1 is no"),
        (lambda: StepScan(npts=3, breakpoints=[0.7]), "breakpoint 0.7 is not the num"),
        (lambda: StepScan(npts=3, breakpoints=[True]), "breakpoint True is not"),
        (lambda: StepScan(npts=3, breakpoints=["1"]), "breakpoint '1' is not"),
        (lambda: StepScan(npts=3, breakpoints=[np.nan]), "breakpoint nan is not"),
        (lambda: StepScan(npts=1, pos_settle_time=-1), "pos_settle_time=-1 cannot be"),
        (lambda: StepScan(npts=1, det_settle_time="a"), "det_settle_time='a' cannot"),
        (lambda: StepScan(npts=1, max_retries=-1), "max_retries=-1 cannot be"),
        (lambda: StepScan(npts=1, max_retries=1.5), "max_retries 1.5 is not"),
        (lambda: StepScan(npts=1, min_runtime=2), "a number from 0 to 1 is needed"),
        (lambda: StepScan(npts=1, reconnect_timeout=-3), "reconnect_timeout=-3"),
        (lambda: StepScan(npts=1, message_points=-2), "message_points=-2 cannot be"),
        (
            lambda: StepScan([Positioner("IOC:m1", [1], name="a"),
                              Positioner("IOC:m1.VAL", [1], name="b")]),
            "both move IOC:m1.VAL; one of them is enough",
        ),
        (lambda: StepScan(npts=2.5), "npts 2.5 is not a number of points"),
        (
            lambda: StepScan([Positioner("IOC:x", [1, 2, 3])], npts=5),
            "npts is 5, and positioner IOC_x has 3 positions",
        ),
        (lambda: StepScan(["IOC:x"]), "'IOC:x' is no Positioner"),
        (lambda: StepScan(counters=["IOC:c"]), "Counter('IOC:c') makes one"),
        (lambda: StepScan(triggers=["IOC:t"]), "Trigger('IOC:t') makes one"),
        (lambda: StepScan(detectors=[Counter("IOC:c")]), "counters=[...] reads PVs"),
        (lambda: StepScan([TWICE, TWICE]), "both move IOC:x; one of them is enough"),
        (
            lambda: StepScan(
                triggers=[Trigger("IOC:t", name="a"), Trigger("IOC:t", name="b")]
            ),
            "both start IOC:t",
        ),
        (lambda: StepScan(extra_pvs="IOC:T"), "extra_pvs=['IOC:T']"),
        (lambda: StepScan(data_callback=3), "data_callback=3 cannot be called"),
        (lambda: StepScan(detectors=[3]), "3 is no detector"),
        (lambda: Positioner("IOC:x", []), "shape"),
        (lambda: Positioner("IOC:x", [[1, 2]]), "shape"),
        (lambda: Positioner("IOC:x", [1, np.nan]), "position 1 is nan"),
        (lambda: Positioner("IOC:x", [1, object()]), "numbers"),
        (lambda: Positioner(3), "3 is no PV"),
        (lambda: Positioner("IOC:x").set_array(0, 1, 0), "0 positions"),
        (lambda: Counter(" "), "is no PV"),
        (lambda: StepScan(npts=1, pre_scan=3), "pre_scan=3 cannot be called"),
        (
            lambda: StepScan(npts=1, extra_pvs=[("a", "IOC:1"), ("a", "IOC:2")]),
            "IOC:1 and IOC:2",
        ),
        (
            lambda: StepScan(triggers=[Trigger("IOC:t", name="x")] * 1
                             + [Trigger("IOC:u", name="x")], npts=1),
            "two parts of the scan are called 'x'",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(PlanArgumentError, match=re.escape(sentence)):
        make()


def test_the_number_of_points_may_be_said_and_must_then_be_that_of_the_positions():
    x = Positioner("IOC:x", [1, 2, 3], label="theta")
    scan = StepScan([x], npts=3)
    assert scan.num_points == 3
    x.set_array(0, 1, 4)
    with pytest.raises(ValueError, match="npts is 3, and positioner theta has 4"):
        scan.plan()


def test_breakpoints_are_whole_numbers_and_one_of_them_twice_is_one():
    scan = StepScan(npts=3, breakpoints=[2, np.int64(1), 2, 1.0])
    assert scan.breakpoints == {1, 2}
    assert scan.check() == 3


def test_a_positioner_without_positions_is_refused():
    with pytest.raises(StateError, match="IOC_x has no positions; set_array"):
        StepScan([Positioner("IOC:x")]).plan()


def test_two_columns_of_one_name_are_refused():
    scan = StepScan(counters=[Counter("IOC:a", "I"), Counter("IOC:b", "I")], npts=1)
    with pytest.raises(PlanArgumentError, match="two columns are called 'I'"):
        scan.point.set_columns(scan.counters)


def test_a_time_scan_has_no_positioners():
    said = words(messages(StepScan(counters=[Counter("IOC:c")], npts=4)))
    assert said.count(("read", "point")) == 4
    assert "set" not in [command for command, _ in said]


def test_the_dwell_is_set_only_where_it_changes():
    detector = Detector(Trigger("IOC:t"), dwell="IOC:dwell", name="d")
    scan = StepScan(detectors=[detector], npts=4, dwell=[1, 1, 2, 2], min_runtime=0)
    said = [msg for msg in messages(scan) if msg.command == "set"]
    assert [msg.args for msg in said] == [(1.0,), (2.0,)]
    assert detector.trigger.dwell == 2.0


def test_requests_are_looked_at_once_a_point():
    scan = two_by_two()

    def skip_after_the_first(msg):
        if msg.command == "save" and not skipped:
            skipped.append(msg)
            scan.skip()

    skipped = []
    said = words(messages(scan, skip_after_the_first))
    assert said.count(("save", None)) == 2

    def abort_at_once(msg):
        if msg.command == "save":
            scan.abort("enough")

    with pytest.raises(RequestAbort, match="enough"):
        messages(scan, abort_at_once)


def test_a_pause_waits_until_it_is_over():
    scan = two_by_two()
    waited = []

    def pause(msg):
        if msg.command == "save" and not waited:
            scan.pause("look")
        if msg.command == "wait_for":
            waited.append(msg)
            scan.resume()

    said = words(messages(scan, pause))
    assert said.count(("save", None)) == 3
    assert len(waited) == 1


def test_a_point_whose_reading_is_invalid_is_taken_again_a_bounded_number_of_times():
    bad = {"c": {"value": 1.0, "timestamp": 0.0, "alarm_severity": -1}}
    scan = two_by_two(max_retries=2)
    left = [bad, bad]

    async def reconnected():
        return True

    scan.reconnected = reconnected

    def answer(msg):
        if msg.command == "wait_for":
            for make in msg.args[0]:
                asyncio.run(make())
        return left.pop() if msg.command == "read" and left else None

    said = words(messages(scan, answer))
    assert said.count(("drop", None)) == 2
    assert said.count(("save", None)) == 3
    left = [bad] * 3
    with pytest.raises(Exception, match="its server calls c INVALID"):
        messages(scan, answer)


def test_metadata_say_what_is_scanned():
    scan = two_by_two(breakpoints=[1], extra_pvs={"T": "IOC:T"}, md={"sample": "Cu"})
    (msg,) = [msg for msg in messages(scan) if msg.command == "open_run"]
    said = msg.kwargs
    assert said["plan_name"] == "step_scan"
    assert said["motors"] == ["x", "y"]
    assert said["detectors"] == ["d1", "d2"]
    assert said["num_points"] == 3
    assert said["sample"] == "Cu"
    assert said["hints"] == {"dimensions": [(["x", "y"], "primary")]}
    x = said["step_scan"]["positioners"]["x"]
    assert x == {"pv": "IOC:x", "label": "x", "lowest": 1.0, "highest": 3.0}
    assert said["step_scan"]["extra_pvs"] == {"T": "IOC:T"}


def test_a_mesh_is_lists_and_a_breakpoint_for_each_row():
    (slow, fast), breakpoints = mesh(("y", [1, 2]), ("x", [10, 20, 30]), snake=True)
    assert slow.tolist() == [1, 1, 1, 2, 2, 2]
    assert fast.tolist() == [10, 20, 30, 30, 20, 10]
    assert breakpoints == [2, 5]


def test_a_snake_of_three_axes_never_jumps():
    points, _ = mesh(("z", range(3)), ("y", range(4)), ("x", range(5)), snake=True)
    steps = np.abs(np.diff(np.transpose(points), axis=0)).sum(axis=1)
    assert (steps == 1).all()


def test_two_fields_of_one_record_may_be_moved():
    a, b = Positioner("IOC:m1", [1]), Positioner("IOC:m1.VELO", [1])
    assert StepScan([a, b]).check() == 1


def test_a_detector_may_be_called_as_its_trigger_is():
    scan = StepScan(detectors=[Detector(Trigger("IOC:t"), [Counter("IOC:c")])], npts=1)
    assert scan.detectors[0].name == scan.triggers[0].name == "IOC_t"
    other = Detector(None, [Counter("IOC:d")], name="IOC_t")
    with pytest.raises(PlanArgumentError, match="two parts of the scan are called"):
        StepScan(detectors=[*scan.detectors, other], npts=1)


def test_detectors_have_triggers_and_counters_together():
    one = Detector(Trigger("IOC:t1"), [Counter("IOC:a"), Counter("IOC:b")])
    two = Detector(None, [Counter("IOC:c")], name="two")
    both = Detectors([one, two])
    assert [trigger.pv for trigger in both.triggers] == ["IOC:t1"]
    assert [counter.pv for counter in both.counters] == ["IOC:a", "IOC:b", "IOC:c"]


def test_a_pyepics_like_object_is_taken_for_its_name():
    class PV:
        pvname, connected = "IOC:x", True

        def get(self):
            return 0

        def put(self, value):
            return 1

    assert Positioner(PV(), [1]).pv == "IOC:x"
    assert Counter(PV()).name == "IOC_x"
