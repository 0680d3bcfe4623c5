import functools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing import Msg
from lapwing.errors import DataPathError, LimitError
from lapwing.journal.codec import (
    LARGE,
    ArrayRef,
    CallableRef,
    Decoder,
    Encoder,
    ErrorRef,
    Kind,
    ObjectRef,
    Opaque,
    StatusRef,
    keep_doubles,
)


class Device:
    def __init__(self, name):
        self.name = name


class Status:
    def __init__(self, done, success):
        self.done = done
        self.success = success

    def add_callback(self, callback):
        callback(self)


def back(value, **options):
    return Decoder().unpack(Encoder(**options).pack([[Kind.SENT, value]]))[0][1]


def test_a_message_is_its_five_fields_with_the_device_by_name():
    msg = Msg("set", Device("x"), 1.5, group="g", run="a")

    (record,) = Decoder().unpack(Encoder().pack([msg]))

    assert record == ["set", ObjectRef("x"), [1.5], {"group": "g"}, "a"]


def test_a_device_that_has_no_hash_is_written_by_its_name_too():
    class Mutable(Device):
        __hash__ = None

    encoder, array = Encoder(), np.arange(3)
    for record in ([Mutable("x"), Device("y")], [array, Device("y")], [Device("y")]):
        (found,) = Decoder().unpack(encoder.pack([record]))
        assert found[-1] == ObjectRef("y")
    assert back(Mutable("x")) == ObjectRef("x")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_plain_values_come_back_as_they_were(value):
    assert back(value) == value


def test_integers_beyond_64_bits_come_back():
    assert back([2**70, {"a": -(2**90)}]) == [2**70, {"a": -(2**90)}]


@pytest.mark.parametrize(
    "dtype", ["f2", "f4", "f8", "g", "i1", "u2", "i4", "u8", "?", "c8", "c16"]
)
def test_numpy_numbers_come_back_exactly_for_a_plan(dtype):
    value = (
        np.dtype(dtype).type(1) / 3 if dtype[0] in "fgc" else np.dtype(dtype).type(1)
    )
    value = np.dtype(dtype).type(value)

    (found,) = Decoder(exact=True).unpack(Encoder().pack([[keep_doubles(value)]]))[0]

    assert type(found) is type(value)
    assert found.tobytes() == value.tobytes()


def test_doubles_of_numpys_are_found_where_readings_have_them():
    value = {"x": {"value": np.float64(0.5), "timestamp": 1.0}, "y": [np.float64(2)]}

    (found,) = Decoder(exact=True).unpack(Encoder().pack([[keep_doubles(value)]]))[0]

    assert found == value
    assert type(found["x"]["value"]) is type(found["y"][0]) is np.float64
    assert type(found["x"]["timestamp"]) is float


def test_numpy_numbers_become_pythons():
    assert back([np.float64(0.5), np.int32(3), np.bool_(True)]) == [0.5, 3, True]


@pytest.mark.parametrize("dtype", ["u1", "<i4", ">f8", "U5", "c16", "M8[s]"])
def test_arrays_keep_dtype_and_shape(dtype):
    array = np.zeros((2, 3), dtype)

    found = back(array)

    assert found.dtype == array.dtype
    assert found.shape == (2, 3)
    assert (found == array).all()


def test_an_array_of_objects_becomes_a_list():
    assert back(np.array([1, "a", None], dtype=object)) == [1, "a", None]


def test_an_array_without_dimensions_keeps_having_none():
    assert back(np.array(3.0)).shape == ()


def test_large_arrays_are_kept_elsewhere():
    kept = []
    array = np.arange(LARGE, dtype="u1").repeat(2)

    ref = back(array, keep=lambda one: kept.append(one) or [7, 8])

    assert isinstance(ref, ArrayRef)
    assert (ref.place, ref.dtype, ref.shape) == ([7, 8], "|u1", (2 * LARGE,))
    assert (kept[0] == array).all()


def test_statuses_say_whether_they_were_done():
    assert back(Status(True, True)) == StatusRef(True, True)
    assert back(Status(True, False)) == StatusRef(True, False)
    assert back(Status(False, False)) == StatusRef(False, False)


def test_a_status_with_a_name_of_its_own_is_no_device():
    status = Status(False, False)
    status.name = "moving x"

    assert back(status) == StatusRef(False, False)


def test_functions_stand_by_their_names():
    name = CallableRef("lapwing.journal.encoder:Encoder.pack")

    assert back(Encoder.pack) == name
    assert back(functools.partial(Encoder.pack, 1)) == name


def test_errors_keep_class_arguments_and_text():
    found = back(LimitError("too far", device="x"))

    assert isinstance(found, ErrorRef)
    assert found.module == "lapwing.errors"
    assert (found.name, found.args) == ("LimitError", ("too far",))
    assert found.text.startswith("too far")


def test_what_cannot_be_written_is_named_and_nothing_around_it_is_lost():
    found = back({"before": 1, "it": object(), "after": [2**80]})

    assert isinstance(found["it"], Opaque)
    assert found["it"].type_name == "builtins.object"
    assert (found["before"], found["after"]) == (1, [2**80])


def test_a_value_that_holds_itself_does_not_end_the_writing():
    ring = []
    ring.append(ring)

    assert isinstance(back([1, ring])[1], list)


def test_sets_complex_numbers_and_paths_come_back():
    assert back([{1, 2}, 1 + 2j, Path("a") / "b"]) == [{1, 2}, 1 + 2j, "a/b"]


def test_a_device_is_not_held_after_forget():
    import gc
    import weakref

    encoder, device = Encoder(), Device("x")
    encoder.pack([Msg("read", device)])
    alive = weakref.ref(device)
    encoder.forget()
    del device
    gc.collect()

    assert alive() is None


@pytest.mark.parametrize(
    ("value", "comes_back"),
    [
        ({(1, 2), "a"}, {(1, 2), "a"}),
        ({np.int64(3)}, {3}),
        ({frozenset({1})}, {frozenset({1})}),
        ({2**70, 1j}, {2**70, 1j}),
        ({(1, 2): 3}, {(1, 2): 3}),
        ({"a": {(1, (2, 3)): 2**70}}, {"a": {(1, (2, 3)): 2**70}}),
        (np.longdouble(1.5), 1.5),
        (np.clongdouble(1.5), 1.5 + 0j),
    ],
)
def test_what_is_rare_is_written_and_can_be_read(value, comes_back):
    records = [["null", None, [value], {}, None], [int(Kind.DOCUMENT), "event", {}]]
    data = Encoder().pack(records)

    assert Decoder().unpack(data)[0][2] == [comes_back]
    assert Decoder().documents(data, 0, 2) == [(1, "event", {})]


class Broken:
    @property
    def name(self):
        raise RuntimeError("not connected")


class Shy:
    def __repr__(self):
        raise RuntimeError("not connected")


@pytest.mark.parametrize("cls", [Broken, Shy])
def test_a_record_is_written_whatever_is_in_it(cls):
    data = Encoder().pack([["null", None, [cls(), 1], {}, None], ["null"]])

    (record, other) = Decoder().unpack(data)
    stand_in = Opaque(cls.__name__, "it cannot be written: RuntimeError")
    assert record == ["null", None, [stand_in, 1], {}, None]
    assert other == ["null"]


def test_that_there_is_no_room_for_an_array_is_told():
    def keep(array):
        raise DataPathError("the disk is full")

    with pytest.raises(DataPathError):
        Encoder(keep).pack([["null", np.zeros(100_000)]])
