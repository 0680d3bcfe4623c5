"""Values of PV objects: what they tell, read afresh or by their callbacks.

Owns the meaning of what objects such as pyepics' PVs answer, and their subscriptions.
Must not import pyepics: it talks to the objects that it is given.
Test: tests/unit/epics/test_pyepics.py, over objects without a network.
"""

import asyncio
import contextlib
import inspect
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from lapwing.epics.channel import ANSWER_TIMEOUT, Control, Value
from lapwing.epics.convert import limits_of


class PyepicsMonitor:
    """A subscription to a PV object.

    Args:
        pv: The object.
        callback: Called in the event loop with each value.
        every: Tell every change; else only the last of those that came while the
            loop was busy.

    Attributes:
        is_open: Whether it still tells.
    """

    def __init__(self, pv: Any, callback: Callable[[Value], None], every: bool):
        self._object = pv
        self._callback = callback
        self._every = every
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()  # of all below, which other threads change too
        self._news: list[Value] = []
        self._has_heard = False
        self._index: Any = None
        self.is_open = True

    def begin(self) -> None:
        """Subscribe; to be called in a thread that may block."""
        if getattr(self._object, "auto_monitor", True) in (None, False):
            self._object.auto_monitor = True  # off by default for long arrays
        index = self._object.add_callback(self._heard)
        with self._lock:
            self._index, is_open = index, self.is_open
        if not is_open:
            self._object.remove_callback(index)
            return
        value = read(self._object, ANSWER_TIMEOUT)
        with self._lock:
            # What was told meanwhile is later than what was read.
            if value is not None and not self._has_heard:
                self._tell(value)

    def close(self) -> None:
        """Call it no more."""
        with self._lock:
            index = self._index if self.is_open else None
            self.is_open = False
        if index is not None:
            self._object.remove_callback(index)

    def _heard(self, *args: Any, **news: Any) -> None:
        with self._lock:
            self._has_heard = True
            self._tell(value_of(news))

    def _tell(self, value: Value) -> None:
        self._news.append(value)
        call(self._loop, self._take)

    def _take(self) -> None:
        with self._lock:
            news, self._news = self._news, []
        for value in news if self._every else news[-1:]:
            if self.is_open:
                self._callback(value)


def call(
    loop: asyncio.AbstractEventLoop, function: Callable[..., Any], *args: Any
) -> None:
    """Call a function soon in an event loop, from any thread.

    Args:
        loop: The loop.
        function: What to call.
        *args: Its arguments.
    """
    # A loop that was closed meanwhile waits for nothing.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def attach() -> None:
    """Give a thread pyepics' own context; without it libca would make another."""
    if (epics := sys.modules.get("epics")) is not None:
        epics.ca.use_initial_context()


def forget_gets(pv: Any) -> None:
    """End the gets of a PV that are under way, and let pyepics ask anew.

    One that it could not send stays under way to it, and so would all that follow.

    Args:
        pv: The object.
    """
    epics = sys.modules.get("epics")
    if epics is not None and (entry := epics.ca.get_cache(pv.pvname)) is not None:
        ended = epics.ca.ChannelAccessGetFailure("the server was lost", entry.chid, 0)
        for result in list(entry.get_results.values()):
            if result[0] is epics.ca.GET_PENDING:
                result[0] = ended


def _failures() -> tuple[type[Exception], ...]:
    """Return what pyepics raises where a server is gone."""
    epics = sys.modules.get("epics")
    if epics is None:
        return ()
    return (
        epics.ca.ChannelAccessException,
        epics.ca.ChannelAccessGetFailure,
        epics.ca.CASeverityException,
    )


def takes(function: Callable[..., Any], name: str) -> bool:
    """Return whether a function takes an argument by its name.

    Args:
        function: Any function.
        name: Name of the argument.
    """
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in parameters)


def write(pv: Any, value: Any, tell: Callable[[], None]) -> None:
    """Write a value, in a thread that may block.

    Args:
        pv: The object.
        value: As it takes it.
        tell: Called, in any thread, when the object calls the put complete.
    """
    if takes(pv.put, "callback"):
        pv.put(value, callback=lambda *_, **__: tell())
    else:
        pv.put(value, wait=True)
        tell()


def read(pv: Any, timeout: float) -> Value | None:
    """Return a value that the server told now, not one that a monitor left.

    Args:
        pv: The object.
        timeout: Seconds to wait.

    Returns:
        The value; None if there was no answer.
    """
    if not pv.connected:
        return None
    ask = getattr(pv, "get_with_metadata", None)
    wanted = {"use_monitor": False, "timeout": timeout}
    try:
        if ask is not None:
            news = ask(**wanted)
        else:
            given = {name: v for name, v in wanted.items() if takes(pv.get, name)}
            news = {"value": pv.get(**given)}
    except _failures():
        forget_gets(pv)
        return None
    if news is None or news.get("value") is None:
        return None
    return value_of(news)


def value_of(news: dict[str, Any]) -> Value:
    """Return a plain value from what pyepics tells of one.

    Args:
        news: Has ``value``, and may have ``timestamp`` and ``severity``.
    """
    value: Any = news["value"]
    if isinstance(value, np.ndarray | list | tuple):
        value = np.array(value)
    elif isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, bool):
        value = int(value)
    stamp = news.get("timestamp") or time.time()
    return Value(value, float(stamp), int(news.get("severity") or 0))


def control_of(value: Any, details: dict[str, Any]) -> Control:
    """Return what the values of a PV object are.

    Args:
        value: One of them.
        details: Its control variables, as pyepics calls them, and ``nelm``: how many
            elements an array can have, which may be more than it has.
    """
    kind: Literal["number", "integer", "string", "array"]
    dtype, shape = "<f8", ()
    if isinstance(value, np.ndarray):
        longest = max(details.get("nelm") or 0, value.size)
        kind, shape, dtype = "array", (longest,), value.dtype.str
    elif isinstance(value, str):
        kind, dtype = "string", "|S40"
    elif isinstance(value, float):
        kind = "number"
    else:
        kind, dtype = "integer", "<i4"
    choices = details.get("enum_strs") or ()
    texts = [c.decode() if isinstance(c, bytes) else str(c) for c in choices]
    return Control(
        dtype=kind,
        dtype_numpy=dtype,
        shape=shape,
        units=str(details.get("units") or ""),
        precision=details.get("precision"),
        limits=limits_of(details.get),
        choices=tuple(texts),
    )
