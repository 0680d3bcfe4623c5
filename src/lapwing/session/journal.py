"""The session's journal: where its engine's calls are taken down.

Owns the directory of this process, and what is done while it cannot be written.
Must not know what records say, or who reads them.
Test: a session in a small file system, filled and emptied again.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.engine import Engine
from lapwing.errors import DataError
from lapwing.journal.log import Log
from lapwing.journal.transcript import Transcript


class Journal:
    """The journal of one session.

    While it cannot be written, the running plan is suspended with the reason, and
    goes on when there is room; what it is told meanwhile waits in memory.

    Args:
        directory: This process's own; or that of a process which died, to go on with.
        durability: "process" or "power"; see `lapwing.journal.log.Log`.
        identify: Returns what the next call is to be known by after a crash.
        say: Shows a line to the person.

    Attributes:
        directory: As given.
        transcript: What the engine tells; its recorder.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: Any = "process",
        identify: Callable[[], Document] | None = None,
        say: Callable[[str], Any],
    ):
        self.directory = directory
        self._identify = identify
        self._say = say
        self._why = ""  # it could not be written when that was told last
        self._engine: Engine | None = None
        self._room: asyncio.Event | None = None
        self._log = Log(directory, durability=durability)
        self.transcript = Transcript(
            self._log, identify=self._begin_call, on_trouble=self._trouble
        )
        self._log.before_sync = self.transcript.write

    def guard(self, engine: Engine) -> None:
        """Make this engine wait while the journal cannot be written."""
        self._engine = engine

    def leave(self) -> None:
        """Note that this process leaves in order; before the sinks are closed."""
        self.transcript.leave()

    def close(self) -> None:
        """Write what waits, and leave the directory to others.

        Raises:
            DataPathError: Not everything is on the disk.
        """
        self.transcript.write()
        self._log.close()

    def _begin_call(self) -> Document:
        """Say what a call is to be known by; it waits for what was told before it."""
        if self.transcript.troubled:
            self._suspend(self._why)
        return {} if self._identify is None else self._identify()

    def _trouble(self, error: DataError | None) -> None:
        """Suspend the plan, or let it go on; called in whichever thread."""
        if error is None:
            self._say("The journal can be written again.")
            device_loop.do_there(self._let_go)
        else:
            self._why = str(error)
            self._say(self._why)
            device_loop.do_there(self._suspend, self._why)

    def _suspend(self, why: str) -> None:
        if not self.transcript.troubled:
            return  # it is over already; told in another thread, that came first
        if self._room is None or self._room.is_set():
            self._room = asyncio.Event()  # else two threads were told at once
        if self._engine is not None:
            self._engine.request_suspend(self._room.wait, justification=why)

    def _let_go(self) -> None:
        # It may be told late, when there is no room again.
        if self._room is not None and not self.transcript.troubled:
            self._room.set()
