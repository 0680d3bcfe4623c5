"""ophyd-async's simulated devices, flying and stepping, under Lapwing.

Run by `test_real_devices`, in a process of its own, in which ``import bluesky`` means
Lapwing's stand-in. What follows is written as users of Bluesky write it.
"""

# ruff: noqa: E402 - the stand-in must be there before anything is imported from it

from lapwing.compat import install

install()

import asyncio
import threading
from pathlib import Path
from urllib.parse import urlparse

import bluesky
import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import h5py
import ophyd_async.plan_stubs as ops
import pytest
from bluesky.run_engine import (
    RunEngine,
    call_in_bluesky_event_loop,
    get_bluesky_event_loop,
)
from bluesky.suspenders import SuspendCeil
from bluesky.utils import FailedStatus, RunEngineInterrupted
from compat.valid import assert_valid
from kit import Documents
from ophyd_async.core import (
    AsyncStatus,
    Device,
    DeviceVector,
    FlyMotorInfo,
    StandardReadable,
    StaticPathProvider,
    TriggerInfo,
    UUIDFilenameProvider,
    YamlSettingsProvider,
    init_devices,
    soft_signal_rw,
)
from ophyd_async.core import StandardReadableFormat as Format
from ophyd_async.sim import (
    HorizontalMirror,
    PatternGenerator,
    SimBlobDetector,
    SimMotor,
    SimPointDetector,
    SimStage,
    VerticalMirror,
)

import lapwing
from lapwing.engine import device_loop


@pytest.fixture(scope="module", name="RE")
def engine_fixture():
    return RunEngine({}, context_managers=[])


@pytest.fixture(name="documents")
def documents_fixture(RE):
    documents = Documents()
    token = RE.subscribe(documents)
    yield documents
    RE.unsubscribe(token)


@pytest.fixture(scope="module", name="hw")
def hw_fixture(RE, tmp_path_factory):
    return Hardware(tmp_path_factory.mktemp("frames"))


class Hardware:
    def __init__(self, folder: Path):
        pattern = PatternGenerator()
        provider = StaticPathProvider(UUIDFilenameProvider(), folder)
        with init_devices():
            motor = SimMotor()
            slow = SimMotor(instant=False)
            stage = SimStage(pattern)
            point = SimPointDetector(pattern)
            blob = SimBlobDetector(provider, pattern)
            signal = soft_signal_rw(float, 1.0)
        self.motor, self.slow, self.stage = motor, slow, stage
        self.point, self.blob, self.signal = point, blob, signal
        call_in_bluesky_event_loop(set_up(self))


async def set_up(hw: Hardware) -> None:
    await hw.point.acquire_time.set(0.001)
    for motor in (hw.stage.x, hw.stage.y):
        await motor.velocity.set(100.0)
        await motor.acceleration_time.set(0.001)


def frames(documents: Documents, data_key: str) -> h5py.Dataset:
    """The frames in the file that the documents name."""
    (resource,) = [
        doc for doc in documents.named("stream_resource") if doc["data_key"] == data_key
    ]
    path = urlparse(resource["uri"]).path
    with h5py.File(path) as file:
        return file[resource["parameters"]["dataset"]][:]


def test_the_stand_in_is_what_is_imported(RE):
    assert bluesky.__name__ == "lapwing.compat.bluesky"
    assert isinstance(RE, lapwing.RunEngine)
    assert get_bluesky_event_loop() is device_loop.get() is RE.loop


def test_devices_are_named_and_connected(hw):
    assert hw.motor.name == "motor"
    assert hw.stage.x.name == "stage-x"
    assert hw.point.channel[1].value.name == "point-channel-1-value"


def test_a_motor_and_a_detector_are_scanned(RE, documents, hw):
    RE(bp.scan([hw.point], hw.motor, -1, 1, 3))
    assert_valid(documents.all)
    assert [data["motor"] for data in documents.points().values()] == [-1, 0, 1]
    (descriptor,) = documents.named("descriptor")
    assert descriptor["hints"]["motor"] == {"fields": ["motor"]}
    assert descriptor["configuration"]["motor"]["data"]["motor-velocity"] == 0


def test_a_grid_of_a_stage_is_scanned(RE, documents, hw):
    RE(
        bp.rel_grid_scan(
            [hw.point],
            *(hw.stage.x, 0, 1, 2),
            *(hw.stage.y, 0, 1, 2),
            snake_axes=True,
        )
    )
    assert_valid(documents.all)
    assert len(documents.points()) == 4
    assert asyncio_get(hw.stage.x.user_readback) == 0


def asyncio_get(signal):
    return call_in_bluesky_event_loop(signal.get_value())


def test_a_detector_that_writes_files_is_stepped(RE, documents, hw):
    RE(bp.scan([hw.blob], hw.motor, 0, 1, 4))
    assert_valid(documents.all)
    assert documents.names.count("event") == 4
    assert documents.names.count("stream_resource") == 2
    assert frames(documents, "blob").shape == (4, 240, 320)
    assert frames(documents, "blob-sum").shape == (4,)
    last = documents.named("stream_datum")[-1]
    assert last["indices"] == {"start": 3, "stop": 4}
    assert last["seq_nums"] == {"start": 4, "stop": 5}


@pytest.mark.parametrize("num", [1, 7])
def test_a_detector_that_writes_files_flies(RE, documents, hw, num):
    info = TriggerInfo(number_of_events=num, livetime=0.002)

    @bpp.stage_decorator([hw.blob])
    @bpp.run_decorator()
    def fly():
        yield from bps.prepare(hw.blob, info, wait=True)
        yield from bps.declare_stream(hw.blob, name="primary", collect=True)
        yield from bps.kickoff(hw.blob, wait=True)
        yield from bps.collect_while_completing(
            [hw.blob], [hw.blob], flush_period=0.01, stream_name="primary"
        )

    RE(fly())
    assert_valid(documents.all)
    assert frames(documents, "blob").shape[0] == num
    assert documents.named("stop")[0]["num_events"] == {"primary": num}


def test_a_motor_flies_past_a_detector(RE, documents, hw):
    path = FlyMotorInfo(start_position=0, end_position=1, time_for_move=0.1)
    info = TriggerInfo(number_of_events=5, livetime=0.02)

    @bpp.stage_decorator([hw.blob, hw.slow])
    @bpp.run_decorator()
    def fly():
        yield from bps.mv(hw.slow.acceleration_time, 0.01)
        yield from bps.prepare(hw.slow, path, group="prepare")
        yield from bps.prepare(hw.blob, info, group="prepare")
        yield from bps.wait("prepare")
        yield from bps.declare_stream(hw.blob, name="flown", collect=True)
        yield from bps.kickoff_all(hw.slow, hw.blob)
        yield from bps.collect_while_completing(
            [hw.slow, hw.blob], [hw.blob], flush_period=0.02, stream_name="flown"
        )

    RE(fly())
    assert_valid(documents.all)
    assert documents.named("stop")[0]["num_events"] == {"flown": 5}
    assert asyncio_get(hw.slow.user_readback) == pytest.approx(1.05, abs=0.01)


def test_a_signal_is_monitored(RE, documents, hw):
    @bpp.monitor_during_decorator([hw.signal])
    @bpp.run_decorator()
    def plan():
        for value in (2, 3, 4):
            yield from bps.mv(hw.signal, value)

    call_in_bluesky_event_loop(set_value(hw.signal, 1))
    RE(plan())
    assert_valid(documents.all)
    told = [data["signal"] for data in documents.points("signal_monitor").values()]
    assert told == [1, 2, 3, 4]


async def set_value(signal, value):
    await signal.set(value)


def test_a_signal_suspends_a_plan_until_it_is_right_again(RE, documents, hw):
    call_in_bluesky_event_loop(set_value(hw.signal, 1))
    suspender = SuspendCeil(hw.signal, 10)
    RE.install_suspender(suspender)
    suspended = threading.Event()
    RE.state_hook = lambda new, old: suspended.set() if new == "suspending" else None

    def mend():
        assert suspended.wait(5)
        call_in_bluesky_event_loop(set_value(hw.signal, 5))

    async def spoil():
        if not suspended.is_set():
            await hw.signal.set(20)
            await asyncio.to_thread(suspended.wait, 5)

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        yield from bps.wait_for([spoil])
        yield from bps.trigger_and_read([hw.signal])

    helper = threading.Thread(target=mend)
    helper.start()
    RE(plan())
    helper.join(5)
    RE.remove_suspender(suspender)
    RE.state_hook = None
    assert_valid(documents.all)
    assert documents.points() == {1: {"signal": 5}}
    call_in_bluesky_event_loop(set_value(hw.signal, 20))  # nobody minds any more
    RE(bp.count([hw.signal]))


def test_a_signal_that_is_wrong_already_holds_the_plan_up(RE, documents, hw):
    call_in_bluesky_event_loop(set_value(hw.signal, 20))
    suspender = SuspendCeil(hw.signal, 10)
    RE.install_suspender(suspender)
    held = threading.Event()
    said = []

    def look(msg):
        said.append(msg.command)
        if msg.command == "wait_for":
            held.set()

    def mend():
        assert held.wait(5)
        call_in_bluesky_event_loop(set_value(hw.signal, 5))

    RE.msg_hook = look
    helper = threading.Thread(target=mend)
    helper.start()
    RE(bp.count([hw.signal]))
    helper.join(5)
    RE.msg_hook = None
    RE.remove_suspender(suspender)
    assert said.index("wait_for") < said.index("open_run")
    assert documents.points() == {1: {"signal": 5}}


def on_its_way(RE, motor, how):
    """Pause while the motor moves; returns where it stands."""
    call_in_bluesky_event_loop(set_value(motor.velocity, 0))
    RE(bps.mv(motor, 0))
    call_in_bluesky_event_loop(set_value(motor.velocity, 10))

    def look(reading):
        ((_, one),) = reading.items()
        if 0 < one["value"] < 9:
            motor.user_readback.clear_sub(look)
            threading.Thread(target=RE.request_pause).start()

    @bpp.run_decorator()
    def plan():
        yield from bps.checkpoint()
        yield from bps.mv(motor, 9)

    async def watch():
        motor.user_readback.subscribe_reading(look)

    call_in_bluesky_event_loop(watch())
    with pytest.raises(RunEngineInterrupted):
        RE(plan())
    assert RE.state == "paused"
    at = asyncio_get(motor.user_readback)
    assert 0 < at < 9
    getattr(RE, how)()
    assert RE.state == "idle"
    return asyncio_get(motor.user_readback)


def test_a_pause_stops_the_motor_and_resume_sends_it_on(RE, documents, hw):
    assert on_its_way(RE, hw.slow, "resume") == 9
    assert_valid(documents.all)


@pytest.mark.parametrize("how", ["stop", "abort", "halt"])
def test_the_motor_stands_still_after(how, RE, documents, hw):
    assert on_its_way(RE, hw.slow, how) < 9
    assert documents.all[-1][0] == "stop"


class Mixed(StandardReadable):
    """A device as users write one: a vector of parts, soft signals, a trigger."""

    def __init__(self, name=""):
        with self.add_children_as_readables():
            self.channel = DeviceVector({i: Part() for i in range(3)})
        with self.add_children_as_readables(Format.CONFIG_SIGNAL):
            self.gain = soft_signal_rw(int, 2)
        super().__init__(name)

    @AsyncStatus.wrap
    async def trigger(self):
        for part in self.channel.values():
            await part.value.set(await part.value.get_value() + 1)


class Part(StandardReadable):
    def __init__(self, name=""):
        with self.add_children_as_readables(Format.HINTED_SIGNAL):
            self.value = soft_signal_rw(float)
        super().__init__(name)


class Failing(Device):
    """Fails some time after it was told to go."""

    @AsyncStatus.wrap
    async def set(self, value):
        await asyncio.sleep(0)
        raise OSError("the drive is off")


def test_a_device_of_a_user_is_counted_and_configured(RE, documents):
    with init_devices():
        mixed = Mixed()

    @bpp.run_decorator()
    def plan():
        yield from bps.trigger_and_read([mixed])
        yield from bps.mv(mixed.gain, 5)
        yield from bps.trigger_and_read([mixed])

    RE(plan())
    assert_valid(documents.all)
    assert documents.points()[2]["mixed-channel-0-value"] == 2


def test_what_fails_in_a_device_is_told_with_its_cause(RE):
    failing = Failing("failing")
    with pytest.raises(FailedStatus, match="failing failed to set 3") as caught:
        RE(bps.mv(failing, 3))
    assert "the drive is off" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


def test_devices_are_connected_in_a_plan(RE, documents):
    with init_devices(connect=False):
        late = SimMotor()

    def plan():
        yield from ops.ensure_connected(late)
        yield from bps.mv(late, 3)

    RE(plan())
    assert asyncio_get(late.user_readback) == 3


def test_devices_in_a_plan_are_refused_by_their_own_package(RE):
    def plan():
        yield from bps.null()
        with init_devices():
            SimMotor()

    with pytest.raises(RuntimeError, match="ensure_connected"):
        RE(plan())


def test_settings_are_stored_and_applied(RE, hw, tmp_path):
    provider = YamlSettingsProvider(tmp_path)

    def plan():
        yield from bps.mv(hw.point.acquire_time, 0.002)
        yield from ops.store_settings(provider, "good", hw.point)
        yield from bps.mv(hw.point.acquire_time, 0.5)
        settings = yield from ops.retrieve_settings(provider, "good", hw.point)
        yield from ops.apply_settings(settings)
        return (yield from bps.rd(hw.point.acquire_time))

    RE(plan())
    assert asyncio_get(hw.point.acquire_time) == 0.002


@pytest.mark.parametrize(
    ("kind", "axis"), [(HorizontalMirror, "roll"), (VerticalMirror, "angle")]
)
def test_a_derived_signal_is_scanned(RE, documents, hw, kind, axis):
    with init_devices():
        mirror = kind()
    RE(bp.scan([hw.point], getattr(mirror, axis), 0, 0.1, 3))
    assert_valid(documents.all)
    assert list(documents.points()) == [1, 2, 3]


def test_a_baseline_of_asynchronous_devices_is_read(RE, documents, hw):
    RE(bpp.SupplementalData(baseline=[hw.stage, hw.slow])(bp.count([hw.point])))
    assert_valid(documents.all)
    assert documents.named("stop")[0]["num_events"] == {"baseline": 2, "primary": 1}
