"""Naming: where the fields and records of a detector are, given its prefix.

Owns the difference between true records (``IOC:scaler1.CNT``) and their imitations,
whose names have no dots (``SIM:SCALER:CNT``).
Must not know channels, nor which fields there are.
Test: tests/unit/stepscan/test_detectors.py.
"""

from dataclasses import dataclass
from typing import Self

from lapwing.epics.pv_objects import pv_name
from lapwing.errors import PlanArgumentError

_ENDS = (".", ":")


@dataclass(frozen=True, slots=True)
class Naming:
    """What stands before the name of a field, and before that of a record.

    Attributes:
        fields: Such as ``"IOC:scaler1."`` or ``"SIM:SCALER:"``.
        records: Such as ``"IOC:scaler1"`` or ``"SIM:SCALER:"``.
    """

    fields: str
    records: str

    @classmethod
    def of(cls, prefix: str, separator: str | None = None) -> Self:
        """Return the names that follow a prefix.

        Args:
            prefix: Such as ``"IOC:scaler1"``, whose fields follow a dot; or one that
                ends in ``":"``, after which all names follow at once.
            separator: What stands between prefix and field, ``"."`` or ``":"``; None
                goes by the prefix.

        Raises:
            PlanArgumentError: The prefix is no text, or the separator another one.
        """
        prefix = pv_name(prefix)
        if separator not in (None, *_ENDS):
            raise PlanArgumentError(
                f"{separator!r} is no separator of fields; '.' of true records, or "
                "':', is needed"
            )
        bare = bare_of(prefix)
        if separator is None:
            separator = ":" if prefix.endswith(":") else "."
        if separator == ":":
            return cls(f"{bare}:", f"{bare}:")
        return cls(f"{bare}.", bare)

    def field(self, name: str) -> str:
        """Return the PV of a field of the record."""
        return self.fields + name

    def record(self, name: str) -> str:
        """Return the PV of a record beside it."""
        return self.records + name


def bare_of(prefix: str) -> str:
    """Return a prefix without the separator that it may end in.

    Args:
        prefix: Such as ``"SIM:SCALER:"``.
    """
    return prefix[:-1] if prefix.endswith(_ENDS) else prefix
