"""Monitors: events made of a device's changes, whenever they come.

Owns the subscription to one device, and the way from its thread to the loop.
Must not know plans or messages.
Test: a device that calls back, from this thread and from another.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from lapwing.engine import device_loop
from lapwing.engine.interrupts import Failure

if TYPE_CHECKING:
    from lapwing.engine.bundler import RunBundler
    from lapwing.engine.call import Call
    from lapwing.engine.streams import StreamState


class Monitor:
    """One device that is being monitored.

    Args:
        call: The call it belongs to; told of what a subscriber raises.
        run: The run that its events belong to.
        obj: The device.
        state: Its stream, with a descriptor.
        options: Keywords for the device's ``subscribe``.
    """

    def __init__(
        self,
        call: "Call",
        run: "RunBundler",
        obj: Any,
        state: "StreamState",
        options: dict[str, Any],
    ):
        self.obj = obj
        self.run = run
        self._call = call
        self._state = state
        self._options = options
        self._active = False
        self._heard_elsewhere: deque[Any] = deque()

    def start(self) -> None:
        """Begin, or begin again after a pause, perhaps on another loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._active = True  # before: a device may tell its reading at once
        try:
            self.obj.subscribe(self._heard, **self._options)
        except BaseException:
            self._active = False
            raise

    def stop(self) -> None:
        """End, or pause; what was heard before is told. A second time does nothing."""
        if not self._active:
            return
        self._take_all()
        self._active = False
        self.obj.clear_sub(self._heard)

    def _heard(self, readings: Any = None, *_args: Any, **_kwargs: Any) -> None:
        """Take a change, in whichever thread the device tells it."""
        if not isinstance(readings, Mapping):
            try:
                readings = self.obj.read()  # classic devices tell a value
            except Exception as exc:  # noqa: BLE001 - told to the plan
                self._fail(exc)
                return
        if threading.get_ident() == self._thread:
            self._take(readings)
            return
        self._heard_elsewhere.append(readings)
        device_loop.tell_loop(self._loop, self._take_all)

    def _take_all(self) -> None:
        while self._heard_elsewhere:
            self._take(self._heard_elsewhere.popleft())

    def _take(self, readings: Any) -> None:
        if isawaitable(readings):
            asyncio.ensure_future(readings).add_done_callback(self._take_read)
        else:
            self._emit(readings)

    def _take_read(self, task: "asyncio.Future[Any]") -> None:
        if task.cancelled():
            return
        if (exc := task.exception()) is not None:
            self._fail(exc)
        else:
            self._emit(task.result())

    def _emit(self, readings: Mapping[str, Any]) -> None:
        stream = self._state.stream
        if not self._active or stream is None:
            return
        try:
            event = stream.compose_event(
                {key: one["value"] for key, one in readings.items()},
                {key: one["timestamp"] for key, one in readings.items()},
                self._call.engine.clock(),
            )
            self._call.engine.emit("event", event)
        except Exception as exc:  # noqa: BLE001 - told to the plan
            self._fail(exc)

    def _fail(self, error: BaseException) -> None:
        if self._active:
            self._call.interrupts.put(Failure(error))
