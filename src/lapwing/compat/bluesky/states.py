"""Bluesky's table of states: a face of `lapwing.engine.states`.

Owns the shape in which Bluesky's users ask for it.
Must not decide what may follow what.
Test: the states are ours, in the order in which Bluesky lists them.
"""

from enum import StrEnum
from typing import Any

from lapwing.engine.states import TRANSITIONS, State


class States(StrEnum):
    """The states, in Bluesky's order."""

    IDLE = State.IDLE
    RUNNING = State.RUNNING
    PAUSING = State.PAUSING
    PAUSED = State.PAUSED
    HALTING = State.HALTING
    STOPPING = State.STOPPING
    ABORTING = State.ABORTING
    SUSPENDING = State.SUSPENDING
    PANICKED = State.PANICKED

    @classmethod
    def states(cls) -> list[str]:
        """Return the names of all states."""
        return [state.value for state in cls]


class RunEngineStateMachine:
    """What an engine may do after what."""

    States = States

    class Meta:
        """The table, as Bluesky's users read it."""

        allow_empty = False
        initial_state = States.IDLE.value
        transitions: dict[str, list[str]] = {  # noqa: RUF012 - as they read it
            str(old): sorted(map(str, new)) for old, new in TRANSITIONS.items()
        }
        named_checkers: tuple[Any, ...] = (("can_pause", "pausing"),)
