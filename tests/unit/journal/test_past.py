from lapwing import Msg
from lapwing.journal.codec import Kind
from lapwing.journal.log import Log
from lapwing.journal.past import past_calls
from lapwing.journal.transcript import Transcript


def write(directory, *, end_last):
    with Log(directory, sync_interval=0) as log:
        transcript = Transcript(log, identify=lambda: {"number": 1})
        for number in range(2):
            transcript.begin({"call": f"call{number}", "plan_name": "count"})
            transcript.message(Msg("open_run"), True)
            transcript.document("start", {"uid": f"run{number}"})
            if number == 0 or end_last:
                transcript.document("stop", {"run_start": f"run{number}"})
                transcript.end({"exit_status": "success"})
        transcript.flush()


def test_calls_are_found_with_their_begin_and_end(tmp_path):
    write(tmp_path / "j", end_last=True)

    first, second = past_calls(tmp_path / "j")

    assert (first.uid, first.plan_name, first.identity) == (
        "call0",
        "count",
        {"number": 1},
    )
    assert first.ended == second.ended == {"exit_status": "success"}
    assert (first.first, first.stop, second.first, second.stop) == (0, 5, 5, 10)
    assert second.starts == ({"uid": "run1"},)
    assert second.stopped == {"run1"}


def test_a_call_that_did_not_end_says_so(tmp_path):
    write(tmp_path / "j", end_last=False)

    _, last = past_calls(tmp_path / "j")

    assert last.ended is None
    assert last.stopped == set()
    assert [r[0] for r in last] == [Kind.BEGIN, "open_run", Kind.DOCUMENT]


def test_a_call_can_be_read_again_and_again(tmp_path):
    write(tmp_path / "j", end_last=True)
    first, _ = past_calls(tmp_path / "j")

    assert list(first) == list(first)
    assert [name for name, _ in first.documents()] == ["start", "stop"]


def test_an_empty_journal_holds_no_calls(tmp_path):
    with Log(tmp_path / "j", sync_interval=0):
        pass
    assert past_calls(tmp_path / "j") == []
