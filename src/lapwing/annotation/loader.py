"""Loads startup code: the devices and plans of a beamline, as their owner wrote them.

Owns where startup code comes from, and the namespace that it leaves behind.
Must not know lists, users, workers or servers; takes no text from clients.
Test: write startup files into a directory, `load_startup` it, look at what it returns.

Startup code is the operator's own code and runs with all rights of the process, as it
does at a prompt; nothing here evaluates what a client has sent. It runs in the thread
that calls, to its end or its first error: no thread is started, no time is set. Who
needs a bound loads in a process of its own and ends that, which is what a worker does.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from lapwing.annotation.offline import offline
from lapwing.annotation.registration import registered
from lapwing.annotation.startup_code import failures_placed, is_local, run_file
from lapwing.annotation.startup_shell import get_ipython, global_user_namespace
from lapwing.errors import ConfigError

StrPath = str | Path

_own_modules: dict[str, ModuleType] = {}
"""Modules from directories of startup code, which the next loading reads anew."""


def load_startup(
    *,
    directory: StrPath | None = None,
    script: StrPath | None = None,
    module: str | None = None,
    profile: str | None = None,
    ipython_dir: StrPath | None = None,
    without_hardware: bool = False,
) -> dict[str, Any]:
    """Run startup code and return the names that it leaves behind.

    One source is given. A directory's files ``*.py`` and ``*.ipy`` run in the order of
    their names, as IPython runs its startup directory, all in one namespace; they can
    import modules that stand beside them. So can a script. A module is imported, and
    must be where Python finds it; one that is loaded already is not read again.
    ``.ipy`` files must be plain Python.

    What startup code registers with `register_plan` and `register_device` is forgotten
    first, and stands in ``registration.registered`` afterwards. If it fails, all of
    that is as before, and nothing of its names is kept.

    Args:
        directory: A directory of startup files.
        script: One file.
        module: The dotted name of a module.
        profile: The name of an IPython profile, such as ``"collection"``: the
            directory is ``profile_collection/startup`` in ``ipython_dir``.
        ipython_dir: IPython's directory; ``~/.ipython`` if not given. (IPython's
            variable ``IPYTHONDIR`` is read by who calls.)
        without_hardware: Whether devices are kept from connecting, as
            `lapwing.annotation.offline` says. It cuts this process off from EPICS for
            good, and is for a process that does nothing else.

    Returns:
        The namespace, with names that begin with an underscore and what was imported.

    Raises:
        ConfigError: There is no such code, or it failed: then it names file and line
            (``file`` and ``line`` in its context), and its cause is what was raised.
        StateError: It is to run without hardware in a process that uses EPICS already.
    """
    load = _source(directory, script, module, profile, ipython_dir)
    namespace: dict[str, Any] = {}
    hardware = offline() if without_hardware else nullcontext()
    with hardware, _environment_of(namespace):
        load(namespace)
    return namespace


def _source(
    directory: StrPath | None,
    script: StrPath | None,
    module: str | None,
    profile: str | None,
    ipython_dir: StrPath | None,
) -> Callable[[dict[str, Any]], None]:
    given = {
        "directory": directory,
        "script": script,
        "module": module,
        "profile": profile,
    }
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1 or (ipython_dir is not None and profile is None):
        named += ["ipython_dir"] if ipython_dir is not None else []
        raise ConfigError(
            f"startup code is given by {' and '.join(named) or 'nothing'}; it must be "
            f"one of directory, script, module, or profile (with ipython_dir, if need "
            f"be)",
            given=named,
        )
    if module is not None:
        return lambda namespace: _load_module(module, namespace)
    if script is not None:
        return lambda namespace: _load_script(_absolute(script), namespace)
    if profile is not None:
        home = Path(ipython_dir or "~/.ipython")
        directory = home / f"profile_{profile.removeprefix('profile_')}" / "startup"
    place = _absolute(directory or "")
    return lambda namespace: _load_directory(place, namespace)


def _absolute(path: StrPath) -> Path:
    return Path(path).expanduser().resolve()


def startup_files(directory: Path) -> list[Path]:
    """Return the startup files of a directory in the order in which they run.

    Args:
        directory: The directory.

    Raises:
        ConfigError: There is no such directory, or no startup file in it.
    """
    if not directory.is_dir():
        raise ConfigError(
            f"startup directory {directory} is not there",
            hint="name a directory with startup files",
            file=str(directory),
        )
    files = [
        file
        for file in directory.iterdir()
        # Editors leave hidden files of the same ending beside those they have open.
        if file.suffix in (".py", ".ipy") and file.is_file() and file.name[0] != "."
    ]
    if not files:
        raise ConfigError(
            f"startup directory {directory} has no startup files (*.py or *.ipy)",
            hint="for an IPython profile, name its directory 'startup'",
            file=str(directory),
        )
    return sorted(files, key=lambda file: file.name)


def _load_directory(directory: Path, namespace: dict[str, Any]) -> None:
    files = startup_files(directory)
    namespace["get_ipython"] = get_ipython
    # Last, so that a file called 'queue.py' hides no module of Python's.
    with _local_imports(directory, at_end=True):
        for file in files:
            with failures_placed(str(file), directory):
                run_file(file, namespace)


def _load_script(script: Path, namespace: dict[str, Any]) -> None:
    if not script.is_file():
        raise ConfigError(
            f"startup script {script} is not there",
            hint="name a file of Python code",
            file=str(script),
        )
    namespace["get_ipython"] = get_ipython
    with (
        _local_imports(script.parent, at_end=False),
        failures_placed(str(script), script.parent),
    ):
        run_file(script, namespace)


def _load_module(name: str, namespace: dict[str, Any]) -> None:
    importlib.invalidate_caches()
    with failures_placed(f"module {name}", _root_of(name)):
        loaded = importlib.import_module(name)
    namespace.update(vars(loaded))


def _root_of(module: str) -> Path | None:
    """Return where the package of a module stands, if Python can say so."""
    for entry in sys.path:
        place = Path(entry or ".").resolve() / module.partition(".")[0]
        if place.is_dir() or place.with_suffix(".py").is_file():
            return place if place.is_dir() else place.parent
    return None


@contextmanager
def _environment_of(namespace: dict[str, Any]) -> Iterator[None]:
    """Let ``user_ns`` and the registrations be this namespace's; undo it on failure."""
    said = registered.copy()
    before = global_user_namespace.user_ns, global_user_namespace.use_ipython
    registered.clear()
    global_user_namespace.set_user_namespace(user_ns=namespace)
    try:
        yield
    except BaseException:
        registered.become(said)
        global_user_namespace.user_ns, global_user_namespace.use_ipython = before
        raise


@contextmanager
def _local_imports(root: Path, *, at_end: bool) -> Iterator[None]:
    """Let startup code import what stands beside it, as it is on disk now."""
    importlib.invalidate_caches()
    _forget(_own_modules)
    before, path = set(sys.modules), str(root)
    added = path not in sys.path
    if added:
        sys.path.insert(len(sys.path) if at_end else 0, path)
    try:
        yield
        _own_modules.update(_new_modules(before, root))
    except BaseException:
        _forget(_new_modules(before, root))
        raise
    finally:
        if added and path in sys.path:
            sys.path.remove(path)


def _new_modules(before: set[str], root: Path) -> dict[str, ModuleType]:
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
