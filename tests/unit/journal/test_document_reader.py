import os

import numpy as np
import pytest
from unit.data.journals import Journal
from unit.data.streams import Run, key, line_scan

from lapwing.journal.cursor import START
from lapwing.journal.document_reader import DocumentReader


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path)
    yield made
    made.close()


def read_all(directory, cursor=START, last=None, containing=b""):
    found = []
    with DocumentReader(directory) as reader:
        while (step := reader.read(cursor, last, containing)) is not None:
            documents, cursor = step
            found += [(one.name, reader.filled(one.doc)) for one in documents]
    return found, cursor


def test_documents_are_those_that_a_reader_finds(journal):
    for number in range(5):
        journal.begin(f"call-{number}")
        journal.put(line_scan(30))
        journal.log.write([[2, os.urandom(3000)], [4, {"a": [6, "event", {}]}]])
        journal.end()
    with journal.log.reader() as reader:
        expected = list(reader.documents())
    found, cursor = read_all(journal.directory)
    assert found == expected
    assert cursor.number == journal.log.next_number


def test_reading_begins_and_ends_at_any_record(journal):
    journal.put(line_scan(10))
    with journal.log.reader() as reader:
        for first in range(0, journal.log.next_number, 3):
            for last in range(first, journal.log.next_number, 4):
                cursor = reader.from_number(first)
                found, behind = read_all(journal.directory, cursor, last)
                assert found == list(reader.documents(last, first))
                assert behind.number == last + 1


def test_frames_without_what_is_looked_for_are_passed_over(journal):
    one, other = line_scan(5), line_scan(5)
    journal.put(one)
    journal.put(other)
    uid = other[1][1]["uid"].encode()
    found, cursor = read_all(journal.directory, containing=uid)
    assert [doc for name, doc in found if name == "event"] == [
        doc for name, doc in other if name == "event"
    ]
    assert cursor.number == journal.log.next_number


def test_large_arrays_are_put_in_when_asked_for(journal):
    image = np.arange(20_000.0)
    run = Run(calibration={"flat": [image]})
    descriptor = run.descriptor({"image": key("array", [20_000])})
    journal.put([("start", run.start), ("descriptor", descriptor)])
    journal.put([run.event(descriptor, image=image, text="a")])
    (_, start), _, (_, event) = read_all(journal.directory)[0]
    np.testing.assert_array_equal(event["data"]["image"], image)
    np.testing.assert_array_equal(start["calibration"]["flat"][0], image)


def test_damage_is_gone_around(journal):
    documents = line_scan(10)
    journal.put(documents)
    journal.close()
    path = journal.directory / "00000001.log"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with DocumentReader(journal.directory) as reader:
        cursor, found = START, []
        while (step := reader.read(cursor)) is not None:
            documents_here, cursor = step
            found += documents_here
        assert len(found) == len(documents) - 2
        assert len(reader.lost) == 1


def test_end_is_told(journal):
    with DocumentReader(journal.directory) as reader:
        assert reader.read(START) is None
        assert not reader.has_more(START)
        journal.put(line_scan(1))
        assert reader.has_more(START)
