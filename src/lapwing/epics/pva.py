"""PV Access: the channel protocol on p4p.

Owns the only use of p4p in the package.
Must not know devices; must not load p4p before the first channel is made.
Test: tests/contract/test_channel.py, against the simulated beamline.

p4p says nothing at all when a server dies during a put, and would send that put again
when the server is back: so a channel's watch ends its puts when it hears of the loss.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from types import ModuleType
from typing import Any

import numpy as np

from lapwing.epics import connection, structures
from lapwing.epics.backend import Backend, OnePerLoop
from lapwing.epics.channel import ANSWER_TIMEOUT, Subscription, Value
from lapwing.epics.connection import Connection
from lapwing.epics.convert import to_put
from lapwing.epics.pva_batch import Batch, PvaMonitor
from lapwing.epics.sentences import late, lost, title
from lapwing.errors import DeviceError, MissingExtraError

SMALL = "field(alarm)"
EVERYTHING = "field()"
WAIT, SEND = "record[block=true]", "record[block=false]"
QUEUE = 1000  # changes that a server keeps for a monitor that wants every one


def in_use() -> bool:
    """Whether there is a client, which has read ``EPICS_PVA_*``."""
    return len(_clients) > 0


@cache
def _load() -> ModuleType:
    try:
        from p4p import _p4p
        from p4p.client import raw
    except ImportError as exc:
        raise MissingExtraError(
            "PVs of PV Access (pva://) need p4p, which is not installed", extra="epics"
        ) from exc
    # pvxs tells about lost servers on stderr; our own errors say the same.
    raw.set_debug("pvxs.*", _p4p.logLevelFatal)
    return raw


class PvaChannel(Connection):
    """One PV over PV Access; see `lapwing.epics.channel.Channel`.

    The shape of an array is what its server told last: PV Access knows no other.

    Args:
        client: The client that makes it.
        pv: Name of the PV.
        device: Name of the device that uses it.

    Attributes:
        reads: Which place its value has in each batch that is read now.
    """

    def __init__(self, client: "PvaClient", pv: str, device: str):
        super().__init__(client, "pva", pv, device)
        self._context, self._raw = client.context, client.raw
        self._requests = (client.sending, client.blocking)
        self._watch: PvaMonitor | None = None
        self._watched = SMALL
        self._look: Batch | None = None
        self._monitors: list[PvaMonitor] = []
        self.reads: dict[Batch, int] = {}

    def watch(self) -> None:
        """Begin to look for the PV, and to hear of its losses and returns."""
        if self._watch is None:
            self._begin_watch(SMALL)

    def _begin_watch(self, request: str) -> None:
        if self._watch is not None:
            self._watch.close()
        self._watched = request
        self._watch = PvaMonitor(self._context, self.pv, request, self._on_watch)

    def _on_watch(self, news: list[Any]) -> None:
        for one in news:
            if isinstance(one, self._raw.Disconnected):
                self._on_loss()
            elif isinstance(one, self._raw.RemoteError):
                self._on_refusal(one)
                return
        if not isinstance(news[-1], Exception):
            self._look_closer()

    def _on_refusal(self, reason: Exception) -> None:
        if self._watched == SMALL:
            # There is no alarm in it to be told of: then hear of everything.
            self._begin_watch(EVERYTHING)
        else:
            self.trouble = self.refused("was looked for", reason)

    def _look_closer(self) -> None:
        """Ask what the values are; the channel is connected when that is known."""
        if self._look is not None:
            self._look.close()
        look = self._look = self.ask(EVERYTHING)
        look.done.add_done_callback(lambda done: self._on_look(look))

    def _on_look(self, look: Batch) -> None:
        look.close()
        (answer,) = look.answers
        if look is not self._look:
            return
        if isinstance(answer, Exception):
            self.trouble = self.refused("was looked for", answer)
            return
        try:
            self._control = structures.control_of(answer, self.pv)
        except DeviceError as exc:
            self.trouble = exc
            return
        self.set_connected(True)

    def _on_loss(self) -> None:
        if self._look is not None:
            self._look.close()
            self._look = None
        self.lose()
        for batch, place in self.reads.items():
            batch.take(place, self._raw.Disconnected())

    def ask(self, request: str) -> Batch:
        """Begin a get of one PV.

        Args:
            request: What of it, as PV Access says it.
        """
        batch = Batch(1)
        batch.add(lambda take: self._context.get(self.pv, take, request=request))
        return batch

    async def put(
        self, value: Any, *, wait: bool = True, timeout: float | None = None
    ) -> None:
        """Write a value; with ``wait`` return when all that it set off is over."""
        if not self.connected:
            await self.require(connection.PATIENCE if wait else 0.0)
        ready = to_put(value, self.control, title(self), bounded=False)
        field = "value.index" if self.control.choices else "value"
        action, batch = f"was set to {value}", Batch(1)
        # Without waiting the server answers too, as soon as it has taken the value.
        limit = timeout if wait else self.client.answer_timeout
        try:
            batch.add(
                lambda take: self._context.put(
                    self.pv,
                    take,
                    builder=lambda structure: structure.__setitem__(field, ready),
                    request=self._requests[wait],
                    get=False,
                )
            )
            await self.outcome(batch.done, action, limit)
        finally:
            batch.close()
        if batch.answers[0] is not None:
            raise self.error(batch.answers[0], action, timeout)

    def beat(self) -> "asyncio.Future[bool]":
        """Ask for something small; the future says whether it was answered well."""
        batch = self.ask(SMALL)
        sign: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def answered(done: "asyncio.Future[None]") -> None:
            if not sign.done():
                sign.set_result(not isinstance(batch.answers[0], Exception))

        batch.done.add_done_callback(answered)
        sign.add_done_callback(lambda sign: batch.close())
        return sign

    def monitor(
        self, callback: Callable[[Value], None], *, every: bool = False
    ) -> Subscription:
        """Call ``callback(value)`` now and on each change, in the event loop."""
        latest: list[Value] = []

        def on_news(news: list[Any]) -> None:
            found = [one for one in news if not isinstance(one, Exception)]
            for structure in found:
                latest[:] = [structures.merged(structure, *latest)]
                if every and monitor.is_open:
                    callback(latest[0])
            if found and not every:
                callback(latest[0])

        # By default a server keeps some, and puts later in the place of earlier ones.
        size = f"record[queueSize={QUEUE}]" if every else ""
        request = structures.READ + size
        monitor = PvaMonitor(self._context, self.pv, request, on_news)
        # Closed ones would keep alive whoever listened.
        self._monitors = [one for one in self._monitors if one.is_open]
        self._monitors.append(monitor)
        return monitor

    def note_shape(self, value: Any) -> None:
        """Take note of how long an array was.

        Args:
            value: What the PV held; anything.
        """
        if isinstance(value, np.ndarray) and value.shape != self.control.shape:
            self._control = replace(self.control, shape=value.shape)

    def close(self) -> None:
        """Give the connection up."""
        self.forget()
        if self._look is not None:
            self._look.close()
        for monitor in (self._watch, *self._monitors):
            if monitor is not None:
                monitor.close()
        self._watch, self._look, self._monitors = None, None, []

    def error(
        self, answer: Exception, action: str, timeout: float | None
    ) -> DeviceError:
        """Return our error for one of p4p's."""
        if not self.connected or isinstance(answer, self._raw.Disconnected):
            return lost(self, action)
        if answer is Batch.UNANSWERED:
            return late(self, action, timeout)
        return self.refused(action, answer)


class PvaClient(Backend):
    """PV Access, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        raw: p4p's module of clients.
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.

    Attributes:
        raw: As given.
        context: p4p's connections.
        blocking: What asks a put to be answered when all that it set off is over.
        sending: What asks it to be answered at once.
    """

    failure = Exception
    unanswered = Batch.UNANSWERED

    def __init__(self, raw: ModuleType, answer_timeout: float = ANSWER_TIMEOUT):
        super().__init__(answer_timeout)
        self.raw = raw
        self.context = raw.Context("pva", nt=False, useenv=True)
        make = raw.Context.makeRequest
        self._read = make(structures.READ)
        self.blocking, self.sending = make(WAIT), make(SEND)

    def make_channel(self, pv: str, device: str) -> PvaChannel:
        """Return a channel that is not connected yet."""
        return PvaChannel(self, pv, device)

    async def ask(self, channels: Sequence[PvaChannel], limit: float) -> list[Any]:
        """Ask all channels at once; return what came in the time, in the same order."""
        batch = Batch(len(channels))
        timer = asyncio.get_running_loop().call_later(limit, batch.finish)
        try:
            for place, channel in enumerate(channels):
                channel.reads[batch] = place
                batch.add(partial(self.context.get, channel.pv, request=self._read))
            await batch.done
        finally:
            timer.cancel()
            batch.close()
            for channel in channels:
                channel.reads.pop(batch, None)
        return batch.answers

    def values_of(
        self, channels: Sequence[PvaChannel], answers: list[Any]
    ) -> list[Value]:
        """Return what good answers say, and note how long arrays were."""
        values = [structures.value_of(answer) for answer in answers]
        for channel, value in zip(channels, values, strict=True):
            channel.note_shape(value.value)
        return values

    async def end(self) -> None:
        """Close p4p's connections."""
        self.context.close()


_clients = OnePerLoop(lambda answer_timeout: PvaClient(_load(), answer_timeout))
client, close = _clients.client, _clients.close
