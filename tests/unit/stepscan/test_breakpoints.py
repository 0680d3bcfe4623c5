"""Breakpoints: the data are written there, with hooks and without."""

import threading

import pytest
from unit.stepscan.rigs import Rig, run

from lapwing.data import follower
from lapwing.data.sinks import FunctionSink
from lapwing.engine.engine import Engine
from lapwing.session.session import session

WAIT = 20.0


@pytest.fixture
def noted():
    return []


def watched(noted, **options):
    """A scan of three points whose engine notes when its data are to be written."""
    rig = Rig(Engine(), num_points=3, **options)

    async def write_out():
        noted.append(("waits until it is written", len(rig.taken)))

    rig.engine.write_out = write_out
    rig.engine.write_soon = lambda: noted.append(("is written", len(rig.taken)))
    return rig


def test_each_breakpoint_has_the_data_written_and_waits_for_nothing(noted):
    rig = watched(noted, breakpoints=[0, 2])
    run(rig.engine.run(rig.scan.plan()))
    # Once before the extra PVs, and once more with them.
    assert noted == [("is written", 1)] * 2 + [("is written", 3)] * 2


def test_a_breakpoint_with_hooks_waits_until_the_data_are_written(noted):
    rig = watched(noted, breakpoints=[1], at_break=lambda: noted.append("a hook"))
    run(rig.engine.run(rig.scan.plan()))
    written, waited = ("is written", 2), ("waits until it is written", 2)
    assert noted == [written, waited, "a hook"]


def test_sinks_of_a_session_have_the_points_without_a_hook(tmp_path, monkeypatch):
    monkeypatch.setattr(follower, "LOOK_SECONDS", 3600.0)
    heard = threading.Semaphore(0)
    with session(tmp_path, environ={}, table=False, progress=False, peaks=False) as s:
        # One that looks at the journal once an hour, unless something is urgent.
        sink = FunctionSink(
            "slow", lambda name, doc: name == "event" and heard.release(), period=3600
        )
        feed = s.feeds.add(sink)
        assert feed.catch_up(WAIT)
        rig = Rig(s.RE, num_points=3, breakpoints=[1])
        arrived = []

        def look():
            arrived.extend(heard.acquire(timeout=WAIT) for _ in range(2))

        rig.at_point(3, look)
        s.RE(rig.scan.plan())
        assert arrived == [True, True]
