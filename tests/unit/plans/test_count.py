"""Counting: readings, delays, metadata, ends."""

import asyncio

import numpy as np
import pytest
from kit import Detector, make_engine, until
from unit.plans.running import run

from lapwing import Msg
from lapwing.errors import PlanArgumentError, PlanSignatureError
from lapwing.plans import count
from lapwing.plans import stubs as bps


def sleeps(outcome):
    return [msg.args[0] for msg in outcome.said if msg.command == "sleep"]


def test_a_count_takes_one_reading_unless_told_otherwise():
    det = Detector()
    outcome = run(count([det]))
    assert outcome.commands == [
        "stage",
        "open_run",
        "checkpoint",
        "checkpoint",
        "trigger",
        "wait",
        "create",
        "read",
        "save",
        "close_run",
        "unstage",
    ]
    assert outcome.docs.points() == {1: {"det": 1}}
    assert outcome.result.plan_result == outcome.start["uid"]


def test_a_count_describes_itself():
    det = Detector()
    start = run(count([det], 3)).start
    assert start["detectors"] == ["det"]
    assert (start["num_points"], start["num_intervals"]) == (3, 2)
    assert start["plan_args"] == {"detectors": [repr(det)], "num": 3, "delay": 0.0}
    assert start["hints"] == {"dimensions": [(("time",), "primary")]}
    assert start["plan_name"] == "count"
    assert start["plan_type"] == "generator"
    assert "motors" not in start


@pytest.mark.parametrize(("num", "points"), [(0, 0), (1, 1), (4, 4), (2.0, 2)])
def test_a_count_takes_as_many_readings_as_asked_for(num, points):
    outcome = run(count([Detector()], num))
    assert len(outcome.docs.named("event")) == points
    assert outcome.start["num_points"] == points
    assert outcome.start["num_intervals"] == points - 1
    assert isinstance(outcome.start["num_points"], int)


@pytest.mark.parametrize("num", [-1, 2.5, True, "3", [3], float("nan")])
def test_what_is_no_number_of_readings_is_refused_before_anything_is_staged(num):
    outcome = run(count([Detector()], num))
    assert isinstance(outcome.error, PlanArgumentError)
    assert isinstance(outcome.error, ValueError)
    assert f"it is {num!r}" in str(outcome.error)
    assert outcome.said == []


@pytest.mark.parametrize("delay", [None, 0, 0.0, -1, np.int64(0), np.float64(0)])
def test_no_delay_is_no_message(delay):
    assert "sleep" not in run(count([Detector()], 3, delay)).commands


@pytest.mark.parametrize("delay", [5, 5.0, np.float64(5), np.int64(5)])
def test_one_delay_follows_each_reading_and_counts_from_its_start(delay):
    outcome = run(count([Detector()], 3, delay))
    assert len(sleeps(outcome)) == 3
    assert all(0 < left <= 5 for left in sleeps(outcome))
    assert outcome.start["plan_args"]["delay"] == 5


@pytest.mark.parametrize(
    "delay", [[5, 6], (5, 6), np.array([5, 6]), [5, 6, 7, 8], {5: 0, 6: 0}.keys()]
)
def test_several_delays_are_used_one_after_the_other(delay):
    outcome = run(count([Detector()], 3, delay))
    assert outcome.error is None
    assert [round(left) for left in sleeps(outcome)][:2] == [5, 6]
    assert list(outcome.start["plan_args"]["delay"]) == list(delay)


def test_a_delay_of_none_among_others_is_none():
    assert len(sleeps(run(count([Detector()], 4, [5, None, 0])))) == 1


def test_delays_may_come_from_a_generator_that_ends_with_the_last_reading():
    outcome = run(count([Detector()], 3, (d for d in (5, 6))))
    assert outcome.error is None
    assert len(sleeps(outcome)) == 2
    assert outcome.start["plan_args"]["delay"].startswith("<generator")


@pytest.mark.parametrize("delay", [[], [5], (5,), np.array([5])])
def test_too_few_delays_are_found_before_anything_is_staged(delay):
    outcome = run(count([Detector()], 3, delay))
    assert isinstance(outcome.error, ValueError)
    assert f"num=3 but delays only provides {len(delay)} entries" in str(outcome.error)
    assert outcome.said == []


def test_too_few_delays_of_unknown_number_are_found_when_they_run_out():
    outcome = run(count([Detector()], 4, iter([5, 5])))
    assert isinstance(outcome.error, ValueError)
    assert "num=4 but delays only provides 2 entries" in str(outcome.error)
    assert len(outcome.docs.named("event")) == 3
    assert outcome.stop["exit_status"] == "fail"
    assert outcome.commands[-1] == "unstage"


def test_without_a_number_the_delays_say_when_to_end():
    outcome = run(count([Detector()], None, [5, 5]))
    assert len(outcome.docs.named("event")) == 3
    assert outcome.stop["exit_status"] == "success"


@pytest.mark.parametrize("delay", ["1", object(), 1j, [Detector()], ["1", 1]])
def test_what_is_no_delay_is_refused_before_anything_is_staged(delay):
    outcome = run(count([Detector()], 2, delay))
    assert isinstance(outcome.error, PlanSignatureError)
    assert outcome.said == []


@pytest.mark.parametrize(
    ("end", "status"), [("stop", "success"), ("abort", "abort"), ("halt", "abort")]
)
def test_a_count_without_a_number_runs_until_it_is_ended(end, status):
    engine, docs = make_engine()
    det = Detector()

    async def main():
        running = asyncio.create_task(engine.run(count([det], None)))
        await until(lambda: len(docs.named("event")) >= 5)
        await getattr(engine, end)()
        return await running

    result = asyncio.run(main())
    (start,), (stop,) = docs.named("start"), docs.named("stop")
    assert (start["num_points"], start["num_intervals"]) == (None, None)
    assert stop["exit_status"] == result.exit_status == status
    assert stop["num_events"] == {"primary": len(docs.named("event"))}
    assert det.calls[-1] == "unstage"


def test_metadata_is_merged_on_top_and_hints_key_by_key():
    md = {"sample": "gold", "plan_name": "mine", "hints": {"fields": ["det"]}}
    start = run(count([Detector()], md=md)).start
    assert (start["sample"], start["plan_name"]) == ("gold", "mine")
    assert start["hints"] == {
        "dimensions": [(("time",), "primary")],
        "fields": ["det"],
    }
    assert md["hints"] == {"fields": ["det"]}


def test_dimensions_of_the_caller_take_the_place_of_the_plans():
    md = {"hints": {"dimensions": [(["x"], "primary")]}}
    start = run(count([Detector()], md=md)).start
    assert start["hints"]["dimensions"] == [(["x"], "primary")]


def test_a_shot_of_ones_own_is_called_with_the_detectors():
    det = Detector()
    given = []

    def shot(detectors, extra="default"):
        given.append((list(detectors), extra))
        yield Msg("checkpoint")
        yield from bps.trigger_and_read(detectors, name="mine")

    outcome = run(count([det], 2, per_shot=shot))
    assert given == [([det], "default")] * 2
    assert {d["name"] for d in outcome.docs.named("descriptor")} == {"mine"}


@pytest.mark.parametrize(
    "detectors", [Detector(), "det", 5, None, {"a": Detector()}, iter([Detector()])]
)
def test_detectors_come_in_a_list_or_a_tuple(detectors):
    outcome = run(count(detectors))
    assert isinstance(outcome.error, TypeError)
    assert "either as a list or a tuple" in str(outcome.error)
    assert outcome.said == []


@pytest.mark.parametrize("nameless", [Detector(""), object(), 5, None])
def test_a_detector_without_a_name_is_refused(nameless):
    outcome = run(count([Detector(), nameless]))
    assert isinstance(outcome.error, PlanSignatureError)
    assert f"{nameless!r} is given as a detector, but it has no name" in str(
        outcome.error
    )
    assert outcome.said == []


def test_no_detectors_make_a_run_without_events():
    outcome = run(count([], 2))
    assert outcome.docs.names == ["start", "stop"]


def test_a_detector_given_twice_is_read_once():
    det = Detector()
    outcome = run(count([det, det]))
    assert outcome.docs.points() == {1: {"det": 1}}
    assert outcome.commands.count("stage") == 1


def test_two_detectors_of_one_data_key_are_refused_before_they_are_triggered():
    outcome = run(count([Detector("same"), Detector("same")]))
    assert isinstance(outcome.error, PlanArgumentError)
    assert "'same'" in str(outcome.error)
    assert "trigger" not in outcome.commands
    assert outcome.docs.all == []
