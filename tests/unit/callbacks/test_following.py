import logging

import numpy as np
import pytest
from unit.callbacks.streams import DET, MOTOR, Run, feed, peak_scan, scan_run

from lapwing.callbacks.following import Follower, field_name


def follow(documents, *fields, **options):
    follower = Follower(fields, **options)
    feed(follower, documents)
    return follower.track.columns()


def test_the_values_of_a_run_are_kept_by_field():
    columns = follow(peak_scan(5), "x", "det")
    assert list(columns) == ["x", "det"]
    assert columns["x"].tolist() == [-5.0, -2.5, 0.0, 2.5, 5.0]


def test_number_and_time_of_events_are_fields_too():
    run = scan_run(2)
    documents = run.whole([{"x": 1.0, "det": 7}, {"x": 2.0, "det": 8}])
    columns = follow(documents, "seq_num", "time")
    assert columns["seq_num"].tolist() == [1, 2]
    assert columns["time"].tolist() == [0.5, 1.0]
    unix = follow(documents, "time", epoch="unix")["time"]
    assert unix.tolist() == [run.begin + 0.5, run.begin + 1.0]


def test_a_data_key_named_time_goes_before_the_time_of_the_event():
    run = Run({"time": MOTOR, "det": DET})
    assert follow(run.whole([{"time": 42.0, "det": 1}]), "time")["time"] == [42.0]


def test_points_that_are_no_numbers_are_left_out_and_one_taken_again_replaces():
    run = scan_run(3)
    documents = run.whole([{"x": n, "det": v} for n, v in [(1, 5), (2, np.nan)]])
    documents[-1:-1] = [run.event(1, x=1, det=9)]
    assert follow(documents, "x", "det")["det"].tolist() == [9.0]


def test_of_several_streams_the_one_that_is_scanned_is_followed():
    primary, other = scan_run(2), scan_run(2)
    other.stream, other.descriptor_uid = "baseline", "baseline descriptor"
    documents = [
        primary.start(),
        other.descriptor(),
        other.event(1, x=100.0, det=0),
        primary.descriptor(),
        primary.event(1, x=1.0, det=5),
        other.event(2, x=100.0, det=0),
        primary.event(2, x=2.0, det=6),
        primary.stop(2),
    ]
    assert follow(documents, "x")["x"].tolist() == [1.0, 2.0]
    late = [*documents[:1], documents[3], documents[1], *documents[4:]]
    assert follow(late, "x")["x"].tolist() == [1.0, 2.0]


def test_the_run_that_began_last_is_the_track_and_the_others_go_on():
    one, two = peak_scan(4, scan_id=1), peak_scan(4, scan_id=2)
    follower = Follower(["x"])
    feed(follower, [*one[:3], *two[:3]])
    first = follower._open[one[0][1]["uid"]]
    feed(follower, [*one[3:], *two[3:]])
    assert len(first.columns()["x"]) == len(follower.track.columns()["x"]) == 4
    assert follower.track.start["scan_id"] == 2


def test_memory_is_bounded():
    columns = follow(peak_scan(1001), "x", "det", limit=64)
    assert 32 <= len(columns["x"]) <= 64
    assert columns["x"][0] == -5.0


def test_fields_that_no_stream_has_are_told_of_at_the_end(caplog):
    with caplog.at_level(logging.WARNING):
        follow(peak_scan(3), "x", "nothing")
    assert "was to follow x, nothing, but no stream of scan 12 has that" in caplog.text


def test_documents_of_a_run_that_was_not_seen_to_start_are_passed_over():
    follower = Follower(["x"])
    feed(follower, peak_scan(3)[1:])
    assert follower.track is None


@pytest.mark.parametrize(
    ("hints", "name"),
    [
        ({"fields": ["dev_x"]}, "dev_x"),
        ({}, "dev"),
        (None, "dev"),
        ({"fields": []}, "dev"),
    ],
)
def test_a_device_stands_for_its_first_hinted_field(hints, name):
    class Device:
        pass

    device = Device()
    device.name, device.hints = "dev", hints
    assert field_name(device) == name
