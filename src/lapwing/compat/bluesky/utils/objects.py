"""Objects: what Bluesky's users ask of devices.

Owns the questions under their names; the answers are in our rooms.
Must not send messages.
Test: hand-made objects with and without each attribute.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.plans.devices import (
    ancestry,
    hinted_fields,
    is_safe_to_rewind,
    root_ancestors,
)
from lapwing.plans.devices import separate_devices as _separate
from lapwing.protocols import HasHints, Movable, Readable


def root_ancestor(obj: Any) -> Any:
    """Return the device that something is a part of, in the end."""
    return root_ancestors([obj])[0]


def share_ancestor(obj1: Any, obj2: Any) -> bool:
    """Whether two objects are parts of one device."""
    return ancestry(obj1)[-1] is ancestry(obj2)[-1]


def separate_devices(devices: Iterable[Any]) -> list[Any]:
    """Leave out what is given twice, or is part of another device given."""
    return list(_separate(list(devices)))


def all_safe_rewind(devices: Sequence[Any]) -> bool:
    """Whether no device says that it cannot be rewound."""
    return is_safe_to_rewind(devices)


def first_key_heuristic(device: Any) -> str:
    """Return the one data key of a device.

    Raises:
        PlanArgumentError: It has several, or none.
    """
    keys = list(device.describe())
    if len(keys) != 1:
        raise PlanArgumentError(
            f"{getattr(device, 'name', device)!r} describes {keys}, where one data "
            "key is needed; say which by name"
        )
    return keys[0]


def is_movable(obj: Any) -> bool:
    """Whether something can be sent to a position, and be read."""
    return isinstance(obj, Movable) and isinstance(obj, Readable)


def get_hinted_fields(obj: Any) -> list[str]:
    """Return the data keys that a device says are worth showing."""
    return hinted_fields(obj)


def maybe_update_hints(hints: dict[str, Any], obj: Any) -> None:
    """Put what a device says is worth showing into a dict, by the device's name."""
    if isinstance(obj, HasHints):
        hints[obj.name] = obj.hints
