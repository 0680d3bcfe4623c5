"""Resuming: a call that a crash has cut off goes on in this process.

Owns what is shown before, what is rebuilt without hardware, and what is done again.
Must not know where records are kept; they are handed in.
Test: cut the records of a call after each one; resume; compare the documents.
"""

import logging
import time
from collections.abc import Callable, Generator, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lapwing.documents import Document, compose_stop
from lapwing.engine import garbage
from lapwing.engine.bundler import RunBundler
from lapwing.engine.call import Call
from lapwing.engine.given import devices_in
from lapwing.engine.monitors import Monitor
from lapwing.engine.preview import Confirm, moving_devices, name_of, preview
from lapwing.engine.recorder import Recorder
from lapwing.engine.replay import Replay
from lapwing.engine.standing import Standing
from lapwing.engine.streams import describe, describe_collected
from lapwing.engine.suspenders import waited_for
from lapwing.errors import ReplayMismatchError, ResumeError
from lapwing.journal.codec import Kind, Record
from lapwing.journal.resume_state import (
    ResumeState,
    RunAt,
    StreamAt,
)
from lapwing.journal.steps import resume_state
from lapwing.messages import Msg
from lapwing.protocols import resolve
from lapwing.status import Status

if TYPE_CHECKING:
    from lapwing.engine.engine import Engine

logger = logging.getLogger("lapwing.engine")

_MOST_CLEANUPS = 1000
"""How many clean-ups, one in the other, a plan may have."""


@dataclass
class Resuming:
    """A call that is about to go on.

    Attributes:
        call: The call; its plan has been replayed.
        state: Where it goes on.
        replay: How the plan stands.
        given: Devices that the plan was given.
    """

    call: Call
    state: ResumeState
    replay: Replay
    given: list[Any]


def begin_of(records: Iterable[Record]) -> Document:
    """Return what a call's BEGIN says.

    Raises:
        ResumeError: It has none.
    """
    for record in records:
        if record[0] == Kind.BEGIN:
            return record[1]
        break
    raise ResumeError("the records of the call do not begin with its BEGIN")


async def agree(resuming: Resuming, confirm: Confirm) -> None:
    """Show what will be done, and ask.

    Raises:
        ResumeError: The answer is no.
    """
    shown = await preview(resuming.state, resuming.replay.standing, resuming.given)
    if not await resolve(confirm(shown)):
        raise ResumeError(
            "it was not agreed to go on; nothing was touched, the call stays open",
            hint="",
        )


async def prepare(engine: "Engine", call: Call, records: Iterable[Record]) -> Resuming:
    """Replay a plan, up to where its call was cut off; no device is touched.

    Raises:
        ReplayMismatchError: The plan says something else than before.
        ResumeError: The call cannot be resumed; says why.
    """
    garbage.hold()
    try:
        return await _prepare(engine, call, records)
    finally:
        garbage.release()


async def _prepare(engine: "Engine", call: Call, records: Iterable[Record]) -> Resuming:
    given = devices_in(call.plans[0])
    replay = Replay(
        records,
        call.plans[0],
        perform=lambda msg: engine.verbs[msg.command](call, msg),
        tell=partial(_tell, engine),
    )
    try:
        await replay.run()
    except (ReplayMismatchError, ResumeError):
        _require_resumable(resume_state(records))  # which says more, if it is not
        raise
    _require_resumable(replay.state)
    if (why := _obstacle(replay)) is not None:
        raise _cannot(why)
    begun = replay.state.begun
    call.uid = str(begun.get("call", call.uid))
    call.plan_name = str(begun.get("plan_name", call.plan_name))
    call.plan_type = str(begun.get("plan_type", call.plan_type))
    call.handles(replay.handled)
    return Resuming(call, replay.state, replay, given)


def _require_resumable(state: ResumeState) -> None:
    if state.obstacle is not None:
        raise _cannot(state.obstacle, hint="" if state.ended else None)


def _cannot(why: str, hint: str | None = None) -> ResumeError:
    return ResumeError(f"the call cannot be resumed: {why}", hint=hint)


def _tell(engine: "Engine", name: str, doc: Document) -> None:
    """Hand a document that was made before to those who listen now."""
    try:
        engine.dispatcher.process(name, doc)
    except Exception:
        # What the plan was told of it then, it is told again.
        logger.exception("a subscriber failed on a %s of before the crash", name)


def _obstacle(replay: Replay) -> str | None:
    """Say why a call cannot go on with these devices, if it cannot."""
    state, standing = replay.state, replay.standing
    for flight in standing.flights.values():
        over = flight.completion is not None and flight.completion not in (
            replay.statuses
        )
        if not over or hasattr(flight.obj, "describe_collect"):
            return f"{name_of(flight.obj)} was flying, and cannot say how far it came"
    if len(standing.opened) != len(state.runs):
        return "its open runs are not those of its documents"
    for run in state.runs.values():
        for stream in run.streams.values():
            if stream.seq_num and (names := _missing(stream, standing)):
                return f"the plan did not bring the devices {', '.join(names)} again"
    for _, readings in standing.bundles.values():
        for obj, _ in readings:
            if hasattr(obj, "collect_asset_docs"):
                return (
                    f"{name_of(obj)} had been read into an event that was not saved, "
                    "and tells only once where it has written"
                )
    return None


def _missing(stream: StreamAt, standing: Standing) -> list[str]:
    """Return the devices of a stream that the plan has not spoken to yet."""
    return [n for n in stream.descriptor["object_keys"] if n not in standing.seen]


def drop_plan(plan: Generator[Msg, Any, Any]) -> None:
    """Close a plan that was replayed and does not go on, without its clean-up."""
    for _ in range(_MOST_CLEANUPS):
        try:
            plan.close()
        except RuntimeError:
            continue  # it says something in its clean-up: there is nothing to clean
        return


# ---------------------------------------------------------------- rebuilding


async def rebuild(resuming: Resuming) -> None:
    """Make the open runs anew, as their documents tell; only `describe` is asked.

    Raises:
        ReplayMismatchError: A device describes other data than before.
    """
    call, state = resuming.call, resuming.state
    standing = resuming.replay.standing
    call.seen.update((id(obj), obj) for obj in standing.seen.values())
    call.moved.update((id(one.msg.obj), one.msg.obj) for one in standing.moved.values())
    call.run_uids = list(state.run_uids)
    call.rewindable = standing.rewindable
    call.resumable = standing.resumable
    md = call.engine.md
    if state.scan_id is not None and md.get("scan_id", 0) < state.scan_id:
        md["scan_id"] = state.scan_id
    for key, run_at in zip(standing.opened, state.runs.values(), strict=True):
        call.runs[key] = run = await _run(call, key, run_at, standing)
        for at in run_at.streams.values():
            if (state_of := run.declared(at.name)) is not None and state_of.stream:
                resuming.replay.streams[at.descriptor["uid"]] = state_of.stream
    call.record_again()


async def _run(
    call: Call, key: Hashable, run_at: RunAt, standing: Standing
) -> RunBundler:
    run = RunBundler(run_at.start, call.engine.emit, call.engine.clock)
    for at in run_at.streams.values():
        if _missing(at, standing):
            run.expect(at.descriptor)
            continue
        names = at.descriptor["object_keys"]
        objs = [standing.seen[name] for name in names]
        collected = (key, at.name) in standing.collected
        if objs and not collected and not _is_monitored(objs, standing):
            collected = not hasattr(objs[0], "read")
        for obj in objs:
            if hasattr(obj, "collect_asset_docs") and not collected:
                continue  # what it describes may depend on being staged
            await _require_same_keys(obj, at.name, at.descriptor, collected)
        run.restore(at.descriptor, objs, at.seq_num, at.resources, collected=collected)
    return run


def _is_monitored(objs: list[Any], standing: Standing) -> bool:
    return len(objs) == 1 and id(objs[0]) in standing.monitored


async def _require_same_keys(
    obj: Any, stream: str, descriptor: Document, collected: bool
) -> None:
    if collected:
        answers = await describe_collected(obj)
        now = (answers.get(stream) or answers[None]).data_keys
    else:
        now = (await describe(obj)).data_keys
    for key in descriptor["object_keys"][obj.name]:
        then = descriptor["data_keys"][key]
        for what in ("dtype", "shape"):
            found = None if key not in now else _alike(now[key].get(what))
            if found != _alike(then.get(what)):
                raise ReplayMismatchError(
                    f"{obj.name!r} described {key!r} with {what} {then.get(what)} "
                    f"before the crash, and now with {found}",
                    hint="put it back as it was, or close the run",
                )


def _alike(value: Any) -> Any:
    """Return what must be the same of a shape or a dtype."""
    if value == "integer":
        return "number"  # a motor's may depend on where it is
    return list(value) if isinstance(value, list | tuple) else value


async def _reopen(resuming: Resuming) -> None:
    """Begin the events again that were open while another run made one."""
    for key, (name, readings) in resuming.replay.standing.bundles.items():
        run = resuming.call.runs[key]
        if run.bundling:
            continue  # a pause came between, and this is done a second time
        run.begin(name)
        for obj, reading in readings:
            if not run.knows(obj):
                run.learn(await describe(obj))
            run.add(obj, reading)


# ---------------------------------------------------------------- doing again


async def start(resuming: Resuming) -> None:
    """Let monitors go on, and put on top of the plan what is to be done again."""
    call, standing = resuming.call, resuming.replay.standing
    if (recorder := call.engine.recorder) is not None:
        recorder.resumed(resuming.state.index)
    moving = await moving_devices(standing, resuming.given)
    call.plans.append(_do_again(resuming, moving))
    for msg in standing.monitored.values():
        options = {k: v for k, v in msg.kwargs.items() if k != "name"}
        run = call.runs[msg.run]
        state = run.stream_of(msg.obj, msg.kwargs.get("name"))
        monitor = Monitor(call, run, msg.obj, state, options)
        monitor.start()
        call.monitors[id(msg.obj)] = monitor


def _do_again(resuming: Resuming, moving: list[Any]) -> Generator[Msg, Any, Any]:
    """Say again what makes devices what they were; return what the plan is sent.

    Never said again: trigger, read, sleep, input, wait.
    """
    replay = resuming.replay
    standing = replay.standing
    for obj in moving:
        yield Msg("stop", obj)
    yield from _say_together(standing.staged.values())
    yield from _say_together(standing.configured)
    yield from _say_together(standing.prepared.values())
    yield from _move_again(replay)
    if standing.bundles:
        # Last: settings cannot be made again while an event is open.
        yield from waited_for([partial(_reopen, resuming)])
    for status in replay.statuses.values():
        status.set_finished()  # of what is not done again
    replay.statuses.clear()
    resuming.call.mark_checkpoint()
    if replay.error is not None:
        raise replay.error
    return replay.response


def _say_together(messages: Iterable[Msg]) -> Generator[Msg, Any, None]:
    """Say messages again, and wait for all of them."""
    groups: dict[Hashable, None] = {}
    for msg in messages:
        status = yield msg
        if hasattr(status, "add_callback"):
            groups[msg.kwargs.get("group")] = None
    for group in groups:
        yield Msg("wait", None, group=group)


def _move_again(replay: Replay) -> Generator[Msg, Any, None]:
    """Set devices as they were set together; those that nobody waited for, last."""
    moves = replay.standing.moves
    settled = [one for one in moves if one.over]
    for turn, together in groupby(settled, key=lambda one: one.turn):
        group = f"resume-{turn}"
        for one in together:
            msg = one.msg
            kwargs = {**msg.kwargs, "group": group}
            yield Msg._make(("set", msg.obj, msg.args, kwargs, msg.run))
        yield Msg("wait", None, group=group)
    for one in moves[len(settled) :]:
        status = yield one.msg
        waiting = replay.statuses.pop(one.index)
        if hasattr(status, "add_callback"):
            status.add_callback(partial(_pass_on, waiting))


def _pass_on(waiting: Status, status: Any) -> None:
    """Let a status of before the crash end as the one that took its place."""
    error = status.exception()
    if error is None:
        waiting.set_finished()
    else:
        waiting.set_exception(error)


# ---------------------------------------------------------------- closing


def close_call(
    records: Iterable[Record],
    recorder: Recorder,
    reason: str,
    *,
    clock: Callable[[], float] = time.time,
    tell: Callable[[str, Document], Any] | None = None,
) -> list[str]:
    """End a call that was cut off: each open run gets its stop document.

    Args:
        records: All records of the call.
        recorder: Takes down the stop documents, and the end of the call.
        reason: Why; goes into the stop documents, with exit_status "abort".
        clock: Returns seconds since 1970.
        tell: Called with each stop document as well.

    Returns:
        Uids of the runs that were closed.
    """
    state = resume_state(records)
    recorder.resumed(state.index)
    for uid, run in state.runs.items():
        stop = compose_stop(
            run_start=uid,
            time=clock(),
            exit_status="abort",
            reason=reason,
            num_events={s.name: s.seq_num for s in run.streams.values()},
        )
        recorder.document("stop", stop)
        if tell is not None:
            tell("stop", stop)
    recorder.end(
        {
            "exit_status": "abort",
            "reason": reason,
            "run_uids": list(state.run_uids),
            "error": None,
            "value": None,
            "time": clock(),
        }
    )
    return list(state.runs)
