"""The states of an engine, and the table of what may follow what.

Owns the table; everything that changes an engine's state asks it.
Must not do anything: no clock, loop, device or lock.
Test: walk the table.

Source: the states and transitions are Bluesky's, which its users' state hooks
and consoles know.
"""

from enum import StrEnum

from lapwing.errors import TransitionError


class State(StrEnum):
    """What an engine is doing; compares equal to its name."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    SUSPENDING = "suspending"
    HALTING = "halting"
    STOPPING = "stopping"
    ABORTING = "aborting"
    PANICKED = "panicked"

    @property
    def is_idle(self) -> bool:
        """Whether a plan may be started."""
        return self is State.IDLE

    @property
    def is_running(self) -> bool:
        """Whether a plan is being run."""
        return self is State.RUNNING

    @property
    def is_paused(self) -> bool:
        """Whether a plan waits to be resumed or ended."""
        return self is State.PAUSED

    @property
    def can_pause(self) -> bool:
        """Whether a pause may be asked for."""
        return State.PAUSING in TRANSITIONS[self]


_S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    _S.IDLE: frozenset({_S.RUNNING, _S.PANICKED}),
    _S.RUNNING: frozenset(
        {
            _S.IDLE,
            _S.PAUSING,
            _S.HALTING,
            _S.STOPPING,
            _S.ABORTING,
            _S.SUSPENDING,
            _S.PANICKED,
        }
    ),
    _S.PAUSING: frozenset({_S.PAUSED, _S.IDLE, _S.HALTING, _S.ABORTING, _S.PANICKED}),
    _S.SUSPENDING: frozenset({_S.RUNNING, _S.HALTING, _S.ABORTING, _S.PANICKED}),
    _S.PAUSED: frozenset(
        {_S.IDLE, _S.RUNNING, _S.HALTING, _S.STOPPING, _S.ABORTING, _S.PANICKED}
    ),
    _S.HALTING: frozenset({_S.IDLE, _S.PANICKED}),
    _S.STOPPING: frozenset({_S.IDLE, _S.PANICKED}),
    _S.ABORTING: frozenset({_S.IDLE, _S.PANICKED}),
    _S.PANICKED: frozenset(),
}
"""For each state, the states that may follow it."""

_WHAT_HELPS = {
    State.IDLE: "start a plan with RE(plan)",
    State.RUNNING: "wait, or ask for RE.request_pause()",
    State.PAUSED: "RE.resume(), RE.stop(), RE.abort() or RE.halt()",
    State.PANICKED: "restart the process",
}


def check_transition(old: State, new: State) -> None:
    """Refuse a transition that is not in the table.

    Raises:
        TransitionError: Names both states and those allowed.
    """
    if new not in TRANSITIONS[old]:
        allowed = ", ".join(sorted(TRANSITIONS[old])) or "none"
        raise TransitionError(
            f"the engine is {old} and cannot become {new}; allowed: {allowed}",
            hint=_WHAT_HELPS.get(old, "wait until it has come to rest"),
            state=str(old),
        )
