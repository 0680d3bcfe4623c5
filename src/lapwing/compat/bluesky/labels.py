"""Labels: which devices of a prompt's namespace belong together.

Owns walking the namespace and devices' parts for their labels.
Must not know the prompt.
Test: hand-made devices with labels and parts.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

Labelled = dict[str, list[tuple[str, Any]]]
"""By label: names of devices, as they are typed, and the devices."""


def get_labeled_devices(
    user_ns: Mapping[str, Any] | None = None, maxdepth: int = 6
) -> Labelled:
    """Return the devices of a namespace that have labels, by label.

    Args:
        user_ns: The namespace; None takes that of the prompt.
        maxdepth: How deep parts of parts are looked at.
    """
    if user_ns is None:
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        user_ns = {} if shell is None else shell.user_ns
    found: Labelled = defaultdict(list)
    for name, obj in user_ns.items():
        if not name.startswith("_"):
            _collect(found, name, obj, maxdepth)
    return dict(found)


def _collect(found: Labelled, name: str, obj: Any, depth: int) -> None:
    labels = getattr(obj, "_ophyd_labels_", None)
    if isinstance(labels, set | frozenset | list | tuple):
        for label in labels:
            found[label].append((name, obj))
    if depth > 0 and is_parent(obj):
        for part in obj.component_names:
            # Only what is there already: to look must not connect anything.
            if (child := getattr(obj, "_signals", {}).get(part)) is not None:
                _collect(found, f"{name}.{part}", child, depth - 1)


def is_parent(dev: Any) -> bool:
    """Whether a device has parts."""
    return not isinstance(dev, type) and hasattr(dev, "component_names")


def is_positioner(dev: Any) -> bool:
    """Whether a device has a position."""
    return hasattr(dev, "position")
