"""Loads startup code: the devices and plans of a beamline, as their owner wrote them.

Owns where startup code comes from, and the namespace that it leaves behind.
Must not know lists, users, workers or servers; takes no text from clients.
Test: write startup files into a directory, `load_startup` it, look at what it returns.

Startup code is the operator's own code and runs with all rights of the process, as it
does at a prompt; nothing here evaluates what a client has sent. It runs in the thread
that calls, to its end or its first error: no thread is started, no time is set. Who
needs a bound loads in a process of its own and ends that, which is what a worker does.
One loading at a time: it uses what a process has once, such as ``sys.path``.
"""

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from lapwing.annotation.offline import offline
from lapwing.annotation.queueserver_itself import (
    forget_registrations,
    share_namespace,
    take_registrations,
)
from lapwing.annotation.registration import registered
from lapwing.annotation.startup_code import failures_placed, run_file
from lapwing.annotation.startup_imports import (
    as_main,
    forgotten_on_failure,
    local_imports,
)
from lapwing.annotation.startup_shell import get_ipython, global_user_namespace
from lapwing.annotation.worker_predicates import marked_as_worker
from lapwing.errors import ConfigError

StrPath = str | Path

logger = logging.getLogger(__name__)


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

    While it runs ``is_re_worker_active()`` is true, and afterwards as before: startup
    code is loaded for a worker, if only to list what one will have.

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
    main = ModuleType("__main__")
    hardware = offline() if without_hardware else nullcontext()
    with hardware, marked_as_worker(), _environment_of(vars(main)):
        load(main)
    return vars(main)


def _source(
    directory: StrPath | None,
    script: StrPath | None,
    module: str | None,
    profile: str | None,
    ipython_dir: StrPath | None,
) -> Callable[[ModuleType], None]:
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
        return lambda main: _load_module(module, main)
    if script is not None:
        return lambda main: _load_script(_absolute(script), main)
    if profile is not None:
        home = Path(ipython_dir or "~/.ipython")
        directory = home / f"profile_{profile.removeprefix('profile_')}" / "startup"
    place = _absolute(directory or "")
    return lambda main: _load_directory(place, main)


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


def _load_directory(directory: Path, main: ModuleType) -> None:
    files = startup_files(directory)
    # Last, so that a file called 'queue.py' hides no module of Python's.
    with local_imports(directory, at=len(sys.path)), as_main(main):
        for file in files:
            _run(file, directory, main)


def _load_script(script: Path, main: ModuleType) -> None:
    if not script.is_file():
        raise ConfigError(
            f"startup script {script} is not there",
            hint="name a file of Python code",
            file=str(script),
        )
    with local_imports(script.parent, at=0), as_main(main):
        _run(script, script.parent, main)


def _run(file: Path, root: Path, main: ModuleType) -> None:
    logger.info("loading startup file %s", file)
    vars(main).setdefault("get_ipython", get_ipython)
    with failures_placed(str(file), root):
        run_file(file, vars(main))
    share_namespace(vars(main))


def _load_module(name: str, main: ModuleType) -> None:
    logger.info("loading startup module %s", name)
    importlib.invalidate_caches()
    root = _root_of(name)
    with forgotten_on_failure(root), failures_placed(f"module {name}", root):
        loaded = importlib.import_module(name)
    vars(main).update(vars(loaded))
    share_namespace(vars(main))


def _root_of(module: str) -> Path | None:
    """Return the directory or file of a module's outermost package, if it has one."""
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    places = (spec.submodule_search_locations or [spec.origin]) if spec else [None]
    return next((Path(place).resolve() for place in places if place), None)


@contextmanager
def _environment_of(namespace: dict[str, Any]) -> Iterator[None]:
    """Let ``user_ns`` and the registrations be this namespace's; undo it on failure."""
    said, path = registered.copy(), list(sys.path)
    before = global_user_namespace.user_ns, global_user_namespace.use_ipython
    registered.clear()
    forget_registrations()
    global_user_namespace.set_user_namespace(user_ns=namespace)
    try:
        yield
        take_registrations(registered)
    except BaseException:
        registered.become(said)
        sys.path[:] = path
        global_user_namespace.user_ns, global_user_namespace.use_ipython = before
        raise
