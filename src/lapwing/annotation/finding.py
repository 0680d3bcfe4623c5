"""What is what in the namespace of startup code: plans, devices, functions.

Owns how they are told apart; no device is touched for it.
Must not know where the namespace comes from, lists, files or users.
Test: ``find_in_namespace({"det": det, "count": count})`` with objects of each kind.
"""

import logging
from collections.abc import Container, Mapping
from functools import partial
from inspect import isclass, isgeneratorfunction, ismodule, isroutine
from typing import Any

from lapwing.annotation.prepare import Namespace
from lapwing.annotation.registration import Registrations, registered
from lapwing.annotation.startup_shell import get_ipython
from lapwing.annotation.trees import LiveDevice

logger = logging.getLogger(__name__)


def find_in_namespace(
    namespace: Mapping[str, Any], registrations: Registrations | None = None
) -> Namespace:
    """Sort the names of startup code into plans, devices and functions.

    Plans are generator functions and what Bluesky's or Lapwing's ``@plan`` made.
    Devices are instances that can be read or fly, or have parts: of ophyd,
    ophyd-async, Lapwing or anybody's. Functions are all other callables and modules,
    and the plans once more: a plan may be handed to a plan. A name that begins with
    an underscore is no function's. What startup code has registered with
    ``exclude=True`` is no plan or device.

    Args:
        namespace: As `load_startup` returns it, or any other.
        registrations: What was said by `register_plan` and `register_device`; in this
            process, if not given.

    Returns:
        All of them, in the order of the namespace.
    """
    said = registered if registrations is None else registrations
    devices = {name: one for name, one in namespace.items() if is_device(one)}
    plans = {name: one for name, one in namespace.items() if is_plan(one)}
    functions = {
        name: one
        for name, one in namespace.items()
        if not name.startswith("_") and name not in devices and _is_function(one)
    }
    _tell_of_missing("plan", said.plans, plans, namespace)
    _tell_of_missing("device", said.devices, devices, namespace)
    return Namespace(
        devices=_without(said.devices, devices),
        plans=_without(said.plans, plans),
        functions=functions,
    )


def is_plan(thing: Any) -> bool:
    """Return whether something is a plan function, of Bluesky's or Lapwing's kind."""
    # Routines only: a device or a proxy may answer to any name, or with an error.
    if not isroutine(thing) and not isinstance(thing, partial):
        return False
    return isgeneratorfunction(thing) or getattr(thing, "_is_plan_", False) is True


def is_device(thing: Any) -> bool:
    """Return whether something is a device: it can be read, can fly, or has parts.

    It is looked for in its class and its own attributes, so none of its properties is
    asked and nothing is connected.
    """
    if isclass(thing) or ismodule(thing) or not _has_name(thing):
        return False
    device = LiveDevice(thing)
    return device.readable or device.flyable or _has_parts(thing, device)


def _has_name(thing: Any) -> bool:
    return hasattr(type(thing), "name") or "name" in getattr(thing, "__dict__", ())


def _has_parts(thing: Any, device: LiveDevice) -> bool:
    if callable(getattr(device.kind, "children", None)):
        # Other things have children too; the name of a process is a method.
        return not isroutine(getattr(device.kind, "name", None))
    own = getattr(thing, "__dict__", {})
    if not isinstance(own.get("name"), str):
        return False
    return next(device.children(), None) is not None


def _is_function(thing: Any) -> bool:
    return thing is not get_ipython and (callable(thing) or ismodule(thing))


def _without(said: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    out = {name for name, one in said.items() if one.exclude}
    return {name: one for name, one in found.items() if name not in out}


def _tell_of_missing(
    kind: str,
    said: Mapping[str, Any],
    found: Container[str],
    namespace: Container[str],
) -> None:
    """Tell of names that are not what they were registered as, slips most likely."""
    for name, one in said.items():
        if name not in found and not (one.exclude and name in namespace):
            logger.warning(
                "the startup code registers a %s %r, but has none of that name",
                kind,
                name,
            )
