"""Process: the main program of the simulated beamline.

Owns the command line and the server's environment.
Must not know who started it: it serves until its input closes or a signal comes.
Test: ``python -m lapwing.sim.beamline --port 21000``, then Ctrl-D.
"""

import argparse
import asyncio
import os
from collections.abc import Sequence

from lapwing.sim.command_line import parser_of
from lapwing.sim.lifetime import say_ready, watch_for_the_end
from lapwing.sim.ports import HOST
from lapwing.sim.sample import Sample


def server_environment(port: int, pva_port: int | None = None) -> dict[str, str]:
    """Return the variables that keep an EPICS server on the loopback.

    Args:
        port: TCP and UDP port of Channel Access; beacons go to the one above,
            where nobody listens.
        pva_port: TCP port of PVA, whose searches by UDP come to the one above;
            None for a server without PVA.
    """
    environment = {
        "EPICS_CAS_INTF_ADDR_LIST": HOST,
        "EPICS_CAS_SERVER_PORT": str(port),
        "EPICS_CAS_BEACON_ADDR_LIST": HOST,
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_PORT": str(port + 1),
        "EPICS_CA_REPEATER_PORT": str(port + 1),
        "EPICS_CA_ADDR_LIST": "",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
    }
    if pva_port is not None:
        environment |= {
            "EPICS_PVAS_INTF_ADDR_LIST": HOST,
            "EPICS_PVAS_SERVER_PORT": str(pva_port),
            "EPICS_PVAS_BROADCAST_PORT": str(pva_port + 1),
            "EPICS_PVAS_BEACON_ADDR_LIST": HOST,
            "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
            # The server has a client too, for links between records.
            "EPICS_PVA_ADDR_LIST": "",
            "EPICS_PVA_AUTO_ADDR_LIST": "NO",
            "EPICS_PVA_BROADCAST_PORT": str(pva_port + 1),
        }
    return environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the beamline until the input closes; return the exit status.

    Args:
        arguments: The command line without the program; None takes ours.
    """
    options = _parser().parse_args(arguments)
    os.environ.update(server_environment(options.port, options.pva_port))
    asyncio.run(_serve(options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("lapwing.sim.beamline", "A simulated EPICS beamline", "SIM:")
    parser.add_argument("--pva-port", type=int, help="serve PVA too, there")
    parser.add_argument("--dwell", type=float, default=0.01, help="s")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    # Only now: loading base's libraries takes the environment as it is.
    from lapwing.sim import ioc

    ended = watch_for_the_end()
    ioc.build(
        options.prefix,
        Sample(seed=options.seed),
        velocity=options.velocity,
        acceleration_time=options.acceleration_time,
        noise=not options.quiet,
        dwell=options.dwell,
        limit=options.limit,
    )
    say_ready(*ioc.serve(pva=options.pva_port is not None))
    await ended.wait()
