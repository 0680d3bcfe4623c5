"""Addresses: where 0MQ sockets listen or connect, and with which keys.

Owns the reading of addresses, the rule that only the loopback goes without keys,
and the handing of keys to a socket. Must not know what is sent.
Test: read addresses of every form; make keys with ``zmq.auth`` and connect.
"""

import ipaddress
from pathlib import Path
from typing import Any, NamedTuple

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from lapwing.errors import ConfigError

LOOPBACK = "127.0.0.1"

Address = str | tuple[Any, ...] | int
"""``"host:port"``, ``"tcp://host:port"``, ``"ipc:///path"``, ``(host, port)``,
``("ipc", path)``, or a port on the loopback."""


class ServerCurve(NamedTuple):
    """Keys of a side that listens.

    Attributes:
        secret_path: File with its own secret key, as ``zmq.auth`` makes them.
        client_public_keys: Directory with the public keys of those who may come;
            None: whoever knows the public key of this side.
        allow: IP addresses from which they may come; None: any.
    """

    secret_path: Path
    client_public_keys: Path | None = None
    allow: set[str] | None = None


class ClientCurve(NamedTuple):
    """Keys of a side that connects.

    Attributes:
        secret_path: File with its own secret key, as ``zmq.auth`` makes them.
        server_public_key: File with the public key of the side that listens.
    """

    secret_path: Path
    server_public_key: Path


Curve = ServerCurve | ClientCurve


def read_address(address: Address) -> str:
    """Return an address as 0MQ writes it, such as ``tcp://127.0.0.1:5567``.

    Raises:
        ConfigError: It is of no such form.
    """
    if isinstance(address, bool) or not isinstance(address, str | tuple | int):
        raise ConfigError(
            f"{address!r} was given as an address, of type {type(address).__name__}; "
            "it must be 'host:port', (host, port), or a port"
        )
    if isinstance(address, int):
        return f"tcp://{LOOPBACK}:{address}"
    if isinstance(address, str):
        return address if "://" in address else f"tcp://{address}"
    scheme, *rest = address if address[0] in ("tcp", "ipc") else ("tcp", *address)
    if scheme == "ipc":
        return f"ipc://{rest[0]}"
    return "tcp://" + ":".join(str(part) for part in rest)


def check_reach(address: str, curve: Curve | None) -> None:
    """Refuse an address that others can reach, unless there are keys.

    Raises:
        ConfigError: Documents would go over a network for all to read and write.
    """
    if curve is None and not _is_local(address):
        raise ConfigError(
            f"{address} is not on the loopback interface; without keys only "
            f"tcp://{LOOPBACK} and ipc:// are allowed",
            hint="make keys with zmq.auth.create_certificates, and give curve_config",
        )


def check_prefix(prefix: bytes) -> bytes:
    """Return a prefix if it may be one.

    Raises:
        ConfigError: It is no bytes, or has a space in it.
    """
    if not isinstance(prefix, bytes):
        kind = "string" if isinstance(prefix, str) else type(prefix).__name__
        raise ConfigError(f"prefix must be bytes, not {kind}: {prefix!r}")
    if b" " in prefix:
        raise ConfigError(f"prefix {prefix!r} may not contain b' '")
    return prefix


def _is_local(address: str) -> bool:
    scheme, _, rest = address.partition("://")
    if scheme in ("ipc", "inproc"):
        return True
    host = rest.rpartition(":")[0] or rest
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # a name, or an interface


def give_keys(
    socket: "zmq.Socket[Any]", curve: Curve | None, context: "zmq.Context[Any]"
) -> ThreadAuthenticator | None:
    """Give a socket its keys, before it is bound or connected.

    Returns:
        What checks those who come; to be stopped before the context is closed.

    Raises:
        ConfigError: A file holds no such key.
    """
    if curve is None:
        return None
    public, secret = _load(curve.secret_path, secret=True)
    socket.curve_publickey, socket.curve_secretkey = public, secret
    if isinstance(curve, ClientCurve):
        socket.curve_serverkey, _ = _load(curve.server_public_key)
        return None
    socket.curve_server = True
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    if curve.allow is not None:
        authenticator.allow(*curve.allow)
    keys = curve.client_public_keys
    location = zmq.auth.CURVE_ALLOW_ANY if keys is None else str(keys)
    authenticator.configure_curve(domain="*", location=location)
    return authenticator


def _load(path: Path, *, secret: bool = False) -> tuple[bytes, bytes]:
    try:
        public, private = zmq.auth.load_certificate(str(path))
    except (OSError, ValueError) as exc:
        raise ConfigError(f"the key file {path} cannot be read: {exc}") from exc
    if secret and private is None:
        raise ConfigError(
            f"the key file {path} holds no secret key; a '.key_secret' file is needed"
        )
    return public, private or b""
