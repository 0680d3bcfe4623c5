"""Engine side: a step scan as its engine sees it, staged, paused and woken.

Owns what the scan is told of its engine's pauses, apart from those that it asks for.
Must not know points, PVs or listeners.
Test: tests/unit/stepscan/test_engine_side.py, with an engine and no network.
"""

from typing import TYPE_CHECKING

from lapwing.engine.asides import Pausing, pausing
from lapwing.status import Status

if TYPE_CHECKING:
    from lapwing.stepscan.scan import StepScan


class EngineSide:
    """Stands for a scan among the devices of an engine.

    ``StepScan.pause`` is what people say to a scan; what an engine says to each of its
    devices when it pauses is another thing, and neither may undo the other.

    Args:
        scan: The scan.
    """

    parent = None

    def __init__(self, scan: "StepScan"):
        self._scan = scan

    @property
    def name(self) -> str:
        """Name of the scan."""
        return self._scan.name

    @property
    def connected(self) -> bool:
        """Whether the scan is connected; before it goes on after a crash it is not."""
        return self._scan.connected

    async def connect(self) -> None:
        """Connect the scan, so that it can say what there is to read."""
        await self._scan.connect()

    def stage(self) -> Status:
        """Stage the scan."""
        return self._scan.stage()

    def unstage(self) -> Status:
        """Unstage the scan."""
        return self._scan.unstage()

    def pause(self) -> None:
        """Take note that the engine pauses, whoever asked for it."""
        why = pausing()
        self._scan.requests.while_held(why.abort, way_on(why))
        self._scan.progress.hold(why.reason)

    def resume(self) -> None:
        """Take note that the engine goes on."""
        self._scan.requests.while_held(None)
        self._scan.progress.release()

    def skip_points(self, num_points: int) -> None:
        """Leave out coming points.

        Args:
            num_points: How many.
        """
        self._scan.skip(num_points)

    def __repr__(self) -> str:
        return repr(self._scan)


def way_on(why: Pausing) -> str:
    """Say how a paused engine goes on, to who asked the scan for that.

    What is to be done comes first: PVs of texts hold 39 characters.

    Args:
        why: Why it is paused.
    """
    because = f" ({why.reason})" if why.reason else ""
    if why.suspended:
        return (
            "wait for the end of what suspends it; no request to the scan makes a "
            f"suspended engine go on{because}"
        )
    return (
        "type RE.resume() where it was paused; no request to the scan makes a paused "
        f"engine go on{because}"
    )
