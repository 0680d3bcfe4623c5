"""What the transcript tells is what the plan said and was told, also after a rewind."""

import asyncio

from kit import Detector, Motor, make_engine

from lapwing import Msg
from lapwing.engine import MemoryRecorder
from lapwing.journal.codec import Kind, StatusRef


def with_a_pause(plan, *, after, **options):
    """Run a plan, paused after so many messages and resumed; return its records."""
    recorder = MemoryRecorder()

    async def main():
        engine, _ = make_engine(recorder=recorder, **options)
        said = []

        def hook(msg):
            said.append(msg)
            if len(said) == after:
                engine.request_pause()

        engine.msg_hook = hook
        result = await engine.run(plan)
        assert result.paused
        while result.paused:
            result = await engine.resume()

    asyncio.run(main())
    return recorder.records


def said_by_plan(records):
    return [record[0] for record in records if type(record[0]) is str]


def said_by_engine(records):
    return [record[1][0] for record in records if record[0] == Kind.ENGINE]


def test_a_message_that_waits_for_the_resume_is_the_plans_own():
    motor, det = Motor(), Detector()

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("create", name="primary")
        yield Msg("read", det)
        yield Msg("save")
        yield Msg("set", motor, 1, group="a")
        yield Msg("wait", group="a")
        yield Msg("close_run")

    records = with_a_pause(plan(), after=5)

    assert said_by_plan(records) == [msg.command for msg in plan()]
    assert said_by_engine(records) == ["create", "read", "save", "set"]
    waits = [record[0] for record in records].index("wait")
    assert records[waits - 1] == [Kind.SENT, StatusRef(True, True)]


def test_what_was_read_before_a_pause_is_written_if_it_is_read_again():
    det, told = Detector(), []

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("create", name="primary")
        told.append((yield Msg("read", det)))
        yield Msg("null")
        yield Msg("save")
        yield Msg("close_run")

    records = with_a_pause(plan(), after=5, record_interruptions=True)

    events = [r[2]["data"] for r in records if r[:2] == [Kind.DOCUMENT, "event"]]
    assert events[-1] == {"det": 2}
    assert told[0]["det"]["value"] == 1
    assert [r for r in records if r[0] == Kind.READING] == [[Kind.READING, 3, told[0]]]


def test_a_pause_between_the_saves_of_two_runs_takes_neither_point_again():
    det = Detector()

    def plan():
        for run in ("a", "b"):
            yield Msg("open_run", run=run)
        yield Msg("checkpoint")
        for run in ("a", "b"):
            yield Msg("create", name="primary", run=run)
            yield Msg("read", det, run=run)
        for run in ("a", "b"):
            yield Msg("save", run=run)
        yield Msg("checkpoint")
        for run in ("a", "b"):
            yield Msg("close_run", run=run)

    records = with_a_pause(plan(), after=8)

    assert said_by_plan(records) == [msg.command for msg in plan()]
    assert said_by_engine(records) == []
    events = [r[2]["data"] for r in records if r[:2] == [Kind.DOCUMENT, "event"]]
    assert events == [{"det": 1}, {"det": 2}]
    before = records[: [record[0] for record in records].index(Kind.PAUSED)]
    assert said_by_plan(before)[-1] == "checkpoint"
