"""Bluesky's callbacks: a face of `lapwing.callbacks`.

Owns nothing beside the names, and the form of a single number.
Must not load matplotlib.
Test: Bluesky's own tests of them.
"""

from typing import Any

from lapwing.callbacks.callback import (
    CallbackBase,
    CallbackCounter,
    CollectThenCompute,
    collector,
    print_metadata,
)
from lapwing.compat.bluesky.callbacks.safety import (
    make_callback_safe,
    make_class_safe,
)
from lapwing.compat.bluesky.callbacks.table import LiveTable, get_obj_fields
from lapwing.compat.bluesky.utils.values import ensure_uid

__all__ = [
    "CallbackBase",
    "CallbackCounter",
    "CollectThenCompute",
    "LiveTable",
    "collector",
    "ensure_uid",
    "format_num",
    "get_obj_fields",
    "make_callback_safe",
    "make_class_safe",
    "print_metadata",
]


def format_num(x: Any, max_len: int = 11, pre: int = 5, post: int = 5) -> str:
    """Return a number as text, with an exponent if it is long.

    Args:
        x: The number.
        max_len: Characters at most.
        pre: Digits before the point at most.
        post: Digits after the point.
    """
    plain = f"{x:.{post}f}"
    if len(plain) <= max_len and abs(x) < 10**pre:
        return plain
    return f"{x:.{max(max_len - 7, 0)}e}"
