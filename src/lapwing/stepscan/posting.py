"""Posting: a scan tells PVs how far it is, and does what others ask for by PVs.

Owns when what is sent, and that a slow or dead server slows nothing.
Must not know names of fields; templates do.
Test: tests/system/test_step_posting.py, against the simulated beamline.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lapwing.data.paths import place_of_run
from lapwing.epics.pv_objects import pv_name
from lapwing.errors import PlanArgumentError
from lapwing.stepscan.posting_board import Board
from lapwing.stepscan.posting_link import Link, LostError
from lapwing.stepscan.posting_outline import outline_of
from lapwing.stepscan.posting_state import MOST_KEPT, Columns, Outline
from lapwing.stepscan.posting_templates import INFO, MOST_AXES, SSCAN, Template
from lapwing.stepscan.progress import Silent
from lapwing.stepscan.scan import StepScan

__all__ = ["INFO", "SSCAN", "Poster"]

logger = logging.getLogger("lapwing.stepscan")

PERIOD = 0.05
"""Seconds between two postings, as of an sscan record."""
SHARE = 10
"""Of so much of the device loop's time posting takes no more than one part."""
LAST_WORDS = 2.0
"""Seconds that posting may take after the end of a scan."""
_ENDS = {"success": "finished", "abort": "aborted", "fail": "failed"}
_ORDERS: Mapping[str, Callable[[StepScan, str], None]] = {
    "abort": StepScan.abort,
    "pause": StepScan.pause,
    "resume": lambda scan, _: scan.resume(),
    "skip": lambda scan, _: scan.skip(),
}


class Poster(Silent):
    """Tells PVs of a scan: ``StepScan(..., listeners=[Poster("IOC:scan:")])``.

    Numbers and texts are posted 20 times a second at most, arrays twice; only what has
    changed, and always the newest. A server that is slow, frozen or away costs the
    scan nothing; when it is back it is told all anew. PVs that are not there are left
    out. Requests to pause, resume, abort and skip are obeyed at the next point; an
    abort at once while the engine is paused, which no PV can make go on.

    Args:
        prefix: What the PVs begin with, such as ``"IOC:scan1"`` or ``"IOC:scan:"``.
        template: Which PVs there are: `INFO` or `SSCAN`.
        separator: What stands between prefix and field; None: nothing if the prefix
            ends in ``":"`` or ``"."``, else the template's own.
        data_dir: Directory of all data, such as a session's, for the name of the file;
            None: it is not told.
        obey: Whether requests are obeyed.

    Raises:
        PlanArgumentError: The prefix is no text, or the template none.

    Attributes:
        num_posted: How many values were posted.
    """

    def __init__(
        self,
        prefix: str,
        template: Callable[[], Template] = INFO,
        *,
        separator: str | None = None,
        data_dir: str | Path | None = None,
        obey: bool = True,
    ):
        if not callable(template):
            raise PlanArgumentError(
                f"template={template!r} is none; INFO or SSCAN is needed"
            )
        self._template_of = template
        self._prefix = pv_name(prefix)
        self._separator = separator
        self._data_dir = data_dir
        self._obey = obey
        self.num_posted = 0
        self._scan: StepScan | None = None
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._begin(Outline("", 0))

    def _begin(self, outline: Outline) -> None:
        self._board = Board(self._template_of(), outline)
        self._accepted = self._listens = self._asked = False
        self._news = asyncio.Event()
        self._ending = asyncio.Event()

    # ------------------------------------------------------------ what it hears

    async def open(self, scan: StepScan) -> None:
        """Begin to post a scan that is connected and about to start.

        Args:
            scan: The scan.
        """
        await self.close()
        earlier = self._board.state if scan.progress.has_started else None
        self._scan = scan
        self._begin(outline_of(scan))
        if earlier is not None:
            self._board.state.go_on_from(earlier)
            self._look_at(scan)
        template, state = self._board.template, self._board.state
        fields = template.fields(state)
        requests = template.requests if self._obey else ()
        self._link = Link(
            {field: self.pv(field) for field in fields},
            requests,
            self._news.set,
            self._on_request,
        )
        self._task = asyncio.create_task(self._work(self._link))
        self._task.add_done_callback(_say_why)

    def _on_request(self) -> None:
        self._asked = True
        self._news.set()

    async def close(self) -> None:
        """Post the last values, for `LAST_WORDS` at most, and give up the PVs."""
        task, link = self._task, self._link
        self._task = self._link = None
        if task is None or link is None:
            return
        state = self._board.state
        if not state.over:
            state.over, state.status = True, "idle"
        self._ending.set()
        self._news.set()
        # Nobody waits for a server of which it is known that it is not there, and
        # not long for one that has not been heard of.
        limit = LAST_WORDS if link.up else LAST_WORDS / 2
        try:
            await asyncio.wait([task], timeout=0.0 if link.hopeless else limit)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await link.close()

    def started(self, start: Mapping[str, Any]) -> None:
        """Take note of the run's number and file."""
        if self._link is None:
            # It was told of before a crash; what will be posted is not known yet.
            self._begin(Outline("", 0))
            num_points = start.get("num_points")
            known = num_points if isinstance(num_points, int) else MOST_KEPT
            self._board.state.columns = Columns(None, known)
        state = self._board.state
        number = start.get("scan_id")
        state.scan_id = number if isinstance(number, int) else 0
        if self._data_dir is not None:
            state.file = str(place_of_run(self._data_dir, start))
            state.folder = str(self._data_dir)
        self.state("running")

    def point(self, num_points: int, data: Mapping[str, Any]) -> None:
        """Take note of a point."""
        state = self._board.state
        state.columns.add(data)
        state.data = data
        if self._scan is not None and self._link is not None:
            self._look_at(self._scan)
        self._news.set()

    def _look_at(self, scan: StepScan) -> None:
        state, progress = self._board.state, scan.progress
        positioners = scan.positioners[:MOST_AXES] if progress.points_taken else ()
        i = progress.index
        state.desired = {one.name: one.position(i) for one in positioners}
        if progress.time_left is not None:
            state.left = progress.time_left

    def message(self, text: str) -> None:
        """Take note of a message."""
        self._board.state.message = text
        self._news.set()

    def state(self, text: str) -> None:
        """Take note of what the scan does."""
        self._board.state.status = text
        self._news.set()

    def ended(self, stop: Mapping[str, Any]) -> None:
        """Take note of the end."""
        state, end = self._board.state, _ENDS[stop["exit_status"]]
        state.over = True
        reason = stop.get("reason", "")
        if end == "failed":
            state.error = reason or "the scan failed"
        count = f"{state.num_points} of {state.outline.num_points} points"
        state.message = f"{end} after {count}{f': {reason}' if reason else ''}"
        self.state(end)

    # ------------------------------------------------------------ what it posts

    def pv(self, field: str) -> str:
        """Return the PV of a field."""
        separator = self._separator
        if separator is None:
            ends = self._prefix.endswith((":", "."))
            separator = "" if ends else self._board.template.separator
        return f"{self._prefix}{separator}{field}"

    async def _work(self, link: Link) -> None:
        while True:
            await self._next()
            if link.take_break():
                self._forget()
            try:
                cost = await self._post(link)
            except LostError as exc:
                logger.warning("posting to %s is held up: %s", self._prefix, exc)
                self._forget()
                await link.back()
                logger.warning("posting to %s goes on", self._prefix)
                self._news.set()
                continue
            if link.denied:
                return
            if self._ending.is_set():
                if self._board.state.shown and link.settled and not self._due(link):
                    return
                cost = 0.0
            await self._rest(max(PERIOD, SHARE * cost))

    async def _next(self) -> None:
        # Not wait_for: before Python 3.12 it may swallow a cancellation.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._news.wait()
        self._news.clear()

    async def _rest(self, seconds: float) -> None:
        if self._ending.is_set():
            await asyncio.sleep(0.005)
            self._news.set()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    def _forget(self) -> None:
        """Take it that the server knows nothing; it may have been started anew."""
        self._board.forget()
        self._accepted = self._listens = False

    def _due(self, link: Link) -> dict[str, Any]:
        # Before anybody is heard, what was asked for is said again.
        more = {} if self._listens else self._board.template.asserted()
        return self._board.due(link.takes, more)

    async def _post(self, link: Link) -> float:
        """Post what is due; return the seconds that the device loop was busy."""
        if not await self._is_accepted(link):
            return 0.0
        began, state = time.perf_counter(), self._board.state
        due = self._due(link)
        busy = time.perf_counter() - began
        if due:
            began = time.perf_counter()
            await link.send(due)
            # The half of it, at a guess, is waiting.
            busy += (time.perf_counter() - began) / 2
            self._board.sent(due)
            self.num_posted += len(due)
        elif link.up and state.over and not state.shown:
            state.shown = True
            self._news.set()
        if self._obey and link.up:
            await self._look_at_requests(link)
        return busy

    async def _is_accepted(self, link: Link) -> bool:
        """Return whether these are PVs that are there to be posted to.

        A true sscan record would take ``EXSC`` 1 as the order to start a scan of its
        own. It refuses to be told how far it is, so that is what is tried first.
        """
        probe = self._board.template.probe
        if not self._accepted and probe is not None and link.takes(probe):
            await link.send({probe: 0})
            link.denied = not link.takes(probe)
            if link.denied:
                logger.warning(
                    "nothing is posted to %s: it does not let %s be written, as a true "
                    "sscan record does not",
                    self._prefix,
                    self.pv(probe),
                )
            self._accepted = not link.denied
        return self._accepted or probe is None

    # ------------------------------------------------------------ what it obeys

    async def _look_at_requests(self, link: Link) -> None:
        board, scan = self._board, self._scan
        if board.state.over or scan is None or (self._listens and not self._asked):
            return
        # What was asked of a scan before this one is none of its business.
        if not (fields := board.askable()):
            return
        self._asked = False
        # A monitor may tell what was before; only a fresh value is an order.
        seen = await link.read(fields)
        self._listens = True
        for order, field in board.template.orders(seen):
            _ORDERS[order](scan, f"{self.pv(field)} asked for it")
        for field in board.template.answered(seen):
            board.take_back(field)
            self._news.set()


def _say_why(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (exc := task.exception()) is not None:
        logger.error("posting has ended by a fault of its own", exc_info=exc)
