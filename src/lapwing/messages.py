"""Messages: what a plan may say to the engine.

Owns the five fields of a message and nothing else.
Must not know devices, engines or documents.
Test: build one, unpack it, replace a field.
"""

from collections.abc import Generator, Iterable
from typing import Any, NamedTuple, TypeVar, cast


class _Fields(NamedTuple):
    command: str
    obj: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    run: Any


_new_tuple: Any = cast("Any", tuple).__new__


class Msg(_Fields):
    """One instruction from a plan: a named tuple of exactly five fields.

    Args:
        command: The verb, such as ``"set"`` or ``"read"``.
        obj: The device concerned, or None.
        *args: Positional arguments of the verb.
        run: Key of the run concerned; None is the plan's only run.
        **kwargs: Keyword arguments of the verb.

    Source:
        The field's common language: ``bluesky.utils.Msg``.
    """

    __slots__ = ()

    def __new__(
        cls,
        command: str,
        obj: Any = None,
        *args: Any,
        run: Any = None,
        **kwargs: Any,
    ) -> "Msg":
        """Build a message as ``Msg("set", motor, 1.5, group="g")``."""
        return _new_tuple(cls, (command, obj, args, kwargs, run))

    @classmethod
    def _make(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, iterable: Iterable[Any]
    ) -> "Msg":
        # The named tuple's own _make and _replace would call __new__, whose
        # signature is not that of the fields.
        return _new_tuple(cls, iterable)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Msg._make, (tuple(self),))

    def __repr__(self) -> str:
        return (
            f"Msg({self.command!r}, obj={self.obj!r}, args={self.args!r}, "
            f"kwargs={self.kwargs!r}, run={self.run!r})"
        )


T = TypeVar("T")

MsgGenerator = Generator[Msg, Any, T]
"""The type of a plan: yields messages, is sent responses, returns a ``T``."""
