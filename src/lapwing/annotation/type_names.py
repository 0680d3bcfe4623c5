"""The names that the text of a type may hold, and what each of them stands for.

Owns the tables of the grammar; a name that is in none of them is no type here.
Must not know trees, values or plans.
Test: ``tests/unit/annotation/test_types.py`` walks the tables.
"""

BUILT_IN: dict[str, tuple[str, ...]] = {
    "__PLAN__": ("plan",),
    "__DEVICE__": ("device",),
    "__PLAN_OR_DEVICE__": ("plan", "device"),
    "__READABLE__": ("device",),
    "__MOVABLE__": ("device",),
    "__FLYABLE__": ("device",),
    "__CALLABLE__": ("function",),
}
"""Names of plans, devices and functions: what each may be."""

PLAIN = {
    "int": "int",
    "float": "float",
    "str": "str",
    "typing.Text": "str",
    "bool": "bool",
    "bytes": "bytes",
    "complex": "complex",
    "NoneType": "None",
    "types.NoneType": "None",
    "object": "Any",
    "typing.Any": "Any",
    "typing.Hashable": "Hashable",
    "collections.abc.Hashable": "Hashable",
}
"""Types of single values; complex and bytes cannot come from JSON."""

_LISTS = ("Sequence", "MutableSequence", "Iterable", "Collection", "Container")
_SETS = ("Set", "MutableSet")

SEQUENCES: dict[str, bool] = (
    dict.fromkeys(("list", "typing.List", "typing.Deque", "collections.deque"), False)
    | dict.fromkeys((f"typing.{name}" for name in (*_LISTS, "Reversible")), False)
    | dict.fromkeys(
        (f"collections.abc.{name}" for name in (*_LISTS, "Reversible")), False
    )
    | dict.fromkeys(("set", "frozenset", "typing.Set", "typing.FrozenSet"), True)
    | dict.fromkeys(("typing.AbstractSet", "typing.MutableSet"), True)
    | dict.fromkeys((f"collections.abc.{name}" for name in _SETS), True)
)
"""Any number of items; the values say whether each may be there once only."""

FIXED = ("tuple", "typing.Tuple")

_DICTS = ("Mapping", "MutableMapping")

MAPPINGS = {
    "dict",
    "typing.Dict",
    "typing.DefaultDict",
    "typing.OrderedDict",
    "collections.OrderedDict",
    "collections.defaultdict",
    *(f"typing.{name}" for name in _DICTS),
    *(f"collections.abc.{name}" for name in _DICTS),
}

WRAPPERS = {
    "typing.Union": "union",
    "typing.Optional": "optional",
    "typing.Literal": "literal",
    "typing.Annotated": "annotated",
    "typing.Final": "alone",
    "typing.ClassVar": "alone",
}

_PROMISES = ("Iterator", "Generator", "AsyncIterator", "Awaitable", "Sized")

UNSENDABLE = {
    "bytearray",
    "memoryview",
    "range",
    "slice",
    "type",
    "typing.Type",
    *(f"typing.Supports{name}" for name in ("Float", "Int", "Index", "Abs")),
    *(f"typing.{name}" for name in _PROMISES),
    *(f"collections.abc.{name}" for name in _PROMISES),
}
"""Types that are known, but of which no value can be sent to a queue."""

PROTOCOL_MODULES = ("bluesky.protocols", "lapwing.protocols")

DEVICE_PROTOCOLS = {
    "Readable": "__READABLE__",
    "Movable": "__MOVABLE__",
    "NamedMovable": "__MOVABLE__",
    "Flyable": "__FLYABLE__",
} | dict.fromkeys(
    (
        "Checkable",
        "Collectable",
        "Configurable",
        "EventCollectable",
        "EventPageCollectable",
        "HasHints",
        "HasName",
        "HasParent",
        "Locatable",
        "Pausable",
        "Preparable",
        "Stageable",
        "Stoppable",
        "Subscribable",
        "Triggerable",
        "WritesExternalAssets",
        "WritesStreamAssets",
    ),
    "__DEVICE__",
)
"""What a hint of Bluesky's protocols, or of ours, stands for."""
