"""Types in words, for those who submit plans.

Owns what a message says that a value must be.
Must not know values, parameters or plans.
Test: ``words_for(parse_type(text))``.
"""

from lapwing.annotation.excerpt import shown
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
    Unsendable,
    is_loose,
)

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "Any": "anything",
    "Hashable": "a number, a text, a bool or None",
}

_BESIDE_ITERABLES = (
    " (beside an Iterable no other takes lists, and none after it takes texts)"
)


def words_for(wanted: Type) -> str:
    """Say in words what a value of a type is."""
    match wanted:
        case Plain(name):
            return _WORDS.get(name, name)
        case Named(name, members):
            return _words_for_names(name, sorted(members, key=str.casefold))
        case Reference(name):
            return _words_for_reference(name)
        case Items(item, _, unique) if unique:
            return f"a set, of one kind and each once, of: {words_for(item)}"
        case Items(item):
            return f"a list of: {words_for(item)}"
        case Fixed(items):
            inner = ", ".join(words_for(item) for item in items)
            return f"{len(items)} items: {inner}" if items else "an empty list"
        case Entries(key, entry):
            return f"a dict from {words_for(key)} to {words_for(entry)}"
        case Either(members):
            words = " or ".join(words_for(member) for member in members)
            return words + _BESIDE_ITERABLES * any(map(is_loose, members))
        case Exactly(values):
            return "one of " + ", ".join(map(shown, values))
        case Unsendable(name):
            return f"a {name}, which cannot be sent"
    return repr(wanted)


def words_for_range(low: float | None, high: float | None) -> str:
    """Say in words what a range allows; None is a side that is open."""
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"


def _words_for_names(name: str, members: list[str]) -> str:
    name, *members = (one if len(one) <= 80 else shown(one) for one in (name, *members))
    if not members:
        return f"one of {name}, a list that is empty for you"
    more = f" and {len(members) - 8} more" if len(members) > 8 else ""
    return f"one of {name}: {', '.join(members[:8])}{more}"


def _words_for_reference(name: str) -> str:
    kind = name.strip("_").lower().replace("_", " ")
    if kind == "callable":
        return "the dotted name of a function"
    return f"the name of a {kind}"
