"""Waiting: what the engine waits for, how far it is and how long it may take.

Owns the lines that are shown while statuses are pending.
Must not know devices; it watches statuses.
Test: a `Screen` whose clock you turn; report progress on a status, then draw.
"""

from collections.abc import Collection
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.text import Text

from lapwing.callbacks.cells import number
from lapwing.callbacks.durations import duration
from lapwing.callbacks.notebook import usual_screen
from lapwing.callbacks.progress import BAR_WIDTH, in_a_row
from lapwing.callbacks.samples import as_number
from lapwing.callbacks.screen import Screen

DELAY = 0.5
"""Seconds before a wait is worth a line: quick moves must not flicker."""

_MOST_LINES = 6


class WaitingBar:
    """Shows what a plan waits for: give it to the engine as ``waiting_hook``.

    Args:
        screen: What keeps the lines, shared with tables and bars.
        delay: Seconds of waiting before anything is shown.
    """

    def __init__(self, screen: Screen | None = None, *, delay: float = DELAY):
        self.screen = usual_screen() if screen is None else screen
        self.delay = delay
        self._waits: list[_Wait] = []
        self._since = 0.0

    def __call__(self, statuses: Collection[Any] | None) -> None:
        """Begin to show a set of statuses; None: the wait is over."""
        if statuses is None:
            self._waits = []
            self.screen.remove(self)
        elif self.screen.shows_bars:
            self._since = self.screen.clock()
            waits = [_Wait(status) for status in statuses]
            self._waits = sorted(waits, key=_Wait.name)
            self.screen.show(self, self._draw)

    def _draw(self, now: float) -> RenderableType | None:
        if now - self._since < self.delay:
            return None
        pending = [wait for wait in self._waits if not wait.status.done]
        lines = [wait.draw(now - self._since) for wait in pending[:_MOST_LINES]]
        if len(pending) > _MOST_LINES:
            lines.append(Text(f"and {len(pending) - _MOST_LINES} more", style="dim"))
        return Group(*lines) if lines else None


class _Wait:
    """What one status has told of itself."""

    def __init__(self, status: Any):
        self.status = status
        self._told: dict[str, Any] = {}
        if (watch := getattr(status, "watch", None)) is not None:
            watch(self._hear)

    def _hear(self, **told: Any) -> None:
        self._told = told

    def name(self) -> str:
        """Return the device's name; other people's statuses keep it elsewhere."""
        device = getattr(self.status, "device", None)
        device = device or getattr(self.status, "obj", None)
        name = self._told.get("name") or getattr(device, "name", device)
        return str(name or "a device")

    def draw(self, elapsed: float) -> RenderableType:
        told = self._told
        row: list[Any] = [Text(f"  {self.name()}", overflow="ellipsis")]
        if (journey := _journey(told)) is not None:
            row.append(journey)
        left = as_number(told.get("fraction"))
        if 0 <= left <= 1:
            row.append(ProgressBar(1.0, 1.0 - left, BAR_WIDTH))
        remaining = as_number(told.get("time_remaining"))
        if remaining >= 0:
            row.append(f"{duration(remaining)} left")
        else:
            row.append(f"waiting for {duration(elapsed)}")
        return in_a_row(row)


def _journey(told: dict[str, Any]) -> str | None:
    """Return where it is and where it goes: "1.20 -> 5.00 mm"."""
    current, target = as_number(told.get("current")), as_number(told.get("target"))
    if current != current or target != target:
        return None
    precision = told.get("precision")
    decimals = precision if isinstance(precision, int) and 0 <= precision <= 15 else 3
    ends = f"{number(current, decimals)} -> {number(target, decimals)}"
    return f"{ends} {told.get('unit') or ''}".rstrip()
