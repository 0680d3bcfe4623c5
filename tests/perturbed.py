"""A plugin for pytest: random sleeps wherever one thread hands over to another.

Owns the places and lengths of the sleeps, which widen windows of microseconds.
Must not change what anything does.
Use: ``PERTURBED=7 PYTHONPATH=tests python -m pytest -p perturbed tests/unit/data``;
another number sleeps at other places. A test that fails only here has found a window
between two threads, in what it tests or in itself.
"""

import asyncio
import concurrent.futures
import functools
import os
import random
import sys
import threading
import time
from typing import Any

SWITCH_SECONDS = 1e-5
"""Seconds after which another thread may have the interpreter; Python's own is 5e-3."""

HANDOVERS = (
    (threading.Thread, "start"),
    (threading.Thread, "_bootstrap_inner"),  # what a thread does first
    (threading.Thread, "is_alive"),
    (threading.Event, "set"),
    (threading.Event, "clear"),
    (threading.Event, "wait"),
    (concurrent.futures.Future, "set_result"),
    (concurrent.futures.Future, "result"),
    (asyncio.BaseEventLoop, "call_soon_threadsafe"),
)

_numbers = random.Random(int(os.environ.get("PERTURBED", "1")))
_sleep = time.sleep  # tests may replace the other one


def pause() -> None:
    """Sleep: mostly not at all, seldom for long."""
    number = _numbers.random()
    if number > 0.985:
        _sleep(0.03)
    elif number > 0.9:
        _sleep(0.003 * _numbers.random())
    elif number > 0.6:
        _sleep(0)


def perturb(kind: type, name: str) -> None:
    """Let a method sleep before and after."""
    method = getattr(kind, name)

    @functools.wraps(method)
    def perturbed(*args: Any, **kwargs: Any) -> Any:
        pause()
        try:
            return method(*args, **kwargs)
        finally:
            pause()

    setattr(kind, name, perturbed)


def pytest_configure() -> None:
    """Begin."""
    sys.setswitchinterval(SWITCH_SECONDS)
    for kind, name in HANDOVERS:
        perturb(kind, name)
