"""Step scans of motor records, by their true field names, beside the beamline."""

import pytest
from beamline_fixtures import start_beamline
from kit import Documents
from record_ioc_fixtures import start_record_ioc

from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.epics import EpicsMotor, EpicsSignal
from lapwing.errors import (
    DeviceError,
    LimitError,
    PlanArgumentError,
    RunEngineInterrupted,
)
from lapwing.stepscan import Counter, MotorCounter, Positioner, StepScan
from lapwing.stepscan.progress import Silent


@pytest.fixture(scope="module", autouse=True)
def servers():
    with start_beamline() as beamline, start_record_ioc() as records:
        yield beamline, records


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def RE(documents):
    put("REC:m1.SPMG", "Go")
    put("REC:m1.VELO", 50.0)
    put("REC:m1.VAL", 0)
    engine = RunEngine({})
    engine.subscribe(documents)
    return engine


def put(pv, value):
    """Write a PV as another client would."""

    async def write():
        signal = EpicsSignal(pv, "any")
        await signal.connect()
        await signal.set(value)

    device_loop.call(write())


@pytest.mark.parametrize("pv", ["REC:m1", "REC:m1.VAL"])
def test_a_motor_record_is_moved_as_a_motor(pv, RE, documents):
    x = Positioner(pv, [0, 0.5, 1.0])
    scan = StepScan([x], counters=[MotorCounter("REC:m1", "rbv"), Counter("SIM:TEMP1")])
    RE(scan.plan())
    assert x.name == "REC_m1"
    assert x.label
    assert x.units == "mm"
    assert x.seconds(0, 10) > 0.2
    points = list(documents.points().values())
    assert [data["REC_m1"] for data in points] == [0, 0.5, 1.0]
    assert [data["rbv"] for data in points] == [0, 0.5, 1.0]
    (descriptor,) = documents.named("descriptor")
    assert descriptor["data_keys"]["REC_m1"]["source"] == "ca://REC:m1.RBV"


def test_soft_limits_of_a_record_are_respected_before_anything_moves(RE, documents):
    x = Positioner("REC:m1", [0, 1e6])
    with pytest.raises(LimitError, match=r"REC:m1\.HLM"):
        RE(StepScan([x]).plan())
    assert documents.all == []
    assert x.current() == 0


def test_a_motor_with_limits_and_a_read_back_of_its_own_is_moved_as_a_motor(RE):
    put("REC:m1.VAL", 0)
    x = Positioner("REC:m1", [0, 1], limits=(0, 0.5), readback="SIM:Y:RBV")
    with pytest.raises(LimitError, match=r"1 mm is above the high limit 0\.5"):
        RE(StepScan([x]).plan())
    assert isinstance(x.axis, EpicsMotor)
    assert x.readback == "SIM:Y:RBV"
    assert x.current() == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("SPMG", "Pause", r"its mode is Pause \(REC:m1\.SPMG\)"),
     ("VELO", 0.0, r"its velocity is 0 \(REC:m1\.VELO\)")],
)  # fmt: skip
def test_a_motor_that_does_not_move_is_told_of_before_anything_does(
    field, value, said, RE, documents
):
    put(f"REC:m1.{field}", value)
    with pytest.raises(DeviceError, match=said):
        RE(StepScan([Positioner("REC:m1", [1, 2])], max_retries=0).plan())
    assert documents.all == []


def test_motors_of_two_servers_move_together(RE, documents):
    a, b = Positioner("REC:m1", [0, 1]), Positioner("SIM:X", [0, 2], name="x")
    RE(StepScan([a, b]).plan())
    last = list(documents.points().values())[-1]
    assert (last["REC_m1"], last["x"]) == (1, 2)


def test_a_motor_stops_by_its_own_pv_and_another_one_is_refused(RE, documents):
    scan = StepScan([Positioner("REC:m1", [0.0, 0.1], stop="REC:m2.STOP")])
    with pytest.raises(PlanArgumentError, match=r"stop='REC:m2.STOP' cannot be given"):
        RE(scan.plan())
    assert documents.all == []


def test_how_long_slow_motors_take_is_told_before_they_move(RE, documents):
    told = []

    class Listens(Silent):
        def message(self, text):
            told.append((text, len(documents.all)))

        def point(self, num_points, data):
            scan.abort()

    put("REC:m1.VELO", 0.001)
    scan = StepScan([Positioner("REC:m1", [0, 5])], listeners=[Listens()])
    with pytest.raises(RunEngineInterrupted):
        RE(scan.plan())
    text, num_documents = told[0]
    assert text.startswith("2 points, about 1:23:2")
    assert num_documents == 0
