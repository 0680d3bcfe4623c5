"""Bluesky's callbacks round a data broker.

Owns getting the arrays that lie in files, and showing and writing them.
Must not load databroker: whoever uses these hands it in.
Test: a broker made by hand.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lapwing.callbacks.callback import CallbackBase
from lapwing.compat.bluesky.utils.values import ensure_uid
from lapwing.documents import Document
from lapwing.errors import ConfigError, DataError, DataExistsError

Callback = Callable[[str, Document], Any]


class BrokerCallbackBase(CallbackBase):
    """Hands events on whose arrays are there, and not only references to files.

    Args:
        fields: Data keys of the arrays.
        db: The broker; None if all arrays stand in the events.
    """

    def __init__(self, fields: Iterable[str], *, db: Any = None):
        super().__init__()
        self.db = db
        self.fields = tuple(fields)
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self.descs: dict[str, Document] = {}

    def stop(self, doc: Document) -> None:
        """Forget the run."""
        self.clear()
        super().stop(doc)

    def descriptor(self, doc: Document) -> None:
        """Keep it."""
        self.descs[doc["uid"]] = doc
        super().descriptor(doc)

    def event(self, doc: Document) -> None:
        """Fill in what lies in files.

        Raises:
            ConfigError: That needs a broker, and there is none.
        """
        keys = self.descs[doc["descriptor"]]["data_keys"]
        filled = doc.get("filled") or {}
        for field in self.fields:
            if field not in doc["data"]:
                continue
            is_external = "external" in keys.get(field, {})
            if is_external and not filled.get(field, False):
                self._fill(doc, field)
        super().event(doc)

    def _fill(self, doc: Document, field: str) -> None:
        if self.db is None:
            raise ConfigError(
                f"the values of {field!r} lie in files, and {type(self).__name__} "
                "has no broker to read them",
                hint="give it one: db=...",
            )
        descriptor = self.descs[doc["descriptor"]]
        self.db.fill_event(doc, inplace=True, descriptor=descriptor)


class LiveImage(BrokerCallbackBase):
    """Shows the last image of a run in a window, as it comes.

    Args:
        field: Data key of the image.
        db: The broker, if images lie in files.
        cmap: The colours.
        norm: matplotlib's normalisation of the colours.
        limit_func: Returns the lowest and highest value to show, of an image.
        auto_redraw: Whether to draw each image at once.
        interpolation: For ``Axes.imshow``.
        window_title: Title of the window.
    """

    def __init__(
        self,
        field: str,
        *,
        db: Any = None,
        cmap: Any = None,
        norm: Any = None,
        limit_func: Callable[[np.ndarray], tuple[float, float]] | None = None,
        auto_redraw: bool = True,
        interpolation: str | None = None,
        window_title: str | None = None,
    ):
        from lapwing.callbacks.canvas import new_axes

        super().__init__((field,), db=db)
        self.field = field
        self.ax = new_axes()
        self._style = {"cmap": cmap, "norm": norm, "interpolation": interpolation}
        self._limits = limit_func
        self._redraw = auto_redraw
        self._image: Any = None
        if window_title is not None:
            self.ax.set_title(window_title)

    def event(self, doc: Document) -> None:
        """Show an image."""
        super().event(doc)
        if self.field in doc["data"]:
            self.update(doc["data"][self.field])

    def update(self, data: Any) -> None:
        """Show an image; of several, the last one.

        Args:
            data: Shape (height, width), or (num_frames, height, width).
        """
        frame = np.asarray(data)
        while frame.ndim > 2:
            frame = frame[-1]
        if self._image is None:
            self._image = self.ax.imshow(frame, **self._style)
        self._image.set_data(frame)
        limits = self._limits or _ends
        self._image.set_clim(*limits(frame))
        if self._redraw:
            self.ax.figure.canvas.draw_idle()


def _ends(frame: np.ndarray) -> tuple[float, float]:
    return float(np.min(frame)), float(np.max(frame))


def post_run(callback: Callback, db: Any, fill: bool = False) -> Callback:
    """Return a callback that hands the documents on when their run has ended.

    They come from the broker then.

    Args:
        callback: What they are handed to.
        db: The broker.
        fill: Whether to read what lies in files.
    """

    def at_stop(name: str, doc: Document) -> None:
        if name == "stop":
            uid = ensure_uid(doc["run_start"])
            for one_name, one in db.get_documents(db[uid], fill=fill):
                callback(one_name, one)

    return at_stop


def make_restreamer(callback: Callback, db: Any) -> Callable[[Any], None]:
    """Return a function that hands the documents of a run to a callback.

    Args:
        callback: What they are handed to.
        db: The broker; the function takes what it finds a run by.
    """

    def restream(uid: Any) -> None:
        return db.process(db[uid], callback)

    return restream


def verify_files_saved(name: str, doc: Document, db: Any) -> None:
    """Look, when a run has ended, whether all its files can be read.

    Args:
        name: Kind of the document.
        doc: The document.
        db: The broker.

    Raises:
        DataError: One cannot be read.
    """
    if name != "stop":
        return
    try:
        for _ in _filled(db, doc["run_start"]):
            pass
    except (OSError, KeyError, ValueError) as exc:
        raise DataError(f"a file of run {doc['run_start']} cannot be read") from exc


def _filled(db: Any, run: Any) -> Iterator[Any]:
    return iter(db.get_documents(db[ensure_uid(run)], fill=True))


class LiveTiffExporter(BrokerCallbackBase):
    """Writes each image of a run as a TIFF file; it needs the package tifffile.

    Args:
        field: Data key of the image.
        template: Name of the files, with ``{start}``, ``{event}`` and ``{i}``.
        dryrun: Write nothing, only keep the names in ``filenames``.
        overwrite: Whether files that are there may be replaced.
        db: The broker, if images lie in files.
    """

    def __init__(
        self,
        field: str,
        template: str,
        dryrun: bool = False,
        overwrite: bool = False,
        db: Any = None,
    ):
        if not dryrun:
            _tifffile()
        super().__init__((field,), db=db)
        self.field = field
        self.template = template
        self.dryrun = dryrun
        self.overwrite = overwrite
        self.filenames: list[str] = []
        self._start: Document = {}

    def start(self, doc: Document) -> None:
        """Begin the files of a run."""
        self.filenames = []
        self._start = doc
        super().start(doc)

    def event(self, doc: Document) -> None:
        """Write the images of an event."""
        super().event(doc)
        if self.field not in doc["data"]:
            return
        images = np.asarray(doc["data"][self.field])
        frames = list(images) if images.ndim > 2 else [images]
        for i, frame in enumerate(frames):
            name = self.template.format(i=i, start=self._start, event=doc)
            self._save_image(frame, name)

    def _save_image(self, image: np.ndarray, filename: str) -> None:
        if not self.overwrite and os.path.exists(filename):
            raise DataExistsError(
                f"the file {filename} is there already, and overwrite is False"
            )
        if not self.dryrun:
            Path(filename).parent.mkdir(parents=True, exist_ok=True)
            _tifffile().imwrite(filename, np.asarray(image))
        self.filenames.append(filename)


def _tifffile() -> Any:
    try:
        import tifffile  # pyright: ignore[reportMissingImports]
    except ImportError as exc:
        raise ImportError(
            "TIFF files are written by the package tifffile, which is not installed; "
            "pip install tifffile"
        ) from exc
    return tifffile
