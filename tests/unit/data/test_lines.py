import json
import math
from pathlib import PurePath

import numpy as np
import pytest

from lapwing.data.lines import decode, encode, encode_value


def test_document_is_one_line_of_json_for_anybody():
    line = encode("event", {"data": {"x": 1.5}, "seq_num": 1})
    assert line == b'["event",{"data":{"x":1.5},"seq_num":1}]\n'


@pytest.mark.parametrize(
    "value",
    [0.1, 1e308, -0.0, 2**63 - 1, 2**64 - 1, 2**64, -(2**200), "é\n\0", "\ud800",
     None, True, math.inf, -math.inf, [1, None, [2.5, "null"]], {"a": {"b": []}}, ""],
)  # fmt: skip
def test_value_comes_back_as_it_was(value):
    back = decode(encode_value(value))
    assert back == value
    assert type(back) is type(value)


def test_nan_comes_back_as_nan_in_scalars_and_arrays():
    back = decode(encode_value({"a": math.nan, "b": np.array([1.0, np.nan])}))
    assert math.isnan(back["a"])
    assert back["b"][0] == 1.0
    assert math.isnan(back["b"][1])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.longdouble(0.25), 0.25),
        (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.arange(6)[::2], [0, 2, 4]),
        (np.arange(3, dtype=">i4"), [0, 1, 2]),
        (np.array(["a", "b"]), ["a", "b"]),
        ((1, 2), [1, 2]),
        ({3, 1}, [1, 3]),
        (b"\xff", {"base64": "/w=="}),
        (1 + 2j, {"real": 1.0, "imag": 2.0}),
        (PurePath("a"), "PurePosixPath('a')"),
        ({1: "a", (2, 3): "b"}, {"1": "a", "(2, 3)": "b"}),
        ({"big": 2**70, "array": np.array([1, 2])}, {"big": 2**70, "array": [1, 2]}),
    ],
)
def test_what_json_lacks_takes_a_plain_form(value, expected):
    assert decode(encode_value(value)) == expected


def test_only_lines_that_need_it_leave_the_json_standard():
    assert not encode_value({"a": 1}).startswith(b" ")
    assert encode_value({"a": math.nan}).startswith(b" ")
    assert json.loads(encode_value({"a": 2**70})) == {"a": 2**70}


def test_a_broken_line_is_told():
    with pytest.raises(ValueError, match=r"JSON|char"):
        decode(b'["event",{')
