"""Point: all that is read at one point of a scan, in one request.

Owns which PVs that are, and the reading that is made of their values.
Must not know moves, triggers or the order of a scan.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lapwing.epics.channel import Control, Value
from lapwing.epics.readable import ReadableDevice
from lapwing.errors import PlanArgumentError
from lapwing.protocols import DataKey, DataKeys, Hints, Readings


class Column(Protocol):
    """What makes one data key of a point; `lapwing.stepscan.counter.Counter` is one."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def pvs(self) -> tuple[str, ...]: ...  # noqa: D102
    def value_of(self, values: Sequence[Value], /) -> Value: ...  # noqa: D102
    def data_key(self, controls: Sequence[Control], /) -> DataKey: ...  # noqa: D102


class Point(ReadableDevice):
    """All columns of a scan, read afresh in one request; each PV once.

    Args:
        name: Name of the device.
        columns: What is read, in order.

    Raises:
        PlanArgumentError: Two columns have one name.
    """

    kind = "point"

    def __init__(self, name: str, columns: Sequence[Column] = ()):
        super().__init__(name, {})
        self._columns: tuple[Column, ...] = ()
        self._places: list[list[int]] = []
        self.set_columns(columns)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Read other columns from the next `connect` on.

        Detectors learn from their records what there is to read.

        Args:
            columns: What is read, in order.

        Raises:
            PlanArgumentError: Two columns have one name.
        """
        self._columns = tuple(columns)
        names: dict[str, Column] = {}
        for column in self._columns:
            if (other := names.setdefault(column.name, column)) is not column:
                raise PlanArgumentError(
                    f"two columns are called {column.name!r}, of {other.pvs[0]} and "
                    f"{column.pvs[0]}; give one of them another label"
                )
        pvs = dict.fromkeys(pv for column in self._columns for pv in column.pvs)
        sources: dict[str, Any] = {}
        for column in self._columns:
            sources |= getattr(column, "sources", {})
        self.set_pvs({pv: sources.get(pv, pv) for pv in pvs})
        places = {pv: index for index, pv in enumerate(pvs)}
        self._places = [[places[pv] for pv in one.pvs] for one in self._columns]

    @property
    def has_columns(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._columns)

    async def values(self) -> list[Value]:
        """Return the value of each column, read afresh."""
        found = await self.get(*self._pvs)
        return [
            column.value_of([found[index] for index in places])
            for column, places in zip(self._columns, self._places, strict=True)
        ]

    async def read(self) -> Readings:
        """Return all columns, read afresh in one go."""
        if not self._columns:
            return {}
        values = await self.values()
        return {
            column.name: value.reading()
            for column, value in zip(self._columns, values, strict=True)
        }

    async def describe(self) -> DataKeys:
        """Return what the columns are."""
        found: DataKeys = {}
        for column in self._columns:
            controls = [self.channel(pv).control for pv in column.pvs]
            found[column.name] = column.data_key(controls)
            found[column.name]["object_name"] = self.name
        return found

    def roles_read(self) -> Mapping[str, str]:
        """Columns of one PV, for those who watch."""
        return {one.name: one.pvs[0] for one in self._columns if len(one.pvs) == 1}

    @property
    def hints(self) -> Hints:
        """The columns that are single numbers; all of them before it is connected."""
        return {"fields": [one.name for one in self._columns if self._is_scalar(one)]}

    def _is_scalar(self, column: Column) -> bool:
        if not self._channels:
            return True
        controls = [self.channel(pv).control for pv in column.pvs]
        return column.data_key(controls)["dtype"] in ("number", "integer")
