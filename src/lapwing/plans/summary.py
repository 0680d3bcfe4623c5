"""Summaries: what a plan would do, line by line.

Owns the lines, and printing them with or without an engine.
Must not know engines or devices; a device is only asked for its name.
Test: summarize a plan, compare what is printed.
"""

import sys
from typing import Any

from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.mutators import (
    Messages,
    make_decorator,
    msg_mutator,
    takes_plan,
)

__all__ = [
    "print_summary",
    "print_summary_decorator",
    "print_summary_wrapper",
    "summarize_plan",
]

_WIDTH = 80


class _Narrator:
    """Says in a line what messages mean to a person."""

    def __init__(self) -> None:
        self._read: list[str] = []

    def line(self, msg: Msg) -> str | None:
        """Return the line of a message, or None if it is not worth one."""
        match msg.command:
            case "open_run":
                return " Open Run ".center(_WIDTH, "=")
            case "close_run":
                return " Close Run ".center(_WIDTH, "=")
            case "set":
                return f"{msg.obj.name} -> {msg.args[0]}"
            case "create":
                self._read = []
            case "read":
                self._read.append(msg.obj.name)
            case "save":
                return f"  Read {self._read}"
        return None

    def tell(self, msg: Msg) -> Msg:
        """Print the line of a message; returns the message."""
        if (line := self.line(msg)) is not None:
            sys.stdout.write(f"{line}\n")
        return msg


def summarize_plan(plan: Messages) -> None:
    """Print what a plan would do: runs, moves and readings; nothing is done.

    Args:
        plan: The plan. It is told None for all that it asks.
    """
    tell = _Narrator().tell
    for msg in plan:
        tell(msg)


print_summary = summarize_plan


@takes_plan
def print_summary_wrapper(plan: Messages) -> MsgGenerator[Any]:
    """Print what a plan does while it does it."""
    return (yield from msg_mutator(plan, _Narrator().tell))


print_summary_decorator = make_decorator(print_summary_wrapper)
