"""Run plans of soft devices, and drive them by hand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kit import Documents, make_engine

from lapwing import Engine, Msg


@dataclass
class Outcome:
    """What a plan said, what it left, what came of it."""

    said: list[Msg]
    docs: Documents
    result: Any = None
    error: BaseException | None = None

    @property
    def commands(self) -> list[str]:
        return [msg.command for msg in self.said]

    @property
    def start(self) -> dict[str, Any]:
        return self.docs.named("start")[0]

    @property
    def stop(self) -> dict[str, Any]:
        return self.docs.named("stop")[0]

    def sent_to(self, obj: Any) -> list[Any]:
        """The positions that a device was sent to."""
        return [msg.args[0] for msg in self.said if msg[:2] == ("set", obj)]


Interfere = Callable[[Engine, Msg, int], None]


def run(
    plan: Any, interfere: Interfere | None = None, end: str = "", **engine_args: Any
) -> Outcome:
    """Run a plan.

    Args:
        plan: The plan.
        interfere: Called with engine, message and its number before each message.
        end: How a plan that paused is ended: "resume", "stop", "abort" or "halt".
        **engine_args: Arguments of the engine.
    """
    engine, docs = make_engine(**engine_args)
    outcome = Outcome([], docs)

    def hook(msg: Msg) -> None:
        outcome.said.append(msg)
        if interfere is not None:
            interfere(engine, msg, len(outcome.said))

    engine.msg_hook = hook

    async def main() -> None:
        outcome.result = await engine.run(plan)
        if outcome.result.paused:
            outcome.result = await getattr(engine, end)()

    try:
        asyncio.run(main())
    except Exception as exc:  # noqa: BLE001 - an outcome as any other
        outcome.error = exc
    assert engine.state == "idle"
    return outcome


def pause_at(command: str, times: int = 1) -> Interfere:
    """Ask for a pause at the n-th message of a verb."""
    seen = []

    def interfere(engine: Engine, msg: Msg, number: int) -> None:
        if msg.command == command:
            seen.append(msg)
            if len(seen) == times:
                engine.request_pause()

    return interfere


def drive(plan: Any, answer: Callable[[Msg], Any] = lambda msg: None) -> list[Msg]:
    """Drive a plan by hand; returns its messages.

    An answer that is an exception is thrown.
    """
    said: list[Msg] = []
    iterator = iter(plan)
    try:
        msg = next(iterator)
        while True:
            said.append(msg)
            response = answer(msg)
            if isinstance(response, Exception):
                msg = iterator.throw(response)
            else:
                msg = iterator.send(response)
    except StopIteration:
        return said


def commands(messages: list[Msg]) -> list[str]:
    return [msg.command for msg in messages]
