"""StepScan: positioners, triggers, counters, detectors, and what happens at points.

Owns what a scan consists of, and what is checked and told of it before it starts.
Must not know the order in which things are done; `lapwing.stepscan.loop` does.
Test: tests/unit/stepscan/test_scan.py; against the beamline in test_step_scan.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import ArrayLike

from lapwing.engine import device_loop
from lapwing.engine.engine import Engine, EngineResult
from lapwing.epics.settings import together
from lapwing.errors import DeviceError
from lapwing.messages import MsgGenerator
from lapwing.status import Status, status_of
from lapwing.stepscan.connecting import connect_scan, reconnect, verify
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.engine_side import EngineSide
from lapwing.stepscan.estimate import seconds_of
from lapwing.stepscan.given import count_of, listed, number, seconds_or_none
from lapwing.stepscan.hooks import Hook
from lapwing.stepscan.loop import step_scan
from lapwing.stepscan.names import ExtraPVs
from lapwing.stepscan.parts import Parts
from lapwing.stepscan.point import Point
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.progress import Calls, DataCallback, Listener, Progress
from lapwing.stepscan.requests import Requests
from lapwing.stepscan.trigger import Trigger

logger = logging.getLogger("lapwing.stepscan")


class StepScan(Parts):
    """Moves positioners from point to point, triggers, and reads counters at each.

    At each point all moves start before any is waited for, then all triggers, then
    all counters are read in one request. After the reading of a point whose number
    (from 0) is in ``breakpoints`` the data so far are written, the extra PVs are
    noted, and the hooks ``at_break`` are done; only these wait until the files can be
    read. It is a plan, ``RE(scan.plan())``.

    Args:
        positioners: What is moved; none: a time scan of ``npts`` points.
        triggers: What is started at each point, beside the detectors' own.
        counters: What is read at each point, beside the detectors' own.
        detectors: Detectors; also any device with ``trigger`` or ``read``.
        breakpoints: Numbers of points, from 0, in any order; the same one twice is
            one.
        extra_pvs: PVs to note at the start and at each breakpoint.
        npts: Number of points of a scan without positioners; with them as many as
            they have positions, or None.
        dwell: Seconds of counting, one number or one for each point; afterwards the
            detectors have their own again. None leaves them as they are.
        pos_settle_time: Seconds to wait after each move.
        det_settle_time: Seconds to wait after each count.
        max_retries: How often a point that went wrong is taken again.
        reconnect_timeout: Seconds to wait for PVs that disconnected; None for ever.
        min_runtime: Part of its dwell below which a count was too short; 0: never.
        keep_invalid: Whether values are kept that their server calls INVALID; else
            such a point is taken again, and ends the scan if it stays so.
        restore: Whether positioners go back to where they were at the end.
        message_points: A message is told after so many points; 0: never.
        data_callback: ``callback(scan, num_points, data)`` with each point's values.
        listeners: Who else hears of the scan, such as a poster.
        name: Name of the scan, for its metadata.
        md: Metadata, merged on top of the scan's own.
        pre_scan: Done before the scan.
        post_scan: Done after it.
        at_break: Done at each breakpoint.

    Raises:
        PlanArgumentError: Lists of positions differ in length, there are no points,
            or something given cannot be used; it is a ValueError too.

    Attributes:
        requests: ``pause``, ``resume``, ``abort`` and ``skip`` a scan that runs.
        progress: How far it is.
        point: What is read at each point.
    """

    def __init__(
        self,
        positioners: Iterable[Positioner] = (),
        triggers: Iterable[Trigger] = (),
        counters: Iterable[Counter] = (),
        detectors: Iterable[Any] = (),
        breakpoints: Iterable[int] = (),
        extra_pvs: ExtraPVs | None = None,
        *,
        npts: int | None = None,
        dwell: ArrayLike | None = None,
        pos_settle_time: float = 0.0,
        det_settle_time: float = 0.0,
        max_retries: int = 3,
        reconnect_timeout: float | None = 3600.0,
        min_runtime: float = 0.8,
        keep_invalid: bool = False,
        restore: bool = False,
        message_points: int = 0,
        data_callback: DataCallback | None = None,
        listeners: Iterable[Listener] = (),
        name: str = "step_scan",
        md: Mapping[str, Any] | None = None,
        pre_scan: Hook | None = None,
        post_scan: Hook | None = None,
        at_break: Hook | None = None,
    ):
        super().__init__(
            positioners,
            triggers,
            counters,
            detectors,
            breakpoints,
            extra_pvs,
            npts,
            dwell,
            pre_scan,
            post_scan,
            at_break,
        )
        self.name = name
        self.parent = None
        self.pos_settle_time = number(pos_settle_time, "pos_settle_time")
        self.det_settle_time = number(det_settle_time, "det_settle_time")
        self.max_retries = count_of(max_retries, "max_retries")
        self.reconnect_timeout = seconds_or_none(reconnect_timeout, "reconnect_timeout")
        self.min_runtime = number(min_runtime, "min_runtime", most=1.0)
        self.keep_invalid = keep_invalid
        self.restore = restore
        self.md = dict(md or {})
        self.requests = Requests()
        self.engine_side = EngineSide(self)
        self.progress = Progress(listed(listeners, "listeners"))
        self.progress.message_points = count_of(message_points, "message_points")
        if data_callback is not None:
            self.progress.listeners.append(Calls(self, data_callback))
        self.point = Point("point")
        self.extras = Point("extra_pvs")

    # ------------------------------------------------------------ its devices

    @property
    def connected(self) -> bool:
        """Whether `connect` was awaited, and all PVs answer as far as is known."""
        parts = [*self.positioners, self.point] if self.point.has_columns else []
        return bool(parts) and all(part.connected for part in parts)

    async def connect(self, timeout: float = 5.0) -> None:
        """Connect everything, and find out what there is to read.

        Args:
            timeout: Seconds for each kind of thing.

        Raises:
            DisconnectedError: Some PVs do not answer; every one is named.
        """
        await connect_scan(self, timeout)

    async def reconnected(self) -> bool:
        """Wait until every PV answers again, and arm the detectors anew.

        Returns:
            Whether they do; else people have asked for something meanwhile.

        Raises:
            DisconnectedError: They do not within ``reconnect_timeout``.
            DeviceError: A detector that answers cannot be armed.
        """
        return await reconnect(self)

    async def verify(self) -> None:
        """Raise if some position cannot be gone to; nothing moves.

        Raises:
            LapwingError: One cannot: the positioner, the PV and the limit are named.
                If there are several, one error names all.
        """
        await verify(self.positioners)

    async def arm(self) -> None:
        """Make detectors ready to count; may be done again."""
        for detector in self.detectors:
            await detector.arm()

    def stage(self) -> Status:
        """Connect everything, check all positions, and make detectors ready."""
        return status_of(self._stage(), device=self.name, action="stage")

    async def _stage(self) -> None:
        await self.connect()
        await self.verify()
        try:
            await self.look_at_dwell()
            await self.arm()
            await self.progress.open(self)
            self.progress.announce(self.num_points, self.estimate())
        except BaseException:
            # Nobody unstages what was never staged.
            try:
                await self._unstage()
            except DeviceError as exc:
                logger.error("before the scan: %s", exc)  # noqa: TRY400
            raise

    async def look_at_dwell(self) -> None:
        """Learn how long the detectors count; to put that back, if the scan sets it."""
        for one in self.detectors:
            await (one.look_at_dwell() if self.dwell is None else one.keep_dwell())

    def unstage(self) -> Status:
        """Put detectors back to how they were."""
        return status_of(self._unstage(), device=self.name, action="unstage")

    async def _unstage(self) -> None:
        errors: list[DeviceError] = []
        for detector in reversed(self.detectors):
            try:
                await detector.disarm()
            except DeviceError as exc:
                errors.append(exc)
        await self.progress.close()
        # The next scan may have other columns; and a prompt makes many scans.
        self.point.disconnect()
        self.extras.disconnect()
        if errors:
            raise together(errors)

    # ------------------------------------------------------------ doing it

    def estimate(self) -> float:
        """Return how many seconds the scan will take, as far as is known.

        Moves of motors count once they are connected; a device's dwell is taken from
        the scan, or from the detectors.
        """
        return seconds_of(self)

    def plan(self) -> MsgGenerator[str]:
        """Return the plan; it may be nested in others, and run again and again.

        Raises:
            PlanArgumentError: The scan cannot be done; see `check`.
        """
        self.check()
        return step_scan(self)

    async def run(self, engine: Any = None) -> EngineResult:
        """Run the scan: ``await scan.run()``.

        Args:
            engine: Runs it, such as ``session.RE``; None takes an engine of its own.

        Returns:
            How it went; its data go to the engine's subscribers.
        """
        engine = getattr(engine, "engine", engine) or Engine()
        return await engine.run(self.plan())

    def connect_now(self, timeout: float = 5.0) -> None:
        """Connect everything; blocks, for scripts."""
        device_loop.call(self.connect(timeout))

    def pause(self, reason: str = "") -> None:
        """Ask it to wait after the point that it is at, or before it begins."""
        self.requests.pause(reason)

    def resume(self) -> None:
        """Let it go on.

        If its engine is paused, which ``RE.resume()`` ends, the scan says so.
        """
        self.requests.resume()
        # Whoever paused it may be in the hutch, and nobody would wait for the plan.
        if way_on := self.requests.way_on:
            device_loop.do_there(self.progress.tell, way_on)

    def abort(self, reason: str = "") -> None:
        """Ask it to end after the point that it is at.

        At once if its engine is paused; one that has not begun does not begin.
        """
        self.requests.abort(reason)

    def skip(self, num_points: int = 1) -> None:
        """Ask it to leave out the coming points.

        Args:
            num_points: How many, counted from the next one.

        Raises:
            PlanArgumentError: It is no whole number, 0 or more.
        """
        self.requests.skip(count_of(num_points, "num_points"))

    def __repr__(self) -> str:
        return f"StepScan({self.name!r}, {self.positioners!r})"
