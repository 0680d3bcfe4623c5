"""ophyd-async's EPICS devices, over aioca, under Lapwing.

Run by `test_real_devices`, in a process of its own, in which ``import bluesky`` means
Lapwing's stand-in. What follows is written as users of Bluesky write it.
"""

# ruff: noqa: E402 - the environment and the stand-in must be there before the imports

import os

from lapwing.compat import install
from lapwing.sim.beamline import Beamline

beamline = Beamline.start(velocity=50.0, dwell=0.005)
os.environ.update(beamline.environment)
install()

import asyncio
import threading

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest
from bluesky.run_engine import RunEngine, call_in_bluesky_event_loop
from bluesky.suspenders import SuspendBoolHigh
from bluesky.utils import FailedStatus, RunEngineInterrupted
from compat.valid import assert_valid
from kit import Documents
from ophyd_async.core import (
    AsyncStatus,
    DeviceVector,
    FlyMotorInfo,
    NotConnectedError,
    StandardReadable,
    init_devices,
    soft_signal_rw,
)
from ophyd_async.core import StandardReadableFormat as Format
from ophyd_async.epics.core import epics_signal_r, epics_signal_rw, epics_signal_w
from ophyd_async.epics.motor import Motor, MotorLimitsError

FAR = 9.0


class BeamlineMotor(Motor):
    """ophyd-async's motor; the beamline's PVs have other ends, and it has fewer."""

    def __init__(self, prefix: str, name: str = ""):
        prefix = f"ca://{prefix}"
        with self.add_children_as_readables(Format.CONFIG_SIGNAL):
            self.motor_egu = epics_signal_r(str, f"{prefix}:EGU")
            self.velocity = epics_signal_rw(float, f"{prefix}:VELO")
        with self.add_children_as_readables(Format.HINTED_SIGNAL):
            self.user_readback = epics_signal_r(float, f"{prefix}:RBV")
        self.user_setpoint = epics_signal_rw(float, prefix)
        self.max_velocity = soft_signal_rw(float, 100.0)
        self.acceleration_time = epics_signal_rw(float, f"{prefix}:ACCL")
        self.motor_done_move = epics_signal_r(int, f"{prefix}:DMOV")
        self.low_limit_travel = epics_signal_rw(float, f"{prefix}:LLM")
        self.high_limit_travel = epics_signal_rw(float, f"{prefix}:HLM")
        self.dial_low_limit_travel = epics_signal_rw(float, f"{prefix}:LLM")
        self.dial_high_limit_travel = epics_signal_rw(float, f"{prefix}:HLM")
        self.motor_stop = epics_signal_w(int, f"{prefix}:STOP", wait=False)
        super(Motor, self).__init__(name)


class Counter(StandardReadable):
    """A detector as users write one: a trigger that completes, and what it fills."""

    def __init__(self, prefix: str, name: str = ""):
        self.start = epics_signal_rw(int, f"ca://{prefix}TRIG")
        with self.add_children_as_readables(Format.HINTED_UNCACHED_SIGNAL):
            self.counts = epics_signal_r(int, f"ca://{prefix}COUNTS")
        with self.add_children_as_readables(Format.CONFIG_SIGNAL):
            self.dwell = epics_signal_rw(float, f"ca://{prefix}DWELL")
        super().__init__(name)

    @AsyncStatus.wrap
    async def trigger(self):
        await self.start.set(1, timeout=1.0)


class Table(StandardReadable):
    """Two motors in a vector."""

    def __init__(self, name: str = ""):
        with self.add_children_as_readables():
            self.axis = DeviceVector(
                {i: BeamlineMotor(f"SIM:{axis}") for i, axis in enumerate("XY")}
            )
        super().__init__(name)


@pytest.fixture(scope="module", autouse=True)
def _beamline():
    yield
    beamline.stop()


@pytest.fixture(scope="module", name="RE")
def engine_fixture():
    return RunEngine({}, context_managers=[])


@pytest.fixture(scope="module", name="hw")
def hw_fixture(RE):
    with init_devices():
        table = Table()
        det = Counter("SIM:DET:")
        shutter = epics_signal_rw(bool, "ca://SIM:Y:STALL")
    shutter.set_name("shutter")

    class Hardware:
        pass

    found = Hardware()
    found.table, found.det, found.shutter = table, det, shutter
    found.x, found.y = table.axis[0], table.axis[1]
    return found


@pytest.fixture(name="documents")
def documents_fixture(RE):
    documents = Documents()
    token = RE.subscribe(documents)
    yield documents
    RE.unsubscribe(token)


def value_of(signal):
    return call_in_bluesky_event_loop(signal.get_value())


def write(signal, value):
    async def put():
        await signal.set(value)

    call_in_bluesky_event_loop(put())


def test_devices_are_named_and_connected(hw):
    assert hw.x.name == "table-axis-0"
    assert value_of(hw.x.motor_egu) == "mm"


def test_what_does_not_answer_is_named(RE):
    def connect():
        with init_devices(timeout=0.2):
            nothing = epics_signal_r(float, "ca://SIM:NO:SUCH")
        return nothing

    with pytest.raises(NotConnectedError, match="SIM:NO:SUCH"):
        connect()


def test_a_motor_and_a_detector_are_scanned(RE, documents, hw):
    RE(bp.scan([hw.det], hw.x, -1, 1, 5))
    assert_valid(documents.all)
    places = [data["table-axis-0"] for data in documents.points().values()]
    assert places == pytest.approx([-1, -0.5, 0, 0.5, 1])
    (descriptor,) = documents.named("descriptor")
    assert descriptor["data_keys"]["table-axis-0"]["units"] == "mm"
    assert descriptor["configuration"]["det"]["data"]["det-dwell"] == 0.005
    counts = [data["det-counts"] for data in documents.points().values()]
    assert len(set(counts)) > 1


def test_a_grid_is_scanned_relatively(RE, documents, hw):
    RE(bp.rel_grid_scan([hw.det], hw.y, 0, 1, 2, hw.x, 0, 1, 3, snake_axes=True))
    assert_valid(documents.all)
    assert len(documents.points()) == 6
    assert value_of(hw.y.user_readback) == pytest.approx(0)


def test_a_table_is_a_baseline(RE, documents, hw):
    RE(bpp.SupplementalData(baseline=[hw.table])(bp.count([hw.det])))
    assert_valid(documents.all)
    assert documents.named("stop")[0]["num_events"] == {"baseline": 2, "primary": 1}


def test_a_motor_flies(RE, documents, hw):
    path = FlyMotorInfo(start_position=0, end_position=2, time_for_move=0.1)

    @bpp.monitor_during_decorator([hw.x.user_readback])
    @bpp.run_decorator()
    def fly():
        yield from bps.prepare(hw.x, path, wait=True)
        yield from bps.kickoff(hw.x, wait=True)
        yield from bps.complete(hw.x, wait=True)

    RE(fly())
    assert_valid(documents.all)
    told = documents.points("table-axis-0_monitor")
    assert max(data["table-axis-0"] for data in told.values()) >= 2
    write(hw.x.velocity, 50.0)


def test_limits_are_respected_before_anything_moves(RE, documents, hw):
    at = value_of(hw.x.user_readback)
    with pytest.raises(MotorLimitsError, match="motor limits are"):
        RE(bp.scan([hw.det], hw.x, 5000, 6000, 2))
    assert documents.all == []
    with pytest.raises(FailedStatus, match="motor limits are") as caught:
        RE(bps.mv(hw.x, 5000))
    assert isinstance(caught.value.__cause__, MotorLimitsError)
    assert value_of(hw.x.user_readback) == at


def on_its_way(RE, motor):
    """Pause while the motor moves."""
    write(motor.velocity, 50.0)
    RE(bps.mv(motor, 0))
    write(motor.velocity, 10.0)
    asked = threading.Event()

    def look(reading):
        ((_, one),) = reading.items()
        if 0 < one["value"] < FAR and not asked.is_set():
            asked.set()
            threading.Thread(target=RE.request_pause).start()

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        yield from bps.mv(motor, FAR)

    async def watch():
        motor.user_readback.subscribe_reading(look)

    call_in_bluesky_event_loop(watch())
    with pytest.raises(RunEngineInterrupted):
        RE(plan())
    assert RE.state == "paused"
    stands_still(motor)

    async def leave():
        motor.user_readback.clear_sub(look)

    call_in_bluesky_event_loop(leave())


def stands_still(motor):
    async def wait():
        done = asyncio.Event()

        def look(reading):
            ((_, one),) = reading.items()
            if one["value"] == 1:
                done.set()

        motor.motor_done_move.subscribe_reading(look)
        await asyncio.wait_for(done.wait(), 5)
        motor.motor_done_move.clear_sub(look)

    call_in_bluesky_event_loop(wait())
    assert 0 <= value_of(motor.user_readback) < FAR


def test_a_pause_stops_the_motor_and_resume_sends_it_on(RE, documents, hw):
    on_its_way(RE, hw.x)
    RE.resume()
    assert_valid(documents.all)
    assert value_of(hw.x.user_readback) == pytest.approx(FAR)


@pytest.mark.parametrize("how", ["stop", "abort", "halt"])
def test_the_motor_stands_still_after(how, RE, documents, hw):
    on_its_way(RE, hw.x)
    getattr(RE, how)()
    assert RE.state == "idle"
    stands_still(hw.x)
    assert documents.all[-1][0] == "stop"


def test_a_signal_suspends_a_plan_until_it_is_right_again(RE, documents, hw):
    suspender = SuspendBoolHigh(hw.shutter)
    RE.install_suspender(suspender)
    suspended = threading.Event()
    RE.state_hook = lambda new, old: suspended.set() if new == "suspending" else None

    def mend():
        assert suspended.wait(5)
        write(hw.shutter, False)

    async def spoil():
        if not suspended.is_set():
            await hw.shutter.set(True)
            await asyncio.to_thread(suspended.wait, 5)

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        yield from bps.wait_for([spoil])
        yield from bps.trigger_and_read([hw.det, hw.shutter])

    helper = threading.Thread(target=mend)
    helper.start()
    RE(plan())
    helper.join(5)
    RE.remove_suspender(suspender)
    RE.state_hook = None
    assert_valid(documents.all)
    assert documents.points()[1]["shutter"] is False


def test_a_lost_server_ends_the_run_in_order(RE, documents, hw):
    """Comes last: it kills the beamline."""

    async def kill():
        beamline.kill()

    @bpp.run_decorator()
    def plan():
        yield from bps.trigger_and_read([hw.det])
        yield from bps.wait_for([kill])
        yield from bps.trigger_and_read([hw.det])

    # Of the trigger; or of a read, if the loss was not seen by then.
    with pytest.raises((FailedStatus, TimeoutError)):
        RE(plan())
    assert RE.state == "idle"
    assert documents.named("stop")[0]["exit_status"] == "fail"
    assert documents.named("stop")[0]["num_events"] == {"primary": 1}
