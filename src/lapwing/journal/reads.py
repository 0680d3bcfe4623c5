"""Reads: those into open events, which are answered when the events are made.

Owns which event each of them belongs to.
Must not know which messages stand, nor plans.
Test: see `steps`.
"""

from collections.abc import Callable, Hashable
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import ObjectRef, Record
from lapwing.journal.step import NONE, Stretch, run_key


class Reads:
    """Reads into open events.

    Args:
        held: The steps of which the answers are put in.

    Attributes:
        saving: Key of the run whose event was told to be saved, and has not come
            yet; else `NONE`.
        num_waiting: How many have no answer yet.
        answered: Numbers of those that were answered by what they were read into.
    """

    def __init__(self, held: Stretch) -> None:
        self.saving: Hashable = NONE
        self.num_waiting = 0
        self.answered: set[int] = set()
        self._held = held
        self._open: dict[Hashable, list[int]] = {}  # by run key
        self._object_keys: dict[str, dict[str, list[str]]] = {}  # by descriptor

    def takers(self) -> dict[str, Callable[[int, Record], None]]:
        """Return what takes the messages of each verb that it is to be told of."""
        return {
            "close_run": self._dropped,
            "create": self.created,
            "drop": self._dropped,
            "read": self._read,
            "save": self._saved,
        }

    def created(self, index: int, message: Record) -> None:
        """Begin an event."""
        run = _key(message)
        if run in self._open:
            self._close(run)
        self._open[run] = []

    def _read(self, index: int, message: Record) -> None:
        if self._open and (into := self._open.get(_key(message))) is not None:
            into.append(index)
            self.num_waiting += 1

    def _saved(self, index: int, message: Record) -> None:
        run = _key(message)
        if run in self._open:
            self.saving = run

    def _dropped(self, index: int, message: Record) -> None:
        self._close(_key(message))

    def _close(self, run: Hashable) -> None:
        self.num_waiting -= len(self._open.pop(run, ()))

    def end_saving(self) -> None:
        """The event came, or none did."""
        self._close(self.saving)
        self.saving = NONE

    def document(self, name: str, doc: Document) -> None:
        """Take a document that is no event."""
        if name == "descriptor":
            self._object_keys[doc["uid"]] = doc["object_keys"]

    def event(self, doc: Document) -> None:
        """Take an event, which answers what was read into it."""
        if self.saving is NONE:
            return
        keys = self._object_keys.get(doc["descriptor"], {})
        held = self._held
        for index in self._open[self.saving]:
            at = index - held.first
            beside = held.beside.get(index)
            if held.answers[at] is NONE and (beside is None or beside.error is None):
                held.answers[at] = _reading(held.messages[at], doc, keys)
                self.answered.add(index)
        self.end_saving()

    def reading(self, index: int, reading: Any) -> None:
        """Answer a read into an event that was not made, or not yet."""
        held = self._held
        waiting = [run for run, reads in self._open.items() if index in reads]
        for run in waiting:
            self._open[run].remove(index)
            self.num_waiting -= 1
        if waiting or index == held.end - 1:
            held.answers[index - held.first] = reading
            self.answered.add(index)

    def forget(self) -> None:
        """Let go of all that is open."""
        self._open.clear()
        self.num_waiting = 0
        self.saving = NONE


def _key(message: Record) -> Hashable:
    run = message[4]
    return run_key(run) if run.__class__ is list else run


def _reading(
    message: Record | None, event: Document, keys: dict[str, list[str]]
) -> Document:
    """Return what a device was read as, out of the event that it went into."""
    obj = None if message is None else message[1]
    own = keys.get(obj.name, ()) if isinstance(obj, ObjectRef) else ()
    data, timestamps = event["data"], event["timestamps"]
    return {
        key: {"value": data[key], "timestamp": timestamps[key]}
        for key in own
        if key in data
    }
