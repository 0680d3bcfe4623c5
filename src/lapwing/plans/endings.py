"""Endings: what follows a plan, whether it fails or not.

Owns the wrappers that do for plans what ``try`` and ``finally`` do for code.
Must not know engines; they see only messages and exceptions.
Test: wrap a plan that fails, is ended or is halted; compare its messages.
"""

from collections.abc import Callable, Generator
from typing import Any

from lapwing.errors import PlanSignatureError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.mutators import (
    Messages,
    PlanFunction,
    ensure_generator,
    make_decorator,
    takes_plan,
)


@takes_plan
def finalize_wrapper(
    plan: Messages,
    final_plan: Messages | Callable[[], Messages],
    *,
    pause_for_debug: bool = False,
) -> MsgGenerator[Any]:
    """Run a second plan at the end of the first, whether it fails or not.

    Args:
        plan: The plan.
        final_plan: Follows it; a function is called when its time comes. After
            a halt nothing follows.
        pause_for_debug: If the plan fails, pause before anything follows, so that
            a person can look at what it left.
    """
    try:
        result = yield from plan
    except GeneratorExit:
        raise  # a halt: nothing more is to be said
    except BaseException:
        if pause_for_debug:
            yield _pause()
        yield from _called(final_plan)
        raise
    yield from _called(final_plan)
    return result


def _pause() -> Msg:
    return Msg("pause", None, defer=False)


def _called(plan: Messages | Callable[[], Messages]) -> Generator[Msg, Any, Any]:
    return ensure_generator(plan() if callable(plan) else plan)


@takes_plan
def contingency_wrapper(
    plan: Messages,
    *,
    except_plan: Callable[[Exception], Messages] | None = None,
    else_plan: Callable[[], Messages] | None = None,
    final_plan: Callable[[], Messages] | None = None,
    pause_for_debug: bool = False,
    auto_raise: bool = True,
) -> MsgGenerator[Any]:
    """Do for a plan what ``try``, ``except``, ``else`` and ``finally`` do for code.

    Args:
        plan: The plan.
        except_plan: Called with the exception if the plan raises one.
        else_plan: Called if it does not.
        final_plan: Called in either case.
        pause_for_debug: If the plan raises, pause before anything follows, so that
            a person can look at what it left.
        auto_raise: Raise the exception again after ``except_plan``.
    """
    if pause_for_debug:
        plan = _pausing_at_failure(plan)
    guarded = _guarded(plan, except_plan, else_plan, auto_raise)
    return (yield from finalize_wrapper(guarded, final_plan or _nothing))


def _pausing_at_failure(plan: Messages) -> MsgGenerator[Any]:
    try:
        return (yield from plan)
    except Exception:
        yield _pause()
        raise


def _guarded(
    plan: Messages,
    except_plan: Callable[[Exception], Messages] | None,
    else_plan: Callable[[], Messages] | None,
    auto_raise: bool,
) -> MsgGenerator[Any]:
    try:
        result = yield from plan
    except Exception as exc:
        if except_plan is None:
            raise
        answer = yield from ensure_generator(except_plan(exc))
        if auto_raise:
            raise
        return answer
    if else_plan is not None:
        yield from ensure_generator(else_plan())
    return result


def _nothing() -> Messages:
    return ()


def finalize_decorator(
    final_plan: Callable[[], Messages], *, pause_for_debug: bool = False
) -> Callable[[PlanFunction], Callable[..., MsgGenerator[Any]]]:
    """Make of `finalize_wrapper` a decorator of functions.

    Args:
        final_plan: A function, since the decorated one may be called repeatedly.
        pause_for_debug: As of `finalize_wrapper`.

    Raises:
        PlanSignatureError: ``final_plan`` is a plan, which runs only once.
    """
    if not callable(final_plan):
        raise PlanSignatureError(
            f"finalize_decorator needs a function that returns the final plan, but "
            f"was given {final_plan!r}",
            hint="write finalize_decorator(end), not finalize_decorator(end())",
        )
    return _finalize_decorator(final_plan, pause_for_debug=pause_for_debug)


_finalize_decorator = make_decorator(finalize_wrapper)
contingency_decorator = make_decorator(contingency_wrapper)
