"""Classic ophyd's EPICS devices, over pyepics, under Lapwing.

Run by `test_epics_devices`, in a process of its own: ophyd keeps threads and a
Channel Access context of its own, and reads its environment when it is imported.
"""

import asyncio
import os
import threading
from typing import Any

import pytest

from lapwing.sim.beamline import Beamline

os.environ.pop("OPHYD_CONTROL_LAYER", None)
beamline = Beamline.start(velocity=50.0, dwell=0.005)
os.environ.update(beamline.environment)

import ophyd  # noqa: E402 - it reads the environment
from compat.valid import assert_valid  # noqa: E402
from kit import Documents  # noqa: E402
from ophyd import Component as Cpt  # noqa: E402
from ophyd import EpicsSignal, EpicsSignalRO, Signal  # noqa: E402

import lapwing  # noqa: E402
from lapwing import plan_stubs as bps  # noqa: E402
from lapwing import plans as bp  # noqa: E402
from lapwing import preprocessors as bpp  # noqa: E402
from lapwing import suspenders  # noqa: E402
from lapwing.engine import device_loop  # noqa: E402
from lapwing.epics import EpicsCounter, connect_all  # noqa: E402
from lapwing.epics import EpicsMotor as OurMotor  # noqa: E402
from lapwing.epics.fields import SIM_FIELDS  # noqa: E402
from lapwing.errors import RunEngineInterrupted  # noqa: E402

PREFIX = beamline.prefix


class Motor(ophyd.EpicsMotor):
    """Ophyd's motor; the beamline's PVs have other ends, and it has fewer of them."""

    user_readback = Cpt(EpicsSignalRO, ":RBV", kind="hinted", auto_monitor=True)
    user_setpoint = Cpt(EpicsSignal, "", limits=True, auto_monitor=True)
    velocity = Cpt(EpicsSignal, ":VELO", kind="config", auto_monitor=True)
    acceleration = Cpt(EpicsSignal, ":ACCL", kind="config", auto_monitor=True)
    motor_egu = Cpt(EpicsSignal, ":EGU", kind="config", auto_monitor=True)
    motor_done_move = Cpt(EpicsSignalRO, ":DMOV", kind="omitted", auto_monitor=True)
    high_limit_travel = Cpt(EpicsSignal, ":HLM", kind="omitted", auto_monitor=True)
    low_limit_travel = Cpt(EpicsSignal, ":LLM", kind="omitted", auto_monitor=True)
    motor_stop = Cpt(EpicsSignal, ":STOP", kind="omitted")
    user_offset = Cpt(Signal, value=0.0, kind="config")
    user_offset_dir = Cpt(Signal, value=0, kind="config")
    offset_freeze_switch = Cpt(Signal, value=0, kind="omitted")
    set_use_switch = Cpt(Signal, value=0, kind="omitted")
    motor_is_moving = Cpt(Signal, value=0, kind="omitted")
    high_limit_switch = Cpt(Signal, value=0, kind="omitted")
    low_limit_switch = Cpt(Signal, value=0, kind="omitted")
    direction_of_travel = Cpt(Signal, value=0, kind="omitted")
    home_forward = Cpt(Signal, value=0, kind="omitted")
    home_reverse = Cpt(Signal, value=0, kind="omitted")

    @property
    def limits(self) -> tuple[float, float]:
        return self.low_limit_travel.get(), self.high_limit_travel.get()

    def check_value(self, pos: float) -> None:
        low, high = self.limits
        if not low <= pos <= high:
            raise ophyd.utils.LimitError(f"{pos} is not in {low} to {high}")

    # Both are subscribed to components of the parent, which are replaced above.

    @user_readback.sub_value
    def _pos_changed(self, *args: Any, **kwargs: Any) -> None:
        super()._pos_changed(*args, **kwargs)

    @motor_done_move.sub_value
    def _move_changed(self, *args: Any, **kwargs: Any) -> None:
        super()._move_changed(*args, **kwargs)


class Positioner(ophyd.PVPositionerPC):
    """The same axis as users of ophyd write one whose put completes with the move."""

    setpoint = Cpt(EpicsSignal, "")
    readback = Cpt(EpicsSignalRO, ":RBV", kind="hinted")
    stop_signal = Cpt(EpicsSignal, ":STOP", kind="omitted")


class Counter(ophyd.Device):
    """A detector as users of ophyd write one: a trigger with a put callback."""

    count = Cpt(EpicsSignal, "TRIG", trigger_value=1, kind="omitted")
    counts = Cpt(EpicsSignalRO, "COUNTS", kind="hinted")
    spectrum = Cpt(EpicsSignalRO, "SPECTRUM")
    dwell = Cpt(EpicsSignal, "DWELL", kind="config")
    noise = Cpt(EpicsSignal, "NOISE", kind="config", string=True)


@pytest.fixture(scope="module", name="x")
def x_fixture():
    motor = Motor(f"{PREFIX}X", name="x")
    motor.wait_for_connection(timeout=10)
    return motor


@pytest.fixture(scope="module", name="y")
def y_fixture():
    motor = Positioner(f"{PREFIX}Y", name="y")
    motor.wait_for_connection(timeout=10)
    return motor


@pytest.fixture(scope="module", name="det")
def det_fixture():
    counter = Counter(f"{PREFIX}DET:", name="det")
    counter.wait_for_connection(timeout=10)
    return counter


@pytest.fixture(scope="module", autouse=True)
def _beamline():
    yield
    beamline.stop()


@pytest.fixture(name="RE")
def engine_fixture():
    return lapwing.RunEngine({}, context_managers=[])


@pytest.fixture(name="documents")
def documents_fixture(RE):
    documents = Documents()
    RE.subscribe(documents)
    return documents


def test_a_motor_and_a_detector_are_scanned(RE, documents, x, det):
    RE(bp.scan([det], x, -1, 1, 5))
    assert_valid(documents.all)
    places = [data["x"] for data in documents.points().values()]
    assert places == pytest.approx([-1, -0.5, 0, 0.5, 1])
    (descriptor,) = documents.named("descriptor")
    assert descriptor["data_keys"]["x"]["units"] == "mm"
    assert descriptor["data_keys"]["det_spectrum"]["dtype"] == "array"
    assert descriptor["configuration"]["x"]["data"]["x_velocity"] == 50
    assert descriptor["configuration"]["det"]["data"]["det_dwell"] == 0.005
    assert descriptor["hints"] == {
        "x": {"fields": ["x"]},
        "det": {"fields": ["det_counts"]},
    }


def test_a_grid_of_a_motor_and_a_positioner(RE, documents, x, y, det):
    # Ophyd's motor never ends a move to where it is: the beamline's DMOV is too quick.
    RE(bp.rel_grid_scan([det], y, 0, 1, 2, x, 0.5, 1.5, 3, snake_axes=True))
    assert_valid(documents.all)
    assert len(documents.points()) == 6
    assert y.position == pytest.approx(0)


def test_a_signal_is_scanned_and_put_back(RE, documents, det):
    before = det.dwell.get()
    RE(bp.rel_list_scan([det], det.dwell, [0.001, 0.002]))
    assert_valid(documents.all)
    assert det.dwell.get() == before


def test_a_read_back_is_monitored_while_its_motor_moves(RE, documents, x):
    @bpp.monitor_during_decorator([x.user_readback])
    @bpp.run_decorator()
    def plan():
        yield from bps.mv(x, 4)
        yield from bps.mv(x, -1.5)

    RE(plan())
    assert_valid(documents.all)
    (descriptor,) = documents.named("descriptor")
    assert descriptor["name"] == "x_monitor"
    places = list(documents.points("x_monitor").values())
    assert len(places) > 4
    assert max(place["x"] for place in places) == 4


def test_limits_are_respected_before_anything_moves(RE, x, det):
    at = x.position
    with pytest.raises(ophyd.utils.LimitError):
        RE(bp.scan([det], x, 5000, 6000, 2))
    assert x.position == at
    assert RE.state == "idle"


FAR = 9.0


def to_its_place(RE: Any, x: Any) -> None:
    """Go back to where every test begins, from wherever the last one has ended."""
    x.velocity.set(50).wait(5)
    if abs(x.position) > 1e-3:
        RE(bps.mv(x, 0))
    x.velocity.set(10).wait(5)


def far_away(x: Any, moving: threading.Event) -> Any:
    """Go far and slowly, and tell when the motor moves."""

    def look(value: int, **_: Any) -> None:
        if value == 0:
            moving.set()

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        token = x.motor_done_move.subscribe(look, run=False)
        try:
            yield from bps.mv(x, FAR)
        finally:
            x.motor_done_move.unsubscribe(token)

    return plan()


def interrupted_on_its_way(RE: Any, x: Any) -> None:
    """Pause while the motor is on its way, and make sure that it stands still."""
    to_its_place(RE, x)
    moving = threading.Event()

    def interrupt() -> None:
        assert moving.wait(5)
        RE.request_pause()

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(RunEngineInterrupted):
        RE(far_away(x, moving))
    helper.join(5)
    assert RE.state == "paused"
    stands_still(x)


def stands_still(x: Any) -> None:
    still = threading.Event()

    def look(value: int, **_: Any) -> None:
        if value == 1:
            still.set()

    token = x.motor_done_move.subscribe(look)  # tells the present value as well
    assert still.wait(5)
    x.motor_done_move.unsubscribe(token)
    assert 0 <= x.user_readback.get(use_monitor=False) < FAR


def test_a_pause_stops_the_motor_and_resume_sends_it_on(RE, documents, x):
    interrupted_on_its_way(RE, x)
    RE.resume()
    assert_valid(documents.all)
    assert x.user_readback.get(use_monitor=False) == pytest.approx(FAR)


@pytest.mark.parametrize("how", ["stop", "abort", "halt"])
def test_the_motor_stands_still_after(how, RE, documents, x):
    interrupted_on_its_way(RE, x)
    getattr(RE, how)()
    assert RE.state == "idle"
    stands_still(x)
    assert x.user_readback.get(use_monitor=False) < FAR
    assert documents.all[-1][0] == "stop"


def test_a_signal_suspends_the_plan(RE, documents, x, det):
    """The shutter is closed by another client, and opened again by it."""
    shutter = EpicsSignal(f"{PREFIX}Y:STALL", name="shutter")
    shutter.wait_for_connection(timeout=5)
    suspender = suspenders.SuspendBoolHigh(shutter)
    RE.install_suspender(suspender)
    states: list[str] = []
    suspended = threading.Event()

    def watch(new: Any, old: Any) -> None:
        states.append(str(new))
        if new == "suspending":
            suspended.set()

    RE.state_hook = watch

    def open_again() -> None:
        assert suspended.wait(5)
        shutter.put(0)

    helper = threading.Thread(target=open_again)

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        yield from bps.null()
        if not suspended.is_set():
            shutter.put(1)
        yield from bps.wait_for([lambda: asyncio.to_thread(suspended.wait, 5)])
        yield from bps.trigger_and_read([det, shutter])

    helper.start()
    RE(plan())
    helper.join(5)
    RE.remove_suspender(suspender)
    assert_valid(documents.all)
    assert documents.points()[1]["shutter"] == 0
    assert "suspending" in states


def test_a_signal_that_is_wrong_already_holds_the_plan_up(RE, documents, det):
    shutter = EpicsSignal(f"{PREFIX}Y:STALL", name="shutter")
    shutter.wait_for_connection(timeout=5)
    shutter.put(1, wait=True)
    RE.install_suspender(suspenders.SuspendBoolHigh(shutter))
    held = threading.Event()
    messages: list[str] = []

    def look(msg: Any) -> None:
        messages.append(msg.command)
        if msg.command == "wait_for":
            held.set()

    def open_again() -> None:
        assert held.wait(5)
        shutter.put(0)

    RE.msg_hook = look
    helper = threading.Thread(target=open_again)
    helper.start()
    RE(bp.count([det]))
    helper.join(5)
    RE.clear_suspenders()
    assert_valid(documents.all)
    assert messages.index("wait_for") < messages.index("open_run")


def test_ours_and_ophyd_s_devices_share_a_process(RE, documents, det):
    motor = OurMotor(f"{PREFIX}X", "ours", fields=SIM_FIELDS)
    counter = EpicsCounter(f"{PREFIX}DET:", "our_det")
    device_loop.call(connect_all(motor, counter))
    RE(bp.scan([det, counter], motor, 0, 1, 3))
    assert_valid(documents.all)
    for data in documents.points().values():
        assert data["det_counts"] == data["our_det_counts"]


def test_a_lost_server_ends_the_run_in_order(RE, documents, x, det):
    """Comes last: it kills the beamline."""
    to_its_place(RE, x)
    moving = threading.Event()

    def kill() -> None:
        assert moving.wait(5)
        beamline.kill()

    helper = threading.Thread(target=kill)
    helper.start()
    status = None

    def plan():
        nonlocal status
        status = yield from bps.abs_set(x, FAR)
        yield from bps.wait_for([lambda: asyncio.to_thread(moving.wait, 5)])
        yield from bps.wait_for([lambda: asyncio.to_thread(gone.wait, 5)])
        yield from bps.open_run()
        yield from bps.trigger_and_read([det])

    gone = threading.Event()
    det.counts.subscribe(
        lambda connected, **_: None if connected else gone.set(), event_type="meta"
    )
    x.motor_done_move.subscribe(
        lambda value, **_: moving.set() if value == 0 else None, run=False
    )
    with pytest.raises(Exception, match=r"(?i)connect") as caught:
        RE(plan())
    helper.join(5)
    assert "SIM:DET:TRIG" in str(caught.value)
    assert RE.state == "idle"
    assert documents.named("stop")[0]["exit_status"] == "fail"
