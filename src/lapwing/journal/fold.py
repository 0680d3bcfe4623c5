"""The fold: where a call can go on, found out message by message.

Owns the resume point: after which message nothing has to be done again.
Must not know a disk, plans or devices: it is told of messages and documents.
Test: fold the records of a call, cut off after each of them.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from lapwing.documents import Document
from lapwing.journal.beyond import MOVES, Beyond
from lapwing.journal.codec import ErrorRef, Record
from lapwing.journal.resume_state import UNKNOWN, ResumeState
from lapwing.journal.runs_so_far import RunsSoFar
from lapwing.journal.step import Step, run_key

_MADE_BY = {
    "open_run": ("start",),
    "close_run": ("stop",),
    "declare_stream": ("descriptor",),
    "monitor": ("descriptor",),
    "save": ("event",),
}
"""The documents after which each verb's message counts as done."""

_MADE_IF_ANSWERED = {
    "configure": ("descriptor",),
    "collect": ("descriptor", "event_page", "stream_datum"),
}
"""The same for verbs that may make several, or answer more than can be derived."""

_SETTLED_LATER = frozenset({"checkpoint", *_MADE_IF_ANSWERED})

_ORDERS = {
    "RequestAbort": "it was being aborted",
    "RequestStop": "it was being stopped",
    "PlanHalt": "it was being halted",
    "FailedPause": "it was being aborted, for it could not be paused",
}


class Fold:
    """The fold itself.

    Attributes:
        point: How many messages stand so far; it never goes back.
        last: The plan's last message; to be set with each.
        answered: Whether the plan was told what came of it; to be set as well.
        unsettled: Number of the last message, if what comes next tells whether it was
            done.
        begun: What the call's BEGIN says.
        ended: Whether it has ended.
    """

    def __init__(self) -> None:
        self.point = 0
        self.last: Record | None = None
        self.answered = False
        self.unsettled: int | None = None
        self.begun: Document = {}
        self.ended = False
        self._command = ""  # of the message before the point
        self._response: Any = None
        self._made: set[str] = set()  # documents that count once it is settled
        self._created: dict[Hashable, str] = {}
        self._runs = RunsSoFar()
        self._lives: list[int] = []
        self._ordered: str | None = None
        self._cleared = False
        self._rewindable = self._rewindable_then = True  # now, and at the point
        self._first_set: dict[str, int] = {}
        self._set_by_engine: set[str] = set()

    # ------------------------------------------------------------ messages

    def takers(self) -> dict[str, Callable[[int, Record], None]]:
        """Return what takes the messages of each verb that it is to be told of."""
        return {
            **dict.fromkeys(_SETTLED_LATER, self._is_unsettled),
            **dict.fromkeys(MOVES, self._moves),
            "clear_checkpoint": self._clears,
            "create": self.created,
            "rewindable": self._says_rewindable,
        }

    def _is_unsettled(self, index: int, message: Record) -> None:
        self.unsettled = index

    def created(self, index: int, message: Record) -> None:
        """An event of a stream is begun."""
        _, _, args, kwargs, run = message
        name = kwargs.get("name") or (args[0] if args else "")
        self._created[run_key(run)] = name

    def _moves(self, index: int, message: Record) -> None:
        if message[1] is not None:
            self._first_set.setdefault(message[1].name, index)

    def _clears(self, index: int, message: Record) -> None:
        self._cleared = True

    def _says_rewindable(self, index: int, message: Record) -> None:
        args = message[2]
        if args and args[0] is not None:
            self._rewindable = bool(args[0])

    def settle(self, *, thrown: bool = False, response: Any = None) -> None:
        """Decide about the last message, now that more is known."""
        index, last, self.unsettled = self.unsettled, self.last, None
        if index is None or last is None:
            return
        self.answered = True
        if last[0] == "checkpoint":
            if not thrown:
                self._cleared = False
                self._advance(index, "checkpoint", None)
        elif self._made:
            self._advance(index, last[0], response)
            self._made.clear()

    def _advance(self, index: int, command: str, response: Any) -> None:
        """Let the point be behind the last message."""
        self.point = index + 1
        self._command, self._response = command, response
        self._rewindable_then = self._rewindable

    @property
    def _last_command(self) -> str:
        return "" if self.last is None else self.last[0]

    def looked(self) -> None:
        """The plan looked outside itself; so the last message was done."""
        self.settle()
        self.answered = True

    def engine_message(self, message: Record) -> None:
        """Take a message that the engine itself has said."""
        if message[0] == "set" and message[1] is not None:
            self._set_by_engine.add(message[1].name)

    def thrown(self, error: Any) -> None:
        """Take an error that was thrown into the plan."""
        self.settle(thrown=True)
        self.answered = True
        if isinstance(error, ErrorRef) and error.module == "lapwing.errors":
            self._ordered = self._ordered or _ORDERS.get(error.name)

    def resumed(self, index: int, steps: Iterable[Step]) -> None:
        """Another process went on with a message.

        Args:
            index: Its number.
            steps: The steps from the message before the point on.
        """
        is_beyond = self._beyond(steps).point == index
        if index != self.point:
            self._response = None
        if is_beyond:
            self._response = UNKNOWN
        self._lives.append(index)
        self._rewindable = self._rewindable_then
        self._first_set = dict.fromkeys(self._first_set, -1)
        self.point, self._command = index, ""
        self.last = self.unsettled = None
        self._made.clear()

    # ------------------------------------------------------------ documents

    def document(self, name: str, doc: Document, index: int) -> None:
        """Take a document that is no event; ``index`` is that of the last message."""
        last, command = self.last, self._last_command
        key = None if last is None else run_key(last[4])
        self._runs.take(name, doc, key=key, saving=command == "save")
        if name == "stop" and command != "close_run":
            self._ordered = self._ordered or "it was at its end"
        if last is None or self.answered:
            return
        if name in _MADE_IF_ANSWERED.get(command, ()):
            self._made.add(name)
        elif name in _MADE_BY.get(command, ()):
            self._advance(index, command, _answer_of(last, name, doc))

    def event(self, doc: Document, number: int, index: int) -> None:
        """Take an event, which is record ``number``; ``index`` as for others."""
        stream, last = self._runs.event(doc, number), self.last
        if stream is None or last is None or last[0] != "save" or self.answered:
            return
        if stream == self._created.get(run_key(last[4])):  # others come of monitors
            self._advance(index, "save", None)

    # ------------------------------------------------------------ the end

    def _beyond(self, steps: Iterable[Step]) -> Beyond:
        return Beyond(steps, self._rewindable_then, self._first_set)

    def settle_checkpoint(self) -> None:
        """Take the last message for done if it is a checkpoint: nothing follows."""
        if self._last_command == "checkpoint":
            self.settle()

    def state(self, steps: Iterable[Step]) -> ResumeState:
        """Return what all of this comes to.

        Args:
            steps: The steps from the message before the point on.
        """
        beyond = self._beyond(steps)
        index, command, response = self.point, self._command, self._response
        if beyond.point is not None:
            index, command, response = beyond.point, "set", UNKNOWN
        return ResumeState(
            index=index,
            why=_why(index, command),
            response=response,
            begun=self.begun,
            runs=self._runs.open,
            run_uids=tuple(self._runs.uids),
            ended=self.ended,
            resumed=tuple(self._lives),
            scan_id=self._runs.scan_id,
            obstacle=self._obstacle(beyond),
            disturbed=frozenset(beyond.disturbed),
            set_by_engine=frozenset(self._set_by_engine.difference(self._first_set)),
        )

    def _obstacle(self, beyond: Beyond) -> str | None:
        if self.ended:
            return "it has ended; there is nothing to resume"
        if self._ordered is not None:
            return self._ordered
        if self._cleared:
            return "the plan said that it cannot be rewound (clear_checkpoint)"
        if not self._rewindable or beyond.once is not None:
            what = f", and then {beyond.once!r}" if beyond.once is not None else ""
            return (
                "the plan said that what follows must not be repeated "
                f"(rewindable False{what})"
            )
        if beyond.lost_sight is not None:
            return (
                f"the plan had looked where something is, and then set "
                f"{beyond.lost_sight}, so that it would see something else now"
            )
        if "event_page" in self._made or "stream_datum" in self._made:
            return (
                "it was cut off within 'collect', of which not all documents may have "
                "been made"
            )
        return None


def _answer_of(message: Record, name: str, doc: Document) -> Any:
    """Return what a message was answered that made a document, as far as that tells."""
    if name == "start":
        return doc["uid"]
    if name == "stop":
        return doc["run_start"]
    if message[0] == "declare_stream":
        return [doc, None, list(message[2])]
    return None


def _why(index: int, command: str) -> str:
    if command:
        return f"{command}, message {index}"
    return f"message {index}" if index else "its beginning"
