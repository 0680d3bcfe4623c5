"""Standing: what a plan's messages, said so far, have made of the beamline.

Owns what is staged, configured, moved, monitored and flying, and events half read.
Must not know how a plan is replayed, nor what is done about it.
Test: take messages by hand, look at what stands.
"""

from collections.abc import Callable, Container, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lapwing.errors import ResumeError
from lapwing.messages import Msg


@dataclass(slots=True)
class Move:
    """The last set-point of a device.

    Attributes:
        index: Number of the message by which it was set.
        msg: That message.
        turn: How many waits came before: what was set between two waits was on its
            way at the same time.
        over: Whether it has come there: its group was waited for, or its status
            was done.
    """

    index: int
    msg: Msg
    turn: int
    over: bool = False


@dataclass(slots=True)
class Flight:
    """A device that was kicked off.

    Attributes:
        obj: The device.
        completion: Number of the message by which it was told to complete; None if
            it was not.
    """

    obj: Any
    completion: int | None = None


@dataclass
class Standing:
    """Where the plan stands, as its messages tell.

    Attributes:
        seen: Devices, by name.
        staged: The message by which each staged device was staged, in order.
        configured: Each ``configure`` that set something which no later one of the
            same device has set again, in order.
        prepared: The last ``prepare`` of each device that has not flown nor been
            unstaged since, by its ``id``; of what moves by itself there is none.
        moved: The last set-point of each device, by its ``id``, in the order in which
            they were set. What was stopped, or flew, since then is not among them.
        triggered: Devices that were triggered and not waited for, by group.
        monitored: The message of each monitor, by the device's ``id``.
        flights: Devices kicked off whose data are not all collected, by ``id``.
        bundles: Stream, devices and readings of each open event, by run key.
        collected: Streams, by run key and name, into which devices collect.
        opened: Keys of the open runs, in order.
        resumable: Whether the plan has not said that it cannot be rewound.
        rewindable: Whether what follows may be repeated.
    """

    seen: dict[str, Any] = field(default_factory=dict)
    staged: dict[int, Msg] = field(default_factory=dict)
    configured: list[Msg] = field(default_factory=list)
    prepared: dict[int, Msg] = field(default_factory=dict)
    moved: dict[int, Move] = field(default_factory=dict)
    triggered: dict[Hashable, list[Any]] = field(default_factory=dict)
    monitored: dict[int, Msg] = field(default_factory=dict)
    flights: dict[int, Flight] = field(default_factory=dict)
    bundles: dict[Hashable, tuple[str, list[tuple[Any, Any]]]] = field(
        default_factory=dict
    )
    collected: set[tuple[Hashable, str]] = field(default_factory=set)
    opened: list[Hashable] = field(default_factory=list)
    resumable: bool = True
    rewindable: bool = True
    _turn: int = 0
    _moving: dict[Hashable, list[Move]] = field(default_factory=dict)  # by group

    def see(self, obj: Any) -> None:
        """Note a device.

        Raises:
            ResumeError: There was another one of its name.
        """
        name = getattr(obj, "name", None)
        if not isinstance(name, str):
            return
        if self.seen.setdefault(name, obj) is not obj:
            raise ResumeError(
                f"two devices of the plan are named {name!r}, so that nobody can tell "
                "which one was meant; the call cannot be resumed"
            )

    def take_failed(self, msg: Msg) -> None:
        """Note what a message has changed that ended in an error."""
        if msg.command in _EVEN_IF_FAILED:
            EFFECTS[msg.command](self, -1, msg, None)

    def leave_under_way(self, indices: Container[int]) -> None:
        """Say that of all messages only these have not come to their end."""
        for move in self.moved.values():
            move.over = move.over or move.index not in indices

    def give_up(self, indices: Container[int]) -> None:
        """Forget set-points that devices did not reach: they stay where they are."""
        self.moved = {
            key: move for key, move in self.moved.items() if move.index not in indices
        }

    @property
    def moves(self) -> list[Move]:
        """The set-points in the order in which they are made again.

        Those that are over come first, and then those that nobody has waited for.
        """
        return sorted(self.moved.values(), key=lambda one: not one.over)

    # One for each verb that changes where the plan stands.

    def _on_stage(self, index: int, msg: Msg, answer: Any) -> None:
        if hasattr(msg.obj, "stage"):
            self.staged[id(msg.obj)] = msg

    def _on_unstage(self, index: int, msg: Msg, answer: Any) -> None:
        self.staged.pop(id(msg.obj), None)
        self.prepared.pop(id(msg.obj), None)

    def _on_prepare(self, index: int, msg: Msg, answer: Any) -> None:
        if not hasattr(msg.obj, "set"):  # else it goes to where it would begin to fly
            self.prepared[id(msg.obj)] = msg

    def _on_configure(self, index: int, msg: Msg, answer: Any) -> None:
        now = _settings(msg)
        self.configured = [
            one
            for one in self.configured
            if one.obj is not msg.obj or not _settings(one) <= now
        ]
        # The plan may use its dict again, for what it sets next.
        args = tuple(dict(a) if isinstance(a, Mapping) else a for a in msg.args)
        kept = (msg.command, msg.obj, args, dict(msg.kwargs), msg.run)
        self.configured.append(Msg._make(kept))

    def _on_set(self, index: int, msg: Msg, answer: Any) -> None:
        key = id(msg.obj)
        self.moved.pop(key, None)
        self.moved[key] = move = Move(index, msg, self._turn)
        self._moving.setdefault(msg.kwargs.get("group"), []).append(move)

    def _on_trigger(self, index: int, msg: Msg, answer: Any) -> None:
        self.triggered.setdefault(msg.kwargs.get("group"), []).append(msg.obj)

    def _on_wait(self, index: int, msg: Msg, answer: Any) -> None:
        self._turn += 1
        if answer is False:
            return  # its time was over
        group = msg.kwargs["group"] if "group" in msg.kwargs else (*msg.args, None)[0]
        for move in self._moving.pop(group, ()):
            move.over = True
        self.triggered.pop(group, None)

    def _on_stop(self, index: int, msg: Msg, answer: Any) -> None:
        self.moved.pop(id(msg.obj), None)  # it stays where it is

    def _on_monitor(self, index: int, msg: Msg, answer: Any) -> None:
        self.monitored[id(msg.obj)] = msg

    def _on_unmonitor(self, index: int, msg: Msg, answer: Any) -> None:
        self.monitored.pop(id(msg.obj), None)

    def _on_create(self, index: int, msg: Msg, answer: Any) -> None:
        name = msg.kwargs.get("name") or (*msg.args, "")[0]
        self.bundles[msg.run] = (name, [])

    def _on_read(self, index: int, msg: Msg, answer: Any) -> None:
        if (bundle := self.bundles.get(msg.run)) is not None:
            bundle[1].append((msg.obj, answer))

    def _on_save(self, index: int, msg: Msg, answer: Any) -> None:
        self.bundles.pop(msg.run, None)

    _on_drop = _on_save

    def _on_open_run(self, index: int, msg: Msg, answer: Any) -> None:
        self.opened.append(msg.run)

    def _on_close_run(self, index: int, msg: Msg, answer: Any) -> None:
        self.opened.remove(msg.run)
        self.bundles.pop(msg.run, None)
        self.monitored = {k: m for k, m in self.monitored.items() if m.run != msg.run}

    def _on_kickoff(self, index: int, msg: Msg, answer: Any) -> None:
        self.flights[id(msg.obj)] = Flight(msg.obj)
        self.prepared.pop(id(msg.obj), None)
        self.moved.pop(id(msg.obj), None)  # it flies to where it knows

    def _on_complete(self, index: int, msg: Msg, answer: Any) -> None:
        if (flight := self.flights.get(id(msg.obj))) is not None:
            flight.completion = index

    def _on_collect(self, index: int, msg: Msg, answer: Any) -> None:
        for obj in (msg.obj, *msg.args):
            flight = self.flights.get(id(obj))
            if flight is not None and flight.completion is not None:
                del self.flights[id(obj)]

    def _on_declare_stream(self, index: int, msg: Msg, answer: Any) -> None:
        if msg.kwargs.get("collect"):
            self.collected.add((msg.run, msg.kwargs.get("name", "")))

    def _on_clear_checkpoint(self, index: int, msg: Msg, answer: Any) -> None:
        self.resumable = False

    def _on_rewindable(self, index: int, msg: Msg, answer: Any) -> None:
        if msg.args and msg.args[0] is not None:
            self.rewindable = bool(msg.args[0])


def _settings(msg: Msg) -> set[Hashable]:
    """Return what a ``configure`` sets: keys of dicts, keywords, or places."""
    found: set[Hashable] = set(msg.kwargs)
    if len(msg.args) > 1 and isinstance(msg.args[0], str):
        return {msg.args[0], *found}  # a name, and what is set
    for place, given in enumerate(msg.args):
        found.update(given if isinstance(given, Mapping) else [place])
    return found


_EVEN_IF_FAILED = frozenset({"drop", "save", "unstage"})
EFFECTS: dict[str, Callable[[Standing, int, Msg, Any], None]] = {
    name.removeprefix("_on_"): effect
    for name, effect in vars(Standing).items()
    if name.startswith("_on_")
}
"""What a message of each verb changes, given its number, itself and its response."""
