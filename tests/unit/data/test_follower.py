import shutil

import numpy as np
import pytest
from unit.data.journals import Journal, Notebook
from unit.data.streams import line_scan

from lapwing.data import follower as follower_module
from lapwing.data.feed import cursors_path
from lapwing.data.follower import (
    FIRST_PAUSE,
    GRACE_SECONDS,
    LONGEST_PAUSE,
    LOOK_SECONDS,
    Follower,
)
from lapwing.errors import DataPathError
from lapwing.journal.cursor import CursorStore
from lapwing.journal.hold import Hold, alive
from lapwing.journal.reader import Reader


class Desk:
    """A follower, a clock, and the journals in one data directory."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.store = CursorStore(cursors_path(data_dir))
        self.sink = Notebook()
        self.now = 100.0
        self.made = []

    def journal(self, directory=None):
        journal = Journal(self.data_dir, directory)
        self.made.append(journal.close)
        return journal

    def follow(self, own=None, **options):
        directory = None if own is None else own.directory
        follower = Follower(self.sink, self.data_dir, self.store, directory, **options)
        self.made.append(follower.close)
        return follower

    def rounds(self, follower, times=10, seconds=0.0):
        delay = 0.0
        for _ in range(times):
            self.now += seconds
            delay = follower.round(self.now)
        return delay

    def place(self, journal, name="notes"):
        return self.store.get(name, journal.directory)

    def error(self, name="notes"):
        return [place.last_error for place in self.store.places(name)]

    def close(self):
        for close in self.made:
            close()
        self.store.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.close()


def test_documents_come_in_order_and_the_place_is_noted(desk):
    journal = desk.journal()
    documents = line_scan(20)
    journal.put(documents)
    follower = desk.follow(journal)
    assert desk.rounds(follower) > 0
    assert desk.sink.taken == documents
    assert desk.place(journal).number == journal.log.next_number
    assert not follower.is_behind


def test_another_follower_goes_on_where_the_first_one_was(desk):
    journal = desk.journal()
    documents = line_scan(20)
    journal.put(documents[:9])
    first = desk.follow(journal)
    desk.rounds(first)
    first.close()
    journal.put(documents[9:])
    desk.rounds(desk.follow(journal))
    assert desk.sink.taken == documents


def test_only_what_is_durable_is_offered(desk):
    journal = desk.journal()
    documents = line_scan(5)
    journal.put(documents)
    durable = [3]
    follower = desk.follow(journal, durable=lambda: durable[0])
    desk.rounds(follower)
    assert desk.sink.taken == documents[:2]
    assert not follower.is_behind
    durable[0] = journal.log.next_number - 1
    assert follower.is_behind
    desk.rounds(follower)
    assert desk.sink.taken == documents


def test_document_that_is_refused_is_offered_again_after_a_growing_pause(desk):
    journal = desk.journal()
    documents = line_scan(4)
    journal.put(documents)
    follower = desk.follow(journal)
    desk.sink.refuse = ValueError("not today")
    pauses = []
    for _ in range(12):
        pauses.append(follower.round(desk.now))
        desk.now += pauses[-1]
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert max(pauses) <= LONGEST_PAUSE
    assert desk.error() == ["ValueError: not today"]
    assert follower.is_behind
    assert follower.is_refused
    desk.sink.refuse = None
    desk.now += LONGEST_PAUSE
    desk.rounds(follower)
    assert desk.sink.taken == documents
    assert desk.error() == [None]
    assert not follower.is_refused


def test_nothing_is_offered_before_the_pause_is_over(desk):
    journal = desk.journal()
    journal.put(line_scan(4))
    follower = desk.follow(journal)
    desk.sink.refuse = ValueError("not today")
    follower.round(desk.now)
    desk.sink.refuse = None
    follower.round(desk.now + FIRST_PAUSE / 2)
    assert desk.sink.taken == []
    follower.round(desk.now + FIRST_PAUSE)
    assert desk.sink.taken


def test_what_came_before_a_refused_document_is_not_offered_again(desk):
    journal = desk.journal()
    documents = line_scan(20)
    journal.put(documents)
    take = desk.sink.take
    refused = []

    def grumble(name, doc):
        if name == "event" and doc["seq_num"] % 5 == 0 and len(refused) % 3 < 2:
            refused.append(doc)
            raise OSError("busy")
        if name == "event" and doc["seq_num"] % 5 == 0:
            refused.append(doc)
        take(name, doc)

    desk.sink.take = grumble
    desk.rounds(desk.follow(journal), 100, seconds=1.0)
    assert desk.sink.taken == documents
    assert len(refused) == 12


def test_place_stays_until_the_sink_has_settled(desk):
    journal = desk.journal()
    documents = line_scan(4)
    journal.put(documents)
    follower = desk.follow(journal)
    desk.sink.refuse_to_settle = OSError("no room")
    desk.rounds(follower)
    assert desk.place(journal).number == 0
    assert desk.error() == ["OSError: no room"]
    assert desk.sink.taken == documents
    desk.sink.refuse_to_settle = None
    desk.rounds(follower, seconds=1.0)
    assert desk.place(journal).number == journal.log.next_number
    assert desk.sink.taken == documents
    assert desk.error() == [None]


def test_place_of_a_sink_of_whole_runs_stands_at_the_first_unfinished_one(desk):
    journal = desk.journal()
    desk.sink.whole_runs = True
    first, second, third = line_scan(3), line_scan(4), line_scan(2)
    journal.put(first)
    second_starts = journal.log.next_number + 1
    journal.put([*second[:3], *third])
    follower = desk.follow(journal)
    desk.rounds(follower)
    assert desk.place(journal).number == second_starts
    follower.close()

    desk.sink.taken, desk.sink.unfinished = [], set()
    journal.put(second[3:])
    desk.rounds(desk.follow(journal))
    assert desk.sink.taken == [*second[:3], *third, *second[3:]]
    assert desk.place(journal).number == journal.log.next_number


def test_busy_sink_is_offered_nothing(desk):
    journal = desk.journal()
    documents = line_scan(50)
    journal.put(documents)
    follower = desk.follow(journal)
    take = desk.sink.take

    def fill_up(name, doc):
        take(name, doc)
        desk.sink.busy = len(desk.sink.taken) % 7 == 0

    desk.sink.take = fill_up
    desk.rounds(follower)
    assert desk.sink.taken == documents[:7]
    assert desk.place(journal).number == 15  # one message further
    desk.sink.busy = False
    desk.rounds(follower)
    assert desk.sink.taken == documents[:14]


def test_journals_of_ended_processes_are_read_too(desk):
    before, own = desk.journal(), desk.journal()
    old, new = line_scan(3), line_scan(3)
    before.put(old)
    before.close()
    own.put(new)
    desk.rounds(desk.follow(own))
    assert desk.sink.taken == [*old, *new] or desk.sink.taken == [*new, *old]


def test_living_process_has_time_to_follow_its_own_journal(desk):
    other = desk.journal()
    documents = line_scan(3)
    other.put(documents)
    follower = desk.follow()
    desk.rounds(follower, 3)
    assert desk.sink.taken == []
    desk.now += max(GRACE_SECONDS, LOOK_SECONDS)
    desk.rounds(follower)
    assert desk.sink.taken == documents


@pytest.mark.parametrize("others", ["ended", "none"])
def test_journals_of_living_processes_can_be_left_alone(desk, others):
    other = desk.journal()
    other.put(line_scan(3))
    follower = desk.follow(others=others)
    desk.rounds(follower, 10, seconds=LOOK_SECONDS)
    assert desk.sink.taken == []
    other.close()
    desk.rounds(follower, 10, seconds=LOOK_SECONDS)
    assert bool(desk.sink.taken) == (others == "ended")


def test_only_one_follower_of_a_name_reads_a_journal(desk):
    journal = desk.journal()
    documents = line_scan(3)
    journal.put(documents)
    first = desk.follow(journal)
    desk.rounds(first)
    second = desk.follow(journal)
    assert not second.is_refused  # it has not looked yet
    journal.put(documents)
    desk.rounds(second)
    assert second.is_refused
    assert desk.sink.taken == documents
    assert second.is_behind
    first.close()
    desk.rounds(second, seconds=1.0)
    assert desk.sink.taken == documents * 2
    assert not second.is_refused


def test_unfinished_runs_of_an_ended_process_are_left_to_whoever_goes_on(desk):
    desk.sink.whole_runs = True
    journal = desk.journal()
    documents = line_scan(5)
    uid = documents[0][1]["uid"]
    journal.put(documents[:4])
    journal.close()
    follower = desk.follow(others="ended")
    desk.rounds(follower, seconds=LOOK_SECONDS)
    assert desk.sink.left == [uid]
    assert desk.place(journal).number == 1

    taken_up = desk.journal(journal.directory)
    desk.sink.taken = []
    taken_up.put(documents[4:])
    own = desk.follow(taken_up)
    desk.rounds(own)
    assert desk.sink.taken == documents


def test_journal_that_a_process_takes_up_is_left_to_it(desk):
    desk.sink.whole_runs = True
    journal = desk.journal()
    documents = line_scan(5)
    journal.put(documents[:4])
    journal.close()
    desk.sink.refuse = OSError("busy")
    follower = desk.follow(others="ended")
    desk.rounds(follower, 3)
    desk.sink.refuse = None

    taken_up = desk.journal(journal.directory)
    own = desk.follow(taken_up)
    desk.rounds(own, 1)
    assert own.is_refused
    desk.rounds(follower, 1, seconds=LOOK_SECONDS)
    taken_up.put(documents[4:])
    desk.sink.taken = []
    desk.rounds(own, seconds=1.0)
    assert desk.sink.taken == documents
    assert not own.is_refused


def test_journal_that_this_process_adopts_is_followed_as_its_own(desk):
    documents = line_scan(5)
    journal, own = desk.journal(), desk.journal()
    journal.put(documents[:3])
    journal.close()
    follower = desk.follow(own, others="ended")
    desk.rounds(follower, 3)
    assert desk.sink.taken == documents[:3]

    adopted, durable = desk.journal(journal.directory), [5]
    follower.adopt(journal.directory, lambda: durable[0])
    adopted.put(documents[3:5])
    desk.rounds(follower, 3)
    assert desk.sink.taken == documents[:3]
    durable[0] = 9
    assert follower.is_behind
    desk.rounds(follower, 3)
    assert desk.sink.taken == documents[:5]

    adopted.put(documents[5:])
    adopted.close()
    follower.give_back(journal.directory)
    desk.rounds(follower, 3)
    assert desk.sink.taken == documents


def test_what_a_process_that_took_a_journal_up_left_unread_is_read(desk):
    documents = line_scan(5)
    journal = desk.journal()
    journal.put(documents[:3])
    journal.close()
    follower = desk.follow(others="ended")
    desk.rounds(follower, 3)

    taken_up = desk.journal(journal.directory)
    taken_up.put(documents[3:])
    follower.look_soon()
    desk.rounds(follower, 1)  # sees that it belongs to somebody, and lets it go
    assert desk.sink.taken == documents[:3]
    taken_up.close()
    follower.look_soon()
    desk.rounds(follower, 3)
    assert desk.sink.taken == documents


def test_new_sink_can_begin_behind_what_is_there(desk):
    journal = desk.journal()
    old, new = line_scan(3), line_scan(4)
    journal.put(old)
    follower = desk.follow(journal, begin="now")
    journal.put(new)
    desk.rounds(follower)
    assert desk.sink.taken == new
    follower.close()
    journal.put(old)
    desk.rounds(desk.follow(journal, begin="now"))
    assert desk.sink.taken == [*new, *old]


def test_new_sink_begins_though_another_journal_may_not_be_read(desk, monkeypatch):
    shut, journal = desk.journal(), desk.journal()

    def reader(directory, **options):
        if directory == shut.directory:
            raise PermissionError(13, "Permission denied", str(directory))
        return Reader(directory, **options)

    monkeypatch.setattr(follower_module, "Reader", reader)
    journal.put(line_scan(3))
    follower = desk.follow(journal, begin="now")
    new = line_scan(4)
    journal.put(new)
    desk.rounds(follower)
    assert desk.sink.taken == new


def test_large_arrays_are_put_in(desk):
    journal = desk.journal()
    image = np.arange(40_000.0).reshape(200, 200)
    (start, descriptor, (_, event), stop) = line_scan(1)
    event = {**event, "data": {**event["data"], "image": image}}
    journal.put([start, descriptor, ("event", event), stop])
    desk.rounds(desk.follow(journal))
    np.testing.assert_array_equal(desk.sink.taken[2][1]["data"]["image"], image)
    assert desk.sink.taken[3] == stop


def test_what_is_whole_of_a_damaged_journal_is_offered(desk):
    journal = desk.journal()
    documents = line_scan(10)
    journal.put(documents)
    journal.close()
    path = journal.directory / "00000001.log"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    desk.rounds(desk.follow())
    lost = [doc for doc in documents if doc not in desk.sink.taken]
    assert len(lost) == 2  # a frame
    assert [doc for doc in documents if doc not in lost] == desk.sink.taken


def test_full_disk_under_the_places_is_survived(desk, monkeypatch):
    journal = desk.journal()
    documents = line_scan(3)
    journal.put(documents)
    follower = desk.follow(journal)

    def full(*args):
        raise DataPathError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "move", full)
        patch.setattr(desk.store, "fail", full)
        desk.rounds(follower)
        assert follower.is_behind
    desk.rounds(follower, seconds=1.0)
    assert desk.sink.taken == documents
    assert desk.place(journal).number == journal.log.next_number


def test_a_look_that_is_asked_for_during_another_one_is_made(desk, monkeypatch):
    journal = desk.journal()
    desk.rounds(desk.follow(journal))
    second = desk.follow(journal)  # it cannot have its journal yet, and looks often
    directories = follower_module.directories

    def look_and_ask(data_dir):
        second.look_soon()
        return directories(data_dir)

    monkeypatch.setattr(follower_module, "directories", look_and_ask)
    assert second.round(desk.now) == 0.0
    monkeypatch.undo()
    assert second.round(desk.now) > 0.0


def test_an_adopted_journal_that_another_follower_has_yet_is_waited_for(desk):
    documents = line_scan(3)
    journal, own = desk.journal(), desk.journal()
    journal.put(documents)
    claim = journal.directory / "sinks" / desk.sink.name
    claim.mkdir(parents=True)
    hold = Hold(claim)
    follower = desk.follow(own)
    desk.rounds(follower)
    assert not follower.is_behind
    follower.adopt(journal.directory, lambda: journal.log.durable)
    desk.rounds(follower)
    assert follower.is_behind
    assert follower.is_refused
    hold.release()
    desk.rounds(follower, seconds=0.1)
    assert desk.sink.taken == documents
    assert not follower.is_behind


def test_a_sink_that_refuses_one_journal_is_waited_for_in_its_own(desk):
    refused, documents = line_scan(1), line_scan(3)
    other, own = desk.journal(), desk.journal()
    other.put(refused)
    other.close()
    take = desk.sink.take

    def take_own(name, doc):
        if (name, doc) in refused:
            raise ValueError("not that")
        take(name, doc)

    desk.sink.take = take_own
    follower = desk.follow(own)
    desk.rounds(follower)
    assert desk.error() == ["ValueError: not that"]
    own.put(documents)
    assert follower.is_behind
    assert not follower.is_refused
    desk.rounds(follower)
    assert desk.sink.taken == documents
    assert not follower.is_behind


def test_a_journal_that_is_removed_during_a_look_is_not_made_again(desk, monkeypatch):
    journal = desk.journal()
    journal.put(line_scan(3))
    journal.close()
    directories = follower_module.directories

    def list_and_remove(data_dir):
        found = directories(data_dir)
        for one in found:
            shutil.rmtree(one)
        return found

    monkeypatch.setattr(follower_module, "directories", list_and_remove)
    desk.rounds(desk.follow())
    assert not journal.directory.exists()


@pytest.mark.parametrize("what", ["", "sinks/notes"])
def test_a_journal_that_nobody_may_look_at_keeps_no_other_from_a_sink(
    desk, monkeypatch, what
):
    other, own = desk.journal(), desk.journal()
    documents = line_scan(3)
    other.put(documents)
    other.close()
    own.put(documents)

    def alive_if_allowed(directory):
        if directory == other.directory / what:
            raise PermissionError(13, "Permission denied")
        return alive(directory)

    monkeypatch.setattr(follower_module, "alive", alive_if_allowed)
    follower = desk.follow(own)
    desk.rounds(follower)
    assert desk.sink.taken == documents
    assert not follower.is_behind


def test_a_journal_is_not_left_while_the_sink_is_at_work_on_it(desk):
    journal = desk.journal()
    journal.put(line_scan(3)[:4])
    journal.close()
    desk.sink.whole_runs = True
    wishes = [1.0, 1.0, None]
    desk.sink.settle = lambda: wishes.pop(0)
    follower = desk.follow()
    follower.round(desk.now)
    follower.look_soon()
    follower.round(desk.now)
    assert desk.sink.left == []
    follower.round(desk.now)
    desk.sink.settle = lambda: None
    desk.rounds(follower, seconds=LOOK_SECONDS)
    assert len(desk.sink.left) == 1


def test_a_sink_that_fails_to_leave_a_journal_keeps_nobody_from_it(desk):
    desk.sink.whole_runs = True
    journal, own = desk.journal(), desk.journal()
    documents = line_scan(3)
    journal.put(documents[:3])
    journal.close()

    def fail(runs):
        raise RuntimeError("the file is gone")

    desk.sink.leave = fail
    follower = desk.follow(own)
    desk.rounds(follower, seconds=LOOK_SECONDS)
    assert alive(journal.directory / "sinks" / desk.sink.name) is None
    assert desk.error() == ["RuntimeError: the file is gone"]
    own.put(documents)
    desk.rounds(follower)
    assert desk.sink.taken == documents[:3] + documents


def test_removed_journal_is_forgotten(desk):
    journal = desk.journal()
    journal.put(line_scan(3))
    journal.close()
    follower = desk.follow()
    desk.rounds(follower)
    for path in sorted(journal.directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    journal.directory.rmdir()
    assert desk.rounds(follower, 5, seconds=LOOK_SECONDS) > 0
    assert desk.error() == [None]


def test_sink_of_some_sessions_begins_with_their_own_journals_and_ends_those(desk):
    before, documents = desk.journal(), line_scan(3)
    before.put(documents)
    mine = desk.journal()
    follower = desk.follow(mine, others="ended", begin="own")
    mine.put(documents[:3])
    desk.rounds(follower)
    assert desk.sink.taken == documents[:3]
    follower.close()

    # A session without the sink, then one with it; the first of all has ended.
    between = desk.journal()
    between.put(documents)
    for journal in (mine, between):
        journal.put(documents[3:])
        journal.close()
    desk.sink = Notebook()
    desk.rounds(desk.follow(desk.journal(), others="ended", begin="own"))
    assert desk.sink.taken == documents[3:]
