"""The preview: what will be done before a call that was cut off goes on.

Owns finding it out without touching anything, and the words for it.
Must not know where records are kept, nor do any of it.
Test: cut the records of a call, resume it, look at what ``confirm`` was given.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from lapwing.engine.standing import Standing
from lapwing.journal.resume_state import ResumeState, RunAt
from lapwing.messages import Msg
from lapwing.protocols import resolve

_SAME_PLACE = 1e-3
"""How far a motor may be off and count as where it was: so much of 1, or of where."""


@dataclass(frozen=True)
class Move:
    """A device that will be set again.

    Attributes:
        device: Its name.
        start: Where it is now; None if it does not say.
        target: Where it was sent last.
        unit: The unit of both, or "".
    """

    device: str
    start: Any
    target: Any
    unit: str = ""

    def __str__(self) -> str:
        target = f"{_short(self.target)} {self.unit}".strip()
        if self.start is None:
            return f"{self.device} to {target}"
        if self.start == self.target:
            return f"{self.device} to {target}, where it is"
        return f"{self.device} from {_short(self.start)} to {target}"


@dataclass(frozen=True)
class RunSoFar:
    """A run that goes on.

    Attributes:
        scan_id: Its number, if it has one.
        num_points: Events in its primary stream so far, or in its longest.
        wanted: How many there will be; None if the plan has not said so.
    """

    scan_id: Any
    num_points: int
    wanted: int | None = None

    def __str__(self) -> str:
        if not self.num_points:
            return "before its first point"
        wanted = "" if self.wanted is None else f" of {self.wanted}"
        return f"after point {self.num_points}{wanted}"


@dataclass(frozen=True)
class Preview:
    """What will be done before a call goes on; nothing has been touched yet.

    Attributes:
        plan_name: The plan.
        why: After which of its messages it goes on.
        runs: The open runs.
        stops: Devices that move at this moment, and will be stopped.
        stages: Devices that will be staged.
        configures: Devices whose settings will be made again, or prepared again.
        moves: Devices that will be set again, in order.
        monitors: Devices that will be monitored again.
        notes: What else a person should know, a sentence each.
    """

    plan_name: str
    why: str
    runs: tuple[RunSoFar, ...]
    stops: tuple[str, ...]
    stages: tuple[str, ...]
    configures: tuple[str, ...]
    moves: tuple[Move, ...]
    monitors: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self._where()]
        if self.stops:
            lines.append(f"  stop, for it moves now: {', '.join(self.stops)}")
        for verb, names in (("stage", self.stages), ("configure", self.configures)):
            lines += [f"  {verb}: {', '.join(names)}"] if names else []
        lines += [f"  move {move}" for move in self.moves]
        lines += [f"  monitor: {', '.join(self.monitors)}"] if self.monitors else []
        if len(lines) == 1:
            lines.append("  nothing is moved")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _where(self) -> str:
        if not self.runs:
            name = self.plan_name or "The plan"
            return f"{name} goes on after {self.why}. Before that:"
        name = f" ({self.plan_name})" if self.plan_name else ""
        parts = [f"scan {run.scan_id}{name} goes on {run}" for run in self.runs]
        return f"{', '.join(parts)}. Before that:"


Confirm = Callable[[Preview], bool | Awaitable[bool]]


async def preview(
    state: ResumeState, standing: Standing, others: Iterable[Any] = ()
) -> Preview:
    """Say what will be done; limits are checked.

    Args:
        state: Where the call goes on.
        standing: Where its plan stands.
        others: Devices that the plan was given, and has perhaps moved since.

    Raises:
        LimitError: A device cannot be set again to where it was.
        DisconnectedError: One that is to be looked at does not answer.
    """
    await _connect(standing.seen.values())
    moves: list[Move] = []
    for msg in (one.msg for one in standing.moves):
        target = msg.args[0] if len(msg.args) == 1 else msg.args
        if hasattr(msg.obj, "check_value") and len(msg.args) == 1:
            await resolve(msg.obj.check_value(target))
        unit = getattr(msg.obj, "unit", "")
        start = await _position(msg.obj)
        unit = unit if isinstance(unit, str) else ""
        moves.append(Move(name_of(msg.obj), start, target, unit))
    moving = await moving_devices(standing, others)
    return Preview(
        plan_name=str(state.begun.get("plan_name", "")),
        why=state.why,
        runs=tuple(_so_far(run) for run in state.runs.values()),
        stops=tuple(name_of(obj) for obj in moving),
        stages=tuple(name_of(msg.obj) for msg in standing.staged.values()),
        configures=_names((*standing.configured, *standing.prepared.values())),
        moves=tuple(moves),
        monitors=tuple(name_of(msg.obj) for msg in standing.monitored.values()),
        notes=tuple(_notes(state, standing, moves, {name_of(one) for one in moving})),
    )


def _names(messages: Iterable[Msg]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name_of(msg.obj) for msg in messages))


def _notes(
    state: ResumeState,
    standing: Standing,
    moves: Iterable[Move],
    moving: Collection[str],
) -> Iterable[str]:
    for move in moves:
        if move.device in moving or move.device in state.disturbed:
            continue  # it was on its way when the process died
        then = _last_seen(state, move)
        if not isinstance(move.start, int | float) or not isinstance(then, int | float):
            continue
        if abs(move.start - then) > _SAME_PLACE * max(1.0, abs(then)):
            yield (
                f"{move.device} was at {_short(then)} and is at {_short(move.start)} "
                "now: it was moved since"
            )
    for name in sorted(state.set_by_engine):
        yield f"{name} was set while the plan was suspended, and is not set back"
    for obj in (one for objs in standing.triggered.values() for one in objs):
        yield f"{name_of(obj)} was triggered before, and is not triggered again"


def _last_seen(state: ResumeState, move: Move) -> Any:
    """Return where a device was read last, or else where it was sent."""
    found, newest = move.target, -1
    streams = (s for run in state.runs.values() for s in run.streams.values())
    for stream in streams:
        keys = stream.descriptor["object_keys"].get(move.device, ())
        if stream.last is None or move.device not in keys:
            continue
        if stream.last_record > newest:
            newest, found = stream.last_record, stream.last[move.device]
    return found


def _so_far(run: RunAt) -> RunSoFar:
    counts = {name: stream.seq_num for name, stream in run.streams.items()}
    count = counts.get("primary", max(counts.values(), default=0))
    wanted = run.start.get("num_points")
    return RunSoFar(
        run.start.get("scan_id"), count, wanted if isinstance(wanted, int) else None
    )


async def _connect(devices: Iterable[Any]) -> None:
    """Connect devices that a plan connects by itself, for they are looked at here."""
    for obj in tuple(devices):
        if getattr(obj, "connected", True) is False and hasattr(obj, "connect"):
            await resolve(obj.connect())


async def _position(obj: Any) -> Any:
    """Return where a device is, if it says so."""
    if hasattr(obj, "locate"):
        return (await resolve(obj.locate()))["readback"]
    position = getattr(obj, "position", None)
    return None if callable(position) else position


async def moving_devices(standing: Standing, others: Iterable[Any] = ()) -> list[Any]:
    """Return the devices that say they move at this moment, and can be stopped.

    Those are looked at that the plan has spoken to before the point where it goes
    on; and others that it was given, for it may have moved them behind that point.
    """
    found = []
    known = {id(obj): obj for obj in (*standing.seen.values(), *others)}
    for obj in known.values():
        moving = getattr(obj, "moving", False)
        if callable(moving):
            moving = await resolve(moving())
        if moving is True and hasattr(obj, "stop"):
            found.append(obj)
    return found


def name_of(obj: Any) -> str:
    """Return the name of a device."""
    return str(getattr(obj, "name", obj))


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
