"""Scripted: moving something from position to position in a plain script.

Owns the calls that block, and those that begin a move and tell when it is done.
Must not know what is moved, nor plans.
Test: tests/system/test_step_scan.py: the loop that a step scan is.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from abc import ABC, abstractmethod
from typing import Any

from lapwing.engine import device_loop
from lapwing.errors import MotionError
from lapwing.protocols import Location
from lapwing.status import Status
from lapwing.stepscan.waiting import begin, is_done


class Scripted(ABC):
    """What a script moves: ``x.move_to_pos(3)``, until ``x.done``.

    Attributes:
        name: Its name, for messages.
        pv: What is set, for messages.
    """

    name: str
    pv: str

    def __init__(self) -> None:
        self._status: Status | None = None

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether it can be moved, as far as is known."""

    @abstractmethod
    async def connect(self, timeout: float = 5.0) -> None:
        """Connect to it."""

    @abstractmethod
    async def locate(self) -> Location:
        """Return where it was sent, and where it is."""

    @abstractmethod
    def set(self, value: Any) -> Status:
        """Start to go to a position."""

    @abstractmethod
    def position(self, i: int) -> Any:
        """Return position ``i``, counted from 0."""

    @abstractmethod
    def strayed(self, asked: Any, found: Any) -> str:
        """Return what is wrong with where it stands, or ""."""

    def current(self) -> Any:
        """Return where it is; blocks."""
        return device_loop.call(self._current())

    async def _current(self) -> Any:
        if not self.connected:
            await self.connect()
        return (await self.locate())["readback"]

    def move_to(self, value: Any) -> Status:
        """Start to go anywhere; ``done`` tells when it is there.

        Args:
            value: A position, in the PV's unit.
        """

        async def move() -> None:
            if not self.connected:
                await self.connect()
            await self.set(value)
            found = (await self.locate())["readback"]
            if wrong := self.strayed(value, found):
                raise MotionError(wrong, device=self.name, pv=self.pv)

        self._status = begin(move, self.name, f"move to {value}")
        return self._status

    def move_to_pos(self, i: int) -> Status:
        """Start to go to position ``i``, counted from 0."""
        return self.move_to(self.position(i))

    def move_to_start(self) -> Status:
        """Start to go to the first position."""
        return self.move_to_pos(0)

    @property
    def done(self) -> bool:
        """Whether the last move has ended.

        Raises:
            DeviceError: It has failed.
        """
        return is_done(self._status)
