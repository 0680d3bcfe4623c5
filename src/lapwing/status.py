"""Status: the promise of a device that an action will end.

Owns the one status class that Lapwing's own devices return.
Must not know the engine; the engine needs only ``done``, ``success``,
``exception`` and ``add_callback``, as any Bluesky status has them.
Test: finish one from another thread, await it, watch it.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

from lapwing.errors import DeviceTimeoutError, StateError

Callback = Callable[["Status"], object]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an action has come; what a watcher of a status is told.

    Attributes:
        name: Name of the device.
        current: Where it is now, in ``unit``.
        initial: Where it started, in ``unit``.
        target: Where it goes, in ``unit``.
        unit: Unit of the three, such as ``"mm"``.
        precision: Number of decimals worth showing.
        fraction: How much is **left**, from 1 (at the start) to 0 (done), as
            Bluesky's watchers have it; None if unknown.
        time_elapsed: Seconds since the start; None if unknown.
        time_remaining: Seconds to go; None if unknown.
    """

    name: str = ""
    current: float | None = None
    initial: float | None = None
    target: float | None = None
    unit: str = ""
    precision: int = 3
    fraction: float | None = None
    time_elapsed: float | None = None
    time_remaining: float | None = None


class Status:
    """The outcome of an action: pending, then done with or without success.

    It may be finished from any thread and awaited in any event loop. Callbacks
    run in the thread that finishes it, or at once if it is finished already.

    Args:
        device: Name of the device, for messages.
        action: What the device does, such as ``"move to 3 mm"``.
    """

    __slots__ = (
        "_callbacks",
        "_done",
        "_exception",
        "_last_progress",
        "_lock",
        "_watchers",
        "action",
        "device",
    )

    def __init__(self, device: str = "", action: str = ""):
        self.device = device
        self.action = action
        self._done = False
        self._exception: BaseException | None = None
        self._callbacks: list[Callback] = []
        self._watchers: list[Callable[..., None]] = []
        self._last_progress: Progress | None = None
        self._lock = threading.Lock()

    @classmethod
    def finished(cls, device: str = "", action: str = "") -> "Status":
        """Return a status that is done with success already."""
        status = cls(device, action)
        status._done = True
        return status

    @property
    def done(self) -> bool:
        """Whether the action has ended."""
        return self._done

    @property
    def success(self) -> bool:
        """Whether the action has ended well."""
        return self._done and self._exception is None

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Return the failure's exception, or None after success.

        Args:
            timeout: Seconds to wait for the end; None waits for ever.

        Raises:
            DeviceTimeoutError: The action has not ended in that time.
        """
        if not self._done:
            self._block(timeout)
        return self._exception

    def wait(self, timeout: float | None = None) -> None:
        """Block this thread until the action has ended; raise its failure.

        Args:
            timeout: Seconds to wait; None waits for ever.

        Raises:
            DeviceTimeoutError: The action has not ended in that time.
        """
        if (exc := self.exception(timeout)) is not None:
            raise exc

    def set_finished(self) -> None:
        """Mark the action as done with success."""
        self._finish(None)

    def set_exception(self, exc: BaseException) -> None:
        """Mark the action as failed, with its cause."""
        self._finish(exc)

    def add_callback(self, callback: Callback) -> None:
        """Call ``callback(status)`` when the action ends, or now if it has."""
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def watch(self, watcher: Callable[..., None]) -> None:
        """Call ``watcher(name=..., current=..., ...)`` on progress.

        The keywords are the fields of `Progress`.
        """
        self._watchers.append(watcher)
        if (last := self._last_progress) is not None:
            _tell(watcher, last)

    def report(self, progress: Progress) -> None:
        """Tell all watchers how far the action has come."""
        self._last_progress = progress
        for watcher in tuple(self._watchers):
            _tell(watcher, progress)

    def __await__(self) -> Generator[Any, None, None]:
        if not self._done:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            self.add_callback(lambda _: _wake(loop, future))
            yield from future
        if self._exception is not None:
            raise self._exception

    def __repr__(self) -> str:
        state = "done" if self.success else "failed" if self._done else "pending"
        return f"<Status {self.device} {self.action}: {state}>"

    def _finish(self, exc: BaseException | None) -> None:
        with self._lock:
            if self._done:
                raise StateError(f"{self!r} cannot end a second time")
            self._exception = exc
            self._done = True
            callbacks, self._callbacks = self._callbacks, []
            self._watchers = []
        failures: list[Exception] = []
        for callback in callbacks:
            try:
                callback(self)
            except Exception as failure:  # noqa: BLE001 - all must hear; see below
                failures.append(failure)
        if failures:
            raise failures[0]

    def _block(self, timeout: float | None) -> None:
        over = threading.Event()
        self.add_callback(lambda _: over.set())
        if not over.wait(timeout):
            raise DeviceTimeoutError(
                f"{self.device or 'a device'} has not finished "
                f"{self.action or 'its action'} within {timeout} s",
                device=self.device,
            )


def status_of(
    work: Coroutine[Any, Any, Any], *, device: str = "", action: str = ""
) -> Status:
    """Run a coroutine as a task of this loop; the status ends as the task does.

    A cancelled task is a failure: the status never stays pending.

    Args:
        work: The coroutine that performs the action.
        device: Name of the device, for messages.
        action: What it does, for messages.
    """
    status = Status(device, action)
    task = asyncio.get_running_loop().create_task(_finishing(status, work))

    def end(task: "asyncio.Task[Any]") -> None:
        if task.cancelled():
            work.close()  # it may not have begun
            status.set_exception(
                StateError(f"{device}: {action or 'the action'} was cancelled")
            )
        elif (exc := task.exception()) is not None:
            if status.done:
                raise exc  # of a callback: it is the event loop's to tell
            status.set_exception(exc)

    task.add_done_callback(end)
    return status


async def _finishing(status: Status, work: Coroutine[Any, Any, Any]) -> None:
    """Finish a status in the task itself, a turn before the task's callbacks."""
    try:
        await work
    except Exception as exc:  # noqa: BLE001 - whoever waits for the status is told
        status.set_exception(exc)
    else:
        status.set_finished()
    finally:
        del status  # a failure's traceback holds this frame, and must not hold it


def _wake(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[None]") -> None:
    """Wake who awaits, from any thread; a loop that is gone has nobody waiting."""

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(wake)


def _tell(watcher: Callable[..., None], progress: Progress) -> None:
    watcher(**{name: getattr(progress, name) for name in Progress.__slots__})
