"""The device loop: the one event loop of this process on which devices live.

Owns which loop that is, and the thread of it if no loop of the caller's is used.
Must not know engines or devices.
Test: `claim` in a running loop; `get` outside of any.

Engines, asynchronous devices, monitors and document callbacks live only there.
It is the caller's running loop if the first ``connect`` or ``engine.run`` of
the process was awaited there, else a background thread's; fixed from then on,
or until that loop is closed. A loop that somebody hands over (`adopt`) takes its
place only if nothing goes on there.
"""

import asyncio
import atexit
import concurrent.futures
import contextlib
import ctypes
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from lapwing.errors import RequestAbort, StateError

T = TypeVar("T")

LAST_SECONDS = 0.5
"""How long a loop that is blocked is waited for when the process ends."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_threads: WeakKeyDictionary[asyncio.AbstractEventLoop, threading.Thread] = (
    WeakKeyDictionary()
)


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
            loop = asyncio.new_event_loop()
            try:
                _run_in_thread(loop, "lapwing-device-loop").wait()
            except RuntimeError:
                loop.close()  # there can be no more threads
                raise
            _loop = loop
        return _loop


def adopt(loop: asyncio.AbstractEventLoop, name: str = "lapwing-device-loop") -> None:
    """Make a loop the device loop; run it in a background thread unless it runs.

    Args:
        loop: The loop, not closed.
        name: What the thread is called.

    Raises:
        StateError: The loop is closed; or something still goes on upon the device
            loop that there is.
    """
    global _loop
    with _lock:
        if loop.is_closed():
            raise StateError("a closed event loop cannot be the device loop")
        if loop is not _loop and _loop is not None and _is_busy(_loop):
            raise StateError(
                "another event loop cannot become the device loop while something is "
                "going on upon the one that there is",
                hint="end the plans that run, or leave out the loop",
            )
        running = None if loop.is_running() else _run_in_thread(loop, name)
        _loop = loop
    if running is not None:
        running.wait()  # only now: what it does first may ask for the device loop


def thread() -> threading.Thread | None:
    """Return the thread that runs the device loop, if that was started here."""
    return None if _loop is None else _threads.get(_loop)


def _is_busy(loop: asyncio.AbstractEventLoop) -> bool:
    return loop.is_running() and bool(asyncio.all_tasks(loop))


def _run_in_thread(loop: asyncio.AbstractEventLoop, name: str) -> threading.Event:
    """Run a loop in a thread; return what is set once it turns."""
    running = threading.Event()
    loop.call_soon(running.set)
    # A daemon: a process ends when its user's code does. What must not be lost
    # has been written by then; see the recorder.
    turning = threading.Thread(
        target=_run_for_ever, args=[loop], name=name, daemon=True
    )
    turning.start()
    _threads[loop] = turning  # only now: a loop that has a thread is waited for
    return running


def _run_for_ever(loop: asyncio.AbstractEventLoop) -> None:
    while not loop.is_closed():
        try:
            loop.run_forever()
        except (KeyboardInterrupt, SystemExit, RequestAbort):
            # Raised by a plan or a device, not by a person: signals go to the main
            # thread. Who waits for the plan is told; the devices need the loop. The
            # last is from `break_in`, if what blocked the loop has just ended.
            continue
        return


def _hold_still() -> None:
    """Let the loop's thread call nothing more while the interpreter ends.

    It would be ended in the midst of whatever it calls then; where that is a library
    in C++, such as a client of EPICS, the whole process is aborted.
    """
    for loop, turning in tuple(_threads.items()):
        held = threading.Event()
        tell_loop(loop, _hold, held)
        if turning.is_alive():
            held.wait(LAST_SECONDS)


def _hold(held: threading.Event) -> None:
    held.set()
    threading.Event().wait()


# At the import, so that it comes last: what else is done at the end may need the loop.
atexit.register(_hold_still)


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

    Raises:
        StateError: The device loop is another one, and does not run.
    """
    there, here = claim(), asyncio.get_running_loop()
    if there is here:
        return await coroutine
    _require_running(there, coroutine)
    ended = asyncio.Event()
    tasks: list[asyncio.Task[T]] = []

    def start() -> None:
        tasks.append(there.create_task(coroutine))
        tasks[0].add_done_callback(tell)

    def tell(_task: Any) -> None:
        tell_loop(here, ended.set)

    try:
        there.call_soon_threadsafe(start)
    except RuntimeError:
        raise _refusal(coroutine) from None  # closed just after it was asked
    cancelled = False
    while not ended.is_set():
        try:
            await ended.wait()
        except asyncio.CancelledError:
            if there.is_closed():
                raise  # nothing will end there any more
            cancelled = True
            tell_loop(there, lambda: tasks[0].cancel())
    if cancelled:
        raise asyncio.CancelledError
    return tasks[0].result()


def do_there(func: Callable[..., object], *args: Any) -> None:
    """Call a function on the device loop: at once if this is it, else as its next."""
    if _running_loop() is not None:
        claim()
    if is_current():
        func(*args)
        return
    while True:
        loop = get()
        try:
            loop.call_soon_threadsafe(func, *args)
        except RuntimeError:
            if not loop.is_closed():
                raise
            continue  # closed just after it was asked for: now there is another
        return


def turns() -> bool:
    """Whether the device loop calls what it was told to, sooner or later."""
    return _loop is not None and _turns(_loop)


def _turns(loop: asyncio.AbstractEventLoop) -> bool:
    # What breaks out of a loop of ours ends it only until its thread goes on.
    return loop.is_running() or loop in _threads


def tell_loop(
    loop: asyncio.AbstractEventLoop, func: Callable[..., object], *args: Any
) -> None:
    """Let a loop call a function soon, from any thread; a closed one calls nothing."""
    # Not asked before: it may be closed just after it was asked.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(func, *args)


def call(coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
    """Run a coroutine on the device loop and block for its result.

    Args:
        coroutine: What to run.
        timeout: Seconds to wait at most; None waits for ever.

    Raises:
        StateError: Called on the device loop, which would wait for itself; or the
            device loop does not run.
    """
    try:
        refuse_if_current("this call")
    except StateError:
        coroutine.close()
        raise
    return begin(coroutine).result(timeout)


def begin(coroutine: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
    """Begin a coroutine on the device loop, from another thread.

    Raises:
        StateError: The device loop does not run.
    """
    loop = get()
    _require_running(loop, coroutine)
    try:
        return asyncio.run_coroutine_threadsafe(coroutine, loop)
    except RuntimeError:
        raise _refusal(coroutine) from None  # closed just after it was asked


def _require_running(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]
) -> None:
    if not _turns(loop):
        raise _refusal(coroutine)


def _refusal(coroutine: Coroutine[Any, Any, Any]) -> StateError:
    coroutine.close()
    return StateError(
        "the event loop on which the devices live does not run, so nothing can be "
        "done on it",
        hint="it is where the first plan was awaited; run it on, or close it",
    )


def break_in(patience: float = 0.5) -> bool:
    """Raise `RequestAbort` in the code that keeps the device loop from turning.

    For code that blocks it in Python, such as a plan that calls `time.sleep` again
    and again; one long call into C hears of it when that returns.

    Args:
        patience: Seconds that the loop has to show that it turns.

    Returns:
        Whether the loop was blocked. False also if it runs in a thread of the caller's.
    """
    loop, blocked = _loop, thread()
    if loop is None or blocked is None or blocked.ident is None:
        return False
    turned = threading.Event()
    tell_loop(loop, turned.set)
    if turned.wait(patience) or not blocked.is_alive():
        return False
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(blocked.ident), ctypes.py_object(RequestAbort)
    )
    return True


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
