"""Run a plan on Bluesky's engine or on Lapwing's, and write down all that happens.

What is written down is plain data in which uids and group names are numbered by
first use and present times are masked, so that two accounts can be compared by ==.
"""

import asyncio
import builtins
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isfunction, isgenerator
from typing import Any

import bluesky.utils
import numpy as np
from bluesky import RunEngine as BlueskyRunEngine
from compat import devices

import lapwing

_uids = itertools.count()


def _uid_with_a_beginning_of_its_own() -> str:
    return f"{next(_uids):06x}00-0000-4000-8000-000000000000"


# Bluesky names groups by the first six digits of these. At random one in some thousand
# plans has a name twice, and its account is another one.
bluesky.utils.new_uid = _uid_with_a_beginning_of_its_own


@dataclass
class Account:
    """What a plan said, was answered and left behind."""

    messages: list[Any] = field(default_factory=list)
    documents: list[Any] = field(default_factory=list)
    responses: list[Any] = field(default_factory=list)
    deeds: dict[str, list[str]] = field(default_factory=dict)
    returned: Any = None
    raised: BaseException | None = None
    states: list[str] = field(default_factory=list)


class Bench:
    """A fresh set of devices."""

    def __init__(self) -> None:
        self.det = devices.HintedDetector("det")
        self.det2 = devices.HintedDetector("det2")
        self.plain = devices.Detector("plain")
        self.adet = devices.AsyncDetector("adet")
        self.once = devices.OneTimeDetector("once")
        self.x = devices.HintedMotor("x", 0.5)
        self.y = devices.HintedMotor("y", -1.0)
        self.z = devices.HintedMotor("z")
        self.bare = devices.Motor("bare", 0.25)
        self.fieldless = devices.FieldlessMotor("fieldless", 0.75)
        self.two = devices.TwoFieldMotor("two", 2.0)
        self.pos = devices.PositionMotor("pos", 3.0)
        self.full = devices.CompleteMotor("full", 4.0)
        self.slit = devices.Slit("slit")
        self.broken = devices.BrokenMotor("broken", -0.5)

    def deeds(self) -> dict[str, list[str]]:
        """What each device did that did anything."""
        everything = [*vars(self).values(), self.slit.top, self.slit.bottom]
        return {obj.name: obj.done for obj in everything if obj.done}


# ---------------------------------------------------------------- running

# One loop for all of Bluesky's engines: each new one would keep three files open.
_LOOP = asyncio.new_event_loop()


def _bluesky_engine() -> Any:
    return BlueskyRunEngine({}, loop=_LOOP, context_managers=[])


Prepare = Callable[[Any], Any]


def on_bluesky(
    plan: Any, bench: Any = None, then: Sequence[str] = (), prepare: Prepare = id
) -> Account:
    return _on(_bluesky_engine(), plan, bench, then, prepare)


def on_lapwing(
    plan: Any, bench: Any = None, then: Sequence[str] = (), prepare: Prepare = id
) -> Account:
    return _on(lapwing.RunEngine({}), plan, bench, then, prepare)


def _on(
    engine: Any, plan: Any, bench: Any, then: Sequence[str], prepare: Prepare
) -> Account:
    """Run a plan; each time that it is paused, do the next of ``then``."""
    account = Account()
    prepare(engine)
    names = Names()

    def collect(name: str, doc: dict[str, Any]) -> None:
        account.documents.append((name, as_document(doc, names)))

    engine.msg_hook = lambda msg: account.messages.append(as_message(msg, names))
    engine.subscribe(collect)
    for order in (lambda: engine(plan), *(getattr(engine, verb) for verb in then)):
        account.raised = None
        try:
            account.returned = [names.of("uid", uid) for uid in order()]
        except Exception as exc:  # noqa: BLE001 - an account tells of any error
            account.raised = exc
        account.states.append(str(engine.state))
    if engine.state == "paused":
        engine.halt()  # else what it awaits is never fetched
    if bench is not None:
        account.deeds = bench.deeds()
    return account


def collecting(
    account_of: Callable[..., Account],
    messages: Any,
    bench: Any = None,
    then: Sequence[str] = (),
) -> Account:
    """Run a plan that says messages and writes down each response.

    Args:
        account_of: `on_bluesky` or `on_lapwing`.
        messages: Messages, or functions that make one of the responses so far.
        bench: The devices, for what they did.
        then: What to do each time that it is paused, such as "resume".
    """
    heard: list[Any] = []

    def plan() -> Any:
        for msg in messages:
            try:
                response = yield msg(heard) if isfunction(msg) else msg
            except Exception as exc:  # noqa: BLE001 - it is what we want to know
                response = exc
            heard.append(response)

    account = account_of(plan(), bench, then)
    account.responses = heard
    return account


# ---------------------------------------------------------------- writing down


class Names:
    """Numbers names by first use."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, int]] = {}

    def of(self, kind: str, name: Any) -> str:
        known = self._known.setdefault(kind, {})
        return f"{kind} {known.setdefault(name, len(known) + 1)}"


def as_message(msg: Any, names: Names) -> tuple[Any, ...]:
    command, obj, args, kwargs, run = msg
    if command == "sleep":
        args = (args[0] > 0,)  # what is left of a delay depends on the clock
    kwargs = plain(kwargs)
    if kwargs.get("group") is not None:
        kwargs["group"] = names.of("group", kwargs["group"])
    return command, plain(obj), plain(args), kwargs, run


def as_document(doc: dict[str, Any], names: Names) -> dict[str, Any]:
    doc = plain(doc)
    for key in ("uid", "run_start", "descriptor"):
        if isinstance(doc.get(key), list):  # an event page has many
            doc[key] = [names.of("uid", uid) for uid in doc[key]]
        elif key in doc:
            doc[key] = names.of("uid", doc[key])
    doc.pop("versions", None)
    return doc


def plain(value: Any) -> Any:
    """Return what can be compared by ==, tuples and lists kept apart."""
    if isinstance(value, Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        named = hasattr(value, "_fields")
        return (tuple if named else type(value))(map(plain, value))
    if isinstance(value, set | frozenset):
        return {plain(one) for one in value}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and value > 1e9:
        return "now"
    if isinstance(value, str):
        return re.sub(r" at 0x[0-9a-f]+|timestamp=[0-9.]+", "", value)
    if hasattr(value, "add_callback"):
        return "a status"
    if isgenerator(value) or isfunction(value):
        return type(value).__name__
    return f"<{value.name}>" if hasattr(value, "name") else value


# ---------------------------------------------------------------- errors


def corresponds(ours: BaseException | None, theirs: BaseException | None) -> bool:
    """Whether users who catch Bluesky's error catch ours too."""
    if ours is None or theirs is None:
        return ours is theirs
    kind = type(theirs)
    if kind.__module__ == "builtins" or not hasattr(builtins, kind.__name__):
        names = {base.__name__ for base in type(ours).__mro__}
        builtin = next(b for b in kind.__mro__ if b.__module__ == "builtins")
        return kind.__name__ in names and isinstance(ours, builtin)
    return isinstance(ours, kind)
