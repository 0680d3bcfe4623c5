"""Pseudo axes: axes that a device computes from its real ones.

Owns sending those of one device there together, for each move of one moves all.
Must not send messages.
Test: hand-made devices with real and pseudo axes, folded and not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lapwing.errors import PlanArgumentError


def pseudo_parent(obj: Any) -> Any | None:
    """Return the device of which something is a pseudo axis, or None."""
    parent = getattr(obj, "parent", None)
    axes = getattr(parent, "pseudo_positioners", ())
    return parent if any(axis is obj for axis in axes) else None


class Folding:
    """Which axes of a step are sent to their devices, in one move each.

    Args:
        motors: The motors of a step, in order.

    Attributes:
        motors: What is moved: the motors that stay what they are, then devices.

    Raises:
        PlanArgumentError: Real and pseudo axes of one device, or a device and an
            axis of it, are to be moved at once.
    """

    def __init__(self, motors: Sequence[Any]):
        parents = [pseudo_parent(motor) for motor in motors]
        _check_axes(motors, [parent for parent in parents if parent is not None])
        several = {
            id(parent): parent
            for parent in parents
            if parent is not None and sum(p is parent for p in parents) > 1
        }
        alone = [
            motor
            for motor, parent in zip(motors, parents, strict=True)
            if id(parent) not in several
        ]
        self.motors = (*alone, *several.values())
        self._alone = alone
        self._fields = [(device, _fields(device)) for device in several.values()]

    def __bool__(self) -> bool:
        """Whether there is anything to fold."""
        return bool(self._fields)

    def __call__(self, step: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return a step with the positions of pseudo axes, by name, for devices."""
        folded = {motor: step[motor] for motor in self._alone}
        for device, fields in self._fields:
            folded[device] = {
                name: step[axis] for name, axis in fields.items() if axis in step
            }
        return folded


def _fields(device: Any) -> dict[str, Any]:
    """Return the pseudo axes of a device by name."""
    axes = device.pseudo_positioners
    return dict(zip(axes._fields, axes, strict=True))


def _is_axis(obj: Any, device: Any) -> bool:
    """Whether a part of a device moves with its axes, unlike a shutter on it."""
    axes = (*device.pseudo_positioners, *getattr(device, "real_positioners", (obj,)))
    return any(axis is obj for axis in axes)


def _check_axes(motors: Sequence[Any], parents: Sequence[Any]) -> None:
    for motor in motors:
        parent: Any = getattr(motor, "parent", None)
        if not hasattr(parent, "pseudo_positioners") or not _is_axis(motor, parent):
            continue
        if any(parent is other for other in motors):
            raise PlanArgumentError(
                f"{parent.name!r} and its axis {motor.name!r} are to be moved at once; "
                f"move either the device or its axes"
            )
        if pseudo_parent(motor) is None and any(parent is one for one in parents):
            raise PlanArgumentError(
                f"{motor.name!r}, a real axis of {parent.name!r}, is to be moved at "
                f"once with pseudo axes of it, which move it as well; use axes of one "
                f"kind"
            )


def shifted(value: Any, offset: Any) -> Any:
    """Return a position moved by an offset, axis by axis if it has several.

    Args:
        value: A number, an array, or for several axes a sequence or a dict.
        offset: A number, an array, or for several axes a named tuple.
    """
    if not isinstance(offset, tuple):
        return value + offset
    if isinstance(value, Mapping):
        names: Sequence[str] = getattr(offset, "_fields", ())
        moved = [
            value.get(name, 0) + at for name, at in zip(names, offset, strict=True)
        ]
    else:
        moved = [one + at for one, at in zip(value, offset, strict=True)]
    make = getattr(offset, "_make", tuple)
    return make(moved)
