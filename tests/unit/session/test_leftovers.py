"""What processes have left that died, as the index tells of it."""

import pytest
from unit.data.journals import Journal
from unit.data.streams import line_scan

from lapwing.errors import StateError
from lapwing.session import leftovers as module
from lapwing.session.leftovers import choose, leftovers
from lapwing.session.recover import close

COMMAND = {"mode": "command", "words": ["run", "a.py"]}
PROMPT = {"mode": "prompt", "plan": "scan([det], x, 0, 1, 5)"}


@pytest.fixture
def journal(tmp_path):
    made = []

    def begin(call, identity, time=1.0, points=None, scan_id=7):
        one = Journal(tmp_path)
        made.append(one)
        one.begin(call, identity=identity, time=time)
        if points is not None:
            one.put(line_scan(5, scan_id=scan_id)[: 2 + points])
        return one

    yield begin
    for one in made:
        one.close()


def leave(journal):
    journal.log.write([[13]])
    journal.close()


def test_nothing_is_left_where_nothing_was_begun(tmp_path):
    assert leftovers(tmp_path) == []
    with pytest.raises(StateError, match="there is nothing"):
        choose(tmp_path, 1)


def test_open_calls_and_scripts_between_two_plans_are_left_others_are_not(
    tmp_path, journal
):
    journal("open-script", COMMAND, 3.0, 2).close()
    journal("open-prompt", PROMPT, 2.0, 0, scan_id=8).close()
    between = journal("between", COMMAND, 1.0)
    between.end()
    between.close()
    idle = journal("idle prompt", PROMPT)
    idle.end()
    idle.close()
    over = journal("over", COMMAND)
    over.end()
    leave(over)
    journal("lives", COMMAND, points=1, scan_id=9)

    found = leftovers(tmp_path)

    assert [left.last.uid for left in found] == [
        "between",
        "open-prompt",
        "open-script",
    ]
    assert [left.title for left in found] == [
        "lapwing run a.py (it died after scan, between two plans)",
        "scan (scan 8, 0 of 5 points)",
        "scan (scan 7, 2 of 5 points)",
    ]
    assert [left.way_on for left in found] == [
        f"lapwing resume between --data-dir {tmp_path}",
        "RE.resume_from(8, scan([det], x, 0, 1, 5))",
        f"lapwing resume 7 --data-dir {tmp_path}",
    ]
    (alive,) = leftovers(tmp_path, living=True)
    assert alive.last.uid == "lives"
    assert alive.holder is not None


def test_what_ends_in_order_while_it_is_looked_for_is_not_left(
    tmp_path, journal, monkeypatch
):
    going = journal("going", COMMAND, points=1)
    journal("cut", COMMAND, points=1, scan_id=8).close()

    def alive_after_all(directory):
        if directory == going.directory:
            going.end()
            leave(going)
            journal("begun since", COMMAND, points=1, scan_id=9)
        return alive(directory)

    alive = module.alive
    monkeypatch.setattr(module, "alive", alive_after_all)
    assert [left.last.uid for left in leftovers(tmp_path)] == ["cut"]


def test_one_is_chosen_by_number_or_uid_and_a_wrong_number_is_no_uid(tmp_path, journal):
    journal("7890abcd-long", COMMAND, points=1).close()
    journal("789fffff-long", COMMAND, points=1, scan_id=8).close()
    journal("lives", COMMAND, points=1, scan_id=9)
    assert choose(tmp_path, 7).last.uid == "7890abcd-long"
    assert choose(tmp_path, "789f").last.uid == "789fffff-long"
    with pytest.raises(StateError, match="nothing that is unfinished goes by '78'"):
        choose(tmp_path, 78)
    with pytest.raises(StateError, match="2 unfinished things go by"):
        choose(tmp_path, "")
    with pytest.raises(StateError, match=r"scan 9, 1 of 5 points\) goes on in process"):
        choose(tmp_path, 9)


def test_closing_ends_the_open_run_and_is_done_once(tmp_path, journal):
    journal("open", PROMPT, points=2).close()
    (left,) = leftovers(tmp_path)
    closed = close(left, "enough")
    assert closed == [left.runs[0].uid]
    assert leftovers(tmp_path) == []
    assert close(left, "again") == []
