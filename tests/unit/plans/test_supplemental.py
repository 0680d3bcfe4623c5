"""Baselines, monitors and flyers beside what a run takes."""

import pickle

from kit import Detector, Motor
from unit.plans.running import commands, drive, run
from unit.plans.test_fly import Flyer, Watched

from lapwing import Msg
from lapwing.plans import count
from lapwing.preprocessors import (
    SupplementalData,
    baseline_decorator,
    baseline_wrapper,
    fly_during_wrapper,
    monitor_during_wrapper,
    run_wrapper,
)


def two_runs():
    for key in ("k", "j"):
        yield Msg("open_run", run=key)
    for key in ("k", "j"):
        yield Msg("close_run", run=key)


def test_a_baseline_is_read_before_and_after():
    x = Motor("x")
    outcome = run(baseline_wrapper(count([Detector()], 3), [x]))
    assert outcome.error is None
    assert len(outcome.docs.points("baseline")) == 2
    assert len(outcome.docs.points()) == 3
    assert outcome.docs.names[1] == "descriptor"
    assert outcome.docs.named("descriptor")[0]["name"] == "baseline"
    assert outcome.docs.names[-2:] == ["event", "stop"]


def test_parts_of_a_baseline_s_devices_are_left_out():
    whole, part = Detector("whole"), Detector("part")
    part.parent = whole
    outcome = run(baseline_wrapper(count([Detector()]), [part, whole]))
    assert outcome.error is None
    assert list(outcome.docs.points("baseline")[1]) == ["whole"]


def test_a_baseline_is_read_after_a_failure_too():
    def failing():
        yield Msg("null")
        raise ValueError("broken")

    outcome = run(baseline_wrapper(run_wrapper(failing()), [Motor("x")]))
    assert isinstance(outcome.error, ValueError)
    assert len(outcome.docs.points("baseline")) == 2
    assert outcome.stop["exit_status"] == "fail"


def test_signals_are_monitored_and_flyers_fly_during_a_run():
    signal, flyer = Watched("signal"), Flyer("bird")
    plan = count([Detector()], 2)
    plan = monitor_during_wrapper(fly_during_wrapper(plan, [flyer]), [signal])
    outcome = run(plan)
    assert outcome.error is None
    assert flyer.done == ["kickoff", "complete", "collect"]
    assert [c for c in signal.calls if c != "describe"] == ["subscribe", "clear_sub"]
    assert outcome.stop["num_events"] == {
        "signal_monitor": 1,
        "primary": 2,
        "bird": 3,
    }


def test_each_run_has_its_own_by_its_key():
    x = Motor("x")
    said = drive(baseline_wrapper(two_runs(), [x]))
    assert {msg.run for msg in said} == {"k", "j"}
    assert [msg.run for msg in said if msg.command == "read"] == ["k", "j", "k", "j"]
    said = drive(monitor_during_wrapper(two_runs(), [x]))
    assert [msg.run for msg in said if msg.command == "monitor"] == ["k", "j"]
    said = drive(fly_during_wrapper(two_runs(), [x]))
    assert [msg.run for msg in said if msg.command == "collect"] == ["k", "j"]
    groups = [msg.kwargs["group"] for msg in said if msg.command == "kickoff"]
    assert len(set(groups)) == 2


def test_without_devices_a_plan_stays_as_it_is():
    for wrapper in (baseline_wrapper, monitor_during_wrapper, fly_during_wrapper):
        assert drive(wrapper(two_runs(), [])) == list(two_runs())


def test_a_decorator_does_it_at_each_call():
    @baseline_decorator([Motor("x")], name="before_and_after")
    def plan():
        return (yield from run_wrapper([Msg("null")]))

    for _ in range(2):
        outcome = run(plan())
        assert len(outcome.docs.points("before_and_after")) == 2
        assert outcome.result.plan_result == outcome.start["uid"]


def test_supplemental_data_does_all_three():
    x, signal, flyer = Motor("x"), Watched("signal"), Flyer("bird")
    sd = SupplementalData(baseline=[x], monitors=[signal], flyers=[flyer])
    said = run(sd(count([Detector()])))
    assert said.error is None
    assert set(said.stop["num_events"]) == {
        "baseline",
        "signal_monitor",
        "bird",
        "primary",
    }
    inner = [c for c in said.commands if c in ("monitor", "kickoff", "declare_stream")]
    assert inner == ["declare_stream", "monitor", "kickoff"]


def test_supplemental_data_can_be_changed_between_plans():
    sd = SupplementalData()
    assert "declare_stream" not in commands(drive(sd(two_runs())))
    sd.baseline.append(Motor("x"))
    assert "declare_stream" in commands(drive(sd(two_runs())))


def test_supplemental_data_can_be_kept_and_shown():
    sd = SupplementalData(baseline=["a"], monitors=("b",), flyers=["c"])
    again = pickle.loads(pickle.dumps(sd))
    assert (again.baseline, again.monitors, again.flyers) == (["a"], ["b"], ["c"])
    assert sd.__getstate__() == (["a"], ["b"], ["c"])
    assert repr(sd) == "SupplementalData(baseline=['a'], monitors=['b'], flyers=['c'])"
