"""Journals that were cut or damaged at any byte."""

import os

import pytest

from lapwing.errors import DataError
from lapwing.journal import writer
from lapwing.journal.codec import Kind
from lapwing.journal.cursor import START
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader
from lapwing.journal.segment import HEAD_BYTES, Segment

SIZES = [3, 1, 4, 2]
FIRSTS = [0, 3, 4, 8, 10]


def open_log(directory, **options):
    return Log(directory, reserve_bytes=0, sync_interval=0, **options)


def numbered(first, size):
    return [[int(Kind.NOTE), number] for number in range(first, first + size)]


def all_records(directory, **options):
    with Reader(directory, **options) as reader:
        return [record for _, record in reader.records()]


@pytest.fixture(autouse=True)
def no_syncs(monkeypatch):
    """Leave out what takes long on a busy disk, and is not looked at here."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    monkeypatch.setattr(writer, "_to_disk", lambda fd: None)


@pytest.fixture
def journal(tmp_path):
    with open_log(tmp_path / "j") as log:
        for first, size in zip(FIRSTS, SIZES, strict=False):
            log.write(numbered(first, size))
    return tmp_path / "j"


@pytest.fixture
def segment(journal):
    return journal / "00000001.log"


def frame_ends(path):
    with Segment(path) as segment:
        return [HEAD_BYTES, *(frame.end for frame in segment.frames())]


def test_cut_at_any_byte_all_whole_frames_are_read_and_numbers_go_on(journal, segment):
    data, ends = segment.read_bytes(), frame_ends(segment)
    for size in range(len(data)):
        segment.write_bytes(data[:size])
        whole = sum(end <= size for end in ends) - 1
        kept = FIRSTS[max(whole, 0)]
        assert all_records(journal) == numbered(0, kept)
        with open_log(journal) as log:
            assert log.next_number == kept
            torn = size - ends[whole] if whole >= 0 else size
            assert log.cut_bytes == torn
            log.write(numbered(kept, 2))
        assert all_records(journal) == numbered(0, kept + 2)


def test_zeros_behind_the_last_frame_are_cut_too(journal, segment):
    # What a power cut leaves of a file that had grown already.
    segment.write_bytes(segment.read_bytes() + bytes(5000))
    assert all_records(journal) == numbered(0, 10)
    with open_log(journal) as log:
        assert (log.next_number, log.cut_bytes) == (10, 5000)


def test_a_changed_byte_costs_its_frame_alone_and_is_told_as_damage(journal, segment):
    data, ends = segment.read_bytes(), frame_ends(segment)
    for at in range(HEAD_BYTES, len(data)):
        segment.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        hit = sum(end <= at for end in ends) - 1
        left = numbered(0, FIRSTS[hit]) + numbered(
            FIRSTS[hit + 1], 10 - FIRSTS[hit + 1]
        )
        assert all_records(journal, skip_damaged=True) == left
        if hit == len(SIZES) - 1:  # as good as torn
            assert all_records(journal) == left
            continue
        with pytest.raises(DataError, match=r"skip_damaged=True") as caught:
            all_records(journal)
        facts = caught.value.context
        assert (facts["segment"], facts["offset"]) == (1, ends[hit])
        assert (facts["before"], facts["after"]) == (
            FIRSTS[hit],
            10 - FIRSTS[hit + 1],
        )
        with pytest.raises(DataError, match=f"{FIRSTS[hit]} records before that"):
            open_log(journal)
        assert segment.stat().st_size == len(data)  # nothing was cut


def test_what_was_lost_is_told(journal, segment):
    ends = frame_ends(segment)
    data = bytearray(segment.read_bytes())
    data[ends[2] - 1] ^= 1
    segment.write_bytes(data)
    with Reader(journal, skip_damaged=True) as reader:
        batches, cursor = reader.read()
        assert [(b.number, len(b.records)) for b in batches] == [(0, 3), (4, 4), (8, 2)]
        assert cursor.number == 10
        assert reader.lost == [(3, 4)]
        assert reader.read(START, max_records=4)[0][-1] == (4, numbered(4, 1))
        assert reader.read(START, last=3)[0] == [(0, numbered(0, 3))]
        _, cursor = reader.read(START, last=2)
        assert reader.read(cursor, max_records=1)[0] == [(4, numbered(4, 1))]
        assert next(reader.records(3)) == (4, numbered(4, 1)[0])


def test_a_damaged_head_costs_nothing_but_is_told(journal, segment):
    data = segment.read_bytes()
    for at in range(HEAD_BYTES):
        segment.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with pytest.raises(DataError, match=r"00000001\.log"):
            all_records(journal)
        assert all_records(journal, skip_damaged=True) == numbered(0, 10)


@pytest.fixture
def three_segments(tmp_path):
    with open_log(tmp_path / "j", segment_bytes=0) as log:
        for first in (0, 10, 20):
            log.write(numbered(first, 5))
            log.write(numbered(first + 5, 5))
            if first < 20:
                log.rotate_if_large()
    return tmp_path / "j"


def test_a_segment_that_is_not_the_last_must_be_whole(three_segments):
    middle = three_segments / "00000002.log"
    data, ends = middle.read_bytes(), frame_ends(middle)
    for size, before in ((ends[1], 15), (ends[2] - 1, 15), (ends[1] - 1, 10)):
        middle.write_bytes(data[:size])
        with pytest.raises(DataError) as caught:
            all_records(three_segments)
        facts = caught.value.context
        assert (facts["segment"], facts["before"], facts["after"]) == (2, before, 10)
        with Reader(three_segments, skip_damaged=True) as reader:
            numbers = [number for number, _ in reader.records()]
            assert numbers == [*range(before), *range(20, 30)]
            assert reader.lost == [(before, 20)]


def test_a_segment_that_is_missing_is_told(three_segments):
    (three_segments / "00000002.log").unlink()
    with pytest.raises(DataError, match="10 records before that are whole, and 10"):
        all_records(three_segments)
    with Reader(three_segments, skip_damaged=True) as reader:
        assert len(list(reader.records())) == 20
        assert reader.lost == [(10, 20)]
    (three_segments / "00000001.log").unlink()
    with pytest.raises(DataError, match="damaged"):
        all_records(three_segments)
    assert len(all_records(three_segments, skip_damaged=True)) == 10


def test_damage_while_it_is_written_is_told_when_more_follows(tmp_path):
    with open_log(tmp_path / "j") as log, log.reader() as reader:
        log.write(numbered(0, 5))
        end = log._writer.size
        log.write(numbered(5, 5))
        with (tmp_path / "j" / "00000001.log").open("r+b") as file:
            file.seek(end + 20)
            file.write(b"\xff")
        batches, cursor = reader.read()
        assert [batch.number for batch in batches] == [0]
        assert reader.read(cursor) == ([], cursor)  # it may come yet
        log.write(numbered(10, 5))
        with pytest.raises(DataError, match="5 records before"):
            reader.read(cursor)
