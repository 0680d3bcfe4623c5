"""Hooks: the caller's own ``per_shot`` and ``per_step``.

Owns the one checker of their signatures, for every plan.
Must not run them.
Test: functions of each form, and of none.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from lapwing.errors import PlanSignatureError
from lapwing.messages import MsgGenerator
from lapwing.plans import stubs
from lapwing.plans.mutators import ensure_generator
from lapwing.plans.plan import bare

PerShot = Callable[[Sequence[Any]], MsgGenerator[Any]]
PerStep = Callable[..., MsgGenerator[Any]]

_PER_SHOT = (("detectors",),)
_PER_STEP = (("detectors", "step", "pos_cache"), ("detectors", "motor", "step"))


def check_per_shot(per_shot: PerShot | None) -> PerShot:
    """Return the function that takes one shot.

    Raises:
        PlanSignatureError: It does not take ``(detectors)``.
    """
    if per_shot is None:
        return bare(stubs.one_shot)
    _match("per_shot", per_shot, _PER_SHOT)
    return per_shot


def check_per_step(per_step: PerStep | None, motors: Sequence[Any]) -> PerStep:
    """Return a function of ``(detectors, step, pos_cache)`` that takes one step.

    Args:
        per_step: What the caller gave; may take ``(detectors, motor, step)`` if
            there is one motor. Forms are told apart by the parameters' names.
        motors: The motors of the scan.

    Raises:
        PlanSignatureError: It is of neither form.
    """
    if per_step is None:
        return bare(stubs.one_nd_step)
    of_all_motors = _match("per_step", per_step, _PER_STEP) == _PER_STEP[0]
    if not of_all_motors and len(motors) != 1:
        raise PlanSignatureError(
            f"Signature of per_step assumes 1D trajectory but {len(motors)} motors are "
            f"specified; it must be ({', '.join(_PER_STEP[0])})"
        )

    def one_step(
        detectors: Sequence[Any], step: dict[Any, Any], pos_cache: dict[Any, Any]
    ) -> MsgGenerator[Any]:
        if of_all_motors:
            return ensure_generator(per_step(detectors, step, pos_cache))
        ((motor, position),) = step.items()
        return ensure_generator(per_step(detectors, motor, position))

    return one_step


def _match(role: str, func: Any, forms: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Return the form that a function has."""
    # The words, and the breaks of lines, are those that Bluesky's users look for.
    wanted = " or ".join(f"<Signature ({', '.join(form)})>" for form in forms)
    if not callable(func):
        raise PlanSignatureError(
            f"{role} must be a callable with the signature \n {wanted}, not {func!r}"
        )
    try:
        signature = inspect.signature(func)
    except ValueError:  # some of what is written in C
        raise PlanSignatureError(
            f"{role} must be a callable with the signature \n {wanted}, but that of "
            f"{func!r} cannot be told"
        ) from None
    parameters = list(signature.parameters.values())
    for form in forms:
        names = tuple(p.name for p in parameters[: len(form)])
        by_place = all(
            p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            for p in parameters[: len(form)]
        )
        rest_has_defaults = all(
            p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            for p in parameters[len(form) :]
        )
        if names == form and by_place and rest_has_defaults:
            return form
    raise PlanSignatureError(
        f"{role} must be a callable with the signature \n {wanted}. \n{role} "
        f"signature received: {signature}",
        hint="the parameters must have these names; further ones need defaults",
    )
