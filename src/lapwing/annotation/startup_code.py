"""Runs one file of startup code in a namespace, and says where it failed.

Owns how a file is compiled and run, and the error that names its file and line.
Must not know which files there are, nor in what order they come.
Test: ``run_file(path, {})`` with files that work, fail, and are no Python.
"""

import ast
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from lapwing.errors import ConfigError, LapwingError

_IPYTHON = ("IPython", "IPython.core.getipython")


def run_file(file: Path, namespace: dict[str, Any]) -> None:
    """Run a file as IPython runs one of its startup files.

    ``__file__`` is its path while it runs, ``__name__`` is ``"__main__"``, and
    ``get_ipython`` stands for a shell, imported from IPython or not.

    Args:
        file: The file.
        namespace: Where its names go.
    """
    namespace["__name__"] = "__main__"
    namespace["__file__"] = str(file)
    try:
        exec(_compiled(file), namespace)
    finally:
        namespace.pop("__file__", None)


def _compiled(file: Path) -> CodeType:
    source: Any = file.read_bytes()
    # As a tree only where need be: Python compiles deeper nesting from text.
    if b"get_ipython" in source:
        source = ast.parse(source, str(file))
        _import_own_shell(source)
    return compile(source, str(file), "exec", dont_inherit=True)


def _import_own_shell(tree: ast.Module) -> None:
    """Make ``from IPython import get_ipython`` mean our own, with or without one."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [new for one in block for new in _instead(one)])


def _instead(statement: ast.stmt) -> list[ast.stmt]:
    if not isinstance(statement, ast.ImportFrom) or statement.level:
        return [statement]
    ours = [name for name in statement.names if name.name == "get_ipython"]
    if statement.module not in _IPYTHON or not ours:
        return [statement]
    own = ast.ImportFrom("lapwing.annotation.startup_shell", ours, 0)
    others = [name for name in statement.names if name not in ours]
    left = [ast.ImportFrom(statement.module, others, 0)] if others else []
    return [ast.copy_location(one, statement) for one in (*left, own)]


@contextmanager
def failures_placed(what: str, root: Path | None) -> Iterator[None]:
    """Turn what startup code raises into an error that says in which line.

    Args:
        what: What is being run, such as the path of the file.
        root: The directory whose files are startup code; None if it is installed.

    Raises:
        ConfigError: With ``file`` and ``line`` in its context; the exception itself
            is its cause. What a person at the keyboard stops is not turned.
    """
    try:
        yield
    # Startup code may raise what it likes; and its exit() must not end a server.
    except (Exception, SystemExit) as exc:
        file, line = _place(exc, what, root)
        place = f"{file}, line {line}" if line else file
        raise ConfigError(
            f"startup code failed in {place}: {_said(exc)}",
            hint=_hint(exc, file),
            file=file,
            line=line,
        ) from exc


def _said(exc: BaseException) -> str:
    # Of ours without the hint, which becomes that of the whole.
    of_ours = isinstance(exc, LapwingError) and exc.args
    said = exc.args[0] if of_ours else str(exc)
    if isinstance(exc, SyntaxError):
        said = exc.msg
    return f"{type(exc).__name__}: {said}" if said else type(exc).__name__


def _place(exc: BaseException, what: str, root: Path | None) -> tuple[str, int]:
    """Return the innermost line of startup code that the exception passed."""
    if isinstance(exc, SyntaxError) and exc.filename:
        return exc.filename, exc.lineno or 0
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(exc.__traceback__)
    ]
    own = [one for one in frames if one[0] == what or is_local(one[0], root)]
    return own[-1] if own else (what, 0)


_INSTALLED = tuple(
    Path(sysconfig.get_path(name)).resolve()
    for name in ("purelib", "platlib", "stdlib", "platstdlib")
)


def is_local(file: str | None, root: Path | None) -> bool:
    """Return whether a file is startup code: below its directory, and not installed.

    Args:
        file: Path of the file.
        root: The directory of the startup code.
    """
    if not file or root is None or not Path(file).is_absolute():
        return False
    path = Path(file).resolve()
    # A virtual environment may stand in the directory of the startup code.
    inside = [one for one in _INSTALLED if one.is_relative_to(root) and one != root]
    return path.is_relative_to(root) and not any(
        path.is_relative_to(one) for one in inside
    )


def _hint(exc: BaseException, file: str) -> str:
    match exc:
        case LapwingError(hint=str(hint)) if hint:
            return hint
        case SyntaxError() if file.endswith(".ipy"):
            return "only Python runs here: write magics and shell commands in Python"
        case SystemExit():
            return "startup code must not exit"
        case ModuleNotFoundError(name=str(name)) if "." not in name:
            return f"install {name}, or mend the import"
    return "mend that line; nothing of the startup code was kept"
