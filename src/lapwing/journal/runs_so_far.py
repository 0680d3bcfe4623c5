"""The runs so far: what the documents of a call say of the runs that are open.

Owns the streams of each open run, and how many events each has.
Must not know messages, nor where a call goes on.
Test: hand it the documents of a run; look what is open.
"""

from collections.abc import Hashable

from lapwing.documents import Document
from lapwing.journal.resume_state import RunAt, StreamAt


class RunsSoFar:
    """The open runs of a call, as its documents come.

    Attributes:
        open: By uid, in order.
        uids: Uids of all runs.
        scan_id: The last that was drawn; None if there was none.
    """

    def __init__(self) -> None:
        self.open: dict[str, RunAt] = {}
        self.uids: list[str] = []
        self.scan_id: int | None = None
        self._streams: dict[str, StreamAt] = {}  # by descriptor

    def event(self, doc: Document, number: int) -> str | None:
        """Take an event, which is record ``number``.

        Returns:
            The name of its stream if it is a new one; one that a rewind takes again
            is not.
        """
        stream = self._streams.get(doc["descriptor"])
        if stream is None:
            return None
        stream.last, stream.last_record = doc["data"], number
        if doc["seq_num"] <= stream.seq_num:
            return None
        stream.seq_num = doc["seq_num"]
        return stream.name

    def take(self, name: str, doc: Document, *, key: Hashable, saving: bool) -> None:
        """Take a document that is no event.

        Args:
            name: Its name.
            doc: Its content.
            key: The run key of the message that made it.
            saving: Whether that is a ``save``: its event counts, not this.
        """
        if name == "start":
            self.open[doc["uid"]] = RunAt(key, doc)
            self.uids.append(doc["uid"])
            self.scan_id = doc.get("scan_id", self.scan_id)
        elif name == "stop":
            self.open.pop(doc["run_start"], None)
        elif name == "descriptor":
            self._describe(doc)
        elif name == "event_page":
            self._count(doc, max(doc["seq_num"], default=0))
        elif name == "stream_datum" and not saving:
            self._count(doc, doc["seq_nums"]["stop"] - 1)
        elif name == "stream_resource":
            self._point_to(doc)

    def _describe(self, doc: Document) -> None:
        run = self.open.get(doc["run_start"])
        if run is None:
            return
        stream = run.streams.setdefault(doc["name"], StreamAt(doc["name"], doc))
        stream.descriptor = doc
        self._streams[doc["uid"]] = stream

    def _count(self, doc: Document, number: int) -> None:
        stream = self._streams.get(doc["descriptor"])
        if stream is not None and number > stream.seq_num:
            stream.seq_num = number

    def _point_to(self, doc: Document) -> None:
        run = self.open.get(doc.get("run_start", ""))
        for stream in run.streams.values() if run is not None else ():
            if doc["data_key"] in stream.descriptor["data_keys"]:
                stream.resources[doc["uid"]] = doc["data_key"]
