"""Record server: puts records with true field names on the network, by caproto.

Owns which records there are, the command line, and the server's environment.
Must not know who started it: it serves until its input closes or a signal comes.
Test: tests/system/test_record_ioc.py; ``python -m lapwing.sim.record_ioc --help``.
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Sequence
from typing import Any

from lapwing.sim.command_line import parser_of
from lapwing.sim.lifetime import say_ready, watch_for_the_end
from lapwing.sim.ports import HOST
from lapwing.sim.sample import Sample
from lapwing.sim.scan_fields import sscan_fields
from lapwing.sim.view import View


def server_environment(port: int) -> dict[str, str]:
    """Return the variables that keep a server of caproto on the loopback.

    Args:
        port: TCP and UDP port of Channel Access; beacons go to the one above,
            where nobody listens.
    """
    return {
        "EPICS_CA_SERVER_PORT": str(port),
        "EPICS_CAS_SERVER_PORT": str(port),
        "EPICS_CAS_INTF_ADDR_LIST": HOST,
        "EPICS_CAS_BEACON_ADDR_LIST": HOST,
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_PORT": str(port + 1),
        "EPICS_CA_REPEATER_PORT": str(port + 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the records until the input closes; return the exit status.

    Args:
        arguments: The command line without the program; None takes ours.
    """
    parser = parser_of("lapwing.sim.record_ioc", "Simulated EPICS records", "REC:")
    options = parser.parse_args(arguments)
    os.environ.update(server_environment(options.port))
    asyncio.run(_serve(options))
    return 0


def build(options: argparse.Namespace) -> dict[str, Any]:
    """Make all records, in their event loop; return their fields by full name.

    Args:
        options: The command line, read.
    """
    from lapwing.sim.record_field import Real, Record, Single
    from lapwing.sim.record_motor import RecordMotor
    from lapwing.sim.record_scaler import RecordBusy, RecordScaler

    pvs: dict[str, Any] = {}
    drive = {
        "velocity": options.velocity,
        "acceleration_time": options.acceleration_time,
        "limit": options.limit,
    }
    x = RecordMotor(pvs, f"{options.prefix}m1", "along the peak", **drive)
    y = RecordMotor(pvs, f"{options.prefix}m2", "across the peak", **drive)
    sample = Sample(seed=options.seed)
    view = View(sample, lambda: (x.position, y.position), lambda: not options.quiet)
    RecordScaler(pvs, f"{options.prefix}scaler1", view)
    RecordBusy(pvs, f"{options.prefix}busy1")
    scan = Record(pvs, f"{options.prefix}scan1", "sscan", "what a scan posts into")
    for field in sscan_fields():
        if field.kind == "whole":
            scan.whole(field.name, field.initial)
        elif field.kind == "real":
            scan.real(field.name, float(field.initial))
        elif field.kind == "text":
            scan.text(field.name, "")
        else:
            kind = Real if field.kind == "reals" else Single
            scan.array(field.name, field.size, kind)
    return pvs


async def _serve(options: argparse.Namespace) -> None:
    # Only now: caproto takes the environment as it is.
    from lapwing.sim.record_context import RecordContext

    ended = watch_for_the_end()
    context = RecordContext(build(options), [HOST])

    async def ready(_: Any) -> None:
        say_ready(int(context.port or 0))

    serving = asyncio.ensure_future(context.run(startup_hook=ready))
    over = asyncio.ensure_future(ended.wait())
    await asyncio.wait([serving, over], return_when=asyncio.FIRST_COMPLETED)
    over.cancel()
    if not serving.done():
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
