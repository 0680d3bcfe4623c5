"""Plans that others may submit: what their parameters are, may be, and become.

Owns the model of a plan's parameters, its check, the names of devices and plans, and
the loading of the startup code that has them; each is loaded when first asked for.
Must not know queues, servers or workers; no text of a client is evaluated.
Test: ``tests/unit/annotation``, and the manual's examples among them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lapwing.annotation.decorator import parameter_annotation_decorator
    from lapwing.annotation.description import plan_from_dict, plan_to_dict
    from lapwing.annotation.export import read_lists, write_lists
    from lapwing.annotation.finding import find_in_namespace
    from lapwing.annotation.forms import plan_item, plan_schema
    from lapwing.annotation.lists import ExistingLists, describe_namespace
    from lapwing.annotation.loader import load_startup
    from lapwing.annotation.names import select_devices, select_plans
    from lapwing.annotation.offline import is_offline
    from lapwing.annotation.permissions import (
        AllowedLists,
        Permissions,
        read_permissions,
    )
    from lapwing.annotation.prepare import Namespace, PreparedPlan, prepare_plan
    from lapwing.annotation.registration import register_device, register_plan
    from lapwing.annotation.signature import read_plan
    from lapwing.annotation.validate import BoundPlan, check_plan, validate_plan
    from lapwing.annotation.worker_predicates import (
        is_ipython_mode,
        is_re_worker_active,
    )

_NAMES = {
    "decorator": ("parameter_annotation_decorator",),
    "description": ("plan_from_dict", "plan_to_dict"),
    "export": ("read_lists", "write_lists"),
    "finding": ("find_in_namespace",),
    "forms": ("plan_item", "plan_schema"),
    "lists": ("ExistingLists", "describe_namespace"),
    "loader": ("load_startup",),
    "names": ("select_devices", "select_plans"),
    "offline": ("is_offline",),
    "permissions": ("AllowedLists", "Permissions", "read_permissions"),
    "prepare": ("Namespace", "PreparedPlan", "prepare_plan"),
    "registration": ("register_device", "register_plan"),
    "signature": ("read_plan",),
    "validate": ("BoundPlan", "check_plan", "validate_plan"),
    "worker_predicates": ("is_ipython_mode", "is_re_worker_active"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "AllowedLists",
    "BoundPlan",
    "ExistingLists",
    "Namespace",
    "Permissions",
    "PreparedPlan",
    "check_plan",
    "describe_namespace",
    "find_in_namespace",
    "is_ipython_mode",
    "is_offline",
    "is_re_worker_active",
    "load_startup",
    "parameter_annotation_decorator",
    "plan_from_dict",
    "plan_item",
    "plan_schema",
    "plan_to_dict",
    "prepare_plan",
    "read_lists",
    "read_permissions",
    "read_plan",
    "register_device",
    "register_plan",
    "select_devices",
    "select_plans",
    "validate_plan",
    "write_lists",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lapwing.annotation' has no attribute {name!r}")
    return getattr(import_module(f"lapwing.annotation.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*_HOMES, *globals()})
