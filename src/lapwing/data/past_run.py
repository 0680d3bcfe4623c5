"""A past run: what the journal holds of a run, also while it goes on.

Owns a run's and a stream's face for people: metadata, streams, columns.
Must not know how a run is searched for.
Test: write a journal, ask the catalogue for a run, compare with its documents.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapwing.data.paths import place_of_run
from lapwing.data.reading import (
    Array,
    Points,
    column_name,
    documents_between,
    documents_of_run,
)
from lapwing.data.record import Stream
from lapwing.documents import Document
from lapwing.errors import DataError, MissingExtraError
from lapwing.journal.cursor import Cursor
from lapwing.journal.directories import journal_root
from lapwing.journal.entries import RunEntry, StreamEntry
from lapwing.journal.hold import alive
from lapwing.journal.index import Index

if TYPE_CHECKING:
    from lapwing.data.catalogue import Catalogue


class PastRun:
    """A run of the catalogue: ``cat[-1]``.

    ``run.primary`` and ``run["baseline"]`` are its streams. Of a run that goes on they
    are as of now; ask again for more.

    Args:
        catalogue: The catalogue, which is kept open as long as the run is used.
        entry: What the index knows.

    Attributes:
        uid: Its uid.
        scan_id: Its number; None if it has none.
    """

    def __init__(self, catalogue: "Catalogue", entry: RunEntry):
        self._catalogue = catalogue
        self._entry = entry
        self.uid = entry.uid
        self.scan_id = entry.scan_id

    @property
    def _index(self) -> Index:
        return self._catalogue.index

    @property
    def directory(self) -> Path:
        """The journal that it is in."""
        return journal_root(self._index.data_dir) / self._entry.directory

    @property
    def entry(self) -> RunEntry:
        """What the index knows of it by now."""
        if self._entry.end is None:
            self._index.update()
            found = self._index.with_prefix(self.uid, 1)
            self._entry = found[0] if found else self._entry
        return self._entry

    @property
    def metadata(self) -> dict[str, Document | None]:
        """``{"start": ..., "stop": ...}``; the stop is None while the run goes on."""
        return {"start": self.start, "stop": self.stop}

    @property
    def start(self) -> Document:
        """The start document."""
        return self._document(self._entry.begin)

    @property
    def stop(self) -> Document | None:
        """The stop document; None while the run goes on."""
        end = self.entry.end
        return None if end is None else self._document(end)

    def _document(self, place: Cursor) -> Document:
        for _, doc in documents_between(self.directory, place, place.number):
            return doc
        raise DataError(
            f"record {place.number} of {self.directory}, of the run {self.uid}, cannot "
            "be read any more; a journal that is whole is needed",
            run_uid=self.uid,
        )

    @property
    def status(self) -> str:
        """How it ended: "success", "abort", "fail"; else "running", "interrupted"."""
        entry = self.entry
        if entry.exit_status is not None:
            return entry.exit_status
        if self._goes_on(entry):
            return "running"
        # Asked again: it may have ended, and its process too, since it was asked.
        return self.entry.exit_status or "interrupted"

    def _goes_on(self, entry: RunEntry) -> bool:
        if alive(self.directory) is None:
            return False
        calls = self._index.calls(entry.directory)
        if not calls or entry.call_uid is None:
            return True
        return calls[-1].status == "open" and calls[-1].uid == entry.call_uid

    @property
    def file(self) -> Path | None:
        """The HDF5 file; None if it is not in its place."""
        return self.place if self.place.exists() else None

    @property
    def place(self) -> Path:
        """Where its HDF5 file belongs, whether or not it is there."""
        return place_of_run(self._index.data_dir, self._entry.start)

    @property
    def num_points(self) -> int:
        """How many points it has: of ``primary``, else of the longest stream."""
        counts = self.num_events
        return counts.get("primary", max(counts.values(), default=0))

    @property
    def num_events(self) -> dict[str, int]:
        """How many points each stream has so far, by name."""
        counts: dict[str, int] = {}
        for stream in self._index.streams(self.uid):
            counts[stream.name] = max(counts.get(stream.name, 0), stream.num_events)
        return counts

    @property
    def streams(self) -> list[str]:
        """Names of its streams, in the order in which they were declared."""
        self._freshen()
        return list(self.num_events)

    def _freshen(self) -> None:
        if self._entry.end is None:
            self._index.update()

    def __getitem__(self, name: str) -> "PastStream":
        """Return a stream.

        Raises:
            DataError: There is none of that name.
        """
        self._freshen()
        found = [one for one in self._index.streams(self.uid) if one.name == name]
        if not found:
            there = ", ".join(self.streams) or "none yet"
            raise DataError(
                f"the run {self.uid[:8]} has no stream {name!r}; it has: {there}",
                run_uid=self.uid,
            )
        return PastStream(self, name, found)

    @property
    def primary(self) -> "PastStream":
        """The stream that the run is about.

        Raises:
            DataError: There is none, or not yet.
        """
        return self["primary"]

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Yield name and content of each of its documents, in order."""
        entry = self.entry
        yield from documents_of_run(self.directory, entry.begin, entry.last, self.uid)

    def write_hdf5(self, path: str | Path) -> Path:
        """Write its HDF5 file once more, from the journal, under a name that is free.

        Raises:
            DataExistsError: A file is there already.
            DataPathError: It cannot be written.
        """
        # h5py takes 0.1 s to load; who only looks at a run need not wait for it.
        from lapwing.data.rebuild import rebuild

        return rebuild(self.documents(), Path(path))

    def __repr__(self) -> str:
        return (
            f"<Run {self.scan_id}: {self._entry.plan_name}, {self.status}, "
            f"{self.num_points} points, uid {self.uid[:8]}>"
        )


class PastStream:
    """A stream of a run: ``run.primary``.

    Args:
        run: The run.
        name: Its name.
        entries: Its descriptors, as the index knows them.
    """

    def __init__(self, run: PastRun, name: str, entries: list[StreamEntry]):
        self.run = run
        self.name = name
        self._entries = entries
        self._stream: Stream | None = None

    @property
    def descriptors(self) -> list[Document]:
        """Its descriptors, oldest first."""
        if self._stream is None:
            found = []
            for entry in self._entries:
                place, number = entry.place, entry.place.number
                documents = documents_between(self.run.directory, place, number)
                found += [doc for _, doc in documents]
            self._stream = Stream(self.name, found)
        return [dict(doc) for doc in self._stream.descriptors]

    @property
    def data_keys(self) -> dict[str, Any]:
        """Its data keys, with units, shape and source of each."""
        return dict(Stream(self.name, list(self.descriptors)).data_keys)

    @property
    def config(self) -> dict[str, dict[str, Any]]:
        """The configuration of each of its devices, as it was last."""
        found: dict[str, dict[str, Any]] = {}
        for descriptor in self.descriptors:
            for device, told in descriptor.get("configuration", {}).items():
                found.setdefault(device, {}).update(told.get("data", {}))
        return found

    def read(self, form: str = "arrays", *, timestamps: bool = False) -> Any:
        """Return its points, one row a point.

        A point that was taken again, after a pause, counts once, with its last event.

        Args:
            form: "arrays" for a dict of numpy arrays, "xarray" for a Dataset.
            timestamps: Whether the time at which each value was taken comes too, as
                ``ts_KEY``, in seconds since 1970.

        Returns:
            By name: ``time`` (seconds since 1970, ``(num_points,)``), ``seq_num``, and
            each data key, ``(num_points, ...)``. A data key that has one of these
            names is called ``KEY_data``. Values of streams that are in files of their
            own are not among them.

        Raises:
            DataError: The form is neither of the two.
            MissingExtraError: xarray is not installed.
        """
        if form not in ("arrays", "xarray"):
            raise DataError(f'{form!r} is no form to read; "arrays" and "xarray" are')
        xarray = _load_xarray() if form == "xarray" else None
        columns = self._columns(timestamps)
        return columns if xarray is None else self._dataset(xarray, columns)

    def _columns(self, timestamps: bool) -> dict[str, Array]:
        uids = {entry.descriptor for entry in self._entries}
        keys = Stream(self.name, list(self.descriptors)).event_keys
        points = Points(dict(keys), timestamps)
        only = next(iter(uids)).encode() if len(uids) == 1 else b""
        last = self.run.entry.last
        for name, doc in documents_between(
            self.run.directory, self._entries[0].place, last, only
        ):
            if name in ("event", "event_page") and doc["descriptor"] in uids:
                points.add(name, doc)
        return points.columns()

    def _dataset(self, xarray: Any, columns: dict[str, Array]) -> Any:
        keys = {column_name(key): told for key, told in self.data_keys.items()}
        variables = {}
        for name, column in columns.items():
            if name == "time":
                continue
            told = keys.get(name, {})
            given = list(told.get("dims") or ())
            inner = column.ndim - 1
            dims = given if len(given) == inner else _dims(name, inner)
            notes = {k: told[k] for k in ("units", "source", "precision") if k in told}
            variables[name] = (("time", *dims), column, notes)
        return xarray.Dataset(
            variables,
            coords={"time": ("time", columns["time"], {"units": "s"})},
            attrs={"uid": self.run.uid, "stream": self.name},
        )

    def __repr__(self) -> str:
        return f"<Stream {self.name!r} of run {self.run.uid[:8]}>"


def _dims(name: str, count: int) -> list[str]:
    return [f"{name}_dim_{number}" for number in range(count)]


def _load_xarray() -> Any:
    try:
        return import_module("xarray")
    except ImportError as exc:
        raise MissingExtraError(
            'read("xarray") needs xarray, which is not installed; read() gives arrays',
            extra="xarray",
        ) from exc
