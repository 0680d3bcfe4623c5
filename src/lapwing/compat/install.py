"""The aliases: ``import bluesky`` gives Lapwing's stand-in for it in this process.

So does ``import bluesky_queueserver``, as startup code has it.

Owns the finder that claims the names, and what is said of what we lack.
Must not import Bluesky, nor any module of a stand-in before it is asked for.
Test: in fresh processes, for it cannot be undone.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

TAKEN = ("bluesky", "bluesky_queueserver", "ophyd_async")
"""Packages that must not be loaded yet: they hold on to Bluesky's own objects."""


@dataclass(frozen=True, slots=True)
class _Alias:
    """A package that others import, and ours that they get.

    Attributes:
        name: The package that is asked for.
        stand_in: The package that is given.
        title: What it stands in for, in messages.
        distribution: What ``importlib.metadata`` calls it.
        itself: What to run code with that needs what we lack.
    """

    name: str
    stand_in: str
    title: str
    distribution: str
    itself: str

    @property
    def what_helps(self) -> str:
        return (
            f"run it with {self.itself}: leave out --compat, or do not call "
            f"lapwing.compat.install()"
        )

    def ours(self, name: str) -> str:
        """Return the name of our module for one that is asked for."""
        return self.stand_in + name.removeprefix(self.name)

    def theirs(self, name: str) -> str:
        """Return the name under which one of our modules is asked for."""
        return self.name + name.removeprefix(self.stand_in)


ALIASES = (
    _Alias("bluesky", "lapwing.compat.bluesky", "Bluesky", "bluesky", "Bluesky itself"),
    _Alias(
        "bluesky_queueserver",
        "lapwing.compat.bluesky_queueserver",
        "the queue server's package",
        "bluesky-queueserver",
        "the queue server's package itself",
    ),
)


def install() -> None:
    """Let ``import bluesky`` mean Lapwing's stand-in, from now on in this process.

    ``bluesky.x`` and ``lapwing.compat.bluesky.x`` are then the same module. So are
    ``bluesky_queueserver`` and ``lapwing.compat.bluesky_queueserver``, which have what
    startup code imports from there. Calling it again changes nothing.

    Raises:
        StateError: Modules of Bluesky, of its queue server or of ophyd-async are
            loaded already; they are named.
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
    for alias in ALIASES:
        for name in [name for name in sys.modules if _is_of(alias.stand_in, name)]:
            module = sys.modules[name]
            _explain_missing_names(module, alias)
            sys.modules[alias.theirs(name)] = module


class _Finder(DistributionFinder):
    """Claims the names of the aliases, and all below them."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        alias = next((one for one in ALIASES if _is_of(one.name, fullname)), None)
        if alias is None:
            return None
        parent = sys.modules.get(fullname.rpartition(".")[0])
        if parent is not None and not _is_of(alias.stand_in, parent.__name__):
            return None  # somebody put a package of their own below the name
        there = find_spec(alias.ours(fullname))
        if there is None:
            raise ModuleNotFoundError(
                f"Lapwing's stand-in for {alias.title} has no module {fullname!r}; "
                f"{alias.what_helps}",
                name=fullname,
            )
        return ModuleSpec(
            fullname,
            _Loader(alias, alias.ours(fullname)),
            origin=there.origin,
            is_package=there.submodule_search_locations is not None,
        )

    def find_distributions(
        self,
        context: DistributionFinder.Context = DistributionFinder.Context(),  # noqa: B008
    ) -> Iterable[Distribution]:
        asked = (context.name or "").lower().replace("_", "-")
        return (_Distribution(one) for one in ALIASES if one.distribution == asked)


class _Loader(Loader):
    """Hands out a module of the stand-in under its other name."""

    def __init__(self, alias: _Alias, ours: str):
        self._alias = alias
        self._ours = ours
        self._spec: Any = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        try:
            module = import_module(self._ours)
        except ModuleNotFoundError as exc:
            if _is_of("lapwing", exc.name or ""):
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
        _explain_missing_names(module, self._alias)


class _Distribution(Distribution):
    """What ``importlib.metadata.version("bluesky")`` finds."""

    def __init__(self, alias: _Alias):
        self._alias = alias

    @property
    def metadata(self) -> Any:
        fields = Message()
        fields["Metadata-Version"] = "2.1"
        version = import_module(f"{self._alias.stand_in}._version")
        fields["Name"] = self._alias.distribution
        fields["Version"] = version.__version__
        fields["Summary"] = f"Lapwing's stand-in for {self._alias.title}"
        return fields

    def read_text(self, filename: str) -> str | None:
        return self.metadata.as_string() if filename == "METADATA" else None

    def locate_file(self, path: str | PathLike[str]) -> Any:
        return Path(__file__).parent / path


def _is_of(package: str, name: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _explain_missing_names(module: ModuleType, alias: _Alias) -> None:
    """Let ``from bluesky.x import y`` say what helps if there is no ``y``.

    A module's ``LACKING`` may say of a name what to do instead.
    """
    known = module.__dict__.get("__getattr__")
    if getattr(known, "explains", False):
        return

    def lacking(name: str) -> Any:
        if known is not None:
            try:
                return known(name)
            except AttributeError:
                pass
        there = f"{alias.theirs(module.__name__)}.{name}"
        message = f"Lapwing's stand-in for {alias.title} has no {there}"
        helps = module.__dict__.get("LACKING", {}).get(name, alias.what_helps)
        _raise_for(sys._getframe(1), message, helps, name, module)  # noqa: SLF001

    lacking.explains = True  # type: ignore[attr-defined]
    module.__dict__["__getattr__"] = lacking


def _raise_for(
    frame: Any, message: str, helps: str, name: str, module: ModuleType
) -> NoReturn:
    """Raise an AttributeError; to a "from ... import" the ImportError it asks for.

    That one would replace the text of an AttributeError by its own.
    """
    asked_by = frame.f_code.co_code[frame.f_lasti] if frame.f_lasti >= 0 else None
    if asked_by == opmap["IMPORT_FROM"] and not name.startswith("__"):
        raise ImportError(f"{message}; {helps}", name=module.__name__)
    raise AttributeError(message, name=name, obj=module)
