"""Definition options: what a ready detector of a kind takes beside its prefix.

Owns that an unknown option, or a value of another type, is told with its place.
Must not know files, nor what the options mean: their classes' signatures say it.
Test: tests/unit/stepscan/test_definition.py, by files with wrong options.
"""

import inspect
import typing
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lapwing.stepscan.definition_detectors import ReadyDetectorPart
from lapwing.stepscan.definition_fault import PartError
from lapwing.stepscan.definition_text import Path

# What a file says elsewhere, or cannot say at all.
_NOT_FOR_FILES = ("self", "prefix", "pv", "motor", "trigger", "counters", "dwell")
_NOT_FOR_FILES += ("pre_scan", "post_scan", "at_break")


def options_of(make: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of the options that a kind of detector takes, by name.

    Args:
        make: Its class.
    """
    found: dict[str, Any] = {}
    for one in inspect.getmro(make) if isinstance(make, type) else (make,):
        init = vars(one).get("__init__")
        if not inspect.isfunction(init):
            continue
        hints = typing.get_type_hints(init)
        for name, parameter in inspect.signature(init).parameters.items():
            if name not in _NOT_FOR_FILES and parameter.kind is not _REST:
                found.setdefault(name, hints.get(name, Any))
    return found


_REST = inspect.Parameter.VAR_KEYWORD


def checked(
    part: ReadyDetectorPart, kind: str, make: Callable[..., Any], path: Path
) -> dict[str, Any]:
    """Return the options of a ready detector, as its class takes them.

    Args:
        part: What the file says of it.
        kind: Its kind.
        make: The class of that kind.
        path: Where it stands in the definition.

    Raises:
        PartError: The class does not take one, or takes values of another type.
    """
    known = options_of(make)
    found: dict[str, Any] = {}
    for name, value in part.options.items():
        where = (*path, "options", name)
        if name not in known:
            close = get_close_matches(name, known, 1)
            raise PartError(
                where,
                f"is no option of a detector of the kind {kind}, which takes "
                f"{', '.join(known)}",
                f"did you mean {close[0]}?" if close else "",
            )
        try:
            found[name] = TypeAdapter(known[name]).validate_python(value)
        except ValidationError as exc:
            wrong = exc.errors(include_url=False)[0]["msg"]
            wrong = wrong.removeprefix("Input should be ")
            raise PartError(where, f"is {value!r}; needed: {wrong}") from exc
    return found
