"""Text run: what a text file in columns says, in the hands of people.

Owns columns, references to arrays and blocks of extra PVs, as they were read.
Must not know how lines are read.
Test: by `read_text`, which makes them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lapwing.data.reading import Array
from lapwing.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of a text file.

    Attributes:
        label: Its label: the name of the data key.
        units: Its units, or "".
        pv: Name of its PV, or where else its values come from, or "".
        values: Its values, ``(num_points,)``.
        title: What people call it, where that is something else, or "".
    """

    label: str
    units: str
    pv: str
    values: Array
    title: str = ""


@dataclass(frozen=True, slots=True)
class TextArray:
    """A data key whose values are arrays, which are in the HDF5 file.

    Attributes:
        label: Name of the data key.
        units: Their units, or "".
        pv: Name of the PV, or "".
        file: The HDF5 file.
        dataset: Path of the dataset in it, ``(num_points, ...)``.
    """

    label: str
    units: str
    pv: str
    file: Path
    dataset: str

    def read(self) -> Array:
        """Return the arrays, ``(num_points, ...)``.

        Raises:
            DataError: The file or the dataset is not there (yet).
        """
        import h5py  # 0.1 s, and most who read text read nothing else

        from lapwing.data.layout import dataset_at

        try:
            with h5py.File(self.file, "r", swmr=True) as file:
                return dataset_at(file, self.dataset)[...]
        except (OSError, KeyError) as exc:
            raise DataError(
                f"the arrays of {self.label} cannot be read: {self.file} has no "
                f"{self.dataset}, or is not there; it should lie where the text file "
                "says",
                path=str(self.file),
            ) from exc


@dataclass(frozen=True, slots=True)
class ExtraPVs:
    """The extra PVs as they were at one moment.

    Attributes:
        time: When, in seconds since 1970; None if the file does not say.
        stream: Of which stream they are, such as ``"baseline"``.
        num_points: How many rows of points stand before them.
        values: Their values by name; an `Elsewhere` for a long array.
        pvs: The PVs by name, where known.
        units: The units by name, where known.
    """

    time: float | None
    stream: str
    num_points: int
    values: dict[str, Any] = field(default_factory=dict)
    pvs: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class TextRun:
    """What a text file says of a run: ``run["x"]`` or ``run["SIM:X"]`` is a column.

    Attributes:
        metadata: The metadata of the start document; a value that was too long for a
            line is an `Elsewhere`.
        columns: The columns by label, positioners first, ``time`` (seconds since 1970)
            and ``seq_num`` last.
        arrays: The data keys whose values are arrays, by name.
        extra_pvs: The blocks of extra PVs, in order.
        fields: All header fields as they stand in the file, ``"Family.member"`` to
            text; of one that comes several times the last.
        stop: ``time``, ``exit_status`` and ``reason``; None while the run goes on, and
            if the file is cut off.
    """

    metadata: dict[str, Any]
    columns: dict[str, TextColumn]
    arrays: dict[str, TextArray]
    extra_pvs: list[ExtraPVs]
    fields: dict[str, str]
    stop: dict[str, Any] | None

    @property
    def num_points(self) -> int:
        """How many points it has; one that was taken again counts once."""
        return len(next(iter(self.columns.values())).values) if self.columns else 0

    def __getitem__(self, name: str) -> Array:
        """Return a column by its label, or else by its PV or its title.

        Raises:
            DataError: There is none of that name.
        """
        if name in self.columns:
            return self.columns[name].values
        for column in self.columns.values():
            if name in (column.pv, column.title) and name:
                return column.values
        there = ", ".join(self.columns) or "none"
        raise DataError(f"the file has no column {name!r}; it has: {there}", name=name)
