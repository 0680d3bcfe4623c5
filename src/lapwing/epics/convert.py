"""Conversion between aioca's augmented values and our own plain ones.

Owns the meaning of Channel Access types (DBR codes), in both directions.
Must not know channels, connections or event loops.
Test: tests/unit/epics/test_convert.py, with hand-made augmented values.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np

from lapwing.epics.channel import Control
from lapwing.errors import PlanArgumentError

# DBR code: the element type, and the kind of a single value. These numbers are
# the protocol's own (Channel Access Protocol Specification, "Payload Data Types").
_TYPES: dict[int, tuple[str, Literal["string", "integer", "number"]]] = {
    0: ("|S40", "string"),
    1: ("<i2", "integer"),
    2: ("<f4", "number"),
    3: ("<u2", "integer"),
    4: ("|u1", "integer"),
    5: ("<i4", "integer"),
    6: ("<f8", "number"),
}
_SMALL = 128  # fits every type of whole numbers
_BYTES = ("|u1", "|i1")
_RANGES = (("control", "ctrl"), ("display", "disp"))


def control_of(augmented: Any) -> Control:
    """Return what a PV's values are, from one read with its control data.

    Args:
        augmented: What aioca gives for ``FORMAT_CTRL``; one element is enough.
    """
    dtype_numpy, kind = _TYPES[augmented.datatype]
    count = int(augmented.element_count)
    if isinstance(augmented, str) and kind != "string":
        # The name ends in "$": all the bytes of one text.
        return Control(dtype="string", dtype_numpy=f"|S{count}")
    precision = getattr(augmented, "precision", None)
    return Control(
        dtype=kind if count == 1 else "array",
        dtype_numpy=dtype_numpy,
        shape=() if count == 1 else (count,),
        units=str(getattr(augmented, "units", "")),
        precision=None if precision is None else int(precision),
        limits=limits_of(partial(getattr, augmented)),
        choices=tuple(map(str, getattr(augmented, "enums", ()))),
    )


def limits_of(get: Callable[[str, float], Any]) -> tuple[tuple[str, float, float], ...]:
    """Return the ranges that control data tell of.

    Args:
        get: Gives a field by its name, such as ``"lower_ctrl_limit"``, or a default.
    """
    found = []
    for name, word in _RANGES:
        low = get(f"lower_{word}_limit", 0.0)
        high = get(f"upper_{word}_limit", 0.0)
        # Equal ends are EPICS' way to say that there is no such range.
        if low < high and math.isfinite(low) and math.isfinite(high):
            found.append((name, float(low), float(high)))
    return tuple(found)


def text_of(value: Any) -> str:
    """Return the text in a PV, which may hold it as an array of characters.

    Args:
        value: A text, or an array of characters that ends with a 0.
    """
    if isinstance(value, str):
        return value
    codes = np.asarray(value).astype(np.uint8).tobytes()
    return codes.partition(b"\0")[0].decode(errors="replace")


def to_put(value: Any, control: Control, title: str, *, bounded: bool = True) -> Any:
    """Return a value in the form in which the PV takes it.

    Args:
        value: What somebody wants to write.
        control: What the PV takes.
        title: Device and PV, for messages.
        bounded: Whether ``control.shape`` says how long an array may be; else only
            that it is one.

    Raises:
        PlanArgumentError: It takes values of another kind.
    """
    # What most puts are, first: numbers that their PV takes as they are.
    if type(value) is float and control.dtype == "number":
        return value
    if type(value) is int and control.dtype == "integer" and 0 <= value < _SMALL:
        return value if not control.choices else _choice(value, control, title)
    if control.choices:
        return _choice(value, control, title)
    if control.dtype == "string":
        if isinstance(value, str):
            return value
        raise PlanArgumentError(f"{title} takes a text, not {value!r}")
    if isinstance(value, str) and control.shape and control.dtype_numpy in _BYTES:
        # A waveform of bytes is how records hold texts beyond 40 characters.
        value = np.frombuffer(value.encode() + b"\0", dtype=control.dtype_numpy)
    numeric = np.asarray(value)
    ragged = numeric.dtype.kind not in "iufb" or numeric.ndim != len(control.shape)
    if ragged or (bounded and numeric.size > math.prod(control.shape)):
        takes = f"up to {control.shape[0]} numbers" if control.shape else "a number"
        takes = takes if bounded or not control.shape else "an array of numbers"
        raise PlanArgumentError(f"{title} takes {takes}, not {value!r}")
    if np.dtype(control.dtype_numpy).kind in "iu":
        _check_whole(numeric, control, title, value)
    return numeric if control.shape else numeric.item()


def _check_whole(numeric: Any, control: Control, title: str, value: Any) -> None:
    if not np.array_equal(numeric, np.round(numeric)):
        raise PlanArgumentError(f"{title} takes a whole number, not {value!r}")
    span = np.iinfo(control.dtype_numpy)
    if numeric.size and (numeric.min() < span.min or numeric.max() > span.max):
        raise PlanArgumentError(
            f"{title} takes whole numbers from {span.min} to {span.max}, not {value!r}"
        )


def _choice(value: Any, control: Control, title: str) -> int:
    if isinstance(value, str) and value in control.choices:
        return control.choices.index(value)
    if isinstance(value, int | np.integer) and 0 <= value < len(control.choices):
        return int(value)
    raise PlanArgumentError(
        f"{title} takes one of {', '.join(control.choices)} "
        f"(0 to {len(control.choices) - 1}), not {value!r}"
    )
