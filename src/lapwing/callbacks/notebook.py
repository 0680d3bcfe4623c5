"""Notebook: places in a cell's output whose content is replaced.

Owns finding out that there is a notebook, and what is shown there and where.
Must not know documents, nor need a notebook to be imported.
Test: a shell that notes what is displayed; for real, in a kernel without a page.

Text and pictures are sent by IPython's display messages, which every front end
understands; widgets, which some lack, are not needed.
"""

import base64
import sys
import threading
import time
from collections.abc import Callable, Hashable
from contextvars import copy_context
from io import StringIO
from typing import IO, Any

from rich.console import Console

from lapwing.callbacks.redraw import Redraw
from lapwing.callbacks.screen import Draw, Screen

WIDTH = 100
"""Columns of the bars in a notebook."""


def in_notebook() -> bool:
    """Tell whether this process serves a notebook, or another client of a kernel."""
    return _kernel() is not None


def _kernel() -> Any:
    # Where IPython was never imported there is none.
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    return getattr(shell, "kernel", None)


def _cell() -> str:
    """Return what tells the cell that runs now from others; "" without a notebook."""
    kernel = _kernel()
    parent = {} if kernel is None else kernel.get_parent()
    return str((parent.get("header") or {}).get("msg_id", ""))


class Place:
    """A place in the output of the cell that makes it, to be filled again and again.

    It appears when it is first filled, in the cell that ran when it was made, from
    whichever thread that is done.
    """

    def __init__(self) -> None:
        self.cell = _cell()
        self._context = copy_context()  # it tells the kernel which cell that is
        self._lock = threading.Lock()
        self._handle: Any = None
        self._shown: dict[str, str] = {}

    def text(self, text: str) -> None:
        """Show text, instead of what is there; "" shows nothing."""
        if text or self._handle is not None:
            self._fill({"text/plain": text})

    def picture(self, png: bytes, caption: str) -> None:
        """Show a picture, instead of what is there.

        Args:
            png: The bytes of a PNG file.
            caption: Stands for it where no pictures can be shown.
        """
        image = base64.b64encode(png).decode("ascii")
        self._fill({"image/png": image, "text/plain": caption})

    def _fill(self, data: dict[str, str]) -> None:
        with self._lock:
            if data != self._shown:
                self._shown = data
                self._context.run(self._send, data)

    def _send(self, data: dict[str, str]) -> None:
        if self._handle is None:
            from IPython.display import display

            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def is_here(place: Place | None) -> bool:
    """Tell whether there is a place, in the cell that runs now."""
    return place is not None and place.cell == _cell()


class NotebookScreen(Screen):
    """Writes lines into a cell's output, and keeps bars at one place there.

    The bars are text that is replaced a few times a second, and is gone at the end.

    Args:
        file: Where lines go; None: whatever ``sys.stdout`` is at that moment.
        clock: Tells seconds; only differences count.
        ticking: Whether a thread redraws the bars while nothing else happens.
        make_place: Makes a place in the cell that runs now.
    """

    def __init__(
        self,
        file: IO[str] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        ticking: bool = True,
        make_place: Callable[[], Place] = Place,
    ):
        super().__init__(file, terminal=False, clock=clock, ticking=False)
        self._make_place = make_place
        self._shown: dict[Hashable, Draw] = {}
        self._place: Place | None = None
        self._held = True
        self._place_lock = threading.RLock()
        self._redraw = Redraw(self.redraw, clock=clock, ticking=ticking)

    @property
    def shows_bars(self) -> bool:
        """Whether bars are shown."""
        return True

    def show(self, key: Hashable, draw: Draw) -> None:
        """Keep a bar at its place until it is taken away."""
        with self._place_lock:
            self._shown[key] = draw
        self.touch()

    def remove(self, key: Hashable) -> None:
        """Take a bar away; with the last one goes the place."""
        with self._place_lock:
            self._shown.pop(key, None)
            empty = not self._shown
        if empty:
            self.hold()

    def touch(self) -> None:
        """Say that something happened: bars that were held come back."""
        if self._shown:
            if self._held:
                self._come_back()
            self._redraw.touch()

    def hold(self) -> None:
        """Take the bars off until something happens."""
        with self._place_lock:
            self._held = True
        self._redraw.finish(draw=False)
        if self._place is not None:
            self._place.text("")

    def _come_back(self) -> None:
        with self._place_lock:
            self._held = False
            if not is_here(self._place):
                self._place = self._make_place()

    def tick(self) -> None:
        """Draw the bars, if it is time to."""
        self._redraw.tick()

    def redraw(self) -> None:
        """Draw the bars now."""
        with self._place_lock:
            if self._place is None or self._held:
                return
            now = self.clock()
            file = StringIO()
            # By itself rich would display it, once more each time.
            console = Console(
                file=file, width=WIDTH, color_system=None, force_jupyter=False
            )
            for draw in tuple(self._shown.values()):
                if (bar := draw(now)) is not None:
                    console.print(bar)
            self._place.text(file.getvalue().rstrip("\n"))
            self._redraw.touch()  # what bars show changes with time alone


def usual_screen(file: IO[str] | None = None) -> Screen:
    """Return a screen that fits: of a notebook if this is one, else of a terminal.

    Args:
        file: Where to write; None: where people look.
    """
    return NotebookScreen() if file is None and in_notebook() else Screen(file)
