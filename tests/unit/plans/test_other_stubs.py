"""Stubs of devices, of flyers and of the flow of a plan."""

import pytest
from kit import AsyncDetector, Detector, Motor
from unit.plans.running import commands, drive, run

from lapwing import Msg
from lapwing import plan_stubs as bps
from lapwing.plans import device_stubs, flow_stubs, fly_stubs, move_stubs
from lapwing.status import Status

x, y, det = Motor("x"), Motor("y"), Detector()


@pytest.mark.parametrize(
    ("stub", "message"),
    [
        (bps.configure(det, 1, gain=2), Msg("configure", det, 1, gain=2)),
        (bps.monitor(det, name="m"), Msg("monitor", det, name="m")),
        (bps.unmonitor(det), Msg("unmonitor", det)),
        (bps.wait_for([list]), Msg("wait_for", None, [list])),
        (bps.input_plan("Now? "), Msg("input", prompt="Now? ")),
        (bps.install_suspender(1), Msg("install_suspender", None, 1)),
        (bps.remove_suspender(1), Msg("remove_suspender", None, 1)),
        (bps.prepare(x, 1), Msg("prepare", x, 1, group=None)),
        (bps.kickoff(x, a=1), Msg("kickoff", x, group=None, a=1)),
        (bps.complete(x, group="g"), Msg("complete", x, group="g")),
        (
            bps.declare_stream(x, y, name="s"),
            Msg("declare_stream", None, x, y, name="s", collect=False),
        ),
        (
            bps.collect(x, y, name="s"),
            Msg("collect", x, y, stream=False, return_payload=True, name="s"),
        ),
    ],
    ids=lambda one: one.command if isinstance(one, Msg) else "stub",
)
def test_a_small_stub_says_one_message_and_returns_its_answer(stub, message):
    plan = iter(stub)
    assert next(plan) == message
    with pytest.raises(StopIteration) as stop:
        plan.send("answer")
    assert stop.value.value == "answer"


@pytest.mark.parametrize("room", [device_stubs, flow_stubs, fly_stubs, move_stubs])
def test_every_stub_is_a_plan_and_says_what_it_is_for(room):
    for name in room.__all__:
        stub = getattr(room, name)
        assert stub._is_plan_
        assert stub.__doc__


def test_devices_are_staged_together_and_waited_for_if_need_be():
    class Modern(Detector):
        def stage(self):
            return Status.finished()

    assert run(bps.stage_all(det, AsyncDetector("a"))).commands == ["stage", "stage"]
    assert run(bps.stage_all(Modern(), det)).commands == ["stage", "stage", "wait"]
    assert run(bps.unstage_all(det)).commands == ["unstage"]
    assert drive(bps.stage_all(det, group="g")) == [Msg("stage", det, group="g")]


@pytest.mark.parametrize("all_of", [bps.kickoff_all, bps.complete_all])
def test_flyers_share_a_group(all_of):
    status = Status.finished()
    said = drive(all_of(x, y, wait=True, a=1), lambda msg: status)
    assert [msg.obj for msg in said] == [x, y, None]
    assert len({msg.kwargs["group"] for msg in said}) == 1
    assert said[0].kwargs["a"] == 1
    assert len(drive(all_of(x, y, wait=False))) == 2


def test_detectors_are_collected_from_until_flyers_are_done():
    answers = iter([False, False, True])

    def answer(msg):
        return next(answers) if msg.command == "wait" else None

    plan = bps.collect_while_completing([x], [det], 0.5, "s", watch=("w",))
    said = drive(plan, answer)
    assert commands(said) == ["complete", *["wait", "collect"] * 3]
    assert said[1].kwargs["timeout"] == 0.5
    assert said[1].kwargs["error_on_timeout"] is False
    assert said[1].kwargs["watch"] == ("w",)
    assert said[2].kwargs["name"] == "s"


def test_a_message_is_said_to_several_devices():
    said = drive(bps.broadcast_msg("set", [x, y], 5, group="g"))
    assert said == [Msg("set", x, 5, group="g"), Msg("set", y, 5, group="g")]


def some(*args):
    yield Msg("a", None, *args)


def test_a_plan_is_repeated():
    assert drive(bps.repeater(2, some, 7)) == [Msg("a", None, 7)] * 2
    assert drive(bps.repeater(0, some)) == []
    endless = iter(bps.repeater(None, some))
    assert [next(endless) for _ in range(9)] == [Msg("a")] * 9
    endless.close()


def test_a_plan_that_was_run_through_is_repeated_but_that_is_no_good_way():
    with pytest.warns(UserWarning, match="use repeater"):
        said = drive(bps.caching_repeater(3, some()))
    assert said == [Msg("a")] * 3
