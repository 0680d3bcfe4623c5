"""Configure, prepare, locate, stage: what a plan asks of devices beside moving."""

import asyncio

import pytest
from kit import Detector, Motor, make_engine

from lapwing import Msg
from lapwing.errors import DocumentError, IllegalMessageSequence, UnsupportedDeviceError
from lapwing.status import Status


class Tunable(Detector):
    """Has a gain, and a shape that follows from it."""

    def __init__(self, name="det"):
        super().__init__(name)
        self.gain = 2
        self.keys = [name]

    def configure(self, settings):
        old, self.gain = self.gain, settings["gain"]
        return {"gain": old}, {"gain": self.gain}

    def read(self):
        return {key: {"value": self.gain, "timestamp": 1.0} for key in self.keys}

    def describe(self):
        self.calls.append("describe")
        spec = {"source": "t", "dtype": "array", "shape": [self.gain]}
        return {key: dict(spec) for key in self.keys}

    def read_configuration(self):
        return {f"{self.name}_gain": {"value": self.gain, "timestamp": 1.0}}


class AsyncTunable(Tunable):
    """Does it in coroutines."""

    async def configure(self, settings):
        return super().configure(settings)

    async def describe(self):
        return super().describe()

    async def read_configuration(self):
        return super().read_configuration()


def event(*objs, name="primary"):
    yield Msg("create", name=name)
    for obj in objs:
        yield Msg("read", obj)
    yield Msg("save")


@pytest.mark.parametrize("kind", [Tunable, AsyncTunable])
def test_a_new_configuration_gives_each_stream_of_the_device_a_new_descriptor(kind):
    engine, docs = make_engine()
    det, one, two = kind(), Detector("one"), Detector("two")

    def plan():
        yield Msg("open_run")
        yield from event(det, one, name="a")
        yield from event(two, det, name="b")
        yield from event(two, name="c")
        answer = yield Msg("configure", det, {"gain": 5})
        yield from event(det, one, name="a")
        yield from event(two, det, name="b")
        yield from event(two, name="c")
        yield Msg("close_run")
        return answer

    result = asyncio.run(engine.run(plan()))
    assert result.plan_result == ({"gain": 2}, {"gain": 5})
    descriptors = docs.named("descriptor")
    assert [d["name"] for d in descriptors] == ["a", "b", "c", "a", "b"]
    gains = [d["configuration"].get("det", {}).get("data") for d in descriptors]
    assert gains == [{"det_gain": 2}] * 2 + [None] + [{"det_gain": 5}] * 2
    # Also what the device says of its data is asked again.
    assert descriptors[3]["data_keys"]["det"]["shape"] == [5]
    assert descriptors[4]["object_keys"] == {"two": ["two"], "det": ["det"]}
    events = docs.named("event")
    assert [e["descriptor"] for e in events[3:5]] == [d["uid"] for d in descriptors[3:]]
    assert [e["seq_num"] for e in events] == [1, 1, 1, 2, 2, 2]
    assert docs.named("stop")[0]["num_events"] == {"a": 2, "b": 2, "c": 2}


def test_a_device_configured_before_its_first_event_is_described_as_it_is_then():
    engine, docs = make_engine()
    det = Tunable()

    def plan():
        yield Msg("open_run")
        yield Msg("create", name="a")
        yield Msg("read", det)
        yield Msg("drop")
        yield Msg("configure", det, {"gain": 7})
        yield from event(det, name="a")

    asyncio.run(engine.run(plan()))
    (descriptor,) = docs.named("descriptor")
    assert descriptor["configuration"]["det"]["data"] == {"det_gain": 7}
    assert descriptor["data_keys"]["det"]["shape"] == [7]


def test_a_declared_or_monitored_stream_gets_its_new_descriptor_too():
    engine, docs = make_engine()
    det = Tunable()
    det.subscribe = lambda function: setattr(det, "function", function)
    det.clear_sub = lambda function: None

    def plan():
        yield Msg("open_run")
        yield Msg("declare_stream", None, det, name="a")
        yield Msg("monitor", det, name="m")
        yield Msg("configure", det, {"gain": 9})
        det.function(det.read())

    asyncio.run(engine.run(plan()))
    descriptors = docs.named("descriptor")
    assert [d["name"] for d in descriptors] == ["a", "m", "a", "m"]
    assert docs.named("event")[0]["descriptor"] == descriptors[3]["uid"]


class TunableFlyer(Tunable):
    """Collects its data by itself."""

    streams = False

    def describe_collect(self):
        return {"a": self.describe()} if self.streams else self.describe()

    def collect(self):
        return iter(())


@pytest.mark.parametrize("streams", [False, True])
def test_a_stream_that_is_collected_gets_its_new_descriptor_too(streams):
    engine, docs = make_engine()
    det = TunableFlyer()
    det.streams = streams

    def plan():
        yield Msg("open_run")
        if not streams:
            yield Msg("declare_stream", None, det, name="a", collect=True)
        yield Msg("collect", det)
        yield Msg("configure", det, {"gain": 9})

    asyncio.run(engine.run(plan()))
    shapes = [d["data_keys"]["det"]["shape"] for d in docs.named("descriptor")]
    assert shapes == [[2], [9]]


def test_a_device_that_gets_other_data_keys_is_refused():
    engine, docs = make_engine()
    det = Tunable()

    def plan():
        yield Msg("open_run")
        yield from event(det)
        det.keys = ["det", "more"]
        yield Msg("configure", det, {"gain": 1})

    with pytest.raises(DocumentError, match="cannot go on with"):
        asyncio.run(engine.run(plan()))
    assert docs.named("stop")[0]["exit_status"] == "fail"


def test_nothing_is_configured_in_the_middle_of_an_event():
    engine, _ = make_engine()
    det = Tunable()
    plan = [
        Msg("open_run"),
        Msg("create", name="a"),
        Msg("configure", det, {"gain": 3}),
    ]
    with pytest.raises(IllegalMessageSequence, match="between 'create' and 'save'"):
        asyncio.run(engine.run(plan))
    assert det.gain == 2


def test_what_cannot_be_configured_is_named():
    engine, _ = make_engine()
    with pytest.raises(UnsupportedDeviceError, match=r"det .* not Configurable"):
        asyncio.run(engine.run([Msg("configure", Detector(), {})]))


def test_a_device_is_prepared_and_waited_for():
    engine, _ = make_engine()
    prepared = []

    class Preparable(Detector):
        def prepare(self, value, *, speed):
            prepared.append((value, speed))
            return Status.finished()

    def plan():
        det = Preparable()
        status = yield Msg("prepare", det, "10 frames", speed=2, group="g")
        done = yield Msg("wait", None, "g")
        return status.done, done

    assert asyncio.run(engine.run(plan())).plan_result == (True, True)
    assert prepared == [("10 frames", 2)]
    with pytest.raises(UnsupportedDeviceError, match="not Preparable"):
        asyncio.run(engine.run([Msg("prepare", Detector(), 1)]))


def test_locations_are_asked_for_together():
    engine, _ = make_engine()
    meet = []

    class Stage(Motor):
        async def locate(self):
            meet.append(self.name)
            while len(meet) < 2:  # noqa: ASYNC110 - each waits for the other
                await asyncio.sleep(0)
            return {"setpoint": self.name, "readback": 0}

    class Sync(Motor):
        def locate(self):
            return {"setpoint": self.name, "readback": 0}

    def plan():
        both = yield Msg("locate", Stage("a"), Stage("b"))
        one = yield Msg("locate", Sync("c"))
        listed = yield Msg("locate", Sync("c"), squeeze=False)
        return both, one, listed

    both, one, listed = asyncio.run(engine.run(plan())).plan_result
    assert [place["setpoint"] for place in both] == ["a", "b"]
    assert listed == [one]
    with pytest.raises(UnsupportedDeviceError, match="not Locatable"):
        asyncio.run(engine.run([Msg("locate", Sync("c"), Motor("d"))]))


@pytest.mark.parametrize("answer", [None, 5, "done"])
def test_a_device_that_returns_no_status_is_named(answer):
    engine, _ = make_engine()
    motor = Motor("x")
    motor.set = lambda value: answer
    with pytest.raises(
        UnsupportedDeviceError, match=r"x answered 'set' with .* no status"
    ):
        asyncio.run(engine.run([Msg("set", motor, 1)]))


def test_a_device_that_moves_in_a_bare_coroutine_is_named():
    engine, _ = make_engine()

    class Wrong(Motor):
        async def set(self, value):
            return None

    with pytest.raises(UnsupportedDeviceError, match="no status"):
        asyncio.run(engine.run([Msg("set", Wrong("x"), 1)]))


def test_keywords_reach_the_device():
    engine, _ = make_engine()
    given = []

    class Stage(Motor):
        def set(self, value, *, speed=1):
            given.append((value, speed))
            return Status.finished()

    asyncio.run(engine.run([Msg("set", Stage(), 3, speed=7, group="g")]))
    assert given == [(3, 7)]


def test_a_device_may_be_stopped_by_the_plan():
    engine, _ = make_engine()
    motor = Motor()

    class Slow(Motor):
        async def stop(self, success=True):
            await asyncio.sleep(0)
            self.stops += 1

    slow = Slow()
    asyncio.run(engine.run([Msg("stop", motor), Msg("stop", slow)]))
    assert (motor.stops, slow.stops) == (1, 1)
