"""Ready detectors without a network: names, computed counters, what is refused."""

import numpy as np
import pytest

from lapwing.epics.channel import Control, Value
from lapwing.errors import DeviceError, PlanArgumentError
from lapwing.stepscan.detectors import (
    KINDS,
    AreaDetector,
    DeviceCounters,
    FirstCounter,
    McaDetector,
    McsDetector,
    MotorDetector,
    MultiMcaDetector,
    RatioCounter,
    ScalerDetector,
    SimpleDetector,
    TextCounter,
    TotalCounter,
)
from lapwing.stepscan.detectors.computed import FrameCounter, text_of
from lapwing.stepscan.detectors.naming import Naming
from lapwing.stepscan.detectors.ready import named

NUMBERS = Control("array", "<f8", (5,), units="counts")
BYTES = Control("array", "|u1", (256,))
RATE = Control("number", "<f8")


@pytest.mark.parametrize(
    ("prefix", "separator", "field", "record"),
    [
        ("IOC:scaler1", None, "IOC:scaler1.CNT", "IOC:scaler1CNT"),
        ("IOC:scaler1.", None, "IOC:scaler1.CNT", "IOC:scaler1CNT"),
        ("SIM:SCALER:", None, "SIM:SCALER:CNT", "SIM:SCALER:CNT"),
        ("SIM:SCALER", ":", "SIM:SCALER:CNT", "SIM:SCALER:CNT"),
        ("SIM:SCALER:", ".", "SIM:SCALER.CNT", "SIM:SCALERCNT"),
    ],
)
def test_fields_follow_a_dot_or_what_the_prefix_ends_in(
    prefix, separator, field, record
):
    naming = Naming.of(prefix, separator)
    assert (naming.field("CNT"), naming.record("CNT")) == (field, record)


def test_another_separator_is_refused():
    with pytest.raises(PlanArgumentError, match="'/' is no separator"):
        ScalerDetector("IOC:scaler1", separator="/")


def test_triggers_and_dwells_are_there_before_any_record_is_asked():
    scaler = ScalerDetector("IOC:scaler1")
    assert scaler.trigger.pv == "IOC:scaler1.CNT"
    assert scaler.dwell_pv == "IOC:scaler1.TP"
    mca = McaDetector("IOC:mca1")
    assert (mca.trigger.pv, mca.dwell_pv) == ("IOC:mca1EraseStart", "IOC:mca1.PRTM")
    assert "IOC:mca1.STOP" in str(mca.trigger._pvs)
    assert "SIM:MCA:Stop" in str(McaDetector("SIM:MCA:").trigger._pvs)
    med = MultiMcaDetector("IOC:MED:", 4)
    assert (med.trigger.pv, med.dwell_pv) == (
        "IOC:MED:EraseStart",
        "IOC:MED:PresetReal",
    )
    camera = AreaDetector("IOC:CAM:")
    assert camera.trigger.pv == "IOC:CAM:cam1:Acquire"
    assert camera.dwell_pv == "IOC:CAM:cam1:AcquireTime"
    assert McsDetector("IOC:SIS:").dwell_pv == "IOC:SIS:Dwell"
    assert scaler.counters == []
    assert scaler.label == "IOC:scaler1"
    assert scaler.name == "IOC_scaler1"


def test_a_camera_knows_whether_it_showed_live_images_before_a_crash():
    camera = AreaDetector("IOC:CAM:")
    assert camera.before == {}
    for live in (0, 1):
        camera.take_over({"IOC:CAM:cam1:Acquire": live})
        assert camera.before == {"IOC:CAM:cam1:Acquire": live}


def test_simple_ones_know_their_counters():
    assert [one.pv for one in SimpleDetector("IOC:T").counters] == ["IOC:T"]
    assert SimpleDetector("IOC:T", "T").triggers == []
    assert MotorDetector("IOC:m1").counters[0].pv == "IOC:m1.RBV"
    assert MotorDetector("SIM:X", readback="SIM:X:RBV").counters[0].pv == "SIM:X:RBV"
    counters = DeviceCounters("IOC:m1", {".RBV": "angle", "VELO": ""}).counters
    assert [(one.pv, one.label) for one in counters] == [
        ("IOC:m1.RBV", "angle"),
        ("IOC:m1.VELO", "IOC:m1.VELO"),
    ]


def test_a_record_of_another_type_is_named():
    with pytest.raises(
        DeviceError, match="IOC:m1 is a record of the type motor; ScalerDetector needs"
    ):
        ScalerDetector("IOC:m1").require_type("motor", ("scaler",))


def test_names_that_come_twice_are_told_apart_and_empty_ones_left_out():
    names = {"S1": "I0", "S2": " ", "S3": "It", "S4": "I0"}
    assert named(names) == {"S1": "I0", "S3": "It", "S4": "I0 (S4)"}


def test_a_text_is_what_stands_before_the_first_0():
    codes = np.frombuffer(b"/data/a.h5\0rubbish", "u1")
    assert text_of(codes) == text_of(codes.astype("i1")) == "/data/a.h5"
    assert text_of("/data") == "/data"
    counter = TextCounter("IOC:FILE", "file")
    assert counter.value_of([Value(codes, 7.0, 0)]) == Value("/data/a.h5", 7.0, 0)
    key = counter.data_key([BYTES])
    assert (key["dtype"], key["shape"], key["dtype_numpy"]) == ("string", [], "<U256")


def test_parts_of_arrays_have_their_own_shape():
    value = Value(np.arange(5.0), 7.0, 1)
    first = FirstCounter("IOC:A", "a", 3)
    assert first.value_of([value]).value.tolist() == [0, 1, 2]
    assert first.data_key([NUMBERS])["shape"] == [3]
    assert FirstCounter("IOC:A", "a", 9).data_key([NUMBERS])["shape"] == [5]
    total = TotalCounter("IOC:A", "a", 3)
    assert total.value_of([value]) == Value(3.0, 7.0, 1)
    key = total.data_key([NUMBERS])
    assert (key["dtype"], key["shape"], key["units"]) == ("number", [], "counts")


def test_a_ratio_with_nothing_is_1():
    factor = RatioCounter("IOC:ICR", "IOC:OCR", "factor")
    assert factor.value_of([Value(300.0, 7.0), Value(200.0, 8.0, 2)]) == Value(
        1.5, 8.0, 2
    )
    assert factor.value_of([Value(0.0, 7.0), Value(0.0, 8.0)]).value == 1.0
    assert factor.data_key([RATE, RATE])["source"] == "IOC:ICR / IOC:OCR"


def test_frames_count_from_0():
    assert FrameCounter("IOC:N", "frame").value_of([Value(1, 7.0)]).value == 0


def test_kinds_have_names():
    assert set(KINDS) >= {"simple", "motor", "scaler", "mca", "multi_mca", "mcs"}
    assert set(KINDS) >= {"area", "electrometer"}
