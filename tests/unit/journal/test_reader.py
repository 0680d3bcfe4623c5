import pytest

from lapwing.errors import DataError
from lapwing.journal import walk
from lapwing.journal.codec import Kind
from lapwing.journal.cursor import START, Cursor
from lapwing.journal.log import Log
from lapwing.journal.reader import Batch, Reader
from lapwing.journal.segment import HEAD_BYTES, frame_of


def open_log(directory, **options):
    return Log(directory, reserve_bytes=0, sync_interval=0, **options)


def numbered(first, size):
    return [[int(Kind.NOTE), number] for number in range(first, first + size)]


@pytest.fixture
def journal(tmp_path):
    """60 records, in frames of 1, 2, ... 5 and segments of 3 frames."""
    with open_log(tmp_path / "j", segment_bytes=0) as log:
        for i in range(20):
            log.write(numbered(log.next_number, i % 5 + 1))
            if i % 3 == 2:
                log.rotate_if_large()
    return tmp_path / "j"


@pytest.mark.parametrize("most", [1, 2, 3, 7, 59, 60, 1000])
def test_records_are_read_a_few_at_a_time_from_where_one_was(journal, most):
    cursor, got = START, []
    with Reader(journal) as reader:
        while True:
            batches, cursor = reader.read(cursor, most)
            assert sum(len(batch.records) for batch in batches) <= most
            if not batches:
                break
            for batch in batches:
                assert batch.number == len(got)
                got += batch.records
            cursor = Cursor.from_json(cursor.to_json())
    assert got == numbered(0, 60)
    assert cursor.number == 60


@pytest.mark.parametrize("number", range(60))
def test_reading_begins_at_any_record_and_ends_before_any(journal, number):
    with Reader(journal) as reader:
        cursor = reader.from_number(number)
        assert cursor.number == number
        ((first, records), *_), _ = reader.read(cursor)
        assert first == number
        assert records[0] == numbered(number, 1)[0]
        before = [record for _, record in reader.records(stop=number)]
        assert before == numbered(0, number)
        behind = [record for _, record in reader.records(number, number + 5)]
        assert behind == numbered(number, min(5, 60 - number))


def test_the_place_of_a_record_is_its_frame_or_the_one_before_it(journal):
    with Reader(journal) as reader:
        cursor = START
        while cursor.number < 60:
            (batch, *_), following = reader.read(cursor, 1)
            place = reader.from_number(batch.number)
            assert place in (cursor, (cursor.segment + 1, HEAD_BYTES, batch.number))
            cursor = following


def test_no_record_behind_the_last_one_that_is_asked_for_is_returned(journal):
    with Reader(journal) as reader:
        batches, cursor = reader.read(START, last=7)
        assert sum(len(batch.records) for batch in batches) == 8
        assert cursor.number == 8
        assert reader.read(cursor, last=7) == ([], cursor)
        assert reader.read(cursor, last=8)[0] == [Batch(8, numbered(8, 1))]


def test_the_end_is_found(journal, tmp_path):
    with Reader(journal) as reader:
        end = reader.end()
        assert end.number == 60
        assert reader.read(end) == ([], end)
    with Reader(tmp_path / "none") as reader:
        assert reader.end() == Cursor(1, HEAD_BYTES, 0)


def test_a_record_that_is_not_there_yet_can_be_waited_for(tmp_path):
    with Reader(tmp_path / "j") as reader:
        cursor = reader.from_number(5)
        assert reader.read(cursor) == ([], cursor)
        assert list(reader.records()) == []
        with open_log(tmp_path / "j", segment_bytes=0) as log:
            assert reader.read(cursor) == ([], cursor)
            log.write(numbered(0, 3))
            behind = reader.from_number(7)
            batches, cursor = reader.read(cursor)
            assert batches == []
            log.rotate_if_large()
            log.write(numbered(3, 3))
            assert reader.read(cursor)[0] == [Batch(5, numbered(5, 1))]
            log.write(numbered(6, 2))
            assert reader.read(behind)[0] == [Batch(7, numbered(7, 1))]


def test_a_segment_that_is_begun_and_ended_while_others_are_looked_for_is_read(
    tmp_path, monkeypatch
):
    def look_late(directory):
        monkeypatch.undo()
        with open_log(directory, segment_bytes=0) as log:
            log.write(numbered(0, 3))
            log.rotate_if_large()
            log.write(numbered(3, 2))
        return walk.segment_indices(directory)

    monkeypatch.setattr(walk, "segment_indices", look_late)
    with Reader(tmp_path / "j") as reader:
        batches, _ = reader.read(START)
    assert batches == [Batch(0, numbered(0, 3)), Batch(3, numbered(3, 2))]


def test_what_is_written_after_the_end_was_met_is_read(tmp_path):
    with open_log(tmp_path / "j", segment_bytes=200) as log, log.reader() as reader:
        cursor = START
        for first in range(0, 300, 3):
            log.write(numbered(first, 3))
            batches, cursor = reader.read(cursor)
            assert batches == [Batch(first, numbered(first, 3))]
            if first % 30 == 0:
                assert reader.read(cursor) == ([], cursor)
                log.rotate_if_large()
        assert cursor.segment > 3


def test_half_a_frame_is_no_more_yet_even_if_another_takes_its_place(tmp_path):
    path = tmp_path / "j" / "00000001.log"
    with open_log(tmp_path / "j") as log, log.reader() as reader:
        log.write(numbered(0, 3))
        _, cursor = reader.read()
        whole = path.read_bytes()
        for size in (1, 8, 15, 16, 17, 40):
            torn = frame_of(3, b"\x91\x92\x04\xa5never" * 3)[:size]
            path.write_bytes(whole + torn)
            assert reader.read(cursor) == ([], cursor)
        path.write_bytes(whole)
        log.write(numbered(3, 1))
        assert reader.read(cursor)[0] == [Batch(3, numbered(3, 1))]


def test_documents_are_told_from_other_records(tmp_path):
    with open_log(tmp_path / "j") as log:
        log.write([["null", None, [], {}, None], [int(Kind.DOCUMENT), "start", {}]])
        log.write([[int(Kind.SENT), "x"], [int(Kind.DOCUMENT), "stop", {"a": 1}]])
        assert list(log.documents(3)) == [("start", {}), ("stop", {"a": 1})]
        assert list(log.documents(2)) == [("start", {})]
        with log.reader() as reader:
            assert list(reader.documents(start=2)) == [("stop", {"a": 1})]


def test_bytes_that_are_no_records_are_said_to_be_so(tmp_path):
    with open_log(tmp_path / "j"):
        pass
    path = tmp_path / "j" / "00000001.log"
    path.write_bytes(path.read_bytes() + frame_of(0, b"\x92\xc1\xc1"))
    with Reader(tmp_path / "j") as reader, pytest.raises(DataError, match="unpacked"):
        reader.read()
    path.write_bytes(path.read_bytes()[:HEAD_BYTES] + frame_of(0, b"\x01"))
    with Reader(tmp_path / "j") as reader, pytest.raises(DataError, match="no list"):
        reader.read()


def test_a_journal_may_be_removed_while_it_is_read(journal):
    with Reader(journal) as reader:
        _, cursor = reader.read(max_records=3)
        for path in journal.iterdir():
            path.unlink()
        read = [batch.number for batch in reader.read(cursor)[0]]
        assert read == [3]  # the file that was open
