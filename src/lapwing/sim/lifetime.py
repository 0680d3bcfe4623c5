"""Lifetime: how a server's process says that it serves, and when it ends.

Owns the word to whoever started it, and the watch on its input and on signals.
Must not know what is served.
Test: tests/system/test_beamline.py; it ends when its input closes.
"""

import asyncio
import contextlib
import os
import signal
import sys
from typing import Any


def say_ready(port: int, pva_port: int | None = None) -> None:
    """Tell whoever started this process that it serves; then be silent.

    Args:
        port: TCP port of Channel Access.
        pva_port: TCP port of PVA, or None.
    """
    pva = f" pva={pva_port}" if pva_port is not None else ""
    sys.stdout.write(f"READY ca={port}{pva} pid={os.getpid()}\n")
    sys.stdout.flush()
    # Nobody reads that pipe from here on; a full one would stop the server.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def watch_for_the_end() -> asyncio.Event:
    """Return what is set when the input closes, or when a signal asks for the end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    source: Any = sys.stdin.buffer

    def look() -> None:
        if not os.read(source.fileno(), 4096):
            loop.remove_reader(source)
            ended.set()

    # A plain file or /dev/null cannot be watched: then a signal ends us.
    with contextlib.suppress(PermissionError):
        loop.add_reader(source, look)
    return ended
