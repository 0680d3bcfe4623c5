"""What is asked, refused and shown when a call that was cut off is resumed."""

import asyncio
import contextlib

import numpy as np
import pytest
from kit import Detector, Motor, make_engine

from lapwing import Msg, recorded
from lapwing import plan_stubs as bps
from lapwing.devices import SoftDetector, SoftMotor
from lapwing.engine import MemoryRecorder
from lapwing.engine.preview import RunSoFar
from lapwing.engine.resume import close_call
from lapwing.errors import (
    FailedStatus,
    LimitError,
    ReplayMismatchError,
    ResumeError,
    StateError,
)
from lapwing.journal.codec import Kind
from lapwing.plans import count, scan
from lapwing.status import Status


def cut_off(plan, after):
    """Return the records of a call up to a number of events."""
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    asyncio.run(engine.run(plan, operator="me"))
    events = 0
    for number, record in enumerate(recorder.records):
        events += record[0] == Kind.DOCUMENT and record[1] == "event"
        if events == after:
            return recorder.records[: number + 1]
    raise AssertionError("there are not as many events")


def resume(records, plan, confirm=lambda preview: True):
    recorder = MemoryRecorder()
    recorder.store.records += records
    engine, docs = make_engine(recorder=recorder)
    try:
        result = asyncio.run(engine.resume_call(records, plan, confirm=confirm))
    finally:
        assert engine.state == "idle"
    return result, recorder.records, docs


def stops(records):
    kinds = (Kind.DOCUMENT, "stop")
    return [r[2] for r in records if (r[0], r[1]) == kinds]


def test_what_will_be_done_is_shown_before_anything_is_touched():
    records = cut_off(scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3), after=2)
    x, shown = SoftMotor("x", 7.0), []

    def confirm(preview):
        shown.append(preview)
        assert x.position == 7.0
        return True

    resume(records, scan([SoftDetector("det")], x, 0, 2, 3), confirm)

    (preview,) = shown
    assert preview.plan_name == "scan"
    assert preview.runs == (RunSoFar(1, 2, 3),)
    (move,) = preview.moves
    assert (move.device, move.start, move.target) == ("x", 7.0, 1.0)
    assert str(preview).splitlines() == [
        "scan 1 (scan) goes on after point 2 of 3. Before that:",
        "  move x from 7 to 1 mm",
        "  note: x was at 1 and is at 7 now: it was moved since",
    ]


def test_nothing_else_begins_while_a_person_is_asked():
    records = cut_off(scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3), after=2)
    recorder = MemoryRecorder()
    recorder.store.records += records
    engine, docs = make_engine(recorder=recorder)
    plan = scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3)

    async def confirm(preview):
        for begin in (
            engine.run([Msg("open_run")]),
            engine.resume_call(records, [], confirm=lambda preview: True),
        ):
            with pytest.raises(StateError, match="taking up a call"):
                await begin
        return True

    result = asyncio.run(engine.resume_call(records, plan, confirm=confirm))
    assert result.exit_status == "success"
    assert len(docs.named("stop")) == 1
    asyncio.run(engine.run([Msg("null")]))


def test_an_answer_may_be_awaited_and_no_leaves_all_as_it_was():
    records = cut_off(scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3), after=2)
    x = SoftMotor("x", 7.0)

    async def refuse(preview):
        return False

    with pytest.raises(ResumeError, match="not agreed"):
        resume(records, scan([SoftDetector("det")], x, 0, 2, 3), refuse)
    assert x.position == 7.0


def test_the_uids_and_the_metadata_of_the_call_stay():
    records = cut_off(count([SoftDetector("det")], 3), after=1)

    result, after, docs = resume(records, count([SoftDetector("det")], 3))

    start = docs.named("start")[0]
    assert result.run_start_uids == (start["uid"],)
    assert start["operator"] == "me"
    assert [one["seq_num"] for one in docs.named("event")] == [1, 2, 3]
    assert len({one["descriptor"] for one in docs.named("event")}) == 1
    assert after[-1][1]["run_uids"] == [start["uid"]]


def test_a_plan_that_says_something_else_closes_its_run_and_shows_both():
    records = cut_off(scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3), after=2)
    x = SoftMotor("x")
    recorder = MemoryRecorder()
    engine, docs = make_engine(recorder=recorder)

    with pytest.raises(ReplayMismatchError) as caught:
        asyncio.run(
            engine.resume_call(
                records,
                scan([SoftDetector("det")], x, 0, 4, 3),
                confirm=lambda preview: True,
            )
        )

    assert "num_points" not in str(caught.value)
    assert "'args': ['<SoftMotor x>', 0, 2]" in str(caught.value)
    assert "'args': ['<SoftMotor x>', 0, 4]" in str(caught.value)
    (stop,) = stops(recorder.records)
    assert stop["exit_status"] == "abort"
    assert "and is now open_run" in stop["reason"]
    assert stop["num_events"] == {"primary": 2}
    assert recorder.records[-1][0] == Kind.END
    assert docs.names == ["stop"]
    assert x.position == 0.0


def wandering(x, det, targets):
    yield from bps.open_run()
    for target in targets:
        yield from bps.checkpoint()
        yield from bps.mv(x, target)
        yield from bps.trigger_and_read([det])
    yield from bps.close_run()


def test_the_difference_of_a_set_point_is_shown():
    records = cut_off(wandering(SoftMotor("x"), SoftDetector("det"), [1, 2, 3]), 2)

    with pytest.raises(ReplayMismatchError, match=r"was set\(x, 2.*is now set\(x, 5"):
        resume(records, wandering(SoftMotor("x"), SoftDetector("det"), [1, 5, 3]))


def test_a_plan_that_ends_too_early_is_a_difference():
    records = cut_off(wandering(SoftMotor("x"), SoftDetector("det"), [1, 2, 3]), 2)

    with pytest.raises(ReplayMismatchError, match="is now close_run"):
        resume(records, wandering(SoftMotor("x"), SoftDetector("det"), [1]))


def test_a_plan_that_raises_is_a_difference():
    records = cut_off(wandering(SoftMotor("x"), SoftDetector("det"), [1, 2, 3]), 2)

    def breaks():
        yield Msg("open_run")
        raise RuntimeError("broken")

    with pytest.raises(ReplayMismatchError, match="it raised RuntimeError"):
        resume(records, breaks())


def counted(det, numbers):
    yield from bps.open_run()
    for _ in range(3):
        yield from bps.checkpoint()
        number = recorded(lambda: next(numbers))
        yield from bps.null()
        yield from bps.trigger_and_read([det], name=f"number{number}")
    yield from bps.close_run()


def test_what_is_looked_at_by_recorded_is_what_it_was():
    det = SoftDetector("det")
    records = cut_off(counted(det, iter([5, 6, 7])), after=2)

    _, _, docs = resume(records, counted(SoftDetector("det"), iter([100, 200])))

    names = [one["name"] for one in docs.named("descriptor")]
    assert names == ["number5", "number6", "number100"]


def test_a_look_that_was_not_made_before_is_a_difference():
    def plan(looks):
        yield Msg("open_run")
        for _ in range(looks):
            recorded(lambda: 1)
        yield Msg("create", name="primary")
        yield Msg("read", det)
        yield Msg("save")

    det = SoftDetector("det")
    records = cut_off(plan(1), after=1)

    with pytest.raises(ReplayMismatchError, match="looks outside itself where"):
        resume(records, plan(2))
    with pytest.raises(ReplayMismatchError, match="less often"):
        resume(records, plan(0))


def test_a_plan_without_a_checkpoint_to_come_back_to_is_not_resumed():
    def plan(det):
        yield from bps.open_run()
        yield from bps.clear_checkpoint()
        yield from bps.trigger_and_read([det])
        yield from bps.close_run()

    records = cut_off(plan(SoftDetector("det")), after=1)

    with pytest.raises(ResumeError, match="clear_checkpoint"):
        resume(records, plan(SoftDetector("det")))


def test_two_devices_of_one_name_cannot_be_told_apart():
    def plan(*dets):
        yield Msg("open_run")
        for number, det in enumerate(dets):
            yield Msg("create", name=f"stream{number}")
            yield Msg("read", det)
            yield Msg("save")

    records = cut_off(plan(one := SoftDetector("det"), one), after=2)

    with pytest.raises(ResumeError, match="two devices of the plan are named 'det'"):
        resume(records, plan(SoftDetector("det"), SoftDetector("det")))


def test_a_position_that_is_beyond_a_limit_now_is_refused_before_anything_moves():
    records = cut_off(scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3), after=2)
    x = SoftMotor("x", 0.0, limits=(-0.5, 0.5))

    with pytest.raises(LimitError):
        resume(records, scan([SoftDetector("det")], x, 0, 2, 3))
    assert x.position == 0.0


def test_a_device_that_describes_other_data_now_is_refused():
    class Other(SoftDetector):
        def describe(self):
            (key,) = super().describe()
            return {key: {"source": "soft", "dtype": "array", "shape": [3]}}

        def __repr__(self):
            return "<SoftDetector det>"

    records = cut_off(count([SoftDetector("det")], 3), after=1)

    with pytest.raises(ReplayMismatchError, match="'det' described 'det' with dtype"):
        resume(records, count([Other("det")], 3))


def test_a_call_can_be_closed_instead_without_any_device():
    records = cut_off(count([SoftDetector("det")], 3), after=2)
    recorder = MemoryRecorder()

    closed = close_call(records, recorder, "the beam time is over", clock=lambda: 5.0)

    (stop,) = stops(recorder.records)
    assert closed == [stop["run_start"]]
    assert (stop["exit_status"], stop["time"]) == ("abort", 5.0)
    assert stop["reason"] == "the beam time is over"
    assert stop["num_events"] == {"primary": 2}


def test_a_call_that_ended_is_not_resumed():
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    asyncio.run(engine.run(count([SoftDetector("det")])))

    with pytest.raises(ResumeError, match="nothing to resume"):
        resume(recorder.records, count([SoftDetector("det")]))


def test_a_move_that_nobody_waited_for_is_set_again_under_its_group():
    def plan(x, det, waits):
        yield Msg("open_run")
        yield Msg("checkpoint")
        status = yield Msg("set", x, 3.0, group="far")
        yield Msg("create", name="primary")
        yield Msg("read", det)
        yield Msg("save")
        yield Msg("wait", None, group="far")
        waits.append(status.done)
        yield Msg("close_run")

    waits = []
    records = cut_off(plan(SoftMotor("x"), SoftDetector("det"), waits), after=1)
    x = SoftMotor("x")

    resume(records, plan(x, SoftDetector("det"), waits))

    assert x.position == 3.0
    assert waits == [True, True]


class Moving(SoftMotor):
    """A motor that somebody has sent away, until it is stopped."""

    moving = True

    def __repr__(self):
        return f"<SoftMotor {self.name}>"

    def stop(self, success=True):
        self.moving = False


def test_a_device_that_moves_is_shown_and_stopped_first_also_if_it_was_not_set_yet():
    records = cut_off(scan([SoftDetector("det")], SoftMotor("x"), 0, 2, 3), after=1)
    begin = records[:1]  # cut off before anything was said, but perhaps done
    shown = []
    for left in (records, begin):
        x = Moving("x")
        resume(
            left,
            scan([SoftDetector("det")], x, 0, 2, 3),
            lambda preview: shown.append(preview) or True,
        )
        assert not x.moving
        assert x.position == 2.0

    assert [preview.stops for preview in shown] == [("x",), ("x",)]
    assert str(shown[0]).splitlines()[1] == "  stop, for it moves now: x"


def test_where_runs_go_on_is_told_by_their_points():
    assert str(RunSoFar(1, 0, 5)) == "before its first point"
    assert str(RunSoFar(1, 3)) == "after point 3"


def cut_behind(records, matches):
    """Return records up to the first that matches."""
    for number, record in enumerate(records):
        if matches(record):
            return records[: number + 1]
    raise AssertionError("there is no such record")


def is_set(record):
    return record[0] == "set"


def by_mvr(x):
    yield from bps.open_run()
    yield from bps.mvr(x, 1)
    yield from bps.trigger_and_read([x])
    yield from bps.close_run()


def by_rd(x, between=bps.null):
    yield from bps.open_run()
    before = yield from bps.rd(x)
    yield from between()
    yield from bps.mv(x, before + 1)
    yield from bps.trigger_and_read([x])
    yield from bps.close_run()


@pytest.mark.parametrize("plan", [by_mvr, by_rd])
def test_a_relative_move_is_not_made_a_second_time(plan):
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    asyncio.run(engine.run(plan(SoftMotor("x", 5.0))))
    records = cut_behind(recorder.records, is_set)
    x = SoftMotor("x", 6.0)  # it arrived before the process died

    _, _, docs = resume(records, plan(x))

    assert x.position == 6.0
    assert docs.points()[1]["x"] == 6.0


def test_what_was_looked_at_and_moved_is_not_looked_at_again():
    det = SoftDetector("det")

    def plan(x):
        return by_rd(x, lambda: bps.trigger(det, wait=True))

    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    asyncio.run(engine.run(plan(SoftMotor("x", 5.0))))
    records = cut_behind(recorder.records, is_set)
    x = SoftMotor("x", 6.0)

    with pytest.raises(ResumeError, match=r"had looked .* then set x"):
        resume(records, plan(x))
    assert x.position == 6.0


def test_a_buffer_that_a_device_fills_again_is_written_as_it_was():
    buffer = np.zeros(3)

    class Camera(Detector):
        def describe(self):
            return {self.name: {"source": "t", "dtype": "array", "shape": [3]}}

    def fill():
        buffer[:] = det.reads
        return buffer

    det = Camera("det", fill)
    recorder = MemoryRecorder()
    engine, docs = make_engine(recorder=recorder)
    asyncio.run(engine.run(count([det], 4)))

    events = [r[2] for r in recorder.records if r[:2] == [Kind.DOCUMENT, "event"]]
    assert [list(event["data"]["det"]) for event in events] == [
        [n] * 3 for n in range(1, 5)
    ]
    assert [event["data"]["det"][0] for event in docs.named("event")] == [1, 2, 3, 4]


class Stuck(Motor):
    """A motor that does not come beyond 1, and says so when it is asked to."""

    failed: Status | None = None

    def set(self, value):
        if value <= 1:
            return super().set(value)
        self.moves.append(value)
        self.failed = Status(self.name)
        return self.failed


class Telling(Motor):
    """A motor that lets another one fail while it is set itself."""

    other: Stuck

    def set(self, value):
        status = super().set(value)
        self.other.failed.set_exception(RuntimeError("stuck"))
        return status


def beside_a_failure(stuck, other, det):
    yield Msg("open_run")
    yield Msg("set", stuck, 2.0, group="far")
    with contextlib.suppress(FailedStatus):
        yield Msg("set", other, 3.0, group="near")
    for _ in range(2):
        yield Msg("create", name="primary")
        yield Msg("read", other)
        yield Msg("save")
    yield Msg("close_run")


def test_what_was_set_while_another_failed_is_set_again_and_what_failed_is_not():
    def beamline():
        stuck, other = Stuck("stuck"), Telling("other")
        other.other = stuck
        stuck.failed = Status("stuck")
        return stuck, other, Detector()

    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    asyncio.run(engine.run(beside_a_failure(*beamline())))
    records = cut_behind(recorder.records, lambda r: r[:2] == [Kind.DOCUMENT, "event"])
    stuck, other, det = beamline()

    _, _, docs = resume(records, beside_a_failure(stuck, other, det))

    assert (stuck.moves, other.moves) == ([], [3.0])
    assert docs.points() == {1: {"other": 3.0}, 2: {"other": 3.0}}


def test_a_motor_that_stands_at_a_whole_number_now_goes_on():
    class Whole(Motor):
        def describe(self):
            dtype = "integer" if isinstance(self.at, int) else "number"
            return {self.name: {"source": "t", "dtype": dtype, "shape": []}}

    records = cut_off(scan([SoftDetector("det")], Whole("x"), 0.5, 2.5, 3), after=2)
    x = Whole("x")
    x.at = 0

    _, _, docs = resume(records, scan([SoftDetector("det")], x, 0.5, 2.5, 3))

    assert [event["data"]["x"] for event in docs.named("event")] == [0.5, 1.5, 2.5]


def test_a_plan_may_change_the_array_that_it_was_given():
    class Camera(Detector):
        def describe(self):
            return {self.name: {"source": "t", "dtype": "array", "shape": [2]}}

    def plan(det):
        yield Msg("open_run")
        for _ in range(2):
            yield Msg("create", name="primary")
            reading = yield Msg("read", det)
            yield Msg("save")
            reading["det"]["value"] -= 1
        yield Msg("close_run")

    def camera():
        return Camera("det", lambda: np.ones(2))

    records = cut_off(plan(camera()), after=2)

    result, _, docs = resume(records, plan(camera()))

    assert result.exit_status == "success"
    assert [list(event["data"]["det"]) for event in docs.named("event")] == [[1, 1]] * 2


class Prepared(Detector):
    """Forgets its exposure with the process, or when it is unstaged."""

    exposure = 1.0

    def prepare(self, exposure):
        self.exposure = exposure
        return Status.finished()

    def unstage(self):
        self.exposure = 1.0
        return super().unstage()


def test_what_was_prepared_and_is_staged_still_is_prepared_again():
    def plan(*dets):
        yield from bps.stage_all(*dets)
        for det in dets:
            yield Msg("prepare", det, 0.25, group="ready")
        yield Msg("wait", None, group="ready")
        yield from bps.unstage(dets[1])
        yield from count([dets[0]], 3)

    def dets():
        one, other = Prepared("one"), Prepared("other")
        one._value = lambda: one.exposure
        return one, other

    records = cut_off(plan(*dets()), after=1)
    one, other = dets()
    shown = []

    _, after, docs = resume(
        records, plan(one, other), lambda preview: shown.append(preview) or True
    )

    assert [event["data"]["one"] for event in docs.named("event")] == [0.25] * 3
    assert shown[0].configures == ("one",)
    said = [r[1] for r in after if r[0] == Kind.ENGINE]
    assert [msg[1].name for msg in said if msg[0] == "prepare"] == ["one"]


class Configured(Detector):
    """Forgets its settings with the process."""

    def __init__(self, name="det"):
        super().__init__(name)
        self.settings, self.said = {}, []

    def configure(self, *args, **kwargs):
        self.said.append((args, kwargs))
        for one in args:
            self.settings.update(one if isinstance(one, dict) else {"plain": one})
        self.settings.update(kwargs)
        return {}, {}


def test_all_that_was_configured_is_configured_again_in_order():
    def plan(*dets):
        det, other = dets
        shared = {}
        for gain in range(3):
            shared["gain"] = gain
            yield Msg("configure", det, shared)
            yield Msg("configure", det, {"mode": "slow"}, filter=gain)
        shared.clear()
        yield Msg("configure", other, 5)
        yield Msg("configure", other, 6)
        yield Msg("configure", det, {"mode": "fast"})
        yield from count([det], 2)

    records = cut_off(plan(Configured(), Configured("other")), after=1)
    det, other = Configured(), Configured("other")
    shown = []

    resume(records, plan(det, other), lambda preview: shown.append(preview) or True)

    assert det.settings == {"gain": 2, "mode": "fast", "filter": 2}
    assert det.said == [
        (({"gain": 2},), {}),
        (({"mode": "slow"},), {"filter": 2}),
        (({"mode": "fast"},), {}),
    ]
    assert other.said == [((6,), {})]
    assert shown[0].configures == ("det", "other")
