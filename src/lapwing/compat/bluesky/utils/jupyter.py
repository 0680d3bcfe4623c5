"""Progress bars in notebooks: a face over `lapwing.callbacks.notebook`.

Owns the names.
Must not know how bars are drawn.
Test: make a manager, wait for statuses, look what was displayed.
"""

import zlib
from collections.abc import Collection
from functools import partial
from typing import Any

from lapwing.callbacks.notebook import NotebookScreen
from lapwing.compat.bluesky.utils.progress import (
    ProgressBarManager,
    TerminalProgressBar,
)

__all__ = [
    "NotebookProgressBar",
    "hide_leftover_progress_bars",
    "html_color_from_name",
    "pbar_manager_for_notebook",
]


class NotebookProgressBar(TerminalProgressBar):
    """A line for each status that is waited for, in the cell that runs.

    Args:
        status_objs: The statuses.
        delay_draw: Seconds of waiting before anything is shown.
    """

    def __init__(self, status_objs: Collection[Any], delay_draw: float = 0.2):
        super().__init__(status_objs, delay_draw, screen=NotebookScreen())


def pbar_manager_for_notebook(delay_draw: float = 0.2) -> ProgressBarManager:
    """Return a manager of bars in the cell that runs.

    Args:
        delay_draw: Seconds of waiting before anything is shown.
    """
    return ProgressBarManager(partial(NotebookProgressBar, delay_draw=delay_draw))


def hide_leftover_progress_bars() -> None:
    """Do nothing: bars of a wait that is over do not stay."""


def html_color_from_name(name: str) -> str:
    """Return a light colour that is always the same for a name: ``"#97d4e8"``."""
    number = zlib.crc32(name.encode())
    parts = (128 + (number >> shift) % 128 for shift in (0, 8, 16))
    return "#" + "".join(f"{part:02x}" for part in parts)
