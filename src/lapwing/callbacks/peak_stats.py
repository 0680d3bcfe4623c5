"""Peak statistics of a run: follows y(x) through the documents.

Owns which columns are kept and when the peak is computed.
Must not know how peaks are found; `peaks` does that.
Test: feed it a scan over a peak, one and two runs at a time.
"""

from lapwing.callbacks.fields import (
    Field,
    dimensions_of,
    field_of,
    measured_fields,
)
from lapwing.callbacks.peaks import Peak, find_peak
from lapwing.callbacks.routing import ByRun
from lapwing.callbacks.samples import Samples
from lapwing.documents import Document


class PeakStats:
    """Follows one value against another and tells where the peak is.

    An event costs a few microseconds; the peak is computed when it is asked for.
    Of runs that go on at the same time the one that began last is followed. At
    most 65536 points are kept, evenly over the run.

    Args:
        x: Data key of the position.
        y: Data key of the height.
        stream: Name of the stream.
    """

    def __init__(self, x: str, y: str, *, stream: str = "primary"):
        self.x = x
        self.y = y
        self._runs = ByRun(lambda start: _Columns((x, y)), stream)

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        self._runs(name, doc)

    @property
    def result(self) -> Peak:
        """What is known by now of the run that began last."""
        view = self._runs.last
        if view is None:
            return Peak(reason="no run has begun")
        return find_peak(view.samples.column(self.x), view.samples.column(self.y))

    @property
    def centre(self) -> float | None:
        """Where the peak is, in the unit of x; None if there is none."""
        return self.result.centre


class _Columns:
    def __init__(self, names: tuple[str, ...]):
        self.samples = Samples(names)

    def descriptor(self, doc: Document) -> None:
        """Nothing is to be learned from it."""

    def event(self, doc: Document) -> None:
        self.samples.put(doc["seq_num"], doc["data"])

    def stop(self, doc: Document) -> None:
        """The columns stay, to be asked."""


class RunPeaks:
    """The peaks of every hinted number of one run, against what is scanned.

    Runs along no dimension or several have no peaks.

    Args:
        start: The start document.

    Attributes:
        x: What is scanned; None if there are no peaks to be looked for.
        ys: What is measured.
        samples: What was measured, by `Field.name`.
    """

    def __init__(self, start: Document):
        self.start = start
        self.x: Field | None = None
        self.ys: list[Field] = []
        self.samples = Samples(())

    def descriptor(self, doc: Document) -> None:
        """Find out what is scanned and what is measured."""
        names = dimensions_of(self.start)
        if len(names) != 1 or names[0] not in doc["data_keys"] or self.ys:
            return
        self.x = field_of(doc, names[0], dimension=True)
        self.ys = measured_fields(self.start, doc)
        self.samples = Samples([self.x.name, *(y.name for y in self.ys)])

    def event(self, doc: Document) -> None:
        """Keep a point."""
        if self.ys:
            self.samples.put(doc["seq_num"], doc["data"])

    def stop(self, doc: Document) -> None:
        """Nothing changes; the peaks can be asked for at any time."""

    def results(self) -> dict[str, Peak]:
        """Return the peaks as they are by now, by data key."""
        if self.x is None:
            return {}
        xs = self.samples.column(self.x.name)
        return {y.name: find_peak(xs, self.samples.column(y.name)) for y in self.ys}
