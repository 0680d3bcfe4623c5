"""What an engine does with a plan from start to end."""

import asyncio

import pytest
from kit import AsyncDetector, Detector, Documents, Motor, make_engine, until

from lapwing import Engine, Msg
from lapwing.engine import MemoryRecorder, recorded
from lapwing.errors import (
    DocumentError,
    FailedStatus,
    IllegalMessageSequence,
    InvalidCommand,
    MetadataError,
    MismatchedReadError,
    NoReadingError,
    NotAPlanError,
    PlanArgumentError,
    StateError,
    TransitionError,
    UnsupportedDeviceError,
    WaitForTimeoutError,
)
from lapwing.journal.codec import Kind


def run(engine, plan, *args, **md):
    return asyncio.run(engine.run(plan, *args, **md))


def event(*objs, name="primary"):
    yield Msg("create", name=name)
    for obj in objs:
        yield Msg("read", obj)
    yield Msg("save")


def one_run(*inner):
    uid = yield Msg("open_run", plan_name="test")
    for messages in inner:
        yield from messages
    yield Msg("close_run")
    return uid


def test_a_run_leaves_start_descriptor_events_and_stop():
    engine, docs = make_engine()
    det, motor = Detector(), Motor()
    result = run(engine, one_run(event(det, motor), event(det, motor)), sample="gold")
    assert docs.names == ["start", "descriptor", "event", "event", "stop"]
    start, descriptor = docs.all[0][1], docs.all[1][1]
    assert start["sample"] == "gold"
    assert start["scan_id"] == 1
    assert start["plan_type"] == "generator"
    assert descriptor["data_keys"]["det"]["object_name"] == "det"
    assert descriptor["configuration"]["det"]["data"] == {"det_gain": 2}
    assert descriptor["object_keys"] == {"det": ["det"], "m": ["m"]}
    assert docs.all[-1][1]["num_events"] == {"primary": 2}
    assert result.plan_result == start["uid"] == result.run_start_uids[0]
    assert result.exit_status == "success"
    assert not result.interrupted
    assert engine.state == "idle"


def test_metadata_of_the_call_beats_the_plans_and_that_the_engines():
    engine, docs = make_engine()
    engine.md.update(a="engine", b="engine", c="engine")
    run(engine, [Msg("open_run", a="plan", b="plan"), Msg("close_run")], a="call")
    start = docs.named("start")[0]
    assert (start["a"], start["b"], start["c"]) == ("call", "plan", "engine")
    assert start["plan_type"] == "list"


def test_metadata_that_cannot_be_written_is_named_and_no_run_opens():
    engine, docs = make_engine()
    with pytest.raises(
        MetadataError, match=r"metadata 'sample\.form' is of type object"
    ):
        run(engine, [Msg("open_run", sample={"form": object()})])
    assert docs.all == []
    assert engine.state == "idle"


def test_a_validator_refuses_and_a_normalizer_replaces_metadata():
    def refuse(md):
        if "sample" not in md:
            raise ValueError("no sample")

    engine, docs = make_engine(
        md_validator=refuse, md_normalizer=lambda md: {**md, "normal": True}
    )
    with pytest.raises(ValueError, match="no sample"):
        run(engine, [Msg("open_run")])
    run(engine, [Msg("open_run", sample="x"), Msg("close_run")])
    assert docs.named("start")[0]["normal"] is True


@pytest.mark.parametrize("plan", [5, "count", {"a": 1}, make_engine, None])
def test_what_is_no_plan_is_refused_with_a_hint(plan):
    engine, _ = make_engine()
    with pytest.raises(NotAPlanError, match="is no plan"):
        run(engine, plan)
    assert engine.state == "idle"


def test_a_plan_that_yields_no_message_is_told_so_at_its_yield():
    engine, _ = make_engine()
    seen = []

    def plan():
        try:
            yield 5
        except NotAPlanError as exc:
            seen.append(exc)
        yield Msg("null")

    run(engine, plan())
    assert "yielded 5" in str(seen[0])


def test_a_message_alone_is_a_plan():
    engine, _ = make_engine()
    assert run(engine, Msg("null")).exit_status == "success"


def test_an_unknown_verb_is_thrown_at_the_yield():
    engine, _ = make_engine()
    with pytest.raises(InvalidCommand, match="'dance' is no command"):
        run(engine, [Msg("dance")])


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([Msg("save")], "'save' came while no run is open"),
        ([Msg("open_run"), Msg("save")], "'save' came without a 'create'"),
        ([Msg("open_run"), Msg("drop")], "'drop' came without a 'create'"),
        ([Msg("close_run")], "'close_run' came while no run is open"),
        ([Msg("open_run"), Msg("open_run")], "'open_run' came while a run is open"),
        (
            [Msg("open_run"), Msg("create", name="a"), Msg("create", name="b")],
            "while an event of stream 'a' was open",
        ),
        (
            [Msg("open_run"), Msg("create", name="a"), Msg("checkpoint")],
            "'checkpoint' came between",
        ),
        ([Msg("save", run="x")], "no run 'x'"),
    ],
)
def test_messages_out_of_order_are_refused(messages, text):
    engine, docs = make_engine()
    with pytest.raises(IllegalMessageSequence, match=text):
        run(engine, messages)
    assert len(docs.named("start")) == len(docs.named("stop"))
    assert all(stop["exit_status"] == "fail" for stop in docs.named("stop"))
    assert engine.state == "idle"


def test_create_needs_a_name():
    engine, _ = make_engine()
    with pytest.raises(PlanArgumentError, match="name of a stream"):
        run(engine, [Msg("open_run"), Msg("create")])


def test_an_event_of_nothing_is_no_event():
    engine, docs = make_engine()
    run(engine, one_run(event()))
    assert docs.names == ["start", "stop"]
    assert docs.all[-1][1]["num_events"] == {}


def test_a_dropped_event_leaves_no_trace():
    engine, docs = make_engine()
    messages = [Msg("create", name="primary"), Msg("read", Detector()), Msg("drop")]
    run(engine, [Msg("open_run"), *messages, Msg("close_run")])
    assert docs.names == ["start", "stop"]


def test_other_devices_in_a_stream_are_refused_but_another_order_is_not():
    engine, docs = make_engine()
    det, motor = Detector(), Motor()
    run(engine, one_run(event(det, motor), event(motor, det)))
    assert len(docs.named("event")) == 2
    with pytest.raises(MismatchedReadError, match="began with"):
        run(engine, one_run(event(det, motor), event(det)))


def test_two_devices_with_one_data_key_are_refused():
    engine, _ = make_engine()
    with pytest.raises(PlanArgumentError, match="both give the data key 'det'"):
        run(engine, one_run(event(Detector("det"), Detector("det"))))


def test_a_reading_without_a_run_is_just_a_reading():
    engine, docs = make_engine()
    det = AsyncDetector()

    def plan():
        return (yield Msg("read", det))

    assert run(engine, plan()).plan_result["det"]["value"] == 1
    assert docs.all == []


def test_a_device_that_lacks_what_the_message_needs_is_named():
    engine, _ = make_engine()
    with pytest.raises(UnsupportedDeviceError, match="m cannot be used with 'trigger'"):
        run(engine, [Msg("trigger", Motor())])
    with pytest.raises(UnsupportedDeviceError, match="has no name, read, describe"):
        run(engine, [Msg("read", object())])


def test_runs_are_told_apart_by_their_keys():
    engine, docs = make_engine()
    det = Detector()
    run(
        engine,
        [
            Msg("open_run", run="a"),
            Msg("open_run", run="b"),
            Msg("create", name="primary", run="b"),
            Msg("read", det, run="b"),
            Msg("save", run="b"),
            Msg("close_run", run="a"),
            Msg("close_run", run="b"),
        ],
    )
    uids = [start["uid"] for start in docs.named("start")]
    assert docs.named("descriptor")[0]["run_start"] == uids[1]
    assert [stop["run_start"] for stop in docs.named("stop")] == uids


def test_a_plan_left_without_closing_its_run_has_it_closed():
    engine, docs = make_engine()
    run(engine, [Msg("open_run")])
    assert docs.named("stop")[0]["exit_status"] == "success"


def test_what_a_subscriber_raises_reaches_the_plan_at_that_message():
    engine, _ = make_engine()
    at = []

    def plan():
        try:
            yield Msg("open_run")
        except ZeroDivisionError:
            at.append("open_run")
        yield Msg("null")

    def fail(name, doc):
        if name == "start":
            raise ZeroDivisionError

    engine.subscribe(fail)
    run(engine, plan())
    assert at == ["open_run"]
    assert engine.state == "idle"


def test_subscribers_of_a_call_hear_only_that_call():
    engine, _ = make_engine()
    everything, starts = Documents(), Documents()
    run(engine, one_run(), {"all": everything, "start": [starts]})
    run(engine, one_run(), everything)
    run(engine, one_run())
    assert everything.names == ["start", "stop"] * 2
    assert starts.names == ["start"]


def test_a_plan_may_subscribe_for_its_own_time():
    engine, _ = make_engine()
    mine = Documents()

    def plan():
        token = yield Msg("subscribe", None, mine, "all")
        yield from one_run()
        yield Msg("unsubscribe", token=token)
        yield from one_run()
        yield Msg("subscribe", None, mine, "start")

    run(engine, plan())
    run(engine, one_run())
    assert mine.names == ["start", "stop"]


def test_preprocessors_wrap_with_the_last_outermost():
    order = []

    def wrap(label):
        def preprocess(plan):
            order.append(label)
            yield Msg("null", label)
            yield from plan

        return preprocess

    engine, _ = make_engine(preprocessors=[wrap("inner"), wrap("outer")])
    run(engine, [Msg("null")])
    assert order == ["outer", "inner"]


def test_hooks_hear_messages_states_and_waits():
    engine, _ = make_engine()
    messages, states, waits = [], [], []
    engine.msg_hook = messages.append
    engine.state_hook = lambda new, old: states.append((str(old), str(new)))
    engine.waiting_hook = waits.append
    motor = Motor(by_hand=True)

    def plan():
        status = yield Msg("set", motor, 1, group="g")
        asyncio.get_running_loop().call_soon(status.set_finished)
        yield Msg("wait", group="g")

    run(engine, plan())
    assert [msg.command for msg in messages] == ["set", "wait"]
    assert states == [("idle", "running"), ("running", "idle")]
    assert waits == [set(motor.pending), None]


# ---------------------------------------------------------------- statuses


def test_wait_returns_when_all_of_the_group_are_done():
    engine, _ = make_engine()
    a, b = Motor("a", by_hand=True), Motor("b", by_hand=True)

    def plan():
        loop = asyncio.get_running_loop()
        first = yield Msg("set", a, 1, group="g")
        second = yield Msg("set", b, 1, group="g")
        loop.call_soon(first.set_finished)
        loop.call_soon(loop.call_soon, second.set_finished)
        answer = yield Msg("wait", group="g")
        return answer, first.done, second.done

    assert run(engine, plan()).plan_result == (True, True, True)


def test_an_unknown_group_is_done():
    engine, _ = make_engine()

    def plan():
        return (yield Msg("wait", None, "nobody"))

    assert run(engine, plan()).plan_result is True


def test_a_wait_that_takes_too_long_names_who_is_not_done_and_can_be_repeated():
    engine, _ = make_engine()
    motor = Motor("slow", by_hand=True)

    def plan():
        status = yield Msg("set", motor, 1, group="g")
        late = yield Msg("wait", group="g", timeout=0.001, error_on_timeout=False)
        try:
            yield Msg("wait", group="g", timeout=0.001)
        except WaitForTimeoutError as exc:
            text = str(exc)
        status.set_finished()
        return late, text, (yield Msg("wait", group="g"))

    late, text, last = run(engine, plan()).plan_result
    assert late is False
    assert "slow (set)" in text
    assert last is True


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_failure_is_told_at_the_next_message_with_device_and_cause(elsewhere):
    engine, _ = make_engine()
    motor = Motor("x", by_hand=True)

    def plan():
        status = yield Msg("set", motor, 3.5, group="g")
        loop = asyncio.get_running_loop()
        if elsewhere:
            loop.run_in_executor(None, status.set_exception, OSError("no power"))
        else:
            loop.call_soon(status.set_exception, OSError("no power"))
        yield Msg("wait", group="g")

    plan.__name__ = "test_plan"
    with pytest.raises(FailedStatus, match=r"x failed to set 3\.5: no power") as caught:
        run(engine, plan())
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.status is motor.pending[0]
    assert motor.stops == 1


def test_a_failure_that_nobody_waits_for_is_told_too_and_the_group_is_gone():
    engine, _ = make_engine()
    motor = Motor("x", by_hand=True)
    seen = []

    def plan():
        status = yield Msg("set", motor, 1, group="g")
        status.set_exception(OSError("no power"))
        try:
            yield Msg("null")
        except FailedStatus as exc:
            seen.append(exc)
        return (yield Msg("wait", group="g"))

    assert run(engine, plan()).plan_result is True
    assert len(seen) == 1


def test_two_failures_are_told_one_at_a_time():
    engine, _ = make_engine()
    motor = Motor("x", by_hand=True)
    seen = []

    def plan():
        first = yield Msg("set", motor, 1, group="a")
        second = yield Msg("set", motor, 2, group="b")
        first.set_exception(OSError("first"))
        second.set_exception(OSError("second"))
        for _ in range(2):
            try:
                yield Msg("null")
            except FailedStatus as exc:
                seen.append(str(exc.__cause__))

    run(engine, plan())
    assert seen == ["first", "second"]


def test_a_failed_watched_group_ends_the_wait():
    engine, _ = make_engine()
    a, b = Motor("a", by_hand=True), Motor("b", by_hand=True)

    def plan():
        yield Msg("set", a, 1, group="slow")
        status = yield Msg("set", b, 1, group="watched")
        asyncio.get_running_loop().call_soon(status.set_exception, OSError("b broke"))
        yield Msg("wait", group="slow", watch=("watched",))

    with pytest.raises(FailedStatus, match="b broke"):
        run(engine, plan())


def test_a_failure_after_the_end_is_pardoned():
    engine, _ = make_engine()
    motor = Motor("x", by_hand=True)
    motor.stop = lambda success=True: None

    run(engine, [Msg("set", motor, 1)])
    motor.pending[0].set_exception(OSError("late"))
    assert run(engine, [Msg("null")]).exit_status == "success"


# ---------------------------------------------------------------- the end


def test_at_the_end_what_moved_is_stopped_and_what_is_staged_unstaged_in_reverse():
    engine, _ = make_engine()
    order = []
    a, b, motor = Detector("a"), Detector("b"), Motor()
    for det in (a, b):
        det.unstage = lambda det=det: order.append(det.name) or [det]
    run(engine, [Msg("stage", a), Msg("stage", b), Msg("set", motor, 1)])
    assert order == ["b", "a"]
    assert motor.stops == 1


def test_unstaging_is_waited_for():
    engine, _ = make_engine()
    det = Detector()
    done = []

    def unstage():
        from lapwing.status import status_of

        async def later():
            await asyncio.sleep(0)
            done.append(True)

        return status_of(later())

    det.unstage = unstage
    run(engine, [Msg("stage", det)])
    assert done == [True]


def test_a_device_that_fails_or_hangs_in_cleanup_keeps_nothing_else_from_it(caplog):
    engine, docs = make_engine(cleanup_timeout=0.01)
    bad, hung, good = Motor("bad"), Motor("hung"), Motor("good")

    def fail(success=True):
        raise OSError("dead")

    async def hang(success=True):
        await asyncio.Event().wait()

    bad.stop, hung.stop = fail, hang
    plan = [Msg("open_run"), *(Msg("set", m, 1) for m in (bad, hung, good))]
    run(engine, plan)
    assert good.stops == 1
    assert docs.names == ["start", "stop"]
    assert "bad failed to stop: dead" in caplog.text
    assert "hung has not finished its stop within 0.01 s" in caplog.text
    assert engine.state == "idle"


def test_a_plan_that_fails_has_its_run_closed_as_failed_with_the_reason():
    engine, docs = make_engine()

    def plan():
        yield Msg("open_run")
        raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError):
        run(engine, plan())
    stop = docs.named("stop")[0]
    assert (stop["exit_status"], stop["reason"]) == ("fail", "oh")
    assert run(engine, [Msg("null")]).exit_status == "success"


def test_only_one_plan_at_a_time():
    engine, _ = make_engine()

    async def main():
        async def second():
            with pytest.raises(StateError, match="cannot start another plan"):
                await engine.run([Msg("null")])

        def plan():
            yield Msg("wait_here")

        async def wait_here(call, msg):
            await second()

        engine.verbs["wait_here"] = wait_here
        await engine.run(plan())

    asyncio.run(main())


def test_idle_engines_cannot_be_interrupted():
    engine, _ = make_engine()
    with pytest.raises(TransitionError, match="only a running plan can be paused"):
        engine.request_pause()
    for verb in (engine.resume, engine.abort, engine.stop, engine.halt):
        with pytest.raises(TransitionError, match="there is no plan"):
            asyncio.run(verb())


def test_cancelling_the_task_that_runs_a_plan_aborts_it():
    engine, docs = make_engine()
    motor = Motor(by_hand=True)

    async def main():
        plan = [
            Msg("open_run"),
            Msg("set", motor, 1, group="g"),
            Msg("wait", group="g"),
        ]
        task = asyncio.create_task(engine.run(plan))
        await until(lambda: motor.moves)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    stop = docs.named("stop")[0]
    assert stop["exit_status"] == "abort"
    assert "cancelled" in stop["reason"]
    assert motor.stops == 1
    assert engine.state == "idle"


def test_others_on_the_loop_get_their_turn_beside_a_fast_plan():
    engine, _ = make_engine()
    turns = []

    async def main():
        async def other():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await engine.run(Msg("null") for _ in range(20_000))
        task.cancel()

    asyncio.run(main())
    assert len(turns) > 2


# ---------------------------------------------------------------- recording


def test_a_recorder_hears_all_that_a_plan_says_hears_and_makes_in_order():
    recorder = MemoryRecorder()
    engine, docs = make_engine(recorder=recorder)

    def plan():
        value = recorded(lambda: 7)
        yield Msg("open_run")
        yield Msg("null")
        return value

    assert run(engine, plan(), sample="a").plan_result == 7
    start, stop = docs.named("start")[0], docs.named("stop")[0]
    begin, *records, end = recorder.records
    assert begin[0] == Kind.BEGIN
    assert begin[1]["metadata"] == {"sample": "a"}
    assert records == [
        [Kind.NOTE, 7],
        ["open_run", None, [], {}, None],
        [Kind.DOCUMENT, "start", start],
        [Kind.SENT, start["uid"]],
        ["null", None, [], {}, None],
        [Kind.DOCUMENT, "stop", stop],
    ]
    assert end[0] == Kind.END
    assert end[1]["run_uids"] == [start["uid"]]
    assert (end[1]["value"], end[1]["exit_status"]) == (7, "success")


def notes_of(recorder):
    kinds = (Kind.NOTE, Kind.NOTE_ERROR)
    return [r[1] for r in recorder.records if r[0] in kinds]


def test_a_look_that_fails_is_noted_and_fails():
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    trouble = OSError(2, "no such file")

    def look():
        raise trouble

    def plan():
        with pytest.raises(OSError, match="no such file") as caught:
            recorded(look)
        yield Msg("null")
        return caught.value

    assert run(engine, plan()).plan_result is trouble
    (noted,) = notes_of(recorder)
    assert (noted.name, noted.args) == ("FileNotFoundError", (2, "no such file"))


def test_an_order_that_comes_while_looking_is_no_note():
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)

    def look():
        raise GeneratorExit

    def plan():
        with pytest.raises(GeneratorExit):
            recorded(look)
        assert recorded(lambda: 1) == 1
        yield Msg("null")

    run(engine, plan())
    assert notes_of(recorder) == [1]


def test_a_look_within_a_look_makes_one_note():
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)

    def plan():
        total = recorded(lambda: recorded(lambda: 1) + recorded(lambda: 2))
        yield Msg("null")
        return total + recorded(lambda: 4)

    assert run(engine, plan()).plan_result == 7
    assert notes_of(recorder) == [3, 4]


def test_outside_an_engine_recorded_just_looks():
    assert recorded(lambda: 3) == 3


def test_a_fresh_engine_has_no_metadata_of_its_own():
    assert dict(Engine().md) == {}


# ---------------------------------------------------------------- what is no reading


@pytest.mark.parametrize(
    ("second", "error"),
    [
        ({"a": {"value": 7, "timestamp": 1.0}}, PlanArgumentError),
        ({"b": {"value": 7}}, DocumentError),
        ({"c": {"value": 1, "timestamp": 1.0}, "b": 5}, DocumentError),
    ],
)
def test_a_reading_that_is_refused_leaves_the_event_as_it_was(second, error):
    engine, docs = make_engine()
    first, bad = Detector("a"), Detector("a" if error is PlanArgumentError else "b")

    def plan():
        yield Msg("open_run")
        yield Msg("create", name="primary")
        yield Msg("read", first)
        bad.read = lambda: second
        with pytest.raises(error):
            yield Msg("read", bad)
        yield Msg("save")

    assert run(engine, plan()).exit_status == "success"
    assert docs.points() == {1: {"a": 1}}


def test_a_data_key_that_is_anothers_and_was_not_described_is_refused():
    engine, _ = make_engine()
    first, liar = Detector("a"), Detector("b")
    liar.read = first.read
    with pytest.raises(DocumentError, match="'b' gave a data key it did not describe"):
        run(engine, one_run(event(first, liar)))


def test_a_device_that_reads_nothing_is_named():
    engine, _ = make_engine()
    det = Detector()
    det.read = lambda: None
    with pytest.raises(NoReadingError, match=r"det: read\(\) returned None"):
        run(engine, one_run(event(det)))


def test_a_run_closed_with_no_known_status_is_open_still():
    engine, docs = make_engine()

    def plan():
        yield Msg("open_run")
        with pytest.raises(DocumentError, match="exit_status"):
            yield Msg("close_run", exit_status="well")
        yield Msg("close_run")

    assert run(engine, plan()).exit_status == "success"
    assert docs.names == ["start", "stop"]


def test_what_a_normaliser_changes_stays_as_it_is_in_the_engine():
    def normalise(md):
        md["sample"]["name"] = md["sample"]["name"].upper()
        return md

    checked = []
    engine, docs = make_engine(md_normalizer=normalise, md_validator=checked.append)
    engine.md["sample"] = {"name": "gold"}
    run(engine, [Msg("open_run")])
    assert docs.named("start")[0]["sample"] == {"name": "GOLD"}
    assert engine.md["sample"] == {"name": "gold"}
    assert checked[0]["sample"] == {"name": "gold"}


def test_a_validator_may_refuse_a_run():
    def refuse(md):
        raise ValueError("no proposal")

    engine, docs = make_engine(md_validator=refuse)
    with pytest.raises(ValueError, match="no proposal"):
        run(engine, [Msg("open_run")])
    assert docs.all == []


def test_the_number_of_a_scan_may_come_from_elsewhere():
    async def source(md):
        return 77

    engine, docs = make_engine(scan_id_source=source)
    run(engine, [Msg("open_run")])
    assert docs.named("start")[0]["scan_id"] == engine.md["scan_id"] == 77


def test_a_loop_that_ends_ends_the_plan_with_it():
    engine, docs = make_engine()
    motor = Motor(by_hand=True)

    async def main():
        asyncio.ensure_future(  # noqa: RUF006 - nobody waits for it
            engine.run(
                [
                    Msg("open_run"),
                    Msg("set", motor, 1, group="g"),
                    Msg("wait", None, "g"),
                ]
            )
        )
        await until(lambda: motor.moves)

    asyncio.run(main())
    assert engine.state == "idle"
    assert motor.stops == 1
    assert docs.named("stop")[0]["exit_status"] == "abort"
    assert "cancelled" in docs.named("stop")[0]["reason"]
