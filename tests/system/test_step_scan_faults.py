"""Step scans when the beamline dies, freezes, stalls or is moved by somebody else."""

import threading
import time

import numpy as np
import pytest
from beamline_fixtures import second_port, start_beamline, until
from kit import Documents, Stopwatch

from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.epics import SIM_FIELDS, EpicsMotor, EpicsSignal
from lapwing.errors import DeviceTimeoutError, FailedStatus, RunEngineInterrupted
from lapwing.sim.beamline import Beamline
from lapwing.sim.sample import Sample
from lapwing.stepscan import Counter, Detector, Positioner, StepScan, Trigger
from lapwing.stepscan.progress import Silent

DWELL = 0.05
NUM = 8


@pytest.fixture(scope="module")
def beamline():
    with start_beamline(velocity=10.0, dwell=DWELL) as beamline:
        yield beamline


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def RE(documents, beamline):
    if not beamline.running:
        beamline.restart()
    for pv in ("SIM:X:STALL", "SIM:DET:STALL", "SIM:DET:SHORT", "SIM:DET:INVALID"):
        put(pv, 0)
    engine = RunEngine({})
    engine.subscribe(documents)
    return engine


class Story(Silent):
    """What a scan says of itself."""

    def __init__(self):
        self.messages, self.states = [], []

    def message(self, text):
        self.messages.append(text)

    def state(self, text):
        self.states.append(text)


class Trouble:
    """Makes trouble once, when a message of some kind has been said so often."""

    def __init__(self, command, number, make, delay=0.0):
        self._left, self._command = number, command
        self._make, self._delay = make, delay
        self.thread = None

    def __call__(self, msg):
        if msg.command != self._command:
            return
        self._left -= 1
        if self._left == 0:
            self.thread = threading.Timer(self._delay, self._make)
            self.thread.start()


def make_scan(**options):
    story = Story()
    x = Positioner("SIM:X", np.linspace(-1, 1, NUM), name="x", fields=SIM_FIELDS)
    counters = [Counter("SIM:DET:COUNTS", "counts"), Counter("SIM:DET:SPECTRUM", "mca")]
    det = Detector(
        Trigger("SIM:DET:TRIG", timeout=2.0),
        counters,
        label="det",
        dwell="SIM:DET:DWELL",
    )
    options.setdefault("dwell", DWELL)
    scan = StepScan([x], detectors=[det], listeners=[story], **options)
    return scan, story


def require_every_point_once(documents):
    """Every point, once, in order, with all its columns, as of an undisturbed scan."""
    points = documents.points()
    assert list(points) == list(range(1, NUM + 1))
    places = np.linspace(-1, 1, NUM)
    sample = Sample()
    for place, data in zip(places, points.values(), strict=True):
        assert data["x"] == pytest.approx(place)
        assert data["counts"] == sample.counts(place, 0.0, DWELL)
        assert np.array_equal(data["mca"], sample.spectrum(place, 0.0, DWELL))
    assert documents.named("stop")[0]["exit_status"] == "success"


def kill_and_restart(beamline, after=0.3):
    def make():
        beamline.kill()
        time.sleep(after)
        beamline.restart()

    return make


@pytest.mark.parametrize(
    ("command", "number"),
    [
        pytest.param("set", 5, id="move"),
        pytest.param("trigger", 4, id="count"),
        pytest.param("read", 3, id="read", marks=pytest.mark.soak),
        pytest.param("save", 6, id="between points", marks=pytest.mark.soak),
    ],
)
def test_a_server_killed_at_any_phase_costs_no_point(
    command, number, RE, documents, beamline
):
    scan, story = make_scan()
    trouble = Trouble(command, number, kill_and_restart(beamline))
    RE.msg_hook = trouble
    RE(scan.plan())
    trouble.thread.join()
    require_every_point_once(documents)
    assert story.states.count("waiting") >= 1
    assert story.states[-1] == "running"
    assert any("is taken again" in text for text in story.messages)


def test_a_server_killed_at_a_breakpoint_costs_no_point(RE, documents, beamline):
    kill = kill_and_restart(beamline)

    def kill_at_the_first(point):
        if point == 4:
            kill()

    scan, _story = make_scan(
        breakpoints=[3, 5], at_break=kill_at_the_first, extra_pvs=["SIM:TEMP1"]
    )
    RE(scan.plan())
    require_every_point_once(documents)
    assert len(documents.points("extra_pvs")) == 3


def test_an_abort_is_obeyed_while_a_server_is_waited_for(RE, documents, beamline):
    scan, story = make_scan()
    RE.msg_hook = Trouble("create", 1, beamline.kill)

    def state(text):
        if text == "waiting":
            scan.abort("the ring is down")

    story.state = state
    watch = Stopwatch()
    with pytest.raises(RunEngineInterrupted, match="the ring is down"):
        RE(scan.plan())
    assert watch.seconds < 15
    assert documents.named("stop")[0]["exit_status"] == "abort"


def test_a_frozen_server_is_noticed_in_seconds_and_waited_for(RE, documents, beamline):
    scan, story = make_scan()
    thawed = []

    def freeze():
        beamline.freeze()
        time.sleep(8)
        thawed.append(time.monotonic())
        beamline.thaw()

    told = []
    story.state = lambda text: told.append((text, time.monotonic()))
    trouble = Trouble("set", 4, freeze)
    RE.msg_hook = trouble
    RE(scan.plan())
    trouble.thread.join()
    require_every_point_once(documents)
    waiting = [at for text, at in told if text == "waiting"]
    assert waiting
    assert waiting[0] < thawed[0]


def test_a_counter_that_disconnects_while_the_rest_lives_costs_no_point(
    RE, documents, beamline
):
    """Its server is another one than that of the motor and the detector."""
    scan, story = make_scan(counters=[Counter("OTHER:TEMP1", "temperature")])
    options = ["--prefix=OTHER:"]
    with Beamline.launch(second_port(), options, 20.0, pva=False) as other:
        RE.msg_hook = trouble = Trouble("trigger", 4, kill_and_restart(other))
        RE(scan.plan())
        trouble.thread.join()
    require_every_point_once(documents)
    temperatures = [data["temperature"] for data in documents.points().values()]
    assert len(temperatures) == NUM
    assert np.isfinite(temperatures).all()
    assert story.states.count("waiting") >= 1
    assert any("OTHER:TEMP1" in text for text in story.messages)


def test_a_stalled_motor_is_told_of_and_its_point_taken_again(RE, documents, beamline):
    scan, story = make_scan()

    def stall():
        put("SIM:X:STALL", 1)
        time.sleep(3)
        put("SIM:X:STALL", 0)

    RE.msg_hook = Trouble("set", 4, stall)
    RE(scan.plan())
    RE.msg_hook.thread.join()
    require_every_point_once(documents)
    assert any("did not reach" in text for text in story.messages)


def test_a_motor_that_stays_stalled_ends_the_scan_with_the_reason(
    RE, documents, beamline
):
    scan, _story = make_scan(max_retries=1)
    put("SIM:X:STALL", 0)
    RE.msg_hook = Trouble("set", 4, lambda: put("SIM:X:STALL", 1))
    with pytest.raises(FailedStatus, match="did not reach"):
        RE(scan.plan())
    put("SIM:X:STALL", 0)
    stop = documents.named("stop")[0]
    assert stop["exit_status"] == "fail"
    assert "did not reach" in stop["reason"]
    assert len(documents.points()) == stop["num_events"]["primary"] == 1


def test_a_motor_that_somebody_else_moves_is_sent_back(RE, documents, beamline):
    scan, _story = make_scan()
    RE.msg_hook = Trouble("set", 4, lambda: put("SIM:X:STOP", 1), delay=0.005)
    RE(scan.plan())
    RE.msg_hook.thread.join()
    require_every_point_once(documents)


def test_a_count_that_never_ends_is_taken_again(RE, documents, beamline):
    scan, _story = make_scan()

    def stall():
        put("SIM:DET:STALL", 1)
        time.sleep(3.0)
        put("SIM:DET:STALL", 0)

    RE.msg_hook = Trouble("set", 5, stall)
    RE(scan.plan())
    RE.msg_hook.thread.join()
    require_every_point_once(documents)


@pytest.mark.parametrize(
    ("pv", "said"),
    [("SIM:DET:SHORT", "too short"), ("SIM:DET:INVALID", "INVALID")],
)
def test_a_bad_point_is_taken_again_and_columns_do_not_shift(
    pv, said, RE, documents, beamline
):
    scan, story = make_scan(max_retries=20)

    def make():
        put(pv, 1)
        time.sleep(0.3)
        put(pv, 0)

    RE.msg_hook = Trouble("set", 5, make)
    RE(scan.plan())
    RE.msg_hook.thread.join()
    require_every_point_once(documents)
    assert any(said in text for text in story.messages)


def test_a_move_that_missed_is_made_again(RE, documents, beamline):
    scan, story = make_scan()
    put("SIM:X:MISS", 1)
    RE(scan.plan())
    require_every_point_once(documents)
    assert ["it missed -1 mm" in text for text in story.messages[1:]] == [True]


def test_a_count_that_was_too_short_is_noticed_where_the_scan_sets_no_dwell(
    RE, documents, beamline
):
    scan, story = make_scan(dwell=None)
    put("SIM:DET:DWELL", DWELL)
    put("SIM:DET:SHORT", 1)
    RE(scan.plan())
    require_every_point_once(documents)
    assert story.messages[1:] == [
        "point 1 is taken again: det counted for too short a time"
    ]


def test_an_abort_stops_what_moves_and_what_counts(RE, documents, beamline):
    scan, _story = make_scan()
    far = Positioner("SIM:X", [-9.0, 9.0], name="x", fields=SIM_FIELDS)
    scan = StepScan([far], detectors=scan.detectors, dwell=DWELL)

    def abort():
        time.sleep(0.2)
        RE.abort("enough")

    RE.msg_hook = Trouble("set", 4, abort)  # to the start, its dwell, and far away
    with pytest.raises(Exception, match="enough"):
        RE(scan.plan())
    RE.msg_hook.thread.join()
    motor = EpicsMotor("SIM:X", "m", fields=SIM_FIELDS)
    device_loop.call(motor.connect())
    device_loop.call(until(lambda: not motor.moving))  # stop is sent, not waited for
    assert -9.0 <= motor.position < 9.0
    assert documents.named("stop")[0]["exit_status"] == "abort"


def put(pv, value):
    """Write a PV as another client would."""

    async def write():
        signal = EpicsSignal(pv, "any")
        await signal.connect(timeout=30)  # libca looks for a lost server ever less
        await signal.set(value)

    device_loop.call(write())
    return DeviceTimeoutError  # what a stalled motor is told with


def test_a_second_put_to_a_count_that_never_ends_holds_up_nothing_else(RE, beamline):
    async def main():
        trigger = EpicsSignal("SIM:DET:TRIG", "trigger")
        other = EpicsSignal("SIM:DET:DWELL", "dwell")
        stall = EpicsSignal("SIM:DET:STALL", "stall")
        for one in (trigger, other, stall):
            await one.connect()
        await stall.set(1)
        with pytest.raises(DeviceTimeoutError):
            await trigger.set(1, timeout=0.3)
        with pytest.raises(DeviceTimeoutError, match="its last put had not ended"):
            await trigger.set(1, timeout=0.3)
        watch = Stopwatch()
        again = trigger.set(1, timeout=10)
        await other.set(DWELL)
        assert (await other.read())["dwell"]["value"] == DWELL
        assert watch.seconds < 1
        assert not again.done
        await stall.set(0)
        await again

    device_loop.call(main())
