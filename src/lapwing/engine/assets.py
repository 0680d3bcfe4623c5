"""Assets: documents about data that a device keeps in files of its own.

Owns filling in what only the engine knows, and the checks between documents.
Must not emit anything.
Test: hand it documents as devices make them.

Source: the event model's resource, datum, stream_resource and stream_datum.
"""

from collections.abc import Iterable
from inspect import isawaitable
from typing import Any

from lapwing.documents import Document, check
from lapwing.engine.streams import StreamState
from lapwing.errors import DocumentError

AssetDoc = tuple[str, Document]


def complete(
    state: StreamState, run_uid: str, docs: Iterable[AssetDoc], *, most: int | None
) -> tuple[list[AssetDoc], int]:
    """Fill in run, descriptor and event numbers.

    Args:
        state: The stream that the documents belong to, with its descriptor.
        run_uid: Identifier of the run.
        docs: Documents as the devices made them.
        most: Most frames that may be told at once; None sets no limit.

    Returns:
        The documents to emit, and the number of frames that each device told of.

    Raises:
        DocumentError: They contradict each other or the descriptor.
    """
    stream = state.stream
    if stream is None:
        raise DocumentError(f"stream {state.name!r} has assets, but no descriptor")
    filled: list[AssetDoc] = []
    widths: dict[str, int] = {}
    for name, doc in docs:
        if name == "resource":
            doc = {**doc, "run_start": run_uid}
        elif name == "stream_resource":
            doc = {**doc, "run_start": run_uid}
            _note_resource(state, stream.stream_keys, doc)
        elif name == "stream_datum":
            key = _key_of(state, stream.stream_keys, doc)
            width = doc["indices"]["stop"] - doc["indices"]["start"]
            widths[key] = widths.get(key, 0) + width
            done = stream.seq_num + widths[key] - width
            seq_nums = {"start": done + 1, "stop": done + 1 + width}
            doc = {**doc, "descriptor": stream.uid, "seq_nums": seq_nums}
        elif name != "datum":
            raise DocumentError(
                f"stream {state.name!r}: a device's assets may be resource, datum, "
                f"stream_resource or stream_datum, but one is {name!r}"
            )
        filled.append((name, doc))
    return filled, _common_width(state, stream.stream_keys, widths, most)


def _note_resource(
    state: StreamState, stream_keys: frozenset[str], doc: Document
) -> None:
    # Devices made before the schema knew mimetypes tell of a spec instead.
    if "mimetype" in doc or "spec" not in doc:
        check("stream_resource", doc)
    uid, key = doc["uid"], doc["data_key"]
    if uid in state.resources:
        raise DocumentError(f"stream_resource {uid!r} was declared before")
    if key not in stream_keys:
        raise DocumentError(
            f"stream_resource {uid!r} is for the data key {key!r}, which is no "
            f"'STREAM:' key of stream {state.name!r}; those are {sorted(stream_keys)}"
        )
    state.resources[uid] = state.shared[uid] = key


def _key_of(state: StreamState, stream_keys: frozenset[str], doc: Document) -> str:
    uid = doc["stream_resource"]
    if uid not in state.resources and state.shared.get(uid) in stream_keys:
        return state.shared[uid]  # a file that another stream began
    if uid not in state.resources:
        raise DocumentError(
            f"stream_datum {doc.get('uid')!r} belongs to stream_resource {uid!r}, "
            f"which was not declared"
        )
    return state.resources[uid]


def _common_width(
    state: StreamState,
    stream_keys: frozenset[str],
    widths: dict[str, int],
    most: int | None,
) -> int:
    """Return the number of frames, which must be the same for every key."""
    if not widths:
        return 0
    if missing := sorted(stream_keys - widths.keys()):
        raise DocumentError(
            f"stream {state.name!r}: frames were told of for {sorted(widths)}, but "
            f"not for {missing}; all must come together"
        )
    if len(set(widths.values())) > 1:
        raise DocumentError(
            f"stream {state.name!r}: the numbers of frames differ by data key: {widths}"
        )
    width = next(iter(widths.values()))
    if most is not None and width > most:
        raise DocumentError(
            f"stream {state.name!r}: {width} frames were told of for one event; "
            f"between 'create' and 'save' there may be {most}"
        )
    return width


async def asset_docs(obj: Any, *index: int) -> list[AssetDoc]:
    """Ask a device for documents about what it has written.

    Args:
        obj: The device.
        *index: Number of frames up to which it shall tell; none for all.
    """
    answer = obj.collect_asset_docs(*index)
    return await drain(await answer if isawaitable(answer) else answer)


async def drain(answer: Any) -> list[Any]:
    """Return everything that a device's iterator yields, asynchronous or not."""
    if hasattr(answer, "__aiter__"):
        return [one async for one in answer]
    return list(answer)
