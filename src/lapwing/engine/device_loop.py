"""The device loop: the one event loop of this process on which devices live.

Owns which loop that is, and the thread of it if no loop of the caller's is used.
Must not know engines or devices.
Test: `claim` in a running loop; `get` outside of any.

Engines, asynchronous devices, monitors and document callbacks live only there.
It is the caller's running loop if the first ``connect`` or ``engine.run`` of
the process was awaited there, else a background thread's; fixed from then on,
or until that loop is closed.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from lapwing.errors import StateError

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def claim() -> asyncio.AbstractEventLoop:
    """Return the device loop; make it the running one if there is none yet."""
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.get_running_loop()
        return _loop


def get() -> asyncio.AbstractEventLoop:
    """Return the device loop; start one in a background thread if there is none."""
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = _start_thread()
        return _loop


def _start_thread() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    # A daemon: a process ends when its user's code does. What must not be lost
    # has been written by then; see the recorder.
    threading.Thread(
        target=loop.run_forever, name="lapwing-device-loop", daemon=True
    ).start()
    return loop


def is_current() -> bool:
    """Whether the caller runs on the device loop."""
    return _running_loop() is not None and _running_loop() is _loop


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def run_there(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine on the device loop, from whichever loop.

    If this is cancelled so is the coroutine, and its end is waited for.
    """
    there, here = claim(), asyncio.get_running_loop()
    if there is here:
        return await coroutine
    ended = here.create_future()
    tasks: list[asyncio.Task[T]] = []

    def start() -> None:
        tasks.append(there.create_task(coroutine))
        tasks[0].add_done_callback(lambda _: here.call_soon_threadsafe(tell))

    def tell() -> None:
        if not ended.done():
            ended.set_result(None)

    there.call_soon_threadsafe(start)
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        there.call_soon_threadsafe(lambda: tasks[0].cancel())
        await ended
        raise
    return tasks[0].result()


def call(coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
    """Run a coroutine on the device loop and block for its result.

    Args:
        coroutine: What to run.
        timeout: Seconds to wait at most; None waits for ever.

    Raises:
        StateError: Called on the device loop, which would wait for itself.
    """
    refuse_if_current("this call")
    return asyncio.run_coroutine_threadsafe(coroutine, get()).result(timeout)


def refuse_if_current(what: str) -> None:
    """Refuse a blocking call that is made on the device loop.

    Raises:
        StateError: It is.
    """
    if is_current():
        raise StateError(
            f"{what} blocks, but was made on the event loop that it would wait for",
            hint="use 'await engine.run(plan)' there, or call from another thread",
        )
