"""Posting on the simulated beamline: what PVs show of a scan, and what they order."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from beamline_fixtures import second_port, start_beamline
from killed_commands import live
from kit import Documents

import lapwing
from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.epics import SIM_FIELDS, clients
from lapwing.errors import RunEngineInterrupted
from lapwing.sim.beamline import Beamline
from lapwing.stepscan import Counter, Detector, Positioner, StepScan, Trigger
from lapwing.stepscan.posting import INFO, SSCAN, Poster
from lapwing.stepscan.progress import Silent

LIMIT = 60  # libca looks for a server that was away ever less often
SCRIPT = Path(__file__).parent / "killed" / "posted.py"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", autouse=True)
def beamline():
    with start_beamline(velocity=500.0, dwell=0.002) as beamline:
        yield beamline


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def RE(documents):
    engine = RunEngine({})
    engine.subscribe(documents)
    return engine


def put(pv, value):
    async def write():
        channel = clients.client().channel(pv)
        await clients.client().connect([channel], LIMIT)
        await channel.put(value)
        channel.close()

    device_loop.call(write())


def read(pv):
    async def get():
        channel = clients.client().channel(pv)
        await clients.client().connect([channel], LIMIT)
        (value,) = await clients.client().get_many([channel])
        channel.close()
        return value.value

    return device_loop.call(get())


def text(pv):
    return bytes(read(pv).astype("u1")).split(b"\0")[0].decode()


def until(condition, limit=LIMIT):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def scan_of(*posters, num_points=5, **options):
    positions = np.arange(num_points) % 50 / 10
    x = Positioner("SIM:X", positions, name="x", fields=SIM_FIELDS)
    counters = [
        Counter("SIM:DET:COUNTS", "counts"),
        Counter("SIM:DET:SPECTRUM", "spectrum"),
    ]
    det = Detector(
        Trigger("SIM:DET:TRIG"), counters, label="det", dwell="SIM:DET:DWELL"
    )
    return StepScan([x], detectors=[det], listeners=posters, **options)


class Running:
    """A scan that runs in another thread."""

    def __init__(self, RE, scan):
        self.errors = []
        self.scan = scan
        self._thread = threading.Thread(target=self._run, args=[RE])
        self._thread.start()

    def _run(self, RE):
        try:
            RE(self.scan.plan())
        except Exception as exc:  # noqa: BLE001 - the test looks at it
            self.errors.append(exc)

    def wait(self):
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()


def scan_has(running, num_points):
    return running.scan.progress.points_taken >= num_points


# ------------------------------------------------------------ what is shown


def test_the_fields_of_an_sscan_record_show_a_scan_that_is_over(RE, documents):
    scan = scan_of(Poster("SIM:scan1:", SSCAN), pos_settle_time=0.01)
    RE(scan.plan())
    points = list(documents.points().values())
    assert [read(f"SIM:scan1:{field}") for field in ("NPTS", "CPT", "VAL")] == [5] * 3
    state = ("BUSY", "EXSC", "FAZE", "DATA", "DSTATE", "ALRT")
    assert [read(f"SIM:scan1:{field}") for field in state] == [0, 0, 0, 1, 7, 0]
    assert read("SIM:scan1:SMSG") == "finished after 5 of 5 points"
    assert read("SIM:scan1:P1PV") == "SIM:X"
    assert read("SIM:scan1:R1PV") == "SIM:X:RBV"
    assert read("SIM:scan1:P1EU") == "mm"
    assert read("SIM:scan1:T1PV") == "SIM:DET:TRIG"
    assert read("SIM:scan1:D01PV") == "SIM:DET:COUNTS"
    assert read("SIM:scan1:D02PV") == ""
    assert read("SIM:scan1:PDLY") == 0.01
    assert read("SIM:scan1:P1DV") == read("SIM:scan1:P1EP") == 0.4
    assert read("SIM:scan1:R1CV") == points[-1]["x"]
    assert read("SIM:scan1:D01CV") == points[-1]["counts"]
    for field in ("P1PA", "P1RA"):
        assert read(f"SIM:scan1:{field}")[:5] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    counts = [data["counts"] for data in points]
    assert read("SIM:scan1:D01DA")[:5].tolist() == counts


def test_the_fields_of_an_sscan_record_follow_a_scan(RE, documents):
    poster = Poster("SIM:scan1:", SSCAN)
    running = Running(RE, scan_of(poster, num_points=200, det_settle_time=0.01))
    until(lambda: 0 < read("SIM:scan1:CPT") < 150 and read("SIM:scan1:BUSY"))
    assert read("SIM:scan1:DATA") == 0
    assert read("SIM:scan1:FAZE") == 7
    assert read("SIM:scan1:NPTS") == 200
    until(lambda: read("SIM:scan1:D01CA").any())
    current = read("SIM:scan1:D01CA")
    num_points = np.flatnonzero(current)[-1] + 1
    assert 0 < num_points < 200
    running.wait()
    counts = [data["counts"] for data in documents.points().values()]
    assert np.array_equal(current[:num_points], counts[:num_points])
    assert read("SIM:scan1:D01DA")[:200].tolist() == counts
    # About 20 times a second, and not for each point.
    assert poster.num_posted < 200 * 8


def test_the_keys_of_a_step_scan_show_it(RE, documents, tmp_path):
    poster = Poster("SIM:scan:", INFO, data_dir=tmp_path)
    scan = scan_of(poster, name="a peak", message_points=2)
    put("SIM:scan:request_abort", 1)  # of another time
    RE(scan.plan())
    assert read("SIM:scan:status") == "finished"
    assert read("SIM:scan:cpt") == read("SIM:scan:npts") == 5
    assert text("SIM:scan:message") == "finished after 5 of 5 points"
    assert text("SIM:scan:command") == "a peak"
    start = documents.named("start")[0]
    assert text("SIM:scan:filename").endswith(f"step_scan_{start['uid'][:8]}.h5")
    assert text("SIM:scan:workdir") == str(tmp_path)
    assert read("SIM:scan:cmd_id") == start["scan_id"]
    assert read("SIM:scan:time_estimate") == "0.0 s"
    assert read("SIM:scan:scan_progress") == "point 5 of 5"
    assert read("SIM:scan:heartbeat")
    assert read("SIM:scan:request_abort") == 0
    assert len(documents.points()) == 5


def test_both_may_be_posted_at_once_and_a_failure_is_told(RE):
    def fail():
        raise ValueError("the shutter is closed")

    posters = [Poster("SIM:scan:"), Poster("SIM:scan1:", SSCAN)]
    scan = scan_of(*posters, breakpoints=[1], at_break=fail)
    with pytest.raises(ValueError, match="shutter"):
        RE(scan.plan())
    assert read("SIM:scan:status") == "failed"
    assert text("SIM:scan:last_error") == "the shutter is closed"
    assert read("SIM:scan1:ALRT") == 1
    assert read("SIM:scan1:SMSG") == "the shutter is closed"
    assert read("SIM:scan1:BUSY") == 0


def test_pvs_that_are_not_there_are_left_out(RE, caplog):
    # These have no PAUS, and many fields besides.
    scan = scan_of(Poster("SIM:scan:", SSCAN, separator=""))
    RE(scan.plan())
    RE(scan_of(Poster("SIM:scan:", INFO)).plan())
    assert read("SIM:scan:status") == "finished"
    assert "fault of its own" not in caplog.text


def test_what_refuses_to_be_posted_to_is_not_told_to_start(RE, documents, caplog):
    # As a true sscan record does, of which EXSC 1 starts a scan of its own.
    put("SIM:scan1:NPTS", 77)
    put("SIM:scan1:CPT.DISP", 1)
    try:
        RE(scan_of(Poster("SIM:scan1:", SSCAN)).plan())
    finally:
        put("SIM:scan1:CPT.DISP", 0)
    assert len(documents.points()) == 5
    assert "nothing is posted to SIM:scan1:" in caplog.text
    assert read("SIM:scan1:NPTS") == 77


# ------------------------------------------------------------ what is ordered


def test_a_scan_is_aborted_by_its_key(RE, documents):
    running = Running(RE, scan_of(Poster("SIM:scan:"), num_points=10_000))
    until(lambda: read("SIM:scan:status") == "running" and scan_has(running, 4))
    put("SIM:scan:request_abort", 1)
    running.wait()
    (stop,) = documents.named("stop")
    assert stop["exit_status"] == "abort"
    assert stop["reason"] == "SIM:scan:request_abort asked for it"
    assert read("SIM:scan:status") == "aborted"
    assert 3 < len(documents.points()) < 10_000
    assert read("SIM:scan:cpt") == len(documents.points())


def test_a_scan_is_paused_and_resumed_by_its_keys(RE, documents):
    scan = scan_of(Poster("SIM:scan:"), num_points=300)
    running = Running(RE, scan)
    until(lambda: read("SIM:scan:status") == "running" and scan_has(running, 4))
    put("SIM:scan:request_pause", 1)
    until(lambda: read("SIM:scan:status") == "paused")
    until(lambda: read("SIM:scan:request_pause") == 0)
    taken = scan.progress.points_taken
    assert "request_pause asked for it" in text("SIM:scan:message")
    until(lambda: read("SIM:scan:cpt") == taken)
    put("SIM:scan:request_resume", 1)
    running.wait()
    assert scan.progress.points_taken == 300 > taken
    assert read("SIM:scan:request_resume") == 0
    assert not running.errors


def test_a_scan_is_paused_resumed_and_aborted_by_fields_of_a_record(RE, documents):
    scan = scan_of(Poster("SIM:scan1:", SSCAN), num_points=10_000)
    running = Running(RE, scan)
    until(lambda: read("SIM:scan1:BUSY") == 1 and scan_has(running, 4))
    put("SIM:scan1:PAUS", 1)
    until(lambda: read("SIM:scan1:FAZE") == 13)
    taken = scan.progress.points_taken
    put("SIM:scan1:PAUS", 0)
    until(lambda: read("SIM:scan1:CPT") > taken)
    put("SIM:scan1:EXSC", 0)
    running.wait()
    (stop,) = documents.named("stop")
    assert (stop["exit_status"], stop["reason"]) == (
        "abort",
        "SIM:scan1:EXSC asked for it",
    )
    assert read("SIM:scan1:BUSY") == 0


def test_a_point_is_left_out_by_its_key(RE, documents):
    scan = scan_of(Poster("SIM:scan:"), num_points=50, det_settle_time=0.01)
    running = Running(RE, scan)
    until(lambda: read("SIM:scan:status") == "running" and scan_has(running, 4))
    put("SIM:scan:request_skip", 1)
    until(lambda: read("SIM:scan:request_skip") == 0)
    running.wait()
    assert not running.errors
    assert read("SIM:scan:cpt") == len(documents.points()) == 49
    assert all(len(data) == 3 for data in documents.points().values())


# ------------------------------------------------------------ while RE is paused


class Prompt(Running):
    """A person at a prompt, in another thread, who has paused the engine."""

    def __init__(self, RE, scan, pv):
        super().__init__(RE, scan)
        until(lambda: read(pv) and scan_has(self, 4))
        RE.request_pause(reason="the hutch is open")
        self.wait()
        assert isinstance(self.errors.pop(), RunEngineInterrupted)
        assert RE.state == "paused"


def test_that_the_engine_is_paused_is_shown_and_only_its_prompt_goes_on(RE, documents):
    scan = scan_of(Poster("SIM:scan:"), num_points=300)
    prompt = Prompt(RE, scan, "SIM:scan:cpt")
    until(lambda: read("SIM:scan:status") == "paused")
    until(lambda: text("SIM:scan:message") == "paused: the hutch is open")
    put("SIM:scan:request_resume", 1)
    until(lambda: read("SIM:scan:request_resume") == 0)
    until(lambda: "RE.resume()" in text("SIM:scan:message"))
    assert RE.state == "paused"
    going_on = threading.Thread(target=RE.resume)
    going_on.start()
    until(lambda: read("SIM:scan:status") in ("running", "finished"))
    going_on.join(LIMIT)
    assert read("SIM:scan:status") == "finished"
    assert not prompt.errors
    assert len(documents.points()) == 300


def test_a_scan_whose_engine_is_paused_is_aborted_by_its_key(RE, documents):
    scan = scan_of(Poster("SIM:scan:"), num_points=10_000)
    Prompt(RE, scan, "SIM:scan:cpt")
    put("SIM:scan:request_abort", 1)
    until(lambda: RE.state == "idle")
    (stop,) = documents.named("stop")
    assert stop["exit_status"] == "abort"
    assert stop["reason"] == "SIM:scan:request_abort asked for it"
    assert read("SIM:scan:status") == "aborted"
    # The prompt is free for the next one.
    RE(scan_of(Poster("SIM:scan:")).plan())
    assert read("SIM:scan:status") == "finished"


def test_a_record_shows_that_the_engine_is_paused_and_its_field_ends_it(RE, documents):
    scan = scan_of(Poster("SIM:scan1:", SSCAN), num_points=10_000)
    Prompt(RE, scan, "SIM:scan1:CPT")
    until(lambda: read("SIM:scan1:FAZE") == 13)
    assert read("SIM:scan1:SMSG") == "paused: the hutch is open"
    put("SIM:scan1:PAUS", 0)  # as it was
    put("SIM:scan1:PAUS", 1)
    until(lambda: scan.requests.paused)
    put("SIM:scan1:PAUS", 0)
    until(lambda: not scan.requests.paused)
    assert RE.state == "paused"
    put("SIM:scan1:EXSC", 0)
    until(lambda: RE.state == "idle")
    assert documents.named("stop")[0]["reason"] == "SIM:scan1:EXSC asked for it"
    assert read("SIM:scan1:BUSY") == 0


# ------------------------------------------------------------ after a crash


def test_a_scan_that_goes_on_after_a_crash_is_shown_from_where_it_was(
    beamline, tmp_path
):
    live(beamline, tmp_path, "run", SCRIPT, kill_at="POINT 7\n")
    # A screen of a scan that has died shows what it was told last.
    assert 0 < read("SIM:scan1:CPT") <= 7
    said = live(beamline, tmp_path, "resume", "--yes")
    told = [line.strip() for line in said.splitlines() if line.startswith("LEFT")]
    assert told == [f"LEFT {n}: True" for n in range(8, 12)]
    (run,) = lapwing.catalogue(tmp_path)
    data = run.primary.read()
    assert len(data["counts"]) == 12
    assert read("SIM:scan1:CPT") == read("SIM:scan:cpt") == 12
    assert read("SIM:scan1:D01DA")[:12] == pytest.approx(data["counts"])
    assert read("SIM:scan1:P1RA")[:12] == pytest.approx(data["x"])
    assert read("SIM:scan:scan_progress") == "point 12 of 12"
    assert read("SIM:scan:cmd_id") == 1
    assert text("SIM:scan:message") == "finished after 12 of 12 points"


def test_requests_are_not_obeyed_if_that_is_not_wanted(RE, documents):
    running = Running(RE, scan_of(Poster("SIM:scan:", obey=False), num_points=100))
    until(lambda: read("SIM:scan:status") == "running" and scan_has(running, 4))
    put("SIM:scan:request_abort", 1)
    running.wait()
    assert len(documents.points()) == 100


# ------------------------------------------------------------ when it is not there


@pytest.fixture(scope="module")
def other_server():
    """Another IOC, of other names, that is only posted to."""
    options = ["--prefix=OTHER:"]
    with Beamline.launch(second_port(), options, LIMIT, pva=False) as other:
        yield other


@pytest.fixture
def other(other_server):
    """The same, running."""
    if not other_server.running:
        other_server.restart()
    until(lambda: read("OTHER:scan1:NPTS"))
    return other_server


def fast_scan(*posters, num_points=200, **options):
    p = Positioner("SIM:FAST:POS", np.arange(num_points) % 7, name="p")
    counters = [Counter("SIM:FAST:COUNT", "n")]
    counters += [Counter(f"SIM:FAST:S{i}", f"s{i}") for i in range(1, 5)]
    return StepScan(
        [p], [Trigger("SIM:FAST:TRIG")], counters, listeners=posters, **options
    )


def seconds_of(RE, scan):
    began = []
    scan.progress.listeners.append(_FirstAndLast(began))
    RE(scan.plan())
    return began[-1] - began[0]


class _FirstAndLast(Silent):
    def __init__(self, times):
        self.times = times

    def started(self, start):
        self.times.append(time.perf_counter())

    def ended(self, stop):
        self.times.append(time.perf_counter())


def test_posting_goes_on_when_its_server_is_back(RE, documents, other):
    scan = scan_of(Poster("OTHER:scan1:", SSCAN), num_points=100_000)
    running = Running(RE, scan)
    until(lambda: read("OTHER:scan1:BUSY") == 1 and scan_has(running, 4))
    put("OTHER:scan1:PAUS", 1)
    until(lambda: scan.requests.paused)
    other.kill()
    other.restart()
    # What was posted once is there again, and nothing that its start says is an order.
    until(lambda: read("OTHER:scan1:PAUS") == 1)
    until(lambda: read("OTHER:scan1:NPTS") == 100_000)
    assert read("OTHER:scan1:P1PV") == "SIM:X"
    assert read("OTHER:scan1:EXSC") == 1
    assert scan.requests.paused
    taken = scan.progress.points_taken
    put("OTHER:scan1:PAUS", 0)
    until(lambda: read("OTHER:scan1:CPT") > taken)
    put("OTHER:scan1:EXSC", 0)
    running.wait()
    (stop,) = documents.named("stop")
    assert stop["exit_status"] == "abort"
    assert read("OTHER:scan1:BUSY") == 0


def test_posting_goes_on_when_its_server_thaws(RE, documents, other):
    scan = scan_of(Poster("OTHER:scan1:", SSCAN), num_points=100_000)
    running = Running(RE, scan)
    until(lambda: read("OTHER:scan1:BUSY") == 1 and scan_has(running, 4))
    other.freeze()
    taken = scan.progress.points_taken
    until(lambda: scan.progress.points_taken > taken + 300)
    other.thaw()
    until(lambda: read("OTHER:scan1:CPT") > taken + 300)
    put("OTHER:scan1:EXSC", 0)
    running.wait()
    (stop,) = documents.named("stop")
    assert stop["exit_status"] == "abort"


def test_a_server_that_is_frozen_or_dead_slows_nothing(RE, documents, other):
    def ratio():
        # In turns, for other work on this machine comes and goes.
        times = [], []
        for _ in range(3):
            times[0].append(seconds_of(RE, fast_scan()))
            posters = Poster("OTHER:scan1:", SSCAN), Poster("OTHER:scan:")
            times[1].append(seconds_of(RE, fast_scan(*posters)))
        return min(times[1]) / min(times[0])

    # One wait in each point for a server that is silent would make it a hundred.
    assert ratio() < 3
    other.freeze()
    assert ratio() < 3
    other.thaw()
    other.kill()
    assert ratio() < 3
    assert len(documents.named("start")) == 18
    assert all(stop["num_events"]["primary"] == 200 for stop in documents.named("stop"))


def test_a_server_that_was_never_there_costs_a_moment_at_the_end(RE, documents):
    began = time.monotonic()
    RE(fast_scan(Poster("NOBODY:scan:")).plan())
    assert time.monotonic() - began < 6.0
    assert len(documents.points()) == 200
