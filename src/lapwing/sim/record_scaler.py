"""Record scaler: a scaler and a busy record with their true field names.

Owns what their fields do; a put to ``CNT`` or to a busy record is held.
Must not know the server, nor motors; a `View` tells what is seen.
Test: tests/system/test_record_ioc.py, through Channel Access.
"""

import asyncio
from typing import Any

from lapwing.sim.record_field import Real, Record
from lapwing.sim.view import View
from lapwing.sim.work import Work

_NAMES = ("clock", "I0", "It", "If", "", "", "", "")


class RecordScaler:
    """A scaler record; ``CNT`` 1 counts for ``TP`` seconds, 0 ends it early.

    Args:
        pvs: Where its fields are entered, by their full names.
        name: Name of the record, such as ``"REC:scaler1"``.
        view: What it sees.
    """

    def __init__(self, pvs: dict[str, Any], name: str, view: View):
        self._view = view
        self._work = Work(self._do)
        record = Record(pvs, name, "scaler", "ion chambers")
        self._count = record.menu("CNT", ("Done", "Count"), 0, self._on_count)
        self._preset = record.real("TP", 1.0, units="s", precision=3)
        self._elapsed = record.real("T", 0.0, units="s", precision=3)
        self._delay = record.real("DLY", 0.0, units="s", precision=3)
        self._frequency = record.real("FREQ", 1e7, units="Hz")
        record.real("VAL", 0.0)
        record.menu("CONT", ("OneShot", "AutoCount"), 0)
        record.text("EGU", "counts")
        self._channels: list[Real] = []
        for i, title in enumerate(_NAMES, 1):
            record.text(f"NM{i}", title)
            self._channels.append(record.real(f"S{i}", 0.0, units="counts"))
            record.real(f"PR{i}", 0.0)

    async def _on_count(self, value: int) -> None:
        if not value:
            self._work.end()
            return
        self._work.ask()
        if await self._work.run():
            await self._count.set("Done")

    async def _do(self) -> None:
        await self._work.wait(self._delay.plain)
        live = await self._work.wait(self._preset.plain)
        await self._publish(live)

    async def _publish(self, live: float) -> None:
        await self._elapsed.set(live)
        counts = (self._frequency.plain * live, *self._view.look(live).scaler())
        for channel, count in zip(self._channels[: len(counts)], counts, strict=True):
            await channel.set(float(round(count)))


class RecordBusy:
    """A busy record: the put of 1 completes when somebody puts 0.

    Args:
        pvs: Where its fields are entered, by their full names.
        name: Name of the record, such as ``"REC:busy1"``.
    """

    def __init__(self, pvs: dict[str, Any], name: str):
        self._over = asyncio.Event()
        record = Record(pvs, name, "busy", "until somebody says that it is done")
        record.menu("VAL", ("Done", "Busy"), 0, self._on_put)

    async def _on_put(self, value: int) -> None:
        if value:
            self._over.clear()
            await self._over.wait()
        else:
            self._over.set()
