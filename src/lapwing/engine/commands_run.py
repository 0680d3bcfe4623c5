"""Verbs about runs and documents: open_run, create, read, save, close_run and more.

Owns what each of these messages does; each is one small function.
Must not know any device: it uses the protocols, and the bundler for documents.
Test: through the engine, with lists of messages on soft devices.

A verb is a plain function of the call and the message. It returns its response,
or a coroutine if it has to wait for something.
"""

import asyncio
from inspect import isawaitable, iscoroutinefunction
from typing import Any

from lapwing.documents import compose_start, new_uid
from lapwing.engine.assets import asset_docs
from lapwing.engine.bundler import RunBundler
from lapwing.engine.call import Call, Expected
from lapwing.engine.capabilities import require
from lapwing.engine.monitors import Monitor
from lapwing.engine.streams import (
    Described,
    describe,
    refuse_collisions,
)
from lapwing.errors import (
    DocumentError,
    IllegalMessageSequence,
    PlanArgumentError,
)
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
    call.runs[msg.run] = run = RunBundler(start, engine.emit, engine.clock)
    call.run_uids.append(run.uid)
    call.mark_checkpoint()
    engine.emit("start", start)
    if engine.record_interruptions:
        run.declare_interruptions()
    return run.uid


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
    for monitor in call.monitors_of(run):
        call.monitors.pop(id(monitor.obj), None)
        monitor.stop()
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
    if call.ahead is not None and (started := call.ahead.pop(id(obj), None)):
        reading: Any = started
    else:
        reading = obj.read(*msg.args, **msg.kwargs)
    run = call.runs.get(msg.run)
    if reading.__class__ is dict and (run is None or run.is_simple(obj)):
        if run is not None:
            run.add(obj, reading)
        return reading
    return _read_slowly(call, run, obj, reading)


async def _read_slowly(
    call: Call, run: RunBundler | None, obj: Any, reading: Any
) -> Any:
    """Await the reading, and ask the device what it is if that is not known."""
    if isawaitable(reading):
        _read_ahead(call, obj)
        reading = await reading
    if reading is None:
        raise DocumentError(
            f"{obj.name!r} returned None from read(); it must return a dict"
        )
    if run is None or not run.bundling:
        return reading
    if not run.knows(obj):
        run.learn(call.foreseen.pop(id(obj), None) or await describe(obj))
    run.add(obj, reading)
    if hasattr(obj, "collect_asset_docs"):
        run.add_assets(await asset_docs(obj))
    return reading


def _read_ahead(call: Call, obj: Any) -> None:
    """Start the readings of the devices that were announced together with ``obj``.

    Each is handed out at its own message; those that take time take it together.
    """
    announced, call.announced = call.announced, ()
    if not any(other is obj for other in announced):
        return
    call.ahead = {}
    for other in announced:
        if other is not obj and iscoroutinefunction(getattr(other, "read", None)):
            call.ahead[id(other)] = asyncio.ensure_future(other.read())


def save(call: Call, msg: Msg) -> None:
    """Emit the event that was begun by ``create``."""
    if call.ahead is not None:
        call.discard_ahead()
    if call.run_for(msg).save():
        call.saved_since_checkpoint = True


def drop(call: Call, msg: Msg) -> None:
    """Discard the event that was begun by ``create``."""
    call.discard_ahead()
    call.run_for(msg).drop()


def monitor(call: Call, msg: Msg) -> Any:
    """Make an event of each change of a device; kwargs: name of the stream."""
    run = call.run_for(msg)
    obj = msg.obj
    require(obj, "monitor", "Subscribable", "name", "subscribe", "clear_sub")
    if id(obj) in call.monitors:
        raise IllegalMessageSequence(f"{obj.name!r} is monitored already")
    options = dict(msg.kwargs)
    name = options.pop("name", None) or f"monitor-{new_uid()[:6]}"
    return _monitor(call, run, obj, name, options)


async def _monitor(
    call: Call, run: RunBundler, obj: Any, name: str, options: dict[str, Any]
) -> None:
    state = run.declare(name, [await describe(obj)])
    call.mark_checkpoint()
    call.monitors[id(obj)] = Monitor(call, run, obj, state, options)
    call.monitors[id(obj)].start()


def unmonitor(call: Call, msg: Msg) -> None:
    """Stop making events of a device's changes."""
    found = call.monitors.pop(id(msg.obj), None)
    if found is None:
        name = getattr(msg.obj, "name", msg.obj)
        raise IllegalMessageSequence(f"{name!r} is not monitored")
    call.mark_checkpoint()
    found.stop()


COMMANDS = {
    "open_run": open_run,
    "close_run": close_run,
    "create": create,
    "read": read,
    "save": save,
    "drop": drop,
    "monitor": monitor,
    "unmonitor": unmonitor,
}
