"""Counting: readings without motion.

Owns `count`.
Must not know engines or devices.
Test: run it on soft detectors; compare metadata with the table in the docs.
"""

from collections.abc import Iterable, Mapping, Sequence, Sized
from functools import partial
from numbers import Real
from typing import Any

from lapwing.engine.asides import foresee
from lapwing.errors import PlanArgumentError, PlanSignatureError
from lapwing.messages import MsgGenerator
from lapwing.plans.devices import check_detectors, separate_devices
from lapwing.plans.hooks import PerShot, check_per_shot
from lapwing.plans.patterns import as_number
from lapwing.plans.plan import plan
from lapwing.plans.predeclare import predeclare
from lapwing.plans.preprocessors import run_wrapper, stage_wrapper
from lapwing.plans.stubs import repeat
from lapwing.protocols import Readable


@plan
def count(
    detectors: Sequence[Readable],
    num: int | None = 1,
    delay: float | Iterable[float] | None = 0.0,
    *,
    per_shot: PerShot | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Take one or more readings from detectors.

    Args:
        detectors: Devices to read.
        num: Number of readings; None takes readings until the plan is stopped.
        delay: Seconds from the start of one reading to that of the next, or one
            for each gap; None means 0.
        per_shot: ``f(detectors)``, a plan that takes one reading.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: ``num`` is no number of readings, or there are fewer
            delays than gaps.
        PlanSignatureError: ``detectors`` is no list, one has no name, ``delay`` is
            no delay, or ``per_shot`` has another signature.
    """
    check_detectors(detectors)
    shot = check_per_shot(per_shot)
    num = None if num is None else as_number(num, least=0)
    _check_delays(delay, num)
    md = dict(md or {})
    hints = {"dimensions": [(("time",), "primary")], **md.get("hints", {})}
    metadata = {
        "detectors": [det.name for det in detectors],
        "num_points": num,
        "num_intervals": None if num is None else num - 1,
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "num": num,
            "delay": _as_metadata(delay),
        },
        "plan_name": "count",
        **md,
        "hints": hints,
    }
    if per_shot is None:
        foresee(separate_devices(detectors))

    def shots() -> MsgGenerator[None]:
        if per_shot is None:
            yield from predeclare(detectors)
        yield from repeat(partial(shot, detectors), num=num, delay=delay)

    inner = run_wrapper(shots(), md=metadata)
    return (yield from stage_wrapper(inner, detectors))


def _as_metadata(delay: Any) -> Any:
    """Return delays as they can be written down."""
    if delay is None or isinstance(delay, Real | list | tuple):
        return delay
    return list(delay) if hasattr(delay, "__len__") else repr(delay)


def _check_delays(delay: Any, num: int | None) -> None:
    """Refuse what is no delay, and too few of them, before anything is staged."""
    if delay is None or isinstance(delay, Real):
        return
    sized = isinstance(delay, Sized)
    if (
        isinstance(delay, str)
        or not isinstance(delay, Iterable)
        or (sized and not all(d is None or isinstance(d, Real) for d in delay))
    ):
        raise PlanSignatureError(
            f"the delay must be a number of seconds, or several of them, but it is "
            f"{delay!r}"
        )
    if num is not None and sized and len(delay) < num - 1:
        raise PlanArgumentError(
            f"num={num!r} but delays only provides {len(delay)} entries; "
            f"{num - 1} are needed"
        )
