"""Whatever a plan says and whoever interrupts it, the engine keeps its promises.

Random plans, good and bad, meet random interruptions. Afterwards each run is closed
once, each event has its descriptor and its number, what moved is stopped, what was
staged is unstaged in reverse order, the states have followed their table, nothing is
left on the loop, and the engine can run again.
"""

import asyncio
import gc
import os
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import Documents, make_engine

from lapwing import Engine, Msg
from lapwing.engine import announce, device_loop, garbage, loop
from lapwing.engine.states import TRANSITIONS, State
from lapwing.status import Status

MODEST = settings(
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)

# ---------------------------------------------------------------- the beamline


@dataclass
class World:
    """Devices, what has happened to them, and what shall go wrong next."""

    log: list[tuple[str, str]] = field(default_factory=list)
    plan_over: bool = False
    failures: set[str] = field(default_factory=set)
    tasks: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.motors = [Motor(self, "x"), Motor(self, "y")]
        self.detectors = [Detector(self, "d"), AsyncDetector(self, "a")]
        self.signal = Signal(self, "s")
        self.flyer = Flyer(self, "f")
        self.readables = [*self.detectors, *self.motors]

    def note(self, device: str, deed: str) -> None:
        self.log.append((device, deed))
        if "device" in self.failures:
            self.failures.discard("device")
            raise OSError(f"{device} failed to {deed}")


class Device:
    parent = None

    def __init__(self, world: World, name: str):
        self.world = world
        self.name = name

    def reading(self) -> Any:
        return 1.0

    def read(self) -> Any:
        self.world.note(self.name, "read")
        return {self.name: {"value": self.reading(), "timestamp": 1.0}}

    def describe(self) -> Any:
        return {self.name: {"source": "t", "dtype": "number", "shape": []}}

    def stage(self) -> Any:
        self.world.note(self.name, "stage")
        return [self]

    def unstage(self) -> Any:
        self.world.log.append((self.name, f"unstage {self.world.plan_over}"))
        return [self]


class Detector(Device):
    def trigger(self) -> Status:
        self.world.note(self.name, "trigger")
        return soon(self)


class AsyncDetector(Detector):
    async def read(self) -> Any:
        await asyncio.sleep(0)
        return super().read()

    async def describe(self) -> Any:
        await asyncio.sleep(0)
        return super().describe()

    def unstage(self) -> Status:
        super().unstage()
        return soon(self)

    def pause(self) -> None:
        self.world.log.append((self.name, "pause"))

    async def resume(self) -> None:
        self.world.log.append((self.name, "resume"))


class Motor(Device):
    at = 0.0
    target = 0.0

    def set(self, value: float) -> Status:
        self.world.note(self.name, "set")
        self.target = value
        return soon(self, self.arrive)

    def arrive(self) -> None:
        self.at = self.target

    def stop(self, success: bool = True) -> None:
        self.world.log.append((self.name, "stop"))
        self.target = self.at  # it stays where it is

    def reading(self) -> float:
        return self.at


def soon(device: Device, then: Any = lambda: None) -> Status:
    """A status that ends after two turns of the loop, in failure if it shall."""
    status = Status(device.name, "act")
    event_loop = asyncio.get_running_loop()

    def end() -> None:
        then()
        if "status" in device.world.failures:
            device.world.failures.discard("status")
            status.set_exception(OSError("it broke"))
        else:
            status.set_finished()

    event_loop.call_soon(event_loop.call_soon, end)
    return status


class Signal(Device):
    def __init__(self, world: World, name: str):
        super().__init__(world, name)
        self.functions: list[Any] = []

    def subscribe(self, function: Any) -> None:
        self.functions.append(function)

    def clear_sub(self, function: Any) -> None:
        self.functions.remove(function)

    def tell(self) -> None:
        for function in list(self.functions):
            function({self.name: {"value": 1, "timestamp": 1.0}})


class Flyer(Device):
    left = 0

    def kickoff(self) -> Status:
        self.left += 2
        return soon(self)

    def complete(self) -> Status:
        return soon(self)

    def describe_collect(self) -> Any:
        return {"flown": {"f": {"source": "t", "dtype": "number", "shape": []}}}

    def collect(self) -> Any:
        left, self.left = self.left, 0
        for i in range(left):
            yield {"time": 1.0, "data": {"f": i}, "timestamps": {"f": 1.0}}


# ---------------------------------------------------------------- plans

keys = st.sampled_from([None, None, "k"])
streams = st.sampled_from(["primary", "other"])
places = st.integers(0, 1)
values = st.integers(-5, 5)

GOOD = st.one_of(
    st.tuples(st.just("event"), keys, streams, st.sets(st.integers(0, 3), min_size=1)),
    st.tuples(st.just("move"), places, values, st.booleans()),
    st.tuples(st.just("trigger"), places),
    st.tuples(st.sampled_from(["stage", "unstage"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["checkpoint", "sleep", "null", "tell", "subscribe"])),
    st.tuples(st.just("rewindable"), st.booleans()),
    st.tuples(st.sampled_from(["monitor", "fly", "kickoff"]), keys),
    st.tuples(st.just("pause"), st.booleans()),
)
BAD = st.one_of(
    st.tuples(
        st.sampled_from(["open_run", "close_run", "create", "save", "drop"]), keys
    ),
    st.tuples(st.sampled_from(["clear_checkpoint", "dance", "unmonitor", "collect"])),
    st.tuples(st.sampled_from(["no message", "no device", "raise", "leave", "status"])),
)


def nested(steps: Any) -> Any:
    bodies = st.lists(steps, max_size=4)
    return st.one_of(
        st.tuples(st.just("run"), keys, bodies),
        st.tuples(st.just("finally"), bodies, bodies),
        st.tuples(st.just("catch"), bodies),
    )


plans = st.lists(
    st.recursive(st.one_of(GOOD, GOOD, BAD), nested, max_leaves=8), max_size=8
)


def say(world: World, steps: list[Any]) -> Any:
    for verb, *args in steps:
        yield from getattr(Sayings, verb.replace(" ", "_"), plain)(world, verb, *args)


def plain(world: World, verb: str, *args: Any) -> Any:
    yield Msg(verb, run=args[0] if args else None)


class Sayings:
    """How each step of a random plan is said."""

    @staticmethod
    def run(world: World, verb: str, key: Any, body: list[Any]) -> Any:
        yield Msg("open_run", run=key)
        try:
            yield from say(world, body)
        except Exception:
            yield Msg("close_run", run=key, exit_status="fail")
            raise
        yield Msg("close_run", run=key)

    @staticmethod
    def event(world: World, verb: str, key: Any, stream: str, which: set[int]) -> Any:
        devices = [world.readables[i] for i in sorted(which)]
        announce(devices)
        yield Msg("create", name=f"{stream}-{sorted(which)}", run=key)
        try:
            for device in devices:
                yield Msg("read", device, run=key)
        except Exception:
            yield Msg("drop", run=key)
            raise
        yield Msg("save", run=key)

    @staticmethod
    def move(world: World, verb: str, place: int, value: float, wait: bool) -> Any:
        yield Msg("set", world.motors[place], value, group="moves")
        if wait:
            yield Msg("wait", group="moves")

    @staticmethod
    def trigger(world: World, verb: str, place: int) -> Any:
        yield Msg("trigger", world.detectors[place], group="t")
        yield Msg("wait", group="t", timeout=60)

    @staticmethod
    def stage(world: World, verb: str, place: int) -> Any:
        yield Msg(verb, world.readables[place], group="s")

    unstage = stage

    @staticmethod
    def sleep(world: World, verb: str) -> Any:
        yield Msg("sleep", None, 0)

    @staticmethod
    def tell(world: World, verb: str) -> Any:
        world.signal.tell()
        yield Msg("null")

    @staticmethod
    def subscribe(world: World, verb: str) -> Any:
        yield Msg("subscribe", None, lambda name, doc: None, "all")

    @staticmethod
    def rewindable(world: World, verb: str, flag: bool) -> Any:
        yield Msg("rewindable", None, flag)

    @staticmethod
    def monitor(world: World, verb: str, key: Any) -> Any:
        yield Msg("monitor", world.signal, name="monitored", run=key)

    @staticmethod
    def unmonitor(world: World, verb: str) -> Any:
        yield Msg("unmonitor", world.signal)

    @staticmethod
    def kickoff(world: World, verb: str, key: Any) -> Any:
        yield Msg("kickoff", world.flyer, group="f", run=key)

    @staticmethod
    def fly(world: World, verb: str, key: Any) -> Any:
        yield from Sayings.kickoff(world, verb, key)
        yield Msg("wait", group="f")
        yield Msg("complete", world.flyer, group="f")
        yield Msg("wait", group="f")
        yield Msg("collect", world.flyer, run=key)

    @staticmethod
    def collect(world: World, verb: str) -> Any:
        yield Msg("collect", world.flyer)

    @staticmethod
    def pause(world: World, verb: str, deferred: bool) -> Any:
        yield Msg("pause", None, defer=deferred)

    @staticmethod
    def create(world: World, verb: str, key: Any) -> Any:
        yield Msg("create", name="odd", run=key)

    @staticmethod
    def no_message(world: World, verb: str) -> Any:
        yield 5

    @staticmethod
    def no_device(world: World, verb: str) -> Any:
        yield Msg("read", "x")

    @staticmethod
    def status(world: World, verb: str) -> Any:
        world.failures.add("status")
        yield Msg("null")

    @staticmethod
    def catch(world: World, verb: str, body: list[Any]) -> Any:
        try:
            yield from say(world, body)
        except Exception:  # noqa: BLE001 - swallows aborts too, as careless plans do
            yield Msg("null")

    @staticmethod
    def leave(world: World, verb: str) -> Any:
        yield Msg("null")
        raise ValueError("a plan that gives up")


def _finally(world: World, verb: str, body: list[Any], end: list[Any]) -> Any:
    try:
        yield from say(world, body)
    finally:
        yield from say(world, end)


def _raise(world: World, verb: str) -> Any:
    raise ZeroDivisionError
    yield


setattr(Sayings, "finally", _finally)
setattr(Sayings, "raise", _raise)

# ---------------------------------------------------------------- interruptions

ENDS = ("abort", "stop", "halt")
KINDS = ("pause", "defer", "suspend", "status", "callback", "device", *ENDS)
interruptions = st.lists(
    st.tuples(st.integers(0, 25), st.sampled_from(KINDS)), max_size=3
)
answers = st.lists(st.sampled_from(["resume", "resume", "resume", *ENDS]), max_size=3)


@dataclass
class Outcome:
    world: World
    docs: Documents
    states: list[tuple[State, State]]
    engine: Engine
    left: set[Any]
    errors: list[Any]
    result: Any = None
    said: list[str] = field(default_factory=list)


def perform(
    steps: list[Any],
    interruptions: list[tuple[int, str]],
    answers: list[str],
    *,
    yielding: bool = True,
    record: bool = False,
) -> Outcome:
    """Run a plan while somebody interferes, then a second one."""
    engine, docs = make_engine(cleanup_timeout=5.0, record_interruptions=record)
    world = World()
    outcome = Outcome(world, docs, [], engine, set(), [])
    engine.state_hook = lambda new, old: outcome.states.append((old, new))
    at: dict[int, list[str]] = defaultdict(list)
    for index, kind in interruptions:
        at[index].append(kind)

    def refuse(name: str, doc: Any) -> None:
        if "callback" in world.failures:
            world.failures.discard("callback")
            raise OSError(f"no room for a {name}")

    engine.subscribe(refuse)

    def hook(msg: Msg) -> None:
        outcome.said.append(msg.command)
        for kind in at.pop(len(outcome.said) - 1, ()):
            interfere(engine, world, kind)

    engine.msg_hook = hook

    def plan() -> Any:
        try:
            yield from say(world, steps)
        finally:
            world.plan_over = True

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: outcome.errors.append(context)
        )
        before = asyncio.all_tasks()
        left = list(answers)
        todo = engine.run(plan())
        while True:
            try:
                outcome.result = await todo
            except Exception as exc:  # noqa: BLE001 - any error is an outcome
                outcome.result = exc
            if engine.state != "paused":
                break
            todo = getattr(engine, left.pop(0) if left else "resume")()
        await asyncio.gather(*world.tasks, return_exceptions=True)
        for _ in range(4):
            await asyncio.sleep(0)
        outcome.left = asyncio.all_tasks() - before
        world.failures.clear()
        engine.msg_hook = None
        assert (await engine.run([Msg("null")])).exit_status == "success"

    budget, loop.BUDGET = loop.BUDGET, -1.0 if yielding else loop.BUDGET
    device_loop._loop = None
    try:
        asyncio.run(main())
    finally:
        loop.BUDGET = budget
    return outcome


def interfere(engine: Engine, world: World, kind: str) -> None:
    if kind in ("status", "callback", "device"):
        world.failures.add(kind)
    elif kind == "suspend":
        engine.request_suspend(lambda: asyncio.sleep(0), pre_plan=[Msg("null")])
    elif kind in ENDS:
        world.tasks.append(asyncio.ensure_future(getattr(engine, kind)()))
    elif engine.state == "running":
        engine.request_pause(defer=kind == "defer")


# ---------------------------------------------------------------- promises


def check_runs(docs: Documents) -> None:
    is_open: dict[str, bool] = {}
    streams: dict[str, tuple[str, str]] = {}
    numbers: dict[tuple[str, str], list[int]] = {}
    for name, doc in docs.all:
        if name == "start":
            assert doc["uid"] not in is_open
            is_open[doc["uid"]] = True
        elif name == "descriptor":
            assert is_open[doc["run_start"]]
            streams[doc["uid"]] = key = (doc["run_start"], doc["name"])
            numbers.setdefault(key, [])
        elif name in ("event", "event_page"):
            key = streams[doc["descriptor"]]
            assert is_open[key[0]]
            found = doc["seq_num"]
            for number in found if isinstance(found, list) else [found]:
                # The next one, or one again that was taken since the checkpoint.
                assert 1 <= number <= max(numbers[key], default=0) + 1
                numbers[key].append(number)
        elif name == "stop":
            assert is_open[doc["run_start"]]
            is_open[doc["run_start"]] = False
            for stream, number in doc["num_events"].items():
                taken = numbers[doc["run_start"], stream]
                assert number == max(taken, default=0)
                assert set(taken) == set(range(1, number + 1))
    assert not any(is_open.values())


def check_devices(world: World) -> None:
    for motor in world.motors:
        deeds = [
            d for name, d in world.log if name == motor.name and d in ("set", "stop")
        ]
        assert not deeds or deeds[-1] == "stop"
    staged: list[str] = []
    for name, deed in world.log:
        if deed == "stage" and name not in staged:
            staged.append(name)
        elif deed == "unstage False" and name in staged:
            staged.remove(name)
        elif deed == "unstage True":
            assert staged.pop() == name
    assert staged == []
    assert world.signal.functions == []


def check(outcome: Outcome) -> None:
    check_runs(outcome.docs)
    check_devices(outcome.world)
    state = State.IDLE
    for old, new in outcome.states:
        assert old is state
        assert new in TRANSITIONS[old]
        state = new
    assert state is State.IDLE
    assert outcome.left == set()
    assert outcome.errors == []
    assert len(outcome.engine.dispatcher._entries) == 2  # those of this test
    assert gc.get_threshold() != garbage.THRESHOLDS


@settings(MODEST, max_examples=700)
@given(plans, interruptions, answers, st.booleans(), st.booleans())
def test_any_plan_interrupted_anyhow_leaves_all_in_order(
    steps, interruptions, answers, yielding, record
):
    check(perform(steps, interruptions, answers, yielding=yielding, record=record))


RICH = [
    ("stage", 1),
    ("stage", 2),
    ("kickoff", "k"),
    (
        "run",
        None,
        [
            ("monitor", None),
            ("checkpoint",),
            ("finally", [("move", 0, 1, True), ("event", None, "primary", {0, 1, 2})],
             [("move", 1, 2, False), ("sleep",)]),
            ("tell",),
            ("checkpoint",),
            ("move", 0, 3, False),
            ("trigger", 1),
            ("event", None, "primary", {0, 1, 2}),
            ("sleep",),
            ("rewindable", False),
            ("event", None, "other", {1}),
            ("rewindable", True),
            ("catch", [("move", 0, 4, True), ("save", None)]),
            ("fly", None),
        ],
    ),
    ("unstage", 2),
]  # fmt: skip
LENGTH = len(perform(RICH, [], []).said)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ["resume", *ENDS])
def test_one_interruption_at_each_message(kind, answer):
    for index in range(LENGTH):
        for yielding in (False, True):
            check(perform(RICH, [(index, kind)], [answer], yielding=yielding))


# ---------------------------------------------------------------- the same points

beside = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["checkpoint", "sleep", "subscribe"])),
        st.tuples(st.just("rewindable"), st.booleans()),
        st.tuples(st.just("trigger"), places),
    ),
    max_size=2,
)
events = st.lists(
    st.tuples(
        st.just("event"),
        st.none(),
        streams,
        st.sampled_from([frozenset({2, 3}), frozenset({0, 1, 2, 3})]),
    ),
    max_size=2,
)


@st.composite
def point(draw: Any) -> list[Any]:
    """Go somewhere and read there, beginning with a checkpoint as plans do."""
    return [
        ("checkpoint",),
        ("move", 0, draw(values), draw(st.booleans())),
        *draw(beside),
        ("move", 1, draw(values), True),
        *draw(beside),
        *draw(events),
        *draw(beside),
        *draw(events),
    ]


calm = st.lists(point(), max_size=4).map(
    lambda points: [("run", None, [step for steps in points for step in steps])]
)


def points(docs: Documents) -> dict[Any, Any]:
    names = {d["uid"]: d["name"] for d in docs.named("descriptor")}
    return {
        (names[e["descriptor"]], e["seq_num"]): (e["data"]["x"], e["data"]["y"])
        for e in docs.named("event")
    }


@settings(MODEST, max_examples=400)
@given(
    calm,
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["pause", "defer", "suspend"])),
        max_size=3,
    ),
    st.booleans(),
)
def test_pauses_and_suspensions_change_no_point(steps, interruptions, yielding):
    plain_run = perform(steps, [], [], yielding=yielding)
    interrupted = perform(steps, interruptions, [], yielding=yielding)
    check(interrupted)
    assert interrupted.result.exit_status == "success"
    assert points(interrupted.docs) == points(plain_run.docs)
