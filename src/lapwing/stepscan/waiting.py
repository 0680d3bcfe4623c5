"""Waiting: beginning something on the device loop, from there or from any thread.

Owns the bridge between a script that asks ``done`` and devices that are awaited.
Must not know PVs.
Test: begin a coroutine from the test's thread, and on the loop itself.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from lapwing.engine import device_loop
from lapwing.status import Status, status_of

Work = Callable[[], Coroutine[Any, Any, Any]]


def begin(work: Work, device: str, action: str) -> Status:
    """Begin something on the device loop; the status ends as it does.

    Args:
        work: Makes the coroutine.
        device: Name of the device, for messages.
        action: What it does, for messages.
    """
    if device_loop.is_current():
        return status_of(work(), device=device, action=action)
    status = Status(device, action)

    def finish(inner: Status) -> None:
        if (exc := inner.exception()) is not None:
            status.set_exception(exc)
        else:
            status.set_finished()

    def start() -> None:
        status_of(work(), device=device, action=action).add_callback(finish)

    device_loop.get().call_soon_threadsafe(start)
    return status


def is_done(status: Status | None) -> bool:
    """Return whether something has ended; raise if it has failed.

    A loop ``while not all(p.done for p in positioners)`` would else wait for ever.

    Args:
        status: What began; None: nothing did.
    """
    if status is None:
        return True
    if status.done and (exc := status.exception()) is not None:
        raise exc
    return status.done
