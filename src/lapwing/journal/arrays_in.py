"""Arrays in documents: references to large ones, replaced by the arrays.

Owns finding the references in a document, one document at a time.
Must not know where arrays are kept; it is given what fetches one.
Test: documents with references at any depth, and a dictionary of arrays.

A reader that fetched all arrays at once would hold those of a whole frame in memory.
"""

from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import ArrayRef, FetchArray


def filled(doc: Document, fetch: FetchArray) -> Document:
    """Return a document with its large arrays put in.

    Args:
        doc: As it stands in a record.
        fetch: Returns the array of a reference, such as ``Reader.fetch``.
    """
    data = doc.get("data")
    # An event is looked at quickly: its arrays are values of data, not deeper.
    if isinstance(data, dict) and "seq_num" in doc and type(doc["seq_num"]) is int:
        if ArrayRef not in map(type, data.values()):
            return doc
        return {**doc, "data": {key: _filled(one, fetch) for key, one in data.items()}}
    return _filled(doc, fetch)


def _filled(value: Any, fetch: FetchArray) -> Any:
    if isinstance(value, ArrayRef):
        return fetch(value)
    if isinstance(value, dict):
        return {key: _filled(one, fetch) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, fetch) for one in value]
    return value
