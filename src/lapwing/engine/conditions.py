"""Conditions: signals that must be right while plans run, and what if they are not.

Owns the suspenders that users install: beam current too low, shutter closed, ...
Must not know any device: a signal only has to tell its changes.
Test: a signal made by hand, an engine, and a clock that the test turns.

Source: the names and arguments are Bluesky's, which startup files use.
"""

import asyncio
import concurrent.futures
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable, iscoroutine
from typing import Any

from lapwing.engine import device_loop
from lapwing.engine.suspenders import PlanOrFunction
from lapwing.errors import PlanArgumentError
from lapwing.status import Status

logger = logging.getLogger("lapwing.engine")


class SuspenderBase(ABC):
    """Suspends plans while a signal is not as it must be.

    A subclass says when, by `_should_suspend` and `_should_resume`.

    Args:
        signal: What to watch: it has ``name`` and ``subscribe``, which calls back at
            once and on each change, with readings or with ``value=...``.
        sleep: Seconds for which it must be right again before the plan goes on.
        pre_plan: Messages, or a function that gives them, to do before waiting.
        post_plan: The same, to do before the plan goes on.
        tripped_message: What to tell beside the reason.

    Attributes:
        RE: The engine for which it watches, or None.
    """

    def __init__(
        self,
        signal: Any,
        *,
        sleep: float = 0,
        pre_plan: PlanOrFunction = None,
        post_plan: PlanOrFunction = None,
        tripped_message: str = "",
    ):
        self._signal = signal
        self._sleep = sleep
        self._pre_plan = pre_plan
        self._post_plan = post_plan
        self._tripped_message = tripped_message
        self.RE: Any = None
        self._lock = threading.RLock()
        self._gate: Status | None = None  # shut while tripped
        self._opening: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # of that timer
        self._last: Any = None
        self._has_heard = False

    # ------------------------------------------------------------ for subclasses

    @abstractmethod
    def _should_suspend(self, value: Any) -> bool:
        """Whether a plan must not run at this value."""

    def _should_resume(self, value: Any) -> bool:
        """Whether a suspended plan may go on at this value."""
        return not self._should_suspend(value)

    def _get_justification(self) -> str:
        """Say in one sentence what is wrong and what is waited for."""
        return f"{self._signal.name} is {self._last!r}{self._tail()}"

    def _tail(self) -> str:
        return f" ({self._tripped_message})" if self._tripped_message else ""

    # ------------------------------------------------------------ for the engine

    @property
    def tripped(self) -> bool:
        """Whether plans wait for it now."""
        return self._gate is not None

    def install(self, RE: Any, *, event_type: str | None = None) -> None:
        """Begin to watch for an engine.

        Args:
            RE: The engine, which is asked to suspend its plan.
            event_type: Kind of change to hear of, for signals that have several.

        Raises:
            Exception: What the signal raises if it cannot be watched, such as one that
                is not connected.
        """
        self.RE = RE
        self._has_heard = False
        # Asynchronous signals live on the device loop; a plan that is started after
        # this call comes after it there, too.
        watching = concurrent.futures.Future[None]()
        device_loop.do_there(self._try_to_listen, event_type, watching)
        if device_loop.turns():
            watching.result()
        else:
            watching.add_done_callback(self._tell_failure)

    def _try_to_listen(
        self, event_type: str | None, watching: "concurrent.futures.Future[None]"
    ) -> None:
        try:
            self._listen(event_type)
        except Exception as exc:  # noqa: BLE001 - the signal's own
            self.RE = None
            watching.set_exception(exc)
        else:
            watching.set_result(None)

    def _tell_failure(self, watching: "concurrent.futures.Future[None]") -> None:
        if (failure := watching.exception()) is not None:
            name = self._signal.name
            logger.error("%s cannot be watched", name, exc_info=failure)

    def _listen(self, event_type: str | None) -> None:
        if event_type is not None:
            self._signal.subscribe(self, event_type=event_type)
            return
        self._signal.subscribe(self)
        # A soft signal of classic ophyd does not tell the value that it was made with;
        # asynchronous ones tell theirs by themselves, soon.
        if self._has_heard or not getattr(self._signal, "connected", False):
            return
        reading = self._signal.read()
        if isawaitable(reading):
            if iscoroutine(reading):
                reading.close()
            return
        with self._lock:
            if not self._has_heard:
                self(reading)

    def remove(self) -> None:
        """Watch no more; a plan that waits for this goes on."""
        device_loop.do_there(self._signal.clear_sub, self)
        with self._lock:
            self._open()
            self.RE = None

    def get_futures(self) -> tuple[list[Callable[[], Awaitable[Any]]], str]:
        """Return what a plan must wait for before it starts, and why."""
        with self._lock:
            if self._loop is not None and self._loop.is_closed():
                self._loop = self._opening = None  # a timer ends with its loop
                self._open_soon()
            if self._gate is None:
                return [], ""
            return [_waiter(self._gate)], self._get_justification()

    def __call__(self, *args: Any, value: Any = None, **kwargs: Any) -> None:
        """Hear of a change, in whichever thread the signal tells it."""
        if args:
            value = args[0]
        if isinstance(value, Mapping):
            value = value[self._signal.name]["value"]
        with self._lock:
            if self.RE is None:
                return
            self._last = value
            self._has_heard = True
            if self._gate is None:
                if self._should_suspend(value):
                    self._shut()
            elif self._should_resume(value):
                self._open_soon()
            else:
                self._stay_shut()

    # ------------------------------------------------------------ the gate

    def _shut(self) -> None:
        self._gate = gate = Status(self._signal.name, "be right again")
        self.RE.request_suspend(
            _waiter(gate),
            pre_plan=self._pre_plan,
            post_plan=self._post_plan,
            justification=self._get_justification(),
        )

    def _open_soon(self) -> None:
        if not self._sleep:
            self._open()
        elif self._opening is None:
            device_loop.do_there(self._wait_then_open, self._gate)

    def _wait_then_open(self, gate: Status | None) -> None:
        with self._lock:
            if self._opening is None and gate is self._gate and gate is not None:
                self._loop = loop = asyncio.get_running_loop()
                self._opening = loop.call_later(self._sleep, self._open_if, gate)

    def _open_if(self, gate: Status) -> None:
        with self._lock:
            if gate is self._gate and self._opening is not None:
                self._open()

    def _stay_shut(self) -> None:
        opening, self._opening = self._opening, None
        self._loop = None
        if opening is not None:
            opening.cancel()

    def _open(self) -> None:
        self._stay_shut()
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.set_finished()


def _waiter(gate: Status) -> Callable[[], Awaitable[Any]]:
    async def wait() -> bool:
        await gate
        return True

    return wait


class SuspendBoolHigh(SuspenderBase):
    """Suspends while a signal is true."""

    def _should_suspend(self, value: Any) -> bool:
        return bool(value)

    def _get_justification(self) -> str:
        return f"{self._signal.name} is high{self._tail()}"


class SuspendBoolLow(SuspenderBase):
    """Suspends while a signal is false."""

    def _should_suspend(self, value: Any) -> bool:
        return not value

    def _get_justification(self) -> str:
        return f"{self._signal.name} is low{self._tail()}"


class _Threshold(SuspenderBase):
    """Suspends beyond one value, resumes beyond another.

    Args:
        signal: What to watch.
        suspend_thresh: Value beyond which plans are suspended.
        resume_thresh: Value at which they go on; None takes the same.
        **kwargs: As for `SuspenderBase`.
    """

    def __init__(
        self,
        signal: Any,
        suspend_thresh: Any,
        *,
        resume_thresh: Any = None,
        **kwargs: Any,
    ):
        super().__init__(signal, **kwargs)
        self._suspend_thresh = suspend_thresh
        self._resume_thresh = suspend_thresh if resume_thresh is None else resume_thresh
        self._check_thresholds()

    @abstractmethod
    def _check_thresholds(self) -> None:
        """Refuse thresholds that contradict each other."""

    def _refuse(self, wanted: str) -> None:
        raise PlanArgumentError(
            f"resume_thresh={self._resume_thresh!r} must not be {wanted} "
            f"suspend_thresh={self._suspend_thresh!r}, or plans would be suspended "
            f"and resumed at the same value"
        )


class SuspendFloor(_Threshold):
    """Suspends while a signal is below a value: ``SuspendFloor(current, 10)``."""

    def _check_thresholds(self) -> None:
        if self._resume_thresh < self._suspend_thresh:
            self._refuse("below")

    def _should_suspend(self, value: Any) -> bool:
        return value < self._suspend_thresh

    def _should_resume(self, value: Any) -> bool:
        return value >= self._resume_thresh

    def _get_justification(self) -> str:
        return (
            f"{self._signal.name} is {self._last!r}, below {self._suspend_thresh!r}; "
            f"waiting until it is {self._resume_thresh!r} or more{self._tail()}"
        )


class SuspendCeil(_Threshold):
    """Suspends while a signal is above a value: ``SuspendCeil(temperature, 350)``."""

    def _check_thresholds(self) -> None:
        if self._resume_thresh > self._suspend_thresh:
            self._refuse("above")

    def _should_suspend(self, value: Any) -> bool:
        return value > self._suspend_thresh

    def _should_resume(self, value: Any) -> bool:
        return value <= self._resume_thresh

    def _get_justification(self) -> str:
        return (
            f"{self._signal.name} is {self._last!r}, above {self._suspend_thresh!r}; "
            f"waiting until it is {self._resume_thresh!r} or less{self._tail()}"
        )


class _Band(SuspenderBase):
    """Suspends by a band of values.

    Args:
        signal: What to watch.
        band_bottom: Lower end of the band.
        band_top: Upper end of the band.
        **kwargs: As for `SuspenderBase`.
    """

    def __init__(self, signal: Any, band_bottom: Any, band_top: Any, **kwargs: Any):
        super().__init__(signal, **kwargs)
        if not band_bottom < band_top:
            raise PlanArgumentError(
                f"the bottom of the band must be below its top, but they are "
                f"{band_bottom!r} and {band_top!r}"
            )
        self._bottom = band_bottom
        self._top = band_top

    def _inside(self, value: Any) -> bool:
        return self._bottom < value < self._top


class SuspendWhenOutsideBand(_Band):
    """Suspends while a signal is outside a band of values."""

    def _should_suspend(self, value: Any) -> bool:
        return not self._inside(value)

    def _get_justification(self) -> str:
        return (
            f"{self._signal.name} is {self._last!r}, outside {self._bottom!r} to "
            f"{self._top!r}{self._tail()}"
        )


class SuspendOutBand(_Band):
    """Suspends while a signal is inside a band of values."""

    def _should_suspend(self, value: Any) -> bool:
        return self._inside(value)

    def _get_justification(self) -> str:
        return (
            f"{self._signal.name} is {self._last!r}, inside {self._bottom!r} to "
            f"{self._top!r}{self._tail()}"
        )


class SuspendInBand(SuspendWhenOutsideBand):
    """The old name of `SuspendWhenOutsideBand`: plans run while it is in the band."""


class SuspendWhenChanged(SuspenderBase):
    """Suspends while a signal differs from what it was, or is to be.

    Args:
        signal: What to watch.
        expected_value: What it is to be; None takes its value at the first change
            that is heard of.
        allow_resume: Go on when it is as expected again; else the plan waits until
            the suspender is removed.
        **kwargs: As for `SuspenderBase`.
    """

    def __init__(
        self,
        signal: Any,
        *,
        expected_value: Any = None,
        allow_resume: bool = False,
        **kwargs: Any,
    ):
        super().__init__(signal, **kwargs)
        self.expected_value = expected_value
        self.allow_resume = allow_resume

    def _should_suspend(self, value: Any) -> bool:
        if self.expected_value is None:
            self.expected_value = value
        return bool(value != self.expected_value)

    def _should_resume(self, value: Any) -> bool:
        return self.allow_resume and bool(value == self.expected_value)

    def _get_justification(self) -> str:
        further = "" if self.allow_resume else "; remove the suspender to go on"
        return (
            f"{self._signal.name} is {self._last!r} instead of "
            f"{self.expected_value!r}{further}{self._tail()}"
        )
