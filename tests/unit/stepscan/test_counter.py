"""Counters of several PVs: what they make of values read together."""

import numpy as np
import pytest

from lapwing.epics.channel import Control, Value
from lapwing.stepscan import Counter, MotorCounter, SumCounter
from lapwing.stepscan.names import key_of, labelled, record_of


def values(*numbers, severity=0):
    return [Value(number, 10.0 + i, severity) for i, number in enumerate(numbers)]


def test_a_sum_is_corrected_for_the_dead_time_of_each_element():
    counter = SumCounter(
        ["A", "B"], "Fe", rates=[("A.ICR", "A.OCR"), ("B.ICR", "B.OCR")]
    )
    assert counter.pvs == ("A", "B", "A.ICR", "A.OCR", "B.ICR", "B.OCR")
    found = counter.value_of(values(100, 10, 2000.0, 1000.0, 5.0, 0.0))
    assert found.value == 210.0
    assert found.timestamp == 15.0


def test_a_sum_of_arrays_is_an_array_and_has_the_worst_severity():
    counter = SumCounter(["A", "B"], "spectrum")
    found = counter.value_of(
        [Value(np.array([1, 2]), 1.0, 0), Value(np.array([10, 20]), 2.0, 3)]
    )
    assert found.value.tolist() == [11.0, 22.0]
    assert found.severity == 3


def test_a_sum_says_what_it_is():
    key = SumCounter(["A", "B"], "Fe").data_key([Control("integer", "<i4")] * 2)
    assert key["dtype"] == "number"
    assert key["dtype_numpy"] == "<f8"
    assert key["source"] == "sum of A, B"


def test_a_counter_says_where_its_values_come_from():
    control = Control("number", "<f8", units="mA")
    assert Counter("IOC:I0").data_key([control])["source"] == "ca://IOC:I0"
    assert Counter("pva://IOC:I0").data_key([control])["source"] == "pva://IOC:I0"
    assert Counter("IOC:I0", units="A").data_key([control])["units"] == "A"


def test_a_motor_counter_reads_where_the_motor_is():
    counter = MotorCounter("IOC:m1.VAL")
    assert counter.pv == "IOC:m1.RBV"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("SIM:X", "SIM_X"),
        ("IOC:m1.VAL", "IOC_m1"),
        ("IOC:m1.RBV", "IOC_m1_RBV"),
        ("pva://A:b", "A_b"),
        ("two theta / deg", "two_theta_deg"),
        ("::", "value"),
    ],
)
def test_keys_are_made_of_names(name, key):
    assert key_of(name) == key


def test_the_record_of_a_pv_is_what_stands_before_its_field():
    assert record_of("IOC:m1.VAL") == "IOC:m1"
    assert record_of("IOC:m1") == "IOC:m1"
    assert record_of("IOC:v1.2") == "IOC:v1.2"


def test_extra_pvs_come_in_all_shapes():
    assert labelled(["A:b", ("T", "A:c")]) == {"A_b": "A:b", "T": "A:c"}
    assert labelled({"T": "A:c"}) == {"T": "A:c"}
    assert labelled(None) == {}
