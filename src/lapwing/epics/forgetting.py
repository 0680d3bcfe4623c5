"""Forgetting: which PVs libca need look for no more.

Owns the way to the PVs that aioca has, one by one and all of them.
Must not know channels, clients or devices; is loaded with libca, never before.
Test: tests/system/test_absent_pvs.py, against the simulated beamline.
"""

import asyncio
from typing import Any

from aioca._catools import _Context

from lapwing.epics.batch import forget_requests


def forget(channel: Any) -> None:
    """Let libca look no more for a PV, of which nobody hears any more.

    Args:
        channel: aioca's.
    """
    # aioca itself can only forget all of its channels at once.
    cache: Any = _Context.get_channel_cache()
    known = cache._ChannelCache__channels  # noqa: SLF001
    if known.get(channel.name) is channel:
        del known[channel.name]
        channel._purge()  # noqa: SLF001


def forget_all() -> None:
    """Let libca forget every PV, and what was asked of it."""
    _Context.purge_channel_caches()
    forget_requests()


def forget_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Let libca forget the PVs of one event loop.

    Args:
        loop: The loop; what libca tells of its PVs later would find it closed.
    """
    caches: Any = _Context._channel_caches  # noqa: SLF001
    if loop in caches:
        caches.pop(loop).purge()


def forget_closed_loops() -> None:
    """Let libca forget the PVs of event loops that were closed before their clients."""
    for loop in list(_Context._channel_caches):  # noqa: SLF001
        if loop.is_closed():
            forget_loop(loop)
