"""Step scans on true field names, with dots: motor, scaler and sscan records."""

import time

import pytest
from beamline_fixtures import second_port, start_beamline
from kit import Documents

from lapwing import RunEngine
from lapwing.sim.instruments import Look
from lapwing.sim.record_ioc import RecordIoc
from lapwing.sim.sample import Sample
from lapwing.stepscan import Counter, Positioner, StepScan
from lapwing.stepscan.detectors import MotorDetector, ScalerDetector, get_detector
from lapwing.stepscan.posting import SSCAN, Poster

DWELL = 0.01


@pytest.fixture(scope="module", autouse=True)
def servers():
    with start_beamline(), RecordIoc.start(500.0, port=second_port()):
        yield


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def RE(documents):
    engine = RunEngine({})
    engine.subscribe(documents)
    return engine


def read(pv):
    return Counter(pv).read()


def test_a_scan_of_true_records_finds_reads_and_posts(RE, documents):
    x = Positioner("REC:m1", [0.0, 0.5, 1.0], name="x")
    det = get_detector("REC:scaler1", label="scaler")
    assert isinstance(det, ScalerDetector)
    height = get_detector("REC:m2", label="height")
    assert isinstance(height, MotorDetector)
    scan = StepScan(
        [x],
        detectors=[det, height],
        dwell=DWELL,
        listeners=[Poster("REC:scan1", SSCAN)],
    )
    RE(scan.plan())
    points = list(documents.points().values())
    assert [data["x"] for data in points] == [0, 0.5, 1]
    for data in points:
        look = Look(Sample(), data["x"], 0.0, DWELL)
        assert (data["I0"], data["It"], data["If"]) == look.scaler()
        assert data["scaler_time"] == pytest.approx(DWELL)
        assert data["height"] == 0.0
    assert read("REC:scan1.NPTS") == read("REC:scan1.CPT") == 3
    assert (read("REC:scan1.BUSY"), read("REC:scan1.DATA")) == (0, 1)
    assert read("REC:scan1.P1PV") == "REC:m1"
    assert read("REC:scan1.R1PV") == "REC:m1.RBV"
    assert read("REC:scan1.P1RA")[:3].tolist() == [0, 0.5, 1]
    number = 1 + [one.label for one in det.counters].index("If")
    assert read(f"REC:scan1.D{number:02}PV") == "REC:scaler1.S4"
    fluorescence = [data["If"] for data in points]
    assert read(f"REC:scan1.D{number:02}DA")[:3].tolist() == fluorescence
    assert read("REC:scaler1.CONT") == 0


def test_the_loop_of_the_seed_works_on_true_records():
    pos = [Positioner("REC:m1", [0.0, 0.25])]
    det = get_detector("REC:scaler1", num_channels=4)
    for i in range(2):
        [p.move_to_pos(i) for p in pos]
        while not all([p.done for p in pos]):  # noqa: C419
            time.sleep(0.001)
        [trig.start() for trig in det.triggers]
        while not all([trig.done for trig in det.triggers]):  # noqa: C419
            time.sleep(0.001)
        [counter.read() for counter in det.counters]
    by_label = {one.label: one.buff for one in det.counters}
    seconds = by_label["REC:scaler1 time"]
    for i, x in enumerate((0.0, 0.25)):
        i0, _, fluorescence = Look(Sample(), x, 0.0, seconds[i]).scaler()
        assert (by_label["I0"][i], by_label["If"][i]) == (i0, fluorescence)
