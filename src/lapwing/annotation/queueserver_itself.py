"""Startup code that imports the queue server's package itself, without the stand-in.

Owns what is handed over to that package, and what is taken from it.
Must not import it: startup code does, or nobody.
Test: tests/compat/test_startup_code.py, where the package is installed.
"""

import sys
from typing import Any

from lapwing.annotation.registration import (
    RegisteredDevice,
    RegisteredPlan,
    Registrations,
)

_PACKAGE = "bluesky_queueserver.manager"


def share_namespace(namespace: dict[str, Any]) -> None:
    """Let its ``set_user_ns`` hand out the namespace of our environment.

    Args:
        namespace: The namespace; it is kept, not copied.
    """
    tools = sys.modules.get(f"{_PACKAGE}.profile_tools")
    theirs = getattr(tools, "global_user_namespace", None)
    if theirs is not None:
        theirs.set_user_namespace(user_ns=namespace, use_ipython=False)


def forget_registrations() -> None:
    """Forget what earlier startup code has registered there."""
    theirs = _registrations()
    if theirs is not None:
        theirs.clear()


def take_registrations(ours: Registrations) -> None:
    """Add what startup code has registered there; what it told us goes before.

    Args:
        ours: What it has told us.
    """
    theirs = _registrations()
    if theirs is None:
        return
    for name, said in theirs.reg_plans.items():
        ours.plans.setdefault(name, RegisteredPlan(said["exclude"]))
    for name, said in theirs.reg_devices.items():
        ours.devices.setdefault(name, RegisteredDevice(said["depth"], said["exclude"]))


def _registrations() -> Any:
    # The stand-in has none: what it is told, we are told.
    return getattr(sys.modules.get(f"{_PACKAGE}.profile_ops"), "reg_ns_items", None)
