"""Devices that take data by themselves: kickoff, complete, collect."""

import asyncio

import pytest
from kit import Detector, Motor, make_engine

from lapwing import Msg
from lapwing.errors import (
    DocumentError,
    IllegalMessageSequence,
    MismatchedReadError,
    UndeclaredStreamError,
    UnsupportedDeviceError,
)
from lapwing.status import Status


def number():
    return {"source": "test", "dtype": "number", "shape": []}


def partial(time, **data):
    return {"time": time, "data": data, "timestamps": dict.fromkeys(data, time)}


class Flyer:
    """Has some events to be collected when it has flown."""

    parent = None

    def __init__(self, name="flyer", events=(), keys=None):
        self.name = name
        self.events = list(events)
        self.keys = keys or {name: number()}
        self.done = []

    def kickoff(self, *args):
        self.done.append(("kickoff", *args))
        return Status.finished()

    def complete(self):
        self.done.append("complete")
        return Status.finished()

    def describe_collect(self):
        return self.keys

    def collect(self):
        taken, self.events = self.events, []
        yield from taken


class AsyncFlyer(Flyer):
    """Does it in coroutines."""

    async def describe_collect(self):
        return self.keys

    async def collect(self):
        for event in super().collect():
            yield event


class PageFlyer(Flyer):
    """Hands out pages, though it could hand out events."""

    def collect_pages(self):
        yield {
            "time": [1.0, 2.0],
            "data": {self.name: [10, 20]},
            "timestamps": {self.name: [1.0, 2.0]},
        }

    def collect(self):
        raise AssertionError("pages are preferred")


def flight(flyer, *, declare=None, **options):
    yield Msg("open_run")
    if declare:
        yield Msg("declare_stream", None, flyer, name=declare, collect=True)
    yield Msg("kickoff", flyer, group="k")
    yield Msg("wait", None, "k")
    yield Msg("complete", flyer, group="c")
    yield Msg("wait", None, "c")
    payload = yield Msg("collect", flyer, **options)
    yield Msg("close_run")
    return payload


@pytest.mark.parametrize("kind", [Flyer, AsyncFlyer])
@pytest.mark.parametrize("name", [None, "primary"])
def test_collected_events_are_one_page_of_a_declared_stream(kind, name):
    engine, docs = make_engine()
    flyer = kind(events=[partial(1.0, flyer=1), partial(2.0, flyer=2)])
    options = {} if name is None else {"name": name}
    result = asyncio.run(engine.run(flight(flyer, declare="primary", **options)))
    assert docs.names == ["start", "descriptor", "event_page", "stop"]
    page = docs.named("event_page")[0]
    assert page["data"] == {"flyer": [1, 2]}
    assert page["seq_num"] == [1, 2]
    assert page["time"] == [1.0, 2.0]
    assert page["descriptor"] == docs.named("descriptor")[0]["uid"]
    assert docs.named("stop")[0]["num_events"] == {"primary": 2}
    assert result.plan_result == [partial(1.0, flyer=1), partial(2.0, flyer=2)]
    assert flyer.done == [("kickoff",), "complete"]


def test_a_flyer_that_names_its_streams_needs_no_declaration():
    engine, docs = make_engine()
    flyer = Flyer(
        keys={"one": {"a": number()}, "two": {"b": number()}},
        events=[partial(1.0, b=1), partial(2.0, a=2), partial(3.0, b=3)],
    )
    asyncio.run(engine.run(flight(flyer)))
    assert docs.names == [
        "start",
        "descriptor",
        "descriptor",
        *["event_page"] * 2,
        "stop",
    ]
    assert [d["name"] for d in docs.named("descriptor")] == ["one", "two"]
    assert [p["data"] for p in docs.named("event_page")] == [{"b": [1, 3]}, {"a": [2]}]
    assert docs.named("stop")[0]["num_events"] == {"one": 1, "two": 2}


def test_a_second_collection_goes_on_counting():
    engine, docs = make_engine()
    flyer = Flyer(keys={"one": {"a": number()}}, events=[partial(1.0, a=1)])

    def plan():
        yield Msg("open_run")
        yield Msg("kickoff", flyer)
        first = yield Msg("collect", flyer)
        flyer.events = [partial(2.0, a=2)]
        second = yield Msg("collect", flyer, return_payload=False)
        third = yield Msg("collect", flyer)
        return first, second, third

    result = asyncio.run(engine.run(plan()))
    assert result.plan_result == ([partial(1.0, a=1)], None, [])
    assert [page["seq_num"] for page in docs.named("event_page")] == [[1], [2]]
    assert len(docs.named("descriptor")) == 1


def test_pages_are_preferred_to_events():
    engine, docs = make_engine()
    result = asyncio.run(engine.run(flight(PageFlyer(), declare="primary")))
    assert docs.named("event_page")[0]["data"] == {"flyer": [10, 20]}
    assert result.plan_result[0]["time"] == [1.0, 2.0]


def test_an_event_whose_keys_belong_to_no_stream_is_refused_and_not_lost_silently():
    engine, _ = make_engine()
    flyer = Flyer(
        keys={"one": {"a": number()}, "two": {"b": number()}},
        events=[partial(1.0, a=1), partial(2.0, c=1)],
    )
    with pytest.raises(DocumentError, match=r"data keys \['c'\]"):
        asyncio.run(engine.run(flight(flyer)))


def test_an_event_of_a_declared_stream_with_other_keys_is_refused():
    engine, _ = make_engine()
    flyer = Flyer(events=[partial(1.0, other=1)])
    with pytest.raises(DocumentError, match="unknown"):
        asyncio.run(engine.run(flight(flyer, declare="primary")))


def test_what_was_not_collected_is_collected_at_the_end():
    engine, docs = make_engine()
    flyer = Flyer(keys={"one": {"a": number()}}, events=[partial(1.0, a=1)])
    asyncio.run(engine.run([Msg("open_run"), Msg("kickoff", flyer)]))
    assert docs.names == ["start", "descriptor", "event_page", "stop"]
    assert docs.named("stop")[0]["num_events"] == {"one": 1}


@pytest.mark.parametrize("closed", [False, True])
def test_what_cannot_be_collected_at_the_end_is_said(closed, caplog):
    engine, docs = make_engine()
    flyer = Flyer()  # a stream of one key set must be declared
    messages = [Msg("open_run"), Msg("kickoff", flyer)]
    asyncio.run(engine.run([*messages, *([Msg("close_run")] if closed else [])]))
    assert docs.names == ["start", "stop"]
    assert "flyer failed to collect" in caplog.text


def test_a_motor_that_flew_has_nothing_to_be_collected(caplog):
    class FlyingMotor(Motor):
        kickoff = complete = lambda self: Status.finished()

    engine, docs = make_engine()
    motor = FlyingMotor("m")
    messages = [Msg("kickoff", motor), Msg("complete", motor)]
    asyncio.run(engine.run([Msg("open_run"), *messages, Msg("close_run")]))
    assert docs.named("stop")[0]["exit_status"] == "success"
    assert caplog.text == ""


def test_a_kickoff_that_fails_leaves_nothing_to_collect(caplog):
    engine, _ = make_engine()
    flyer = Flyer()

    def refuse():
        raise OSError("not armed")

    flyer.kickoff = refuse
    with pytest.raises(OSError, match="not armed"):
        asyncio.run(engine.run([Msg("open_run"), Msg("kickoff", flyer)]))
    assert "collect" not in caplog.text


def test_arguments_reach_the_device():
    engine, _ = make_engine()
    flyer = Flyer()
    asyncio.run(
        engine.run(
            [
                Msg("open_run"),
                Msg("declare_stream", None, flyer, name="a", collect=True),
                Msg("kickoff", flyer, 1, 2, group="g"),
            ]
        )
    )
    assert flyer.done == [("kickoff", 1, 2)]


def refused(*messages):
    engine, _ = make_engine()
    asyncio.run(engine.run(messages))


def test_a_flight_needs_a_run():
    with pytest.raises(IllegalMessageSequence, match="'kickoff' came while no run"):
        refused(Msg("kickoff", Flyer()))
    with pytest.raises(IllegalMessageSequence, match="'collect' came while no run"):
        refused(Msg("collect", Flyer()))
    with pytest.raises(IllegalMessageSequence, match="'declare_stream' came while"):
        refused(Msg("declare_stream", None, Detector(), name="a"))


def test_what_cannot_fly_is_named():
    for verb in ("kickoff", "complete", "collect"):
        with pytest.raises(UnsupportedDeviceError, match=f"det cannot .* {verb!r}"):
            refused(Msg("open_run"), Msg(verb, Detector()))


def test_a_stream_that_must_be_declared_and_is_not():
    opened = Msg("open_run")
    with pytest.raises(UndeclaredStreamError, match="must be declared before"):
        refused(opened, Msg("collect", Flyer()))
    with pytest.raises(UndeclaredStreamError, match="stream 'a' was not declared"):
        refused(opened, Msg("collect", Flyer(), name="a"))
    with pytest.raises(UnsupportedDeviceError, match="how many frames it has"):
        refused(opened, Msg("collect", Flyer("f"), Flyer("g")))
    flyer = Flyer(keys={"one": {"a": number()}})
    with pytest.raises(UndeclaredStreamError, match="names its streams itself"):
        refused(opened, Msg("declare_stream", None, flyer, name="a", collect=True))


def test_a_data_key_goes_into_one_stream_only():
    flyer = Flyer(keys={"one": {"a": number()}, "two": {"a": number()}})
    with pytest.raises(MismatchedReadError, match="identical data keys"):
        refused(Msg("open_run"), Msg("collect", flyer))


def test_single_events_are_no_longer_emitted():
    with pytest.raises(RuntimeError, match="stream=True"):
        refused(Msg("open_run"), Msg("collect", Flyer(), stream=True))


def test_only_devices_that_count_frames_are_collected_together():
    first, second = Flyer("f"), Flyer("g")
    with pytest.raises(UnsupportedDeviceError, match="collect it by itself"):
        refused(
            Msg("open_run"),
            Msg("declare_stream", None, first, second, name="a", collect=True),
            Msg("collect", first, second, name="a"),
        )


# ---------------------------------------------------------------- declare_stream


def test_a_declared_stream_has_its_descriptor_before_its_first_event():
    engine, docs = make_engine()
    det = Detector()

    def plan():
        yield Msg("open_run")
        descriptor, compose, objs = yield Msg("declare_stream", None, det, name="a")
        assert docs.names == ["start", "descriptor"]
        yield Msg("create", name="a")
        yield Msg("read", det)
        yield Msg("save")
        yield Msg("close_run")
        return descriptor, compose, objs

    descriptor, compose, objs = asyncio.run(engine.run(plan())).plan_result
    assert docs.names == ["start", "descriptor", "event", "stop"]
    assert descriptor == docs.named("descriptor")[0]
    assert objs == (det,)
    assert callable(compose)


def test_a_declared_stream_that_is_not_used_has_no_events():
    engine, docs = make_engine()
    plan = [Msg("open_run"), Msg("declare_stream", None, Detector(), name="a")]
    asyncio.run(engine.run(plan))
    assert docs.named("stop")[0]["num_events"] == {"a": 0}


def test_a_stream_declared_again_keeps_its_keys():
    engine, docs = make_engine()
    det, other = Detector(), Detector("other")

    def plan():
        yield Msg("open_run")
        yield Msg("declare_stream", None, det, name="a")
        yield Msg("declare_stream", None, det, name="a")
        with pytest.raises(DocumentError, match="was declared with the data keys"):
            yield Msg("declare_stream", None, other, name="a")
        yield Msg("create", name="a")
        yield Msg("read", det)
        yield Msg("save")

    asyncio.run(engine.run(plan()))
    assert docs.points("a") == {1: {"det": 1}}
    assert len(docs.named("descriptor")) == 2


def test_a_declaration_needs_a_name_and_no_object_in_its_place():
    with pytest.raises(UndeclaredStreamError, match="A stream name that is not None"):
        refused(Msg("open_run"), Msg("declare_stream", None, Detector()))
    with pytest.raises(UndeclaredStreamError, match="A stream name that is not None"):
        refused(Msg("open_run"), Msg("declare_stream", Detector(), name="a"))
    with pytest.raises(UnsupportedDeviceError, match="not Readable"):
        refused(Msg("open_run"), Msg("declare_stream", None, Flyer(), name="a"))
