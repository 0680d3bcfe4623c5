"""``bluesky_queueserver.manager.profile_ops``: loading, finding and checking.

Owns how the queue server's calls are said in ours.
Must not load or find anything itself.
Test: tests/unit/compat/test_queueserver.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lapwing.annotation.export import read_lists
from lapwing.annotation.finding import find_in_namespace, is_device, is_plan
from lapwing.annotation.lists import describe_namespace
from lapwing.annotation.loader import StrPath, load_startup
from lapwing.annotation.registration import (
    clear_registered_items,
    register_device,
    register_plan,
    registered,
)
from lapwing.annotation.validate import validate_plan
from lapwing.compat.bluesky_queueserver.manager.descriptions import (
    bind_plan_arguments,
    construct_parameters,
    format_text_descriptions,
)

__all__ = [
    "bind_plan_arguments",
    "clear_registered_items",
    "construct_parameters",
    "devices_from_nspace",
    "existing_plans_and_devices_from_nspace",
    "format_text_descriptions",
    "is_device",
    "is_plan",
    "load_existing_plans_and_devices",
    "load_profile_collection",
    "load_startup_module",
    "load_startup_script",
    "load_worker_startup_code",
    "plans_from_nspace",
    "register_device",
    "register_plan",
    "validate_plan",
]


def load_profile_collection(
    path: StrPath, *, patch_profiles: bool = True
) -> dict[str, Any]:
    """Load a directory of startup files; see `lapwing.annotation.loader`.

    Args:
        path: The directory.
        patch_profiles: Taken for the queue server's sake: ``get_ipython`` always
            stands for a shell.

    Raises:
        ConfigError: The code is not there, or failed.
    """
    return load_startup(directory=path)


def load_startup_script(script_path: StrPath) -> dict[str, Any]:
    """Load a startup script, likewise."""
    return load_startup(script=script_path)


def load_startup_module(module_name: str) -> dict[str, Any]:
    """Load a startup module, likewise."""
    return load_startup(module=module_name)


def load_worker_startup_code(
    *,
    startup_dir: StrPath | None = None,
    startup_module_name: str | None = None,
    startup_script_path: StrPath | None = None,
) -> dict[str, Any]:
    """Load startup code from one of its sources, likewise."""
    return load_startup(
        directory=startup_dir, module=startup_module_name, script=startup_script_path
    )


def plans_from_nspace(nspace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plans of a namespace by name, without those that are excluded."""
    return dict(find_in_namespace(nspace).plans)


def devices_from_nspace(nspace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the devices of a namespace by name, without those that are excluded."""
    return dict(find_in_namespace(nspace).devices)


def existing_plans_and_devices_from_nspace(
    *,
    nspace: Mapping[str, Any],
    max_depth: int = 0,
    ignore_invalid_plans: bool = False,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Describe the plans and devices of a namespace.

    Args:
        nspace: The namespace.
        max_depth: Levels of devices and their parts; 0 lists all, 1 no parts.
        ignore_invalid_plans: Whether faulty plans are left out.

    Returns:
        Descriptions of plans and of devices, then plans and devices; each by name.

    Raises:
        PlanArgumentError: Plans are faulty; all of them are told.
    """
    found = find_in_namespace(nspace)
    lists = describe_namespace(
        found,
        max_depth=max_depth,
        depths=registered.depths,
        ignore_invalid_plans=ignore_invalid_plans,
    )
    return lists.plans, lists.devices, dict(found.plans), dict(found.devices)


def load_existing_plans_and_devices(
    path_to_file: StrPath,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a list of plans and devices; see `lapwing.annotation.export`."""
    lists = read_lists(Path(path_to_file))
    return lists.plans, lists.devices
