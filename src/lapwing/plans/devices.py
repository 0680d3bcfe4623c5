"""Devices as plans see them: names, parents, hints.

Owns the questions that plans ask of devices without moving them.
Must not send messages.
Test: hand-made objects with and without each attribute.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lapwing.engine.asides import recorded
from lapwing.errors import PlanArgumentError, PlanSignatureError


def ancestry(obj: Any) -> list[Any]:
    """Return a device, its parent, and so on up to the root."""
    chain = [obj]
    while (obj := getattr(obj, "parent", None)) is not None:
        chain.append(obj)
    return chain


def root_ancestors(objs: Iterable[Any]) -> list[Any]:
    """Return the roots of all devices, each once, in order."""
    return list({id(root): root for root in (ancestry(o)[-1] for o in objs)}.values())


def separate_devices(objs: Sequence[Any]) -> Sequence[Any]:
    """Leave out what is given twice, or is part of another device given."""
    given = {id(obj): obj for obj in objs}
    for obj in objs:
        if getattr(obj, "parent", None) is not None:
            break
    else:
        return objs if len(given) == len(objs) else list(given.values())
    return [
        obj
        for obj in given.values()
        if not any(id(above) in given for above in ancestry(obj)[1:])
    ]


def is_safe_to_rewind(objs: Iterable[Any]) -> bool:
    """Whether no device says, by its ``rewindable`` signal, that it cannot."""
    for obj in objs:
        signal = getattr(obj, "rewindable", None)
        if signal is not None and not recorded(signal.get):
            return False
    return True


def hinted_fields(obj: Any) -> list[str]:
    """Return the data keys that a device says are worth showing."""
    return list((getattr(obj, "hints", None) or {}).get("fields", []))


def check_detectors(detectors: Any) -> None:
    """Refuse what is no list of readable, named, different devices.

    Raises:
        PlanSignatureError: Says what was given.
    """
    if isinstance(detectors, str) or not isinstance(detectors, Sequence):
        raise PlanSignatureError(
            "The input argument must be either as a list or a tuple of Readable "
            f"objects, but it is {detectors!r}",
            hint="write [det] instead of det",
        )
    check_named(detectors, "detector")


def check_motors(motors: Sequence[Any]) -> None:
    """Refuse what has no name, and what is to be at two positions at once.

    Raises:
        PlanSignatureError: A motor has no name.
        PlanArgumentError: A motor is given twice.
    """
    check_named(motors, "motor")
    if len({id(motor) for motor in motors}) < len(motors):
        raise PlanArgumentError(
            "Some motors are listed multiple times in the argument list 'args': "
            f"{[motor.name for motor in motors]}"
        )


def check_named(objs: Iterable[Any], role: str) -> None:
    """Refuse devices without a name.

    Raises:
        PlanSignatureError: Says which.
    """
    for obj in objs:
        if not getattr(obj, "name", None):
            raise PlanSignatureError(
                f"{obj!r} is given as a {role}, but it has no name, which its data "
                f"would be recorded under",
                hint="give it a name, or check the order of the arguments",
            )
