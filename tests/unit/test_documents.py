"""Documents: identifiers, composing, checking, what metadata may hold."""

import re
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from uuid import UUID

import event_model
import numpy as np
import orjson
import pytest

from lapwing.documents import (
    Stream,
    check,
    check_serialisable,
    compose_descriptor,
    compose_start,
    compose_stop,
    new_uid,
    to_json,
)
from lapwing.errors import DataError, DocumentError, MetadataError

NUMBER = {"source": "test", "dtype": "number", "shape": []}
IMAGE = {"source": "test", "dtype": "array", "shape": [2, 2], "external": "FILESTORE:"}
STREAMED = {**IMAGE, "external": "STREAM:"}


def descriptor(**data_keys):
    return compose_descriptor(
        run_start=new_uid(),
        name="primary",
        time=1.0,
        data_keys={k: {**spec, "object_name": "det"} for k, spec in data_keys.items()},
        object_keys={"det": list(data_keys)},
        configuration={"det": {"data": {}, "timestamps": {}, "data_keys": {}}},
        hints={"det": {"fields": list(data_keys)}},
    )


# ---------------------------------------------------------------- identifiers


def test_an_identifier_is_a_uuid_of_version_4():
    for _ in range(1000):
        uid = new_uid()
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uid)
        assert UUID(uid).version == 4
        assert str(UUID(uid)) == uid


def test_identifiers_are_never_the_same():
    uids = [new_uid() for _ in range(5000)]
    assert len(set(uids)) == len(uids)


def test_identifiers_are_never_the_same_in_several_threads():
    drawn = [[] for _ in range(8)]
    start = threading.Barrier(len(drawn))

    def draw(mine):
        start.wait()
        mine.extend(new_uid() for _ in range(2000))

    threads = [threading.Thread(target=draw, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    uids = [uid for mine in drawn for uid in mine]
    assert len(set(uids)) == len(uids) == 16000


def test_all_random_bits_of_identifiers_vary():
    seen = [set() for _ in range(36)]
    for _ in range(2000):
        for place, digit in zip(seen, new_uid(), strict=True):
            place.add(digit)
    variety = {len(digits) for i, digits in enumerate(seen) if i not in (14, 19)}
    assert variety == {1, 16}  # hyphens, and all else
    assert seen[14] == {"4"}
    assert seen[19] == set("89ab")


def test_a_forked_child_draws_other_identifiers_than_its_parent():
    # In a process of its own, for this one has threads.
    script = """
import os, sys
from lapwing.documents import new_uid
new_uid()  # the pool is filled before the fork
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.write(write, " ".join(new_uid() for _ in range(20)).encode())
    os._exit(0)
os.waitpid(child, 0)
theirs = set(os.read(read, 10000).decode().split())
ours = {new_uid() for _ in range(20)}
print(len(theirs), len(ours), len(ours & theirs))
"""
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["20", "20", "0"]


# ---------------------------------------------------------------- composing


def test_a_start_document_has_uid_and_time_first_and_all_metadata():
    uid = new_uid()
    start = compose_start({"sample": "gold", "scan_id": 1}, uid, 2.0)
    assert start == {"uid": uid, "time": 2.0, "sample": "gold", "scan_id": 1}
    assert list(start)[:2] == ["uid", "time"]
    event_model.schema_validators[event_model.DocumentNames.start].validate(start)


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"scan_id": "one"}, "scan_id"),
        ({"sample": 5}, "sample"),
        ({"hints": {"dimensions": "all"}}, "hints.dimensions"),
        ({"projections": [{"name": 5}]}, "projections.0"),
    ],
)
def test_metadata_that_breaks_the_event_model_is_refused_with_its_place(
    metadata, place
):
    with pytest.raises(DocumentError, match=rf"start document: {re.escape(place)}"):
        compose_start(metadata, new_uid(), 1.0)


def test_a_descriptor_is_composed_and_checked():
    doc = descriptor(a=NUMBER)
    assert doc["data_keys"]["a"]["object_name"] == "det"
    assert doc["object_classes"] == {}
    assert UUID(doc["uid"])
    event_model.schema_validators[event_model.DocumentNames.descriptor].validate(doc)


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({"dtype": "number", "shape": []}, "data_keys.a: 'source' is a required"),
        ({**NUMBER, "dtype": "float"}, "data_keys.a.dtype: 'float' is not one of"),
        ({**NUMBER, "shape": 5}, "data_keys.a.shape"),
    ],
)
def test_a_device_that_describes_itself_wrongly_is_told_where(spec, place):
    with pytest.raises(DocumentError, match=f"descriptor document: {place}") as error:
        descriptor(a=spec)
    assert isinstance(error.value, ValueError)
    assert isinstance(error.value, DataError)


def test_a_stop_document_is_composed_and_checked():
    uid = new_uid()
    stop = compose_stop(
        run_start=uid,
        time=3.0,
        exit_status="abort",
        reason="enough",
        num_events={"primary": 7},
    )
    assert stop["run_start"] == uid != stop["uid"]
    assert (stop["exit_status"], stop["reason"]) == ("abort", "enough")
    event_model.schema_validators[event_model.DocumentNames.stop].validate(stop)
    with pytest.raises(DocumentError, match="stop document: exit_status: 'bad' is not"):
        compose_stop(
            run_start=uid, time=3.0, exit_status="bad", reason="", num_events={}
        )


def test_a_document_without_what_it_needs_is_refused():
    with pytest.raises(DocumentError, match="start document: the document: 'time' is"):
        check("start", {"uid": "x"})


# ---------------------------------------------------------------- streams


def test_the_events_of_a_stream_are_numbered_from_one():
    stream = Stream(descriptor(a=NUMBER, b=NUMBER))
    assert stream.seq_num == 0
    for n in (1, 2, 3):
        event = stream.compose_event({"a": n, "b": 0}, {"a": 1.0, "b": 1.0}, 5.0)
        assert event["seq_num"] == stream.seq_num == n
        assert event["descriptor"] == stream.uid == stream.descriptor["uid"]
        assert event["filled"] == {}
        event_model.schema_validators[event_model.DocumentNames.event].validate(event)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": 1}, r"missing \['b'\], unknown \[\]"),
        ({"a": 1, "b": 1, "c": 1}, r"missing \[\], unknown \['c'\]"),
        ({"c": 1}, r"missing \['a', 'b'\], unknown \['c'\]"),
        ({}, r"missing \['a', 'b'\]"),
    ],
)
def test_an_event_with_other_keys_is_refused_and_not_counted(data, words):
    stream = Stream(descriptor(a=NUMBER, b=NUMBER))
    with pytest.raises(DocumentError, match=words):
        stream.compose_event(data, data, 1.0)
    with pytest.raises(DocumentError, match="the event of stream 'primary' has not"):
        stream.compose_page([{"time": 1.0, "data": data, "timestamps": data}])
    assert stream.seq_num == 0


def test_the_first_event_is_checked_against_the_whole_schema():
    stream = Stream(descriptor(a=NUMBER))
    with pytest.raises(DocumentError, match="event document: time: 'now' is not"):
        stream.compose_event({"a": 1}, {"a": 1.0}, "now")
    assert stream.seq_num == 0
    stream.compose_event({"a": 1}, {"a": 1.0}, 1.0)
    stream.compose_event({"a": 1}, {"a": 1.0}, "now")  # its keys are right
    assert stream.seq_num == 2


def test_what_stands_in_files_is_not_filled_and_what_is_streamed_is_not_in_events():
    stream = Stream(descriptor(a=NUMBER, image=IMAGE, frames=STREAMED))
    assert stream.stream_keys == {"frames"}
    event = stream.compose_event(
        {"a": 1, "image": "datum"}, {"a": 1.0, "image": 1.0}, 1.0
    )
    assert event["filled"] == {"image": False}
    with pytest.raises(DocumentError, match=r"unknown \['frames'\]"):
        stream.compose_event(
            {"a": 1, "image": "datum", "frames": 0}, dict.fromkeys("a", 1.0), 1.0
        )


def test_a_page_holds_several_events():
    stream = Stream(descriptor(a=NUMBER, image=IMAGE))
    stream.compose_event({"a": 0, "image": "d"}, {"a": 1.0, "image": 1.0}, 1.0)
    events = [
        {
            "time": float(n),
            "data": {"image": f"d{n}", "a": n},
            "timestamps": {"a": float(n), "image": float(n)},
        }
        for n in (1, 2)
    ]
    page = stream.compose_page(events)
    assert page["seq_num"] == [2, 3]
    assert page["data"] == {"a": [1, 2], "image": ["d1", "d2"]}
    assert page["timestamps"]["a"] == page["time"] == [1.0, 2.0]
    assert page["filled"] == {"image": [False, False]}
    assert len(set(page["uid"])) == 2
    assert stream.seq_num == 3
    event_model.schema_validators[event_model.DocumentNames.event_page].validate(page)


def test_the_first_page_is_checked_against_the_whole_schema():
    stream = Stream(descriptor(a=NUMBER))
    with pytest.raises(DocumentError, match=r"event_page document: time\.0"):
        stream.compose_page(
            [{"time": "now", "data": {"a": 1}, "timestamps": {"a": 1.0}}]
        )
    assert stream.seq_num == 0
    page = {"time": 1.0, "data": {"a": 1}, "timestamps": {"a": 1.0}}
    stream.compose_page([page])
    stream.compose_page([page, page])
    assert stream.seq_num == 3


def test_a_new_descriptor_goes_on_counting():
    stream = Stream(descriptor(a=NUMBER))
    stream.compose_event({"a": 1}, {"a": 1.0}, 1.0)
    new = descriptor(a={**NUMBER, "units": "mm"})
    stream.replace_descriptor(new)
    event = stream.compose_event({"a": 1}, {"a": 1.0}, 1.0)
    assert (event["descriptor"], event["seq_num"]) == (new["uid"], 2)


def test_a_new_descriptor_with_other_keys_is_refused_once_there_are_events():
    stream = Stream(descriptor(a=NUMBER))
    stream.replace_descriptor(descriptor(b=NUMBER))
    stream.compose_event({"b": 1}, {"b": 1.0}, 1.0)
    with pytest.raises(DocumentError, match=r"changed from \['b'\] to \['a', 'b'\]"):
        stream.replace_descriptor(descriptor(a=NUMBER, b=NUMBER))


# ---------------------------------------------------------------- metadata


class Colour(Enum):
    RED = "red"


class Odd(Mapping):
    """A mapping that is no dict."""

    def __getitem__(self, key):
        return {"a": 1}[key]

    def __iter__(self):
        return iter({"a": 1})

    def __len__(self):
        return 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", "text"),
        (5, 5),
        (2.5, 2.5),
        (True, True),
        (None, None),
        ([1, [2]], [1, [2]]),
        ((1, (2,)), [1, [2]]),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        (OrderedDict(a=1), {"a": 1}),
        (Odd(), {"a": 1}),
        ({3}, [3]),
        (frozenset({3}), [3]),
        (np.float64(2.5), 2.5),
        (np.float32(0.5), 0.5),
        (np.int16(5), 5),
        (np.bool_(True), True),
        (np.str_("text"), "text"),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (np.arange(8)[::2], [0, 2, 4, 6]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([None, "b"], dtype=object), [None, "b"]),
        (np.array(3), 3),
        (float("nan"), None),
        (Colour.RED, "red"),
    ],
)
def test_what_can_be_written_down_is(value, written):
    check_serialisable({"key": value})
    assert orjson.loads(to_json({"key": value})) == {"key": written}


@pytest.mark.parametrize(
    ("metadata", "path", "kind"),
    [
        ({"a": object()}, "a", "object"),
        ({"a": {"b": [1, {"c": object()}]}}, "a.b[1].c", "object"),
        ({"good": 1, "a": ({1: "x"},)}, "a[0].1", "int"),
        ({5: "x"}, "5", "int"),
        ({"a": b"bytes"}, "a", "bytes"),
        ({"a": Path("file")}, "a", "PosixPath"),
        ({"a": datetime(2025, 1, 1, tzinfo=UTC)}, "a", "datetime"),
        ({"a": [1, lambda: None]}, "a[1]", "function"),
        ({"a": 1j}, "a", "complex"),
        ({"a": 2**70}, "a", "int"),
        ({"a": np.array([1j])}, "a", "ndarray"),
        ({"a": {object()}}, "a", "set"),
        ({"a": "\ud800"}, "a", "str"),
    ],
)
def test_what_cannot_be_written_down_is_named_by_its_key(metadata, path, kind):
    with pytest.raises(MetadataError) as error:
        check_serialisable(metadata)
    assert f"metadata {path!r} is of type {kind}" in str(error.value)
    assert error.value.context["key"] == path
    assert isinstance(error.value, ValueError)
    assert "numpy arrays" in error.value.hint


def test_a_long_value_is_not_told_in_full():
    class Long:
        def __str__(self):
            return "x" * 1000

    with pytest.raises(MetadataError) as error:
        check_serialisable({"a": Long()})
    assert len(str(error.value)) < 300


def test_metadata_that_cannot_be_written_makes_no_start_document():
    with pytest.raises(MetadataError, match=r"'sample\.form'"):
        compose_start({"sample": {"form": object()}}, new_uid(), 1.0)


@pytest.mark.parametrize("key", ["uid", "time"])
def test_what_is_the_runs_own_cannot_be_given(key):
    with pytest.raises(MetadataError, match=f"'{key}' is the run's own"):
        compose_start({key: "mine"}, new_uid(), 1.0)


def test_metadata_that_holds_itself_is_refused():
    metadata = {}
    metadata["me"] = metadata
    with pytest.raises(MetadataError, match="me"):
        check_serialisable(metadata)
