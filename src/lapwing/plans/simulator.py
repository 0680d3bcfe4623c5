"""Simulated engine: drives a plan with answers that a test gives.

Owns `RunEngineSimulator`, and picking messages out of what a plan has said.
Must not know engines or devices.
Test: simulate plans that ask for readings, documents and waits.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from time import time
from typing import Any, Literal

from lapwing.messages import Msg
from lapwing.plans.mutators import Messages, ensure_generator

Handler = Callable[[Msg], Any]
Filter = str | Callable[[Msg], bool] | None
Doc = tuple[str, dict[str, Any]]


class RunEngineSimulator:
    """Drives plans without devices: handlers say what each message is answered.

    Attributes:
        return_value: What the last plan returned.
    """

    def __init__(self) -> None:
        self.return_value: Any = None
        self._handlers: list[tuple[frozenset[str], Filter, Handler]] = []
        self._callbacks: dict[int, tuple[Callable[..., Any], str]] = {}
        self._tokens = count()

    def add_handler(
        self,
        commands: str | Sequence[str],
        handler: Handler,
        msg_filter: Filter = None,
        index: int | Literal["end"] = 0,
    ) -> None:
        """Add a handler; the first one that fits a message answers it.

        Args:
            commands: The verb, or several.
            handler: Called with the message; returns the answer, or raises what
                is thrown into the plan.
            msg_filter: A function that says of a message whether it fits, or the
                name of its device.
            index: Place among the handlers; 0 is tried first.
        """
        verbs = frozenset([commands] if isinstance(commands, str) else commands)
        place = len(self._handlers) if index == "end" else index
        self._handlers.insert(place, (verbs, msg_filter, handler))

    def add_read_handler_for(self, obj: Any, value: Any) -> None:
        """Answer readings of a device by one value, or reading, under its name."""
        self.add_read_handler_for_multiple(obj, **{obj.name: value})

    def add_read_handler_for_multiple(self, obj: Any, **kwargs: Any) -> None:
        """Answer readings of a device.

        Args:
            obj: The device.
            **kwargs: Values by data key, or whole readings with value and timestamp.
        """

        def reading(_msg: Msg) -> dict[str, Any]:
            plain = {"timestamp": time()}
            return {
                key: value if isinstance(value, dict) else {"value": value, **plain}
                for key, value in kwargs.items()
            }

        self.add_handler("read", reading, obj.name)

    def add_wait_handler(
        self, handler: Callable[[Msg], None], group: str = "any"
    ) -> None:
        """Do something when a plan waits.

        Args:
            handler: Called with the message.
            group: The group; ``"any"`` means all.
        """
        self.add_handler("wait", handler, lambda msg: group in ("any", _group_of(msg)))

    def add_handler_for_callback_subscribes(self) -> None:
        """Take note of what subscribes, so that documents reach it."""
        self.add_handler("subscribe", self._subscribe)

    def _subscribe(self, msg: Msg) -> int:
        token = next(self._tokens)
        function, *names = msg.args
        name = names[0] if names else msg.kwargs.get("name", "all")
        self._callbacks[token] = function, name
        return token

    def add_callback_handler_for(
        self,
        command: str,
        document_name: str,
        document: dict[str, Any],
        msg_filter: Callable[[Msg], bool] | None = None,
    ) -> None:
        """Send a document to subscribers when a message comes, the first time.

        Args:
            command: The verb.
            document_name: Kind of the document.
            document: The document.
            msg_filter: Says of a message whether it fits.
        """
        docs = [[(document_name, document)]]
        self.add_callback_handler_for_multiple(command, docs, msg_filter)

    def add_callback_handler_for_multiple(
        self,
        command: str,
        docs: Sequence[Sequence[Doc]],
        msg_filter: Callable[[Msg], bool] | None = None,
    ) -> None:
        """Send documents to subscribers when messages come.

        Args:
            command: The verb.
            docs: Those to send at the first such message, at the second one, ...
            msg_filter: Says of a message whether it fits.
        """
        rest = iter(docs)

        def send(_msg: Msg) -> None:
            for name, doc in next(rest, ()):
                self.fire_callback(name, doc)

        self.add_handler(command, send, msg_filter)

    def fire_callback(self, document_name: str, document: dict[str, Any]) -> None:
        """Send a document to those who subscribed.

        Args:
            document_name: Kind of the document.
            document: The document.
        """
        for function, wanted in list(self._callbacks.values()):
            if wanted in ("all", document_name):
                function(document_name, document)

    def simulate_plan(self, gen: Messages) -> list[Msg]:
        """Drive a plan to its end; returns all its messages.

        Args:
            gen: The plan.
        """
        said: list[Msg] = []
        plan = ensure_generator(gen)
        try:
            msg = next(plan)
            while True:
                said.append(msg)
                try:
                    answer = self._answer(msg)
                except Exception as exc:  # noqa: BLE001 - the plan may handle it
                    msg = plan.throw(exc)
                else:
                    msg = plan.send(answer)
        except StopIteration as stop:
            self.return_value = stop.value
        return said

    def _answer(self, msg: Msg) -> Any:
        for verbs, msg_filter, handler in self._handlers:
            if msg.command in verbs and _fits(msg, msg_filter):
                return handler(msg)
        return None


def _fits(msg: Msg, msg_filter: Filter) -> bool:
    if msg_filter is None:
        return True
    if isinstance(msg_filter, str):
        return msg.obj is not None and msg.obj.name == msg_filter
    return msg_filter(msg)


def _group_of(msg: Msg) -> Any:
    if "group" in msg.kwargs or msg.command != "wait":
        return msg.kwargs.get("group")
    return next(iter(msg.args), None)


def assert_message_and_return_remaining(
    messages: Iterable[Msg],
    predicate: Callable[[Msg], bool],
    group: str | None = None,
) -> list[Msg]:
    """Look for a message; returns the list of it and all that follow it.

    Args:
        messages: Messages, such as `RunEngineSimulator.simulate_plan` returns.
        predicate: Says of a message whether it is the one.
        group: The group that it must have besides; None for any.

    Raises:
        AssertionError: There is none.
    """
    messages = list(messages)
    for i, msg in enumerate(messages):
        if predicate(msg) and (group is None or _group_of(msg) == group):
            return messages[i:]
    raise AssertionError(
        f"none of {len(messages)} messages meets the predicate {predicate!r}"
    )
