"""The simulated engine: what its handlers answer."""

from itertools import pairwise

import pytest
from kit import Detector, Motor
from unit.plans.running import commands

from lapwing import Msg
from lapwing import plan_stubs as bps
from lapwing.plans import adaptive_scan, count
from lapwing.simulators import (
    RunEngineSimulator,
    assert_message_and_return_remaining,
)

x, y, det = Motor("x"), Motor("y"), Detector()


@pytest.fixture
def sim():
    return RunEngineSimulator()


def answer_of(sim, plan):
    sim.simulate_plan(plan)
    return sim.return_value


def test_without_handlers_all_is_answered_by_none(sim):
    said = sim.simulate_plan(count([det]))
    assert commands(said)[:2] == ["stage", "open_run"]
    assert sim.return_value is None


def test_the_first_handler_that_fits_answers(sim):
    sim.add_handler("open_run", lambda msg: "old")
    sim.add_handler("open_run", lambda msg: "new")
    sim.add_handler("open_run", lambda msg: "last", index="end")
    assert answer_of(sim, bps.open_run()) == "new"
    sim.add_handler(["read", "set"], lambda msg: "any")
    sim.add_handler("read", lambda msg: "named", "x")
    sim.add_handler("read", lambda msg: "chosen", lambda msg: msg.obj is det)
    assert answer_of(sim, bps.read(x)) == "named"
    assert answer_of(sim, bps.read(det)) == "chosen"
    assert answer_of(sim, bps.read(y)) == "any"
    assert answer_of(sim, bps.abs_set(x, 1)) == "any"


def test_readings_are_given_by_value(sim):
    sim.add_read_handler_for(x, 3)
    assert answer_of(sim, bps.rd(x)) == 3
    sim.add_read_handler_for_multiple(y, a=1, b={"value": 2, "timestamp": 5})
    readings = answer_of(sim, bps.read(y))
    assert readings["b"] == {"value": 2, "timestamp": 5}
    assert {key: one["value"] for key, one in readings.items()} == {"a": 1, "b": 2}


def test_something_may_happen_while_a_plan_waits(sim):
    waited = []
    sim.add_wait_handler(waited.append, group="g")
    sim.simulate_plan(bps.abs_set(x, 1, group="g", wait=True))
    sim.simulate_plan(bps.abs_set(x, 1, group="other", wait=True))
    sim.simulate_plan([Msg("wait", None, "g")])
    assert len(waited) == 2
    sim.add_wait_handler(waited.append)
    sim.simulate_plan(bps.abs_set(x, 1, group="other", wait=True))
    assert len(waited) == 3


def test_documents_reach_those_who_subscribed(sim):
    heard, starts = [], []
    sim.add_handler_for_callback_subscribes()
    sim.add_callback_handler_for("open_run", "start", {"a": 1})
    sim.add_callback_handler_for_multiple(
        "save", [[("event", {"n": 1}), ("event", {"n": 2})], [("event", {"n": 3})]]
    )

    def plan():
        first = yield from bps.subscribe("all", lambda *doc: heard.append(doc))
        second = yield from bps.subscribe("start", lambda *doc: starts.append(doc))
        yield from bps.open_run()
        yield from bps.open_run()  # the document is sent once
        for _ in range(3):
            yield from bps.save()
        return first, second

    assert answer_of(sim, plan()) == (0, 1)
    assert starts == [("start", {"a": 1})]
    assert heard == [
        ("start", {"a": 1}),
        *[("event", {"n": n}) for n in (1, 2, 3)],
    ]
    sim.fire_callback("stop", {})
    assert heard[-1] == ("stop", {})
    assert len(starts) == 1


def test_what_a_handler_raises_is_thrown_into_the_plan(sim):
    def fail(msg):
        raise KeyError("told")

    def catching():
        try:
            yield Msg("a")
        except KeyError:
            yield Msg("b")
        return "caught"

    sim.add_handler("a", fail)
    assert answer_of(sim, catching()) == "caught"
    with pytest.raises(KeyError, match="told"):
        sim.simulate_plan([Msg("a")])


def test_a_plan_that_depends_on_readings_is_driven_by_them(sim):
    position = []
    sim.add_handler("set", lambda msg: position.append(msg.args[0]))
    sim.add_handler(
        "read", lambda msg: {"det": {"value": 10 * position[-1], "timestamp": 0}}
    )
    sim.simulate_plan(adaptive_scan([det], "det", x, 0, 5, 0.01, 0.5, 0.5, False))
    steps = [b - a for a, b in pairwise(position)]
    assert steps[-1] == pytest.approx(0.05, abs=0.01)


def test_messages_are_found_in_order(sim):
    said = [
        Msg("set", x, 1, group="A"),
        Msg("trigger", det, group="B"),
        Msg("wait", None, group="B"),
        Msg("wait", None, "A"),
    ]
    find = assert_message_and_return_remaining
    rest = find(said, lambda msg: msg.command == "trigger")
    assert rest == said[1:]
    assert find(rest, lambda msg: msg.command == "wait", group="A") == said[3:]
    assert find(iter(said), lambda msg: True, "B") == said[1:]
    with pytest.raises(AssertionError, match="none of 4 messages"):
        find(said, lambda msg: msg.command == "set", group="B")
