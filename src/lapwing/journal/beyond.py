"""Beyond: what a plan said behind the point at which its call could go on.

Owns whether the call can go on behind a look of the plan, and what was touched.
Must not know records that do not stand, nor documents.
Test: fold the records of plans that look and move; see `fold`.
"""

from collections.abc import Iterable, Mapping

from lapwing.journal.step import NONE, Step

RESTORABLE = frozenset(
    {
        "RE_class",
        "checkpoint",
        "configure",
        "create",
        "drop",
        "input",
        "install_suspender",
        "locate",
        "null",
        "read",
        "remove_suspender",
        "set",
        "sleep",
        "stage",
        "subscribe",
        "unstage",
        "unsubscribe",
        "wait",
    }
)
"""Verbs whose messages can be taken for done: their effect is restored, or nothing;
and what they answered is in the records, save that of a read into an event."""

_LOOKS = frozenset({"locate", "read"})
"""Verbs by which a plan finds out where a device is."""

MOVES = frozenset({"kickoff", "set", "stop"})
_REPEATABLE = frozenset({"clear_checkpoint", "create", "rewindable"})


class Beyond:
    """What was said behind the point.

    Args:
        steps: The steps from the message before the point on; of a read into an event
            without its answer.
        rewindable: Whether what followed the point might be repeated.
        first_set: Number of the message by which each device was set first.

    Attributes:
        point: How many messages stand if the call goes on behind a look; None if it
            does not.
        lost_sight: The device that was set after the plan had looked where it is,
            behind which the call cannot go on.
        once: The verb that was said although it must not be repeated.
        disturbed: Names of devices that were set, stopped or kicked off.
    """

    def __init__(
        self, steps: Iterable[Step], rewindable: bool, first_set: Mapping[str, int]
    ):
        self.point: int | None = None
        self.lost_sight: str | None = None
        self.once: str | None = None
        self.disturbed: set[str] = set()
        self._rewindable = rewindable
        self._first_set = first_set
        # Whether all so far can be taken for done, and the plan has looked since.
        self._restorable, self._looked = True, False
        self._reading = False  # a read has no answer here; an event may have it
        for number, step in enumerate(steps):
            if number:
                self._say(step)
            self._answer(step, is_point=not number)

    def _say(self, step: Step) -> None:
        message = step.message
        command = "" if message is None else message[0]
        self._note_rewindable(step, command)
        if self._reading:
            self._looked, self._restorable, self._reading = True, False, False
        if self._looked and command == "set":
            self._extend(step)
        if self._restorable:
            self._restorable = command in RESTORABLE
            self._reading = command == "read"
        if command in MOVES and message is not None and message[1] is not None:
            self.disturbed.add(message[1].name)

    def _answer(self, step: Step, *, is_point: bool) -> None:
        """Take what came of a message; of that before the point, what came later."""
        command = "" if step.message is None else step.message[0]
        if step.beside is not None and step.beside.error is not None:
            self._restorable = False
        elif step.answer is not NONE and not is_point:
            self._reading = False
            if command in _LOOKS:
                self._looked = True
            elif step.answer is False and command == "wait":
                self._restorable = False
        if step.beside is not None and step.beside.notes:
            self._looked = True

    def _note_rewindable(self, step: Step, command: str) -> None:
        args = [] if step.message is None else step.message[2]
        if command == "rewindable" and args and args[0] is not None:
            self._rewindable = bool(args[0])
        elif not self._rewindable and command not in _REPEATABLE:
            self.once = self.once or command

    def _extend(self, step: Step) -> None:
        """Go on behind a look, if all since the point can be restored.

        What a plan saw before a device moved, it must not look for afterwards: where
        a relative scan has its origin, for example. Where that cannot be, only what
        was set before the look will be where it was.
        """
        obj = None if step.message is None else step.message[1]
        name = "" if obj is None else obj.name
        if self._restorable:
            self.point = step.index + 1
            self._looked = False
        elif self._first_set.get(name, step.index) >= step.index:
            self.lost_sight = self.lost_sight or name
