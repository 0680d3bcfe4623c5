"""Wherever a call is cut off, it goes on to the documents it would have made at once.

The hardware outlives the process: motors stay where they were, or arrive meanwhile.
A call is cut off behind each of its records; a new process with new devices takes it
up, is cut off itself, and a third one takes it to its end. Then each point is in the
documents once, numbered without gaps, with the data of a call that nobody cut off.
"""

import asyncio
import os
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing import Engine, Msg, plans
from lapwing.engine import MemoryRecorder, device_loop, recorded
from lapwing.engine.resume import close_call
from lapwing.errors import ReplayMismatchError, ResumeError
from lapwing.journal.codec import Kind
from lapwing.preprocessors import baseline_wrapper, monitor_during_wrapper
from lapwing.status import Status

MODEST = settings(
    derandomize="CI" in os.environ,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow],
)

# ---------------------------------------------------------------- the beamline


@dataclass
class Hardware:
    """What a crash of the process does not change."""

    at: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    target: dict[str, float] = field(default_factory=dict)
    gain: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    staged: list[str] = field(default_factory=list)

    def copy(self) -> "Hardware":
        twin = Hardware()
        twin.at.update(self.at)
        twin.target.update(self.target)
        twin.gain.update(self.gain)
        return twin

    def settle(self) -> None:
        """Let everything arrive."""
        self.at.update(self.target)


class Motor:
    """A motor that arrives two turns of the loop later."""

    parent = None

    def __init__(self, hardware: Hardware, name: str):
        self.hardware = hardware
        self.name = name
        self.hints = {"fields": [name]}
        self.moves: list[float] = []

    @property
    def position(self) -> float:
        return self.hardware.at[self.name]

    def set(self, value: float) -> Status:
        self.moves.append(value)
        self.hardware.target[self.name] = value
        status = Status(self.name, f"move to {value}")
        event_loop = asyncio.get_running_loop()

        def arrive() -> None:
            if self.hardware.target.get(self.name) == value:
                self.hardware.at[self.name] = value
            status.set_finished()

        event_loop.call_soon(event_loop.call_soon, arrive)
        return status

    def stop(self, success: bool = True) -> None:
        pass

    def read(self) -> Any:
        return {self.name: {"value": float(self.position), "timestamp": 1.0}}

    def describe(self) -> Any:
        return {self.name: {"source": "t", "dtype": "number", "shape": []}}

    def __repr__(self) -> str:
        return f"<Motor {self.name}>"


class Detector:
    """A detector whose value depends on where the motors are, and on its gain."""

    parent = None

    def __init__(self, hardware: Hardware, name: str, motors: list[Motor]):
        self.hardware = hardware
        self.name = name
        self.hints = {"fields": [name]}
        self.motors = motors

    def trigger(self) -> Status:
        return Status.finished()

    def stage(self) -> list[Any]:
        self.hardware.staged.append(self.name)
        return [self]

    def unstage(self) -> list[Any]:
        self.hardware.staged.remove(self.name)
        return [self]

    def value(self) -> float:
        where = sum(2.0**i * m.position for i, m in enumerate(self.motors))
        return where * self.hardware.gain[self.name]

    def read(self) -> Any:
        return {self.name: {"value": self.value(), "timestamp": 1.0}}

    def describe(self) -> Any:
        return {self.name: {"source": "t", "dtype": "number", "shape": []}}

    def configure(self, gain: int) -> Any:
        old = self.read_configuration()
        self.hardware.gain[self.name] = gain
        return old, self.read_configuration()

    def read_configuration(self) -> Any:
        gain = self.hardware.gain[self.name]
        return {f"{self.name}_gain": {"value": gain, "timestamp": 1.0}}

    def describe_configuration(self) -> Any:
        return {f"{self.name}_gain": {"source": "t", "dtype": "integer", "shape": []}}

    def __repr__(self) -> str:
        return f"<Detector {self.name}>"


class AsyncDetector(Detector):
    async def read(self) -> Any:
        await asyncio.sleep(0)
        return super().read()

    async def describe(self) -> Any:
        await asyncio.sleep(0)
        return super().describe()


class Signal:
    """Something that tells of its changes, and of its value at once."""

    parent = None

    def __init__(self, hardware: Hardware, name: str):
        self.name = name
        self.functions: list[Any] = []

    def read(self) -> Any:
        return {self.name: {"value": 1.0, "timestamp": 1.0}}

    def describe(self) -> Any:
        return {self.name: {"source": "t", "dtype": "number", "shape": []}}

    def subscribe(self, function: Any) -> None:
        self.functions.append(function)
        function(self.read())

    def clear_sub(self, function: Any) -> None:
        self.functions.remove(function)

    def tell(self) -> None:
        for function in list(self.functions):
            function(self.read())

    def __repr__(self) -> str:
        return f"<Signal {self.name}>"


class Beamline:
    """The devices of one process."""

    def __init__(self, hardware: Hardware):
        self.hardware = hardware
        self.x, self.y = Motor(hardware, "x"), Motor(hardware, "y")
        self.det = Detector(hardware, "det", [self.x, self.y])
        self.dx = Detector(hardware, "dx", [self.x])
        self.dy = AsyncDetector(hardware, "dy", [self.y])
        self.signal = Signal(hardware, "s")


# ---------------------------------------------------------------- processes


class Recorder(MemoryRecorder):
    """Keeps every record at once, and what the hardware was before and behind it."""

    def __init__(self, hardware: Hardware, records: list[Any] = []):  # noqa: B006
        super().__init__()
        self.store.records = list(records)
        self._written = len(records)
        self.hardware = hardware
        self.seen: list[tuple[int, Hardware]] = []

    @property
    def length(self) -> int:
        return len(self.store.records)

    def hardware_at(self, cut: int, *, late: bool) -> Hardware:
        """The hardware just behind a record, or just before the next one."""
        lengths = [length for length, _ in self.seen]
        place = bisect_right(lengths, cut) - 1
        if not late:
            while place and lengths[place - 1] == lengths[place]:
                place -= 1
        return self.seen[max(place, 0)][1].copy()


def _at_once(name: str) -> Any:
    def told(self: Recorder, *args: Any) -> Any:
        self.seen.append((self.length, self.hardware.copy()))
        answer = getattr(super(Recorder, self), name)(*args)
        self.flush()
        self.seen.append((self.length, self.hardware.copy()))
        return answer

    return told


for _name in (
    *("begin", "message", "sent", "thrown", "note", "document"),
    *("paused", "taken_up", "resumed", "end"),
):
    setattr(Recorder, _name, _at_once(_name))


@dataclass
class Life:
    """What one process did for a call."""

    recorder: Recorder
    beamline: Beamline
    result: Any = None
    error: BaseException | None = None
    previews: list[Any] = field(default_factory=list)

    @property
    def records(self) -> list[Any]:
        return self.recorder.records


def live(
    plan: Any,
    hardware: Hardware,
    records: list[Any] | None = None,
    *,
    pauses: tuple[int, ...] = (),
    suspensions: tuple[int, ...] = (),
    **options: Any,
) -> Life:
    """Run a plan in a process of its own, or take up what another one left."""
    beamline = Beamline(hardware)
    recorder = Recorder(hardware, records or [])
    life = Life(recorder, beamline)

    async def no_time(seconds: float) -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        engine = Engine({}, recorder=recorder, sleep=no_time, **options)
        said = 0

        def hook(msg: Msg) -> None:
            nonlocal said
            said += 1
            if said in pauses and engine.state == "running":
                engine.request_pause()
            if said in suspensions:
                engine.request_suspend(lambda: asyncio.sleep(0))

        engine.msg_hook = hook
        made = plan(beamline)
        if records is None:
            todo = engine.run(made, sample="A")
        else:
            todo = engine.resume_call(
                records, made, confirm=lambda p: life.previews.append(p) or True
            )
        while True:
            result = await todo
            if not result.paused:
                break
            todo = engine.resume()
        life.result = result

    device_loop._loop = None
    try:
        asyncio.run(main())
    except Exception as exc:  # noqa: BLE001 - any error is an outcome
        life.error = exc
    return life


# ---------------------------------------------------------------- what came of it


def runs_of(records: list[Any]) -> dict[str, dict[str, Any]]:
    """What the documents say, by run: start, stop, and the events of each stream."""
    runs: dict[str, dict[str, Any]] = {}
    streams: dict[str, tuple[str, str]] = {}
    for record in records:
        if record[0] != Kind.DOCUMENT:
            continue
        name, doc = record[1:]
        if name == "start":
            assert doc["uid"] not in runs, "a run began twice"
            runs[doc["uid"]] = {"start": doc, "stops": [], "events": defaultdict(list)}
        elif name == "descriptor":
            assert not runs[doc["run_start"]]["stops"]
            streams[doc["uid"]] = (doc["run_start"], doc["name"])
            runs[doc["run_start"]]["events"][doc["name"]] += []
        elif name == "event":
            uid, stream = streams[doc["descriptor"]]
            assert not runs[uid]["stops"], "an event came after the end"
            runs[uid]["events"][stream].append(doc)
        elif name == "stop":
            runs[doc["run_start"]]["stops"].append(doc)
    return runs


CHANCE = ("s_monitor", "interruptions")  # how many events these have is chance


def summary(records: list[Any], *, exactly_once: bool) -> list[Any]:
    """What must be the same however often a call was cut off."""
    found = []
    for run in runs_of(records).values():
        start = {k: v for k, v in run["start"].items() if k not in ("uid", "time")}
        (stop,) = run["stops"]
        points = {}
        for stream, events in run["events"].items():
            numbers = [event["seq_num"] for event in events]
            if exactly_once or stream in CHANCE:
                assert numbers == list(range(1, len(numbers) + 1)), (stream, numbers)
            assert stop["num_events"][stream] == max(numbers, default=0)
            if stream not in CHANCE:
                points[stream] = {e["seq_num"]: e["data"] for e in events}
        found.append((start, stop["exit_status"], stop["reason"], points))
    return found


def outcome(life: Life, *, exactly_once: bool = True) -> Any:
    life.beamline.hardware.settle()
    value = None if life.result is None else life.result.plan_result
    uids = [run["start"]["uid"] for run in runs_of(life.records).values()]
    value = f"run {uids.index(value)}" if value in uids else value
    return (
        summary(life.records, exactly_once=exactly_once),
        dict(life.beamline.hardware.at),
        value,
        None if life.error is None else (type(life.error), str(life.error)),
    )


def check_closing(records: list[Any]) -> None:
    """A call that cannot go on is closed; each run then has one stop."""
    recorder = Recorder(Hardware(), records)
    close_call(records, recorder, "it was cut off", clock=lambda: 1.0)
    runs = runs_of(recorder.records)
    open_before = {uid for uid, run in runs_of(records).items() if not run["stops"]}
    for uid, run in runs.items():
        (stop,) = run["stops"]
        if uid in open_before:
            assert (stop["exit_status"], stop["reason"]) == ("abort", "it was cut off")
        for stream, events in run["events"].items():
            most = max((event["seq_num"] for event in events), default=0)
            assert stop["num_events"][stream] == most
    assert recorder.records[-1][0] == Kind.END


def is_for(why: str | None, error: Exception) -> bool:
    return why is not None and why in str(error)


def check_everywhere(
    plan: Any,
    *,
    late: bool = False,
    again: bool = True,
    resumable: bool = True,
    may_refuse: str | None = None,
    exactly_once: bool = True,
    cuts: Any = None,
    **options: Any,
) -> list[str]:
    """Cut a call off behind each record, and its resumption behind another one.

    The second is in turn in the first, the middle and the last part of what followed.

    Returns:
        Why it could not be resumed, wherever it could not.
    """
    first = live(plan, Hardware(), **options)
    wanted = outcome(first, exactly_once=exactly_once)
    assert first.records[-1][0] == Kind.END
    again_options = {k: v for k, v in options.items() if k == "record_interruptions"}
    refused = []
    for cut in range(1, len(first.records)) if cuts is None else cuts:
        records = first.records[:cut]
        hardware = first.recorder.hardware_at(cut, late=late)
        second = live(plan, hardware, records, **again_options)
        if isinstance(second.error, ResumeError):
            assert not resumable or is_for(may_refuse, second.error), (
                cut,
                second.error,
            )
            assert second.records == records
            check_closing(records)
            refused.append(str(second.error))
            continue
        assert outcome(second, exactly_once=exactly_once) == wanted, cut
        check_closing(records)
        if not again:
            continue
        more = len(second.records) - cut - 1
        cut_again = cut + max(1, more * (cut % 3 + 1) // 4)
        records = second.records[:cut_again]
        hardware = second.recorder.hardware_at(cut_again, late=late)
        third = live(plan, hardware, records, **again_options)
        if isinstance(third.error, ResumeError) and (
            not resumable or is_for(may_refuse, third.error)
        ):
            continue
        assert outcome(third, exactly_once=exactly_once) == wanted, (cut, cut_again)
    return refused


# ---------------------------------------------------------------- the field's plans


def interleaved(b: Beamline) -> Any:
    """Two runs, whose events are open at the same time."""
    for run in "ab":
        yield Msg("open_run", run=run)
    for i in range(3):
        yield Msg("checkpoint")
        yield Msg("set", b.x, i, group="x")
        yield Msg("wait", group="x")
        yield Msg("create", name="primary", run="a")
        yield Msg("read", b.x, run="a")
        yield Msg("create", name="primary", run="b")
        yield Msg("read", b.dx, run="b")
        yield Msg("save", run="b")
        yield Msg("read", b.dx, run="a")
        yield Msg("save", run="a")
    for run in "ab":
        yield Msg("close_run", run=run)
    return "done"


def climbing(b: Beamline) -> Any:
    """Where to go next depends on what was read."""
    uid = yield Msg("open_run")
    where = 1.0
    while where < 40:
        yield Msg("checkpoint")
        yield Msg("set", b.x, where, group="m")
        yield Msg("wait", group="m")
        yield Msg("create", name="primary")
        reading = yield Msg("read", b.dx)
        yield Msg("read", b.x)
        yield Msg("save")
        where += reading["dx"]["value"] + 1
    yield Msg("close_run")
    return uid


def configured(b: Beamline) -> Any:
    yield Msg("stage", b.dx)
    yield Msg("open_run")
    for gain in (2, 3):
        _, new = yield Msg("configure", b.dx, gain)
        assert new["dx_gain"]["value"] == gain
        yield from point(b, [b.dx, b.x], move=(b.x, gain))
    yield Msg("close_run")
    yield Msg("unstage", b.dx)


def point(b: Beamline, devices: list[Any], move: Any = None, run: Any = None) -> Any:
    yield Msg("checkpoint")
    if move is not None:
        yield Msg("set", move[0], move[1], group="p")
        yield Msg("wait", group="p")
    yield Msg("create", name="primary", run=run)
    for device in devices:
        yield Msg("read", device, run=run)
    yield Msg("save", run=run)


def on_its_way(b: Beamline) -> Any:
    """A motor is sent off, and waited for after an event of another one."""
    yield Msg("open_run")
    for i in (1, 2):
        yield Msg("checkpoint")
        status = yield Msg("set", b.x, i, group="x")
        assert hasattr(status, "add_callback")
        yield Msg("set", b.y, -i, group="y")
        yield Msg("wait", group="y")
        yield Msg("create", name="other")
        yield Msg("read", b.dy)
        yield Msg("save")
        yield Msg("wait", group="x")
        assert status.done
        yield Msg("create", name="primary")
        yield Msg("read", b.dx)
        yield Msg("read", b.dy)
        yield Msg("save")
    yield Msg("close_run")


def mended(b: Beamline) -> Any:
    """An error is caught, and what follows depends on it."""
    yield Msg("open_run")
    caught = []
    for i in (1, 2):
        try:
            yield Msg("dance", b.x)
        except KeyError as exc:
            caught.append(type(exc).__name__)
        yield from point(b, [b.dx], move=(b.x, i * len(caught)))
    try:
        yield Msg("create", name="odd")
        yield Msg("read", b.dx)
        yield Msg("drop")
        yield Msg("save")
    except Exception as exc:  # noqa: BLE001 - whichever it is
        caught.append(type(exc).__name__)
    yield Msg("close_run")
    return caught


def looking(b: Beamline) -> Any:
    """The plan looks at the world, between messages and before the first."""
    seen = [recorded(lambda: b.x.position)]
    yield Msg("open_run", looked=seen[0])
    for i in (1, 2, 3):
        seen.append(recorded(lambda: b.x.position + b.y.position))
        yield from point(b, [b.x], move=(b.x, seen[-1] + i))
        try:
            recorded([].pop)
        except IndexError:
            seen.append(-1)
    yield Msg("close_run")
    return seen


def subscribing(b: Beamline) -> Any:
    """What a plan's own subscriber has heard decides what it does."""
    heard: list[Any] = []
    token = yield Msg("subscribe", None, lambda name, doc: heard.append(name), "all")
    yield Msg("open_run")
    for i in (1, 2):
        yield from point(b, [b.dx], move=(b.x, i))
    yield Msg("unsubscribe", None, token)
    yield from point(b, [b.dx], move=(b.x, 3))
    yield Msg("close_run")
    return heard


def monitored(b: Beamline) -> Any:
    def inner() -> Any:
        uid = yield Msg("open_run")
        for i in (1, 2):
            yield from point(b, [b.dx], move=(b.x, i))
            b.signal.tell()
        yield Msg("close_run")
        return uid

    return monitor_during_wrapper(inner(), [b.signal])


def two_in_a_row(b: Beamline) -> Any:
    for _ in range(2):
        yield Msg("open_run")
        yield from point(b, [b.dx], move=(b.x, 1))
        yield Msg("close_run")
    return "done"


PLANS = {
    "scan": lambda b: plans.scan([b.dx], b.x, 0, 3, num=4),
    "rel_scan": lambda b: plans.rel_scan([b.dx], b.x, -1, 1, num=3),
    "count": lambda b: plans.count([b.det], num=3, delay=0.001),
    "grid": lambda b: plans.grid_scan([b.det], b.x, 0, 1, 2, b.y, 0, 2, 3),
    "baseline": lambda b: baseline_wrapper(
        plans.scan([b.dx, b.dy], b.x, 0, 1, num=2), [b.x, b.y]
    ),
    "adaptive": lambda b: plans.adaptive_scan(
        [b.dx], "dx", b.x, 0, 2, 0.5, 1, 0.5, backstep=True
    ),
    "interleaved": interleaved,
    "climbing": climbing,
    "configured": configured,
    "on its way": on_its_way,
    "mended": mended,
    "looking": looking,
    "subscribing": subscribing,
    "monitored": monitored,
    "two in a row": two_in_a_row,
}


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("name", PLANS)
def test_a_call_goes_on_from_behind_each_of_its_records(name, late):
    check_everywhere(PLANS[name], late=late)


def failing(b: Beamline) -> Any:
    """A plan that raises in a run, and leaves it to the engine to close it."""
    yield Msg("open_run")
    try:
        yield from point(b, [b.dx], move=(b.x, 3))
        raise OSError("no beam")
    finally:
        yield Msg("set", b.x, 0, group="back")
        yield Msg("wait", group="back")


def test_a_call_that_was_at_its_end_is_only_closed():
    first = live(failing, Hardware())
    stop = [record[1:2] for record in first.records].index(["stop"]) + 1

    assert check_everywhere(failing, cuts=range(1, stop)) == []
    refused = check_everywhere(
        failing, cuts=range(stop, len(first.records)), resumable=False
    )
    assert len(refused) == len(first.records) - stop
    assert all("it was at its end" in why for why in refused)


def cuts_from(kind: Kind, plan: Any, **options: Any) -> range:
    """Where to cut a call off from its first record of a kind on.

    Before that nothing is different, and was cut off elsewhere.
    """
    records = live(plan, Hardware(), **options).records
    kinds = [record[0] for record in records]
    return range(kinds.index(kind), len(records))


@pytest.mark.parametrize("at", range(3, 20, 3))
@pytest.mark.parametrize("name", ["scan", "interleaved", "climbing", "rel_scan"])
def test_a_call_that_was_paused_before_goes_on(name, at):
    options = {"pauses": (at, at + 9), "record_interruptions": at % 2 == 1}
    cuts = cuts_from(Kind.PAUSED, PLANS[name], **options)
    check_everywhere(PLANS[name], exactly_once=False, cuts=cuts, **options)


@pytest.mark.parametrize("at", range(3, 18, 4))
@pytest.mark.parametrize("name", ["scan", "interleaved", "climbing", "monitored"])
def test_a_call_that_was_suspended_before_goes_on(name, at):
    cuts = cuts_from(Kind.ENGINE, PLANS[name], suspensions=(at,))
    check_everywhere(PLANS[name], suspensions=(at,), exactly_once=False, cuts=cuts)


# ---------------------------------------------------------------- random plans

keys = st.sampled_from(["a", "b"])
STEPS = st.one_of(
    st.tuples(st.just("event"), keys, st.sets(st.integers(0, 3), min_size=1)),
    st.tuples(st.just("event"), keys, st.sets(st.integers(0, 3), min_size=1)),
    st.tuples(st.just("open"), keys),
    st.tuples(st.just("read"), keys, st.integers(0, 3)),
    st.tuples(st.just("save"), keys),
    st.tuples(st.just("move"), st.integers(0, 1), st.integers(-5, 5), st.booleans()),
    st.tuples(st.just("move"), st.integers(0, 1), st.integers(-5, 5), st.booleans()),
    st.tuples(st.just("arrive"), st.integers(0, 1)),
    st.tuples(st.just("configure"), st.integers(2, 4)),
    st.tuples(st.just("run"), keys),
    st.tuples(st.sampled_from(["checkpoint", "sleep", "null", "look", "tell"])),
    st.tuples(st.sampled_from(["stage", "unstage", "monitor", "unmonitor"])),
)


def random_plan(steps: list[Any]) -> Any:  # noqa: C901, PLR0915 - a case a step
    """Say the steps that make sense where they come."""

    def plan(b: Beamline) -> Any:  # noqa: C901, PLR0915
        motors, readables = [b.x, b.y], [b.x, b.dx, b.y, b.dy]
        needs = {b.x: b.x, b.dx: b.x, b.y: b.y, b.dy: b.y}
        under_way: set[Any] = set()
        bundles: dict[str, list[Any]] = {}
        runs: list[str] = []
        staged = watched = False
        total = 0.0

        def settle(motor: Any) -> Any:
            if motor in under_way:
                under_way.discard(motor)
                yield Msg("wait", group=motor.name)

        for key in ("a", "b"):
            runs.append(key)
            yield Msg("open_run", run=key)
        for verb, *args in steps:
            if verb == "event" and args[0] in runs and args[0] not in bundles:
                devices = [readables[i] for i in sorted(args[1])]
                for device in devices:
                    yield from settle(needs[device])
                stream = "-".join(str(i) for i in sorted(args[1]))
                yield Msg("create", name=stream, run=args[0])
                for device in devices:
                    reading = yield Msg("read", device, run=args[0])
                    total += reading[device.name]["value"]
                yield Msg("save", run=args[0])
            elif verb == "open" and args[0] in runs and args[0] not in bundles:
                bundles[args[0]] = []
                stream = f"open {sum(map(len, bundles.values()))} {len(runs)}"
                yield Msg("create", name=f"{stream} {total}", run=args[0])
            elif verb == "read" and args[0] in bundles:
                device = readables[args[1]]
                if device not in bundles[args[0]]:
                    yield from settle(needs[device])
                    bundles[args[0]].append(device)
                    reading = yield Msg("read", device, run=args[0])
                    total += reading[device.name]["value"]
            elif verb == "save" and bundles.get(args[0]):
                del bundles[args[0]]
                yield Msg("save", run=args[0])
            elif verb == "move":
                motor, value, wait = motors[args[0]], float(args[1]), args[2]
                yield from settle(motor)
                yield Msg("set", motor, value, group=motor.name)
                under_way.add(motor)
                if wait:
                    yield from settle(motor)
            elif verb == "arrive":
                yield from settle(motors[args[0]])
            elif verb == "configure" and not bundles:
                answer = yield Msg("configure", b.dx, args[0])
                total += answer[1]["dx_gain"]["value"]
            elif verb == "run" and args[0] in runs and args[0] not in bundles:
                if not (args[0] == "a" and watched):
                    total += len((yield Msg("close_run", run=args[0])))
                    yield Msg("open_run", run=args[0], total=total)
            elif verb == "checkpoint" and not bundles:
                yield Msg("checkpoint")
            elif verb in ("null", "sleep"):
                yield Msg(verb, None, *([0.1] if verb == "sleep" else []))
            elif verb == "look":
                for motor in motors:
                    yield from settle(motor)
                total += recorded(lambda: b.x.position - b.y.position)
                yield Msg("null", None, total)
            elif verb == "tell":
                b.signal.tell()
            elif verb in ("stage", "unstage") and staged == (verb == "unstage"):
                staged = verb == "stage"
                yield Msg(verb, b.dx)
            elif verb in ("monitor", "unmonitor") and watched == (verb == "unmonitor"):
                watched = verb == "monitor"
                keywords = {"name": "s_monitor"} if watched else {}
                yield Msg(verb, b.signal, run="a", **keywords)
        for motor in motors:
            yield from settle(motor)
        for key in runs:
            if key in bundles:
                yield Msg("drop", run=key)
            yield Msg("close_run", run=key)
        return total

    return plan


@MODEST
@given(st.lists(STEPS, max_size=14), st.booleans())
def test_whatever_a_plan_says_it_goes_on_to_the_same_documents(steps, late):
    # Where it reads in between, what it saw before a first move it would see no more.
    check_everywhere(random_plan(steps), late=late, may_refuse="had looked")


# ---------------------------------------------------------------- what cannot go on


def test_a_plan_that_says_something_else_is_told_both_and_its_run_is_closed():
    limits = iter([4, 5])

    def changing(b: Beamline) -> Any:
        return plans.scan([b.dx], b.x, 0, next(limits), num=4)

    first = live(changing, Hardware())
    cut = len(first.records) - 8
    second = live(changing, Hardware(), first.records[:cut])

    assert isinstance(second.error, ReplayMismatchError)
    assert "4" in str(second.error)
    assert "5" in str(second.error)
    assert second.beamline.x.moves == []
    (run,) = runs_of(second.records).values()
    (stop,) = run["stops"]
    assert stop["exit_status"] == "abort"
    assert stop["reason"] == str(second.error)


def test_nothing_moves_without_a_yes():
    first = live(PLANS["scan"], Hardware())
    records = first.records[:40]
    hardware = Hardware()
    beamline = Beamline(hardware)
    recorder = Recorder(hardware, records)

    async def main() -> None:
        engine = Engine({}, recorder=recorder)
        with pytest.raises(ResumeError):
            await engine.resume_call(
                records, PLANS["scan"](beamline), confirm=lambda preview: False
            )
        assert engine.state == "idle"

    device_loop._loop = None
    asyncio.run(main())
    assert beamline.x.moves == []
    assert hardware.staged == []
    assert recorder.records == records


def without_way_back(b: Beamline) -> Any:
    yield Msg("open_run")
    yield from point(b, [b.dx], move=(b.x, 1))
    yield Msg("clear_checkpoint")
    yield Msg("set", b.x, 2, group="m")
    yield Msg("wait", group="m")
    yield Msg("create", name="primary")
    yield Msg("read", b.dx)
    yield Msg("save")
    yield Msg("close_run")


def not_to_be_repeated(b: Beamline) -> Any:
    yield Msg("open_run")
    yield from point(b, [b.dx], move=(b.x, 1))
    yield Msg("rewindable", None, False)
    yield Msg("set", b.x, 2, group="m")
    yield Msg("wait", group="m")
    yield Msg("rewindable", None, True)
    yield from point(b, [b.dx], move=(b.x, 3))
    yield Msg("close_run")


@pytest.mark.parametrize(
    ("plan", "until"),
    [(without_way_back, "close_run"), (not_to_be_repeated, "rewindable")],
)
def test_where_a_plan_must_not_be_repeated_it_is_not(plan, until):
    """What it says under such an order is said once, whoever cuts it off."""
    first = live(plan, Hardware())
    said = [record[0] for record in first.records]
    order = "rewindable" if "rewindable" in said else "clear_checkpoint"
    begin = said.index("set", said.index(order)) + 1
    cuts = range(begin, said.index(until, begin) + 1)
    refused = check_everywhere(plan, resumable=False, again=False, cuts=cuts)
    assert len(refused) == len(cuts)
