"""What a channel costs beside the client library that it stands on.

A real IOC on the loopback, records of EPICS base only. Channel Access: two puts that
wait, and a read of four numbers and a waveform of 2048 doubles, as bare aioca and as
channels; then each alone. PV Access: the same, as bare p4p and as channels. All in
interleaved blocks of one process.

    python bench/channels.py [--points 300] [--blocks 7] [--json FILE]
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from harness import Series, arguments, report

from lapwing.epics import clients
from lapwing.sim.beamline import Beamline

COUNTERS = ["S1", "S2", "S3", "S4", "WAVE"]
Work = Callable[[int], Awaitable[None]]


def bare_ca(prefix: str) -> dict[str, Work]:
    """Return the operations with aioca alone."""
    import aioca

    names = [prefix + name for name in COUNTERS]

    async def put(num: int) -> None:
        for i in range(num):
            await aioca.caput(f"{prefix}POS", float(i % 7), wait=True)

    async def get(num: int) -> None:
        for _ in range(num):
            await aioca.caget(names, format=aioca.FORMAT_TIME)

    async def point(num: int) -> None:
        for i in range(num):
            await aioca.caput(f"{prefix}POS", float(i % 7), wait=True)
            await aioca.caput(f"{prefix}TRIG", 1, wait=True)
            await aioca.caget(names, format=aioca.FORMAT_TIME)

    return {"put": put, "get": get, "point": point}


def bare_pva(prefix: str) -> dict[str, Work]:
    """Return the operations with p4p alone."""
    from p4p.client.asyncio import Context

    names = [prefix + name for name in COUNTERS]
    context = Context("pva", nt=False)

    async def put(num: int) -> None:
        for i in range(num):
            await context.put(f"{prefix}POS", {"value": float(i % 7)}, wait=True)

    async def get(num: int) -> None:
        for _ in range(num):
            await context.get(names)

    async def point(num: int) -> None:
        for i in range(num):
            await context.put(f"{prefix}POS", {"value": float(i % 7)}, wait=True)
            await context.put(f"{prefix}TRIG", {"value": 1}, wait=True)
            await context.get(names)

    return {"put": put, "get": get, "point": point}


async def channels(prefix: str) -> dict[str, Work]:
    """Return the operations with channels."""
    client = clients.client()
    channel: dict[str, Any] = {
        name: client.channel(prefix + name) for name in ["POS", "TRIG", *COUNTERS]
    }
    await client.connect(channel.values(), 10)
    position, trigger = channel["POS"], channel["TRIG"]
    counters = [channel[name] for name in COUNTERS]

    async def put(num: int) -> None:
        for i in range(num):
            await position.put(float(i % 7), timeout=60)

    async def get(num: int) -> None:
        for _ in range(num):
            await client.get_many(counters)

    async def point(num: int) -> None:
        for i in range(num):
            await position.put(float(i % 7), timeout=60)
            await trigger.put(1, timeout=60)
            await client.get_many(counters)

    return {"put": put, "get": get, "point": point}


async def measure(points: int, blocks: int, prefix: str) -> dict[str, Series]:
    """Return microseconds for each protocol, side and operation."""
    sides = {
        "aioca": bare_ca(prefix),
        "ca": await channels(prefix),
        "p4p": bare_pva(prefix),
        "pva": await channels(f"pva://{prefix}"),
    }
    found = {
        f"{side} {name}": Series(f"{side} {name}", "µs")
        for side, works in sides.items()
        for name in works
    }
    for block in range(blocks + 1):
        for side, works in sides.items():
            for name, work in works.items():
                began = time.perf_counter()
                await work(points)
                cost = (time.perf_counter() - began) / points * 1e6
                if block:  # the first one warms up
                    found[f"{side} {name}"].add(cost)
    await clients.close()
    return found


def main() -> None:
    args = arguments(__doc__, points=300, blocks=7)
    with Beamline.start(pva=True) as beamline:
        clients.configure(beamline.environment)
        prefix = f"{beamline.prefix}FAST:"
        found = asyncio.run(measure(args.points, args.blocks, prefix))
    ratios = {
        f"{ours} {name} / {bare} {name}": found[f"{ours} {name}"].median
        / found[f"{bare} {name}"].median
        for ours, bare in (("ca", "aioca"), ("pva", "p4p"))
        for name in ("put", "get", "point")
    }
    report("channels", list(found.values()), ratios, args)


if __name__ == "__main__":
    main()
