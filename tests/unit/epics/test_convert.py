from types import SimpleNamespace

import numpy as np
import pytest

from lapwing.epics.channel import Control, Value
from lapwing.epics.convert import control_of, to_put
from lapwing.errors import PlanArgumentError

NUMBER = Control("number", "<f8")
WHOLE = Control("integer", "<i4")
TEXT = Control("string", "|S40")
ARRAY = Control("array", "<f8", (4,))
CHOICE = Control("integer", "<u2", choices=("off", "on"))


def test_a_reading_has_the_severities_of_the_event_model():
    reading = Value(1.0, 2.0, 1).reading()
    assert reading == {"value": 1.0, "timestamp": 2.0, "alarm_severity": 1}
    assert Value(1.0, 2.0, 3).reading().get("alarm_severity") == -1


def test_control_data_of_a_number_have_unit_precision_and_ranges():
    control = control_of(
        SimpleNamespace(
            datatype=6,
            element_count=1,
            units="mm",
            precision=4,
            lower_ctrl_limit=0.0,
            upper_ctrl_limit=0.0,
            lower_disp_limit=-1.0,
            upper_disp_limit=1.0,
        )
    )
    assert control == Control(
        "number", "<f8", (), "mm", 4, (("display", -1.0, 1.0),), ()
    )
    assert control.data_key("ca://a") == {
        "source": "ca://a",
        "dtype": "number",
        "dtype_numpy": "<f8",
        "shape": [],
        "units": "mm",
        "precision": 4,
        "limits": {"display": {"low": -1.0, "high": 1.0}},
    }


def test_control_data_of_arrays_enumerations_and_texts():
    array = control_of(SimpleNamespace(datatype=1, element_count=7, units="V"))
    assert (array.dtype, array.dtype_numpy, array.shape) == ("array", "<i2", (7,))
    assert not array.is_number
    choice = control_of(SimpleNamespace(datatype=3, element_count=1, enums=["a", "b"]))
    assert choice.data_key("s").get("choices") == ["a", "b"]
    assert choice.is_number
    text = control_of(SimpleNamespace(datatype=0, element_count=1))
    assert text.data_key("s") == {
        "source": "s",
        "dtype": "string",
        "dtype_numpy": "|S40",
        "shape": [],
    }


@pytest.mark.parametrize(
    ("value", "control", "sent"),
    [
        (1, NUMBER, 1),
        (np.float32(0.5), NUMBER, 0.5),
        (True, WHOLE, True),
        (2.0, WHOLE, 2),
        ("a", TEXT, "a"),
        ("on", CHOICE, 1),
        (np.int64(1), CHOICE, 1),
    ],
)
def test_what_a_pv_takes_is_sent(value, control, sent):
    assert to_put(value, control, "t") == sent


def test_an_array_may_be_shorter_than_its_pv():
    assert to_put([1, 2, 3], ARRAY, "t").tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("value", "control", "takes"),
    [
        ("a", NUMBER, "a number"),
        ([1.0], NUMBER, "a number"),
        (1.5, WHOLE, "a whole number"),
        (1, TEXT, "a text"),
        ([1, 2, 3, 4, 5], ARRAY, "up to 4 numbers"),
        (1.0, ARRAY, "up to 4 numbers"),
        ("up", CHOICE, "one of off, on"),
        (2, CHOICE, "one of off, on"),
        (-1, CHOICE, "one of off, on"),
        (None, CHOICE, "one of off, on"),
    ],
)
def test_what_a_pv_does_not_take_is_refused(value, control, takes):
    with pytest.raises(PlanArgumentError, match=f"x: PV takes {takes}"):
        to_put(value, control, "x: PV")
