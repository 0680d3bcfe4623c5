"""Documents: what a run leaves behind, in the event model's shapes.

Owns composing and checking start, descriptor, event and stop documents.
Must not know engines or devices; it is given plain dictionaries.
Test: compose one, `check` it, compare with ``event_model``'s schemas.

The full JSON schema costs 0.2 ms a document, so it is applied where documents
are few (start, descriptor, stop, the first event of a stream); every further
event is checked against the keys of its descriptor, which a `Stream` holds
ready. The schemas are those of the package ``event_model``, loaded on first use.
"""

import os
from collections.abc import Callable, Collection, Mapping
from copy import copy
from functools import lru_cache
from typing import Any, Literal

import orjson

from lapwing.errors import DocumentError, MetadataError

Document = dict[str, Any]
DocumentName = Literal[
    "start",
    "descriptor",
    "event",
    "event_page",
    "resource",
    "datum",
    "stream_resource",
    "stream_datum",
    "stop",
]
ExitStatus = Literal["success", "abort", "fail"]

# ---------------------------------------------------------------- identifiers

_POOL_SIZE = 256
_UID_FORM = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx "
_UID_DIGITS = [place for place, mark in enumerate(_UID_FORM) if mark == ord("x")]
# The bytes in which version and variant stand, by what was drawn.
_WITH_VERSION = bytes(byte & 0x0F | 0x40 for byte in range(256))
_WITH_VARIANT = bytes(byte & 0x3F | 0x80 for byte in range(256))
_uid_pool: list[str] = []


def new_uid() -> str:
    """Return a fresh random identifier in the form of a UUID of version 4.

    They are made 256 at a time: a tenth of ``uuid4``'s cost.
    """
    try:
        return _uid_pool.pop()
    except IndexError:
        _uid_pool.extend(_make_uids(_POOL_SIZE))
        return _uid_pool.pop()


def _make_uids(num: int) -> list[str]:
    drawn = bytearray(os.urandom(16 * num))
    drawn[6::16] = drawn[6::16].translate(_WITH_VERSION)
    drawn[8::16] = drawn[8::16].translate(_WITH_VARIANT)
    digits = drawn.hex().encode()
    text = bytearray(_UID_FORM * num)
    # All first digits at once, then all second ones, and so on.
    for digit, place in enumerate(_UID_DIGITS):
        text[place :: len(_UID_FORM)] = digits[digit::32]
    return text.decode().split()


# A forked child must not hand out the identifiers that its parent will.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_uid_pool.clear)


# ---------------------------------------------------------------- composing


def compose_start(metadata: Mapping[str, Any], uid: str, time: float) -> Document:
    """Compose and check a start document.

    Args:
        metadata: Everything but ``uid`` and ``time``, by key.
        uid: Identifier of the run.
        time: Seconds since 1970.

    Raises:
        MetadataError: A value cannot be written down, or a key is the run's own;
            it is named.
        DocumentError: The document breaks the schema.
    """
    for key in ("uid", "time"):
        if key in metadata:
            raise MetadataError(
                f"metadata {key!r} is the run's own and cannot be given",
                hint="give it another name",
                key=key,
            )
    check_serialisable(metadata)
    doc = {"uid": uid, "time": time, **metadata}
    check("start", doc)
    return doc


def compose_descriptor(
    *,
    run_start: str,
    name: str,
    time: float,
    data_keys: Document,
    object_keys: dict[str, list[str]],
    configuration: Document,
    hints: Document,
) -> Document:
    """Compose and check an event descriptor, with a uid of its own.

    Args:
        run_start: Identifier of the run.
        name: Name of the stream.
        time: Seconds since 1970.
        data_keys: What each value is, by data key.
        object_keys: Data keys by device name.
        configuration: ``{device: {data, timestamps, data_keys}}``.
        hints: What each device says is worth showing.

    Raises:
        DocumentError: The document breaks the schema, usually because a
            device's ``describe`` does.
    """
    doc = {
        "configuration": configuration,
        "data_keys": data_keys,
        "name": name,
        "object_classes": {},
        "object_keys": object_keys,
        "run_start": run_start,
        "time": time,
        "uid": new_uid(),
        "hints": hints,
    }
    check("descriptor", doc)
    return doc


def compose_stop(
    *,
    run_start: str,
    time: float,
    exit_status: ExitStatus,
    reason: str,
    num_events: dict[str, int],
) -> Document:
    """Compose and check a stop document, with a uid of its own.

    Args:
        run_start: Identifier of the run.
        time: Seconds since 1970.
        exit_status: "success", "abort" or "fail".
        reason: Why, if it did not succeed.
        num_events: Last ``seq_num`` of each stream.
    """
    doc = {
        "uid": new_uid(),
        "time": time,
        "run_start": run_start,
        "exit_status": exit_status,
        "reason": reason,
        "num_events": num_events,
    }
    check("stop", doc)
    return doc


class Stream:
    """The events of one stream of one run: keys, counter and descriptor.

    Args:
        descriptor: The stream's descriptor document.

    Attributes:
        descriptor: The descriptor in force; a new configuration replaces it.
        seq_num: Number of the last event, from 1; 0 before the first.
        stream_keys: Keys whose values stand in files, told of by stream_datum.
        uid: Identifier of the descriptor.
    """

    __slots__ = (
        "_arrays",
        "_checked",
        "_external",
        "_keys",
        "descriptor",
        "seq_num",
        "stream_keys",
        "uid",
    )

    def __init__(self, descriptor: Document):
        self.seq_num = 0
        self.replace_descriptor(descriptor)

    def replace_descriptor(self, descriptor: Document) -> None:
        """Continue the stream under another descriptor with the same keys.

        Raises:
            DocumentError: Its keys differ.
        """
        if self.seq_num and descriptor["data_keys"].keys() != (
            self.descriptor["data_keys"].keys()
        ):
            raise DocumentError(
                f"the data keys of stream {descriptor['name']!r} changed from "
                f"{sorted(self.descriptor['data_keys'])} to "
                f"{sorted(descriptor['data_keys'])} in the middle of a run",
                hint="read the device into another stream",
            )
        self.descriptor = descriptor
        self.uid: str = descriptor["uid"]
        data_keys = descriptor["data_keys"]
        self._external = [
            key
            for key, spec in data_keys.items()
            if "external" in spec and not spec["external"].startswith("STREAM:")
        ]
        self.stream_keys = frozenset(
            key
            for key, spec in data_keys.items()
            if spec.get("external", "").startswith("STREAM:")
        )
        # A device may fill one buffer again and again; an event stays what it is.
        self._arrays = [
            key
            for key, spec in data_keys.items()
            if spec.get("dtype") == "array" and "external" not in spec
        ]
        # A view of a dict: compares like a set, and keeps its order.
        self._keys = {k: None for k in data_keys if k not in self.stream_keys}.keys()
        self._checked = False

    def compose_event(
        self, data: Document, timestamps: Document, time: float
    ) -> Document:
        """Compose the next event; counts ``seq_num`` up.

        Args:
            data: Values by data key.
            timestamps: Seconds since 1970 by the same keys.
            time: Seconds since 1970 of the event itself.

        Raises:
            DocumentError: The keys differ from the descriptor's, or the first
                event breaks the schema.
        """
        if data.keys() != self._keys:
            raise DocumentError(_key_mismatch(self.descriptor, data.keys(), self._keys))
        if self._arrays:
            data = {**data, **{key: copy(data[key]) for key in self._arrays}}
        doc = {
            "uid": new_uid(),
            "time": time,
            "data": data,
            "timestamps": timestamps,
            "seq_num": self.seq_num + 1,
            "filled": dict.fromkeys(self._external, False) if self._external else {},
            "descriptor": self.uid,
        }
        if not self._checked:
            check("event", doc)
            self._checked = True
        self.seq_num += 1
        return doc

    def compose_page(self, events: list[Document]) -> Document:
        """Compose a page of the next events; counts ``seq_num`` up by their number.

        Args:
            events: Partial events with ``time``, ``data`` and ``timestamps``.

        Raises:
            DocumentError: The keys of one differ from the descriptor's, or the
                first page breaks the schema.
        """
        for event in events:
            if event["data"].keys() != self._keys:
                raise DocumentError(
                    _key_mismatch(self.descriptor, event["data"].keys(), self._keys)
                )
        first = self.seq_num + 1
        doc: Document = {
            "uid": [new_uid() for _ in events],
            "time": [event["time"] for event in events],
            "data": {
                k: [
                    copy(e["data"][k]) if k in self._arrays else e["data"][k]
                    for e in events
                ]
                for k in self._keys
            },
            "timestamps": {
                k: [event["timestamps"][k] for event in events] for k in self._keys
            },
            "seq_num": list(range(first, first + len(events))),
            "filled": {key: [False] * len(events) for key in self._external},
            "descriptor": self.uid,
        }
        if not self._checked:
            check("event_page", doc)
            self._checked = True
        self.seq_num += len(events)
        return doc


def _key_mismatch(
    descriptor: Document, found: Collection[str], wanted: Collection[str]
) -> str:
    return (
        f"the event of stream {descriptor['name']!r} has not the keys of its "
        f"descriptor: missing {sorted(set(wanted) - set(found))}, "
        f"unknown {sorted(set(found) - set(wanted))}"
    )


# ---------------------------------------------------------------- checking


@lru_cache
def _validators() -> dict[str, Any]:
    # Loading the schemas takes 0.3 s, so `import lapwing` must not.
    from event_model import DocumentNames, schema_validators

    return {name.name: schema_validators[name] for name in DocumentNames}


def check(name: DocumentName, doc: Document) -> None:
    """Check a document against the event model's full schema.

    Raises:
        DocumentError: It breaks the schema; says where and how.
    """
    validator = _validators()[name]
    error = next(iter(validator.iter_errors(doc)), None)
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path) or "the document"
        raise DocumentError(f"{name} document: {place}: {error.message[:500]}")


def check_serialisable(metadata: Mapping[str, Any]) -> None:
    """Refuse metadata that cannot be written down as JSON.

    Raises:
        MetadataError: Names the first key whose value cannot, as ``a.b[2]``.
    """
    try:
        to_json(metadata)
    except TypeError:
        path, value = _find_culprit(metadata, "") or ("?", metadata)
        raise MetadataError(
            f"metadata {path[:80]!r} is of type {type(value).__name__}, which cannot "
            f"be written down: {str(value)[:80]!r}",
            key=path,
        ) from None


def to_json(value: Any) -> bytes:
    """Return ``value`` as JSON text; numpy arrays and scalars are understood.

    Raises:
        TypeError: It holds something that JSON cannot.
    """
    return orjson.dumps(value, default=_plain, option=_JSON_OPTIONS)


_JSON_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATETIME


def _plain(value: Any) -> Any:
    """Turn what orjson does not know into what it does."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | list | set | frozenset):
        return list(value)
    # Arrays that orjson leaves to us: not contiguous, of text, of objects.
    if (tolist := getattr(value, "tolist", None)) is not None:
        return tolist()
    raise TypeError(f"{type(value).__name__} is not serialisable")


_DEEPEST = 250
"""Levels of nesting that JSON writers can do; what holds itself has more."""


def _find_culprit(value: Any, path: str, depth: int = 0) -> tuple[str, Any] | None:
    if depth > _DEEPEST:
        return path, value
    if isinstance(value, Mapping):
        children: list[tuple[str, Any]] = []
        for key, child in value.items():
            where = f"{path}.{key}" if path else str(key)
            if not isinstance(key, str):
                return where, key
            children.append((where, child))
    elif isinstance(value, tuple | list):
        children = [(f"{path}[{i}]", child) for i, child in enumerate(value)]
    else:
        return None if _is_serialisable(value) else (path, value)
    for where, child in children:
        if (hit := _find_culprit(child, where, depth + 1)) is not None:
            return hit
    return None


def _is_serialisable(value: Any) -> bool:
    try:
        to_json(value)
    except TypeError:
        return False
    return True


DocumentConsumer = Callable[[str, Document], Any]
"""Anything that is called with a document's name and the document."""
