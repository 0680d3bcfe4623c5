"""Fields: what records say of themselves, where they do.

Owns asking for ``.RTYP``, ``.DESC`` and the like of many PVs at once.
Must not know what is done with the answers.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

import contextlib
from collections.abc import Iterable
from typing import Any

from lapwing.epics import clients
from lapwing.errors import DeviceError, DisconnectedError
from lapwing.stepscan.names import record_of

PATIENCE = 0.5
"""Seconds to wait for fields that a server need not have; its PVs answered before."""


async def fields_of(pvs: Iterable[str], field: str) -> dict[str, Any]:
    """Return one field of the records of PVs; those that have none are left out.

    Args:
        pvs: Names of PVs, whose server is known to answer.
        field: Such as ``"DESC"``.
    """
    # PVAccess has no fields of records beside a PV's own structure.
    wanted = {pv: f"{record_of(pv)}.{field}" for pv in pvs if "pva://" not in pv}
    if not wanted:
        return {}
    client = clients.client()
    channels = {pv: client.channel(name) for pv, name in wanted.items()}
    with contextlib.suppress(DisconnectedError):
        await client.connect(channels.values(), PATIENCE)
    there = {pv: one for pv, one in channels.items() if one.connected}
    try:
        values = await client.get_many(list(there.values())) if there else []
    except DeviceError:
        values = []  # what cannot be read is not said
    for channel in channels.values():
        channel.close()
    return {pv: value.value for pv, value in zip(there, values, strict=False)}
