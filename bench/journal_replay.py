"""How long it takes to go on with a call of very many events.

A process runs a plan and is gone at its last event. Another one looks for what was
left, in an index that is made for it, and replays the plan from the journal on disk
up to the question whether to go on. Nobody subscribes to documents.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from harness import Series
from journal_engine import PLANS, engine_with

from lapwing import RunEngine
from lapwing.engine.preview import Preview
from lapwing.errors import ResumeError
from lapwing.journal.directories import directories, new_directory
from lapwing.journal.past import past_calls
from lapwing.session.leftovers import leftovers

MB = 1e6


def run_and_die(data_dir: Path, kind: str, events: int) -> None:
    """Run a plan, and end the process at an event, as a kill would."""

    def die(name: str, doc: dict[str, Any]) -> None:
        if doc["seq_num"] == events:
            os._exit(0)

    with engine_with(new_directory(data_dir)) as (RE, _):
        RE.subscribe(die, "event")
        RE(PLANS[kind](events))


def look_and_replay(data_dir: Path, kind: str, events: int) -> dict[str, float]:
    """Find the call and replay it; return seconds, and by how many MB memory grew."""
    before = _most_memory()
    times = {"index": _timed(lambda: leftovers(data_dir))}
    times["index again"] = _timed(lambda: leftovers(data_dir))
    (directory,) = directories(data_dir)
    times["past calls"] = _timed(lambda: past_calls(directory))
    (call,) = past_calls(directory)
    asked: list[Preview] = []

    def refuse(preview: Preview) -> bool:
        times["replay"] = time.perf_counter() - start
        times["growth"] = _most_memory() - before
        asked.append(preview)
        return False

    RE = RunEngine({})
    start = time.perf_counter()
    try:
        asyncio.run(RE.engine.resume_call(call, PLANS[kind](events), confirm=refuse))
    except ResumeError:
        if not asked:
            raise
    return times


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _most_memory() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def replays(events: int) -> list[Series]:
    """Replay a `count` and a `scan`, each in a process of its own."""
    found: list[Series] = []
    for kind in PLANS:
        with tempfile.TemporaryDirectory() as name:
            child = get_context("spawn").Process(
                target=run_and_die, args=(Path(name), kind, events)
            )
            child.start()
            child.join()
            with get_context("spawn").Pool(1) as pool:
                times = pool.apply(look_and_replay, (Path(name), kind, events))
        for what, value in times.items():
            one = Series(f"{kind} of {events:,} events: {what}", "s")
            if what == "growth":
                one = Series(f"{kind} of {events:,} events: memory grew by", "MB")
            one.add(value)
            found.append(one)
    return found
