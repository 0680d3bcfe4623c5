"""Prompting: the interactive side of Bluesky's utilities.

Owns asking without blocking the loop, the prompt's ``<plan()``, messages with times.
Must not know engines.
Test: put a stream in the place of stdin; transform cells; print a message.
"""

import asyncio
import functools
import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, TextIO

from lapwing.messages import Msg


class AsyncInput:
    """Asks the user without blocking the event loop: ``await AsyncInput()("? ")``.

    Args:
        loop: Not needed any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None):
        self.loop = loop

    async def __call__(self, prompt: str, end: str = "\n", flush: bool = False) -> str:
        """Print a prompt; returns the line that the user enters."""
        print(prompt, end=end, flush=flush)  # noqa: T201 - that is what it is for
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()

        def tell(line: str) -> None:
            if not answer.done():
                answer.set_result(line)

        def read() -> None:
            line = str(sys.stdin.readline() or "").rstrip("\n")
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, line)

        # No thread of a pool: a prompt nobody answers must not keep Python alive.
        threading.Thread(target=read, name="lapwing-input", daemon=True).start()
        return await answer


def register_transform(RE: str, *, prefix: str = "<", ip: Any = None) -> None:
    """Let ``< plan()`` mean ``RE(plan())`` at an IPython prompt.

    Args:
        RE: Name of the engine in the prompt's namespace.
        prefix: What such a line begins with.
        ip: The shell; None takes the one that runs.
    """
    if ip is None:
        from IPython.core.getipython import get_ipython

        ip = get_ipython()
    if ip is None:
        return
    line = re.compile(rf"^\s*{re.escape(prefix)}\s*(?P<plan>\S.*?)\s*$")

    def transform(lines: list[str]) -> list[str]:
        if len(lines) != 1 or (found := line.match(lines[0])) is None:
            return lines
        return [f"{RE}({found['plan']})\n"]

    ip.input_transformers_cleanup.append(transform)


def ts_msg_hook(msg: Msg, file: TextIO | None = None) -> None:
    """Print each message with the time: ``RE.msg_hook = ts_msg_hook``."""
    now = datetime.now().strftime("%H:%M:%S.%f")
    print(f"{now} {_told(msg)}", file=file or sys.stdout)


def _told(msg: Msg) -> str:
    name = getattr(msg.obj, "name", msg.obj)
    return (
        f"{msg.command:<17} -> {name!s:<12} args: {msg.args}, kwargs: {msg.kwargs}, "
        f"run: {msg.run!r}"
    )


def expiring_function(
    func: Callable[..., Any], loop: Any, *args: Any, **kwargs: Any
) -> tuple[Callable[[], Any], Callable[[], None]]:
    """Return a call that can be called off, and what calls it off.

    Args:
        func: The function.
        loop: Not needed any more.
        *args: For the function.
        **kwargs: For the function.
    """
    dropped = threading.Event()

    @functools.wraps(func)
    def call() -> Any:
        return None if dropped.is_set() else func(*args, **kwargs)

    return call, dropped.set
