"""Supplemental data: what is taken beside whatever a run takes.

Owns the wrappers for baselines, monitors and flyers, and the three of them in one.
Must not know engines; they see only messages.
Test: wrap a plan that opens and closes runs, compare its messages.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import separate_devices
from lapwing.plans.mutators import (
    Messages,
    make_decorator,
    msg_mutator,
    plan_mutator,
    takes_plan,
)
from lapwing.plans.stubs import new_group, trigger_and_read

__all__ = [
    "SupplementalData",
    "baseline_decorator",
    "baseline_wrapper",
    "fly_during_decorator",
    "fly_during_wrapper",
    "monitor_during_decorator",
    "monitor_during_wrapper",
]

_InRun = Callable[[], Messages]


def _in_each_run(plan: Messages, at_start: _InRun, at_end: _InRun) -> MsgGenerator[Any]:
    """Say something after each ``open_run`` and before each ``close_run``.

    What is said concerns the same run, by its key.
    """

    def around(msg: Msg) -> tuple[Messages | None, Messages | None]:
        if msg.command == "open_run":
            return None, _of_run(msg.run, at_start())
        if msg.command == "close_run":
            return _before(msg, _of_run(msg.run, at_end())), None
        return None, None

    return plan_mutator(plan, around)


def _of_run(run: Any, messages: Messages) -> MsgGenerator[Any]:
    return msg_mutator(messages, lambda msg: msg._replace(run=run))


def _before(msg: Msg, messages: MsgGenerator[Any]) -> MsgGenerator[Any]:
    yield from messages
    return (yield msg)


@takes_plan
def baseline_wrapper(
    plan: Messages, devices: Sequence[Any], name: str = "baseline"
) -> MsgGenerator[Any]:
    """Read devices at the start and at the end of each run.

    Args:
        plan: The plan.
        devices: The devices.
        name: Name of the stream that they are read into.
    """
    devices = separate_devices(devices)
    if not devices:
        return (yield from plan)

    def at_start() -> Messages:
        yield Msg("declare_stream", None, *devices, name=name, collect=False)
        yield from trigger_and_read(devices, name=name)

    def at_end() -> Messages:
        return trigger_and_read(devices, name=name)

    return (yield from _in_each_run(plan, at_start, at_end))


@takes_plan
def monitor_during_wrapper(plan: Messages, signals: Sequence[Any]) -> MsgGenerator[Any]:
    """Record all changes of signals during each run, each in a stream of its own.

    Args:
        plan: The plan.
        signals: The signals; the stream of ``x`` is called ``x_monitor``.
    """
    if not signals:
        return (yield from plan)

    def at_start() -> Messages:
        return [Msg("monitor", one, name=f"{one.name}_monitor") for one in signals]

    def at_end() -> Messages:
        return [Msg("unmonitor", one) for one in signals]

    return (yield from _in_each_run(plan, at_start, at_end))


@takes_plan
def fly_during_wrapper(plan: Messages, flyers: Sequence[Any]) -> MsgGenerator[Any]:
    """Let flyers take data during each run.

    Args:
        plan: The plan.
        flyers: The flyers.
    """
    if not flyers:
        return (yield from plan)

    def each(verb: str) -> Messages:
        group = new_group(verb)
        for flyer in flyers:
            yield Msg(verb, flyer, group=group)
        yield Msg("wait", None, group=group)

    def at_end() -> Messages:
        yield from each("complete")
        for flyer in flyers:
            yield Msg("collect", flyer)

    return (yield from _in_each_run(plan, lambda: each("kickoff"), at_end))


baseline_decorator = make_decorator(baseline_wrapper)
monitor_during_decorator = make_decorator(monitor_during_wrapper)
fly_during_decorator = make_decorator(fly_during_wrapper)


class SupplementalData:
    """Take baselines, monitors and flyers in each run: ``RE.preprocessors.append(sd)``.

    The three lists can be changed at any time; plans that begin later heed it.

    Args:
        baseline: Devices to read at the start and the end of each run.
        monitors: Signals whose changes are recorded during each run.
        flyers: Flyers that take data during each run.
    """

    def __init__(
        self,
        *,
        baseline: Iterable[Any] | None = None,
        monitors: Iterable[Any] | None = None,
        flyers: Iterable[Any] | None = None,
    ):
        self.baseline = list(baseline or ())
        self.monitors = list(monitors or ())
        self.flyers = list(flyers or ())

    def __call__(self, plan: Messages) -> MsgGenerator[Any]:
        """Return a plan with all three."""
        # The last one is outermost, so that a baseline is read before and after all.
        plan = fly_during_wrapper(plan, self.flyers)
        plan = monitor_during_wrapper(plan, self.monitors)
        return baseline_wrapper(plan, self.baseline)

    def __repr__(self) -> str:
        return (
            f"SupplementalData(baseline={self.baseline!r}, monitors={self.monitors!r}, "
            f"flyers={self.flyers!r})"
        )

    def __getstate__(self) -> tuple[list[Any], list[Any], list[Any]]:
        return self.baseline, self.monitors, self.flyers

    def __setstate__(self, state: tuple[list[Any], list[Any], list[Any]]) -> None:
        self.baseline, self.monitors, self.flyers = state
