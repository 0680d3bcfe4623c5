"""Publisher: sends documents to a 0MQ proxy, for other processes to see.

Owns the socket on which documents leave.
Must not know who listens, nor ever wait for them.
Test: with a proxy and a remote dispatcher; without anybody; with one that stops.
"""

import logging
import threading
from typing import Any

import zmq

from lapwing.callbacks.addresses import (
    Address,
    ClientCurve,
    check_prefix,
    check_reach,
    give_keys,
    read_address,
)
from lapwing.callbacks.wire import frame, to_msgpack
from lapwing.documents import Document

logger = logging.getLogger(__name__)

LINGER = 1.0
"""Seconds that `close` waits for what has not been sent yet."""


class Publisher:
    """Sends each document to a 0MQ proxy: ``RE.subscribe(Publisher(5567))``.

    It never waits: a call takes a few microseconds. Where nobody listens,
    documents are gone. When the proxy is there but slower, ``queue_size`` of them
    wait; what comes then is dropped and counted, and a warning is logged.

    Args:
        address: Of the proxy's incoming side.
        prefix: Tells publishers apart; without spaces.
        serializer: Makes bytes of a document. With ``pickle.dumps``, Bluesky's
            default, our own `RemoteDispatcher` cannot read them.
        curve_config: Keys, which an address beyond the loopback needs.
        queue_size: Most documents that wait.

    Attributes:
        address: Of the proxy, as 0MQ writes it.
        num_dropped: Number of documents that did not get out.

    Raises:
        ConfigError: The address cannot be read, or needs keys; or the prefix is no
            bytes, or has a space in it.
    """

    def __init__(
        self,
        address: Address,
        *,
        prefix: bytes = b"",
        serializer: Any = to_msgpack,
        curve_config: ClientCurve | None = None,
        queue_size: int = 10_000,
    ):
        self._prefix = check_prefix(prefix)
        self.address = read_address(address)
        check_reach(self.address, curve_config)
        self.num_dropped = 0
        self._serializer = serializer
        self._lock = threading.Lock()  # sockets are for one thread at a time
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        try:
            give_keys(self._socket, curve_config, self._context)
            self._socket.linger = int(LINGER * 1000)
            self._socket.sndhwm = queue_size
            # Without this it drops what is too much, and tells nobody.
            self._socket.setsockopt(zmq.XPUB_NODROP, 1)
            self._socket.connect(self.address)
        except BaseException:
            self.close()
            raise

    def __call__(self, name: str, doc: Document) -> None:
        """Send a document; returns at once.

        Raises:
            DocumentError: The document holds something that cannot be sent.
        """
        message = frame(self._prefix, name, self._serializer(doc))
        with self._lock:
            if self._socket.closed:
                return
            try:
                self._socket.send(message, zmq.NOBLOCK)
            except zmq.Again:
                self._drop()

    def close(self) -> None:
        """Send what waits, for a second at most, and close the socket."""
        with self._lock:
            if self._socket.closed:
                return
            self._socket.close()
        self._context.term()

    def _drop(self) -> None:
        self.num_dropped += 1
        if self.num_dropped == 1:
            logger.warning(
                "the proxy at %s takes documents too slowly; some are dropped",
                self.address,
            )
