"""Verbs about runs and documents: open_run, create, read, save, close_run and more.

Owns what each of these messages does; each is one small function.
Must not know any device: it uses the protocols, and the bundler for documents.
Test: through the engine, with lists of messages on soft devices.

A verb is a plain function of the call and the message. It returns its response,
or a coroutine if it has to wait for something.
"""

import contextlib
from collections.abc import Mapping
from copy import deepcopy
from inspect import isawaitable
from typing import Any

from lapwing.documents import compose_start, new_uid
from lapwing.engine.assets import asset_docs
from lapwing.engine.bundler import RunBundler
from lapwing.engine.call import Call, Expected
from lapwing.engine.capabilities import MONITOR, READ
from lapwing.engine.monitors import Monitor
from lapwing.engine.streams import (
    Described,
    describe,
    refuse_collisions,
)
from lapwing.errors import (
    IllegalMessageSequence,
    LapwingError,
    NoReadingError,
    PlanArgumentError,
)
from lapwing.messages import Msg
from lapwing.protocols import resolve

_TRIES = 10  # at reading metadata that others change


async def open_run(call: Call, msg: Msg) -> str:
    """Open a run; the response is its uid.

    kwargs: metadata of the run.
    """
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
    metadata = {**_copied(engine.md), **named, **msg.kwargs, **call.metadata}
    if engine.md_validator is not None:
        engine.md_validator(dict(metadata))
    if engine.md_normalizer is not None:
        # What it changes must not change in the engine's own metadata.
        metadata = engine.md_normalizer(deepcopy(metadata))
    start = compose_start(metadata, new_uid(), engine.clock())
    call.runs[msg.run] = run = RunBundler(start, engine.emit, engine.clock)
    call.run_uids.append(run.uid)
    call.mark_checkpoint()
    engine.emit("start", start)
    if engine.record_interruptions:
        run.declare_interruptions()
    return run.uid


def _copied(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the metadata, though somebody may set or delete some meanwhile."""
    for _ in range(_TRIES):
        # Not all mappings are copied at one blow as a dict is: a key that was there
        # may be gone when it is looked up.
        with contextlib.suppress(KeyError, RuntimeError):
            return dict(metadata)
    return dict(metadata)


async def _check_expectations(call: Call) -> None:
    """Refuse, before anything moves, what the plan foresees and cannot be.

    What a device says of itself here is not kept: it may say otherwise (the type of
    a soft motor's position, for one) once it has moved. One that cannot be reached
    ends the plan here; one that fails otherwise does so where it is read, in the run.
    """
    expected, call.expected = call.expected, Expected()
    described: list[Described] = []
    for obj in expected.reads:
        # What writes files by itself may know its keys only once it is prepared.
        if hasattr(obj, "collect_asset_docs") or not hasattr(obj, "describe"):
            continue
        try:
            described.append(await describe(obj))
        except (LapwingError, OSError):
            raise  # it is not there, or not answering
        except Exception:  # noqa: BLE001 - it is told where the device is read
            continue
    refuse_collisions(described)
    for obj, low, high in expected.moves.values():
        if hasattr(obj, "check_value"):
            await resolve(obj.check_value(low))
            await resolve(obj.check_value(high))


def close_run(call: Call, msg: Msg) -> str:
    """Close a run; the response is its uid.

    kwargs: exit_status ("success" by default), reason.
    """
    run = call.run_for(msg)
    call.ahead.discard()
    for monitor in call.monitors_of(run):
        call.monitors.pop(id(monitor.obj), None)
        monitor.stop()
    try:
        run.close(
            msg.kwargs.get("exit_status") or "success", msg.kwargs.get("reason") or ""
        )
    finally:
        if run.closed:
            del call.runs[msg.run]
            call.mark_checkpoint()
    return run.uid


def create(call: Call, msg: Msg) -> None:
    """Begin an event.

    kwargs: name of the stream.
    """
    run = call.run_for(msg)
    name = msg.kwargs.get("name") or (msg.args[0] if msg.args else None)
    if not name:
        raise PlanArgumentError("'create' needs the name of a stream: name='primary'")
    run.begin(name)


def read(call: Call, msg: Msg) -> Any:
    """Read a device; the response is its readings, by data key."""
    obj = msg.obj
    if obj.__class__ not in READ.known:
        READ.check(obj)
    reading: Any = None
    if call.ahead.begun:
        reading = call.ahead.take(obj)
    if reading is None:
        reading = obj.read(*msg.args, **msg.kwargs)
    run = call.runs.get(msg.run)
    if isinstance(reading, dict) and (run is None or run.is_simple(obj)):
        if run is not None:
            run.add(obj, reading)
        return reading
    return _read_slowly(call, run, obj, reading)


async def _read_slowly(
    call: Call, run: RunBundler | None, obj: Any, reading: Any
) -> Any:
    """Await the reading, and ask the device what it is if that is not known."""
    if isawaitable(reading):
        if run is not None and run.bundling and call.ahead.announced:
            call.ahead.begin(obj)
        reading = await reading
    if reading is None:
        raise NoReadingError(
            f"{obj.name}: read() returned None, not a dict of readings",
            device=obj.name,
        )
    if run is None or not run.bundling:
        return reading
    if not run.knows(obj):
        run.learn(await describe(obj))
    run.add(obj, reading)
    if hasattr(obj, "collect_asset_docs"):
        run.add_assets(await asset_docs(obj))
    return reading


def save(call: Call, msg: Msg) -> None:
    """Emit the event that was begun by ``create``."""
    ahead = call.ahead
    if ahead.begun:
        ahead.discard()
    ahead.announced = ()
    if call.run_for(msg).save():
        call.saved_since_checkpoint = True


def drop(call: Call, msg: Msg) -> None:
    """Discard the event that was begun by ``create``."""
    call.ahead.discard()
    call.run_for(msg).drop()


def monitor(call: Call, msg: Msg) -> Any:
    """Make an event of each change of a device.

    kwargs: name of the stream; all others are for the device's subscribe.
    """
    run = call.run_for(msg)
    obj = msg.obj
    MONITOR.check(obj)
    if msg.args:
        raise PlanArgumentError(
            f"'monitor' takes its arguments by name, but was given {msg.args!r}"
        )
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
    monitor = Monitor(call, run, obj, state, options)
    monitor.start()
    call.monitors[id(obj)] = monitor


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
