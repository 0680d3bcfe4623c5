"""Bluesky's 0MQ publisher, proxy and dispatcher: a face of `lapwing.callbacks`.

Owns the names, and what Bluesky's users do not expect of ours: msgpack on the wire
instead of pickles, which are never read.
Must not hold sockets.
Test: documents through a proxy, to ours and to Bluesky's.
"""

import logging
from typing import Any

from lapwing.callbacks.addresses import LOOPBACK, ClientCurve, ServerCurve, read_address
from lapwing.callbacks.proxy import Proxy
from lapwing.callbacks.publisher import Publisher
from lapwing.callbacks.remote import RemoteDispatcher
from lapwing.errors import ConfigError, DocumentError, PlanSignatureError

__all__ = [
    "Bluesky0MQDecodeError",
    "ClientCurve",
    "Proxy",
    "Publisher",
    "RemoteDispatcher",
    "ServerCurve",
]

logger = logging.getLogger(__name__)

Bluesky0MQDecodeError = DocumentError


def _normalize_address(inp: Any) -> str:
    """Return an address as 0MQ writes it; None is a free port of the loopback.

    Raises:
        PlanSignatureError: It is no address.
    """
    if inp is None:
        return f"tcp://{LOOPBACK}"
    try:
        return read_address(inp)
    except ConfigError as exc:
        raise PlanSignatureError(
            f"Input expected to be int, str, or tuple, not {type(inp).__name__}"
        ) from exc
