"""Progress: how far a scan is, told to whoever listens, from its documents.

Owns the count of points, the time left, and messages at intervals.
Must not know PVs or files; listeners do.
Test: tests/unit/stepscan/test_progress.py, with documents by hand.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lapwing.errors import PlanArgumentError

logger = logging.getLogger("lapwing.stepscan")

DataCallback = Callable[..., Any]


class Listener(Protocol):
    """Who hears of a scan; called on the device loop, and must not block.

    One that has ``async def open(scan)`` and ``async def close()`` is told when a
    scan is connected and about to start, and when all of it is over. A scan that goes
    on after a crash tells first what it was told before: listeners hear of the start
    and of the earlier points, and then are opened.
    """

    def started(self, start: Mapping[str, Any]) -> None:
        """The run began; its start document is given."""
        ...

    def point(self, num_points: int, data: Mapping[str, Any]) -> None:
        """A point was taken; only its own values are given."""
        ...

    def message(self, text: str) -> None:
        """The scan has something to say to people."""
        ...

    def state(self, text: str) -> None:
        """The scan is ``"running"``, ``"paused"``, ``"waiting"`` or over."""
        ...

    def ended(self, stop: Mapping[str, Any]) -> None:
        """The run ended; its stop document is given."""
        ...


class Silent:
    """A listener that does nothing; to be overridden in part."""

    def started(self, start: Mapping[str, Any]) -> None:
        """Do nothing."""

    def point(self, num_points: int, data: Mapping[str, Any]) -> None:
        """Do nothing."""

    def message(self, text: str) -> None:
        """Do nothing."""

    def state(self, text: str) -> None:
        """Do nothing."""

    def ended(self, stop: Mapping[str, Any]) -> None:
        """Do nothing."""


class Progress:
    """Follows the documents of one run: ``progress(name, doc)``.

    Times are those of the documents, so that a scan which goes on after a crash knows
    its pace; the time between two points does not count if it was paused meanwhile.

    Args:
        listeners: Who hears of it.

    Attributes:
        num_points: How many there will be.
        points_taken: How many there are.
        index: Number of the point that is being taken, from 0; those that are left
            out count, too.
        message_points: A message comes after so many points; 0: none do.
    """

    def __init__(self, listeners: Sequence[Listener] = ()):
        self.listeners = list(listeners)
        self.num_points = 0
        self.message_points = 0
        self.begin()

    def begin(self) -> None:
        """Expect a run; the next one that starts is it."""
        self.points_taken = self.index = self._done = 0
        self._status, self._held = "running", False
        self._last_time: float | None = None
        self._spent, self._num_timed = 0.0, 0
        self._run: str | None = None
        self._primary: str | None = None

    @property
    def has_started(self) -> bool:
        """Whether the run has started; so it has for one that goes on after a crash."""
        return self._run is not None

    async def open(self, scan: Any) -> None:
        """Tell listeners that a scan is connected and about to start.

        Args:
            scan: Handed over as it is.
        """
        self._last_time = None  # it may be long since the last point
        for listener in self.listeners:
            if (opening := getattr(listener, "open", None)) is not None:
                await opening(scan)

    async def close(self) -> None:
        """Tell listeners that all of a scan is over; all at once."""
        closings = [getattr(listener, "close", None) for listener in self.listeners]
        await asyncio.gather(*(close() for close in closings if close is not None))

    @property
    def time_left(self) -> float | None:
        """Seconds to go at the pace so far; None before the first point."""
        if not self._num_timed:
            return None
        return self._spent / self._num_timed * max(self.num_points - self._done, 0)

    def tell(self, text: str) -> None:
        """Say something to people."""
        logger.info(text)
        for listener in self.listeners:
            listener.message(text)

    def announce(self, num_points: int, seconds: float) -> None:
        """Say how long it will be, unless it goes on after a crash.

        Args:
            num_points: How many points there are.
            seconds: How long all of it takes, as far as is known.
        """
        if not self.has_started:
            points = f"{num_points} point{'' if num_points == 1 else 's'}"
            self.tell(f"{points}, about {show_seconds(seconds)}")

    def state(self, text: str) -> None:
        """Say what the scan does now."""
        self._status = text
        if text != "running":
            self._last_time = None
        for listener in self.listeners:
            listener.state(text)

    def hold(self, reason: str) -> None:
        """Say that the engine is paused, so that the scan says nothing itself.

        Args:
            reason: Why, or "".
        """
        self._held, self._last_time = True, None
        for listener in self.listeners:
            listener.state("paused")
        self.tell(f"paused{f': {reason}' if reason else ''}")

    def release(self) -> None:
        """Say that the engine goes on, and with it what the scan was about."""
        if self._held:
            self._held = False
            self.state(self._status)

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document of the run."""
        if name == "event":
            if doc["descriptor"] == self._primary:
                self._on_point(doc)
        elif name == "descriptor":
            if doc["run_start"] == self._run and doc["name"] == "primary":
                self._primary = doc["uid"]
        elif name == "start":
            if self._run is None:
                self._run, self._last_time = doc["uid"], doc["time"]
                for listener in self.listeners:
                    listener.started(doc)
        elif name == "stop" and doc["run_start"] == self._run:
            for listener in self.listeners:
                listener.ended(doc)

    def _on_point(self, doc: Mapping[str, Any]) -> None:
        self.points_taken = number = doc["seq_num"]
        self._done = self.index + 1
        if self._last_time is not None:
            self._spent += max(doc["time"] - self._last_time, 0.0)
            self._num_timed += 1
        self._last_time = doc["time"]
        for listener in self.listeners:
            listener.point(number, doc["data"])
        every = self.message_points
        if every and (number % every == 0 or number == self.num_points):
            self.tell(f"point {number} of {self.num_points}{self._left()}")

    def _left(self) -> str:
        left = self.time_left
        return "" if not left else f", {show_seconds(left)} left"


def show_seconds(seconds: float) -> str:
    """Return a duration as people say it: ``"1:02:03"``, or ``"2.5 s"``.

    Args:
        seconds: 0 or more.
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Calls(Silent):
    """Hands each point's values to a function: ``callback(scan, num_points, data)``.

    Args:
        scan: Handed over as it is.
        callback: Called on the device loop with what is new only.

    Raises:
        PlanArgumentError: It cannot be called.
    """

    def __init__(self, scan: Any, callback: DataCallback):
        if not callable(callback):
            raise PlanArgumentError(
                f"data_callback={callback!r} cannot be called; a function is needed"
            )
        self._scan = scan
        self._callback = callback

    def point(self, num_points: int, data: Mapping[str, Any]) -> None:
        """Call the function."""
        self._callback(self._scan, num_points, data)
