"""Structures of PV Access, made by hand as its servers send them."""

import numpy as np
import pytest
from p4p import Type, Value
from p4p.nt import NTEnum, NTNDArray, NTScalar

from lapwing.epics.structures import control_of, value_of
from lapwing.errors import DeviceError

STAMP = {
    "timeStamp": {"secondsPastEpoch": 1000, "nanoseconds": 250_000_000},
    "alarm": {"severity": 2},
}


def scalar(kind, value, **fields):
    made = NTScalar(kind, display=True, control=True, form=True)
    return made.wrap({"value": value} | STAMP | fields)


@pytest.mark.parametrize(
    ("kind", "value", "dtype", "dtype_numpy"),
    [
        ("d", 1.5, "number", "<f8"),
        ("f", 1.5, "number", "<f4"),
        ("i", -3, "integer", "<i4"),
        ("L", 2**63, "integer", "<u8"),
        ("s", "open", "string", "|S40"),
    ],
)
def test_a_scalar_is_plain_and_tells_its_type(kind, value, dtype, dtype_numpy):
    structure = scalar(kind, value)
    found, control = value_of(structure), control_of(structure, "P")
    assert found.value == value
    assert type(found.value) is type(value)
    assert (found.timestamp, found.severity) == (1000.25, 2)
    assert (control.dtype, control.dtype_numpy) == (dtype, dtype_numpy)
    assert control.shape == ()


def test_a_truth_value_is_a_whole_number():
    structure = Value(Type([("value", "?")]), {"value": True})
    assert value_of(structure).value == 1
    assert value_of(structure).severity == 0
    assert control_of(structure, "P").dtype == "integer"


def test_unit_precision_and_limits_are_told():
    display = {"units": "mm", "precision": 3, "limitLow": -5, "limitHigh": 5}
    control = control_of(scalar("d", 0.0, display=display), "P")
    assert (control.units, control.precision) == ("mm", 3)
    assert control.limits == (("display", -5.0, 5.0),)
    assert control_of(scalar("i", 0, display=display), "P").precision is None


def test_an_array_is_a_copy_of_its_own():
    structure = scalar("ad", np.arange(4.0))
    value = value_of(structure).value
    value[0] = 7.0
    assert value.tolist() == [7.0, 1.0, 2.0, 3.0]
    control = control_of(structure, "P")
    assert (control.dtype, control.shape, control.dtype_numpy) == ("array", (4,), "<f8")


def test_texts_come_as_an_array_of_texts():
    structure = scalar("as", ["one", "two"])
    assert value_of(structure).value.tolist() == ["one", "two"]
    assert control_of(structure, "P").dtype_numpy == "|S40"


def test_an_enumeration_is_its_index_and_tells_its_choices():
    structure = NTEnum().wrap(1, choices=["off", "on"])
    assert value_of(structure).value == 1
    assert control_of(structure, "P").choices == ("off", "on")
    assert control_of(structure, "P").dtype == "integer"


def test_an_image_has_rows_and_columns():
    image = np.arange(6, dtype=np.uint16).reshape(2, 3)
    structure = NTNDArray().wrap(image)
    np.testing.assert_array_equal(value_of(structure).value, image)
    assert control_of(structure, "P").shape == (2, 3)
    assert control_of(structure, "P").dtype_numpy == "<u2"


def test_a_structure_without_a_value_is_refused():
    with pytest.raises(DeviceError, match="P holds a structure without a value"):
        control_of(Value(Type([("other", "d")])), "P")
