"""Sinks: what takes documents out of the journal and keeps them elsewhere.

Owns the protocol, and the plain sink that hands documents to a function.
Must not know journals, threads, or how often documents are offered.
Test: a sink that notes what it takes; the feed's tests do the rest.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from lapwing.errors import ConfigError

Document = Mapping[str, Any]
Take = Callable[[str, Any], Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


class Sink(Protocol):
    """What documents are handed to; all of it is called in one thread.

    Documents of one journal come in order. A document is offered again, after a
    growing pause, until `take` returns; all is offered again that came since the last
    `settle`, if the process dies. Documents of several journals may come mixed.
    """

    @property
    def name(self) -> str:
        """Name by which its places in the journals are kept."""
        ...

    @property
    def period(self) -> float:
        """Seconds between two looks at the journal; what comes meanwhile waits."""
        ...

    def take(self, name: str, doc: Document) -> None:
        """Take a document; if it raises, the same one is offered again."""
        ...

    def settle(self) -> float | None:
        """Keep all that was taken, so that it need not be offered again.

        Documents of runs that are `unfinished` are excepted. If it raises, it is
        called again before anything more is offered.

        Returns:
            Seconds after which it is to be called even if nothing was taken; None if
            only new documents make work.
        """
        ...

    @property
    def busy(self) -> bool:
        """Whether nothing more is to be offered before the next `settle`."""
        ...

    @property
    def unfinished(self) -> Collection[str]:
        """Uids of the runs that must come again, from their start, after a crash."""
        ...

    def leave(self, runs: Collection[str]) -> None:
        """Let go of unfinished runs, whose journal somebody else may go on with."""
        ...

    def close(self) -> None:
        """Let go of files and connections: nothing more will come."""
        ...


class FunctionSink:
    """Hands every document to a function: ``function(name, doc)``.

    It is called in a thread of its own, and may be as slow as it likes. Each document
    is handed over once; those of the last second again, if the process was killed.

    Args:
        name: Letters, digits, dots, dashes: by it the sink finds its place again.
        function: Called with the name and content of each document. When it raises,
            it is called again with the same document, later.
        period: Seconds between two looks at the journal.

    Raises:
        ConfigError: The name cannot be one.
    """

    def __init__(self, name: str, function: Take, *, period: float = 0.05):
        self.name = checked_name(name)
        self.period = period
        self.busy = False
        self.unfinished: Collection[str] = ()
        self._function = function

    def take(self, name: str, doc: Document) -> None:
        """Hand a document over."""
        self._function(name, doc)

    def settle(self) -> None:
        """Do nothing: what was handed over is the function's."""

    def leave(self, runs: Collection[str]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def checked_name(name: str) -> str:
    """Return the name of a sink.

    Raises:
        ConfigError: It cannot be one.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"a sink cannot be named {name!r}; up to 60 letters, digits, dots, dashes "
            "and underscores are allowed, the first a letter or digit"
        )
    return name
