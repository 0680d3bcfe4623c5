"""Descriptions: how what makes a trajectory is written down and read again.

Owns the register of kinds by their type ids, dicts and JSON in both directions.
Must not know what any kind means; type ids are scanpointgenerator's where it has them.
Test: tests/unit/trajectory/test_description.py, and each kind's round trip.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import shown

__all__ = ["Described", "made"]

Kind = TypeVar("Kind", bound="Described")

_DEEP = "parts of a {} are nested in each other too deeply to be read; nest fewer"

_KINDS: dict[str, type["Described"]] = {}


class Described:
    """What can be made again of a dict: a generator, a region, a mutator.

    Two of them are equal if their descriptions are.
    """

    typeid: ClassVar[str] = ""
    """Says in a description which class it is for."""

    _fields: ClassVar[tuple[str, ...]] = ()  # arguments, which are attributes too
    _optional: ClassVar[Mapping[str, Any]] = {}  # those left out at this value

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "typeid" in vars(cls):
            _KINDS[cls.typeid] = cls

    def to_dict(self) -> dict[str, Any]:
        """Return the description: type id and arguments, of which JSON can be made."""
        described: dict[str, Any] = {"typeid": self.typeid}
        for name in self._fields:
            described[name] = _plain(self._argument(name))
        for name, silent in self._optional.items():
            value = _plain(self._argument(name))
            if value != silent:
                described[name] = value
        return described

    def _argument(self, name: str) -> Any:
        return getattr(self, name)

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> Self:
        """Make what `to_dict` described.

        Args:
            description: The type id and the arguments; the type id may be missing if
                this is called on the very class.

        Raises:
            PlanArgumentError: If there is no such kind, if it is none of this class,
                or if its arguments are wrong.
        """
        if not isinstance(description, Mapping):
            raise PlanArgumentError(
                f"a description of a {cls.__name__} was asked for, but "
                f"{shown(description)} is no dict"
            )
        arguments = dict(description)
        typeid = arguments.pop("typeid", cls.typeid)
        kind = _KINDS.get(typeid) if isinstance(typeid, str) else None
        if kind is None or not issubclass(kind, cls):
            known = sorted(n for n, k in _KINDS.items() if issubclass(k, cls))
            raise PlanArgumentError(
                f"{shown(typeid)} describes no {cls.__name__}; known are "
                f"{', '.join(known)}"
            )
        try:
            return kind(**arguments)
        except PlanArgumentError:
            raise
        # Descriptions come from anywhere: Python or numpy may refuse them, too.
        except (TypeError, ValueError, OverflowError) as problem:
            raise PlanArgumentError(
                f"{kind.__name__} cannot be made of {sorted(arguments)}: {problem}"
            ) from problem
        except RecursionError:
            raise PlanArgumentError(_DEEP.format(cls.__name__)) from None

    def to_json(self) -> str:
        """Return the description as JSON."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Make what `to_json` described.

        Raises:
            PlanArgumentError: If the text is no JSON, or describes something else.
        """
        try:
            description = json.loads(text)
        except RecursionError:
            raise PlanArgumentError(_DEEP.format(cls.__name__)) from None
        except (TypeError, ValueError) as problem:
            raise PlanArgumentError(
                f"a {cls.__name__} was to be read from JSON, but the text is none: "
                f"{problem}"
            ) from None
        return cls.from_dict(description)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Described):
            return NotImplemented
        return self is other or self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        arguments = ", ".join(
            f"{name}={shown(value)}"
            for name, value in self.to_dict().items()
            if name != "typeid"
        )
        return f"{type(self).__name__}({arguments})"


def made(kind: type[Kind], given: Any) -> tuple[Kind, ...]:
    """Return the parts of something, each given as an object or as its description.

    Args:
        kind: What each part must be.
        given: One part, or several.

    Raises:
        PlanArgumentError: If one of them is no such thing.
    """
    if isinstance(given, Described | Mapping):
        given = [given]
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise PlanArgumentError(
            f"a list of {kind.__name__}s is needed, not {shown(given)}"
        )
    parts = tuple(
        kind.from_dict(part) if isinstance(part, Mapping) else part for part in given
    )
    for part in parts:
        if not isinstance(part, kind):
            raise PlanArgumentError(
                f"a {kind.__name__} is needed here, but {shown(part)} is none"
            )
    return parts


def _plain(value: Any) -> Any:
    if isinstance(value, Described):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
