"""The session: engine, files, table, peaks and metadata, ready for use.

Owns their composition, what a user finds at the prompt, and the order of the end.
Must not know how any of them works.
Test: make one in a temporary directory, run a plan on soft devices, close it.
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lapwing.callbacks import BestEffort
from lapwing.config import Settings
from lapwing.data.feed import Feed, Feeds
from lapwing.data.hdf5_sink import Hdf5Sink
from lapwing.data.paths import check_writable
from lapwing.data.sinks import FunctionSink, Take
from lapwing.data.text import TextSink
from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.engine import EngineResult
from lapwing.engine.given import obstacle_in
from lapwing.engine.intake import as_generator
from lapwing.engine.preview import Preview
from lapwing.epics import clients, connect_all
from lapwing.errors import (
    DataError,
    DisconnectedError,
    StateError,
    TransitionError,
)
from lapwing.journal.directories import new_directory
from lapwing.session.facade import RunEngine
from lapwing.session.greeting import greet
from lapwing.session.journal import Journal
from lapwing.session.leftovers import Leftover, choose, leftovers
from lapwing.session.metadata import MetadataStore
from lapwing.session.recover import Resumption, TakenUp, close, require_same_call
from lapwing.session.windows import KeepWindows

CLOSE_SECONDS = 60.0
"""How long the end of a session waits for files, and for what follows its last call."""


class Session:
    """A RunEngine with all that a person wants round it.

    Every call is taken down in a journal, so that it can go on if the process dies.
    Every run goes into a file of its own, is shown as a table with a bar, and its
    peaks are told. A scan_id is never used twice in a data directory, not by two
    processes either. A lost device pauses the plan with the reason; a full disk lets
    it wait until there is room.

    Args:
        settings: Where data go, and how long is waited.
        identity: What the calls are to be known by after a crash, such as the
            command that makes them.
        resume: What a process that died has left, to go on with.
        table: Whether to print a line for each event.
        progress: Whether to show a bar, on a terminal.
        peaks: Whether to tell where the peaks are.
        plot_dir: Directory for a picture of each run; None makes none.
        live_plot: Whether to show the plot of a run while it goes on, in a window or
            in the notebook's cell; None and False do not.
        text_files: Whether each run is written to a text file in columns too, beside
            its HDF5 file.
        engine_type: What makes the engine, where it is to have other names, too.

    Attributes:
        RE: The engine: ``session.RE(plan)``.
        md: Metadata for every run, kept from one session to the next.
        best: Table, bar and peaks: ``session.best.peaks["det"].centre``.
        journal: Where the calls are taken down.
        writer: Writes the files, from the journal.

    Raises:
        DataPathError: The data directory cannot be written to, or is full.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        table: bool = True,
        progress: bool = True,
        peaks: bool = True,
        plot_dir: str | Path | None = None,
        live_plot: bool | None = None,
        text_files: bool = False,
        engine_type: type[RunEngine] = RunEngine,
        identity: Mapping[str, Any] | None = None,
        resume: Resumption | None = None,
    ):
        self._closed = False
        self.settings = settings or Settings()
        data_dir = self.settings.data_dir
        check_writable(data_dir)
        clients.configure(answer_timeout=self.settings.epics_timeout)
        self.best = BestEffort(
            table=table,
            progress=progress,
            peaks=peaks,
            plot_dir=plot_dir,
            live_plot=bool(live_plot),
        )
        self.md = MetadataStore(data_dir / "state.sqlite")
        self.RE = engine_type(
            self.md,
            md_validator=self._check,
            scan_id_source=lambda md: self.md.next_scan_id(),
            during_task=KeepWindows([self.best.draw] if self.best.has_window else ()),
        )
        self.RE.engine.pause_on = (DisconnectedError,)
        self._identity = dict(identity or {"mode": "prompt"})
        if resume is None:
            greet(self)
        self.journal = self._new_journal(
            new_directory(data_dir) if resume is None else resume.directory
        )
        self.feeds = Feeds(
            data_dir,
            self.journal.directory,
            durable=lambda: self.journal.transcript.durable,
        )
        self.journal.transcript.on_durable(self.feeds.wake)
        self.writer = Hdf5Sink(data_dir, on_trouble=self._file_trouble)
        self.writer.join(self.feeds)
        self._text: Feed | None = None
        if text_files:
            sink = TextSink(data_dir)
            self._text = self.feeds.add(sink, others="ended", begin="own")
        self.RE.subscribe(self.writer, "start")
        self.RE.subscribe(self.best)
        if progress:
            self.RE.waiting_hook = self.best.waiting_hook
        self.RE.engine.write_out = self._write_out
        self.RE.engine.write_soon = self.feeds.hurry
        self.RE.before_call.append(self._before_call)
        self.RE.after_call.append(self._after_call)
        self.RE.take_up = self._take_up
        if resume is not None:
            self.RE.instead = resume.answers(self)

    # ------------------------------------------------------------ its journals

    def _new_journal(self, directory: Path) -> Journal:
        journal = Journal(
            directory,
            durability=self.settings.durability,
            identify=lambda: self._identity,
            say=lambda text: self.say(text, "yellow"),
        )
        try:
            self.RE.engine.recorder = journal.transcript
        except StateError:
            journal.close()  # a plan has just begun
            raise
        journal.guard(self.RE.engine)
        return journal

    def __repr__(self) -> str:
        return f"<Session: RE is {self.RE.state}, data are in {self.settings.data_dir}>"

    def open_journal(self, directory: Path) -> Journal:
        """Let the engine write the journal of a process that died, for a call.

        Raises:
            StateError: Another process goes on with it; or a plan runs.
        """
        journal = self._new_journal(directory)
        journal.transcript.on_durable(self.feeds.wake)
        self.feeds.adopt(directory, lambda: journal.transcript.durable)
        return journal

    def close_journal(self, journal: Journal) -> None:
        """Let the engine write this session's own journal again."""
        self.RE.engine.recorder = self.journal.transcript
        journal.leave()
        journal.close()  # first: sinks leave the journals of living processes alone
        self.feeds.give_back(journal.directory)

    def unfinished(self) -> list[Leftover]:
        """Return what processes have left unfinished that died, the oldest first.

        Each has an ``id``, a ``title``, and a ``way_on``: what to type.
        """
        return leftovers(self.settings.data_dir)

    def close_unfinished(self, which: str | int) -> list[str]:
        """End what a process has left that died; its runs close with "abort".

        Args:
            which: A scan_id, or the beginning of the uid of a run or a call.

        Returns:
            Uids of the runs that were closed; their files follow at once.

        Raises:
            StateError: There is no such one, or another process goes on with it.
        """
        left = choose(self.settings.data_dir, which)
        closed = close(left, "closed by hand after its process died")
        self.feeds.look_soon()
        return closed

    def _take_up(self, which: str | int, plan: Any, yes: bool) -> TakenUp:
        self._require_open()
        leftover = choose(self.settings.data_dir, which)
        require_same_call(leftover, plan)
        return TakenUp(self, leftover, lambda preview: self._agree(preview, yes))

    def _agree(self, preview: Preview, yes: bool) -> bool:
        """Show what will be done, and ask; in the thread that waits."""
        for line in str(preview).splitlines():
            self.say(line)
        return yes or input("Go on? [y/N] ").strip().lower() in ("y", "yes")

    def say(self, text: str, style: str = "") -> None:
        """Show a line to the person, above table and bars."""
        self.best.screen.line(text, style)

    def sink(self, name: str, function: Take) -> None:
        """Hand every document to a function, at its own pace, from the journal.

        It holds no plan up. If it raises it is offered the same document again, after
        a growing pause; where it stands outlives the process.

        Args:
            name: Name by which its place is kept from one session to the next.
            function: Called with name and document, in a thread of its own.
        """
        self.feeds.add(FunctionSink(name, function), begin="now")

    def connect(self, *devices: Any, timeout: float | None = None) -> None:
        """Connect devices, all at once.

        Args:
            *devices: Devices with an asynchronous ``connect``.
            timeout: Seconds within which all must have answered; None takes the
                settings'.

        Raises:
            DisconnectedError: Names every PV that did not answer.
        """
        limit = self.settings.connect_timeout if timeout is None else timeout
        device_loop.call(connect_all(*devices, timeout=limit))

    def file_of(self, run_uid: str) -> Path:
        """Return the file of a run.

        Raises:
            DataError: There is no such run in this session.
        """
        return self.writer.path_of(run_uid)

    def text_file_of(self, run_uid: str) -> Path:
        """Return the text file of a run, whether or not one is written.

        Raises:
            DataError: There is no such run in this session.
        """
        return self.file_of(run_uid).with_suffix(TextSink.suffix)

    def close(self) -> None:
        """End the session: a plan is aborted, files and PVs are closed.

        One that is ending already, in another thread, is waited for.

        Raises:
            Exception: Whatever a paused plan raises in its clean-up; all is closed
                nevertheless.
        """
        if self._closed:
            return
        self._closed = True
        why = "the session was closed"
        try:
            if self.RE.state.is_paused:
                with suppress(TransitionError):  # somebody else has ended it meanwhile
                    self.RE.abort(why, only_paused=True)
            if not self.RE.state.is_idle:
                device_loop.call(self.RE.engine.come_to_rest(why))
        finally:
            self._close_all()

    def _close_all(self) -> None:
        with ExitStack() as last_first:  # each, whatever becomes of the others
            last_first.callback(self._close_clients)
            last_first.callback(self.md.close)
            last_first.callback(self.journal.close)
            last_first.callback(self.feeds.close, timeout=CLOSE_SECONDS)
            last_first.callback(self.journal.leave)
            last_first.callback(self.best.hold)
            self.RE.wait_unwatched(CLOSE_SECONDS)  # it tells where the data are

    def _close_clients(self) -> None:
        if clients.in_use():
            device_loop.call(clients.close(), timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------ its parts' calls

    def _require_open(self) -> None:
        if self._closed:
            raise StateError(
                "the session is closed, or about to be; it begins no plan any more",
                hint="RE = lapwing.session().RE",
            )

    def _check(self, metadata: Document) -> None:
        """Refuse a run whose data would have no room, before anything moves."""
        check_writable(self.settings.data_dir)

    def _file_trouble(self, error: DataError | None) -> None:
        """Tell of a file that cannot be written; its run is safe in the journal."""
        if error is not None:
            self.best.screen.line(str(error), "red")

    async def _write_out(self) -> None:
        """Wait until files and other sinks have all that was journalled."""
        limit = self.settings.file_close_timeout
        if not await asyncio.to_thread(self.feeds.catch_up, limit):
            self.say(f"the files are not up to date after {limit:g} s", "yellow")

    def _before_call(self, plan: Any) -> None:
        """Refuse a call at the end; say if a crash would cut it off for good."""
        if self._closed:
            as_generator(plan).close()  # it was not forgotten, only refused
        self._require_open()
        if (why := obstacle_in(plan)) is not None:
            self.say(f"this call cannot be resumed after a crash: {why}", "yellow")

    def _after_call(self, result: EngineResult) -> None:
        self.best.hold()
        if result.paused:
            return
        limit = self.settings.file_close_timeout
        for uid in result.run_start_uids:
            path = self.writer.path_of(uid)
            if self.writer.wait_closed(uid, limit):
                self.best.screen.line(f"data: {_short(path)}")
            else:
                self.best.screen.line(
                    f"data: {_short(path)} is not closed after {limit:g} s; it follows",
                    "yellow",
                )
        if self._text is not None and result.run_start_uids:
            self._tell_of_text(self._text, result.run_start_uids, limit)

    def _tell_of_text(self, feed: Feed, uids: tuple[str, ...], limit: float) -> None:
        is_late = not feed.catch_up(limit)
        for uid in uids:
            line = f"text: {_short(self.text_file_of(uid))}"
            late = f" is not complete after {limit:g} s; it follows"
            self.say(line + late if is_late else line, "yellow" if is_late else "")


def session(
    data_dir: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    **options: Any,
) -> Session:
    """Start a session: ``RE = lapwing.session().RE``.

    Args:
        data_dir: Where data go; None takes ``LAPWING_DATA_DIR``, else
            ``./lapwing-data``.
        environ: Environment variables; None takes the process's.
        **options: ``table``, ``progress``, ``peaks``, ``plot_dir``, ``text_files``
            and ``engine_type`` of `Session`.
    """
    variables = os.environ if environ is None else environ
    return Session(Settings.from_environment(variables, data_dir=data_dir), **options)


def _short(path: Path) -> str:
    """Return a path from here if that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
