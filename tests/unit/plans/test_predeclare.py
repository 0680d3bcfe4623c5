"""Streams are declared before their first event if a variable asks for it."""

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.plans import count, grid_scan, log_scan, scan
from lapwing.plans import stubs as bps

PLANS = {
    "count": lambda det, x: count([det], 2),
    "scan": lambda det, x: scan([det], x, 0, 1, 2),
    "log_scan": lambda det, x: log_scan([det], x, 0, 1, 2),
    "grid_scan": lambda det, x: grid_scan([det], x, 0, 1, 2),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_stream_is_declared_if_the_variable_says_anything(plan, monkeypatch):
    monkeypatch.setenv("BLUESKY_PREDECLARE", "no")
    outcome = run(plan(Detector(), Motor("x")))
    assert outcome.error is None
    assert outcome.commands.count("declare_stream") == 1
    assert outcome.docs.names[:2] == ["start", "descriptor"]
    place = outcome.commands.index("declare_stream")
    assert outcome.commands[place - 1] == "open_run"
    assert len(outcome.docs.named("event")) == 2


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_no_stream_is_declared_otherwise(plan, monkeypatch):
    monkeypatch.setenv("BLUESKY_PREDECLARE", "")
    assert "declare_stream" not in run(plan(Detector(), Motor("x"))).commands


def test_whoever_takes_points_by_themselves_declares_by_themselves(monkeypatch):
    monkeypatch.setenv("BLUESKY_PREDECLARE", "1")
    outcome = run(count([Detector()], per_shot=bps.one_shot))
    assert "declare_stream" not in outcome.commands


def test_parts_of_a_device_that_is_read_are_not_declared(monkeypatch):
    monkeypatch.setenv("BLUESKY_PREDECLARE", "1")
    whole, part = Detector("whole"), Detector("part")
    part.parent = whole
    outcome = run(count([part, whole, whole]))
    assert outcome.error is None
    (declared,) = (msg for msg in outcome.said if msg.command == "declare_stream")
    assert declared.args == (whole,)
