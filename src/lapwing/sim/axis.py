"""Axis: a simulated axis that moves in real time, and can be held, turned, stopped.

Owns where the axis is, leg by leg; each leg is a `Move`.
Must not know records, nor which server shows them.
Test: tests/unit/sim/test_axis.py.
"""

import asyncio
from collections.abc import Awaitable, Callable

from lapwing.sim.motion import Move

READBACK_PERIOD = 0.025
_SPEEDS = (1e-3, 1e3)
_RAMPS = (0.0, 10.0)


class Axis:
    """An axis; it stands at 0 until `go`.

    Attributes:
        position: Where it is.

    Args:
        drive: Tells velocity, in units per second, and seconds from rest to it; both
            are taken anew for each leg, and kept within 0.001 to 1000 and 0 to 10.
        held: Tells whether something holds it still now; after a change, `nudge`.
        show: Is awaited at the start of each leg, and while it moves.
    """

    def __init__(
        self,
        drive: Callable[[], tuple[float, float]],
        held: Callable[[], bool],
        show: Callable[[], Awaitable[None]],
    ):
        self.position = 0.0
        self._drive, self._held, self._show = drive, held, show
        self._goal = 0.0
        self._stop_asked = False
        self._going = False
        self._nudge = asyncio.Event()

    async def go(self, goal: float) -> bool:
        """Move; return whether it got there, or was stopped.

        Args:
            goal: Where to, a finite number.
        """
        self._goal = goal
        self._stop_asked = False
        self._going = True
        try:
            while not self._stop_asked and self._way_left:
                await self._leg()
        finally:
            self._going = False
        return not self._stop_asked

    @property
    def _way_left(self) -> bool:
        return self._held() or self.position != self._goal

    def turn(self, goal: float) -> bool:
        """Send it elsewhere while it moves; return False if it does not, or stops."""
        if not self._going or self._stop_asked:
            return False
        self._goal = goal
        self._nudge.set()
        return True

    def stop(self) -> None:
        """End the motion where it is."""
        self._stop_asked = True
        self._nudge.set()

    def nudge(self) -> None:
        """Let it look anew whether it is held."""
        self._nudge.set()

    async def _leg(self) -> None:
        """Move, or stand held, until the goal or until something changes."""
        self._nudge.clear()
        await self._show()
        if self._held():
            await self._nudge.wait()
            return
        time = asyncio.get_running_loop().time
        began = time()
        velocity, ramp = self._drive()
        move = Move(
            self.position,
            self._goal,
            _between(velocity, *_SPEEDS),
            _between(ramp, *_RAMPS),
        )
        while self.position != move.target and not self._nudge.is_set():
            left = began + move.duration - time()
            await self._pause(min(left, READBACK_PERIOD))
            self.position = move.position(time() - began)
            await self._show()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._nudge.wait(), max(seconds, 0.0))
        except TimeoutError:
            return


def _between(value: float, low: float, high: float) -> float:
    """Return a value within its range; what is not a number becomes the lowest."""
    return min(value, high) if value > low else low
