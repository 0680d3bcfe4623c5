"""The dispatcher: hands documents to those who subscribed.

Owns subscriptions and their tokens.
Must not know what a document means, nor swallow what a subscriber raises.
Test: subscribe, process, unsubscribe.
"""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar
from weakref import WeakMethod

from lapwing.documents import Document
from lapwing.errors import PlanArgumentError, PlanSignatureError

NAMES = (
    "start",
    "descriptor",
    "event",
    "event_page",
    "resource",
    "datum",
    "stream_resource",
    "stream_datum",
    "stop",
)
Subscriber = Callable[[str, Document], Any]
_Ref = Subscriber | WeakMethod[Any]


def checked(func: Any, name: Any) -> str:
    """Return the name of the documents that a function is to hear.

    Args:
        func: The function.
        name: A name, or a member of an enumeration of them.

    Raises:
        PlanArgumentError: There are no documents of that name.
        PlanSignatureError: ``func`` is no function.
    """
    if not callable(func):
        raise PlanSignatureError(
            f"{func!r} was to hear documents, but is no function of (name, document)"
        )
    name = str(getattr(name, "name", name))
    if name != "all" and name not in NAMES:
        raise PlanArgumentError(
            f"there are no documents named {name!r}; subscribe to 'all' or one "
            f"of {', '.join(NAMES)}"
        )
    return name


class Dispatcher:
    """Calls subscribers at once, in the order in which they subscribed.

    A bound method is held weakly, so that a subscriber may simply go out of use;
    a function is held. An exception of a subscriber goes up to the caller.
    """

    names: ClassVar[tuple[str, ...]] = NAMES
    """Names of the documents that it knows."""

    def __init__(self) -> None:
        self._tokens = count()
        self._lock = threading.Lock()  # a person subscribes from another thread
        self._entries: dict[int, tuple[str, _Ref]] = {}
        # Rebuilt on each change, so that processing is a walk over a tuple.
        self._by_name: dict[str, tuple[_Ref, ...]] = dict.fromkeys(self.names, ())

    def subscribe(self, func: Subscriber, name: str = "all") -> int:
        """Call ``func(name, doc)`` on each document of that name, or on all.

        The same function subscribed to the same name again is called once, and
        gets the token that it has.

        Returns:
            A token for `unsubscribe`.

        Raises:
            PlanArgumentError: There are no documents of that name.
            PlanSignatureError: ``func`` is no function.
        """
        name = checked(func, name)
        ref: _Ref = func
        if hasattr(func, "__self__") and hasattr(func, "__func__"):
            ref = WeakMethod(func)
        with self._lock:
            for token, entry in self._entries.items():
                if entry == (name, ref):
                    return token
            token = next(self._tokens)
            self._entries[token] = (name, ref)
            self._rebuild()
            return token

    def unsubscribe(self, token: int) -> None:
        """Forget a subscription; an unknown token is no error."""
        with self._lock:
            if self._entries.pop(token, None) is not None:
                self._rebuild()

    def unsubscribe_all(self) -> None:
        """Forget all subscriptions."""
        with self._lock:
            self._entries.clear()
            self._rebuild()

    def process(self, name: str, doc: Document) -> None:
        """Hand one document to its subscribers."""
        for ref in self._by_name[name]:
            if not isinstance(ref, WeakMethod):
                ref(name, doc)
            elif (func := ref()) is not None:
                func(name, doc)
            else:
                self._drop_dead()

    def _drop_dead(self) -> None:
        with self._lock:
            self._entries = {
                token: (name, ref)
                for token, (name, ref) in self._entries.items()
                if not (isinstance(ref, WeakMethod) and ref() is None)
            }
            self._rebuild()

    def _rebuild(self) -> None:
        self._by_name = {
            name: tuple(
                ref for wanted, ref in self._entries.values() if wanted in ("all", name)
            )
            for name in self.names
        }
