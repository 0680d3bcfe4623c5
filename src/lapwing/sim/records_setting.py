"""Settings: a record with a readback beside it, as areaDetector has them.

Owns the pair ``NAME`` and ``NAME_RBV``.
Must not know what is set.
Test: tests/system/test_beamline_camera.py, through Channel Access.
"""

from collections.abc import Callable
from typing import Any

from softioc import builder

TEXT_SIZE = 256


# softioc's builder makes records of classes that it does not declare.
Record = Any


class Setting:
    """A record that somebody sets, and its readback ``NAME_RBV``.

    Args:
        record: Makes the record, given what is to be called when it is set.
        readback: The readback.
        changed: Is told the new value, after the readback has it.
    """

    def __init__(
        self,
        record: Callable[[Callable[[Any], None]], Record],
        readback: Record,
        changed: Callable[[Any], None] = lambda value: None,
    ):
        self._readback, self._changed = readback, changed
        self._record = record(self._on_update)

    def get(self) -> Any:
        """Return what is set."""
        return self._record.get()

    def set(self, value: Any) -> None:
        """Set it from within; both records follow."""
        self._record.set(value, process=False)
        self._readback.set(value)

    def _on_update(self, value: Any) -> None:
        self._readback.set(value)
        self._changed(value)


def number(name: str, initial: float, low: float, high: float, unit: str) -> Setting:
    """Make a setting that is a real number.

    Args:
        name: Name of the record.
        initial: Its first value.
        low: Least value.
        high: Greatest value.
        unit: Its unit.
    """
    fields = {"initial_value": initial, "EGU": unit, "PREC": 4}
    return Setting(
        lambda on_update: builder.aOut(
            name, DRVL=low, DRVH=high, on_update=on_update, **fields
        ),
        builder.aIn(f"{name}_RBV", **fields),
    )


def whole(name: str, initial: int, low: int = 0, high: int = 2**31 - 1) -> Setting:
    """Make a setting that is a whole number.

    Args:
        name: Name of the record.
        initial: Its first value.
        low: Least value.
        high: Greatest value.
    """
    return Setting(
        lambda on_update: builder.longOut(
            name, DRVL=low, DRVH=high, initial_value=initial, on_update=on_update
        ),
        builder.longIn(f"{name}_RBV", initial_value=initial),
    )


def menu(name: str, *choices: str, initial: int = 0) -> Setting:
    """Make a setting that is one of some words.

    Args:
        name: Name of the record.
        *choices: The words; the setting is the number of one, from 0.
        initial: The first one that is set.
    """
    return Setting(
        lambda on_update: builder.mbbOut(
            name, *choices, initial_value=initial, on_update=on_update
        ),
        builder.mbbIn(f"{name}_RBV", *choices, initial_value=initial),
    )


def text(
    name: str, initial: str = "", changed: Callable[[str], None] = lambda value: None
) -> Setting:
    """Make a setting that is a text of up to 255 characters, an array of them.

    Args:
        name: Name of the record.
        initial: Its first value.
        changed: Is told a new value.
    """
    fields = {"length": TEXT_SIZE, "initial_value": initial}
    return Setting(
        lambda on_update: builder.longStringOut(name, on_update=on_update, **fields),
        builder.longStringIn(f"{name}_RBV", **fields),
        changed,
    )
