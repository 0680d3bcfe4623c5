"""Record: what a run's documents say, events aside.

Owns the start, the streams with their descriptors, the resources and the stop.
Must not know files; it stays small however long the run is.
Test: hand it documents, look at streams and devices.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]

_AUXILIARY = {"baseline", "interruptions"}


@dataclass(slots=True)
class Stream:
    """One stream of a run.

    Attributes:
        name: Its name, such as ``"primary"``.
        descriptors: Its descriptors, oldest first; a device that is configured
            anew within a run gives another one.
    """

    name: str
    descriptors: list[Document] = field(default_factory=list)

    @property
    def data_keys(self) -> dict[str, Mapping[str, Any]]:
        """All data keys; where descriptors differ, the first one counts."""
        keys: dict[str, Mapping[str, Any]] = {}
        for descriptor in reversed(self.descriptors):
            keys.update(descriptor.get("data_keys", {}))
        return keys

    @property
    def event_keys(self) -> dict[str, Mapping[str, Any]]:
        """The data keys whose values stand in events, not in other files."""
        return {
            key: data_key
            for key, data_key in self.data_keys.items()
            if not str(data_key.get("external", "")).startswith("STREAM:")
        }

    @property
    def objects(self) -> dict[str, list[str]]:
        """Names of the devices, each with its data keys."""
        found: dict[str, list[str]] = {}
        for descriptor in self.descriptors:
            for name, keys in descriptor.get("object_keys", {}).items():
                found.setdefault(name, list(keys))
        return found

    def hinted(self, device: str) -> list[str]:
        """Return the fields of a device that are worth showing."""
        for descriptor in self.descriptors:
            hints = descriptor.get("hints", {}).get(device) or {}
            if fields := hints.get("fields"):
                return [name for name in fields if name in self.data_keys]
        return []

    @property
    def is_auxiliary(self) -> bool:
        """Whether it only goes along with the stream that the run is about."""
        return self.name in _AUXILIARY or self.name.endswith("_monitor")


@dataclass(slots=True)
class Record:
    """One run, events aside.

    Attributes:
        start: The start document.
        streams: Streams by name, in the order of their first descriptors.
        stop: The stop document, once it is there.
        resources: Stream resources, in order.
    """

    start: Document
    streams: dict[str, Stream] = field(default_factory=dict)
    stop: Document | None = None
    resources: list[Document] = field(default_factory=list)
    _stream_of: dict[str, tuple[Stream, int]] = field(default_factory=dict)

    def note(self, name: str, doc: Document) -> None:
        """Take what a document says about the run."""
        if name == "descriptor":
            stream = doc.get("name", "primary")
            stream = self.streams.setdefault(stream, Stream(stream))
            self._stream_of[doc["uid"]] = (stream, len(stream.descriptors))
            stream.descriptors.append(doc)
        elif name == "stream_resource":
            self.resources.append(doc)
        elif name == "stop":
            self.stop = doc

    def stream_of(self, descriptor_uid: str) -> tuple[Stream, int] | None:
        """Return the stream of a descriptor, and which of its descriptors it is."""
        return self._stream_of.get(descriptor_uid)

    def names(self, *keys: str) -> list[str]:
        """Return names that the start document lists under any of some keys."""
        found: list[str] = []
        for key in keys:
            listed = self.start.get(key) or ()
            listed = [listed] if isinstance(listed, str) else listed
            found += [str(name) for name in listed if str(name) not in found]
        return found


def events_of(name: str, doc: Document) -> Iterator[Document]:
    """Yield the events of an event or event_page document."""
    if name == "event":
        yield doc
    elif name == "event_page":
        for i, seq_num in enumerate(doc["seq_num"]):
            yield {
                "descriptor": doc["descriptor"],
                "seq_num": seq_num,
                "time": doc["time"][i],
                "data": {key: values[i] for key, values in doc["data"].items()},
                "timestamps": {k: times[i] for k, times in doc["timestamps"].items()},
            }
