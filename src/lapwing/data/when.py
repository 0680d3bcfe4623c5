"""When: times as people say them.

Owns what "yesterday", "3d" and "2026-01-31 12:00" mean.
Must not look at a clock; it is told what time it is.
Test: parse each form with a fixed now.
"""

import re
from datetime import date, datetime, time, timedelta

from lapwing.errors import DataError

When = str | float | int | datetime | date
"""A moment: seconds since 1970, a datetime or date, or a text for `parse_when`."""

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_WORDS = {
    "sec": "s", "second": "s", "minute": "min", "m": "min", "hour": "h", "day": "d",
    "week": "w",
}  # fmt: skip


def parse_when(when: When, now: float, *, end: bool = False) -> float:
    """Return the seconds since 1970 of a moment.

    Args:
        when: Seconds since 1970; a datetime (without a time zone: local) or date; or
            a text: an ISO date or time (``2026-01-31``, ``2026-01-31 12:00``),
            ``today``, ``yesterday``, ``now``, or how long ago (``3d``, ``2 hours``).
        now: Seconds since 1970.
        end: Whether a whole day means its end.

    Raises:
        DataError: It is none of these.
    """
    if isinstance(when, bool) or not isinstance(when, When):
        raise _unknown(when)
    if isinstance(when, int | float):
        return float(when)
    if isinstance(when, datetime):
        return when.timestamp()
    if isinstance(when, date):
        return _of_day(when, end)
    text = when.strip().lower()
    today = datetime.fromtimestamp(now).date()
    if text in ("today", "yesterday"):
        return _of_day(today - timedelta(days=int(text == "yesterday")), end)
    if text == "now":
        return now
    if found := _AGO.fullmatch(text):
        unit = found[2] if found[2] in _SECONDS else found[2].removesuffix("s")
        unit = _WORDS.get(unit, unit)
        if unit in _SECONDS:
            return now - float(found[1]) * _SECONDS[unit]
    return _of_iso(text, when, end)


def _of_iso(text: str, when: When, end: bool) -> float:
    try:
        if len(text) == 10:
            return _of_day(date.fromisoformat(text), end)
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise _unknown(when) from None


def _of_day(day: date, end: bool) -> float:
    begin = datetime.combine(day, time())
    return (begin + timedelta(days=1)).timestamp() - 1e-6 if end else begin.timestamp()


def _unknown(when: object) -> DataError:
    return DataError(
        f"{when!r} is no time; 2026-01-31, '2026-01-31 12:00', today, yesterday, 3d "
        "and '2 hours' are"
    )
