"""Bluesky's 0MQ publisher, proxy and dispatcher: a face of `lapwing.callbacks`.

Owns the names, and what Bluesky's users do not expect of ours: msgpack on the wire
instead of pickles, which are never read.
Must not hold sockets.
Test: documents through a proxy, to ours and to Bluesky's.
"""

import logging
import warnings
from typing import Any

from lapwing.callbacks.addresses import ClientCurve, ServerCurve, read_address
from lapwing.callbacks.proxy import Proxy as _Proxy
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


class Proxy(_Proxy):
    """Passes documents on; see `lapwing.callbacks.Proxy`.

    Args:
        *args: For that one.
        **kwargs: For that one; ``in_port`` and ``out_port`` are deprecated.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        for name in ("in_port", "out_port"):
            if kwargs.get(name) is not None:
                warnings.warn(
                    f"The '{name}' parameter is deprecated and will be removed in a "
                    f"future release; use '{name.removesuffix('port')}address'",
                    DeprecationWarning,
                    stacklevel=2,
                )
        super().__init__(*args, **kwargs)


def _normalize_address(inp: Any) -> str:
    """Return an address as 0MQ writes it; None is what Bluesky took for "anywhere".

    Raises:
        PlanSignatureError: It is no address.
    """
    if inp is None:
        return "tcp://*"
    try:
        return read_address(inp)
    except ConfigError as exc:
        raise PlanSignatureError(
            f"Input expected to be int, str, or tuple, not {type(inp).__name__}"
        ) from exc
