"""Verbs about devices that take data by themselves: kickoff, complete, collect.

Owns what each of these messages does; each is one small function.
Must not know any device: it uses the protocols, and the bundler for documents.
Test: through the engine, with flyers made by hand.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lapwing.engine.assets import AssetDoc, asset_docs, drain
from lapwing.engine.bundler import RunBundler
from lapwing.engine.call import Call, Flight
from lapwing.engine.capabilities import COLLECT, COMPLETE, KICKOFF, PREPARE, READ
from lapwing.engine.commands_device import keywords
from lapwing.engine.streams import (
    Described,
    StreamState,
    describe,
    describe_collected,
)
from lapwing.errors import (
    DocumentError,
    MismatchedReadError,
    UndeclaredStreamError,
    UnsupportedDeviceError,
)
from lapwing.messages import Msg
from lapwing.protocols import resolve


def prepare(call: Call, msg: Msg) -> Any:
    """Make a device ready for what follows; the response is its status.

    args: what follows, as the device wants it; kwargs: group; all others are the
    device's.
    """
    obj = msg.obj
    PREPARE.check(obj)
    return call.statuses.track(obj.prepare(*msg.args, **keywords(msg)), msg)


def kickoff(call: Call, msg: Msg) -> Any:
    """Start a device that takes data by itself; the response is its status.

    kwargs: group; all others are the device's.
    """
    obj = msg.obj
    KICKOFF.check(obj)
    call.run_for(msg)
    status = obj.kickoff(*msg.args, **keywords(msg))
    call.flights[id(obj)] = Flight(obj, msg.run)
    return call.statuses.track(status, msg)


def complete(call: Call, msg: Msg) -> Any:
    """Tell a device to come to its end; the response is its status.

    kwargs: group; all others are the device's.
    """
    obj = msg.obj
    COMPLETE.check(obj)
    status = obj.complete(*msg.args, **keywords(msg))
    if (flight := call.flights.get(id(obj))) is not None:
        flight.completion = status
    return call.statuses.track(status, msg)


def declare_stream(call: Call, msg: Msg) -> Any:
    """Emit a stream's descriptor before its first event.

    args: the devices; kwargs: name; collect=True if they will collect their data.
    The response is the descriptor, a function that composes events, the devices.
    """
    name = msg.kwargs.get("name")
    if msg.obj is not None or name is None:
        raise UndeclaredStreamError(
            "A stream name that is not None is required for pre-declare: "
            "declare_stream(device, ..., name=...)"
        )
    run = call.run_for(msg)
    return _declare_stream(run, msg.args, name, msg.kwargs.get("collect", False))


async def _declare_stream(
    run: RunBundler, objs: tuple[Any, ...], name: str, collect: bool
) -> Any:
    described: list[Described] = []
    for obj in objs:
        if not collect:
            READ.check(obj)
            described.append(await describe(obj))
            continue
        COLLECT.check(obj)
        answers = await describe_collected(obj)
        if None not in answers:
            raise UndeclaredStreamError(
                f"{obj.name!r} names its streams itself ({', '.join(map(str, answers))}"
                f"); it is collected without declaring one"
            )
        described.append(answers[None])
    state = run.declare(name, described, collected=collect)
    stream = state.stream
    assert stream is not None  # noqa: S101 - declared just now
    return stream.descriptor, stream.compose_event, objs


def collect(call: Call, msg: Msg) -> Any:
    """Take over what devices have collected.

    args: further devices of the same stream; kwargs: name of a declared stream;
    return_payload, True by default. The response is the list of partial events, or
    None if there are none to return.
    """
    run = call.run_for(msg)
    if msg.kwargs.get("stream", False):
        raise RuntimeError(
            "Collect now emits EventPages (stream=False), so emitting Events "
            "(stream=True) is no longer supported"
        )
    objs = (msg.obj, *msg.args)
    for obj in objs:
        COLLECT.check(obj)
        flight = call.flights.get(id(obj))
        if flight is not None and not flight.goes_on:
            del call.flights[id(obj)]
    return _collect(
        run, objs, msg.kwargs.get("name"), msg.kwargs.get("return_payload", True)
    )


async def _collect(
    run: RunBundler, objs: tuple[Any, ...], name: str | None, return_payload: bool
) -> list[Any] | None:
    if len(objs) > 1 and (
        unable := [o.name for o in objs if not hasattr(o, "get_index")]
    ):
        raise UnsupportedDeviceError(
            f"{unable} does not implement all WritesStreamAssets methods, by which it "
            f"would tell how many frames it has; collect it by itself"
        )
    states = await _streams_for(run, objs, name)
    index: tuple[int, ...] = ()
    if len(objs) > 1:
        index = (min([await resolve(obj.get_index()) for obj in objs]),)
    assets: list[Any] = []
    for obj in objs:
        if hasattr(obj, "collect_asset_docs"):
            assets += await asset_docs(obj, *index)
    payload: list[Any] = []
    methods = [
        getattr(obj, "collect_pages", None) or getattr(obj, "collect", None)
        for obj in objs
    ]
    for method in methods:
        if method is not None:
            payload += await drain(method())
    events = _by_stream(states, _as_events(payload, run.clock))
    told = _assets_by_stream(states, assets)
    for i, own in events.items():
        run.emit_collected(states[i], told[i], own)
    return payload if return_payload and any(methods) else None


def _keys_of(state: StreamState) -> set[str]:
    return {key for one in state.described.values() for key in one.data_keys}


def _by_stream(states: list[StreamState], events: list[Any]) -> dict[int, list[Any]]:
    """Return the events by number of stream, in the order of their first events.

    Raises:
        DocumentError: The keys of an event are those of no stream.
    """
    if len(states) == 1:
        return {0: events}  # whether the keys are right is seen when it is composed
    keys = [_keys_of(state) for state in states]
    sorted_out: dict[int, list[Any]] = {}
    for event in events:
        found = [i for i, own in enumerate(keys) if event["data"].keys() <= own]
        if not found:
            raise DocumentError(
                f"an event was collected with the data keys {sorted(event['data'])}, "
                f"but the streams {[state.name for state in states]} have others"
            )
        sorted_out.setdefault(found[0], []).append(event)
    return sorted_out | {i: [] for i in range(len(states)) if i not in sorted_out}


def _assets_by_stream(
    states: list[StreamState], assets: list[AssetDoc]
) -> list[list[AssetDoc]]:
    """Return the documents about assets of each stream; none is left over.

    What belongs to none of them goes to the first, where it will be refused.
    """
    keys = [_keys_of(state) for state in states]
    uids = [set(state.resources) for state in states]
    sorted_out: list[list[AssetDoc]] = [[] for _ in states]
    for name, doc in assets:
        found = 0
        if name == "stream_resource":
            found = next((i for i, own in enumerate(keys) if doc["data_key"] in own), 0)
            uids[found].add(doc["uid"])
        elif name == "stream_datum":
            uid = doc["stream_resource"]
            found = next((i for i, own in enumerate(uids) if uid in own), 0)
        sorted_out[found].append((name, doc))
    return sorted_out


def _as_events(collected: list[Any], clock: Callable[[], float]) -> list[Any]:
    """Return partial events, taking pages apart; without a time they are of now."""
    events = []
    for one in collected:
        if not isinstance(one.get("time"), list | tuple):
            events.append(one if "time" in one else {**one, "time": clock()})
            continue
        events.extend(
            {
                "time": time,
                "data": {key: values[i] for key, values in one["data"].items()},
                "timestamps": {k: stamps[i] for k, stamps in one["timestamps"].items()},
            }
            for i, time in enumerate(one["time"])
        )
    return events


async def _streams_for(
    run: RunBundler, objs: tuple[Any, ...], name: str | None
) -> list[StreamState]:
    """Return the streams into which devices collect, declared if need be."""
    if name is not None:
        state = run.declared(name)
        if state is None:
            raise UndeclaredStreamError(
                f"If a message stream name is provided declare stream needs to be "
                f"called first. The stream {name!r} was not declared"
            )
        return [state]
    first = objs[0]
    if known := run.declared_for(first):
        return known
    answers = await describe_collected(first)
    if None in answers or len(objs) > 1:
        if alike := run.declared_of(objs):
            return alike
        raise UndeclaredStreamError(
            f"Single nested data keys should be pre-declared: "
            f"{[obj.name for obj in objs]} collect into one stream, which must be "
            f"declared before, by declare_stream(..., name=..., collect=True)"
        )
    _check_keys(first, answers)
    return [
        run.declare(stream, [one], collected=True)
        for stream, one in answers.items()
        if stream is not None
    ]


def _check_keys(obj: Any, answers: Mapping[str | None, Described]) -> None:
    """Refuse a data key that a device would put into several streams."""
    seen: set[str] = set()
    for one in answers.values():
        if shared := sorted(seen & one.data_keys.keys()):
            raise MismatchedReadError(
                f"Can't use identical data keys in multiple streams: {obj.name!r} has "
                f"{shared} in more than one of {list(answers)}",
                hint="let the device give them different names",
            )
        seen |= one.data_keys.keys()


COMMANDS = {
    "prepare": prepare,
    "kickoff": kickoff,
    "complete": complete,
    "declare_stream": declare_stream,
    "collect": collect,
}
