"""Streams of documents, made by hand or by event-model, for tests of files."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Named = tuple[str, dict[str, Any]]

NOW = 1_700_000_000.0
_numbers = itertools.count(1)


def key(dtype: str = "number", shape: Sequence[int] = (), **more: Any) -> Any:
    return {"source": "test", "dtype": dtype, "shape": list(shape), **more}


class Run:
    """Makes the documents of one run; times advance by 0.5 s an event."""

    def __init__(self, **metadata: Any):
        self.uid = f"{next(_numbers):08d}-run"
        self.time = NOW
        self.start: dict[str, Any] = {
            "uid": self.uid, "time": NOW, "scan_id": 7, "plan_name": "scan", **metadata
        }  # fmt: skip
        self._seq: dict[str, int] = {}
        self._uids = itertools.count(1)

    def uid_of(self, kind: str) -> str:
        return f"{self.uid}-{kind}-{next(self._uids)}"

    def descriptor(
        self,
        data_keys: Mapping[str, Any],
        *,
        name: str = "primary",
        devices: Mapping[str, Sequence[str]] | None = None,
        hints: Mapping[str, Sequence[str]] | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        devices = devices or {k: [k] for k in data_keys}
        return {
            "uid": self.uid_of("descriptor"), "run_start": self.uid, "time": self.time,
            "name": name, "data_keys": dict(data_keys),
            "object_keys": {d: list(keys) for d, keys in devices.items()},
            "hints": {d: {"fields": list(f)} for d, f in (hints or {}).items()},
            "configuration": dict(configuration or {}),
        }  # fmt: skip

    def event(
        self, descriptor: Mapping[str, Any], seq_num: int | None = None, **data: Any
    ) -> Named:
        self.time += 0.5
        stream = descriptor["name"]
        if seq_num is None:
            seq_num = self._seq.get(stream, 0) + 1
        self._seq[stream] = seq_num
        return "event", {
            "uid": self.uid_of("event"), "descriptor": descriptor["uid"],
            "time": self.time, "seq_num": seq_num, "data": data,
            "timestamps": dict.fromkeys(data, self.time), "filled": {},
        }  # fmt: skip

    def stop(self, **more: Any) -> Named:
        return "stop", {
            "uid": self.uid_of("stop"), "run_start": self.uid, "time": self.time + 1,
            "exit_status": "success", "reason": "", "num_events": dict(self._seq),
            **more,
        }  # fmt: skip


def of_values(values: Sequence[Any], data_key: Any, **metadata: Any) -> list[Named]:
    """Return a run with one data key, ``v``, and these values of it."""
    run = Run(**metadata)
    descriptor = run.descriptor({"v": data_key})
    events = [run.event(descriptor, v=value) for value in values]
    return [("start", run.start), ("descriptor", descriptor), *events, run.stop()]


def line_scan(num: int = 5, **metadata: Any) -> list[Named]:
    """Return a 1-D scan of ``x`` over a peak of ``det``."""
    run = Run(
        detectors=["det"], motors=["x"], num_points=num,
        hints={"dimensions": [[["x"], "primary"]]}, **metadata,
    )  # fmt: skip
    descriptor = run.descriptor(
        {"x": key(units="mm"), "det": key("integer", units="counts"), "det_sum": key()},
        devices={"x": ["x"], "det": ["det", "det_sum"]},
        hints={"x": ["x"], "det": ["det"]},
    )
    events = [
        run.event(descriptor, x=i / 10, det=i * i, det_sum=i / 3) for i in range(num)
    ]
    return [("start", run.start), ("descriptor", descriptor), *events, run.stop()]


def walk(shape: Sequence[int], snaking: Sequence[bool]) -> Iterator[tuple[int, ...]]:
    """Yield the indices of a grid's points as motors run through them."""
    if not shape:
        yield ()
        return
    # Turn round on every second lap, a lap being one run through the last axis.
    laps = itertools.count()
    for head in walk(shape[:-1], snaking[:-1]):
        along = range(shape[-1])
        if next(laps) % 2 and snaking[-1]:
            along = reversed(along)
        for last in along:
            yield (*head, last)


def grid_scan(
    shape: Sequence[int],
    snaking: Sequence[bool],
    *,
    offset: float = 0.0,
    leave_out: Sequence[int] = (),
    num: int | None = None,
    **metadata: Any,
) -> list[Named]:
    """Return a scan over a grid; axis i goes from 0 to 10 * (i + 1).

    ``det`` is the flat index of the point in the image. ``offset`` is added to what
    the motors measure; points whose seq_num is in ``leave_out`` give no event.
    """
    motors = [f"m{i}" for i in range(len(shape))]
    extents = [[0, 10 * (i + 1)] for i in range(len(shape))]
    plan = {
        "detectors": ["det"],
        "motors": motors,
        "shape": list(shape),
        "snaking": list(snaking),
        "extents": extents,
        "hints": {
            "dimensions": [[[m], "primary"] for m in motors],
            "gridding": "rectilinear",
        },
    }
    run = Run(**plan | metadata)
    descriptor = run.descriptor(
        {**{m: key(units="mm") for m in motors}, "det": key(units="counts")},
        hints={"det": ["det"], **{m: [m] for m in motors}},
    )
    documents: list[Named] = [("start", run.start), ("descriptor", descriptor)]
    for seq_num, index in enumerate(walk(shape, snaking), 1):
        if num is not None and seq_num > num:
            break
        positions = {
            m: offset + e[1] * i / max(1, n - 1)
            for m, e, i, n in zip(motors, extents, index, shape, strict=True)
        }
        flat = 0
        for i, n in zip(index, shape, strict=True):
            flat = flat * n + i
        if seq_num not in leave_out:
            documents.append(
                run.event(descriptor, seq_num, det=float(flat), **positions)
            )
    return [*documents, run.stop()]
