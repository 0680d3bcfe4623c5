"""Remote dispatcher: hands on documents that come from other processes.

Owns the socket on which documents come, and their way to the subscribers.
Must not know who sends; it never reads a pickle.
Test: with a proxy and publishers of ours and of Bluesky's.
"""

import asyncio
import logging
import pickle
import threading
from collections.abc import Callable
from typing import Any

import zmq
import zmq.asyncio

from lapwing.callbacks.addresses import (
    Address,
    ClientCurve,
    check_prefix,
    check_reach,
    give_keys,
    read_address,
)
from lapwing.callbacks.wire import from_bytes, is_pickle, parts_of
from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.dispatcher import NAMES, Dispatcher
from lapwing.errors import ConfigError, DocumentError, StateError

QUEUE_SIZE = 10_000
"""Most messages that wait here; then as many wait at the proxy, then some are lost."""

logger = logging.getLogger(__name__)


class RemoteDispatcher(Dispatcher):
    """Calls subscribers with the documents that a proxy sends.

    ``d.subscribe(f)``, then ``d.start()``, which blocks until `stop` is called, or
    ``await d.run()`` where a loop runs already. Msgpack and JSON are understood;
    what is neither, and pickles, are passed over with a warning in the log.

    Args:
        address: Of the proxy's outgoing side.
        prefix: Take only what publishers of this prefix send; b"" takes all.
        loop: The event loop that `start` uses; None: a new one.
        deserializer: Makes a document of bytes; one of pickle's is refused.
        strict: Whether `start` ends with the error where a message is no document.
        curve_config: Keys, which an address beyond the loopback needs.

    Attributes:
        address: Of the proxy, as 0MQ writes it.
        closed: Whether it has ended, and cannot be used again.
        num_refused: Number of messages that were no documents.

    Raises:
        ConfigError: The address cannot be read, or needs keys; or the prefix is no
            bytes, or has a space in it.
    """

    def __init__(
        self,
        address: Address,
        *,
        prefix: bytes = b"",
        loop: asyncio.AbstractEventLoop | None = None,
        deserializer: Callable[[bytes], Document] = from_bytes,
        strict: bool = False,
        curve_config: ClientCurve | None = None,
    ):
        super().__init__()
        if deserializer is pickle.loads:
            raise ConfigError(
                "the deserializer pickle.loads was asked for; pickles are never read, "
                "only msgpack, JSON, or what a function of yours understands"
            )
        self._prefix = check_prefix(prefix)
        self.address = read_address(address)
        check_reach(self.address, curve_config)
        self.closed = False
        self.num_refused = 0
        self._curve = curve_config
        self._deserializer = deserializer
        self._strict = strict
        self._loop = loop
        self._own_loop = loop is None
        self._task: asyncio.Task[Any] | None = None
        self._starting = threading.Lock()
        self._started = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that `start` uses."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop

    def start(self) -> None:
        """Hand documents on until stopped; blocks.

        Raises:
            StateError: It has ended before.
            DocumentError: With ``strict``, a message was no document.
            Exception: Whatever a subscriber raises.
        """
        self._begin()
        try:
            if not self._own_loop:
                self.loop.run_until_complete(self._hand_on())
                return
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(self._hand_on())
        finally:
            self.closed = True

    async def run(self) -> None:
        """Hand documents on until stopped, in the loop that runs.

        Raises:
            StateError: It has ended before.
            DocumentError: With ``strict``, a message was no document.
            Exception: Whatever a subscriber raises.
        """
        self._begin()
        await self._hand_on()

    async def _hand_on(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._receive())
        if self.closed:
            self._task.cancel()  # it was stopped just now, and there was no task yet
        try:
            await asyncio.wait([self._task])
        except asyncio.CancelledError:
            self._task.cancel()
            await asyncio.wait([self._task])
            raise
        finally:
            self.closed = True
        if not self._task.cancelled():
            self._task.result()

    def stop(self) -> None:
        """End it, from any thread; returns at once."""
        with self._starting:
            self.closed = True
            loop, task = self._loop, self._task
            if loop is None:
                return
            if self._own_loop and not self._started:
                loop.close()
        if task is not None:
            device_loop.tell_loop(loop, task.cancel)  # it may have ended just now

    def _begin(self) -> None:
        with self._starting:
            if self.closed:
                raise StateError(
                    "the dispatcher was to be started, but has ended; make a new one"
                )
            self._started = True

    async def _receive(self) -> None:
        context = zmq.asyncio.Context()
        socket = context.socket(zmq.SUB)
        try:
            give_keys(socket, self._curve, context)
            socket.rcvhwm = QUEUE_SIZE
            socket.subscribe(self._prefix + b" " if self._prefix else b"")
            socket.connect(self.address)
            while True:
                self._take(await socket.recv())
        finally:
            context.destroy(linger=0)

    def _take(self, message: bytes) -> None:
        try:
            name, doc = self._read(message)
        except DocumentError as exc:
            self.num_refused += 1
            if self._strict:
                raise
            logger.warning("from %s: %s", self.address, exc)
        else:
            self.process(name, doc)

    def _read(self, message: bytes) -> tuple[str, Document]:
        _, name, payload = parts_of(message)
        if name not in NAMES:
            raise DocumentError(
                f"a document of the kind {name!r} came; there are {', '.join(NAMES)}"
            )
        # Whatever the deserializer is, and were it a pickle's in disguise.
        return name, from_bytes(payload) if is_pickle(payload) else self._decode(
            payload
        )

    def _decode(self, payload: bytes) -> Document:
        try:
            return self._deserializer(payload)
        except ValueError as exc:
            raise DocumentError(f"a message cannot be read: {exc}") from exc
