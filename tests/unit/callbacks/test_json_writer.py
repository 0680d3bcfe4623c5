import json

import numpy as np
import pytest
from unit.callbacks.streams import feed, peak_scan, scan_run

from lapwing.callbacks.json_writer import JSONLinesWriter, JSONWriter
from lapwing.errors import DataExistsError, DataPathError, DocumentError


def read(path):
    return [(entry["name"], entry["doc"]) for entry in json.loads(path.read_bytes())]


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def as_json(documents):
    return json.loads(json.dumps([list(pair) for pair in documents]))


def test_a_run_becomes_a_list_of_its_documents(tmp_path):
    documents = peak_scan(5)
    writer = JSONWriter(tmp_path / "new" / "place")
    feed(writer, documents)
    path = tmp_path / "new" / "place" / f"{documents[0][1]['uid']}.json"
    assert [list(pair) for pair in read(path)] == as_json(documents)


def test_the_file_is_valid_after_each_document(tmp_path):
    documents = peak_scan(5)
    writer = JSONWriter(tmp_path)
    for number, (name, doc) in enumerate(documents, 1):
        writer(name, doc)
        assert len(read(writer.path_of(documents[0][1]["uid"]))) == number


def test_lines_are_one_document_each(tmp_path):
    documents = peak_scan(5)
    writer = JSONLinesWriter(tmp_path)
    feed(writer, documents)
    lines = read_lines(tmp_path / f"{documents[0][1]['uid']}.jsonl")
    assert [[line["name"], line["doc"]] for line in lines] == as_json(documents)


@pytest.mark.parametrize("writer_class", [JSONWriter, JSONLinesWriter])
def test_runs_that_go_on_together_get_their_own_documents(tmp_path, writer_class):
    one, two = peak_scan(3, scan_id=1), peak_scan(3, scan_id=2)
    writer = writer_class(tmp_path)
    feed(writer, [*one[:3], *two[:4], *one[3:], *two[4:]])
    for documents in (one, two):
        path = writer.path_of(documents[0][1]["uid"])
        text = path.read_text()
        assert text.count('"name":"event"') == 3
        assert text.count('"name":"stop"') == 1


@pytest.mark.parametrize("writer_class", [JSONWriter, JSONLinesWriter])
def test_a_file_that_is_there_is_not_overwritten(tmp_path, writer_class):
    documents = peak_scan(3)
    feed(writer_class(tmp_path), documents)
    path = writer_class(tmp_path).path_of(documents[0][1]["uid"])
    before = path.read_bytes()
    with pytest.raises(DataExistsError, match="never overwritten"):
        feed(writer_class(tmp_path), documents)
    assert path.read_bytes() == before


def test_a_given_name_has_room_for_one_run_only(tmp_path):
    writer = JSONWriter(tmp_path, "mine.json")
    feed(writer, peak_scan(3))
    assert len(read(tmp_path / "mine.json")) == 6
    with pytest.raises(DataExistsError, match=r"mine\.json"):
        feed(writer, peak_scan(3, scan_id=2))


def test_lines_of_many_runs_may_stand_in_one_file(tmp_path):
    for scan_id in (1, 2):
        feed(JSONLinesWriter(tmp_path, "all.jsonl"), peak_scan(3, scan_id=scan_id))
    lines = read_lines(tmp_path / "all.jsonl")
    assert [line["name"] for line in lines].count("start") == 2
    assert len(lines) == 12


def test_arrays_and_numpy_scalars_are_numbers_and_nan_is_null(tmp_path):
    run = scan_run(1)
    image = np.arange(6, dtype=np.uint16).reshape(2, 3)
    writer = JSONWriter(tmp_path)
    feed(writer, run.whole([{"x": np.float64(2.5), "det": image, "e": np.nan}]))
    (event,) = [d for n, d in read(writer.path_of(run.uid)) if n == "event"]
    assert event["data"] == {"x": 2.5, "det": [[0, 1, 2], [3, 4, 5]], "e": None}


def test_files_of_resources_and_streams_go_with_their_run(tmp_path):
    one, two = scan_run(scan_id=1), scan_run(scan_id=2)
    writer = JSONWriter(tmp_path)
    feed(writer, [one.start(), one.descriptor(), two.start()])
    feed(
        writer,
        [
            ("resource", {"uid": "r", "run_start": one.uid}),
            ("datum", {"resource": "r", "datum_id": "r/1"}),
            ("stream_datum", {"uid": "s", "descriptor": one.descriptor_uid}),
            one.stop(0),
            two.stop(0),
        ],
    )
    names = [name for name, _ in read(writer.path_of(one.uid))]
    assert names[2:] == ["resource", "datum", "stream_datum", "stop"]
    assert [name for name, _ in read(writer.path_of(two.uid))] == ["start", "stop"]


def test_documents_of_a_run_that_was_not_seen_to_start_are_passed_over(tmp_path):
    feed(JSONWriter(tmp_path), peak_scan(3)[1:])
    assert list(tmp_path.iterdir()) == []


def test_close_leaves_whole_files_of_runs_that_have_not_ended(tmp_path):
    writer = JSONWriter(tmp_path)
    feed(writer, peak_scan(3)[:-1])
    writer.close()
    (path,) = tmp_path.iterdir()
    assert len(read(path)) == 5
    writer("stop", peak_scan(3)[-1][1])
    assert len(read(path)) == 5


@pytest.mark.parametrize("name", ["../run.json", "a/b.json", "", "..", ".hidden"])
def test_a_name_that_leads_out_of_the_directory_is_refused(tmp_path, name):
    with pytest.raises(DataPathError, match="stay in its directory"):
        JSONWriter(tmp_path, name)


def test_a_uid_that_leads_out_of_the_directory_is_refused(tmp_path):
    with pytest.raises(DataPathError, match="stay in its directory"):
        JSONWriter(tmp_path / "in")("start", {"uid": "../out", "time": 1.0})
    assert list((tmp_path / "in").iterdir()) == []


def test_a_directory_that_cannot_be_made_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataPathError, match="cannot be written"):
        JSONWriter(tmp_path / "file" / "below")


@pytest.mark.parametrize("writer_class", [JSONWriter, JSONLinesWriter])
def test_a_directory_that_has_gone_is_an_error_at_the_start(tmp_path, writer_class):
    for filename in (None, "name.json"):
        writer = writer_class(tmp_path / "gone", filename)
        (tmp_path / "gone").rmdir()
        with pytest.raises(DataPathError, match="No such file"):
            writer("start", {"uid": "a", "time": 1.0})


def test_a_full_disk_is_an_error_at_that_document(tmp_path):
    writer = JSONLinesWriter(tmp_path, "full")
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(DataPathError, match="No space left"):
        writer("start", {"uid": "a", "time": 1.0})


def test_what_json_cannot_hold_is_named(tmp_path):
    writer = JSONWriter(tmp_path)
    with pytest.raises(DocumentError, match="the start document u cannot be written"):
        writer("start", {"uid": "u", "time": 1.0, "thing": object()})
    writer.close()
