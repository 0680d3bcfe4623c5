import json
import pickle

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from unit.callbacks.streams import peak_scan

from lapwing.callbacks.wire import frame, from_bytes, parts_of, to_msgpack
from lapwing.documents import to_json
from lapwing.errors import DocumentError

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
arrays = hnp.arrays(
    hnp.scalar_dtypes() | hnp.unicode_string_dtypes() | hnp.byte_string_dtypes(),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(st.dictionaries(st.text(), plain))
def test_plain_documents_come_back_as_they_were(doc):
    assert from_bytes(to_msgpack(doc)) == doc


@given(arrays)
def test_arrays_come_back_with_dtype_and_shape(array):
    back = from_bytes(to_msgpack({"data": {"a": array}}))["data"]["a"]
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.writeable


@given(st.binary(max_size=100))
def test_garbage_is_no_document_and_nothing_worse(payload):
    try:
        doc = from_bytes(payload)
    except DocumentError:
        return
    assert isinstance(doc, dict)


def test_the_documents_of_a_run_come_back_by_msgpack_and_by_json():
    for _, doc in peak_scan(5):
        wanted = json.loads(json.dumps(doc))
        assert from_bytes(to_msgpack(doc)) == wanted
        assert from_bytes(to_json(doc)) == wanted


def test_slices_and_arrays_of_other_orders_come_back():
    whole = np.arange(12).reshape(3, 4)
    back = from_bytes(to_msgpack({"part": whole[:, ::2], "turned": whole.T}))
    assert np.array_equal(back["part"], whole[:, ::2])
    assert np.array_equal(back["turned"], whole.T)


def test_scalars_tuples_sets_and_arrays_of_objects_become_plain():
    doc = {
        "f": np.float32(0.5),
        "i": np.int64(3),
        "t": (1, 2),
        "s": {7},
        "o": np.array(["a", None], dtype=object),
    }
    assert from_bytes(to_msgpack(doc)) == {
        "f": 0.5,
        "i": 3,
        "t": [1, 2],
        "s": [7],
        "o": ["a", None],
    }


@pytest.mark.parametrize("value", [object(), 2**64, 1j])
def test_what_cannot_be_sent_is_named(value):
    with pytest.raises(DocumentError, match=r"keys \['thing', 'uid'\] cannot be sent"):
        to_msgpack({"uid": "u", "thing": value})


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_never_read(protocol):
    class Trap:
        sprung = False

        def __reduce__(self):
            return (pytest.fail, ("it was read",))

    for value in ({"uid": "u"}, Trap()):
        with pytest.raises(DocumentError):
            from_bytes(pickle.dumps(value, protocol))


def test_a_pickle_is_told_from_other_garbage():
    with pytest.raises(DocumentError, match="never read") as caught:
        from_bytes(pickle.dumps({"uid": "u"}))
    assert "serializer=to_msgpack" in caught.value.hint


def array_of(*head):
    return msgpack.packb({"a": msgpack.ExtType(1, msgpack.packb(head))})


@pytest.mark.parametrize(
    "payload",
    [
        array_of("O", [1], b"12345678"),
        array_of("<f8", [2], b"12345678"),
        array_of("<f8", [-1, 0], b""),
        array_of("no such type", [1], b"1"),
        array_of("<f8", [2**62, 4], b"12345678"),
        array_of("<f8", "shape", b"12345678"),
        array_of("<f8"),
        msgpack.packb({"a": msgpack.ExtType(9, b"")}),
        msgpack.packb([1, 2]),
        msgpack.packb({1: 2}),
        b"{no json",
        b"",
        b"\x81" * 5000,
    ],
)
def test_a_message_that_is_wrong_is_refused(payload):
    with pytest.raises(DocumentError):
        from_bytes(payload)


def test_a_frame_is_prefix_name_and_payload():
    assert frame(b"", "start", b"a b") == b" start a b"
    assert parts_of(b"pp stream_datum a b") == (b"pp", "stream_datum", b"a b")
    with pytest.raises(DocumentError, match="has no form"):
        parts_of(b"lonely")
