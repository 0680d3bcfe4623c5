"""Proxy: takes documents from publishers and sends them to all who listen.

Owns two sockets and the passing of messages from one to the other.
Must not know what is in a message.
Test: in a thread, with publishers and subscribers on both sides; stop it.
"""

import threading
from typing import Any, Self

import zmq

from lapwing.callbacks.addresses import (
    LOOPBACK,
    Address,
    ClientCurve,
    Curve,
    check_reach,
    give_keys,
    read_address,
)
from lapwing.errors import ConfigError, StateError

QUEUE_SIZE = 10_000
"""Most messages that wait for one subscriber; a slower one loses what follows."""


class Proxy:
    """Passes documents on from publishers to subscribers, in whatever processes.

    A subscriber that is too slow loses documents; it holds up neither the others
    nor the publishers. `start` blocks; Ctrl-C or `stop` from any thread ends it.

    Args:
        in_address: Where publishers send to; None: a free port on the loopback.
        out_address: Where subscribers listen; None: a free port on the loopback.
        in_curve: Keys of that side; an address beyond the loopback needs them.
        out_curve: Keys of that side.
        in_bind: Whether to listen at the address, or to connect to it.
        out_bind: Whether to listen at the address, or to connect to it.
        in_port: The former name of ``in_address``.
        out_port: The former name of ``out_address``.

    Attributes:
        in_address: As 0MQ writes it, with the port that was taken.
        out_address: As 0MQ writes it, with the port that was taken.
        closed: Whether it was stopped, and cannot be used again.

    Raises:
        ConfigError: An address cannot be read, is taken, or needs keys.
    """

    def __init__(
        self,
        in_address: Address | None = None,
        out_address: Address | None = None,
        *,
        in_curve: Curve | None = None,
        out_curve: Curve | None = None,
        in_bind: bool = True,
        out_bind: bool = True,
        in_port: Address | None = None,
        out_port: Address | None = None,
    ):
        incoming = _one_of("in", in_address, in_port)
        outgoing = _one_of("out", out_address, out_port)
        self.closed = False
        self._closing = threading.Lock()
        self._running = threading.Lock()
        self._authenticators: list[Any] = []
        self._contexts: list[zmq.Context[Any]] = []
        try:
            # Keys are checked for a whole context, so each side has one of its own.
            context = self._context()
            self._in = _socket(context, zmq.SUB)
            self._in.subscribe(b"")
            self._keys(self._in, in_curve, context)
            self.in_address = _attach(self._in, incoming, in_curve, in_bind)
            context = self._context()
            self._out = _socket(context, zmq.PUB)
            self._keys(self._out, out_curve, context)
            self.out_address = _attach(self._out, outgoing, out_curve, out_bind)
            self._control, self._remote = _pair(context)
        except BaseException:
            self._close()
            raise

    def __repr__(self) -> str:
        return (
            f"Proxy(in_address={self.in_address!r}, out_address={self.out_address!r})"
        )

    @property
    def in_port(self) -> int | None:
        """The port that publishers send to; None if it is not TCP."""
        return _port(self.in_address)

    @property
    def out_port(self) -> int | None:
        """The port at which subscribers listen; None if it is not TCP."""
        return _port(self.out_address)

    def start(self) -> None:
        """Pass messages on until stopped.

        Raises:
            StateError: It was stopped before, or runs already.
        """
        if not self._running.acquire(blocking=False):
            raise _started_before()
        try:
            if self.closed:  # asked only now: from here on `stop` waits
                raise _started_before()
            self._pass_on()
        finally:
            self._running.release()
            self._close()

    def _pass_on(self) -> None:
        # In C it would not see a Ctrl-C that comes while it passes a message on.
        passing = threading.Thread(
            target=zmq.proxy_steerable,
            args=(self._in, self._out, None, self._control),
            name="lapwing-proxy",
            daemon=True,
        )
        passing.start()
        try:
            passing.join()
        finally:
            self._terminate()
            passing.join()

    def stop(self) -> None:
        """End it, from any thread; returns when it has ended."""
        self._terminate()
        # Held while it runs; where it never ran, there is nothing to wait for.
        with self._running:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _terminate(self) -> None:
        with self._closing:
            if not self.closed:
                self._remote.send(b"TERMINATE")

    def _context(self) -> "zmq.Context[Any]":
        self._contexts.append(zmq.Context())
        return self._contexts[-1]

    def _keys(
        self,
        socket: "zmq.Socket[bytes]",
        curve: Curve | None,
        context: "zmq.Context[Any]",
    ) -> None:
        authenticator = give_keys(socket, curve, context)
        if authenticator is not None:
            self._authenticators.append(authenticator)

    def _close(self) -> None:
        with self._closing:
            if self.closed:
                return
            self.closed = True
            for authenticator in self._authenticators:
                authenticator.stop()
            for context in self._contexts:
                context.destroy(linger=0)


def _started_before() -> StateError:
    return StateError("the proxy was to be started, but was so already; make a new one")


def _socket(context: "zmq.Context[Any]", kind: int) -> "zmq.Socket[bytes]":
    socket = context.socket(kind)
    socket.linger = 0
    socket.sndhwm = socket.rcvhwm = QUEUE_SIZE
    return socket


def _pair(
    context: "zmq.Context[Any]",
) -> tuple["zmq.Socket[bytes]", "zmq.Socket[bytes]"]:
    control, remote = _socket(context, zmq.PAIR), _socket(context, zmq.PAIR)
    control.bind("inproc://control")
    remote.connect("inproc://control")
    return control, remote


def _attach(
    socket: "zmq.Socket[bytes]",
    wanted: Address | None,
    curve: Curve | None,
    bind: bool,
) -> str:
    """Bind or connect a socket; returns its address, with the port that it got."""
    address = f"tcp://{LOOPBACK}:*" if wanted is None else read_address(wanted)
    check_reach(address, curve)
    if curve is not None and isinstance(curve, ClientCurve) is bind:
        raise ConfigError(
            f"{type(curve).__name__} was given for {address}; a side that listens "
            "needs a ServerCurve, one that connects a ClientCurve"
        )
    try:
        if not bind:
            socket.connect(address)
            return address
        socket.bind(address.replace("//localhost", f"//{LOOPBACK}"))
    except zmq.ZMQError as exc:
        raise ConfigError(
            f"the proxy cannot use {address}: {exc.strerror}; "
            "a free port of this machine is needed"
        ) from exc
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)


def _one_of(side: str, address: Address | None, port: Address | None) -> Address | None:
    if address is not None and port is not None:
        raise ConfigError(
            f"Cannot specify both '{side}_port' and '{side}_address'; they are the same"
        )
    return port if address is None else address


def _port(address: str) -> int | None:
    port = address.rpartition(":")[2]
    return int(port) if address.startswith("tcp") and port.isdigit() else None
