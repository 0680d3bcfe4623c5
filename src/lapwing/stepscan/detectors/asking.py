"""Asking: reading many PVs at once, of which some may not be there.

Owns how long one waits for what need not exist.
Must not know detectors, nor what the values mean.
Test: tests/unit/stepscan/test_asking.py, with PVs that come and go in memory.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
from collections.abc import Container, Iterable

from lapwing.epics.channel import Channel, Value
from lapwing.epics.clients import client

PATIENCE = 0.5
"""Seconds to wait for PVs that need not be there; others of theirs have answered."""
BRIEF = 0.15
"""Seconds to wait for PVs that were not there last time: two searches of libca."""
SEARCH = 10.0
"""Seconds after which all is told that there is, however many still come."""


async def values_of(
    pvs: Iterable[str], timeout: float, device: str = ""
) -> list[Value]:
    """Read PVs that must be there, all at once.

    Args:
        pvs: Their names.
        timeout: Seconds to wait for them.
        device: Who asks, for messages.

    Raises:
        DisconnectedError: Some do not answer; every one is named.
    """
    source = client()
    channels = [source.channel(pv, device) for pv in pvs]
    try:
        await source.connect(channels, timeout)
        return await source.get_many(channels)
    finally:
        _close(channels)


async def answers_of(
    pvs: Iterable[str], patience: float = PATIENCE, doubtful: Container[str] = ()
) -> dict[str, Value]:
    """Read PVs that need not be there; those without an answer are left out.

    All are asked at once. A PV that was not there last time may have come since; but
    it is only waited for as long as one that is there needs.

    Args:
        pvs: Their names.
        patience: Seconds without another answer after which no more is expected.
        doubtful: Those of them that did not answer last time.
    """
    source = client()
    channels = {pv: source.channel(pv) for pv in pvs}
    likely = [one for pv, one in channels.items() if pv not in doubtful]
    news = asyncio.Event()
    for channel in channels.values():
        channel.on_connection(lambda _: news.set())
    search = asyncio.ensure_future(source.connect(channels.values(), SEARCH))
    try:
        # A slow network answers late, but it does not stop in the middle.
        while not search.done():
            news.clear()
            tasks = [search, asyncio.ensure_future(news.wait())]
            awaited = not all(one.connected for one in likely)
            await asyncio.wait(
                tasks,
                timeout=patience if awaited else min(patience, BRIEF),
                return_when=asyncio.FIRST_COMPLETED,
            )
            tasks[1].cancel()
            if not news.is_set():
                break
        return await _read({pv: one for pv, one in channels.items() if one.connected})
    finally:
        search.cancel()
        await asyncio.gather(search, return_exceptions=True)
        _close(channels.values())


async def first_answers(
    pvs: Iterable[str], timeout: float, patience: float = PATIENCE
) -> dict[str, Value]:
    """Read PVs of which one at least should be there.

    Args:
        pvs: Their names.
        timeout: Seconds to wait for the first.
        patience: Seconds to wait for the others after it.
    """
    source = client()
    channels = {pv: source.channel(pv) for pv in pvs}
    tasks = [
        asyncio.ensure_future(source.connect([one], timeout))
        for one in channels.values()
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(tasks, timeout=patience)
        return await _read({pv: one for pv, one in channels.items() if one.connected})
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        _close(channels.values())


async def _read(channels: dict[str, Channel]) -> dict[str, Value]:
    if not channels:
        return {}
    found = await client().get_many(list(channels.values()))
    return dict(zip(channels, found, strict=True))


def _close(channels: Iterable[Channel]) -> None:
    for channel in channels:
        channel.close()
