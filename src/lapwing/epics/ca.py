"""Channel Access: the channel protocol on aioca.

Owns, with `batch`, `subscription` and `forgetting`, the only use of aioca and libca.
Must not know devices; must not load libca before the first channel is made.
Test: tests/contract/test_channel.py, against the simulated beamline.

libca reads ``EPICS_CA_*`` once, when its first channel is made: set them before, best
by `lapwing.epics.clients.configure`. It does not find a server that went away before
about 10 s have passed, and after longer absences it looks more and more seldom.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
import ctypes
import os
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lapwing.epics import connection
from lapwing.epics.backend import Backend, OnePerLoop
from lapwing.epics.channel import ANSWER_TIMEOUT, Control, Subscription, Value
from lapwing.epics.connection import Connection
from lapwing.epics.convert import to_put
from lapwing.epics.sentences import late, lost, title
from lapwing.errors import DeviceError, MissingExtraError

if TYPE_CHECKING:
    from lapwing.epics.batch import Target

_library: ModuleType | None = None
_open: "weakref.WeakSet[CaClient]" = weakref.WeakSet()


def in_use() -> bool:
    """Whether libca runs, which has read ``EPICS_CA_*``."""
    return _library is not None


def _load() -> None:
    global _library
    if _library is None:
        try:
            import aioca
            from epicscorelibs.path import get_lib
        except ImportError as exc:
            raise MissingExtraError(
                "EPICS devices need aioca, which is not installed", extra="epics"
            ) from exc
        # libca tells about lost servers on stderr, in blocks of six lines and once
        # a second; our own errors say the same in a sentence.
        ctypes.CDLL(get_lib("Com")).eltc(0)
        # A pyepics that is loaded later would take a second copy of libca, whose
        # state is mixed up with this one's: no new PV would ever connect here.
        os.environ.setdefault("PYEPICS_LIBCA", get_lib("ca"))
        _library = aioca


class CaChannel(Connection):
    """One PV over Channel Access; see `lapwing.epics.channel.Channel`.

    Args:
        client: The client that makes it.
        pv: Name of the PV.
        device: Name of the device that uses it.
    """

    def __init__(self, client: "CaClient", pv: str, device: str):
        super().__init__(client, "ca", pv, device)
        self._batches = client.batches
        self._subscriptions = client.subscriptions
        subscribe = client.subscriptions.Subscription
        self._subscribe = partial(subscribe, self.pv, client.post)
        self._searches = client
        self._watch: Any = None
        self._target: Target | None = None
        self._monitors: list[Any] = []

    @property
    def target(self) -> "Target":
        """What the PV is to libca; only of a channel that is connected."""
        assert self._target is not None  # noqa: S101 - who is connected has one
        return self._target

    def watch(self) -> None:
        """Begin to look for the PV, and to hear of its losses and returns."""
        if self._watch is None:
            self._searches.looking[self.pv] += 1
            self._watch = self._subscribe(
                self._subscriptions.controls, self._on_control, on_loss=self.lose
            )

    async def put(
        self, value: Any, *, wait: bool = True, timeout: float | None = None
    ) -> None:
        """Write a value; with ``wait`` return when all that it set off is over."""
        if not self.connected:
            await self.require(connection.PATIENCE if wait else 0.0)
        ready = to_put(value, self.control, title(self))
        if wait:
            while (before := self._batches.put_before(self.target)) is not None:
                timeout = await self.wait_for_turn(before.over, value, timeout)
            request = self._batches.Batch()
            request.put(self.target, ready)
            await self.outcome(request.send(), f"was set to {value}", timeout)
            status = request.answers[0]
        else:
            status = self._batches.put_now(self.target, ready)
        if status != self._batches.NORMAL:
            raise self.error(status, f"was set to {value}", timeout)
        if not self.connected:
            raise lost(self, f"was set to {value}")

    def beat(self) -> "asyncio.Future[bool]":
        """Ask for something small; the future says whether it was answered well."""
        sign = asyncio.get_running_loop().create_future()
        if self._target is None:
            sign.set_result(False)
            return sign
        request = self._batches.Batch()
        request.get(self._target, whole=False)

        def answered(done: "asyncio.Future[None]") -> None:
            if not sign.done():
                sign.set_result(isinstance(request.answers[0], Value))

        request.send().add_done_callback(answered)
        return sign

    def monitor(
        self, callback: Callable[[Value], None], *, every: bool = False
    ) -> Subscription:
        """Call ``callback(value)`` now and on each change, in the event loop."""
        self.watch()
        # Closed ones would keep alive whoever listened.
        self._monitors = [one for one in self._monitors if one.is_open]
        values = self._subscriptions.values
        subscription = self._subscribe(values, callback, every=every)
        self._monitors.append(subscription)
        return subscription

    def close(self) -> None:
        """Give the connection up."""
        self.forget()
        self._target = None  # libca may free it, and would not notice its use
        for subscription in self._monitors:
            subscription.close()
        self._monitors = []
        if self._watch is not None:
            watch, self._watch = self._watch, None
            watch.close()
            self._searches.looks_no_more(watch.channel)

    def error(self, answer: int, action: str, timeout: float | None) -> DeviceError:
        """Return our error for one of libca's statuses."""
        if answer == self._batches.DISCONNECTED:
            # Whoever listens hears of the loss before the request fails. If it is
            # over already, it was told, or will be, with the return after it.
            if self._target is None or not self._batches.is_up(self._target):
                self.lose()
            return lost(self, action)
        if not self.connected:
            return lost(self, action)
        if answer == self._batches.UNANSWERED:
            return late(self, action, timeout)
        return self.refused(action, self._batches.words(answer))

    def _on_control(self, control: Control) -> None:
        self._control, self._target = control, self._watch.target
        self.set_connected(True)


class CaClient(Backend):
    """Channel Access, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.

    Attributes:
        batches: Our own requests to libca.
        subscriptions: Our own subscriptions to it.
        post: What brings their news to the event loop.
        looking: How many channels look for each PV.
    """

    failure = int

    def __init__(self, answer_timeout: float = ANSWER_TIMEOUT):
        _load()
        # Only now: they load libca.
        from lapwing.epics import batch, forgetting, subscription

        super().__init__(answer_timeout)
        self.batches = batch
        self.subscriptions = subscription
        self.post = subscription.Post()
        self.unanswered = batch.UNANSWERED
        self._forgetting = forgetting
        self.looking: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        forgetting.forget_closed_loops()
        _open.add(self)

    def looks_no_more(self, channel: Any) -> None:
        """Let libca forget a PV that does not answer, if nobody else looks for it.

        It would look for it for ever, more and more seldom; who asks again later is to
        hear at once whether it is there.

        Args:
            channel: aioca's.
        """
        self.looking[channel.name] -= 1
        if self.looking[channel.name] <= 0:
            del self.looking[channel.name]
            if not channel.connected() and not channel.count_subscriptions():
                self._forgetting.forget(channel)

    @property
    def lives(self) -> bool:
        """Whether it has channels that somebody may use."""
        return bool(self._channels) and not self._loop.is_closed()

    def make_channel(self, pv: str, device: str) -> CaChannel:
        """Return a channel that is not connected yet."""
        return CaChannel(self, pv, device)

    async def ask(self, channels: Sequence[CaChannel], limit: float) -> list[Any]:
        """Ask all channels at once; return what came in the time, in the same order."""
        request = self.batches.Batch()
        for channel in channels:
            # The full length of an array, always: a descriptor promises one shape.
            request.get(channel.target)
        done = request.send()
        timer = self._loop.call_later(limit, request.finish)
        try:
            await done
        finally:
            timer.cancel()
        return request.answers

    async def end(self) -> None:
        """Let aioca forget the channels of its loop; all, if no other loop uses any."""
        _open.discard(self)
        self._forgetting.forget_loop(self._loop)
        if not any(other.lives for other in _open):
            self._forgetting.forget_all()


_clients = OnePerLoop(CaClient)
client, close = _clients.client, _clients.close
