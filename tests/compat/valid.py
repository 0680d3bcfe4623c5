"""Check documents as their consumers do: by event_model's schemas, and as a whole."""

from collections import Counter
from typing import Any

import event_model

Documents = list[tuple[str, dict[str, Any]]]


def assert_valid(documents: Documents) -> None:
    """Check each document by itself, and that each refers to one that came before."""
    assert documents[0][0] == "start"
    assert documents[-1][0] == "stop"
    known: set[str] = set()
    counted: Counter[str] = Counter()
    streams: dict[str, dict[str, Any]] = {}
    for name, doc in documents:
        schema = event_model.schema_validators[event_model.DocumentNames[name]]
        schema.validate(doc)
        for refers in ("run_start", "descriptor", "resource", "stream_resource"):
            if refers in doc:
                assert doc[refers] in known, (name, refers)
        if name == "descriptor":
            streams[doc["uid"]] = doc
        if name == "event":
            keys = streams[doc["descriptor"]]["data_keys"]
            inside = {k for k, v in keys.items() if v.get("external") != "STREAM:"}
            assert doc["data"].keys() == inside
            assert doc["timestamps"].keys() == doc["data"].keys()
        count(name, doc, streams, counted)
        known |= {
            doc[key] for key in ("uid", "datum_id") if isinstance(doc.get(key), str)
        }
    stop = documents[-1][1]
    for stream, number in stop["num_events"].items():
        assert counted[stream] == number


def count(
    name: str,
    doc: dict[str, Any],
    streams: dict[str, dict[str, Any]],
    counted: Counter[str],
) -> None:
    """Count the rows of each stream, by their numbers."""
    if name == "event":
        last = doc["seq_num"]
    elif name == "event_page":
        last = max(doc["seq_num"], default=0)
    elif name == "stream_datum":
        last = doc["seq_nums"]["stop"] - 1
    else:
        return
    stream = streams[doc["descriptor"]]["name"]
    counted[stream] = max(counted[stream], last)
