"""Plots: keeps the numbers of a run and writes a picture of them on request.

Owns what is kept, the choice of the kind of plot, and the file.
Must not know how things are drawn (`figures` does), nor touch pyplot.
Test: feed it a scan, a grid, a count; `save`, and look at the picture.

matplotlib is an extra ("plots") and is loaded only when something is drawn.
"""

import io
import math
from pathlib import Path

import numpy as np

from lapwing.callbacks.fields import (
    Field,
    dimensions_of,
    field_of,
    measured_fields,
    run_name,
)
from lapwing.callbacks.routing import ByRun
from lapwing.callbacks.samples import LIMIT, Samples
from lapwing.documents import Document
from lapwing.errors import DataPathError, MissingExtraError, StateError

TIME = "time of the event"  # no data key has spaces, so this collides with none
SUFFIXES = (".png", ".pdf", ".svg")

_GRID_LIMIT = 1 << 20


class RunPlot:
    """Keeps the primary stream of a run, to plot it at any time.

    A scan along one dimension becomes a curve with the peak marked, a grid a
    coloured map, other paths in two dimensions coloured points, and what moves
    nothing a curve over time. Memory is bounded: 65536 points evenly over the
    run, or a million cells of a grid; 8 bytes for each number.

    Args:
        fields: Data keys to plot; None: the hinted numbers.
    """

    def __init__(self, fields: list[str] | None = None):
        self._runs = ByRun(lambda start: RunData(start, fields))
        self._ended: RunData | None = None

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        if name == "stop":
            self._ended = self._runs.open.get(doc["run_start"], self._ended)
        self._runs(name, doc)

    def __repr__(self) -> str:
        try:
            shown = run_name(self.data().start)
        except StateError:
            shown = "nothing yet"
        return f"<RunPlot of {shown}; save(path) writes it>"

    def _repr_png_(self) -> bytes | None:
        """Return the picture of the newest run, which a notebook shows."""
        try:
            return draw(self.data())
        except (StateError, MissingExtraError):
            return None

    def data(self, run: str | None = None) -> "RunData":
        """Return the numbers of a run that goes on, ended last or began last.

        Args:
            run: Its uid; None: the run that began last.

        Raises:
            StateError: No such run is kept.
        """
        kept = [*self._runs.open.values(), self._ended, self._runs.last]
        for view in reversed(kept):
            if view is not None and run in (None, view.start["uid"]):
                return view
        wanted = "a run" if run is None else f"run {run}"
        raise StateError(
            f"{wanted} was to be plotted, but no document of it has been seen; only "
            "runs that go on, and the last one, are kept"
        )

    def save(self, path: str | Path, run: str | None = None) -> Path:
        """Write a picture of a run; a file that is there is replaced.

        Args:
            path: Where to; ".png" is added if it has no suffix, ".pdf" and ".svg"
                do, too.
            run: The run's uid; None: the run that began last.

        Returns:
            The path, with its suffix.

        Raises:
            StateError: There is no such run, or nothing in it can be plotted.
            MissingExtraError: matplotlib is not installed.
            DataPathError: The file cannot be written.
        """
        path = Path(path)
        if not path.suffix:
            path = path.with_suffix(".png")
        if path.suffix.lower() not in SUFFIXES:
            raise DataPathError(
                f"a plot cannot be written as {path.name!r}; the name must end in "
                f"one of {', '.join(SUFFIXES)}",
                path=str(path),
            )
        picture = draw(self.data(run), path.suffix[1:].lower())
        try:
            path.write_bytes(picture)
        except OSError as exc:
            raise DataPathError(
                f"the plot {path} cannot be written: {exc.strerror or exc}",
                path=str(path),
            ) from exc
        return path


class RunData:
    """The numbers of one run, and along which axes they lie.

    Args:
        start: The start document.
        fields: Data keys to plot; None: the hinted numbers.

    Attributes:
        axes: What is scanned, slowest first; empty if nothing is, or more than
            two things are.
        ys: What was measured.
        samples: The numbers, by `Field.name` and `TIME`.
    """

    def __init__(self, start: Document, fields: list[str] | None = None):
        self.start = start
        self.axes: list[Field] = []
        self.ys: list[Field] = []
        self.samples = Samples((TIME,))
        self._wanted = fields

    @property
    def grid(self) -> tuple[int, int] | None:
        """Rows and columns of a rectilinear grid; None if it is not one."""
        shape = self.start.get("shape") or ()
        hints = self.start.get("hints", {})
        if len(self.axes) != 2 or hints.get("gridding") != "rectilinear":
            return None
        extents = self.start.get("extents") or ()
        if len(shape) != 2 or len(extents) != 2 or math.prod(shape) > _GRID_LIMIT:
            return None
        return int(shape[0]), int(shape[1])

    def descriptor(self, doc: Document) -> None:
        """Find out what to keep; a new configuration changes nothing."""
        if self.ys:
            return
        names = dimensions_of(self.start)
        if len(names) <= 2 and all(name in doc["data_keys"] for name in names):
            self.axes = [field_of(doc, name, dimension=True) for name in names]
        if self._wanted is None:
            self.ys = measured_fields(self.start, doc)
        else:
            known = [name for name in self._wanted if name in doc["data_keys"]]
            self.ys = [field_of(doc, name) for name in known]
        columns = [TIME, *(f.name for f in self.axes), *(f.name for f in self.ys)]
        limit = math.prod(self.grid) if self.grid is not None else LIMIT
        self.samples = Samples(columns, max(limit, LIMIT))

    def event(self, doc: Document) -> None:
        """Keep a point."""
        self.samples.put(doc["seq_num"], {**doc["data"], TIME: doc["time"]})

    def stop(self, doc: Document) -> None:
        """Nothing changes; a plot can be made at any time."""

    def column(self, field: Field) -> np.ndarray:
        """Return the values of a field, shape (num_kept,)."""
        return self.samples.column(field.name)

    def seconds(self) -> np.ndarray:
        """Return the times of the points since the start, in s, (num_kept,)."""
        return self.samples.column(TIME) - self.start["time"]

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Return row and column in the grid of each kept point.

        With "snaking", every other row is gone through backwards.
        """
        _, num_columns = self.grid or (1, 1)
        row, column = np.divmod(self.samples.numbers - 1, num_columns)
        snaking = self.start.get("snaking") or (False, False)
        if snaking[-1] is True:
            column = np.where(row % 2 == 1, num_columns - 1 - column, column)
        return row, column


def draw(data: RunData, kind: str = "png") -> bytes:
    """Draw a run and return the picture as the bytes of a file.

    Args:
        data: What was kept of the run.
        kind: "png", "pdf" or "svg".

    Raises:
        StateError: Nothing in the run can be plotted.
        MissingExtraError: matplotlib is not installed.
    """
    if not data.ys:
        raise StateError(
            f"{run_name(data.start)} was to be plotted, but no device in it hints at "
            "a number; name the fields: RunPlot(fields=[...])"
        )
    load_matplotlib()
    from lapwing.callbacks import figures

    target = io.BytesIO()
    figures.figure_of(data).savefig(target, format=kind)
    return target.getvalue()


def load_matplotlib() -> None:
    """Load matplotlib, or say how to get it.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as exc:
        raise MissingExtraError(
            "plots need matplotlib, which is not installed", extra="plots"
        ) from exc
