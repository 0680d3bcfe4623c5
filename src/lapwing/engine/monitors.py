"""Monitors: events made of a device's changes, whenever they come.

Owns the subscription to one device, and the way from its thread to the loop.
Must not know plans or messages.
Test: a device that calls back, from this thread and from another.
"""

import asyncio
import threading
from collections.abc import Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

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
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def start(self) -> None:
        """Begin, or begin again after a pause."""
        self._active = True
        self.obj.subscribe(self._heard, **self._options)

    def stop(self) -> None:
        """End, or pause."""
        self._active = False
        self.obj.clear_sub(self._heard)

    def _heard(self, readings: Any = None, *_args: Any, **_kwargs: Any) -> None:
        """Take a change, in whichever thread the device tells it."""
        if not isinstance(readings, Mapping):
            readings = self.obj.read()  # classic devices tell a value, not readings
        if threading.get_ident() == self._thread:
            self._take(readings)
        else:
            self._loop.call_soon_threadsafe(self._take, readings)

    def _take(self, readings: Any) -> None:
        if isawaitable(readings):
            task = asyncio.ensure_future(readings)
            task.add_done_callback(lambda done: self._emit(done.result()))
        else:
            self._emit(readings)

    def _emit(self, readings: Mapping[str, Any]) -> None:
        stream = self._state.stream
        if not self._active or stream is None:
            return
        call = self._call
        try:
            event = stream.compose_event(
                {key: one["value"] for key, one in readings.items()},
                {key: one["timestamp"] for key, one in readings.items()},
                call.engine.clock(),
            )
            call.engine.emit("event", event)
        except Exception as exc:  # noqa: BLE001 - told to the plan
            call.interrupts.put(Failure(exc))
