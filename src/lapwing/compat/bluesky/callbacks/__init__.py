"""Bluesky's callbacks: faces of `lapwing.callbacks`.

Owns nothing beside the names; what draws is loaded when it is first asked for.
Must not load matplotlib by itself.
Test: Bluesky's own tests of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lapwing.compat.bluesky.callbacks.core import (
    CallbackBase,
    CallbackCounter,
    CollectThenCompute,
    LiveTable,
    collector,
    get_obj_fields,
    print_metadata,
)

if TYPE_CHECKING:
    from lapwing.compat.bluesky.callbacks.fitting import LiveFit
    from lapwing.compat.bluesky.callbacks.mpl_plotting import (
        LiveFitPlot,
        LiveGrid,
        LiveMesh,
        LivePlot,
        LiveRaster,
        LiveScatter,
    )

_HOMES = {
    "LiveFit": "fitting",
    "LiveFitPlot": "mpl_plotting",
    "LiveGrid": "mpl_plotting",
    "LiveMesh": "mpl_plotting",
    "LivePlot": "mpl_plotting",
    "LiveRaster": "mpl_plotting",
    "LiveScatter": "mpl_plotting",
}

__all__ = [
    "CallbackBase",
    "CallbackCounter",
    "CollectThenCompute",
    "LiveFit",
    "LiveFitPlot",
    "LiveGrid",
    "LiveMesh",
    "LivePlot",
    "LiveRaster",
    "LiveScatter",
    "LiveTable",
    "collector",
    "get_obj_fields",
    "print_metadata",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*_HOMES, *globals()})
