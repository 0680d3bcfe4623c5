"""Recovery: doing something again that went wrong, as a plan, with people's consent.

Owns how often, what is waited for in between, and what people may ask meanwhile.
Must not know what is done.
Test: tests/system/test_step_scan_faults.py, with real faults.
"""

import asyncio
from collections.abc import Callable, Generator, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any

from lapwing.engine.asides import recorded
from lapwing.errors import DeviceError, RequestAbort
from lapwing.messages import Msg, MsgGenerator
from lapwing.stepscan.requests import ABORTED

if TYPE_CHECKING:
    from lapwing.stepscan.scan import StepScan

RESTING_TIME = 30.0
"""Seconds in which what was started must have ended, well or not, before a retry."""
_LONGEST_PAUSE = 5.0


def with_recovery(
    scan: "StepScan", what: str, attempt: Callable[[list[Any]], MsgGenerator[None]]
) -> MsgGenerator[None]:
    """Do something; again if it goes wrong, a bounded number of times.

    Args:
        scan: The scan.
        what: What it is, for messages: ``"point 3"``.
        attempt: A plan, which adds to a list the statuses of what it starts, and
            leaves nothing behind when it raises; a checkpoint has come before it.

    Raises:
        DeviceError: It went wrong once too often.
        RequestAbort: Somebody asked for an end while servers were waited for.
    """
    for tries in count(1):
        statuses: list[Any] = []
        try:
            if tries > 1:
                yield Msg("checkpoint")
            yield from attempt(statuses)
        except DeviceError as exc:
            if tries > scan.max_retries:
                raise
            scan.progress.state("waiting")
            why = exc.context.get("why") or exc.__cause__ or exc
            scan.progress.tell(f"{what} is taken again: {why}")
        else:
            return
        yield from _come_to_rest(scan, statuses)
        if tries > 1:
            yield Msg("sleep", None, min(0.25 * 2**tries, _LONGEST_PAUSE))
        if (yield from _until_all_answer(scan)):
            scan.progress.tell(f"{what} is left out")
            return
        scan.progress.state("running")


def asked(scan: "StepScan", *, before: bool = False) -> Generator[Msg, Any, bool]:
    """Do what people have asked for; return whether the point is to be left out.

    Args:
        scan: The scan.
        before: Whether this is before the points, of which none is left out here.

    Raises:
        RequestAbort: They asked for an end.
    """
    requests = scan.requests
    take = requests.take_but_skips if before else requests.take
    order, reason = recorded(take)
    while order == "pause":
        scan.progress.state("paused")
        scan.progress.tell(f"paused{f': {reason}' if reason else ''}")
        yield Msg("checkpoint")
        yield Msg("wait_for", None, [requests.changed])
        order, reason = recorded(take)
        scan.progress.state("running")
    if order == "abort":
        raise RequestAbort(reason or ABORTED)
    return order == "skip"


def stop_all(devices: Iterable[Any]) -> MsgGenerator[None]:
    """Stop devices, each of them, even if some cannot be reached."""
    for device in devices:
        try:
            yield Msg("stop", device)
        except DeviceError:
            continue  # it is not there; the failure that led here is told already


def _come_to_rest(scan: "StepScan", statuses: list[Any]) -> MsgGenerator[None]:
    """End what goes on. Each of it may fail in its turn, and is told at a message."""

    async def ended() -> None:
        # Iterated without an engine, every response is None.
        going_on = [_end_of(one) for one in statuses if one is not None]
        if going_on:
            await asyncio.wait(going_on, timeout=RESTING_TIME)

    for _ in range(len(statuses) + 2):
        try:
            yield Msg("checkpoint")
            # A second put to a trigger that never ended would hold up all that its
            # server is asked for on this connection.
            yield from stop_all(scan.triggers)
            if statuses:
                yield Msg("wait_for", None, [ended])
        except DeviceError:
            continue
        return


def _until_all_answer(scan: "StepScan") -> Generator[Msg, Any, bool]:
    """Wait until all PVs answer; return whether to leave out what was going on."""
    while True:
        outcome: list[Exception | None] = []

        async def reconnect() -> None:
            try:
                back = await scan.reconnected()
            except Exception as exc:  # noqa: BLE001 - the plan raises it
                outcome.append(exc)  # noqa: B023 - awaited in this turn
            else:
                outcome.extend([None] if back else [])  # noqa: B023

        yield Msg("wait_for", None, [reconnect])
        back = recorded(lambda: _told(outcome))  # noqa: B023
        if (yield from asked(scan)):
            return True
        if back:
            return False


def _told(outcome: list[Exception | None]) -> bool:
    if outcome and outcome[0] is not None:
        raise outcome[0]
    return bool(outcome)


def _end_of(status: Any) -> "asyncio.Future[None]":
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not over.done():
            over.set_result(None)

    status.add_callback(lambda *_: loop.call_soon_threadsafe(end))
    return over
