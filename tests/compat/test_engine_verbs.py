"""Flying, monitoring, assets, configuring, suspending: as Bluesky's engine does them.

The same messages go to Bluesky's engine and to ours; responses, errors at the yield,
and documents must be equal. All that is otherwise stands in `OTHERWISE`, with why.
"""

from collections.abc import Callable
from typing import Any

import pytest
from compat.both import (
    Account,
    Names,
    _bluesky_engine,
    as_document,
    collecting,
    corresponds,
    on_bluesky,
    on_lapwing,
    plain,
)
from compat.devices import HintedDetector, HintedMotor

import lapwing
from lapwing import Msg
from lapwing.status import Status

# ---------------------------------------------------------------- devices


def spec(**more: Any) -> dict[str, Any]:
    return {"source": "t", "dtype": "number", "shape": [], **more}


def partial(time: float, **data: Any) -> dict[str, Any]:
    return {"time": time, "data": data, "timestamps": dict.fromkeys(data, time)}


class Tunable(HintedDetector):
    """Has settings that can be changed, and can be prepared."""

    gain = 2

    def configure(self, settings: dict[str, Any]) -> Any:
        old, self.gain = self.gain, settings["gain"]
        return {"gain": old}, {"gain": self.gain}

    def read_configuration(self) -> dict[str, Any]:
        return {f"{self.name}_gain": {"value": self.gain, "timestamp": 1.0}}

    def prepare(self, value: Any) -> Status:
        self.done.append(f"prepare {value}")
        return Status.finished()


class Signal(HintedDetector):
    """Tells its readings when the script says so."""

    def __init__(self, name: str):
        super().__init__(name)
        self.functions: list[Any] = []

    def subscribe(self, function: Any) -> None:
        self.done.append("subscribe")
        self.functions.append(function)

    def clear_sub(self, function: Any) -> None:
        self.done.append("clear_sub")
        if function in self.functions:
            self.functions.remove(function)

    def tell(self, value: Any) -> None:
        for function in list(self.functions):
            function({self.name: {"value": value, "timestamp": 1.0}})


class ClassicSignal(Signal):
    """Tells a value instead of readings."""

    def tell(self, value: Any) -> None:
        for function in list(self.functions):
            function(value=value, timestamp=1.0)


class Flyer:
    """Has some events for each flight."""

    parent = None

    def __init__(self, name: str, keys: Any, *events: Any):
        self.name = name
        self.keys = keys
        self.events = events
        self.left: list[Any] = []
        self.done: list[str] = []

    def kickoff(self, *args: Any) -> Status:
        self.done.append(f"kickoff {args}")
        self.left += self.events
        return Status.finished()

    def complete(self) -> Status:
        self.done.append("complete")
        return Status.finished()

    def describe_collect(self) -> Any:
        return self.keys

    def collect(self) -> Any:
        left, self.left = self.left, []
        return iter(left)


class PageFlyer(Flyer):
    """Has a page for each flight."""

    collect = None  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        if name == "collect":
            raise AttributeError(name)
        return super().__getattribute__(name)

    def collect_pages(self) -> Any:
        left, self.left = self.left, []
        return iter(left)


class Camera(HintedDetector):
    """Writes frames into a file of its own."""

    def __init__(self, name: str):
        super().__init__(name)
        self.frames = self.told = 0
        self.resource = True
        self.assets: list[Any] | None = None

    def trigger(self) -> Status:
        self.frames += 1
        return super().trigger()

    def read(self) -> dict[str, Any]:
        return {}

    def describe(self) -> dict[str, Any]:
        return {self.name: spec(dtype="array", shape=[2], external="STREAM:")}

    def describe_collect(self) -> dict[str, Any]:
        return self.describe()

    def kickoff(self) -> Status:
        return Status.finished()

    def complete(self) -> Status:
        return Status.finished()

    def get_index(self) -> int:
        return self.frames

    def collect_asset_docs(self, index: int | None = None) -> Any:
        if self.assets is not None:
            yield from self.assets
            return
        index = self.frames if index is None else index
        if self.resource:
            yield self.resource_doc()
            self.resource = False
        if index > self.told:
            yield self.datum(self.told, index)
            self.told = index

    def resource_doc(self, **other: Any) -> Any:
        return "stream_resource", {
            "uid": f"{self.name}-file",
            "data_key": self.name,
            "mimetype": "application/x-hdf5",
            "uri": "file://localhost/f.h5",
            "parameters": {},
            "run_start": "",
            **other,
        }

    def datum(self, start: int, stop: int, **other: Any) -> Any:
        return "stream_datum", {
            "uid": f"{self.name}-file/{start}",
            "stream_resource": f"{self.name}-file",
            "descriptor": "",
            "indices": {"start": start, "stop": stop},
            "seq_nums": {"start": 0, "stop": 0},
            **other,
        }


class Traveller(HintedMotor):
    """Is under way until it is stopped."""

    def set(self, value: Any) -> Status:
        super().set(value)
        self.status = Status(self.name, "move")
        return self.status

    def stop(self, success: bool = True) -> None:
        self.done.append("stop")
        if not self.status.done:
            self.status.set_finished()


class Pausing(HintedDetector):
    """Wants to know of pauses."""

    def pause(self) -> None:
        self.done.append("pause")

    def resume(self) -> None:
        self.done.append("resume")


class FileCamera(HintedDetector):
    """Writes frames in the older way."""

    resource = True

    def read(self) -> dict[str, Any]:
        super().read()
        value = f"{self.name}/{self.done.count('read')}"
        return {self.name: {"value": value, "timestamp": 1.0}}

    def describe(self) -> dict[str, Any]:
        return {self.name: spec(dtype="array", shape=[2], external="FILESTORE:")}

    def collect_asset_docs(self) -> Any:
        common = {"resource_path": "f.h5", "resource_kwargs": {}, "root": ""}
        if self.resource:
            self.resource = False
            yield "resource", {"uid": "file", "spec": "H5", "run_start": "", **common}
        number = self.done.count("read")
        yield (
            "datum",
            {
                "datum_id": f"{self.name}/{number}",
                "resource": "file",
                "datum_kwargs": {},
            },
        )


class Beamline:
    """A fresh set of devices."""

    def __init__(self) -> None:
        self.det = Tunable("det")
        self.det2 = Tunable("det2")
        self.x = HintedMotor("x")
        self.signal = Signal("sig")
        self.classic = ClassicSignal("classic")
        self.flyer = Flyer("fly", {"fly": spec()}, partial(1.0, fly=1))
        self.two = Flyer(
            "two",
            {"one": {"a": spec()}, "two": {"b": spec()}},
            *(partial(1.0, b=1), partial(2.0, a=2), partial(3.0, b=3)),
        )
        page = {"data": {"page": [1, 2]}, "timestamps": {"page": [1.0, 2.0]}}
        self.pages = PageFlyer("page", {"page": spec()}, {**page, "time": [1.0, 2.0]})
        self.camera = Camera("cam")
        self.camera2 = Camera("cam2")
        self.files = FileCamera("files")
        self.far = Traveller("far")
        self.pausing = Pausing("pausing")

    def deeds(self) -> dict[str, list[str]]:
        return {obj.name: obj.done for obj in vars(self).values() if obj.done}


# ---------------------------------------------------------------- scripts

Script = Callable[[Any], list[Any]]


def opened(*messages: Any) -> list[Any]:
    return [Msg("open_run"), *messages, Msg("close_run")]


def event(*objs: Any, name: str = "primary") -> list[Any]:
    return [Msg("create", name=name), *(Msg("read", o) for o in objs), Msg("save")]


def said(messages: list[Any]) -> Any:
    return (msg for msg in messages)


def declared(*objs: Any, name: str = "primary", **options: Any) -> Msg:
    return Msg("declare_stream", None, *objs, name=name, **options)


def flown(*objs: Any, **options: Any) -> list[Any]:
    return [
        *(Msg("kickoff", obj, group="k") for obj in objs),
        Msg("wait", group="k"),
        *(Msg("complete", obj, group="c") for obj in objs),
        Msg("wait", group="c"),
        Msg("collect", *objs, **options),
    ]


def told(signal: Any, value: Any) -> Callable[[Any], Any]:
    """Have a signal tell a value while the plan is about to say null."""

    def say(_heard: Any) -> Any:
        signal.tell(value)
        return Msg("null")

    return say


def framed(camera: Any, frames: int) -> Callable[[Any], Any]:
    """Have a camera take frames by itself."""

    def say(_heard: Any) -> Any:
        camera.frames += frames
        return Msg("null")

    return say


async def nothing() -> str:
    return "done"


SCRIPTS: dict[str, Script] = {
    # streams
    "a declared stream": lambda d: opened(declared(d.det), *event(d.det)),
    "a declared stream of two": lambda d: opened(
        declared(d.det, d.x), *event(d.x, d.det)
    ),
    "a declared stream, unused": lambda d: opened(declared(d.det, name="odd")),
    "a stream declared twice": lambda d: opened(
        declared(d.det), declared(d.det), *event(d.det)
    ),
    "a stream declared without a name": lambda d: opened(
        Msg("declare_stream", None, d.det)
    ),
    "a stream declared with the object out of place": lambda d: opened(
        Msg("declare_stream", d.det, name="primary")
    ),
    "a stream declared with other objects than are read": lambda d: opened(
        declared(d.det), *event(d.x)
    ),
    "a stream declared in no run": lambda d: [declared(d.det)],
    # monitors
    "a monitor": lambda d: opened(
        Msg("monitor", d.signal, name="m"),
        told(d.signal, 1),
        told(d.signal, 2),
        Msg("unmonitor", d.signal),
        told(d.signal, 3),
    ),
    "a classic monitor": lambda d: opened(
        Msg("monitor", d.classic, name="m"), told(d.classic, 1)
    ),
    "a monitor that is left on": lambda d: [
        Msg("open_run"),
        Msg("monitor", d.signal, name="m"),
        told(d.signal, 1),
    ],
    "a monitor beside events": lambda d: opened(
        Msg("monitor", d.signal, name="m"),
        *event(d.det),
        told(d.signal, 1),
        *event(d.det),
    ),
    "a monitor in no run": lambda d: [Msg("monitor", d.signal, name="m")],
    "a monitor of what cannot be": lambda d: opened(Msg("monitor", d.det, name="m")),
    "a monitor twice": lambda d: opened(
        Msg("monitor", d.signal, name="m"), Msg("monitor", d.signal, name="n")
    ),
    "a monitor with an argument too many": lambda d: opened(
        Msg("monitor", d.signal, "m")
    ),
    "an end of no monitor": lambda d: opened(Msg("unmonitor", d.signal)),
    # flyers
    "a flight": lambda d: opened(
        declared(d.flyer, collect=True), *flown(d.flyer, name="primary")
    ),
    "a flight without naming the stream": lambda d: opened(
        declared(d.flyer, collect=True), *flown(d.flyer)
    ),
    "a flight without payload": lambda d: opened(
        declared(d.flyer, collect=True), *flown(d.flyer, return_payload=False)
    ),
    "a flight into streams of its own": lambda d: opened(*flown(d.two)),
    "two flights": lambda d: opened(*flown(d.two), *flown(d.two)),
    "a flight with pages": lambda d: opened(
        declared(d.pages, collect=True), *flown(d.pages, name="primary")
    ),
    "a flight with arguments": lambda d: opened(
        Msg("kickoff", d.two, 1, 2), Msg("collect", d.two)
    ),
    "a flight that is not collected": lambda d: [
        Msg("open_run"),
        Msg("kickoff", d.two, group="k"),
    ],
    "a collection of nothing": lambda d: opened(
        declared(d.flyer, collect=True), Msg("collect", d.flyer, name="primary")
    ),
    "a kickoff in no run": lambda d: [Msg("kickoff", d.flyer)],
    "a collection in no run": lambda d: [Msg("collect", d.flyer)],
    "what cannot fly": lambda d: opened(
        Msg("kickoff", d.det), Msg("complete", d.det), Msg("collect", d.det)
    ),
    "a stream that was not declared": lambda d: opened(
        Msg("collect", d.flyer),
        Msg("collect", d.flyer, name="odd"),
    ),
    "single events": lambda d: opened(Msg("collect", d.two, stream=True)),
    # assets
    "frames of a step scan": lambda d: opened(
        *(Msg("trigger", d.camera), *event(d.camera, d.x)),
        *(Msg("trigger", d.camera), *event(d.camera, d.x)),
    ),
    "files of a step scan": lambda d: opened(*event(d.files), *event(d.files)),
    "frames of a flight": lambda d: opened(
        declared(d.camera, collect=True),
        Msg("kickoff", d.camera, group="k"),
        framed(d.camera, 3),
        Msg("collect", d.camera, name="primary"),
        framed(d.camera, 2),
        Msg("collect", d.camera, name="primary", return_payload=False),
        Msg("collect", d.camera, name="primary"),
    ),
    "frames of two cameras": lambda d: opened(
        declared(d.camera, d.camera2, collect=True),
        framed(d.camera, 3),
        framed(d.camera2, 2),
        Msg("collect", d.camera, d.camera2, name="primary"),
        framed(d.camera2, 2),
        Msg("collect", d.camera, d.camera2, name="primary"),
    ),
    # configuring
    "a configuration before the run": lambda d: [
        Msg("configure", d.det, {"gain": 3}),
        *opened(*event(d.det)),
    ],
    "a configuration between events": lambda d: opened(
        *event(d.det), Msg("configure", d.det, {"gain": 3}), *event(d.det)
    ),
    "a configuration of what is in no stream": lambda d: opened(
        *event(d.det), Msg("configure", d.det2, {"gain": 3}), *event(d.det)
    ),
    "a configuration in an event": lambda d: opened(
        Msg("create", name="primary"),
        Msg("configure", d.det, {"gain": 3}),
        Msg("drop"),
    ),
    "a preparation": lambda d: [
        Msg("prepare", d.det, 5, group="p"),
        Msg("wait", group="p"),
    ],
    "what cannot be prepared": lambda d: [Msg("prepare", d.x, 5)],
    # flow
    "a wait for awaitables": lambda d: [
        Msg("wait_for", None, [nothing, nothing]),
    ],
}


def masked(value: Any) -> Any:
    """Return a response in which what only stands for itself is named."""
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, tuple) and len(value) == 3 and "data_keys" in value[0]:
        names = sorted(obj.name for obj in value[2])
        return "declared", value[0]["name"], names, callable(value[1])
    if isinstance(value, str) and len(value) == 36:
        return "a uid"
    if hasattr(value, "get_coro"):
        return value.result()
    if isinstance(value, list):
        return [masked(one) for one in value]
    return plain(value)


# ---------------------------------------------------------------- differences


def sort_objects(account: Account) -> None:
    for name, doc in account.documents:
        if name == "descriptor":
            for part in ("data_keys", "object_keys", "configuration", "hints"):
                doc[part] = dict(sorted(doc[part].items()))


def forget_the_time_of_pages(account: Account) -> None:
    for name, doc in account.documents:
        if name == "event_page":
            doc["time"] = len(doc["time"])


def forget_words(account: Account) -> None:
    for name, doc in account.documents:
        if name == "stop":
            doc["reason"] = bool(doc["reason"])


EVENED_OUT: list[tuple[str, Callable[[Account], None]]] = [
    (
        "a stream that is declared lists its devices in the order of a set; ours in "
        "that of the message",
        sort_objects,
    ),
    (
        "theirs says when an event was collected; ours when the device took it",
        forget_the_time_of_pages,
    ),
    ("an error is told in other words", forget_words),
]


def accounts(script: Script, then: tuple[str, ...] = ()) -> tuple[Account, Account]:
    """The accounts of Bluesky and of ours, evened out."""
    benches = Beamline(), Beamline()
    theirs = collecting(on_bluesky, script(benches[0]), benches[0], then)
    ours = collecting(on_lapwing, script(benches[1]), benches[1], then)
    for _reason, even_out in EVENED_OUT:
        even_out(theirs)
        even_out(ours)
    return theirs, ours


@pytest.mark.filterwarnings("ignore:About to call")  # theirs, of arguments
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_message_does_what_bluesky_s_does(name):
    theirs, ours = accounts(SCRIPTS[name])
    assert len(ours.responses) == len(theirs.responses)
    for our, their in zip(ours.responses, theirs.responses, strict=True):
        if isinstance(their, BaseException):
            assert corresponds(our, their), (our, their)
        else:
            assert masked(our) == masked(their)
    assert ours.documents == theirs.documents
    assert ours.deeds == theirs.deeds
    assert ours.returned == theirs.returned
    assert corresponds(ours.raised, theirs.raised), (ours.raised, theirs.raised)


# ---------------------------------------------------------------- interruptions

INTERRUPTED: dict[str, Script] = {
    "where nothing may be repeated": lambda d: opened(
        Msg("checkpoint"),
        Msg("rewindable", None, False),
        Msg("create", name="primary"),
        Msg("read", d.det),
        Msg("pause"),
        Msg("save"),
        Msg("rewindable", None, True),
        *event(d.det),
    ),
    "just after what may not be repeated": lambda d: opened(
        Msg("checkpoint"),
        Msg("rewindable", None, False),
        *event(d.det),
        Msg("rewindable", None, True),
        Msg("pause"),
        *event(d.det),
    ),
    "a device that wants to know": lambda d: opened(
        Msg("trigger", d.pausing), Msg("checkpoint"), Msg("pause"), Msg("null")
    ),
    "a monitor": lambda d: opened(
        Msg("monitor", d.signal, name="m"),
        told(d.signal, 1),
        Msg("checkpoint"),
        Msg("pause"),
        told(d.signal, 2),
    ),
    "a flyer": lambda d: opened(
        Msg("kickoff", d.two, group="k"),
        Msg("checkpoint"),
        Msg("pause"),
        Msg("collect", d.two),
    ),
    "a move": lambda d: [
        Msg("checkpoint"),
        Msg("set", d.far, 5, group="g"),
        Msg("pause"),
        Msg("wait", group="g", timeout=0.01, error_on_timeout=False),
    ],
}


@pytest.mark.parametrize("then", ["resume", "stop", "abort"])
@pytest.mark.parametrize("name", INTERRUPTED)
def test_a_pause_does_what_bluesky_s_does(name, then):
    theirs, ours = accounts(INTERRUPTED[name], (then,))
    assert [masked(one) for one in ours.responses] == [
        masked(one) for one in theirs.responses
    ]
    assert ours.documents == theirs.documents
    assert ours.states == theirs.states
    assert ours.deeds == theirs.deeds
    assert [msg[0] for msg in ours.messages] == [msg[0] for msg in theirs.messages]


ENGINE_S_OWN = ("_start_suspender", "_resume_from_suspender", "wait_for", "rewindable")


@pytest.mark.parametrize("moved", [False, True])
def test_a_suspension_does_what_bluesky_s_does(moved):
    """Of what the engine says itself only the order is its own affair."""

    def suspended(engine: Any, d: Beamline) -> Any:
        yield Msg("open_run")
        yield Msg("trigger", d.pausing)
        yield from said(event(d.det))
        yield Msg("checkpoint")
        if moved:
            yield Msg("set", d.x, 3, group="g")
        yield Msg("read", d.det)
        engine.request_suspend(
            nothing,
            pre_plan=[Msg("set", d.x, 7)],
            post_plan=lambda: iter([Msg("trigger", d.det)]),
            justification="no beam",
        )
        yield Msg("sleep", None, 0.3)
        yield from said(event(d.det))
        yield Msg("close_run")

    found = []
    for make in (_bluesky_engine, lambda: lapwing.RunEngine({})):
        engine, d, heard, docs, names = make(), Beamline(), [], [], Names()
        engine.record_interruptions = True
        engine.msg_hook = lambda msg, heard=heard: heard.append(msg.command)
        engine.subscribe(
            lambda name, doc, docs=docs, names=names: docs.append(
                (name, as_document(doc, names))
            )
        )
        engine(suspended(engine, d))
        found.append(([v for v in heard if v not in ENGINE_S_OWN], docs, d.deeds()))
    numbers = [docs[-1][1]["num_events"].pop("interruptions") for _, docs, _ in found]
    assert numbers == [0, 1]  # theirs rewinds behind its own note of the suspension
    assert found[1] == found[0]


# ---------------------------------------------------------------- otherwise


def collected(d: Any, *assets: Any, objs: tuple[Any, ...] = ()) -> list[Any]:
    d.camera.assets = list(assets)
    d.camera2.assets = []
    objs = objs or (d.camera,)
    return opened(declared(*objs, collect=True), Msg("collect", *objs, name="primary"))


def both_streams(d: Any) -> list[Any]:
    return opened(
        *event(d.det, d.det2, name="a"),
        *event(d.det, d.x, name="b"),
        Msg("configure", d.det, {"gain": 3}),
        *event(d.det, d.det2, name="a"),
    )


# What is answered otherwise, why, and how by each side: the responses at the end.
OTHERWISE: dict[str, tuple[str, Script, tuple[str, ...], list[Any], list[Any]]] = {
    "a configuration of what is in two streams": (
        "theirs takes all descriptors from one stream's memory",
        both_streams,
        (),
        ["KeyError"],
        [({"gain": 2}, {"gain": 3})],
    ),
    "a stream that names itself, declared": (
        "theirs is a bare RuntimeError; ours is the plan's error as for any stream",
        lambda d: [Msg("open_run"), declared(d.two, collect=True)],
        (),
        ["RuntimeError"],
        ["UndeclaredStreamError"],
    ),
    "a resource twice": (
        "what contradicts itself in documents is a DocumentError, a ValueError",
        lambda d: collected(d, d.camera.resource_doc(), d.camera.resource_doc()),
        (),
        ["RuntimeError"],
        ["DocumentError"],
    ),
    "a resource for another key": (
        "the same",
        lambda d: collected(d, d.camera.resource_doc(data_key="other")),
        (),
        ["RuntimeError"],
        ["DocumentError"],
    ),
    "frames of no resource": (
        "the same; theirs looks it up",
        lambda d: collected(d, d.camera.datum(0, 1)),
        (),
        ["KeyError"],
        ["DocumentError"],
    ),
    "frames for one key of two": (
        "the same",
        lambda d: collected(
            d,
            d.camera.resource_doc(),
            d.camera.datum(0, 1),
            objs=(d.camera, d.camera2),
        ),
        (),
        ["RuntimeError"],
        ["DocumentError"],
    ),
    "an asset of no known kind": (
        "the same",
        lambda d: collected(d, ("event", {})),
        (),
        ["RuntimeError"],
        ["DocumentError"],
    ),
    "several frames in one event": (
        "the same",
        lambda d: [
            Msg("open_run"),
            framed(d.camera, 2),
            *event(d.camera, d.x),
        ],
        (),
        ["RuntimeError"],
        ["DocumentError"],
    ),
    "frames whose descriptor the device has filled in": (
        "theirs refuses; ours fills in what only the engine can know",
        lambda d: collected(
            d, d.camera.resource_doc(), d.camera.datum(0, 1, descriptor="mine")
        ),
        (),
        ["RuntimeError"],
        [None],
    ),
    "a move that was begun before the checkpoint": (
        "theirs leaves the device where it was stopped; ours sends it on",
        lambda d: [
            Msg("set", d.far, 5, group="g"),
            Msg("checkpoint"),
            Msg("pause"),
            Msg("wait", group="g", timeout=0.01, error_on_timeout=False),
        ],
        ("resume",),
        [True],
        [False],
    ),
    "a set that returns no status": (
        "ours says what is missing",
        lambda d: [Msg("set", Unfinished(), 1)],
        (),
        ["AttributeError"],
        ["UnsupportedDeviceError"],
    ),
}


class Unfinished:
    """Returns nothing where a status is due."""

    name = "unfinished"
    parent = None

    def set(self, value: Any) -> None:
        return None


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_done_otherwise_is_known(name):
    _reason, script, then, wanted_of_theirs, wanted_of_ours = OTHERWISE[name]
    theirs, ours = accounts(script, then)
    assert wanted_of_theirs[0] in [masked(one) for one in theirs.responses]
    assert wanted_of_ours[0] in [masked(one) for one in ours.responses]


def test_a_plan_that_swallows_an_abort_is_aborted_all_the_same():
    """Theirs calls what is left a success; ours says what was asked for."""
    theirs, ours = accounts(lambda d: [Msg("open_run"), Msg("pause")], ("abort",))
    assert theirs.documents[-1][1]["exit_status"] == "success"
    assert ours.documents[-1][1]["exit_status"] == "abort"


def halted(engine: Any) -> list[str]:
    """What a plan says that is halted and would like to clean up."""
    said: list[str] = []
    engine.msg_hook = lambda msg: said.append(msg.command)

    def plan() -> Any:
        yield Msg("checkpoint")
        try:
            yield Msg("pause")
        finally:
            yield Msg("null")

    with pytest.raises(Exception, match=r"aused|resume"):
        engine(plan())
    engine.halt()
    return said


def test_a_halt_is_not_put_off_by_a_clean_up_that_says_something():
    """Theirs does what the clean-up says; ours ends at once, as halt promises."""
    assert halted(_bluesky_engine()) == ["checkpoint", "pause", "null"]
    assert halted(lapwing.RunEngine({})) == ["checkpoint", "pause"]
