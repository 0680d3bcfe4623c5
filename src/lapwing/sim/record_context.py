"""Record context: caproto's server, as clients of EPICS base need it.

Owns what is mended in it: names are found by TCP, and no beacon is sent.
Must not know records.
Test: tests/system/test_record_ioc.py; a client finds ``REC:m1`` by TCP only.
"""

import asyncio
from typing import Any, NoReturn

import caproto
from caproto.asyncio import server


class RecordCircuit(server.VirtualCircuit):
    """A circuit on which names may be looked for.

    Clients of EPICS base begin each search by TCP with their version once more, with
    something else where caproto looks for the circuit's priority. Where they come
    back, they ask for an echo as servers of unknown version understand it. Both
    are a broken protocol to caproto (1.3); the answer to the first version is
    answer enough.
    """

    _greeted = False

    async def _command_queue_iteration(self, command: Any) -> Any:
        if isinstance(command, caproto.ReadSyncRequest):
            return None
        if isinstance(command, caproto.VersionRequest):
            if self._greeted:
                return None
            self._greeted = True
        return await super()._command_queue_iteration(command)


class RecordContext(server.Context):
    """A server without beacons.

    Nobody listens to them, and each would be an error in its log; a client notices
    by TCP that the server is there again.
    """

    CircuitClass = RecordCircuit

    async def broadcast_beacon_loop(self) -> NoReturn:
        """Send no beacon, until the server ends."""
        while True:
            await asyncio.Event().wait()
