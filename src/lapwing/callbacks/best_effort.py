"""Best effort: table, bar, peaks and pictures in one subscriber.

Owns their composition and order.
Must not know how any of them works, nor who makes the documents.
Test: feed it two scans and read what was written; ask it for the peaks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lapwing.callbacks.canvas import opens_windows
from lapwing.callbacks.fields import run_name
from lapwing.callbacks.live_table import LiveTable
from lapwing.callbacks.notebook import in_notebook, usual_screen
from lapwing.callbacks.peaks import Peak
from lapwing.callbacks.plots import RunPlot, load_matplotlib
from lapwing.callbacks.progress import Progress
from lapwing.callbacks.screen import Screen
from lapwing.callbacks.summary import PeakSummary
from lapwing.callbacks.waiting import WaitingBar
from lapwing.documents import Document
from lapwing.errors import DataPathError


class BestEffort:
    """Shows runs as well as can be done without being told how.

    Subscribe it once: ``RE.subscribe(best)``. After a scan the peaks are at hand:
    ``RE(mv(x, best.peaks["det"].centre))``. While a plan is paused, call `hold`, so
    that the bars leave the terminal to the prompt.

    Args:
        file: Where to write; None: ``sys.stdout`` of that moment.
        screen: Where to write instead, shared with others.
        table: Whether to print a line for each event.
        progress: Whether to show a bar, on a terminal.
        peaks: Whether to print where the peaks are.
        plot_dir: Directory for a picture of each run (about 0.3 s at its end);
            None: no pictures, but ``best.plot.save(path)`` makes one at any time.
        live_plot: Whether to show the plot of a run while it goes on (about 0.3 s
            more at its end): in a notebook, or in a window, which is drawn by
            `draw`. Where there is neither, a sentence says so.

    Attributes:
        plot: The numbers of the last run, to be plotted.
        waiting_hook: For the engine; shows what a plan waits for.

    Raises:
        DataPathError: ``plot_dir`` cannot be made.
        MissingExtraError: Plots are wanted and matplotlib is not installed.
    """

    def __init__(
        self,
        file: IO[str] | None = None,
        *,
        screen: Screen | None = None,
        table: bool = True,
        progress: bool = True,
        peaks: bool = True,
        plot_dir: str | Path | None = None,
        live_plot: bool = False,
    ):
        self.screen = usual_screen(file) if screen is None else screen
        self.plot = RunPlot()
        self.waiting_hook = WaitingBar(self.screen)
        self._summary = PeakSummary(screen=self.screen, say=peaks)
        self._plot_dir = None if plot_dir is None else _made(Path(plot_dir))
        self._starts: dict[str, Document] = {}
        self._window: Any = None
        # The table's last line comes before the sentences on the peaks.
        self._parts: list[Any] = [self._summary, self._live(live_plot)]
        self._table = LiveTable(screen=self.screen) if table else None
        if self._table is not None:
            self._parts.insert(0, self._table)
        if progress:
            self._parts.insert(0, Progress(self.screen))

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        for part in self._parts:
            part(name, doc)
        if name == "start":
            self._starts[doc["uid"]] = doc
        elif name == "stop" and (start := self._starts.pop(doc["run_start"], None)):
            self._write_picture(start)

    @property
    def peaks(self) -> dict[str, Peak]:
        """The peaks of the run that ended last, by data key."""
        return self._summary.peaks

    def retell(self) -> None:
        """Expect documents that were shown before; the table leaves points out."""
        if self._table is not None:
            self._table.retelling = True

    def retold(self) -> None:
        """Expect new documents again."""
        if self._table is not None:
            self._table.retelling = False

    @contextmanager
    def retelling(self) -> Iterator[None]:
        """Expect documents that were shown before, within this block."""
        self.retell()
        try:
            yield
        finally:
            self.retold()

    def hold(self) -> None:
        """Take the bars away until the next event, to leave room for a prompt."""
        self.screen.hold()

    @property
    def has_window(self) -> bool:
        """Whether it shows runs in a window, which wants to be drawn."""
        return self._window is not None

    def draw(self, last: bool = False) -> None:
        """Draw the window of a live plot, if it is due; in the main thread.

        Args:
            last: Draw all there is, whether due or not.
        """
        if self._window is not None:
            self._window.draw(last)

    def _live(self, wanted: bool) -> Any:
        """Return what feeds the plot: itself, or what shows it while it grows."""
        if not wanted:
            return self.plot
        if in_notebook():
            from lapwing.callbacks.live_picture import LivePicture

            return LivePicture(self.plot)
        if opens_windows():
            from lapwing.callbacks.live_window import LiveWindow

            self._window = LiveWindow(self.plot)
            return self._window
        self.screen.line(
            "live plots were asked for, but matplotlib can open no window here; "
            "pictures can be written instead, by plot_dir",
            "yellow",
        )
        return self.plot

    def _write_picture(self, start: Document) -> None:
        uid = start["uid"]
        if self._plot_dir is None or not self.plot.data(uid).ys:
            return
        path = self._plot_dir / f"{_file_stem(start)}.png"
        try:
            self.plot.save(path, uid)
        except DataPathError as exc:
            # The run is over and its data are safe: a picture must not fail it.
            self.screen.line(str(exc), "yellow")
        else:
            self.screen.line(f"plot of {run_name(start)}: {path}", "dim")


def _made(directory: Path) -> Path:
    load_matplotlib()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DataPathError(
            f"the directory for plots {directory} cannot be made: "
            f"{exc.strerror or exc}",
            path=str(directory),
        ) from exc
    return directory


def _file_stem(start: Document) -> str:
    """Return the same name as the run's data file has: number, plan, uid."""
    plan = str(start.get("plan_name") or "run")
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in plan)
    scan_id = start.get("scan_id")
    number = f"{scan_id:06d}_" if isinstance(scan_id, int) else ""
    return f"{number}{safe}_{start['uid'][:8]}"
