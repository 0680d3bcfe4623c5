"""Registry: functions that are called when something of a name happens.

Owns `CallbackRegistry`, as Bluesky's users know it.
Must not know documents or engines.
Test: connect functions and methods, let the methods' objects go, process.
"""

import weakref
from collections.abc import Callable, Collection
from itertools import count
from typing import Any

from lapwing.errors import PlanArgumentError

Exceptions = type[BaseException] | tuple[type[BaseException], ...]


class CallbackRegistry:
    """Calls functions by the name of a signal; methods are held weakly.

    Args:
        ignore_exceptions: What functions may raise without anybody hearing of it:
            a class of exceptions, several, or True for all.
        allowed_sigs: The names that there are; None allows all.

    Attributes:
        callbacks: What is called, by signal and number.
    """

    def __init__(
        self,
        ignore_exceptions: bool | Exceptions = False,
        allowed_sigs: Collection[Any] | None = None,
    ):
        self.ignore_exceptions = ignore_exceptions
        self.allowed_sigs = allowed_sigs
        self.callbacks: dict[Any, dict[int, _BoundMethodProxy]] = {}
        self._func_cid_map: dict[Any, dict[_BoundMethodProxy, int]] = {}
        self._numbers = count()

    def connect(self, sig: Any, func: Callable[..., Any]) -> int:
        """Call ``func`` whenever ``sig`` is processed; returns a number for it.

        Connecting the same function again returns the number that it has.

        Raises:
            PlanArgumentError: ``sig`` is not allowed.
        """
        self._check(sig)
        proxy = _BoundMethodProxy(func)
        numbers = self._func_cid_map.setdefault(sig, {})
        if proxy in numbers:
            return numbers[proxy]
        proxy.add_destroy_callback(self._remove_proxy)
        cid = numbers[proxy] = next(self._numbers)
        self.callbacks.setdefault(sig, {})[cid] = proxy
        return cid

    def disconnect(self, cid: int) -> None:
        """Call the function with this number no more."""
        for sig, functions in self.callbacks.items():
            if (proxy := functions.pop(cid, None)) is not None:
                del self._func_cid_map[sig][proxy]
                return

    def process(self, sig: Any, *args: Any, **kwargs: Any) -> None:
        """Call the functions of a signal, in the order in which they came.

        Raises:
            PlanArgumentError: ``sig`` is not allowed.
        """
        self._check(sig)
        for proxy in list(self.callbacks.get(sig, {}).values()):
            try:
                proxy(*args, **kwargs)
            except ReferenceError:
                self._remove_proxy(proxy)
            except self._ignored():
                pass

    def _ignored(self) -> Exceptions:
        ignored = self.ignore_exceptions
        if isinstance(ignored, bool):
            return Exception if ignored else ()
        return ignored

    def _check(self, sig: Any) -> None:
        if self.allowed_sigs is not None and sig not in self.allowed_sigs:
            raise PlanArgumentError(
                f"the signal {sig!r} is not known. Allowed signals are "
                f"{self.allowed_sigs}"
            )

    def _remove_proxy(self, proxy: "_BoundMethodProxy") -> None:
        """Forget a method whose object has gone; and signals that have no other."""
        for sig, numbers in list(self._func_cid_map.items()):
            if (cid := numbers.pop(proxy, None)) is None:
                continue
            self.callbacks[sig].pop(cid, None)
            if not numbers:
                del self._func_cid_map[sig], self.callbacks[sig]


class _BoundMethodProxy:
    """A callable, of which the object of a bound method is held weakly.

    Args:
        cb: The callable.
    """

    def __init__(self, cb: Callable[..., Any]):
        self._gone: list[Callable[[_BoundMethodProxy], Any]] = []
        owner = getattr(cb, "__self__", None)
        # Methods of classes are held: classes do not come and go.
        weak = owner is not None and hasattr(cb, "__func__")
        if weak and not isinstance(owner, type):
            self._ref: Any = weakref.WeakMethod(cb, self._destroy)
        else:
            self._ref = _Held(cb)
        self._hash = hash(self._ref)

    def add_destroy_callback(
        self, callback: "Callable[[_BoundMethodProxy], Any]"
    ) -> None:
        """Call ``callback(self)`` when the object has gone."""
        self._gone.append(callback)

    def _destroy(self, _: Any) -> None:
        for callback in self._gone:
            callback(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        func = self._ref()
        if func is None:
            raise ReferenceError("the object of this method has gone")
        return func(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _BoundMethodProxy):
            return NotImplemented
        return self is other or self._ref == other._ref

    def __hash__(self) -> int:
        return self._hash


class _Held:
    """A reference that holds what it refers to."""

    def __init__(self, func: Callable[..., Any]):
        self._func = func

    def __call__(self) -> Callable[..., Any]:
        return self._func

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._func == other._func

    def __hash__(self) -> int:
        return hash(self._func)
