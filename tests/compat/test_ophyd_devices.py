"""Ophyd's devices under Lapwing: all kinds of them, and their documents are valid."""

import asyncio
import threading
from typing import Any

import event_model
import numpy as np
import ophyd
import ophyd.sim
import pytest
from compat.valid import assert_valid
from kit import Documents
from ophyd.areadetector.filestore_mixins import resource_factory
from ophyd.utils.epics_pvs import AlarmSeverity

import lapwing
from lapwing import plan_stubs as bps
from lapwing import plans as bp
from lapwing import preprocessors as bpp
from lapwing import suspenders
from lapwing.errors import FailedStatus, LapwingError

PERIODIC = ["rand", "rand2"]
DETECTORS = [
    *("ab_det", "bool_sig", "det", "det1", "det2", "det3", "det4", "det5"),
    *("det_with_conf", "det_with_count_time", "direct_img", "direct_img_list"),
    *("identical_det", "img", "invariant1", "invariant2", "noisy_det", "sig"),
    *("signal", *PERIODIC),
]
MOTORS = [
    *("jittery_motor1", "jittery_motor2", "motor", "motor1", "motor2", "motor3"),
    *("motor_empty_hints1", "motor_empty_hints2", "motor_no_hints1"),
    *("motor_no_hints2", "motor_no_pos", "sig", "signal"),
]
FLYERS = ["flyer1", "flyer2", "trivial_flyer", "new_trivial_flyer"]
PSEUDO = ["pseudo1x3", "pseudo3x3"]


@pytest.fixture(scope="module", name="hw")
def hw_fixture(tmp_path_factory):
    return ophyd.sim.hw(str(tmp_path_factory.mktemp("images")))


@pytest.fixture(name="run")
def run_fixture():
    """Run a plan to its end; returns its documents, which are valid."""
    engine = lapwing.RunEngine({})

    def run(plan: Any) -> Documents:
        documents = Documents()
        token = engine.subscribe(documents)
        try:
            engine(plan)
        finally:
            engine.unsubscribe(token)
        assert_valid(documents.all)
        return documents

    run.engine = engine
    return run


def test_no_device_of_ophyd_s_is_left_out(hw):
    used = {*DETECTORS, *MOTORS, *FLYERS, *PSEUDO}
    assert vars(hw).keys() == used


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_is_counted(name, hw, run):
    det = getattr(hw, name)
    documents = run(bp.count([det], 2))
    assert documents.names.count("event") == 2
    keys = documents.named("descriptor")[0]["data_keys"]
    assert keys.keys() == det.describe().keys()


@pytest.mark.parametrize("name", MOTORS)
def test_a_motor_is_scanned_and_put_back(name, hw, run):
    motor = getattr(hw, name)
    run(moving(motor, 0.5))
    documents = run(bp.rel_scan([hw.det], motor, -1, 1, 3))
    assert documents.names.count("event") == 3
    setpoint = getattr(motor, "setpoint", motor).get()
    assert setpoint == pytest.approx(0.5, abs=2 if "jittery" in name else 1e-9)


def moving(motor: Any, to: float) -> Any:
    @bpp.run_decorator()
    def plan():
        yield from bps.mv(motor, to)

    return plan()


@pytest.mark.parametrize("name", PSEUDO)
def test_a_pseudo_positioner_is_scanned_as_an_axis_and_as_a_whole(name, hw, run):
    whole = getattr(hw, name)
    documents = run(bp.scan([hw.det], whole.pseudo1, 0, 1, 3))
    assert documents.points()[3][whole.pseudo1.name] == 1
    place = (1,) * len(whole.PseudoPosition._fields)
    documents = run(bp.list_scan([hw.det], whole, [place]))
    assert documents.points()[1][whole.real1.name] == -1


@pytest.mark.parametrize("name", FLYERS)
def test_a_flyer_flies(name, hw, run):
    documents = run(bp.fly([getattr(hw, name)]))
    rows = sum(len(page["seq_num"]) for page in documents.named("event_page"))
    assert rows == {"flyer1": 20, "flyer2": 10}.get(name, 100)


def test_images_in_files_are_found_by_what_the_documents_say(hw, run):
    documents = run(bp.scan([hw.img], hw.motor, 0, 1, 2))
    events = []
    handlers = {"NPY_SEQ": ophyd.sim.NumpySeqHandler}
    with event_model.Filler(handlers, inplace=False) as filler:
        for name, doc in documents.all:
            filled = filler(name, doc)[1]
            if name == "event":
                events.append(filled["data"]["img"])
    assert np.array_equal(events, np.ones((2, 10, 10)))


class FileDetector(ophyd.Device):
    """As area detectors write files: a resource for each run, a datum for each shot."""

    image = ophyd.Component(ophyd.Signal, value="", kind="normal")

    def stage(self):
        self.resource, self.datum = resource_factory("TEST", "/", "f.h5", {}, "posix")
        self.assets = [("resource", self.resource)]
        return super().stage()

    def trigger(self):
        datum = self.datum({"point": len(self.assets)})
        self.assets.append(("datum", datum))
        self.image.put(datum["datum_id"])
        return ophyd.sim.NullStatus()

    def describe(self):
        found = super().describe()
        found[self.image.name].update(external="FILESTORE:", dtype="array", shape=[3])
        return found

    def collect_asset_docs(self):
        found, self.assets = self.assets, []
        yield from found


def test_a_file_writing_detector_of_the_old_kind_is_counted(run):
    documents = run(bp.count([FileDetector(name="cam")], 3))
    assert documents.names.count("resource") == 1
    assert documents.names.count("datum") == 3


# ---------------------------------------------------------------- signals


def test_a_signal_is_monitored(hw, run):
    """Ophyd tells changes in a thread of its own; none is lost at the end."""
    heard = threading.Event()
    seen: list[int] = []

    def look(name: str, doc: dict[str, Any]) -> None:
        if name == "event" and "sig" in doc["data"]:
            seen.append(doc["data"]["sig"])
            if doc["data"]["sig"] == 3:
                heard.set()

    @bpp.monitor_during_decorator([hw.sig])
    @bpp.run_decorator()
    def plan():
        for value in (1, 2, 3):
            yield from bps.abs_set(hw.sig, value, wait=True)
        yield from bps.wait_for([wait])

    async def wait():
        assert await asyncio.to_thread(heard.wait, 5)

    hw.sig.put(0)
    run.engine.subscribe(look)
    documents = run(plan())
    assert [d["name"] for d in documents.named("descriptor")] == ["sig_monitor"]
    assert seen[0] == 0
    assert seen[-1] == 3


def test_a_signal_suspends_a_plan_until_it_is_right_again(run):
    beam = ophyd.Signal(name="beam", value=100.0)
    suspender = suspenders.SuspendFloor(beam, 50)
    run.engine.install_suspender(suspender)
    det = ophyd.sim.SynSignal(name="det", func=lambda: beam.get())
    states: list[str] = []
    suspended = threading.Event()

    def watch(new: Any, old: Any) -> None:
        states.append(str(new))
        if new == "suspending":
            suspended.set()

    def mend() -> None:
        assert suspended.wait(5)
        beam.put(80.0)

    def fail_once():
        if beam.get() == 100.0:
            beam.put(10.0)
        yield from bps.wait_for([lambda: asyncio.to_thread(suspended.wait, 5)])

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        yield from fail_once()
        yield from bps.trigger_and_read([det])

    run.engine.state_hook = watch
    mender = threading.Thread(target=mend)
    mender.start()
    documents = run(plan())
    mender.join(5)
    run.engine.remove_suspender(suspender)
    assert documents.points() == {1: {"det": 80.0}}
    assert "suspending" in states


def test_a_count_time_is_set_and_put_back(hw, run):
    hw.det_with_count_time.count_time.put(0.1)
    plan = bp.count([hw.det_with_count_time])
    run(bpp.configure_count_time_wrapper(plan, 0.3))
    assert hw.det_with_count_time.count_time.get() == 0.1


def test_a_device_is_configured(hw, run):
    @bpp.run_decorator()
    def plan():
        yield from bps.trigger_and_read([hw.det])
        yield from bps.configure(hw.det, {"sigma": 3})
        yield from bps.trigger_and_read([hw.det])

    documents = run(plan())
    sigmas = [
        doc["configuration"]["det"]["data"]["det_sigma"]
        for doc in documents.named("descriptor")
    ]
    assert sigmas == [1, 3]


# ---------------------------------------------------------------- stand-ins for EPICS


FakeMotor = ophyd.sim.make_fake_device(ophyd.EpicsMotor)


@pytest.fixture(name="motor")
def motor_fixture():
    motor = FakeMotor("IOC:m1", name="m1")
    ophyd.sim.clear_fake_device(motor)
    motor.user_setpoint.sim_set_limits((-10, 10))
    motor.motor_egu.sim_put("mm")
    motor.user_readback.alarm_severity = AlarmSeverity.NO_ALARM  # no part of the fake

    def arrive(value: Any, **_: Any) -> None:
        motor.motor_done_move.sim_put(0)
        motor.user_readback.sim_put(value)
        motor.motor_done_move.sim_put(1)

    motor.user_setpoint.subscribe(arrive, run=False)
    return motor


def test_a_classic_motor_is_scanned(motor, hw, run):
    documents = run(bp.scan([hw.det], motor, -1, 1, 3))
    assert [data["m1"] for data in documents.points().values()] == [-1, 0, 1]
    keys = documents.named("descriptor")[0]["configuration"]["m1"]["data"]
    assert keys["m1_motor_egu"] == "mm"


def test_a_classic_motor_refuses_what_is_beyond_its_limits(motor, hw, run):
    with pytest.raises(ophyd.utils.LimitError):
        run.engine(bp.scan([hw.det], motor, 0, 20, 3))
    assert run.engine.state == "idle"


class Stuck(ophyd.Device):
    """Fails some time after it was told to go."""

    def set(self, value: float) -> Any:
        status = ophyd.DeviceStatus(self)
        threading.Thread(target=self.fail, args=[status]).start()
        return status

    def fail(self, status: Any) -> None:
        status.set_exception(OSError("the drive is off"))


def test_what_a_classic_device_s_status_says_is_told(run):
    with pytest.raises(LapwingError, match="stuck") as caught:
        run.engine(bps.mv(Stuck(name="stuck"), 3))
    assert isinstance(caught.value, FailedStatus)
    assert "the drive is off" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_status_of_classic_devices_that_takes_too_long_fails(run):
    class Slow(ophyd.Device):
        def set(self, value: float) -> Any:
            return ophyd.DeviceStatus(self, timeout=0.01)

    with pytest.raises(FailedStatus, match="slow") as caught:
        run.engine(bps.mv(Slow(name="slow"), 3))
    assert isinstance(caught.value.__cause__, ophyd.utils.StatusTimeoutError)


def test_a_soft_positioner_shows_its_progress(hw, run):
    motor = ophyd.SoftPositioner(name="soft", init_pos=0, egu="mm")
    documents = run(bp.scan([hw.det], motor, 0, 2, 3))
    assert [data["soft"] for data in documents.points().values()] == [0, 1, 2]


class Forgetful(ophyd.SoftPositioner):
    """It ends its moves in a thread, which is slow to forget what it has told."""

    asked_again = threading.Event()

    def _setup_move(self, position: float, status: Any) -> None:
        self.asked_again.set()
        self.asked_again.clear()
        self._set_position(position)
        mover = threading.Timer(0.01, self._done_moving)
        mover.name = "mover"
        mover.start()

    def _reset_sub(self, event_type: str) -> None:
        if threading.current_thread().name == "mover":
            self.asked_again.wait(0.02)
        super()._reset_sub(event_type)


@pytest.mark.timeout(5)
def test_a_positioner_that_tells_before_it_forgets_is_sent_on(run):
    motor = Forgetful(name="forgetful")

    def plan():
        for place in range(5):
            yield from bps.mv(motor, place)

    run.engine(plan())
    assert motor.position == 4
