"""Documents of runs, as an engine would make them, written by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

Documents = list[tuple[str, dict[str, Any]]]
BEGIN = 1_763_716_685.25  # seconds since 1970

NUMBER = {"dtype": "number", "shape": [], "source": "by hand"}


def key(**more: Any) -> dict[str, Any]:
    return {**NUMBER, **more}


MOTOR = key(units="mm", precision=3)
MOTOR_Y = key(units="mm", precision=2)
DET = key(units="counts", precision=0, dtype="integer")


def uid(*names: Any) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(map(str, names))))


class Run:
    """Composes the documents of one run, one after the other."""

    def __init__(
        self,
        data_keys: Mapping[str, Mapping[str, Any]],
        hinted: Mapping[str, Sequence[str]] | None = None,
        *,
        begin: float = BEGIN,
        stream: str = "primary",
        **start: Any,
    ):
        self.data_keys = {k: dict(v) for k, v in data_keys.items()}
        self.hinted = hinted or {name: [name] for name in data_keys}
        self.begin = begin
        self.stream = stream
        scan_id = start.get("scan_id", "none")
        self.uid = uid("run", scan_id, begin)
        self._start = {"uid": self.uid, "time": begin, **start}
        self.descriptor_uid = uid("descriptor", scan_id, stream, begin)

    def start(self) -> tuple[str, dict[str, Any]]:
        return "start", self._start

    def descriptor(self, **more: Any) -> tuple[str, dict[str, Any]]:
        return "descriptor", {
            "uid": self.descriptor_uid,
            "run_start": self.uid,
            "time": self.begin + 0.1,
            "name": self.stream,
            "data_keys": self.data_keys,
            "object_keys": {k: [k] for k in self.data_keys},
            "hints": {k: {"fields": list(v)} for k, v in self.hinted.items()},
            "configuration": {},
            **more,
        }

    def event(self, seq_num: int, **data: Any) -> tuple[str, dict[str, Any]]:
        return "event", {
            "uid": uid("event", self.uid, seq_num),
            "descriptor": self.descriptor_uid,
            "time": self.begin + 0.5 * seq_num,
            "seq_num": seq_num,
            "data": data,
            "timestamps": dict.fromkeys(data, self.begin + 0.5 * seq_num),
            "filled": {},
        }

    def stop(
        self, num_points: int, exit_status: str = "success", reason: str = ""
    ) -> tuple[str, dict[str, Any]]:
        return "stop", {
            "uid": uid("stop", self.uid),
            "run_start": self.uid,
            "time": self.begin + 0.5 * num_points + 0.5,
            "exit_status": exit_status,
            "reason": reason,
            "num_events": {self.stream: num_points},
        }

    def whole(self, events: Iterable[Mapping[str, Any]], **stop: Any) -> Documents:
        rows = [self.event(i, **data) for i, data in enumerate(events, 1)]
        return [self.start(), self.descriptor(), *rows, self.stop(len(rows), **stop)]


def scan_run(num: int | None = 51, scan_id: int = 12, **start: Any) -> Run:
    return Run(
        {"det": DET, "x": MOTOR},
        plan_name="scan",
        scan_id=scan_id,
        num_points=num,
        motors=("x",),
        detectors=["det"],
        hints={"dimensions": [(["x"], "primary")]},
        **start,
    )


def peak_counts(
    x: Any, centre: float = 0.73, fwhm: float = 2.0, height: float = 1000, seed: int = 0
) -> np.ndarray:
    """Counts of a Gaussian on a background of 10, with Poisson noise."""
    sigma = fwhm / 2.3548200450309493
    expected = 10 + height * np.exp(-0.5 * ((np.asarray(x) - centre) / sigma) ** 2)
    return np.random.default_rng(seed).poisson(expected)


def peak_scan(num: int = 51, seed: int = 0, **start: Any) -> Documents:
    """A scan of x from -5 to 5 mm over a peak at 0.73 mm, 2 mm wide."""
    xs = np.linspace(-5, 5, num)
    counts = peak_counts(xs, seed=seed)
    events = [{"x": float(x), "det": int(n)} for x, n in zip(xs, counts, strict=True)]
    return scan_run(num, **start).whole(events)


def grid_run(shape: tuple[int, int], *, snake: bool, **start: Any) -> Run:
    """A grid of y (slow, 0 to 3 mm) and x (fast, -1 to 1 mm)."""
    return Run(
        {"det": DET, "y": MOTOR_Y, "x": MOTOR},
        plan_name="grid_scan",
        scan_id=start.pop("scan_id", 13),
        num_points=shape[0] * shape[1],
        motors=("y", "x"),
        shape=shape,
        extents=([0.0, 3.0], [-1.0, 1.0]),
        snaking=(False, snake),
        hints={
            "gridding": "rectilinear",
            "dimensions": [(["y"], "primary"), (["x"], "primary")],
        },
        **start,
    )


def grid_points(
    shape: tuple[int, int], *, snake: bool
) -> Iterator[tuple[float, float]]:
    """Yield (y, x) in the order in which a grid scan goes."""
    ys, xs = np.linspace(0, 3, shape[0]), np.linspace(-1, 1, shape[1])
    for row, y in enumerate(ys):
        for x in xs[::-1] if snake and row % 2 else xs:
            yield float(y), float(x)


def count_run(num: int | None = 5, scan_id: int = 14, **start: Any) -> Run:
    return Run(
        {"det": DET},
        plan_name="count",
        scan_id=scan_id,
        num_points=num,
        detectors=["det"],
        hints={"dimensions": [(("time",), "primary")]},
        **start,
    )


def feed(consumer: Any, documents: Documents) -> None:
    for name, doc in documents:
        consumer(name, doc)
