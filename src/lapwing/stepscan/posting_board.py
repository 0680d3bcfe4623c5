"""Posting board: what the PVs should hold, what they hold already, and what is due.

Owns how often arrays are posted, and that only what has changed is.
Must not know channels or scans; names of fields are the template's.
Test: tests/unit/stepscan/test_posting.py, with a clock by hand.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.stepscan.posting_state import Outline, State
from lapwing.stepscan.posting_templates import ARRAY_PERIOD, Template

ARRAYS_AT_ONCE = 4
Takes = Callable[[str], bool]


class Board:
    """What is posted of one scan.

    Args:
        template: Says which fields there are, and what they should hold.
        outline: What is known of the scan.
        clock: Returns seconds, of any origin.

    Attributes:
        template: As given.
        state: Where the scan stands.
    """

    def __init__(
        self,
        template: Template,
        outline: Outline,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.template = template
        self.state = State.of(outline, template.columns(outline))
        self._clock = clock
        self._posted: dict[str, Any] = {}
        self._arrays: dict[str, NDArray[Any]] = {}
        self._arrays_posted: dict[str, NDArray[Any]] = {}
        self._arrays_at = clock() - ARRAY_PERIOD
        self._mark: tuple[bool, int] | None = None

    def forget(self) -> None:
        """Take it that the server knows nothing; it may have been started anew."""
        self._posted.clear()
        self._arrays.clear()
        self._arrays_posted.clear()
        self._mark = None

    def due(self, takes: Takes, more: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be posted now: numbers and texts, then some arrays.

        Args:
            takes: Says which fields can be written to now.
            more: Values beside the template's own.
        """
        self.state.heartbeat = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        posted, wanted = self._posted, {**self.template.values(self.state), **more}
        due = {
            field: value
            for field, value in wanted.items()
            if (field not in posted or posted[field] != value) and takes(field)
        }
        self._take_arrays()
        arrays = [field for field in self._arrays if takes(field)]
        return due | {field: self._arrays[field] for field in arrays[:ARRAYS_AT_ONCE]}

    def _take_arrays(self) -> None:
        """Take arrays for posting, if it is time and there are others."""
        state, now = self.state, self._clock()
        mark = (state.over, state.num_points)
        if mark == self._mark or state.shown:
            return
        if not state.over and now - self._arrays_at < ARRAY_PERIOD:
            return
        posted = self._arrays_posted
        self._arrays = {
            field: array
            for field, array in self.template.arrays(state).items()
            if field not in posted or not _same(posted[field], array)
        }
        self._arrays_at, self._mark = now, mark

    def sent(self, due: Mapping[str, Any]) -> None:
        """Take note that these values have been posted.

        Args:
            due: See `due`.
        """
        for field, value in due.items():
            if isinstance(value, np.ndarray):
                self._arrays_posted[field] = value
                # Others may be there by now; these are not posted again.
                if self._arrays.get(field) is value:
                    del self._arrays[field]
            else:
                self._posted[field] = value

    def knows(self, field: str) -> bool:
        """Return whether the server has a value of ours for a field."""
        return field in self._posted

    def take_back(self, field: str) -> None:
        """Take it that somebody else has written to a field."""
        self._posted.pop(field, None)

    def askable(self) -> list[str]:
        """Return those fields of requests that hold nothing of another time."""
        values = self.template.values(self.state)
        requests = self.template.requests
        if not any(self.knows(field) for field in requests):
            return []
        return [one for one in requests if self.knows(one) or one not in values]


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one is other or np.array_equal(one, other, equal_nan=True)
