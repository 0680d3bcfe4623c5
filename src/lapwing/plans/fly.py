"""Flying: plans in which devices take data by themselves.

Owns `fly` and `ramp_plan`.
Must not know engines or devices.
Test: run them with flyers made by hand, and a clock that is turned.
"""

from collections.abc import Callable, Sequence
from time import time

from lapwing.engine.asides import recorded
from lapwing.errors import RampFail
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import check_named
from lapwing.plans.fly_stubs import collect, complete, kickoff
from lapwing.plans.mutators import Messages, ensure_generator
from lapwing.plans.plan import plan
from lapwing.plans.preprocessors import finalize_wrapper, run_wrapper
from lapwing.plans.scan import Metadata
from lapwing.protocols import Flyable, Readable


@plan
def fly(flyers: Sequence[Flyable], *, md: Metadata = None) -> MsgGenerator[str]:
    """Let flyers take data: start each, wait for each, collect from each.

    Args:
        flyers: The flyers.
        md: Metadata.

    Returns:
        The uid of the run.
    """
    check_named(flyers, "flyer")

    def flight() -> MsgGenerator[None]:
        for flyer in flyers:
            yield from kickoff(flyer, wait=True)
        for flyer in flyers:
            yield from complete(flyer, wait=True)
        for flyer in flyers:
            yield from collect(flyer)

    return (yield from run_wrapper(flight(), md=md))


@plan
def ramp_plan(
    go_plan: Messages,
    monitor_sig: Readable,
    inner_plan_func: Callable[[], Messages],
    take_pre_data: bool = True,
    timeout: float | None = None,
    period: float | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Take data again and again while something slowly changes.

    Args:
        go_plan: Starts the change, and returns a status that is done at its end.
        monitor_sig: A signal whose changes are recorded all the time.
        inner_plan_func: Called for a plan that takes data.
        take_pre_data: Take data before the change as well.
        timeout: Seconds that the change may take; None waits for ever.
        period: Seconds from the start of taking data to the next; None for no delay.
        md: Metadata.

    Returns:
        The uid of the run.

    Raises:
        RampFail: The change was not over in its time.
    """
    check_named([monitor_sig], "monitored signal")
    own = {"plan_name": "ramp_plan", **(md or {})}

    def ramp() -> MsgGenerator[None]:
        if take_pre_data:
            yield from ensure_generator(inner_plan_func())
        status = yield from ensure_generator(go_plan)
        began = recorded(time)
        while status is not None and not recorded(lambda: status.done):
            start = recorded(time)
            yield from ensure_generator(inner_plan_func())
            now = recorded(time)
            if timeout is not None and now > began + timeout:
                raise RampFail(
                    f"what {own['plan_name']} waits for is not done after {timeout} s"
                )
            if period is not None and now < start + period:
                yield Msg("sleep", None, start + period - now)
        yield from ensure_generator(inner_plan_func())

    def watched() -> MsgGenerator[None]:
        yield Msg("monitor", monitor_sig, name=f"{monitor_sig.name}_monitor")
        yield from finalize_wrapper(ramp(), [Msg("unmonitor", monitor_sig)])

    return (yield from run_wrapper(watched(), md=own))
