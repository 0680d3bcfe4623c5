"""Lapwing runs experiments on instruments: step scans, fly scans, queues of them.

Owns the names that users import; each is loaded when it is first asked for.
Must not load h5py, pydantic or matplotlib by itself.
Test: ``import lapwing`` in a fresh process, then look at ``sys.modules``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lapwing.annotation.decorator import parameter_annotation_decorator
    from lapwing.engine.engine import Engine, EngineResult
    from lapwing.messages import Msg
    from lapwing.plans.plan import plan
    from lapwing.session.catalogue import catalogue
    from lapwing.session.facade import RunEngine
    from lapwing.session.session import session

_HOMES = {
    "Engine": "lapwing.engine.engine",
    "EngineResult": "lapwing.engine.engine",
    "Msg": "lapwing.messages",
    "RunEngine": "lapwing.session.facade",
    "announce": "lapwing.engine.asides",
    "catalogue": "lapwing.session.catalogue",
    "parameter_annotation_decorator": "lapwing.annotation.decorator",
    "plan": "lapwing.plans.plan",
    "recorded": "lapwing.engine.asides",
    "session": "lapwing.session.session",
}
_MODULES = ("plan_stubs", "plans", "preprocessors", "simulators", "suspenders")

__all__ = [
    "Engine",
    "EngineResult",
    "Msg",
    "RunEngine",
    "catalogue",
    "parameter_annotation_decorator",
    "plan",
    "session",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"lapwing.{name}")
    raise AttributeError(f"module 'lapwing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*_HOMES, *_MODULES, *globals()})
