"""Bluesky's dispatcher: ours, with what Bluesky's users reach for.

Owns that exceptions of subscribers may be ignored, and the registry's face.
Must not change how subscribers are found and called.
Test: Bluesky's own tests of subscribing.
"""

import warnings
from logging import DEBUG
from typing import Any
from weakref import WeakMethod

from event_model import DocumentNames

from lapwing.compat.bluesky.log import doc_logger
from lapwing.documents import Document
from lapwing.engine import dispatcher
from lapwing.errors import PlanArgumentError


class UnknownNameError(PlanArgumentError, KeyError):
    """There are no documents of that name."""


class Registry:
    """The subscriptions, in the shape in which Bluesky keeps them.

    Args:
        dispatcher: Whose subscriptions they are.
    """

    def __init__(self, dispatcher: "Dispatcher"):
        self._dispatcher = dispatcher

    @property
    def callbacks(self) -> dict[DocumentNames, dict[int, Any]]:
        """Return who hears of which documents, by token."""
        return {
            name: self._dispatcher.subscribers_of(name.name) for name in DocumentNames
        }


class Dispatcher(dispatcher.Dispatcher):
    """Hands documents to subscribers.

    Attributes:
        ignore_exceptions: Warn of what subscribers raise, instead of telling the plan.
        cb_registry: The subscriptions, as Bluesky keeps them.
    """

    names = tuple(name.name for name in DocumentNames)

    def __init__(self) -> None:
        super().__init__()
        self.ignore_exceptions = False
        self.cb_registry = Registry(self)

    @property
    def _token_mapping(self) -> dict[int, list[int]]:
        return {token: [token] for token in self._entries}

    def subscribers_of(self, name: str) -> dict[int, Any]:
        """Return who hears of the documents of a name, by token."""
        return {
            token: ref
            for token, (wanted, ref) in self._entries.items()
            if wanted in ("all", name)
        }

    def subscribe(self, func: Any, name: Any = "all") -> int:
        """Call ``func(name, doc)`` on each document of that name, or on all.

        Raises:
            UnknownNameError: There are no documents of that name.
        """
        if callable(name) and isinstance(func, str):
            warnings.warn(
                "subscribe(name, func) is the old order; call subscribe(func, name)",
                stacklevel=2,
            )
            func, name = name, func
        try:
            return super().subscribe(func, str(getattr(name, "name", name)))
        except PlanArgumentError as exc:
            raise UnknownNameError(str(exc)) from None

    def process(self, name: Any, doc: Document) -> None:
        """Hand one document to its subscribers."""
        name = str(getattr(name, "name", name))
        if doc_logger.isEnabledFor(DEBUG):
            doc_logger.debug("%s: %r", name, doc)
        if not self.ignore_exceptions:
            super().process(name, doc)
            return
        for ref in self._by_name[name]:
            func = ref() if isinstance(ref, WeakMethod) else ref
            if func is None:
                continue  # it has gone out of use
            try:
                func(name, doc)
            except Exception as exc:  # noqa: BLE001 - the user asked for it
                warnings.warn(
                    f"{exc!r} was raised by a subscriber to the {name} document; it is "
                    f"ignored because RE.ignore_callback_exceptions is True",
                    stacklevel=2,
                )
