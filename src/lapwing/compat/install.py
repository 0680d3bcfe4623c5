"""The alias: ``import bluesky`` gives Lapwing's stand-in for it in this process.

Owns the finder that claims the name, and what is said of what we lack.
Must not import Bluesky, nor any module of the stand-in before it is asked for.
Test: in fresh processes, for it cannot be undone.
"""

import sys
from collections.abc import Iterable, Sequence
from dis import opmap
from email.message import Message
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from lapwing.errors import StateError

ALIAS = "bluesky"
STAND_IN = "lapwing.compat.bluesky"
TAKEN = ("bluesky", "ophyd_async")
"""Packages that must not be loaded yet: they hold on to Bluesky's own objects."""

_WHAT_HELPS = (
    "run it with Bluesky itself: leave out --compat, or do not call "
    "lapwing.compat.install()"
)


def install() -> None:
    """Let ``import bluesky`` mean Lapwing's stand-in, from now on in this process.

    ``bluesky.x`` and ``lapwing.compat.bluesky.x`` are then the same module.
    Calling it again changes nothing.

    Raises:
        StateError: Modules of Bluesky or of ophyd-async are loaded already; they
            are named.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] in TAKEN)
    if loaded:
        shown = ", ".join(loaded[:6]) + (", ..." if len(loaded) > 6 else "")
        raise StateError(
            f"the stand-in for Bluesky cannot be installed, because these modules are "
            f"loaded already: {shown}",
            hint="call lapwing.compat.install() before they are imported, or use "
            "'lapwing run --compat SCRIPT'",
            modules=loaded,
        )
    sys.meta_path.insert(0, _Finder())
    for name in [name for name in sys.modules if _is_of(STAND_IN, name)]:
        module = sys.modules[name]
        _explain_missing_names(module)
        sys.modules[ALIAS + name.removeprefix(STAND_IN)] = module


class _Finder(DistributionFinder):
    """Claims the name ``bluesky`` and all below it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not _is_of(ALIAS, fullname):
            return None
        parent = sys.modules.get(fullname.rpartition(".")[0])
        if parent is not None and not _is_of(STAND_IN, parent.__name__):
            return None  # somebody put a package of their own below the name
        ours = STAND_IN + fullname.removeprefix(ALIAS)
        there = find_spec(ours)
        if there is None:
            raise ModuleNotFoundError(
                f"Lapwing's stand-in for Bluesky has no module {fullname!r}; "
                f"{_WHAT_HELPS}",
                name=fullname,
            )
        return ModuleSpec(
            fullname,
            _Loader(ours),
            origin=there.origin,
            is_package=there.submodule_search_locations is not None,
        )

    def find_distributions(
        self,
        context: DistributionFinder.Context = DistributionFinder.Context(),  # noqa: B008
    ) -> Iterable[Distribution]:
        if (context.name or "").lower() == ALIAS:
            yield _Distribution()


class _Loader(Loader):
    """Hands out a module of the stand-in under its other name."""

    def __init__(self, ours: str):
        self._ours = ours
        self._spec: Any = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        try:
            module = import_module(self._ours)
        except ModuleNotFoundError as exc:
            if _is_of(STAND_IN, exc.name or ""):
                raise
            raise ModuleNotFoundError(
                f"{spec.name} needs {exc.name}, which is not installed; "
                f"pip install 'lapwing[notebook,plots,fit]' brings what figures, fits "
                f"and notebooks need",
                name=exc.name,
            ) from exc
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the machinery has put its own there
        _explain_missing_names(module)


class _Distribution(Distribution):
    """What ``importlib.metadata.version("bluesky")`` finds."""

    @property
    def metadata(self) -> Any:
        fields = Message()
        fields["Metadata-Version"] = "2.1"
        fields["Name"] = ALIAS
        fields["Version"] = import_module(f"{STAND_IN}._version").__version__
        fields["Summary"] = "Lapwing's stand-in for Bluesky"
        return fields

    def read_text(self, filename: str) -> str | None:
        return self.metadata.as_string() if filename == "METADATA" else None

    def locate_file(self, path: str | PathLike[str]) -> Any:
        return Path(__file__).parent / path


def _is_of(package: str, name: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _explain_missing_names(module: ModuleType) -> None:
    """Let ``from bluesky.x import y`` say what helps if there is no ``y``."""
    known = module.__dict__.get("__getattr__")
    if getattr(known, "explains", False):
        return

    def lacking(name: str) -> Any:
        if known is not None:
            try:
                return known(name)
            except AttributeError:
                pass
        alias = ALIAS + module.__name__.removeprefix(STAND_IN)
        message = f"Lapwing's stand-in for Bluesky has no {alias}.{name}"
        _raise_for(sys._getframe(1), message, name, module)  # noqa: SLF001

    lacking.explains = True  # type: ignore[attr-defined]
    module.__dict__["__getattr__"] = lacking


def _raise_for(frame: Any, message: str, name: str, module: ModuleType) -> NoReturn:
    """Raise an AttributeError; to a "from ... import" the ImportError it asks for.

    That one would replace the text of an AttributeError by its own.
    """
    asked_by = frame.f_code.co_code[frame.f_lasti] if frame.f_lasti >= 0 else None
    if asked_by == opmap["IMPORT_FROM"] and not name.startswith("__"):
        raise ImportError(f"{message}; {_WHAT_HELPS}", name=module.__name__)
    raise AttributeError(message, name=name, obj=module)
