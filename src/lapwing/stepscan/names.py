"""Names: what PVs, columns and data keys are called.

Owns the way from what a user gives (a PV's name, a label) to a data key.
Must not know channels or devices.
Test: names of all shapes; two labels that come to the same key.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lapwing.epics.pv_objects import pv_name
from lapwing.errors import PlanArgumentError

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_]+")

ExtraPVs = Iterable[Any] | Mapping[str, Any]
"""PVs to note: names, or pairs of label and name, or names by label."""


def key_of(name: str) -> str:
    """Return a data key: letters, digits and underscores only.

    Args:
        name: A label or a PV's name, such as ``"SIM:X.RBV"``.
    """
    bare = name.split("://", 1)[-1].removesuffix(".VAL")
    return _NOT_IN_KEYS.sub("_", bare).strip("_") or "value"


def record_of(pv: str) -> str:
    """Return the name of the record that a PV is a field of.

    Args:
        pv: Such as ``"IOC:m1.VAL"``, which is of the record ``"IOC:m1"``.
    """
    head, dot, field = pv.rpartition(".")
    return head if dot and field.isalnum() and field.isupper() else pv


def labelled(given: ExtraPVs | None) -> dict[str, str]:
    """Return extra PVs by data key, in order; each PV once.

    Args:
        given: See `ExtraPVs`; None is none.

    Raises:
        PlanArgumentError: One is no PV, or two different ones have one label.
    """
    if given is None:
        return {}
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise PlanArgumentError(
            f"extra_pvs={given!r} is no list; a list of PVs is needed, or a mapping of "
            "labels to PVs",
            hint=f"extra_pvs=[{given!r}]",
        )
    pairs = given.items() if isinstance(given, Mapping) else map(_pair, given)
    found: dict[str, str] = {}
    for label, given_pv in pairs:
        put_label(found, key_of(label), pv_name(given_pv))
    return found


def put_label(found: dict[str, str], key: str, pv: str) -> None:
    """Add an extra PV to those that are known by their data keys.

    Args:
        found: Those that are known.
        key: Its data key.
        pv: Its name.

    Raises:
        PlanArgumentError: Another PV has that key.
    """
    if found.setdefault(key, pv) != pv:
        raise PlanArgumentError(
            f"two extra PVs are called {key!r}, {found[key]} and {pv}; each needs a "
            "label of its own"
        )


def _pair(given: Any) -> tuple[str, Any]:
    if isinstance(given, tuple | list) and len(given) == 2:
        return str(given[0]), given[1]
    return pv_name(given), given
