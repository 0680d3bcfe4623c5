"""Comparing: whether a plan that is run again says what it said before.

Owns what may differ: names of groups, arguments of sleep, addresses in texts.
Must not know what follows from a difference.
Test: pairs of messages that are the same, and that are not.
"""

import re
import zlib
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from lapwing.journal.codec import ArrayRef, Decoder, Encoder, Opaque, Record
from lapwing.messages import Msg

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_PLAIN = frozenset({bool, float, int, str, type(None)})
_OF_SEVERAL = frozenset({"collect", "declare_stream", "locate"})
_MISSING: Any = object()


class Comparer:
    """Compares messages with recorded ones, one after the other.

    Groups may have other names, as long as each has the same one until it is waited
    for, and no other has it.

    Args:
        see: Called with each device, when it comes for the first time.
    """

    def __init__(self, see: Callable[[Any], Any]) -> None:
        self._see = see
        self._encoder, self._decoder = Encoder(), Decoder(exact=True)
        self._groups: dict[Hashable, Hashable] = {}  # live name: recorded name
        self._live_groups: dict[Hashable, Hashable] = {}
        # What stands in the records for each device; held, so that no other takes
        # its id. The decoder has one reference for each name, so that ``is`` will do.
        self._known: dict[int, Any] = {}
        self._held: list[Any] = []

    def same(self, recorded: Record, msg: Msg) -> bool:
        """Whether a message is the recorded one."""
        command, obj, args, kwargs, run = msg
        then, device, then_args, then_kwargs, then_run = recorded
        if (
            then != command
            or (obj is not device and self._known.get(id(obj), obj) is not device)
            or (
                then_run is not run and (run.__class__ not in _PLAIN or then_run != run)
            )
            or ((args or then_args) and not _quickly_same(then_args, args))
        ):
            return self._slowly(recorded, msg)
        if not kwargs and not then_kwargs:
            return True
        if len(kwargs) != len(then_kwargs):
            return self._slowly(recorded, msg)
        for key, value in kwargs.items():
            other = then_kwargs.get(key, _MISSING)
            if value is other:  # None, a bool, a small number
                continue
            kind = value.__class__
            if kind is not other.__class__ or kind not in _PLAIN:
                if kind is tuple and not value and other == []:
                    continue
                return self._slowly(recorded, msg)
            if key == "group":
                if not self._same_group(command, other, value):
                    return False
            elif value != other:
                return self._slowly(recorded, msg)
        return True

    def forget_groups(self) -> None:
        """Begin with the names of another life of the call."""
        self._groups.clear()
        self._live_groups.clear()

    def _slowly(self, recorded: Record, msg: Msg) -> bool:
        live = self._decoder.unpack(self._encoder.pack([msg]))[0]
        for obj in msg.args if msg.command in _OF_SEVERAL else ():
            self._see(obj)
        is_new = msg.obj is not None and id(msg.obj) not in self._known
        if is_new:
            self._see(msg.obj)
        if not self._same_message(recorded, live):
            return False
        if is_new:
            self._known[id(msg.obj)] = recorded[1]
            self._held.append(msg.obj)
        return True

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
        if ("group" in kwargs) != ("group" in live_kwargs):
            return False
        watch, live_watch = kwargs.pop("watch", ()), live_kwargs.pop("watch", ())
        groups = [(kwargs.pop("group", None), live_kwargs.pop("group", None))]
        groups += zip(watch, live_watch, strict=False)
        if command == "monitor" and _were_made(kwargs, live_kwargs):
            del kwargs["name"], live_kwargs["name"]
        return (
            len(watch) == len(live_watch)
            and all(self._same_group(command, *pair) for pair in groups)
            and _same(args, live_args)
            and _same(kwargs, live_kwargs)
            and _same(recorded[4], live[4])
        )

    def _same_group(self, command: str, recorded: Any, live: Any) -> bool:
        if live is None or recorded is None:
            return live is recorded
        if recorded.__class__ is not str or live.__class__ is not str:
            recorded, live = _hashable(recorded), _hashable(live)
        groups, live_groups = self._groups, self._live_groups
        if command == "wait":  # their next use may have other names
            there = groups.pop(live, recorded), live_groups.pop(recorded, live)
        else:
            there = (
                groups.setdefault(live, recorded),
                live_groups.setdefault(recorded, live),
            )
        return there == (recorded, live)


def _quickly_same(recorded: list[Any], live: tuple[Any, ...]) -> bool:
    if len(recorded) != len(live):
        return False
    for one, other in zip(recorded, live, strict=True):
        kind = one.__class__
        if kind is float and isinstance(other, float) and one == other:
            continue  # a float of numpy's, too: plans have them for positions
        if kind is not other.__class__ or kind not in _PLAIN or one != other:
            return False
    return True


def _were_made(recorded: dict[str, Any], live: dict[str, Any]) -> bool:
    """Whether the names of two streams were drawn by chance."""
    names = (recorded.get("name"), live.get("name"))
    return all(isinstance(n, str) and n.startswith("monitor-") for n in names)


def _hashable(value: Any) -> Hashable:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, np.ndarray):
        if isinstance(one, ArrayRef):
            crc = zlib.crc32(np.ascontiguousarray(other).tobytes())
            found = ArrayRef(one.place, other.dtype.str, other.shape, crc)
            return one == found
        if not isinstance(one, np.ndarray):
            return False
        same = one.dtype == other.dtype and one.shape == other.shape
        return same and one.tobytes() == other.tobytes()
    if isinstance(one, np.generic) or isinstance(other, np.generic):
        one, other = _as_python(one), _as_python(other)
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


def _as_python(value: Any) -> Any:
    """Return the number of Python's for one of numpy's; the same one will do."""
    return value.item() if isinstance(value, np.generic) else value


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("", text)
