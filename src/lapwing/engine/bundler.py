"""The bundler: makes the documents of one run out of readings.

Owns the streams of a run, their descriptors, and the event being bundled.
Must not know messages, plans or loops; it is told what was read.
Test: begin, add readings, save; look at the documents.
"""

from collections.abc import Callable
from typing import Any

from lapwing.documents import (
    Document,
    ExitStatus,
    Stream,
    compose_descriptor,
    compose_stop,
)
from lapwing.errors import (
    DocumentError,
    IllegalMessageSequence,
    MismatchedReadError,
    PlanArgumentError,
)
from lapwing.protocols import Configurable, DataKeys, Readings, resolve

Emit = Callable[[str, Document], None]


class Described:
    """What a device says of itself, asked once per stream and run.

    Attributes:
        obj: The device.
        data_keys: Its data keys, each with the device's name in it.
        configuration: ``{data, timestamps, data_keys}`` of its settings.
        hints: What it says is worth showing.
    """

    __slots__ = ("configuration", "data_keys", "hints", "obj")

    def __init__(self, obj: Any, data_keys: DataKeys, configuration: Document):
        self.obj = obj
        self.data_keys = {
            key: {**spec, "object_name": obj.name} for key, spec in data_keys.items()
        }
        self.configuration = configuration
        self.hints = dict(getattr(obj, "hints", None) or {})


async def describe(obj: Any) -> Described:
    """Ask a device for its data keys and its settings."""
    data_keys = await resolve(obj.describe())
    if not isinstance(obj, Configurable):
        empty: Document = {"data": {}, "timestamps": {}, "data_keys": {}}
        return Described(obj, data_keys, empty)
    settings: Readings = await resolve(obj.read_configuration())
    specs: DataKeys = await resolve(obj.describe_configuration())
    return Described(
        obj,
        data_keys,
        {
            "data": {key: reading["value"] for key, reading in settings.items()},
            "timestamps": {k: reading["timestamp"] for k, reading in settings.items()},
            "data_keys": dict(specs),
        },
    )


def refuse_collisions(described: list[Described]) -> None:
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


class _StreamState:
    """A stream, the devices that feed it, and what they said of themselves."""

    __slots__ = ("described", "name", "objs", "stream")

    def __init__(self, name: str):
        self.name = name
        self.described: dict[int, Described] = {}
        self.objs: list[Any] = []
        self.stream: Stream | None = None


class _Bundle:
    """The event that is being bundled, between ``create`` and ``save``."""

    __slots__ = ("data", "objs", "state", "timestamps")

    def __init__(self, state: _StreamState):
        self.state = state
        self.objs: list[Any] = []
        self.data: Document = {}
        self.timestamps: Document = {}


class RunBundler:
    """One open run.

    Args:
        start: Its start document, already emitted.
        emit: Takes each further document.
        clock: Returns seconds since 1970.

    Attributes:
        uid: Identifier of the run.
        start: Its start document.
    """

    def __init__(self, start: Document, emit: Emit, clock: Callable[[], float]):
        self.start = start
        self.uid: str = start["uid"]
        self._emit = emit
        self._clock = clock
        self._states: dict[str, _StreamState] = {}
        self._bundle: _Bundle | None = None
        # seq_num of each stream that went on since the checkpoint, as it was then
        self._marks: dict[str, int] = {}

    # ------------------------------------------------------------ bundling

    @property
    def bundling(self) -> bool:
        """Whether an event is being bundled."""
        return self._bundle is not None

    def begin(self, name: str) -> None:
        """Begin an event of the stream ``name``.

        Raises:
            IllegalMessageSequence: Another event has not been saved or dropped.
        """
        if self._bundle is not None:
            raise IllegalMessageSequence(
                f"'create' for stream {name!r} came while an event of stream "
                f"{self._bundle.state.name!r} was open; 'save' or 'drop' that first"
            )
        state = self._states.get(name)
        if state is None:
            state = self._states[name] = _StreamState(name)
        self._bundle = _Bundle(state)

    def knows(self, obj: Any) -> bool:
        """Whether the stream being bundled has asked ``obj`` what it is."""
        bundle = self._bundle
        return bundle is None or id(obj) in bundle.state.described

    def learn(self, described: Described) -> None:
        """Keep, for the stream being bundled, what a device says of itself."""
        if self._bundle is not None:
            self._bundle.state.described[id(described.obj)] = described

    def add(self, obj: Any, reading: Readings) -> None:
        """Add what was read from ``obj`` to the event, if one is being bundled.

        Raises:
            PlanArgumentError: A data key is in the event already.
        """
        bundle = self._bundle
        if bundle is None:
            return
        data, timestamps = bundle.data, bundle.timestamps
        size = len(data)
        for key, one in reading.items():
            data[key] = one["value"]
            timestamps[key] = one["timestamp"]
        if len(data) != size + len(reading):
            described = bundle.state.described
            refuse_collisions([described[id(o)] for o in (*bundle.objs, obj)])
            raise DocumentError(f"{obj.name!r} gave a data key it did not describe")
        bundle.objs.append(obj)

    def drop(self) -> None:
        """Discard the event.

        Raises:
            IllegalMessageSequence: There is none.
        """
        self._require_bundle("drop")
        self._bundle = None

    def save(self) -> bool:
        """Emit the event, and its stream's descriptor if it is the first.

        Returns:
            Whether there was anything to emit.

        Raises:
            IllegalMessageSequence: No event was begun.
            MismatchedReadError: Other devices than in the stream's first event.
        """
        bundle = self._require_bundle("save")
        self._bundle = None
        if not bundle.objs:
            return False
        state = bundle.state
        stream = state.stream
        if stream is None:
            stream = self._declare(state, bundle.objs)
        elif bundle.objs != state.objs:
            _refuse_mismatch(state, bundle.objs)
        self._marks.setdefault(state.name, stream.seq_num)
        event = stream.compose_event(bundle.data, bundle.timestamps, self._clock())
        self._emit("event", event)
        return True

    def _require_bundle(self, verb: str) -> _Bundle:
        if self._bundle is None:
            raise IllegalMessageSequence(
                f"'{verb}' came without a 'create' before it; an event is begun by "
                f"'create', filled by 'read' and ended by 'save' or 'drop'"
            )
        return self._bundle

    # ------------------------------------------------------------ streams

    def _declare(self, state: _StreamState, objs: list[Any]) -> Stream:
        state.objs = list(objs)
        described = [state.described[id(obj)] for obj in objs]
        refuse_collisions(described)
        descriptor = self._descriptor(state.name, described)
        state.stream = Stream(descriptor)
        self._emit("descriptor", descriptor)
        return state.stream

    def _descriptor(self, name: str, described: list[Described]) -> Document:
        return compose_descriptor(
            run_start=self.uid,
            name=name,
            time=self._clock(),
            data_keys={k: v for one in described for k, v in one.data_keys.items()},
            object_keys={one.obj.name: list(one.data_keys) for one in described},
            configuration={one.obj.name: one.configuration for one in described},
            hints={one.obj.name: one.hints for one in described},
        )

    # ------------------------------------------------------------ rewinding

    def mark(self) -> None:
        """Remember where the counters stand: a rewind goes back to here."""
        if self._marks:
            self._marks.clear()

    def rewind(self) -> None:
        """Go back to the last mark: events taken since reuse their seq_num."""
        self._bundle = None
        for name, seq_num in self._marks.items():
            stream = self._states[name].stream
            if stream is not None:
                stream.seq_num = seq_num
        self._marks.clear()

    # ------------------------------------------------------------ the end

    def close(self, exit_status: ExitStatus, reason: str) -> Document:
        """Emit the stop document and return it."""
        self._bundle = None
        stop = compose_stop(
            run_start=self.uid,
            time=self._clock(),
            exit_status=exit_status,
            reason=reason,
            num_events={
                name: state.stream.seq_num
                for name, state in self._states.items()
                if state.stream is not None
            },
        )
        self._emit("stop", stop)
        return stop


def _refuse_mismatch(state: _StreamState, objs: list[Any]) -> None:
    # Another order is no other set of devices.
    if {id(obj) for obj in objs} == {id(obj) for obj in state.objs}:
        return
    raise MismatchedReadError(
        f"stream {state.name!r} began with {[o.name for o in state.objs]}, but "
        f"this event was read from {[o.name for o in objs]}",
        stream=state.name,
    )
