"""``bluesky-0MQ-proxy``: a face of `lapwing.callbacks.proxy`.

Owns the options of the command, and what contradicts what among them.
Must not pass documents itself.
Test: call `main` with options that contradict each other; start one and stop it.
"""

import argparse
import logging
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from lapwing.callbacks.addresses import ClientCurve, ServerCurve
from lapwing.callbacks.proxy import Proxy
from lapwing.callbacks.remote import RemoteDispatcher
from lapwing.compat.bluesky.log import config_bluesky_logging, logger
from lapwing.errors import ConfigError

_SIDES = {"in": "publishers send to", "out": "subscribers listen at"}


def main() -> None:
    """Start a proxy that passes documents on; ends when it is interrupted."""
    args = _parser().parse_args()
    in_address, out_address = _addresses(args)
    curves = {side: _curve(args, side) for side in _SIDES}
    if args.verbose:
        level = "INFO" if args.verbose <= 2 else "DEBUG"
        handler = config_bluesky_logging(file=args.logfile, level=level)
        logging.getLogger("zmq").addHandler(handler)
    proxy = Proxy(
        in_address,
        out_address,
        in_curve=curves["in"],
        out_curve=curves["out"],
        in_bind=args.in_mode == "bind",
        out_bind=args.out_mode == "bind",
    )
    sys.stdout.write(f"Receiving on {proxy.in_port}; publishing to {proxy.out_port}.\n")
    if args.verbose:
        _listen(args, proxy, in_address, curves)
    proxy.start()


def start_dispatcher(out_address: Any, curve: ClientCurve | None = None) -> None:
    """Log what a proxy passes on; blocks.

    Args:
        out_address: Where the proxy's subscribers listen.
        curve: Keys, if it asks for some.
    """

    def log(name: str, doc: dict[str, Any]) -> None:
        level = logging.INFO if name in ("start", "stop") else logging.DEBUG
        logger.log(level, "%s: %r", name, doc)

    dispatcher = RemoteDispatcher(out_address, curve_config=curve)
    dispatcher.subscribe(log)
    dispatcher.start()


def build_server_curve(
    secret: str | None, client_keys: str | None, allow: list[str] | None
) -> ServerCurve | None:
    """Return the keys of a side that listens, or None without any.

    Raises:
        ConfigError: Clients were named, but there is no secret key.
    """
    if secret is not None:
        keys = Path(client_keys) if client_keys else None
        return ServerCurve(Path(secret), keys, set(allow) if allow else None)
    if client_keys is not None or allow is not None:
        raise ConfigError("Cannot specify client_keys or allow without a secret key")
    return None


def build_client_curve(
    secret: str | None, server_public: str | None
) -> ClientCurve | None:
    """Return the keys of a side that connects, or None without any.

    Raises:
        ConfigError: Only one of the two was given.
    """
    if secret is None and server_public is None:
        return None
    if secret is None or server_public is None:
        raise ConfigError(
            "Both client secret and server public key must be provided for CURVE "
            "client mode"
        )
    return ClientCurve(Path(secret), Path(server_public))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Pass documents on from publishers to subscribers, over 0MQ."
    )
    for side, who in _SIDES.items():
        parser.add_argument(f"--{side}-address", help=f"where {who}")
        parser.add_argument(
            f"--{side}-mode", choices=["bind", "connect"], default="bind"
        )
        parser.add_argument(f"--{side}-curve-secret", help="own secret key, to bind")
        parser.add_argument(f"--{side}-curve-client-keys", help="directory of keys")
        parser.add_argument(f"--{side}-curve-allow", nargs="*", help="IP addresses")
        parser.add_argument(
            f"--{side}-client-secret", help="own secret key, to connect"
        )
        parser.add_argument(f"--{side}-server-public", help="public key of that side")
    for side in _SIDES:  # as it was once called
        parser.add_argument(f"{side}_port", type=int, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument(
        "--verbose", "-v", action="count", help="show documents; -vvv shows all"
    )
    parser.add_argument("--logfile", help="where to show them instead")
    return parser


def _addresses(args: argparse.Namespace) -> tuple[Any, Any]:
    ports = (args.in_port, args.out_port)
    given = (args.in_address, args.out_address)
    if ports == (None, None):
        return _number_or_text(given[0]), _number_or_text(given[1])
    if None in ports:
        raise ConfigError(
            "Both in_port and out_port positional arguments must be provided.",
            hint="rather use --in-address and --out-address",
        )
    if given != (None, None):
        raise ConfigError(
            "Cannot mix positional arguments (in_port, out_port) with optional "
            "arguments (--in-address, --out-address)"
        )
    warnings.warn(
        "in_port and out_port are old; use --in-address and --out-address",
        FutureWarning,
        stacklevel=3,
    )
    return ports


def _number_or_text(address: str | None) -> int | str | None:
    return int(address) if address is not None and address.isdigit() else address


def _curve(args: argparse.Namespace, side: str) -> ServerCurve | ClientCurve | None:
    """Return the keys of a side; those of the other mode are a contradiction."""
    binds = getattr(args, f"{side}_mode") == "bind"
    mode = "bind" if binds else "connect"
    options = {
        "server": ["curve_secret", "curve_client_keys", "curve_allow"],
        "client": ["client_secret", "server_public"],
    }
    other = "client" if binds else "server"
    if any(getattr(args, f"{side}_{one}", None) for one in options[other]):
        raise ConfigError(
            f"Cannot use {other} CURVE options when the side '{side}' is in {mode} mode"
        )
    own = options["server" if binds else "client"]
    found = [getattr(args, f"{side}_{one}", None) for one in own]
    return build_server_curve(*found) if binds else build_client_curve(*found)


def _listen(
    args: argparse.Namespace, proxy: Proxy, in_address: Any, curves: dict[str, Any]
) -> None:
    """Log, in a thread, what the proxy passes on, where one can listen to it."""
    if args.out_mode == "bind":
        address, curve = proxy.out_port, curves["out"]
        if curve is not None:
            # The file with a side's secret key holds its public key, too.
            curve = ClientCurve(curve.secret_path, curve.secret_path)
    elif args.in_mode == "connect":
        address, curve = in_address, curves["in"]
    else:
        logger.warning("nothing can be shown: one can connect to neither side")
        return
    threading.Thread(
        target=start_dispatcher, args=(address, curve), daemon=True
    ).start()


if __name__ == "__main__":
    main()
