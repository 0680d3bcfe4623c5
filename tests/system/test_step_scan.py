"""Step scans on the simulated beamline: the seed's loop, and scans by the engine."""

import asyncio
import threading
import time

import h5py
import numpy as np
import pytest
from beamline_fixtures import start_beamline
from channel_backends import plain_pv
from kit import Documents

import lapwing
from lapwing import RunEngine
from lapwing.epics import SIM_FIELDS
from lapwing.errors import (
    DisconnectedError,
    LimitError,
    MotionError,
    PlanArgumentError,
    RunEngineInterrupted,
)
from lapwing.session.session import session
from lapwing.sim.sample import Sample
from lapwing.stepscan import (
    BadPoint,
    Counter,
    Detector,
    Detectors,
    Positioner,
    StepScan,
    Trigger,
    mesh,
)
from lapwing.stepscan.progress import Calls, Silent

DWELL = 0.002


@pytest.fixture(scope="module", autouse=True)
def beamline():
    with start_beamline(velocity=200.0, dwell=DWELL) as beamline:
        yield beamline


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture(autouse=True)
def at_rest():
    """Every test finds both motors where the peak is easy to tell."""
    both = [Positioner("SIM:X", [0.0]), Positioner("SIM:Y", [0.0])]
    for one in both:
        one.move_to_start()
    for one in both:
        until_done(one)


@pytest.fixture
def RE(documents):
    engine = RunEngine({})
    engine.subscribe(documents)
    return engine


def make_detector(**options):
    counters = [Counter("SIM:DET:COUNTS", "counts"), Counter("SIM:DET:SPECTRUM", "mca")]
    options.setdefault("dwell", "SIM:DET:DWELL")
    return Detector(Trigger("SIM:DET:TRIG"), counters, label="det", **options)


def make_x(array=(0.0, 0.5, 1.0), **options):
    return Positioner("SIM:X", array, name="x", fields=SIM_FIELDS, **options)


# ------------------------------------------------------------ the seed's loop


def test_the_loop_of_the_seed_works_as_it_is_printed():
    breakpoints, written, extras = [1], [], []
    x = Positioner(
        "SIM:X", np.linspace(-1, 1, 4), pre_scan=lambda: extras.append("pre")
    )
    y = Positioner("SIM:Y", [0, 0.1, 0.2, 0.3], post_scan=lambda: extras.append("post"))
    temperature = Counter("SIM:TEMP1", "temperature")
    pos = [x, y]
    det = Detectors([make_detector()])

    def run_pre_scan(pos, det):
        [one.pre_scan() for one in (*pos, *det)]

    def record_extra_pvs(pos, det):
        extras.append(temperature.read())

    def write_data(pos, det):
        written.append(len(det.counters[0].buff))

    def run_at_break(pos, det):
        [one.at_break() for one in (*pos, *det)]

    def run_post_scan(pos, det):
        [one.post_scan() for one in (*pos, *det)]

    run_pre_scan(pos, det)
    [p.move_to_start() for p in pos]
    record_extra_pvs(pos, det)
    for i in range(len(pos[0].array)):
        [p.move_to_pos(i) for p in pos]
        while not all([p.done for p in pos]):  # noqa: C419
            time.sleep(0.001)
        [trig.start() for trig in det.triggers]
        while not all([trig.done for trig in det.triggers]):  # noqa: C419
            time.sleep(0.001)
        [det.read() for det in det.counters]

        if i in breakpoints:
            write_data(pos, det)
            record_extra_pvs(pos, det)
            run_at_break(pos, det)
    write_data(pos, det)
    run_post_scan(pos, det)

    sample = Sample()
    counts, spectra = (counter.get_buffers() for counter in det.counters)
    for i in range(4):
        place = (x.array[i], y.array[i], DWELL)
        assert counts["counts"][i] == sample.counts(*place)
        assert np.array_equal(spectra["mca"][i], sample.spectrum(*place))
    assert written == [2, 4]
    assert extras[0] == "pre"
    assert extras[-1] == "post"
    assert len(extras) == 4
    assert x.current() == 1
    assert x.label == "along the peak"
    assert x.units == "mm"
    assert det.triggers[0].runtime >= DWELL


def test_a_script_is_told_that_a_move_has_failed():
    x = make_x([99.0])
    x.move_to_start()
    with pytest.raises(LimitError, match="99 mm is above the high limit"):
        until_done(x)
    plain = Positioner("SIM:X", [99.0], label="theta")
    plain.move_to_start()
    with pytest.raises(MotionError, match="theta was sent to 99 and stands at 0"):
        until_done(plain)
    trigger = Trigger("SIM:NO:SUCH:PV")
    trigger.start()
    with pytest.raises(DisconnectedError, match="SIM:NO:SUCH:PV"):
        until_done(trigger)


def until_done(one, limit=10.0):
    end = time.monotonic() + limit
    while not one.done:
        assert time.monotonic() < end
        time.sleep(0.001)


# ------------------------------------------------------------ by the engine


def test_a_scan_has_every_point_as_it_was_taken(RE, documents):
    scan = StepScan([make_x()], detectors=[make_detector()], dwell=DWELL)
    RE(scan.plan())
    sample = Sample()
    points = documents.points()
    assert [data["x"] for data in points.values()] == [0, 0.5, 1]
    for data in points.values():
        assert data["counts"] == sample.counts(data["x"], 0.0, DWELL)
        assert np.array_equal(data["mca"], sample.spectrum(data["x"], 0.0, DWELL))
    start = documents.named("start")[0]
    assert start["plan_name"] == "step_scan"
    assert start["num_points"] == 3
    assert start["step_scan"]["positioners"]["x"]["label"] == "along the peak"
    (descriptor,) = documents.named("descriptor")
    assert descriptor["data_keys"]["counts"]["source"] == "ca://SIM:DET:COUNTS"
    assert descriptor["data_keys"]["mca"]["shape"] == [2048]
    assert descriptor["data_keys"]["x"]["units"] == "mm"


def test_a_plain_pv_is_a_positioner_and_several_move_together(RE, documents):
    fast = [
        Positioner(f"SIM:FAST:P{n:02}", [n, n + 1], name=f"p{n}") for n in range(1, 9)
    ]
    RE(StepScan(fast, counters=[Counter("SIM:RING:CURRENT", "n")]).plan())
    first, second = documents.points().values()
    assert [first[f"p{n}"] for n in range(1, 9)] == list(range(1, 9))
    assert [second[f"p{n}"] for n in range(1, 9)] == list(range(2, 10))


def test_a_counter_that_counts_triggers_misses_none_in_2000_points(RE, documents):
    # Fresh reads: the value that a monitor has told may be that of the last point.
    position = Positioner("SIM:FAST:POS", np.arange(2000) % 7, name="p")
    trigger = Trigger("SIM:FAST:TRIG")
    count = Counter("SIM:FAST:COUNT", "n")
    count.read()
    scan = StepScan([position], [trigger], [count, Counter("SIM:FAST:S1", "s1")])
    RE(scan.plan())
    numbers = [int(data["n"]) for data in documents.points().values()]
    first = int(count.buff[0]) + 1
    assert numbers == list(range(first, first + 2000))


def test_a_choice_is_a_position_by_index_or_text(RE, documents):
    noise = Counter("SIM:DET:NOISE", "n")
    RE(StepScan([Positioner("SIM:DET:NOISE", ["off", "on"])], counters=[noise]).plan())
    RE(StepScan([Positioner("SIM:DET:NOISE", [0, 1])], counters=[noise]).plan())
    found = [doc["data"]["n"] for name, doc in documents.all if name == "event"]
    assert found == [0, 1, 0, 1]
    wrong = Positioner("SIM:DET:NOISE", ["off", "onn"])
    with pytest.raises(PlanArgumentError, match="takes one of off, on"):
        RE(StepScan([wrong]).plan())


def test_a_hook_that_makes_a_coroutine_has_it_awaited_and_a_plan_is_refused(RE):
    told = []

    async def work():
        told.append("done")

    def stub():
        yield

    RE(StepScan([make_x()], pre_scan=lambda: work()).plan())
    assert told == ["done"]
    with pytest.raises(PlanArgumentError, match="made a plan, which nobody runs"):
        RE(StepScan([make_x()], pre_scan=lambda: stub()).plan())


def test_an_abort_stops_what_moves_before_it_goes_back(RE):
    far = make_x([0.0, 9.0])
    scan = StepScan([far], restore=True)
    velocity = Positioner("SIM:X:VELO", [1.0, 200.0])
    velocity.move_to_pos(0)
    until_done(velocity)
    threading.Timer(0.5, lambda: RE.abort("enough")).start()
    began = time.monotonic()
    with pytest.raises(RunEngineInterrupted):
        RE(scan.plan())
    took = time.monotonic() - began
    velocity.move_to_pos(1)
    until_done(velocity)
    assert took < 4
    assert far.current() == 0


def test_a_dwell_that_nobody_sets_counts_in_the_time_limit_and_the_estimate(RE):
    det = make_detector()
    scan = StepScan([make_x()], detectors=[det])
    RE(scan.plan())
    assert det.trigger.dwell == DWELL
    assert scan.estimate() >= 3 * DWELL


def test_a_scan_without_positioners_is_a_time_scan(RE, documents):
    RE(StepScan(counters=[Counter("SIM:TEMP1", "T")], npts=5).plan())
    assert len(documents.points()) == 5
    assert documents.named("start")[0]["motors"] == []


def test_a_mesh_is_lists_and_breakpoints(RE, documents):
    (slow, fast), breakpoints = mesh(("y", [0, 1]), ("x", [0, 0.5, 1]), snake=True)
    rows = []
    scan = StepScan(
        [Positioner("SIM:Y", slow, name="y", fields=SIM_FIELDS), make_x(fast)],
        detectors=[make_detector()],
        breakpoints=breakpoints,
        at_break=lambda point: rows.append(point),
    )
    RE(scan.plan())
    places = [(data["y"], data["x"]) for data in documents.points().values()]
    assert places == [(0, 0), (0, 0.5), (0, 1), (1, 1), (1, 0.5), (1, 0)]
    assert rows == [3, 6]


def test_positions_beyond_a_limit_are_refused_before_anything_moves(RE, documents):
    x, y = (
        make_x([0, 1, 2]),
        Positioner("SIM:Y", [0, 5, 11], name="y", fields=SIM_FIELDS),
    )
    before = x.current()
    with pytest.raises(
        LimitError, match=r"11 mm is above the high limit 10 mm \(SIM:Y"
    ):
        RE(StepScan([x, y], detectors=[make_detector()]).plan())
    assert x.current() == before
    assert documents.all == []


def test_a_pv_that_does_not_take_what_is_written_makes_no_point(RE, documents):
    x = Positioner("SIM:X", [0, 99], label="theta")  # its server refuses that
    with pytest.raises(
        BadPoint, match=r"point 2 .* theta was sent to 99 and stands at"
    ):
        RE(StepScan([x], max_retries=1).plan())
    assert len(documents.points()) == 1


def test_pvs_that_are_not_there_are_all_named(RE, documents):
    scan = StepScan([make_x()], counters=[Counter("NO:1"), Counter("NO:2")])
    with pytest.raises(DisconnectedError, match="NO:1, NO:2"):
        RE(scan.plan())
    assert documents.all == []


def test_originals_are_restored_if_that_is_asked_for(RE):
    x = make_x([2, 3])
    x.move_to(1.25)
    until_done(x)
    RE(StepScan([x], restore=True).plan())
    assert x.current() == 1.25
    RE(StepScan([x]).plan())
    assert x.current() == 3


def test_a_dwell_for_each_point_is_set(RE, documents):
    dwell = [0.001, 0.002, 0.004]
    det = make_detector(extra_pvs={"dwell": "SIM:DET:DWELL"})
    scan = StepScan([make_x([0, 0, 0])], detectors=[det], dwell=dwell)
    assert 0.007 < scan.estimate() < 0.1
    RE(scan.plan())
    counts = [data["counts"] for data in documents.points().values()]
    assert counts == [Sample().counts(0.0, 0.0, seconds) for seconds in dwell]


def test_the_dwell_that_a_scan_sets_is_put_back_also_after_an_abort(RE):
    dwell = Counter("SIM:DET:DWELL")
    seen = []
    scan = StepScan(
        [make_x([0, 0, 0])],
        detectors=[make_detector()],
        dwell=0.004,
        at_break=lambda: seen.append(dwell.read()),
        breakpoints=[0],
    )
    RE(scan.plan())
    assert 0.004 in seen
    assert dwell.read() == DWELL
    scan.at_break = scan.abort
    with pytest.raises(RunEngineInterrupted, match="abort"):
        RE(scan.plan())
    assert dwell.read() == DWELL


def test_settings_are_written_before_and_written_back_after(RE):
    noise = Counter("SIM:DET:NOISE")
    seen = []
    before = noise.read()
    det = make_detector(settings={"SIM:DET:NOISE": "off"})
    counter = Counter("SIM:DET:NOISE", "noise")
    RE.subscribe(lambda _, doc: seen.append(doc["data"]["noise"]), "event")
    RE(StepScan([make_x()], counters=[counter], detectors=[det]).plan())
    assert seen == [0, 0, 0]
    assert noise.read() == before == 1


def test_extra_pvs_are_noted_at_the_start_and_at_each_breakpoint(RE, documents):
    x = make_x([0, 1, 2, 3], extra_pvs={"velocity": "SIM:X:VELO"})
    det = make_detector(extra_pvs=["SIM:TEMP1"])
    scan = StepScan([x], detectors=[det], breakpoints=[1, 3], extra_pvs=["SIM:TEMP2"])
    RE(scan.plan())
    noted = list(documents.points("extra_pvs").values())
    assert len(noted) == 3
    assert noted[0].keys() == {"velocity", "SIM_TEMP1", "SIM_TEMP2"}
    assert noted[0]["velocity"] == 200


def test_the_file_has_all_points_before_a_breakpoint_s_hooks(tmp_path):
    rows = []
    with session(tmp_path, environ={}, table=False, progress=False, peaks=False) as s:

        def look(point):
            (file,) = tmp_path.glob("**/*.h5")
            with h5py.File(file, "r", swmr=True) as run:
                rows.append((point, run["entry/primary/data/counts"].shape[0]))

        x = make_x([0, 1, 2, 3])
        scan = StepScan([x], detectors=[make_detector()], breakpoints=[0, 2])
        s.RE(StepScan.plan(scan_with(scan, at_break=look)))
        (run,) = lapwing.catalogue(tmp_path)
        assert run.primary.read()["x"].tolist() == [0, 1, 2, 3]
    assert rows == [(1, 1), (3, 3)]


def scan_with(scan, **hooks):
    return StepScan(
        scan.positioners,
        detectors=scan.detectors,
        breakpoints=scan.breakpoints,
        **hooks,
    )


def test_a_scan_may_be_awaited():
    async def main():
        from lapwing.epics import ca

        scan = StepScan([make_x()], detectors=[make_detector()])
        result = await scan.run()
        await ca.close()
        return result

    # The device loop of this process is a thread's: it is run over there.
    result = asyncio.run(main_elsewhere(main))
    assert result.exit_status == "success"


async def main_elsewhere(main):
    from lapwing.engine import device_loop

    return await device_loop.run_there(main())


class StandIn:
    """What behaves as pyepics' PV objects do, without any network."""

    def __init__(self, pvname, change=lambda value: None):
        self.pvname, self.connected, self._change = pvname, True, change
        self.value = 0.0

    def get(self, **_):
        return self.value

    def put(self, value, callback=None, **_):
        self.value = value
        self._change(value)
        if callback is not None:
            callback(pvname=self.pvname)


def test_pv_objects_are_taken_wherever_a_pv_is_named(RE, documents):
    count = StandIn("HERE:count")
    start = StandIn("HERE:start", lambda _: setattr(count, "value", count.value + 1))
    scan = StepScan(
        [Positioner(StandIn("HERE:x"), [1, 2]), Positioner(plain_pv("SIM:Y"), [0, 1])],
        [Trigger(start)],
        [Counter(count, "n"), Counter(plain_pv("SIM:TEMP1"), "T")],
    )
    RE(scan.plan())
    first, second = documents.points().values()
    assert (first["HERE_x"], first["SIM_Y"], first["n"]) == (1, 0, 1)
    assert (second["HERE_x"], second["SIM_Y"], second["n"]) == (2, 1, 2)
    assert second["T"] > 0


# ------------------------------------------------------------ people ask


def after_points(scan, num, act):
    """Do something when a point was taken."""

    def callback(_, number, data):
        if number == num:
            act()

    scan.progress.listeners.append(Calls(scan, callback))


def test_it_waits_while_it_is_paused_and_goes_on(RE, documents):
    scan = StepScan([make_x([0, 1, 2, 3])], detectors=[make_detector()])
    states = []

    class Resumes(Silent):
        def state(self, text):
            states.append(text)
            if text == "paused":
                threading.Timer(0.05, scan.resume).start()

    scan.progress.listeners.append(Resumes())
    after_points(scan, 2, lambda: scan.pause("a look"))
    RE(scan.plan())
    assert states == ["paused", "running"]
    assert len(documents.points()) == 4


def test_it_ends_when_it_is_asked_to_and_keeps_its_points(RE, documents):
    scan = StepScan([make_x([0, 1, 2, 3])], detectors=[make_detector()])
    told = []
    scan = scan_with(scan, post_scan=lambda: told.append("after"))
    after_points(scan, 2, lambda: scan.abort("enough"))
    with pytest.raises(RunEngineInterrupted, match="enough"):
        RE(scan.plan())
    assert len(documents.points()) == 2
    stop = documents.named("stop")[0]
    assert (stop["exit_status"], stop["reason"]) == ("abort", "enough")
    assert told == ["after"]


def test_points_may_be_left_out(RE, documents):
    scan = StepScan([make_x([0, 1, 2, 3])], detectors=[make_detector()])
    after_points(scan, 1, lambda: scan.skip(2))
    RE(scan.plan())
    assert [data["x"] for data in documents.points().values()] == [0, 3]


def test_an_engine_that_pauses_it_resumes_at_the_point(RE, documents):
    scan = StepScan([make_x([0, 1, 2, 3])], detectors=[make_detector()])
    after_points(scan, 2, RE.request_pause)
    with pytest.raises(RunEngineInterrupted):
        RE(scan.plan())
    RE.resume()
    assert [data["x"] for data in documents.points().values()] == [0, 1, 2, 3]


def test_every_hook_after_a_scan_is_done_even_if_one_fails(RE, documents):
    told = []

    def fail():
        raise ValueError("the shutter is stuck")

    x = make_x(post_scan=lambda: told.append("x"))
    det = make_detector(post_scan=fail)
    scan = StepScan([x], detectors=[det], post_scan=lambda: told.append("scan"))
    with pytest.raises(ValueError, match="the shutter is stuck"):
        RE(scan.plan())
    assert told == ["scan", "x"]
    assert len(documents.points()) == 3


def test_a_hook_that_fails_before_the_scan_makes_no_run(RE, documents):
    def fail():
        raise PlanArgumentError("no beam")

    with pytest.raises(PlanArgumentError, match="no beam"):
        RE(StepScan([make_x()], pre_scan=fail).plan())
    assert documents.all == []


def test_a_scan_that_is_stopped_ends_well_and_does_what_follows(RE, documents):
    told = []
    scan = StepScan(
        [make_x([0, 1, 2, 3])],
        detectors=[make_detector()],
        post_scan=lambda: told.append("after"),
    )
    after_points(scan, 2, RE.request_pause)
    with pytest.raises(RunEngineInterrupted):
        RE(scan.plan())
    RE.stop()
    assert documents.named("stop")[0]["exit_status"] == "success"
    assert told == ["after"]
    assert len(documents.points()) == 2
