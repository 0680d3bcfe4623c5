"""Comparing: whether a plan that is run again says what it said before.

Owns what may differ: names of groups, arguments of sleep, addresses in texts.
Must not know what follows from a difference.
Test: pairs of messages that are the same, and that are not.
"""

import re
from typing import Any

import numpy as np

from lapwing.journal.codec import Decoder, Encoder, Opaque, Record
from lapwing.messages import Msg

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Comparer:
    """Compares messages with recorded ones, one after the other.

    Groups may have other names, as long as each has the same one throughout.
    """

    def __init__(self) -> None:
        self._encoder, self._decoder = Encoder(), Decoder()
        self._groups: dict[Any, Any] = {}  # live name: recorded name

    def same(self, recorded: Record, msg: Msg) -> bool:
        """Whether a message is the recorded one."""
        live = self._decoder.unpack(self._encoder.pack([msg]))[0]
        try:
            if live == recorded:
                return True
        except ValueError:
            pass  # of two arrays is asked whether they are equal, or not
        return self._same_message(recorded, live)

    def _same_message(self, recorded: Record, live: Record) -> bool:
        command = recorded[0]
        if command != live[0] or not _same(recorded[1], live[1]):
            return False
        if command in ("sleep", "unsubscribe"):
            return True  # how long is left; and tokens are new ones
        args, live_args = list(recorded[2]), list(live[2])
        kwargs, live_kwargs = dict(recorded[3]), dict(live[3])
        if command == "wait" and len(args) == len(live_args) == 1:
            kwargs["group"], live_kwargs["group"] = args.pop(), live_args.pop()
        for name in ("group", *(("name",) if command == "monitor" else ())):
            if (name in kwargs) != (name in live_kwargs):
                return False
            if name in kwargs and not self._same_group(
                kwargs.pop(name), live_kwargs.pop(name)
            ):
                return False
        watch, live_watch = kwargs.pop("watch", ()), live_kwargs.pop("watch", ())
        return (
            len(watch) == len(live_watch)
            and all(map(self._same_group, watch, live_watch))
            and _same(args, live_args)
            and _same(kwargs, live_kwargs)
            and _same(recorded[4], live[4])
        )

    def _same_group(self, recorded: Any, live: Any) -> bool:
        if live is None or recorded is None:
            return live is recorded
        key = live if isinstance(live, str | int) else str(live)
        return _same(self._groups.setdefault(key, recorded), recorded)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
            return False
        same = one.dtype == other.dtype and one.shape == other.shape
        return same and one.tobytes() == other.tobytes()
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, str):
        return one == other or _without_addresses(one) == _without_addresses(other)
    if isinstance(one, Opaque):
        return one.type_name == other.type_name
    return one == other or (one != one and other != other)  # NaN


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("", text)
