"""Screen: one owner of the terminal; lines scroll above, bars stay below.

Owns what is written and when; tables and bars share it and so never garble.
Must not know documents; it is given lines of text and things to draw.
Test: a `Screen` on a ``StringIO``, as a terminal or not; turn it with `tick`.

Where there is no terminal (a file, a pipe) lines are written as they come and bars
are not drawn at all. A notebook has a screen of its own kind.
"""

import atexit
import sys
import threading
import time
from collections.abc import Callable, Hashable
from typing import IO, Any

from rich.console import Console, Group, RenderableType
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.segment import Segment, Segments
from rich.style import Style

Draw = Callable[[float], RenderableType | None]
"""Draws a bar, given the time in seconds; None: nothing to draw now."""

REFRESH = 0.2
"""Seconds between two drawings of the bars."""

_BATCH = 0.05  # lines that come faster than this are written together
_NO_CONTROL = dict.fromkeys([*range(32), *range(127, 160)], " ")


class Screen:
    """Writes lines and, on a terminal, keeps bars below them.

    A terminal that goes away (closed window, broken pipe) is written to no more;
    it never stops a scan.

    Args:
        file: Where to write; None: whatever ``sys.stdout`` is at that moment.
        terminal: Whether it is a terminal; None: ask it.
        width: Columns; None: as wide as the terminal is, else unlimited.
        clock: Tells seconds; only differences count.
        ticking: Whether a thread redraws the bars while nothing else happens.
    """

    def __init__(
        self,
        file: IO[str] | None = None,
        *,
        terminal: bool | None = None,
        width: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        ticking: bool = True,
    ):
        self._file = file
        self._terminal = terminal
        self._width = width
        self.clock = clock
        self._ticking = ticking
        self._bars: dict[Hashable, Draw] = {}
        self._pending: list[Segment] = []
        self._written_at = float("-inf")
        self._drawn_at = float("-inf")
        self._gone: IO[str] | None = None
        self._last_console: Console | None = None
        self._live: Live | None = None
        self._above: dict[str, tuple[Console, FileProxy]] = {}
        self._ticker: _Ticker | None = None
        self._lock = threading.RLock()

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at it who can be shown bars and colours."""
        if self._terminal is not None:
            return self._terminal
        return _is_terminal(self._target())

    @property
    def shows_bars(self) -> bool:
        """Whether bars are shown."""
        return self.is_terminal

    @property
    def width(self) -> int | None:
        """Columns that a line may take; None if there is no limit."""
        if self._width is not None or not self.is_terminal:
            return self._width
        return self._console().width

    @property
    def unicode(self) -> bool:
        """Whether it can show more than ASCII."""
        encoding = getattr(self._target(), "encoding", None) or "utf-8"
        return encoding.lower().replace("-", "").startswith("utf")

    def line(self, text: str = "", style: str = "") -> None:
        """Write a line of text above the bars.

        Args:
            text: The line; control characters become spaces.
            style: Look on a terminal, such as "bold" or "red".
        """
        text = text.translate(_NO_CONTROL)
        with self._lock:
            if not self.is_terminal:
                self._write_plain(text)
                return
            look = Style.parse(style) if style else None
            self._pending += (Segment(text, look), Segment.line())
            if self.clock() - self._written_at >= _BATCH or self._live is None:
                self._flush()

    def show(self, key: Hashable, draw: Draw) -> None:
        """Keep a bar below the lines until it is taken away.

        Args:
            key: Names the bar; one of the same key is replaced.
            draw: Is called, from any thread, whenever the bar is to be drawn.
        """
        with self._lock:
            self._bars[key] = draw
            self._wake()

    def remove(self, key: Hashable) -> None:
        """Take a bar away; with the last one go the thread and the live display.

        If others stay, it is gone with the next drawing: a plan may wait several
        times at each point, and a drawing takes a millisecond.
        """
        with self._lock:
            self._bars.pop(key, None)
            if not self._bars:
                self.hold()

    def touch(self) -> None:
        """Say that something happened: bars that were held come back."""
        if self._live is None:
            self._wake()

    def hold(self) -> None:
        """Take the bars off and leave the terminal alone, for a prompt.

        They come back with the next bar or `touch`.
        """
        with self._lock:
            ticker, self._ticker = self._ticker, None
            live, self._live = self._live, None
            if ticker is not None:
                ticker.stop()
            if live is not None:
                atexit.unregister(self.hold)
                self._pending, pending = [], self._pending
                self._guarded(lambda: _end(live, pending))
                self._leave_streams()

    def tick(self) -> None:
        """Write what waits and draw the bars, if it is time to."""
        with self._lock:
            if self._live is None:
                return
            now = self.clock()
            if self._pending and now - self._written_at >= _BATCH:
                self._flush()
            if now - self._drawn_at >= REFRESH:
                self.redraw()

    def redraw(self) -> None:
        """Draw the bars now."""
        with self._lock:
            if self._live is not None:
                self._drawn_at = self.clock()
                self._guarded(self._live.refresh)

    # ------------------------------------------------------------ writing

    def _target(self) -> IO[str]:
        file = self._file or sys.stdout
        # While bars are shown, rich stands in for sys.stdout.
        return getattr(file, "rich_proxied_file", file)

    def _console(self) -> Console:
        if self._live is not None:
            return self._live.console
        last, target = self._last_console, self._target()
        if last is None or last.file is not target:
            last = self._last_console = Console(
                file=target,
                force_terminal=self.is_terminal,
                force_jupyter=False,
                width=self._width,
                highlight=False,
            )
        return last

    def _write_plain(self, text: str) -> None:
        file = self._target()
        encoding = getattr(file, "encoding", None)
        if encoding and not self.unicode:
            text = text.encode(encoding, "replace").decode(encoding)

        def write() -> None:
            file.write(text + "\n")
            file.flush()

        self._guarded(write)

    def _flush(self) -> None:
        self._written_at = self.clock()
        self._pending, pending = [], self._pending
        console = self._console()
        self._guarded(lambda: console.print(Segments(pending), end="", crop=False))

    def _guarded(self, write: Callable[[], object]) -> None:
        target = self._target()
        if self._gone is target:
            return
        try:
            write()
        except (OSError, ValueError):  # ValueError: the file is closed
            self._gone = target

    # ------------------------------------------------------------ bars

    def _wake(self) -> None:
        with self._lock:
            if self._live is not None or not self._bars or not self.is_terminal:
                return
            self._live = Live(
                console=self._console(),
                auto_refresh=False,
                transient=True,
                get_renderable=self._draw,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._guarded(self._live.start)
            if self._file is None:
                self._take_streams(self._live.console)
            # A process that ends in mid-run must give the cursor back.
            atexit.register(self.hold)
            if self._ticking:
                self._ticker = _Ticker(self.tick)
                self._ticker.start()

    def _take_streams(self, console: Console) -> None:
        """Let what others print appear above the bars.

        What stands in for a stream is kept for the next time. Python prints to it
        without holding on to it: were it let go of when the bars go, a print in
        another thread could go on with what is not there any more.
        """
        for name in ("stdout", "stderr"):
            stream: Any = getattr(sys, name)
            if isinstance(stream, FileProxy):
                continue
            last, above = self._above.get(name, (None, None))
            file = None if above is None else above.rich_proxied_file
            if above is None or last is not console or file is not stream:
                above = FileProxy(console, stream)
                self._above[name] = console, above
            setattr(sys, name, above)

    def _leave_streams(self) -> None:
        for name, (_, above) in self._above.items():
            if getattr(sys, name) is above:
                setattr(sys, name, above.rich_proxied_file)
                self._guarded(above.flush)  # the beginning of a line

    def _draw(self) -> RenderableType:
        now = self.clock()
        drawn = [draw(now) for draw in tuple(self._bars.values())]
        return Group(*(bar for bar in drawn if bar is not None))


class _Ticker(threading.Thread):
    """Calls a function every so often until it is told to stop."""

    def __init__(self, function: Callable[[], None]):
        super().__init__(name="lapwing-screen", daemon=True)
        self._function = function
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_BATCH):
            self._function()

    def stop(self) -> None:
        """Make this the last call, without waiting for it."""
        self._over.set()


def _end(live: Live, pending: list[Segment]) -> None:
    if pending:
        live.console.print(Segments(pending), end="", crop=False)
    live.stop()


def _is_terminal(file: IO[str]) -> bool:
    try:
        return file.isatty()
    except (AttributeError, ValueError):  # no such method, or closed
        return False
