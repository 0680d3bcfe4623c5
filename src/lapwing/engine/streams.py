"""Streams of a run: which devices feed them, and what these say of themselves.

Owns asking a device for its keys and settings, and keeping the answers.
Must not emit documents; see `bundler`.
Test: describe hand-made devices, synchronous and not.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lapwing.documents import Document, Stream
from lapwing.errors import PlanArgumentError
from lapwing.protocols import Configurable, DataKeys, Readings, resolve


class Described:
    """What a device says of itself, asked once per stream and run.

    Attributes:
        obj: The device.
        data_keys: Its data keys, each with the device's name in it.
        configuration: ``{data, timestamps, data_keys}`` of its settings.
        hints: What it says is worth showing; None if it has no say.
    """

    __slots__ = ("configuration", "data_keys", "hints", "obj")

    def __init__(self, obj: Any, data_keys: Mapping[str, Any], configuration: Document):
        self.obj = obj
        self.data_keys = {
            key: {**spec, "object_name": obj.name} for key, spec in data_keys.items()
        }
        self.configuration = configuration
        hints = getattr(obj, "hints", None)
        self.hints = None if hints is None else dict(hints)


async def describe(obj: Any) -> Described:
    """Ask a device for the keys of its readings, and for its settings."""
    return Described(obj, await resolve(obj.describe()), await _configuration(obj))


async def describe_collected(obj: Any) -> dict[str | None, Described]:
    """Ask a device for the keys of what it collects, by stream.

    A device that names no streams has all its keys under None.
    """
    answer: Any = await resolve(obj.describe_collect())
    configuration = await _configuration(obj)
    if all("dtype" in spec for spec in answer.values()):
        return {None: Described(obj, answer, configuration)}
    return {name: Described(obj, keys, configuration) for name, keys in answer.items()}


async def _configuration(obj: Any) -> Document:
    if not isinstance(obj, Configurable):
        return {"data": {}, "timestamps": {}, "data_keys": {}}
    settings: Readings = await resolve(obj.read_configuration())
    specs: DataKeys = await resolve(obj.describe_configuration())
    return {
        "data": {key: reading["value"] for key, reading in settings.items()},
        "timestamps": {key: one["timestamp"] for key, one in settings.items()},
        "data_keys": dict(specs),
    }


def refuse_collisions(described: Iterable[Described]) -> None:
    """Refuse devices that would write to the same data key of one event.

    Raises:
        PlanArgumentError: Names the key and both devices.
    """
    owners: dict[str, Any] = {}
    for one in described:
        for key in one.data_keys:
            if key in owners:
                raise PlanArgumentError(
                    f"devices {owners[key].name!r} and {one.obj.name!r} both give the "
                    f"data key {key!r}, which one event can hold only once",
                    hint="rename one of them, or read them into two streams",
                    key=key,
                )
            owners[key] = one.obj


class StreamState:
    """A stream, the devices that feed it, and what they said of themselves.

    Attributes:
        name: Name of the stream.
        described: What each device said, by the device's ``id``.
        simple: Devices (by ``id``) whose reading needs nothing but adding.
        objs: The devices of the descriptor, in order.
        stream: Its descriptor and counter; None before the descriptor.
        collected: Whether its devices collect their data by themselves.
        resources: Data key of each stream_resource, by the resource's uid.
        shared: The same for all streams of the run, which may share a file.
        most: Highest ``seq_num`` that a rewind has gone back from.
        untold: Resources that came with an event which was given up.
    """

    __slots__ = (
        "collected",
        "described",
        "most",
        "name",
        "objs",
        "resources",
        "shared",
        "simple",
        "stream",
        "untold",
    )

    def __init__(self, name: str, shared: dict[str, str] | None = None):
        self.name = name
        self.shared: dict[str, str] = {} if shared is None else shared
        self.described: dict[int, Described] = {}
        self.simple: set[int] = set()
        self.objs: list[Any] = []
        self.stream: Stream | None = None
        self.collected = False
        self.resources: dict[str, str] = {}
        self.most = 0
        self.untold: list[tuple[str, Document]] = []

    def learn(self, one: Described) -> None:
        """Keep what a device says of itself."""
        self.described[id(one.obj)] = one
        if not hasattr(one.obj, "collect_asset_docs"):
            self.simple.add(id(one.obj))
