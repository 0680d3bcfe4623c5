"""The bundle: one event while it is being read.

Owns the readings of an event between ``create`` and ``save``.
Must not know runs, nor emit anything; see `bundler`.
Test: add readings to one, copy it, take the copy further.
"""

from typing import Any

from lapwing.documents import Document
from lapwing.engine.assets import AssetDoc
from lapwing.engine.streams import StreamState
from lapwing.protocols import Readings

TOLD_ONCE = frozenset({"resource", "stream_resource"})
"""Assets that later ones refer to; a device tells of each only once."""


class Bundle:
    """The event that is being bundled, between ``create`` and ``save``."""

    __slots__ = ("assets", "data", "objs", "readings", "state", "timestamps")

    def __init__(self, state: StreamState):
        self.state = state
        self.objs: list[Any] = []
        self.readings: list[Readings] = []
        self.data: Document = {}
        self.timestamps: Document = {}
        self.assets: list[AssetDoc] | None = None

    def merge_again(self) -> None:
        """Make the data anew from the readings that were accepted."""
        self.data, self.timestamps = {}, {}
        for reading in self.readings:
            for key, one in reading.items():
                self.data[key] = one["value"]
                self.timestamps[key] = one["timestamp"]

    def set_aside(self) -> None:
        """Leave to the stream's next event what a device tells only once."""
        assets = self.assets or []
        self.state.untold += [one for one in assets if one[0] in TOLD_ONCE]
        self.assets = [one for one in assets if one[0] not in TOLD_ONCE] or None

    def copy(self) -> "Bundle":
        """Return a bundle that goes on from here by itself."""
        twin = Bundle(self.state)
        twin.objs, twin.readings = list(self.objs), list(self.readings)
        twin.merge_again()
        twin.assets = None if self.assets is None else list(self.assets)
        return twin
