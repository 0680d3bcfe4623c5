"""Where a call that was cut off can go on, told by its records alone."""

import pytest

from lapwing import Msg
from lapwing.engine.recorder import MemoryStore
from lapwing.errors import FailedStatus, RequestAbort
from lapwing.journal.codec import Kind
from lapwing.journal.resume_state import UNKNOWN
from lapwing.journal.steps import resume_state
from lapwing.journal.transcript import Transcript


class Device:
    def __init__(self, name):
        self.name = name


X, DET = Device("x"), Device("det")


class Told:
    """A transcript in memory, told as an engine would."""

    def __init__(self):
        self.store = MemoryStore()
        self.transcript = Transcript(self.store)
        self.transcript.begin({"call": "c", "plan_name": "scan"})

    def say(self, command, obj=None, *args, answer=None, run=None, **kwargs):
        self.transcript.message(Msg(command, obj, *args, run=run, **kwargs), True)
        if answer is not None:
            self.transcript.sent(answer)

    def engine_says(self, command, obj=None, *args, **kwargs):
        self.transcript.message(Msg(command, obj, *args, **kwargs), False)

    def make(self, kind, /, **doc):
        self.transcript.document(kind, doc)

    def begin_run(self, uid="r", run=None, **md):
        self.say("open_run", run=run, **md)
        self.make("start", uid=uid, **md)
        self.transcript.sent(uid)

    def describe(self, stream="primary", run="r", uid=None, keys=("det",)):
        self.make(
            "descriptor",
            uid=uid or stream,
            name=stream,
            run_start=run,
            data_keys={key: {} for key in keys},
            object_keys={key: [key] for key in keys},
        )

    def event(self, number, stream="primary"):
        self.make(
            "event",
            descriptor=stream,
            seq_num=number,
            data={"det": 1.0},
            timestamps={"det": 1.0},
        )

    def point(self, number, run=None):
        self.say("create", name="primary", run=run)
        self.say("read", DET, run=run, answer={"det": {"value": 1, "timestamp": 1}})
        self.say("save", run=run)
        if number == 1:
            self.describe()
        self.event(number)

    @property
    def records(self):
        self.transcript.flush()
        return self.store.records

    @property
    def state(self):
        return resume_state(self.records)


@pytest.fixture
def told():
    return Told()


def test_a_call_that_said_nothing_begins_anew(told):
    state = told.state
    assert (state.index, state.response, state.obstacle) == (0, None, None)
    assert state.begun["plan_name"] == "scan"


def test_it_goes_on_behind_a_checkpoint_even_if_that_was_said_last(told):
    told.say("null")
    told.say("checkpoint")
    assert (told.state.index, told.state.response) == (2, None)
    told.say("set", X, 1)
    assert told.state.index == 2
    assert told.state.why == "checkpoint, message 2"


def test_a_checkpoint_that_was_refused_is_none(told):
    told.say("checkpoint")
    told.transcript.thrown(ValueError("no"))
    told.say("null")
    assert told.state.index == 0


def test_the_uid_of_a_run_is_its_answer_even_if_that_was_not_written(told):
    told.say("open_run", run="a")
    told.make("start", uid="r", scan_id=7)
    state = told.state
    assert (state.index, state.response) == (1, "r")
    assert state.runs["r"].key == "a"
    assert (state.run_uids, state.scan_id) == (("r",), 7)


def test_it_goes_on_behind_the_save_whose_event_was_made(told):
    told.begin_run()
    told.point(1)
    told.say("create", name="primary")
    told.say("read", DET)
    told.say("save")
    state = told.state
    assert (state.index, state.response) == (4, None)
    assert state.runs["r"].streams["primary"].seq_num == 1


def test_a_save_whose_descriptor_alone_was_made_is_said_again(told):
    told.begin_run()
    told.say("checkpoint")
    told.say("create", name="primary")
    told.say("read", DET)
    told.say("save")
    told.describe()
    state = told.state
    assert state.index == 2
    assert state.runs["r"].streams["primary"].seq_num == 0


def test_the_event_of_a_monitor_is_no_point(told):
    told.begin_run()
    told.say("monitor", X, name="watched")
    told.describe("watched", keys=("x",))
    assert told.state.index == 2
    told.say("create", name="primary")
    told.say("save")
    told.event(1, "watched")
    assert told.state.index == 2
    assert told.state.runs["r"].streams["watched"].seq_num == 1


def test_an_event_that_a_rewind_takes_again_is_not_the_one_that_is_waited_for(told):
    told.begin_run()
    told.point(1)
    told.say("create", name="primary")
    told.say("save")
    told.engine_says("save")
    told.event(1)
    assert told.state.index == 4
    told.engine_says("save")
    told.event(2)
    assert told.state.index == 6


def test_what_was_configured_counts_once_the_plan_was_told(told):
    told.begin_run()
    told.say("configure", DET, 2)
    told.describe(uid="second")
    assert told.state.index == 1
    told.transcript.sent([{}, {}])
    assert (told.state.index, told.state.response) == (2, UNKNOWN)


def test_within_a_collection_it_cannot_be_told_what_is_missing(told):
    told.begin_run()
    told.say("collect", DET)
    told.describe("flown")
    told.make("event_page", descriptor="flown", seq_num=[1, 2], data={})
    assert "'collect'" in told.state.obstacle
    told.say("null")
    assert told.state.obstacle is None
    # Another message follows, so the plan was told that there is nothing to return.
    assert (told.state.index, told.state.response) == (2, None)
    assert told.state.runs["r"].streams["flown"].seq_num == 2


def test_frames_are_counted_by_their_documents(told):
    told.begin_run()
    told.say("collect", DET)
    told.describe("flown")
    told.make("stream_resource", uid="file", run_start="r", data_key="det")
    told.make(
        "stream_datum", descriptor="flown", seq_nums={"start": 1, "stop": 6}, indices={}
    )
    told.say("null")
    stream = told.state.runs["r"].streams["flown"]
    assert (stream.seq_num, stream.resources) == (5, {"file": "det"})


def test_frames_of_an_event_that_was_not_made_are_not_counted(told):
    told.begin_run()
    told.point(1)
    told.say("create", name="primary")
    told.say("save")
    told.make("stream_datum", descriptor="primary", seq_nums={"start": 2, "stop": 3})
    assert told.state.runs["r"].streams["primary"].seq_num == 1


def test_a_declared_stream_tells_what_was_answered(told):
    told.begin_run()
    told.say("declare_stream", None, DET, name="primary")
    told.describe()
    descriptor, _, objs = told.state.response
    assert descriptor["name"] == "primary"
    assert [one.name for one in objs] == ["det"]


def test_what_a_plan_saw_before_it_moved_something_it_is_told_again(told):
    told.begin_run()
    told.say("checkpoint")
    told.transcript.note(1.0, None)
    assert told.state.index == 2
    told.say("set", X, 2)
    assert (told.state.index, told.state.response) == (3, UNKNOWN)
    assert told.state.why == "set, message 3"


@pytest.mark.parametrize("between", ["trigger", "read", "kickoff"])
def test_but_not_behind_what_cannot_be_restored(told, between):
    told.say("checkpoint")
    told.say(between, DET)
    told.transcript.note(1.0, None)
    told.say("set", X, 2)
    assert told.state.index == 1


def test_where_it_cannot_be_restored_a_look_before_a_first_move_is_an_obstacle(told):
    told.say("checkpoint")
    told.say("locate", X)
    told.transcript.sent({"readback": 1.0})
    told.say("trigger", DET)
    assert told.state.obstacle is None
    told.say("set", X, 2)
    assert "then set x" in told.state.obstacle
    told.say("checkpoint")
    told.say("null")
    assert told.state.obstacle is None


def test_what_was_set_before_it_was_looked_at_is_set_again_and_looked_at(told):
    told.say("set", X, 1)
    told.say("checkpoint")
    told.say("locate", X)
    told.transcript.sent({"readback": 1.0})
    told.say("trigger", DET)
    told.say("set", X, 2)
    assert (told.state.index, told.state.obstacle) == (2, None)


@pytest.mark.parametrize("between", ["null", "sleep", "input", "read"])
def test_it_goes_on_behind_what_leaves_nothing_to_be_done_again(told, between):
    told.say("checkpoint")
    told.say("locate", X)
    told.transcript.sent({"readback": 1.0})
    told.say(between)
    told.transcript.sent("answer")
    told.say("set", X, 2)
    assert told.state.index == 4


def test_an_event_that_was_only_begun_can_be_begun_again(told):
    told.begin_run()
    told.say("create", name="primary")
    told.transcript.note(1.0, None)
    told.say("set", X, 2)
    assert (told.state.index, told.state.obstacle) == (3, None)


def test_nor_behind_a_wait_whose_time_was_over(told):
    told.say("checkpoint")
    told.say("wait", group="g", answer=False)
    told.transcript.note(1.0, None)
    told.say("set", X, 2)
    assert told.state.index == 1


def test_clear_checkpoint_is_an_obstacle_until_the_next_one(told):
    told.say("checkpoint")
    told.say("clear_checkpoint")
    told.say("null")
    assert "clear_checkpoint" in told.state.obstacle
    told.say("checkpoint")
    assert told.state.obstacle is None


def test_what_must_not_be_repeated_is_an_obstacle_until_a_point_behind_it(told):
    told.begin_run()
    told.say("rewindable", None, False, answer=False)
    assert "rewindable False" in told.state.obstacle
    told.say("trigger", DET)
    told.say("rewindable", None, True, answer=True)
    assert "'trigger'" in told.state.obstacle
    told.say("checkpoint")
    assert told.state.obstacle is None


def test_who_was_being_aborted_does_not_go_on(told):
    told.say("checkpoint")
    told.transcript.thrown(RequestAbort("enough"))
    told.say("null")
    assert told.state.obstacle == "it was being aborted"


def test_an_error_of_a_device_is_no_obstacle(told):
    told.say("checkpoint")
    told.transcript.thrown(FailedStatus("x failed"))
    told.say("null")
    assert told.state.obstacle is None


def test_a_run_that_the_engine_closed_was_at_its_end(told):
    told.begin_run()
    told.say("null")
    told.make("stop", run_start="r")
    assert told.state.obstacle == "it was at its end"
    assert told.state.runs == {}


def test_a_call_that_ended_has_nothing_to_resume(told):
    told.begin_run()
    told.say("close_run")
    told.make("stop", run_start="r")
    assert (told.state.index, told.state.response) == (2, "r")
    told.transcript.end({})
    assert told.state.ended
    assert "nothing to resume" in told.state.obstacle


def test_after_a_resume_messages_are_counted_on_from_there(told):
    told.begin_run()
    told.say("checkpoint")
    told.say("set", X, 1)
    told.say("trigger", DET)
    told.transcript.resumed(2)
    assert told.state.index == 2
    told.engine_says("set", X, 0)
    told.say("set", X, 1)
    told.say("checkpoint")
    state = told.state
    assert (state.index, state.resumed) == (4, (2,))


def test_devices_that_were_disturbed_behind_the_point_are_named(told):
    told.say("set", DET, 1)
    told.say("checkpoint")
    told.say("set", X, 1)
    told.engine_says("set", X, 1)
    told.engine_says("set", Device("shutter"), 0)
    state = told.state
    assert state.disturbed == {"x"}
    assert state.set_by_engine == {"shutter"}


def test_wherever_it_is_cut_off_the_point_never_goes_back(told):
    told.begin_run()
    for number in (1, 2, 3):
        told.say("checkpoint")
        told.point(number)
    records = told.records
    points = [resume_state(records[:cut]).index for cut in range(len(records) + 1)]
    assert points == sorted(points)
    assert points[-1] == 13
    assert Kind.END not in [record[0] for record in records]


def test_a_set_behind_a_look_is_answered_anew_at_a_second_crash(told):
    told.begin_run()
    told.say("locate", DET)
    told.transcript.sent({"readback": 1.0})
    told.say("set", DET, 2.0)
    assert (told.state.index, told.state.response) == (3, UNKNOWN)
    told.transcript.resumed(3)
    assert (told.state.index, told.state.response) == (3, UNKNOWN)


def test_what_was_read_into_an_event_and_then_moved_cannot_be_read_again(told):
    told.begin_run()
    told.say("create", name="primary")
    told.say("read", X, answer={"x": {"value": 0.0, "timestamp": 1}})
    assert told.state.obstacle is None

    told.say("set", X, 1.0, group="x")

    assert "had looked where something is, and then set x" in told.state.obstacle


def test_what_was_read_into_an_event_is_read_again_if_it_was_set_before_that(told):
    told.begin_run()
    told.say("set", X, 0.0, group="x")
    told.say("wait", group="x", answer=True)
    told.say("create", name="primary")
    told.say("read", X, answer={"x": {"value": 0.0, "timestamp": 1}})
    told.say("set", X, 1.0, group="x")

    assert told.state.obstacle is None
