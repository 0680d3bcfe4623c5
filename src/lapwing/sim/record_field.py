"""Record fields: named channels of a record, and what happens when one is put.

Owns how a put is held until its work is over, and that fields share an alarm.
Must not know what the records do.
Test: tests/system/test_record_ioc.py, through Channel Access.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import caproto
import numpy as np

Hook = Callable[[Any], Awaitable[None]]


class _Field:
    """What our fields have beside their kind of value.

    After a client has written, the hook runs, and the client's put completes when
    it is over. Writes from within have no hook.
    """

    hook: Hook | None = None

    async def auth_write(self, *arguments: Any, **options: Any) -> Any:
        answer = await super().auth_write(*arguments, **options)  # type: ignore[misc]
        if self.hook is not None:
            await self.hook(self.plain)
        return answer

    @property
    def plain(self) -> Any:
        """The value: a number for a menu, not its word."""
        return self.value  # type: ignore[attr-defined]

    async def set(self, value: Any) -> None:
        """Write from within."""
        await self.write(value)  # type: ignore[attr-defined]


class Real(_Field, caproto.ChannelDouble):
    """A real number; its control limits are for clients to know, and refuse nothing."""

    async def verify_value(self, data: Any) -> Any:
        """Take any number: the record decides what to do with it."""
        return data


class Whole(_Field, caproto.ChannelInteger):
    """A whole number."""


class Text(_Field, caproto.ChannelString):
    """A text of up to 39 characters."""

    @property
    def plain(self) -> str:
        """The text."""
        found = self.value
        return found[0] if isinstance(found, list) else found


class Single(_Field, caproto.ChannelFloat):
    """An array in single precision."""


class Menu(_Field, caproto.ChannelEnum):
    """One of some words."""

    @property
    def plain(self) -> int:
        """The number of the word, from 0."""
        found = self.value
        return self.enum_strings.index(found) if isinstance(found, str) else int(found)


class Record:
    """A record: its fields by name, with the alarm that they share.

    Args:
        pvs: Where its fields are entered, by their full names.
        name: Name of the record, such as ``"REC:m1"``.
        kind: Its record type, such as ``"motor"``.
        description: Text of ``DESC``.
    """

    def __init__(self, pvs: dict[str, Any], name: str, kind: str, description: str):
        self._pvs, self._name, self._kind = pvs, name, kind
        self.alarm = caproto.ChannelAlarm()
        self.text("RTYP", kind)
        self.text("DESC", description)

    def real(
        self, field: str, value: float, hook: Hook | None = None, **known: Any
    ) -> Real:
        """Add a real number; ``units``, ``precision`` and limits may be given."""
        return self._add(field, Real(value=value, **self._common, **known), hook)

    def whole(self, field: str, value: int, hook: Hook | None = None) -> Whole:
        """Add a whole number."""
        return self._add(field, Whole(value=value, **self._common), hook)

    def text(self, field: str, value: str, hook: Hook | None = None) -> Text:
        """Add a text."""
        return self._add(field, Text(value=value, **self._common), hook)

    def menu(
        self, field: str, words: Sequence[str], value: int, hook: Hook | None = None
    ) -> Menu:
        """Add a choice of words."""
        made = Menu(value=words[value], enum_strings=list(words), **self._common)
        return self._add(field, made, hook)

    def array(self, field: str, size: int, kind: type[Any]) -> Any:
        """Add an array of zeros, `Real` or `Single`."""
        zeros = np.zeros(size, np.float64 if kind is Real else np.float32)
        return self._add(
            field, kind(value=zeros, max_length=size, **self._common), None
        )

    @property
    def _common(self) -> dict[str, Any]:
        return {"alarm": self.alarm, "reported_record_type": self._kind}

    def _add(self, field: str, made: Any, hook: Hook | None) -> Any:
        made.hook = hook
        self._pvs[f"{self._name}.{field}"] = made
        if field == "VAL":
            self._pvs[self._name] = made
        return made
