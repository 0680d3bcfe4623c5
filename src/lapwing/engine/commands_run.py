"""Verbs about runs and documents: open_run, create, read, save, drop, close_run.

Owns what each of these messages does; each is one small function.
Must not know any device: it uses the protocols, and the bundler for documents.
Test: through the engine, with lists of messages on soft devices.

A verb is a plain function of the call and the message. It returns its response,
or a coroutine if it has to wait for something.
"""

from typing import Any

from lapwing.documents import compose_start, new_uid
from lapwing.engine.bundler import (
    Described,
    RunBundler,
    describe,
    refuse_collisions,
)
from lapwing.engine.call import Call, Expected
from lapwing.engine.capabilities import require
from lapwing.errors import IllegalMessageSequence, PlanArgumentError
from lapwing.messages import Msg
from lapwing.protocols import resolve


async def open_run(call: Call, msg: Msg) -> str:
    """Open a run with the metadata in kwargs; the response is its uid."""
    if msg.run in call.runs:
        raise IllegalMessageSequence(
            "'open_run' came while a run is open"
            + (f" under the key {msg.run!r}" if msg.run is not None else "")
            + "; close it first, or give the runs different keys",
        )
    await _check_expectations(call)
    engine = call.engine
    scan_id = await resolve(engine.scan_id_source(engine.md))
    engine.md["scan_id"] = scan_id
    named = {"plan_type": call.plan_type, "plan_name": call.plan_name}
    metadata = {**engine.md, **named, **msg.kwargs, **call.metadata}
    engine.md_validator(dict(metadata))
    metadata = engine.md_normalizer(metadata)
    start = compose_start(metadata, new_uid(), engine.clock())
    call.runs[msg.run] = RunBundler(start, call.emit, engine.clock)
    call.run_uids.append(start["uid"])
    call.mark_checkpoint()
    call.emit("start", start)
    return start["uid"]


async def _check_expectations(call: Call) -> None:
    """Refuse, before anything moves, what the plan foresees and cannot be."""
    expected, call.expected = call.expected, Expected()
    call.foreseen.clear()
    described: list[Described] = []
    for obj in expected.reads:
        # What writes files by itself may know its keys only once it is prepared.
        if hasattr(obj, "collect_asset_docs") or not hasattr(obj, "describe"):
            continue
        one = await describe(obj)
        call.foreseen[id(obj)] = one
        described.append(one)
    refuse_collisions(described)
    for obj, low, high in expected.moves.values():
        if hasattr(obj, "check_value"):
            await resolve(obj.check_value(low))
            await resolve(obj.check_value(high))


def close_run(call: Call, msg: Msg) -> str:
    """Close a run; kwargs: exit_status, reason. The response is its uid."""
    run = call.run_for(msg)
    del call.runs[msg.run]
    call.mark_checkpoint()
    run.close(
        msg.kwargs.get("exit_status") or "success", msg.kwargs.get("reason") or ""
    )
    return run.uid


def create(call: Call, msg: Msg) -> None:
    """Begin an event; the stream's name is the argument ``name``."""
    run = call.run_for(msg)
    name = msg.kwargs.get("name") or (msg.args[0] if msg.args else None)
    if not name:
        raise PlanArgumentError("'create' needs the name of a stream: name='primary'")
    run.begin(name)


def read(call: Call, msg: Msg) -> Any:
    """Read a device; the response is its readings, by data key."""
    obj = msg.obj
    require(obj, "read", "Readable", "name", "read", "describe")
    reading = obj.read(*msg.args, **msg.kwargs)
    run = call.runs.get(msg.run)
    if reading.__class__ is dict and (run is None or run.knows(obj)):
        if run is not None:
            run.add(obj, reading)
        return reading
    return _read_slowly(call, run, obj, reading)


async def _read_slowly(
    call: Call, run: RunBundler | None, obj: Any, reading: Any
) -> Any:
    """Await the reading, and ask the device what it is if that is not known."""
    reading = await resolve(reading)
    if reading is None:
        raise RuntimeError(
            f"{obj.name!r} returned None from read(); it must return a dict"
        )
    if run is not None:
        if not run.knows(obj):
            run.learn(call.foreseen.pop(id(obj), None) or await describe(obj))
        run.add(obj, reading)
    return reading


def save(call: Call, msg: Msg) -> None:
    """Emit the event that was begun by ``create``."""
    if call.run_for(msg).save():
        call.saved_since_checkpoint = True


def drop(call: Call, msg: Msg) -> None:
    """Discard the event that was begun by ``create``."""
    call.run_for(msg).drop()


COMMANDS = {
    "open_run": open_run,
    "close_run": close_run,
    "create": create,
    "read": read,
    "save": save,
    "drop": drop,
}
