"""Work: what a command starts and another ends early, one after the other.

Owns which command is under way, so that an end never meets the command after it.
Must not know records, nor what the work is.
Test: tests/unit/sim/test_work.py.
"""

import asyncio
from collections.abc import Awaitable, Callable


class Work:
    """Work that is begun by `ask` and `run`, and ended early by `end`.

    Args:
        do: What is to be done; it waits with `wait`, so that it can be ended.
    """

    def __init__(self, do: Callable[[], Awaitable[None]]):
        self._do = do
        self._one_at_a_time = asyncio.Lock()
        self._nudge = asyncio.Event()
        # Commands are counted: those asked for, begun, under way, and ended early.
        self._asked = self._begun = self._current = self._ended = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, nor asked for."""
        return not self._one_at_a_time.locked() and self._begun == self._asked

    @property
    def ended(self) -> bool:
        """Whether the work under way was told to end early."""
        return self._ended >= self._current

    def ask(self) -> None:
        """Ask for the work to be done once; `run` does it."""
        self._asked += 1

    def end(self) -> None:
        """End early what is under way, and forget what was asked for before."""
        self._ended = self._asked
        self._nudge.set()

    def nudge(self) -> None:
        """Wake the work up from `wait_for_change`."""
        self._nudge.set()

    async def run(self) -> bool:
        """Do what was asked for last, after what is under way; return at its end.

        Returns:
            Whether nothing has been asked for since.
        """
        if self._begun == self._asked:
            return True
        self._begun = number = self._asked
        async with self._one_at_a_time:
            if self._ended < number:
                self._current = number
                await self._do()
        return self._asked == number

    async def wait(self, seconds: float) -> float:
        """Wait, unless the work is ended; return the seconds that it took."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while not self.ended and (left := began + seconds - clock()) > 0:
            self._nudge.clear()
            try:
                await asyncio.wait_for(self._nudge.wait(), left)
            except TimeoutError:
                return seconds
        passed = clock() - began if self.ended else seconds
        return max(min(passed, seconds), 0.0)

    async def wait_for_change(self) -> None:
        """Wait until somebody calls `nudge` or ends the work."""
        self._nudge.clear()
        if not self.ended:
            await self._nudge.wait()
