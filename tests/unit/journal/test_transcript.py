from threading import Thread

import pytest

from lapwing import Msg
from lapwing.engine.recorder import MemoryStore
from lapwing.errors import DataPathError
from lapwing.journal.codec import Kind, ObjectRef, StatusRef
from lapwing.journal.transcript import MOST_WAITING, Transcript
from lapwing.status import Status


class Device:
    name = "x"


READING = {"x": {"value": 1.0, "timestamp": 2.0}}
EVENT = {"seq_num": 1, "data": {"x": 1.0}}


class Told:
    """A transcript in memory, told as an engine would."""

    def __init__(self, **options):
        self.store = MemoryStore()
        self.transcript = Transcript(self.store, **options)

    def say(self, command, obj=None, *args, answer=None, run=None, **kwargs):
        msg = Msg(command, obj, *args, run=run, **kwargs)
        self.transcript.message(msg, from_plan=True)
        if answer is not None:
            self.transcript.sent(answer)

    def records(self):
        self.transcript.flush()
        return self.store.records

    def kinds(self):
        return [r[0] if isinstance(r[0], str) else Kind(r[0]) for r in self.records()]


def test_a_reading_in_an_event_is_left_to_the_event():
    told = Told()
    told.say("create", name="primary")
    told.say("read", Device(), answer=READING)
    told.say("save")
    told.transcript.document("event", EVENT)
    told.say("null")

    assert told.kinds() == ["create", "read", "save", Kind.DOCUMENT, "null"]


def test_a_reading_outside_an_event_is_written():
    told = Told()
    told.say("read", Device(), answer=READING)

    assert told.records() == [
        ["read", ObjectRef("x"), [], {}, None],
        [Kind.SENT, READING],
    ]


def test_readings_of_an_event_that_is_dropped_are_written():
    told = Told()
    told.say("create", name="primary")
    told.say("read", Device(), answer=READING)
    told.say("drop")

    assert told.records()[2] == [Kind.READING, 1, READING]


def test_readings_of_an_event_that_is_not_made_are_written():
    told = Told()
    told.say("create", name="primary")
    told.say("read", Device(), answer=READING)
    told.say("save")
    told.transcript.thrown(ValueError("no"))

    assert told.kinds() == ["create", "read", "save", Kind.READING, Kind.THROWN]


def test_readings_of_an_event_that_is_saved_empty_are_written():
    told = Told()
    told.say("create", name="primary")
    told.say("read", Device(), answer=READING)
    told.say("save")
    told.say("null")

    assert told.kinds() == ["create", "read", "save", Kind.READING, "null"]


def test_another_runs_save_writes_what_was_read_so_far():
    told = Told()
    told.say("create", name="primary", run="a")
    told.say("read", Device(), run="a", answer=READING)
    told.say("create", name="primary", run="b")
    told.say("save", run="b")
    told.transcript.document("event", EVENT)
    told.say("read", Device(), run="a", answer=READING)
    told.say("save", run="a")
    told.transcript.document("event", EVENT)

    assert told.kinds() == [
        "create",
        "read",
        "create",
        Kind.READING,
        "save",
        Kind.DOCUMENT,
        "read",
        "save",
        Kind.DOCUMENT,
    ]


def test_a_status_says_when_it_is_done():
    told, status = Told(), Status()
    told.say("set", Device(), 1, answer=status)
    told.say("null")
    status.set_finished()
    told.say("null")

    assert told.records()[1:] == [
        [Kind.SENT, StatusRef(False, False)],
        ["null", None, [], {}, None],
        [Kind.DONE, 0, True],
        ["null", None, [], {}, None],
    ]


def test_a_status_that_is_done_after_its_call_says_nothing_of_the_next_call():
    told, status = Told(), Status()
    told.transcript.begin({})
    told.say("set", Device(), 1, answer=status)
    told.transcript.end({})
    told.transcript.begin({})
    status.set_finished()
    told.say("null")
    told.transcript.end({})

    assert told.kinds() == [
        *(Kind.BEGIN, "set", Kind.SENT, Kind.END),
        *(Kind.BEGIN, "null", Kind.END),
    ]


def test_a_status_that_is_done_already_says_so_at_once():
    told, status = Told(), Status()
    status.set_finished()
    told.say("set", Device(), 1, answer=status)

    assert told.records()[1:] == [[Kind.SENT, StatusRef(True, True)]]


def test_messages_of_the_engine_itself_are_apart():
    told = Told()
    told.transcript.message(Msg("null"), from_plan=False)

    assert told.records() == [[Kind.ENGINE, ["null", None, [], {}, None]]]


def test_records_wait_until_they_are_asked_for_or_many():
    told = Told()
    for _ in range(MOST_WAITING):
        told.say("null")
    assert told.store.records == []
    told.transcript.document("event", EVENT)
    assert len(told.store.records) == MOST_WAITING + 1


def test_documents_of_which_there_are_few_are_written_at_once():
    told = Told()
    told.transcript.document("start", {})
    told.transcript.document("event", EVENT)

    assert [r[1] for r in told.store.records] == ["start"]


def test_the_number_of_a_document_counts_what_waits():
    told = Told()
    told.say("null")
    told.transcript.flush()
    told.say("null")

    assert told.transcript.document("start", {}) == 2


def test_the_number_of_a_document_counts_what_another_thread_wrote_meanwhile():
    told = Told()
    told.say("null")
    writing = Thread(target=told.transcript.write)
    writing.start()
    writing.join()
    assert told.store.next_number == 1

    assert told.transcript.document("event", EVENT) == 1
    told.say("null")
    assert told.kinds() == ["null", Kind.DOCUMENT, "null"]


def test_a_call_tells_what_it_is_to_be_known_by():
    told = Told(identify=lambda: {"mode": "script", "number": 3})
    told.transcript.begin({"call": "abc"})

    identity = {"mode": "script", "number": 3}
    assert told.records() == [[Kind.BEGIN, {"call": "abc", "identity": identity}]]


class FullStore(MemoryStore):
    full = False

    def write(self, records):
        if self.full:
            raise DataPathError("the disk is full")
        return super().write(records)


def test_what_cannot_be_written_waits_and_trouble_is_told_once():
    troubles = []
    store = FullStore()
    transcript = Transcript(store, on_trouble=troubles.append)
    store.full = True
    for _ in range(3):
        transcript.message(Msg("null"), from_plan=True)
        transcript.flush()
    assert [str(one) for one in troubles] == ["the disk is full"]

    store.full = False
    transcript.flush()
    assert troubles[1:] == [None]
    assert len(store.records) == 3


def test_the_last_records_of_a_call_take_the_room_that_is_kept_for_them():
    store = FullStore()

    def release():
        store.full = False

    store.release_reserve = release
    transcript = Transcript(store)
    store.full = True
    transcript.document("stop", {})
    transcript.end({})
    assert [r[0] for r in store.records] == [Kind.DOCUMENT, Kind.END]


def test_an_error_of_another_kind_is_not_swallowed():
    class Broken(MemoryStore):
        def write(self, records):
            raise RuntimeError("broken")

    transcript = Transcript(Broken())
    transcript.message(Msg("null"), from_plan=True)
    with pytest.raises(RuntimeError, match="broken"):
        transcript.flush()


def test_after_a_resume_messages_are_counted_on():
    told = Told()
    told.transcript.resumed(7)
    told.say("set", Device(), 1, answer=(status := Status()))
    status.set_finished()
    told.say("null")

    assert told.records()[0] == [Kind.RESUMED, 7]
    assert told.records()[-2] == [Kind.DONE, 7, True]


def test_what_is_used_again_for_something_else_is_written_as_it_was():
    told = Told()
    position, reading = [0], {"x": {"value": 0, "timestamp": 1.0}}
    for number in range(3):
        position[0] = reading["x"]["value"] = number
        told.say("set", Device(), position)
        told.say("read", Device(), answer=reading)

    records = told.records()
    assert [r[2] for r in records if r[0] == "set"] == [[[0]], [[1]], [[2]]]
    sent = [r[1] for r in records if r[0] == Kind.SENT]
    assert [reading["x"]["value"] for reading in sent] == [0, 1, 2]
