"""Ports: free ones on the loopback, and how an EPICS client finds who is there.

Owns the range that ports are chosen from and the variables of a client.
Must not know processes or records.
Test: tests/unit/sim/test_ports.py, without a server.
"""

import random
import socket
from collections.abc import Iterator, Sequence

from lapwing.errors import ConfigError

HOST = "127.0.0.1"
# Below the ephemeral range, above 5000 which EPICS base refuses.
RANGE = range(20_000, 32_000)
# Channel Access, its repeater; PVA, its searches by UDP.
BLOCK = 4


def pva_port_of(port: int) -> int:
    """Return the TCP port of PVA of a server whose Channel Access has ``port``."""
    return port + 2


def client_environment(*ports: int, pva: Sequence[int] = ()) -> dict[str, str]:
    """Return the variables with which an EPICS client finds one or more servers.

    They make it search for names by TCP at these ports only; no UDP leaves it.

    Args:
        *ports: TCP ports of Channel Access on 127.0.0.1; one at least.
        pva: TCP ports of PVA on 127.0.0.1; without any, nothing is said of PVA.

    Raises:
        ConfigError: There is no port.
    """
    if not ports:
        raise ConfigError(
            "a client's environment needs one port at least, and has none"
        )
    environment = {
        "EPICS_CA_NAME_SERVERS": _addresses(ports),
        "EPICS_CA_ADDR_LIST": "",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_REPEATER_PORT": str(ports[0] + 1),
        # Also the period at which a server that is gone is looked for again, and
        # with 5 s of echo time what it takes to notice a frozen one.
        "EPICS_CA_CONN_TMO": "1.0",
    }
    if pva:
        environment |= {
            "EPICS_PVA_NAME_SERVERS": _addresses(pva),
            "EPICS_PVA_ADDR_LIST": "",
            "EPICS_PVA_AUTO_ADDR_LIST": "NO",
            # A client listens for beacons here; by default all on a machine share one.
            "EPICS_PVA_BROADCAST_PORT": str(pva[0] + 1),
        }
    return environment


def _addresses(ports: Sequence[int]) -> str:
    return " ".join(f"{HOST}:{port}" for port in ports)


def free_port() -> int:
    """Return a port that nobody uses now, with the three above it free too.

    Raises:
        ConfigError: There is none.
    """
    for port in candidates():
        return port
    raise ConfigError(f"no free port between {RANGE.start} and {RANGE.stop}")


def candidates(tries: int = 20) -> Iterator[int]:
    """Yield ports that are free, with the three above them; a new choice each time.

    Args:
        tries: How many are looked at, at most.
    """
    for port in random.sample(RANGE, tries):
        if all(is_free(port + i) for i in range(BLOCK)):
            yield port


def is_free(port: int) -> bool:
    """Tell whether nobody has this port on 127.0.0.1, neither TCP nor UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True
