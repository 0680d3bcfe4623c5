"""What a process lends to startup code while it runs, and takes back afterwards.

Owns where it imports from, which of its modules are kept, and what ``__main__`` is.
Must not know which files there are, nor run any.
Test: tests/unit/annotation/test_loader.py.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from lapwing.annotation.startup_code import is_local

_own_modules: dict[str, ModuleType] = {}
"""Modules from directories of startup code, which the next loading reads anew."""


@contextmanager
def as_main(main: ModuleType) -> Iterator[None]:
    """Let ``__main__`` be the startup code while it runs, as it is at a prompt.

    Hints that are texts are looked up there: ophyd-async makes devices from them.

    Args:
        main: The module whose names are the namespace.
    """
    outside, sys.modules["__main__"] = sys.modules["__main__"], main
    try:
        yield
    finally:
        sys.modules["__main__"] = outside


@contextmanager
def local_imports(root: Path, *, at: int) -> Iterator[None]:
    """Let startup code import what stands beside it, as it is on disk now.

    Args:
        root: The directory.
        at: Its place in ``sys.path``.
    """
    importlib.invalidate_caches()
    _forget(_own_modules)
    before, path = set(sys.modules), str(root)
    sys.path.insert(at, path)
    try:
        with forgotten_on_failure(root):
            yield
        _own_modules.update(_new_modules(before, root))
    finally:
        if path in sys.path:
            sys.path.remove(path)


@contextmanager
def forgotten_on_failure(root: Path | None) -> Iterator[None]:
    """Forget modules of startup code if it fails, so that they are read again.

    Args:
        root: The directory whose modules these are; None forgets nothing.
    """
    before = set(sys.modules)
    try:
        yield
    except BaseException:
        _forget(_new_modules(before, root))
        raise


def _new_modules(before: set[str], root: Path | None) -> dict[str, ModuleType]:
    return {
        name: module
        for name, module in list(sys.modules.items())
        if name not in before and is_local(getattr(module, "__file__", None), root)
    }


def _forget(modules: dict[str, ModuleType]) -> None:
    for name, module in list(modules.items()):
        if sys.modules.get(name) is module:
            del sys.modules[name]
    modules.clear()
