"""Reading ahead: readings that are begun before their message.

Owns what the plan announced, and the readings begun because of it.
Must not guess: only what was announced is read, and only within its bundle.
Test: announce two devices whose readings wait for each other, read both.
"""

import asyncio
from collections.abc import Iterable
from inspect import iscoroutinefunction
from typing import Any


class ReadAhead:
    """The readings of one call that are begun and not asked for.

    Attributes:
        announced: Devices of which the coming bundle will be made.
        begun: A device and the task that reads it, by the device's ``id``.
    """

    __slots__ = ("announced", "begun")

    def __init__(self) -> None:
        self.announced: tuple[Any, ...] = ()
        self.begun: dict[int, tuple[Any, asyncio.Future[Any]]] = {}

    def begin(self, obj: Any) -> None:
        """Begin to read what was announced beside ``obj``, which is being read.

        Each reading is handed out at its own message; those that take time take
        it together. What is synchronous gains nothing, and is read when its turn
        comes.
        """
        announced, self.announced = self.announced, ()
        if not any(other is obj for other in announced):
            return
        for other in announced:
            if other is not obj and iscoroutinefunction(getattr(other, "read", None)):
                reading = asyncio.ensure_future(other.read())
                self.begun[id(other)] = (other, reading)

    def take(self, obj: Any) -> "asyncio.Future[Any] | None":
        """Return the reading of ``obj`` that was begun, if there is one."""
        found = self.begun.pop(id(obj), None)
        return None if found is None else found[1]

    def discard(self) -> Iterable["asyncio.Future[Any]"]:
        """Forget all; return the readings that are being cancelled."""
        self.announced = ()
        begun, self.begun = self.begun, {}
        readings = [reading for _, reading in begun.values()]
        for reading in readings:
            reading.cancel()
            reading.add_done_callback(_look_at)
        return readings


def _look_at(reading: "asyncio.Future[Any]") -> None:
    """Retrieve a discarded reading's failure, so that nobody warns of it."""
    if not reading.cancelled():
        reading.exception()
