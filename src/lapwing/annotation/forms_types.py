"""Types of parameters as JSON Schema: what a form may offer, and what it may send.

Owns what each type of the grammar is in JSON Schema, draft 2020-12.
Must not know plans, forms, files or users.
Test: ``TypeSchemas(...).of(parse_type(text))``, held against ``check_of``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lapwing.annotation.lists import components_of
from lapwing.annotation.names import in_order
from lapwing.annotation.parameters import Annotation
from lapwing.annotation.type_names import BUILT_IN
from lapwing.annotation.types import (
    Either,
    Entries,
    Exactly,
    Fixed,
    Items,
    Named,
    Plain,
    Reference,
    Type,
    alternatives,
    is_loose,
    parts_of,
    takes_all,
)

Schema = dict[str, Any]

NOTHING: Schema = {"not": {}}
"""What no value meets: a type of which none can be sent as JSON."""

_FUNCTION = r"^[^\W\d_]\w*(\.[^\W\d_]\w*)*$"
_SINGLE = ["string", "number", "boolean", "null"]
_PLAIN: dict[str, Schema] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "Any": {},
    "Hashable": {"type": _SINGLE},
}
_KINDS: list[Schema] = [
    {"type": "string"},
    {"type": "boolean"},
    {"type": "null"},
    {"type": "integer"},
    {"type": "number", "not": {"type": "integer"}},
]
_FLAGS = {
    "__READABLE__": "is_readable",
    "__MOVABLE__": "is_movable",
    "__FLYABLE__": "is_flyable",
}


class TypeSchemas:
    """Turns the types of one parameter into schemas.

    Args:
        annotation: The lists of names in its annotation; None if it has none.
        bounds: "minimum" and "maximum" of all numbers in it, if it has them.
        definitions: Gets what several places refer to, by name.
        numbers: The name under which any value with numbers in the bounds is defined.
        names: What a built-in name, such as ``__DEVICE__``, may stand for.
    """

    def __init__(
        self,
        annotation: Annotation | None,
        bounds: Mapping[str, float],
        definitions: dict[str, Schema],
        numbers: str,
        names: "NamesInUse",
    ):
        self._annotation = annotation
        self._bounds = bounds
        self._definitions = definitions
        self._numbers = numbers
        self._names = names

    def of(self, wanted: Type) -> Schema:
        """Return the schema of a type."""
        match wanted:
            case Plain(name):
                return self._plain(name)
            case Named(name, members):
                return self._named(name, members)
            case Reference(name):
                return self._reference(name)
            case Items(item, _, unique):
                return self._items(item, unique)
            case Fixed(items):
                few = len(items)
                fixed = {"type": "array", "minItems": few, "maxItems": few}
                return fixed | ({"prefixItems": [*map(self.of, items)]} if few else {})
            case Entries(key, value):
                return self._entries(key, value)
            case Either(members):
                return self._either(alternatives(members))
            case Exactly(values):
                return self._exactly(values)
        return NOTHING

    def _plain(self, name: str) -> Schema:
        if name not in _PLAIN:
            return NOTHING
        if name == "Any" and self._bounds:
            return self._any_in_bounds()
        bounds = self._bounds if name in ("int", "float", "Hashable") else {}
        return _PLAIN[name] | dict(bounds)

    def _any_in_bounds(self) -> Schema:
        """Refer to a schema that refers to itself: numbers at any depth are held."""
        here = {"$ref": f"#/$defs/{self._numbers}"}
        self._definitions[self._numbers] = {
            **self._bounds,
            "items": here,
            "additionalProperties": here,
        }
        return here

    def _named(self, name: str, members: frozenset[str]) -> Schema:
        lists = self._annotation
        kinds = {
            "devices": lists.devices.get(name, ()) if lists else (),
            "plans": lists.plans.get(name, ()) if lists else (),
            "enums": lists.enums.get(name, ()) if lists else (),
        }
        found = [
            {"type": "string", "enum": list(dict.fromkeys(names)), "x-of": kind}
            for kind, names in kinds.items()
            if names
        ]
        match found:
            case []:
                return {"type": "string", "enum": sorted(members), "x-list": name}
            case [one]:
                return {**one, "x-list": name}
        return {"anyOf": found, "x-list": name}

    def _reference(self, name: str) -> Schema:
        if "function" in BUILT_IN[name]:
            pattern = {"pattern": _FUNCTION, "maxLength": 1000}
            return {"type": "string", "x-of": "functions", **pattern}
        offered = self._names.offered(name)
        if offered:
            defined = name.strip("_").lower()
            self._definitions[defined] = {"type": "string", "examples": offered}
            return {"$ref": f"#/$defs/{defined}", "x-of": _of(name)}
        return {"type": "string", "x-of": _of(name)}

    def _items(self, item: Type, unique: bool) -> Schema:
        schema: Schema = {"type": "array", "items": self.of(item)}
        if not unique:
            return schema
        schema["uniqueItems"] = True
        if any(isinstance(part, Named) for part in parts_of(item)):
            schema["maxItems"] = 1
        if item != Plain("float"):
            # What is in a set must be a key, and all of one kind.
            schema["anyOf"] = [{"items": kind} for kind in _KINDS]
        return schema

    def _either(self, members: Sequence[Type]) -> Schema:
        """Return any of the members, but as checks have it with an Iterable there."""
        schema: Schema = {"anyOf": [self.of(one) for one in members]}
        loose = [one for one in members if is_loose(one)]
        if not loose:
            return schema
        lists = {"if": {"type": ["array", "object"]}, "then": self.of(loose[0])}
        schema["allOf"] = [lists]
        iterables = [at for at, one in enumerate(members) if takes_all(one)]
        if iterables:
            texts = [
                self.of(one)
                for one in members[: iterables[0]]
                if isinstance(one, (Reference, Exactly)) or one == Plain("str")
            ]
            some = {"anyOf": texts} if texts else NOTHING
            schema["allOf"].append({"if": {"type": "string"}, "then": some})
        return schema

    def _entries(self, key: Type, value: Type) -> Schema:
        # Numbers in keys are in no range, so that keys are held without bounds.
        keys = TypeSchemas(
            self._annotation, {}, self._definitions, self._numbers, self._names
        ).of(key)
        schema: Schema = {"type": "object", "additionalProperties": self.of(value)}
        if keys not in ({}, {"type": "string"}):
            schema["propertyNames"] = keys
        return schema

    def _exactly(self, values: Iterable[object]) -> Schema:
        low = self._bounds.get("minimum", -math.inf)
        high = self._bounds.get("maximum", math.inf)
        kept = [
            value
            for value in values
            if isinstance(value, (bool, str, type(None)))
            or (isinstance(value, int) and low <= value <= high)
        ]
        return {"enum": kept} if kept else NOTHING


def _of(name: str) -> str:
    return "plans or devices" if len(BUILT_IN[name]) > 1 else f"{BUILT_IN[name][0]}s"


class NamesInUse:
    """The names that forms may offer where names are not checked.

    Args:
        plans: Descriptions of plans, by name.
        devices: Descriptions of devices, by name.
    """

    def __init__(self, plans: Mapping[str, Any], devices: Mapping[str, Any]):
        self._plans = plans
        self._devices = devices

    def offered(self, name: str) -> list[str]:
        """Return what a built-in name, such as ``__DEVICE__``, may stand for."""
        kinds = BUILT_IN[name]
        plans = list(self._plans) if "plan" in kinds else []
        devices: list[str] = []
        if "device" in kinds:
            _collect(self._devices, "", _FLAGS.get(name), devices)
        return in_order({*plans, *devices})


def _collect(
    devices: Mapping[str, Any], prefix: str, flag: str | None, found: list[str]
) -> None:
    for name, described in devices.items():
        if isinstance(described, dict):
            if not described.get("excluded") and (not flag or described.get(flag)):
                found.append(prefix + name)
            _collect(components_of(described), f"{prefix}{name}.", flag, found)
