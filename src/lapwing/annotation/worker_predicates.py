"""Where startup code finds out who runs it: a worker or a person, IPython or Python.

Owns the marks that a worker sets in its process, and the questions about them.
Must not know workers, servers or startup code.
Test: set a mark, ask; clear it, ask again.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Kept in the environment, under the field's own names, and not in a variable: so the
# processes that startup code begins know it, and so does bluesky_queueserver itself
# where startup code imports it without the stand-in.
_WORKER = "_QSERVER_RE_WORKER_ACTIVE"
_IPYTHON = "_QSERVER_RUNNING_IPYTHON_KERNEL"
_FALSE = frozenset({"", "n", "no", "f", "false", "off", "0"})


def is_re_worker_active() -> bool:
    """Return whether a queue's worker runs this code, so that nobody is at a prompt.

    ::

        if is_re_worker_active():
            sample = read_sample_from_file()
        else:
            sample = input("Sample? ")
    """
    return _is_set(_WORKER)


def is_ipython_mode() -> bool:
    """Return whether IPython runs this code, in a worker or at a prompt.

    To be asked instead of ``get_ipython()``, which in startup code stands for a shell
    even where there is none.
    """
    if is_re_worker_active() and _IPYTHON in os.environ:
        return _is_set(_IPYTHON)
    # Whoever runs in IPython has it loaded; it need not be installed.
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def set_re_worker_active() -> None:
    """Mark this process as a worker; for workers and tests, not for startup code."""
    os.environ[_WORKER] = "1"


def clear_re_worker_active() -> None:
    """Take the mark of a worker away; for workers and tests, not for startup code."""
    os.environ.pop(_WORKER, None)


def set_ipython_mode(using_ipython: bool) -> None:
    """Mark this worker as one with or without IPython; not for startup code.

    Args:
        using_ipython: Whether it runs startup code in IPython.
    """
    os.environ[_IPYTHON] = "1" if using_ipython else "0"


def clear_ipython_mode() -> None:
    """Take that mark away; for workers and tests, not for startup code."""
    os.environ.pop(_IPYTHON, None)


@contextmanager
def marked_as_worker() -> Iterator[None]:
    """Mark this process as a worker for a time, without IPython if nobody has said.

    Startup code that is loaded only to list its plans must do as it will in the worker.
    """
    before = {name: os.environ.get(name) for name in (_WORKER, _IPYTHON)}
    os.environ[_WORKER] = "1"
    os.environ.setdefault(_IPYTHON, "0")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").lower() not in _FALSE
