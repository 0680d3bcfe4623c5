"""Ctrl-C, under the name that Bluesky gives to what handles it.

Owns the mapping from Bluesky's context manager to our counting of presses.
Must not know what a pause is.
Test: Bluesky's own tests, which send signals and turn ``bluesky.utils.time``.
"""

import time
from types import TracebackType
from typing import Any

from lapwing.errors import TransitionError
from lapwing.session.sigint import Sigint, tell


class SigintHandler:
    """Turns Ctrl-C into requests for a pause while a call blocks.

    Args:
        RE: The engine that is asked.
    """

    def __init__(self, RE: Any):
        self._RE = RE
        self._presses: Sigint | None = None

    def __enter__(self) -> "SigintHandler":
        self._presses = Sigint(
            lambda: self._pause(defer=True),
            lambda: self._pause(defer=False),
            clock=_monotonic,
        )
        self._presses.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._presses is not None:
            self._presses.__exit__(kind, error, traceback)

    def _pause(self, *, defer: bool) -> None:
        try:
            # No more than Bluesky's own method takes, which people may have replaced.
            self._RE.request_pause(defer)
        except TransitionError:
            tell("No plan runs just now that could pause.")


def _monotonic() -> float:
    # Looked up at each press: tests put a clock of their own there.
    return time.monotonic()
