"""EPICS motor, counter and signal against the simulated beamline."""

import asyncio
import gc
import math
import time
import weakref

import numpy as np
import pytest
from beamline_fixtures import (  # noqa: F401
    beamline_fixture,
    event_loop,
    run_fixture,
    until,
)
from kit import Stopwatch

from lapwing import protocols
from lapwing.epics import (
    SIM_FIELDS,
    EpicsCounter,
    EpicsMotor,
    EpicsSignal,
    MotorFields,
    connect_all,
)
from lapwing.errors import (
    DeviceError,
    DeviceTimeoutError,
    DisconnectedError,
    LimitError,
    MotionError,
    PlanArgumentError,
)
from lapwing.sim.sample import Sample

pytestmark = pytest.mark.usefixtures("beamline")


def make_motor(name="x", **options):
    return EpicsMotor(f"SIM:{name.upper()}", name, fields=SIM_FIELDS, **options)


def make_counter(**options):
    counters = {"counts": "COUNTS", "spectrum": "SPECTRUM"}
    return EpicsCounter("SIM:DET:", "det", counters=counters, **options)


def only(**given):
    """Return the names of a motor with no more PVs than it must have."""
    least = {"setpoint": "", "readback": ":RBV", "stop": ":STOP"}
    return MotorFields(**dict.fromkeys(MotorFields.__slots__) | least | given)


@pytest.fixture
def x(run):
    put(run, "SIM:X:STALL", 0)
    put(run, "SIM:X:VELO", 50.0)
    motor = make_motor()
    run(motor.connect())
    run(awaited(motor.set, 0))
    return motor


async def awaited(function, *args, **kwargs):
    """Call what gives a Status, and await it."""
    await function(*args, **kwargs)


def put(run, pv, value):
    """Write a PV in passing."""

    async def write():
        signal = EpicsSignal(pv, "any")
        await signal.connect()
        await signal.set(value)

    run(write())


# ------------------------------------------------------------ connecting


def test_a_device_before_its_connection_says_what_is_missing():
    motor, counter = make_motor(), make_counter()
    for action in (lambda: motor.set(1), counter.trigger):
        with pytest.raises(DisconnectedError, match="was not connected yet"):
            action()
    assert not motor.connected
    assert counter.hints == {"fields": ["det_counts", "det_spectrum"]}


def test_every_unreachable_pv_of_every_device_is_named_in_one_error(run):
    lost = EpicsMotor("SIM:Q", "q", fields=SIM_FIELDS)
    signal = EpicsSignal("SIM:NOTHING", "s", readback="SIM:NOTHING:RBV")
    watch = Stopwatch()
    with pytest.raises(DisconnectedError) as caught:
        run(connect_all(make_motor(), lost, signal, timeout=0.5))
    assert watch.seconds < 1.5
    assert set(caught.value.pvs) == {
        *SIM_FIELDS.pvs("SIM:Q").values(),
        "SIM:NOTHING",
        "SIM:NOTHING:RBV",
    }
    assert "q: SIM:Q, SIM:Q:RBV" in str(caught.value)
    assert "s: SIM:NOTHING, SIM:NOTHING:RBV" in str(caught.value)
    assert str(caught.value).startswith("13 PVs do not answer within 0.5 s: ")


def test_a_pv_of_the_wrong_kind_is_named(run):
    motor = EpicsMotor("SIM:X", "x", fields=only(readback=":DESC"))
    with pytest.raises(DeviceError, match=r"motor x: SIM:X:DESC holds string values"):
        run(motor.connect())


def test_a_device_may_be_connected_twice(run, x):
    run(x.connect())
    assert x.connected
    run(awaited(x.set, 0.25))
    assert run(x.locate()) == {"setpoint": 0.25, "readback": 0.25}


def test_a_device_may_be_connected_again_in_another_event_loop():
    motor = make_motor()
    for target in (0.5, -0.5):
        with event_loop() as run:
            run(motor.connect())
            run(awaited(motor.set, target))
            assert run(motor.locate())["readback"] == target


# ------------------------------------------------------------ motor


def test_a_motor_has_the_shapes_that_plans_ask_for(x):
    for shape in (
        protocols.Readable,
        protocols.NamedMovable,
        protocols.Locatable,
        protocols.Checkable,
        protocols.Stoppable,
        protocols.Configurable,
    ):
        assert isinstance(x, shape)
    assert x.hints == {"fields": ["x"]}
    assert x.parent is None
    assert repr(x) == "<EpicsMotor x>"


def test_a_motor_is_there_when_its_status_is_done(run, x):
    run(awaited(x.set, 1.25))
    readings, keys = run(x.read()), run(x.describe())
    assert {key: r["value"] for key, r in readings.items()} == {
        "x": 1.25,
        "x_user_setpoint": 1.25,
    }
    assert abs(readings["x"]["timestamp"] - time.time()) < 60
    assert readings["x"]["alarm_severity"] == 0
    assert list(keys) == list(readings)
    assert keys["x"] == {
        "source": "ca://SIM:X:RBV",
        "dtype": "number",
        "dtype_numpy": "<f8",
        "shape": [],
        "units": "mm",
        "precision": 4,
        "limits": {"control": {"low": -10.0, "high": 10.0}},
        "object_name": "x",
    }
    assert keys["x_user_setpoint"]["source"] == "ca://SIM:X"


def test_the_configuration_of_a_motor_is_read(run, x):
    readings, keys = run(x.read_configuration()), run(x.describe_configuration())
    assert readings["x_velocity"]["value"] == 50
    assert readings["x_motor_egu"]["value"] == "mm"
    assert list(keys) == list(readings)
    assert keys["x_velocity"]["units"] == "mm/s"


def test_two_motors_move_at_the_same_time(run, x):
    y = make_motor("y")
    put(run, "SIM:X:VELO", 10.0)
    put(run, "SIM:Y:VELO", 10.0)

    async def move():
        await y.connect()
        await y.set(0)
        began = time.monotonic()
        await asyncio.gather(as_future(x.set(9)), as_future(y.set(-9)))
        return time.monotonic() - began

    # One after the other they would take 1.8 s.
    assert 0.89 < run(move()) < 1.5
    put(run, "SIM:Y:VELO", 50.0)


async def as_future(status):
    await status


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (12.5, r"motor x: 12\.5 mm is above the high limit 10 mm \(SIM:X:HLM\)"),
        (-11, r"motor x: -11 mm is below the low limit -10 mm \(SIM:X:LLM\)"),
    ],
)
def test_a_position_beyond_a_limit_is_refused_before_motion(run, x, target, sentence):
    with pytest.raises(LimitError, match=sentence):
        x.set(target)
    with pytest.raises(LimitError, match=sentence):
        x.check_value(target)
    assert run(x.locate()) == {"setpoint": 0.0, "readback": 0.0}


@pytest.mark.parametrize("target", [math.nan, math.inf, "far", None])
def test_what_is_no_position_is_refused_before_motion(run, x, target):
    with pytest.raises(PlanArgumentError, match="is no position"):
        x.set(target)
    assert run(x.locate())["setpoint"] == 0.0


def test_what_only_the_server_refuses_is_a_limit_error_too(run):
    motor = EpicsMotor("SIM:X", "x", fields=only(violation=":LVIO"))
    run(motor.connect())
    assert not motor.limits.active
    with pytest.raises(LimitError, match=r"server refused 50 mm .*\(SIM:X:LVIO\)"):
        run(awaited(motor.set, 50))
    # No velocity, no time limit of its own.
    assert motor.time_limit(0, 1) is None


def test_a_change_of_limits_is_heard(run, x):
    put(run, "SIM:X:HLM", 2.0)
    run(until(lambda: x.limits.high == 2.0))
    with pytest.raises(LimitError, match="above the high limit 2 mm"):
        x.set(3)
    put(run, "SIM:X:HLM", 10.0)
    run(until(lambda: x.limits.high == 10.0))


def test_a_stalled_motor_fails_in_its_time_and_is_told_to_stop(run, x):
    motor = make_motor(time_margin=0.3)

    async def stall():
        await motor.connect()
        limit = motor.time_limit(0, 5)
        assert limit == pytest.approx(1.5 * (5 / 50 + 2 * 0.005) + 0.3)
        began = time.monotonic()
        with pytest.raises(DeviceTimeoutError) as caught:
            await motor.set(5)
        return limit, time.monotonic() - began, caught.value

    put(run, "SIM:X:STALL", 1)
    limit, waited, error = run(stall())
    assert limit <= waited < limit + 0.5
    assert str(error).startswith(
        f"motor x did not reach 5 mm within {limit:.3g} s: it stands at 0 mm, and it "
        "was told to stop"
    )
    assert (error.device, error.pv, error.context["target"]) == ("x", "SIM:X", 5.0)

    async def still():
        return (await motor.get("done"))[0].value == 1

    run(until(still))
    put(run, "SIM:X:STALL", 0)
    run(awaited(motor.set, 1))
    assert run(motor.locate())["readback"] == 1


def test_a_time_limit_given_with_the_set_rules(run, x):
    put(run, "SIM:X:STALL", 1)
    with pytest.raises(DeviceTimeoutError, match=r"within 0\.1 s"):
        run(awaited(x.set, 5, timeout=0.1))
    put(run, "SIM:X:STALL", 0)


@pytest.mark.parametrize("success", [True, False])
def test_a_stopped_motor_stays_where_it_is(run, x, success):
    put(run, "SIM:X:VELO", 5.0)

    async def stop():
        status = x.set(8)
        heard = asyncio.Event()
        status.watch(lambda **progress: progress["current"] > 0 and heard.set())
        await asyncio.wait_for(heard.wait(), 5)
        await x.stop(success)
        try:
            await status
        except MotionError as error:
            return error
        return None

    error = run(stop())
    where = run(x.locate())
    assert 0 < where["readback"] < 8
    assert where["setpoint"] == where["readback"]
    assert (error is None) is success
    if error:
        assert "it was stopped on its way to 8 mm" in str(error)


def test_a_stop_by_somebody_else_is_a_failed_move(run, x):
    put(run, "SIM:X:VELO", 5.0)

    async def stop():
        status = x.set(8)
        panel = EpicsSignal("SIM:X:STOP", "panel")
        await panel.connect()
        await panel.set(1)
        with pytest.raises(MotionError, match="somebody stopped it or sent it else"):
            await status

    run(stop())


def test_a_move_tells_its_progress(run, x):
    put(run, "SIM:X:VELO", 10.0)
    run(until(lambda: x.time_limit(0, 1) > 2.1))
    told = []

    async def move():
        status = x.set(5)
        status.watch(lambda **progress: told.append(progress))
        await status

    run(move())
    assert 4 <= len(told) <= 8
    fractions = [progress["fraction"] for progress in told]
    assert fractions == sorted(fractions, reverse=True)
    assert fractions[-1] == 0
    middle = told[2]
    assert (middle["name"], middle["initial"], middle["target"]) == ("x", 0.0, 5.0)
    assert (middle["unit"], middle["precision"]) == ("mm", 4)
    total = middle["time_elapsed"] + middle["time_remaining"]
    assert total == pytest.approx(0.5, abs=0.3)


def test_moves_of_one_motor_are_made_one_after_the_other(run, x):
    async def move():
        await asyncio.gather(as_future(x.set(1)), as_future(x.set(2)))

    run(move())
    assert run(x.locate()) == {"setpoint": 2.0, "readback": 2.0}


# ------------------------------------------------------------ counter and signal


def test_a_counter_has_the_shapes_that_plans_ask_for(run):
    counter = make_counter()
    run(counter.connect())
    for shape in (
        protocols.Readable,
        protocols.Triggerable,
        protocols.Configurable,
        protocols.HasHints,
    ):
        assert isinstance(counter, shape)
    assert counter.dwell is not None
    assert counter.dwell.parent is counter
    assert isinstance(counter.dwell, protocols.Locatable)
    assert counter.hints == {"fields": ["det_counts"]}
    assert make_counter(hinted=["spectrum"]).hints == {"fields": ["det_spectrum"]}


def test_a_counter_counts_where_the_motors_are(run, x):
    counter, y, sample = make_counter(), make_motor("y"), Sample()

    async def count():
        await connect_all(counter, y)
        await y.set(0)
        await x.set(0.5)
        await counter.trigger()
        return await counter.read(), await counter.describe()

    readings, keys = run(count())
    assert readings["det_counts"]["value"] == sample.counts(0.5, 0, 0.01)
    spectrum = readings["det_spectrum"]["value"]
    assert type(spectrum) is np.ndarray
    assert np.array_equal(spectrum, sample.spectrum(0.5, 0, 0.01))
    assert keys["det_counts"]["dtype"] == "integer"
    assert keys["det_counts"]["units"] == "counts"
    assert keys["det_spectrum"]["shape"] == [2048]
    assert keys["det_spectrum"]["dtype"] == "array"
    assert keys["det_spectrum"]["source"] == "ca://SIM:DET:SPECTRUM"


def test_the_dwell_can_be_set_and_is_configuration(run):
    counter = make_counter()

    async def count():
        await counter.connect()
        await counter.dwell.set(0.15)
        began = time.monotonic()
        await counter.trigger()
        waited = time.monotonic() - began
        readings = await counter.read_configuration()
        assert list(readings) == list(await counter.describe_configuration())
        assert await counter.dwell.locate() == {"setpoint": 0.15, "readback": 0.15}
        assert await counter.dwell.read() == readings
        await counter.dwell.set(0.01)
        return waited, readings["det_dwell"]["value"]

    waited, dwell = run(count())
    assert waited > 0.14
    assert dwell == 0.15


def test_a_counter_needs_no_dwell_and_may_be_named_as_its_device(run):
    counter = EpicsCounter("SIM:DET:", "i0", counters={"": "COUNTS"}, dwell=None)

    async def count():
        await counter.connect()
        await counter.trigger()
        return await counter.read(), await counter.read_configuration()

    readings, configuration = run(count())
    assert list(readings) == ["i0"]
    assert configuration == {}
    assert counter.hints == {"fields": ["i0"]}


def test_a_trigger_that_takes_too_long_fails_in_its_time(run):
    counter = make_counter(time_margin=-0.2)

    async def count():
        await counter.connect()
        await counter.dwell.set(0.3)
        await until(lambda: counter.latest("dwell") == 0.3)
        with pytest.raises(DeviceTimeoutError, match=r"det: SIM:DET:TRIG was set to 1"):
            await counter.trigger()
        await counter.dwell.set(0.01)

    run(count())


def test_a_signal_describes_itself_and_refuses_values_of_another_kind(run):
    signal = EpicsSignal("SIM:DET:NOISE", "noise")

    async def use():
        await signal.connect()
        keys = await signal.describe()
        assert keys["noise"]["choices"] == ["off", "on"]
        with pytest.raises(
            PlanArgumentError, match="noise: SIM:DET:NOISE takes one of"
        ):
            await signal.set("loud")
        await signal.set("on")
        return (await signal.read())["noise"]["value"]

    assert run(use()) == 1
    assert signal.hints == {"fields": ["noise"]}


@pytest.mark.parametrize("meant", [True, False])
def test_a_stop_ends_the_moves_that_wait_for_their_turn_too(run, x, meant):
    put(run, "SIM:X:VELO", 5.0)

    async def stop_two():
        first, second = x.set(8), x.set(-8)
        heard = asyncio.Event()
        first.watch(lambda **progress: progress["current"] > 0 and heard.set())
        await asyncio.wait_for(heard.wait(), 5)
        await x.stop(meant)
        outcomes = []
        for status in (first, second):
            try:
                await status
                outcomes.append("done")
            except MotionError as error:
                outcomes.append(str(error))
        return outcomes

    outcomes = run(stop_two())
    where = run(x.locate())
    assert 0 < where["readback"] < 8
    assert where["setpoint"] == where["readback"]
    if meant:
        assert outcomes == ["done", "done"]
    else:
        assert "before its move to -8 mm began" in outcomes[1]


# ------------------------------------------------------------ changes


def test_each_change_of_a_motor_is_told_as_a_whole_reading(run, x):
    async def move():
        heard = []
        x.subscribe(heard.append)
        await until(lambda: heard)
        await x.set(2)
        await until(lambda: heard[-1]["x"]["value"] == 2)
        return heard

    heard = run(move())
    assert isinstance(x, protocols.Subscribable)
    assert all(list(reading) == ["x", "x_user_setpoint"] for reading in heard)
    assert heard[0]["x"]["value"] == 0
    places = [reading["x"]["value"] for reading in heard]
    assert places == sorted(places)
    assert heard[-1]["x_user_setpoint"]["value"] == 2


def test_who_is_no_longer_subscribed_hears_nothing(run, x):
    async def move():
        heard, heard_to_the_end = [], []
        x.subscribe(heard.append)
        x.subscribe(heard_to_the_end.append)
        await until(lambda: heard and heard_to_the_end)
        x.clear_sub(heard.append)
        heard.clear()
        await x.set(1)
        await until(lambda: heard_to_the_end[-1]["x"]["value"] == 1)
        x.clear_sub(heard.append)  # a second time is none the worse
        return heard

    assert run(move()) == []


def test_who_subscribes_twice_is_told_once_of_each_change(run):
    signal = EpicsSignal("SIM:DET:DWELL", "dwell")

    async def change():
        await signal.connect()
        heard, control = [], []
        for function in (heard.append, heard.append, control.append):
            signal.subscribe(function)
        await until(lambda: heard and control)
        heard.clear()
        for value in (0.02, 0.03, 0.01):
            await signal.set(value)
        await until(lambda: control[-1]["dwell"]["value"] == 0.01)
        return [reading["dwell"]["value"] for reading in heard]

    assert run(change()) == [0.02, 0.03, 0.01]


def test_every_count_of_a_counter_is_told(run):
    det = make_counter()

    async def count():
        await det.connect()
        heard = []
        det.subscribe(heard.append)
        await until(lambda: heard)
        stamp = heard[-1]["det_spectrum"]["timestamp"]
        await det.trigger()
        await until(lambda: heard[-1]["det_spectrum"]["timestamp"] > stamp)
        return heard

    heard = run(count())
    assert heard[-1].keys() == {"det_counts", "det_spectrum"}
    assert heard[-1]["det_spectrum"]["value"].shape == (2048,)


def test_a_device_that_was_never_connected_cannot_be_watched():
    with pytest.raises(DisconnectedError, match="not connected yet"):
        make_motor("never").subscribe(print)


def test_who_listened_once_is_let_go(run, x):
    class Listener:
        def hear(self, readings):
            self.heard = readings

    async def listen():
        listeners = [Listener()]
        x.subscribe(listeners[0].hear)
        await until(lambda: hasattr(listeners[0], "heard"))
        x.clear_sub(listeners[0].hear)
        gone = weakref.ref(listeners.pop())
        x.subscribe(print)  # each new one clears away the ones that were closed
        x.clear_sub(print)
        return gone

    gone = run(listen())
    run(asyncio.sleep(0))
    gc.collect()
    assert gone() is None
