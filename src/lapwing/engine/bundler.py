"""The bundler: makes the documents of one run out of readings.

Owns the streams of a run, their descriptors, and the event being bundled.
Must not know messages, plans or loops; it is told what was read.
Test: begin, add readings, save; look at the documents.
"""

from collections.abc import Callable, Iterable
from typing import Any

from lapwing.documents import (
    Document,
    ExitStatus,
    Stream,
    compose_descriptor,
    compose_stop,
)
from lapwing.engine.assets import AssetDoc, complete
from lapwing.engine.bundle import Bundle
from lapwing.engine.streams import (
    Described,
    StreamState,
    describe,
    describe_collected,
    refuse_collisions,
)
from lapwing.errors import (
    DocumentError,
    IllegalMessageSequence,
    MismatchedReadError,
)
from lapwing.protocols import Readings

Emit = Callable[[str, Document], None]
INTERRUPTIONS = "interruptions"


class RunBundler:
    """One open run.

    Args:
        start: Its start document, already emitted.
        emit: Takes each further document.
        clock: Returns seconds since 1970.

    Attributes:
        uid: Identifier of the run.
        start: Its start document.
        clock: Returns seconds since 1970.
        closed: Whether its stop document has been made.
    """

    def __init__(self, start: Document, emit: Emit, clock: Callable[[], float]):
        self.start = start
        self.uid: str = start["uid"]
        self._emit = emit
        self.clock = clock
        self._resources: dict[str, str] = {}  # data keys, by uid
        self._states: dict[str, StreamState] = {}
        self._bundle: Bundle | None = None
        self.closed = False
        # Descriptors of a process that died before their first event, by stream.
        self._announced: dict[str, Document] = {}
        # The event that was being bundled at the checkpoint, as it was then.
        self._marked_bundle: Bundle | None = None
        # Whether the event that the plan is about was given up by a rewind.
        self._taken_back = False
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
        self._bundle = Bundle(self.state(name))
        self._taken_back = False

    def is_simple(self, obj: Any) -> bool:
        """Whether a reading of ``obj`` needs nothing but `add`."""
        bundle = self._bundle
        return bundle is None or id(obj) in bundle.state.simple

    def knows(self, obj: Any) -> bool:
        """Whether the stream being bundled has asked ``obj`` what it is."""
        bundle = self._bundle
        return bundle is None or id(obj) in bundle.state.described

    def learn(self, described: Described) -> None:
        """Keep, for the stream being bundled, what a device says of itself."""
        if self._bundle is not None:
            self._bundle.state.learn(described)

    def add(self, obj: Any, reading: Readings) -> None:
        """Add what was read from ``obj`` to the event, if one is being bundled.

        Raises:
            PlanArgumentError: A data key is in the event already.
            DocumentError: What was read is no reading.
        """
        bundle = self._bundle
        if bundle is None:
            return
        data, timestamps = bundle.data, bundle.timestamps
        size = len(data) + len(reading)
        try:
            for key, one in reading.items():
                data[key] = one["value"]
                timestamps[key] = one["timestamp"]
        except (KeyError, TypeError):
            bundle.merge_again()
            raise DocumentError(
                f"{obj.name!r} was read as {reading!r}, in which not every key has a "
                f"value and a timestamp"
            ) from None
        if len(data) != size:
            # Looked at afterwards, for that is quicker, and undone.
            bundle.merge_again()
            described = bundle.state.described
            refuse_collisions(described[id(o)] for o in (*bundle.objs, obj))
            raise DocumentError(f"{obj.name!r} gave a data key it did not describe")
        bundle.objs.append(obj)
        bundle.readings.append(reading)

    def add_assets(self, docs: Iterable[AssetDoc]) -> None:
        """Add documents about what a device has written itself, if bundling."""
        if self._bundle is not None:
            self._bundle.assets = [*(self._bundle.assets or ()), *docs]

    def _abandon(self) -> None:
        """Give the event up, but not what its devices tell only once."""
        bundle, self._bundle = self._bundle, None
        if bundle is not None:
            bundle.set_aside()

    def drop(self) -> None:
        """Discard the event.

        Raises:
            IllegalMessageSequence: There is none.
        """
        if self._bundle is None and self._taken_back:
            self._taken_back = False
            return
        self._require_bundle("drop")
        self._abandon()

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
            bundle.set_aside()
            _refuse_mismatch(state, bundle.objs)
        self._marks.setdefault(state.name, stream.seq_num)
        if bundle.assets is not None or state.untold:
            self._emit_assets(state, bundle.assets or (), most=1)
        event = stream.compose_event(bundle.data, bundle.timestamps, self.clock())
        self._emit("event", event)
        return True

    def _require_bundle(self, verb: str) -> Bundle:
        if self._bundle is None:
            raise IllegalMessageSequence(
                f"'{verb}' came without a 'create' before it; an event is begun by "
                f"'create', filled by 'read' and ended by 'save' or 'drop'"
            )
        return self._bundle

    def _emit_assets(
        self, state: StreamState, docs: Iterable[AssetDoc], *, most: int | None
    ) -> int:
        docs, state.untold = [*state.untold, *docs], []
        filled, width = complete(state, self.uid, docs, most=most)
        for name, doc in filled:
            self._emit(name, doc)
        return width

    # ------------------------------------------------------------ streams

    def state(self, name: str) -> StreamState:
        """Return what is known of a stream; nothing yet, if it is new."""
        state = self._states.get(name)
        if state is None:
            state = self._states[name] = StreamState(name, self._resources)
        return state

    def declared(self, name: str) -> StreamState | None:
        """Return a stream that has its descriptor, or None."""
        state = self._states.get(name)
        return None if state is None or state.stream is None else state

    def declared_for(self, obj: Any) -> list[StreamState]:
        """Return the streams into which a device collects."""
        return [
            state
            for state in self._states.values()
            if state.collected and any(known is obj for known in state.objs)
        ]

    def stream_of(self, obj: Any, name: str | None) -> StreamState:
        """Return the stream into which a device is monitored.

        Args:
            obj: The device.
            name: Name of the stream, if it was given one.

        Raises:
            DocumentError: There is none.
        """
        for state in self.declared_of([obj]):
            if state.name == name or (not name and state.name.startswith("monitor-")):
                return state
        raise DocumentError(f"no stream of the run {self.uid} monitors {obj.name!r}")

    def restore(
        self,
        descriptor: Document,
        objs: list[Any],
        seq_num: int,
        resources: dict[str, str],
        *,
        collected: bool,
    ) -> None:
        """Take up a stream whose documents were made by a process that died.

        Args:
            descriptor: Its last descriptor.
            objs: The devices that feed it, in the descriptor's order.
            seq_num: Number of its last event.
            resources: Data key of each stream_resource, by the resource's uid.
            collected: Whether its devices collect their data by themselves.
        """
        state = self.state(descriptor["name"])
        state.collected = collected
        state.objs = list(objs)
        for obj in objs:
            keys = descriptor["object_keys"][obj.name]
            data_keys = {key: descriptor["data_keys"][key] for key in keys}
            state.learn(
                Described(obj, data_keys, descriptor["configuration"][obj.name])
            )
        state.stream = Stream(descriptor)
        state.stream.seq_num = state.most = seq_num
        state.resources.update(resources)
        self._resources.update(resources)

    def expect(self, descriptor: Document) -> None:
        """Take up a descriptor whose devices have not come again yet."""
        self._announced[descriptor["name"]] = descriptor

    def declared_of(self, objs: Iterable[Any]) -> list[StreamState]:
        """Return the streams that were declared of these devices and no others."""
        wanted = {id(obj) for obj in objs}
        return [
            state
            for state in self._states.values()
            if state.stream is not None and {id(obj) for obj in state.objs} == wanted
        ]

    def declare(
        self, name: str, described: Iterable[Described], *, collected: bool = False
    ) -> StreamState:
        """Emit the descriptor of a stream before its first event."""
        state = self.state(name)
        state.collected = collected
        objs = []
        for one in described:
            state.learn(one)
            objs.append(one.obj)
        self._declare(state, objs)
        return state

    def _declare(self, state: StreamState, objs: list[Any]) -> Stream:
        described = [state.described[id(obj)] for obj in objs]
        refuse_collisions(described)
        descriptor = self._descriptor(state.name, described)
        announced = self._announced.pop(state.name, None)
        if announced is not None and _same_keys(announced, descriptor):
            state.objs = list(objs)
            state.stream = Stream(announced)
            return state.stream
        _refuse_other_keys(state, descriptor)
        state.objs = list(objs)
        if state.stream is None:
            state.stream = Stream(descriptor)
        else:
            state.stream.replace_descriptor(descriptor)
        self._emit("descriptor", descriptor)
        return state.stream

    def _descriptor(self, name: str, described: list[Described]) -> Document:
        return compose_descriptor(
            run_start=self.uid,
            name=name,
            time=self.clock(),
            data_keys={k: v for one in described for k, v in one.data_keys.items()},
            object_keys={one.obj.name: list(one.data_keys) for one in described},
            configuration={one.obj.name: one.configuration for one in described},
            hints={o.obj.name: o.hints for o in described if o.hints is not None},
        )

    async def reconfigured(self, obj: Any) -> None:
        """Ask a device again what it is; its streams get a new descriptor each."""
        for state in list(self._states.values()):
            if id(obj) not in state.described:
                continue
            if state.collected:
                answers = await describe_collected(obj)
                one = answers.get(state.name) or answers[None]
            else:
                one = await describe(obj)
            state.learn(one)
            if state.stream is not None:
                self._declare(state, state.objs)

    # ------------------------------------------------------------ collecting

    def emit_collected(
        self, state: StreamState, assets: Iterable[AssetDoc], events: list[Document]
    ) -> None:
        """Emit what devices have collected: documents of assets, then a page.

        Args:
            state: The stream, with its descriptor.
            assets: Documents about what was written elsewhere.
            events: Partial events: ``time``, ``data``, ``timestamps``.
        """
        stream = state.stream
        if stream is None:
            raise DocumentError(f"stream {state.name!r} has no descriptor")
        width = self._emit_assets(state, assets, most=None)
        if events:
            self._emit("event_page", stream.compose_page(events))
        else:
            stream.seq_num += width

    # ------------------------------------------------------------ interruptions

    def declare_interruptions(self) -> None:
        """Emit the descriptor of the stream of interruptions."""
        state = self.state(INTERRUPTIONS)
        descriptor = compose_descriptor(
            run_start=self.uid,
            name=INTERRUPTIONS,
            time=self.clock(),
            data_keys={
                "interruption": {"dtype": "string", "shape": [], "source": "RunEngine"}
            },
            object_keys={},
            configuration={},
            hints={},
        )
        state.stream = Stream(descriptor)
        self._emit("descriptor", descriptor)

    def interruption(self, text: str) -> None:
        """Emit an event about an interruption, if those are recorded."""
        state = self.declared(INTERRUPTIONS)
        if state is not None and state.stream is not None:
            now = self.clock()
            data, timestamps = {"interruption": text}, {"interruption": now}
            self._emit("event", state.stream.compose_event(data, timestamps, now))

    # ------------------------------------------------------------ rewinding

    def mark(self) -> None:
        """Remember how things stand: a rewind goes back to here."""
        if self._marks:
            self._marks.clear()
        self._marked_bundle = None
        if self._bundle is not None:
            self._bundle.set_aside()
            self._marked_bundle = self._bundle.copy()

    def rewind(self) -> None:
        """Go back to the last mark: events taken since reuse their seq_num."""
        # The plan knows nothing of that, and may drop the event if it is told to end.
        self._taken_back = self._taken_back or self._bundle is not None
        self._abandon()
        if self._marked_bundle is not None:
            self._bundle = self._marked_bundle.copy()
        for name, seq_num in self._marks.items():
            state = self._states[name]
            stream = state.stream
            if stream is not None:
                state.most = max(state.most, stream.seq_num)
                stream.seq_num = seq_num
        self._marks.clear()

    # ------------------------------------------------------------ the end

    def close(self, exit_status: ExitStatus, reason: str) -> Document:
        """Emit the stop document and return it.

        Raises:
            DocumentError: There is no such exit status; the run is open still.
        """
        stop = compose_stop(
            run_start=self.uid,
            time=self.clock(),
            exit_status=exit_status,
            reason=reason,
            num_events={
                name: max(state.most, state.stream.seq_num)
                for name, state in self._states.items()
                if state.stream is not None
            },
        )
        self._bundle = None
        self.closed = True
        self._emit("stop", stop)
        return stop


def _same_keys(one: Document, other: Document) -> bool:
    """Whether two descriptors are of the same devices and data keys."""
    return one["object_keys"] == other["object_keys"] and all(
        list(spec["shape"]) == list(other["data_keys"][key]["shape"])
        and spec["dtype"] == other["data_keys"][key]["dtype"]
        for key, spec in one["data_keys"].items()
    )


def _refuse_other_keys(state: StreamState, descriptor: Document) -> None:
    """A stream has one set of data keys from its first descriptor to the end."""
    if state.stream is None:
        return
    before, now = state.stream.descriptor["data_keys"], descriptor["data_keys"]
    if before.keys() != now.keys():
        raise DocumentError(
            f"stream {state.name!r} was declared with the data keys {sorted(before)}, "
            f"and cannot go on with {sorted(now)}",
            hint="give these devices a stream of their own",
        )


def _refuse_mismatch(state: StreamState, objs: list[Any]) -> None:
    # Another order is no other set of devices.
    if {id(obj) for obj in objs} == {id(obj) for obj in state.objs}:
        return
    raise MismatchedReadError(
        f"stream {state.name!r} began with {[o.name for o in state.objs]}, but "
        f"this event was read from {[o.name for o in objs]}",
        stream=state.name,
    )
