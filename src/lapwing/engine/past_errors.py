"""Past errors: exceptions, made again from what was recorded of them.

Owns which class each becomes, and what is done about those that are not known.
Must not know plans or records.
Test: encode exceptions of all kinds, make them again.
"""

import builtins
import sys
from typing import Any

import lapwing.errors
from lapwing.errors import FailedStatus, LapwingError, ReplayedError
from lapwing.journal.codec import ErrorRef
from lapwing.status import Status

BEFORE = "what it did before a crash"
"""What a device did whose status is of before."""

_ERRORS: dict[tuple[str, str], type[BaseException]] = {
    (cls.__module__, name): cls
    for module in (builtins, lapwing.errors)
    for name, cls in vars(module).items()
    if isinstance(cls, type) and issubclass(cls, BaseException)
}


def error_of(ref: ErrorRef) -> BaseException:
    """Return an exception such as was recorded, of the nearest class that is known.

    A plan catches it by its class, so that is looked for in all that was imported;
    what the class keeps beside its arguments is perhaps missing.
    """
    cls = _ERRORS.get((ref.module, ref.name)) or _imported(ref)
    if cls is None:
        return ReplayedError(f"{ref.name}: {ref.text}")
    try:
        error = cls(*ref.args)
    except Exception:  # noqa: BLE001 - it takes other arguments than it keeps
        if (ref.module, ref.name) in _ERRORS:
            return ReplayedError(f"{ref.name}: {ref.text}")
        error = Exception.__new__(cls, *ref.args)
    if isinstance(error, LapwingError):
        said = str(ref.args[0]) if ref.args else ""
        error.hint = ref.text[len(said) + 2 : -1]
    if isinstance(error, FailedStatus):
        error.__cause__ = ReplayedError(ref.text)
        error.status = Status(action=BEFORE)
        error.status.set_exception(error.__cause__)
    return error


def _imported(ref: ErrorRef) -> type[Exception] | None:
    """Return the class of an error, if its module is there and has it."""
    found: Any = sys.modules.get(ref.module)
    for name in ref.name.split("."):
        found = getattr(found, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None
