"""Startup code without hardware: what keeps devices from being looked for.

Owns how EPICS, Lapwing's devices and ophyd-async's are told to connect nothing.
Must not import ophyd or ophyd-async, nor load startup code.
Test: in fresh processes, for what EPICS was told cannot be taken back.

What it promises, and what it does not:

- Lapwing's devices connect nothing: their ``connect`` returns at once. A command that
  needs one is refused as with any device that is not connected.
- No IOC is searched for or found by Channel Access or PV Access, from any library, if
  it was not in use before. So ophyd's devices are made and stay unconnected.
- ophyd-async's devices connect as mocks, whatever ``init_devices`` or ``connect`` says.
- Startup code that itself waits for a device, or reads one, gets what it gets when
  the beamline is off, in the time that it set: with ophyd a ``TimeoutError``, told with
  its line. `is_offline` lets it do without.
- Startup code that itself sets where EPICS is searched for has its way; the log says
  so.
- Hardware that is reached in other ways (serial ports, sockets, a vendor's library) is
  not kept from anybody.
"""

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

logger = logging.getLogger(__name__)

_ASYNC = "ophyd_async.core"

_depth = 0


def is_offline() -> bool:
    """Return whether this startup code is being loaded without hardware.

    ::

        from lapwing.annotation import is_offline

        if not is_offline():
            shutter.wait_for_connection()
    """
    return _depth > 0


@contextmanager
def offline() -> Iterator[None]:
    """Keep devices from being connected while startup code is loaded.

    It is meant for a process that ends afterwards: EPICS stays cut off in it.

    Raises:
        StateError: This process talks to EPICS already.
    """
    global _depth
    # Here, for those who load with hardware need no EPICS of ours.
    from lapwing.epics.clients import changed_since_cut_off, cut_off

    cut_off()
    undo: list[Callable[[], None]] = []
    finder = _AfterImport(_ASYNC, lambda module: undo.append(_connect_mocks(module)))
    if _ASYNC in sys.modules:
        undo.append(_connect_mocks(sys.modules[_ASYNC]))
    sys.meta_path.insert(0, finder)
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        sys.meta_path.remove(finder)
        for one in undo:
            one()
        for name in changed_since_cut_off():
            logger.warning(
                "startup code that was to run without hardware has set %s itself", name
            )


def _connect_mocks(core: ModuleType) -> Callable[[], None]:
    """Let ophyd-async's devices connect as mocks; return what undoes it."""
    device = core.Device
    original = device.connect

    @wraps(original)
    async def connect(self: Any, mock: Any = False, *args: Any, **kwargs: Any) -> None:
        await original(self, mock or True, *args, **kwargs)

    device.connect = connect

    def undo() -> None:
        device.connect = original

    return undo


class _AfterImport(MetaPathFinder):
    """Calls a function with a module once it was imported, if it ever is."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]):
        self._name = name
        self._then = then
        self._is_asking = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != self._name or self._is_asking:
            return None
        self._is_asking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._is_asking = False
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._then(module)

            loader.exec_module = exec_module
        return spec
