"""Whole scans in a session, on the simulated beamline: good input, and bad."""

import asyncio
import json
import os
import signal
import threading
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from beamline_fixtures import start_beamline
from kit import Detector, Documents, Stopwatch

from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.epics import SIM_FIELDS, EpicsCounter, EpicsMotor, EpicsSignal
from lapwing.errors import (
    DataExistsError,
    DataPathError,
    DisconnectedError,
    FailedStatus,
    LimitError,
    MetadataError,
    NotAPlanError,
    PlanArgumentError,
    PlanSignatureError,
    RunEngineInterrupted,
)
from lapwing.plan_stubs import checkpoint, mv, trigger_and_read, wait_for
from lapwing.plans import count, grid_scan, rel_list_scan, scan
from lapwing.preprocessors import monitor_during_decorator, run_decorator
from lapwing.session.session import session
from lapwing.suspenders import SuspendCeil

TRUE_CENTRE = 0.73


@pytest.fixture(scope="module")
def beamline():
    with start_beamline() as beamline:
        yield beamline


@pytest.fixture
def at(beamline, tmp_path):
    """A session with motors and detector, all connected."""
    if not beamline.running:
        beamline.restart()
    with session(tmp_path, environ={}, table=False, progress=False, peaks=False) as s:
        x = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
        y = EpicsMotor("SIM:Y", "y", fields=SIM_FIELDS)
        counters = {"counts": "COUNTS", "spectrum": "SPECTRUM"}
        det = EpicsCounter("SIM:DET:", "det", counters=counters)
        s.connect(x, y, det)
        docs = Documents()
        s.RE.subscribe(docs)
        yield SimpleNamespace(session=s, RE=s.RE, x=x, y=y, det=det, docs=docs)


def points_in(at, uid):
    """Counts by seq_num, as the file has them."""
    with h5py.File(at.session.file_of(uid)) as file:
        data = file["entry/primary"]
        return dict(zip(data["seq_num"][:], data["data/det_counts"][:], strict=True))


def stop_of(at):
    return at.docs.named("stop")[-1]


def where(motor):
    async def readback():
        return (await motor.locate())["readback"]

    return device_loop.call(readback())


# ---------------------------------------------------------------- good input


def test_a_scan_finds_the_peak_and_leaves_a_file(at):
    (uid,) = at.RE(scan([at.det], at.x, -5, 5, 51), sample="gold")
    peak = at.session.best.peaks["det_counts"]
    assert peak.centre == pytest.approx(TRUE_CENTRE, abs=0.1)  # 1 % of the range
    with h5py.File(at.session.file_of(uid)) as file:
        entry = file[file.attrs["default"]]
        plot = entry[entry.attrs["default"]]
        assert plot.attrs["signal"] == "det_counts"
        assert plot["det_counts"].shape == (51,)
        assert entry["sample/name"][()].decode() == "gold"
        assert entry["primary/data/det_spectrum"].shape == (51, 2048)
    assert at.session.file_of(uid).name.startswith("000001_scan_")


def test_a_grid_becomes_an_image(at):
    (uid,) = at.RE(
        grid_scan([at.det], at.y, -0.2, 0.2, 3, at.x, 0.5, 1.0, 4, snake_axes=True)
    )
    with h5py.File(at.session.file_of(uid)) as file:
        image = file["entry/data/det_counts"]
        assert image.shape == (3, 4)
        assert np.isfinite(image[:]).all()


def test_a_relative_scan_puts_the_motor_back(at):
    at.RE(mv(at.x, 1.0))
    at.RE(rel_list_scan([at.det], at.x, [-0.1, 0, 0.1]))
    assert where(at.x) == pytest.approx(1.0)


def test_scan_ids_go_on_in_the_next_session(at, tmp_path):
    at.RE(count([at.det]))
    at.session.close()
    with session(tmp_path, environ={}, table=False, progress=False) as second:
        docs = Documents()
        second.RE.subscribe(docs)
        second.RE(count([Detector()]))
        assert docs.named("start")[0]["scan_id"] == 2


# ---------------------------------------------------------------- bad input


def test_unreachable_pvs_are_all_named_at_once_within_the_time_out(at):
    missing = [EpicsMotor(f"SIM:NO{i}", f"no{i}", fields=SIM_FIELDS) for i in (1, 2)]
    watch = Stopwatch()
    with pytest.raises(DisconnectedError) as caught:
        at.session.connect(*missing, timeout=1.0)
    assert watch.seconds < 2.5
    assert {"SIM:NO1:RBV", "SIM:NO2:RBV"} <= set(caught.value.pvs)
    assert "SIM:NO1:RBV" in str(caught.value)


def test_a_move_beyond_a_limit_is_refused_before_anything_moves(at):
    at.RE(mv(at.x, 1.0))
    with pytest.raises(LimitError) as caught:
        at.RE(scan([at.det], at.x, 0, 12.5, 6))
    assert where(at.x) == pytest.approx(1.0)
    for word in ("x", "12.5", "10", "SIM:X:HLM"):
        assert word in str(caught.value)
    with pytest.raises(LimitError):
        at.RE(mv(at.x, -11))
    assert at.RE.state == "idle"


def test_a_stalled_motor_fails_the_run_and_the_points_taken_are_in_the_file(at):
    stall = EpicsSignalLike("SIM:X:STALL")

    def stall_at_third(name, doc):
        if name == "event" and doc["seq_num"] == 3:
            stall.put(1)

    at.RE.subscribe(stall_at_third)
    try:
        with pytest.raises(FailedStatus, match="x failed to set") as caught:
            at.RE(scan([at.det], at.x, 0, 1, 6))
    finally:
        stall.put_and_wait(0)
    assert caught.value.device == "x"
    assert stop_of(at)["exit_status"] == "fail"
    at.session.writer.wait_closed(stop_of(at)["run_start"], 5)
    assert sorted(points_in(at, stop_of(at)["run_start"])) == [1, 2, 3]
    at.RE(mv(at.x, 0))  # and all is well again


class EpicsSignalLike:
    """A PV written past the session, as by somebody else."""

    def __init__(self, pv):
        from lapwing.epics import EpicsSignal

        self._signal = EpicsSignal(pv, "other")
        device_loop.call(self._signal.connect(timeout=2.0))

    async def _put(self, value):
        await self._signal.set(value)

    def put(self, value):
        """Write from a callback, which runs on the device loop."""
        import asyncio

        self._task = asyncio.get_running_loop().create_task(self._put(value))

    def put_and_wait(self, value):
        device_loop.call(self._put(value), timeout=5)


def test_an_ioc_killed_in_mid_scan_pauses_with_the_reason_within_a_second(at, beamline):
    killed_at = []

    def kill_at_third(name, doc):
        if name == "event" and doc["seq_num"] == 3:
            killed_at.append(Stopwatch())
            beamline.kill()

    token = at.RE.subscribe(kill_at_third)
    with pytest.raises(RunEngineInterrupted, match="SIM:"):
        at.RE(scan([at.det], at.x, 0, 1, 6))
    assert killed_at[0].seconds < 1.0
    assert at.RE.state == "paused"
    at.RE.unsubscribe(token)

    beamline.restart()
    at.session.connect(at.x, at.det, timeout=20)
    (uid,) = at.RE.resume()
    assert sorted(points_in(at, uid)) == [1, 2, 3, 4, 5, 6]
    assert [e["data"]["x"] for e in at.docs.named("event")] == pytest.approx(
        [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    )
    assert stop_of(at)["exit_status"] == "success"


def test_ctrl_c_pauses_at_the_checkpoint_and_resume_loses_nothing(at):
    pressed = threading.Event()

    def press(name, doc):
        if name == "event" and doc["seq_num"] == 2 and not pressed.is_set():
            pressed.set()
            os.kill(os.getpid(), signal.SIGINT)

    at.RE.subscribe(press)
    with pytest.raises(RunEngineInterrupted, match=r"Ctrl-C"):
        at.RE(scan([at.det], at.x, 0, 1, 30))
    (uid,) = at.RE.resume()
    assert sorted(points_in(at, uid)) == list(range(1, 31))
    assert len(at.docs.named("event")) == 30


def test_what_is_no_plan_is_refused(at):
    with pytest.raises(NotAPlanError, match="call the plan function"):
        at.RE(count)


def test_a_detector_without_a_name_is_refused(at):
    nameless = Detector()
    nameless.name = ""
    with pytest.raises(PlanSignatureError, match="has no name"):
        at.RE(scan([nameless], at.x, 0, 1, 2))
    assert at.docs.all == []


def test_two_detectors_that_give_the_same_data_key_are_refused_before_motion(at):
    before = where(at.x)
    with pytest.raises(PlanArgumentError, match="both give the data key 'same'"):
        at.RE(scan([Detector("same"), Detector("same")], at.x, -3, 3, 2))
    assert where(at.x) == before
    assert at.docs.all == []


def test_metadata_that_cannot_be_serialised_is_named_at_open_run(at):
    with pytest.raises(MetadataError, match=r"'sample\.holder'"):
        at.RE(count([at.det]), sample={"holder": object()})
    assert at.docs.all == []


def test_an_existing_file_is_never_overwritten(at, monkeypatch):
    from lapwing.engine import commands_run

    uids = iter(["11111111-0000-4000-8000-000000000001"] * 2)
    monkeypatch.setattr(commands_run, "new_uid", lambda: next(uids))
    (uid,) = at.RE(count([Detector()]))
    path = at.session.file_of(uid)
    content = path.read_bytes()
    other = path.with_name(path.name.replace("000001", "000002"))
    other.write_bytes(b"somebody's")
    with pytest.raises(DataExistsError):
        at.RE(count([Detector()]))
    assert other.read_bytes() == b"somebody's"
    assert path.read_bytes() == content


def test_a_directory_that_is_a_file_is_refused(tmp_path):
    blocked = tmp_path / "data"
    blocked.write_text("in the way")
    with pytest.raises(DataPathError, match="cannot be written"):
        session(blocked, environ={})


def test_a_full_disk_is_refused_before_motion(at, monkeypatch):
    import shutil

    before = where(at.x)
    full = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(DataPathError, match=r"0\.0 MB free"):
        at.RE(scan([at.det], at.x, before - 1, before + 1, 3))
    assert where(at.x) == before
    assert at.docs.all == []


def test_the_file_keeps_every_document(at):
    (uid,) = at.RE(count([at.det], 2), operator="me")
    with h5py.File(at.session.file_of(uid)) as file:
        lines = file["entry/documents"][:].tobytes().decode().splitlines()
    kept = [json.loads(line) for line in lines]
    assert [name for name, _ in kept] == at.docs.names
    assert kept[0][1]["operator"] == "me"


def test_a_plain_engine_adds_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RunEngine()(count([Detector()]))
    assert list(tmp_path.iterdir()) == []


def test_a_motor_is_monitored_while_it_moves(at):
    @monitor_during_decorator([at.x, at.det])
    @run_decorator()
    def plan():
        yield from mv(at.x, 3)
        yield from mv(at.x, -3)

    at.RE(plan())
    places = [data["x"] for data in at.docs.points("x_monitor").values()]
    assert len(places) > 6
    assert max(places) == 3
    assert places[-1] == pytest.approx(-3, abs=3)
    assert at.docs.points("det_monitor")[1].keys() == {"det_counts", "det_spectrum"}
    uid = at.docs.named("start")[-1]["uid"]
    with h5py.File(at.session.file_of(uid)) as file:
        assert len(file["entry/x_monitor/data/x"]) == len(places)


def test_a_pv_of_ours_suspends_a_plan(at):
    """It is changed while the plan runs, and put right by a helper of the test."""
    dwell = EpicsSignal("SIM:DET:DWELL", "dwell")
    at.session.connect(dwell)
    suspended = threading.Event()
    at.RE.state_hook = lambda new, old: new == "suspending" and suspended.set()
    suspender = SuspendCeil(dwell, 1.0)
    at.RE.install_suspender(suspender)

    def mend():
        assert suspended.wait(5)
        device_loop.call(set_dwell(0.01))

    async def set_dwell(seconds):
        await dwell.set(seconds)

    async def spoil():  # no message: that would be said again after the suspension
        if not suspended.is_set():
            await set_dwell(2.0)
            await asyncio.to_thread(suspended.wait, 5)

    @run_decorator()
    def plan():
        yield from checkpoint()
        yield from wait_for([spoil])
        yield from trigger_and_read([at.det])

    helper = threading.Thread(target=mend)
    helper.start()
    at.RE(plan())
    helper.join(5)
    at.RE.remove_suspender(suspender)
    assert list(at.docs.points()) == [1]
