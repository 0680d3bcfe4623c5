"""Progress bars: how far each motion is, in Bluesky's classes.

Owns the classes from which users derive bars of their own.
Must not know how bars are drawn; `lapwing.callbacks.waiting` does.
Test: hand-made statuses that report progress, on a screen that is a text.
"""

from collections.abc import Callable, Collection
from functools import partial
from math import hypot
from typing import Any

from lapwing.callbacks.notebook import usual_screen
from lapwing.callbacks.screen import Screen
from lapwing.callbacks.waiting import WaitingBar


class ProgressBarBase:
    """What shows how far things are; derive from it for a display of your own."""

    def update(
        self,
        pos: Any,
        *,
        name: str | None = None,
        current: Any = None,
        initial: Any = None,
        target: Any = None,
        unit: str = "units",
        precision: Any = None,
        fraction: Any = None,
        time_elapsed: float | None = None,
        time_remaining: float | None = None,
    ) -> None:
        """Take what a status tells of itself.

        Args:
            pos: Number of the status.
            name: What it is called.
            current: Where it is.
            initial: Where it began.
            target: Where it goes.
            unit: The unit of these.
            precision: Their decimals.
            fraction: What is left to do, from 1 to 0.
            time_elapsed: Seconds since it began.
            time_remaining: Seconds until it ends.
        """

    def clear(self) -> None:
        """Take all of it away."""


class TerminalProgressBar(ProgressBarBase):
    """A line for each status that is waited for, on the terminal.

    Args:
        status_objs: The statuses.
        delay_draw: Seconds of waiting before anything is shown.
        screen: What keeps the lines; None: what fits.
    """

    def __init__(
        self,
        status_objs: Collection[Any],
        delay_draw: float = 0.2,
        *,
        screen: Screen | None = None,
    ):
        self.status_objs = list(status_objs)
        self.delay_draw = delay_draw
        self._relays = [_Relay(status) for status in self.status_objs]
        self._bar = WaitingBar(screen or usual_screen(), delay=delay_draw)
        self._bar(self._relays)
        for pos, status in enumerate(self.status_objs):
            if (watch := getattr(status, "watch", None)) is not None:
                watch(partial(self.update, pos))

    def update(self, pos: Any, **told: Any) -> None:
        """Take what a status tells of itself; see `ProgressBarBase.update`."""
        self._relays[pos].tell(**told)
        self.draw()

    def draw(self) -> None:
        """Say that there is something new to draw."""
        self._bar.screen.touch()

    def clear(self) -> None:
        """Take the lines away."""
        self._bar(None)


class ProgressBar(TerminalProgressBar):
    """The former name of `TerminalProgressBar`."""


class _Relay:
    """Stands for a status that is heard by way of a bar, which a user may change."""

    def __init__(self, status: Any):
        self._status = status
        self.tell: Callable[..., Any] = _nobody
        self.device = getattr(status, "device", None) or getattr(status, "obj", None)

    @property
    def done(self) -> bool:
        return self._status.done

    def watch(self, func: Callable[..., Any]) -> None:
        self.tell = func


def _nobody(**told: Any) -> None:
    """Tell nobody."""


def default_progress_bar(status_objs_or_none: Any) -> ProgressBarBase:
    """Return a bar for statuses, on the terminal or in the notebook."""
    return ProgressBar(status_objs_or_none or ())


class ProgressBarManager:
    """Shows a bar whenever a plan waits: ``RE.waiting_hook = ProgressBarManager()``.

    Args:
        pbar_factory: Makes a bar of a collection of statuses.

    Attributes:
        pbar: The bar that is shown; None between waits.
    """

    def __init__(
        self,
        pbar_factory: Callable[[Any], ProgressBarBase] = default_progress_bar,
    ):
        self.pbar_factory = pbar_factory
        self.pbar: ProgressBarBase | None = None

    def __call__(self, status_objs_or_none: Any) -> None:
        """Show what is waited for; None: the wait is over."""
        if self.pbar is not None:
            self.pbar.clear()
            self.pbar = None
        if status_objs_or_none is not None:
            self.pbar = self.pbar_factory(status_objs_or_none)


def l2norm(x: Any, y: Any) -> float:
    """Return the distance of two positions, which are numbers or tuples of them."""
    xs, ys = (p if isinstance(p, tuple | list) else (p,) for p in (x, y))
    return hypot(*(b - a for a, b in zip(xs, ys, strict=True)))
