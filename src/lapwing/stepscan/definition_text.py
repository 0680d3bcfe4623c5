"""Definition text: YAML or JSON as plain data, with the place of every value.

Owns what a plain word means (YAML 1.2's core schema), and where each value stands.
Must not know what the data mean; nothing of a text is ever run.
Test: tests/unit/stepscan/test_definition_text.py; there and back for any data.

JSON is YAML but for three things, which are seen to first: tabs between tokens,
characters beyond the first 65,536 as pairs of escapes, and some characters in texts
that YAML takes for ends of lines, or not at all.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from lapwing.errors import ConfigError

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value."""


class Place(NamedTuple):
    """Where something stands in a text, counted from 1."""

    line: int
    column: int


Places = dict[Path, Place]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 50
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OTHERS = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_INTEGER = 300
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def parse(text: str, name: str = "the text") -> tuple[Any, Places]:
    """Return the data of a text in YAML or JSON, and where each value stands.

    Args:
        text: One document.
        name: What messages call it, such as the file's name.

    Raises:
        ConfigError: It is neither; says in which line and column, and why.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        text = _PAIR.sub(_joined, text.replace("\t", " "))
        text = _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    reader = _Reader(name)
    try:
        return reader.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        found = ", ".join(filter(None, (exc.problem, exc.context)))
        raise reader.wrong(f"is neither YAML nor JSON: {found}", mark) from exc
    except yaml.reader.ReaderError as exc:
        raise reader.wrong(
            f"has a character that is not allowed: {exc.reason}"
        ) from exc
    except yaml.YAMLError as exc:
        raise reader.wrong(f"is neither YAML nor JSON: {exc}") from exc


def _joined(pair: re.Match[str]) -> str:
    both = bytes.fromhex(pair[1] + pair[2])
    return both.decode("utf-16-be")


def scalar(text: str) -> Any:
    """Return what a plain word means: a number, a truth, nothing, or the text."""
    if text in _OTHERS:
        return _OTHERS[text]
    if _INTEGER.fullmatch(text) and len(text) < _LONGEST_INTEGER:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Reader:
    """Makes data of the events of a parser."""

    def __init__(self, name: str):
        self._name = name
        self._places: Places = {}
        self._events: Iterator[Any] = iter(())

    def wrong(self, problem: str, mark: Any = None) -> ConfigError:
        """Return the error of a text."""
        place = None if mark is None else Place(mark.line + 1, mark.column + 1)
        return error_at(self._name, place, problem)

    def document(self, events: Iterator[Any]) -> tuple[Any, Places]:
        """Return the data of the only document."""
        self._events = events
        data = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                data = self._value(next(events), ())
                next(events)  # its end
                break
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self.wrong(
                    "has a second document; one is needed", event.start_mark
                )
        return data, self._places

    def _value(self, event: Any, path: Path) -> Any:
        mark = event.start_mark
        self._places.setdefault(path, Place(mark.line + 1, mark.column + 1))
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self.wrong("has an anchor or alias (& or *); write it out", mark)
        if len(path) > _DEEPEST:
            raise self.wrong(f"is nested more than {_DEEPEST} deep", mark)
        if event.tag is not None and event.tag != "!":
            raise self.wrong(f"has a tag, {event.tag}; plain values are allowed", mark)
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path)
        return self._mapping(path)

    def _list(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self.wrong("has a key that is no text", event.start_mark)
            key = event.value
            if key in found:
                raise self.wrong(
                    f"has {key!r} twice; once is allowed", event.start_mark
                )
            mark = event.start_mark
            # A key is what people look for; of a value it may be far away.
            self._places[*path, key] = Place(mark.line + 1, mark.column + 1)
            found[key] = self._value(next(self._events), (*path, key))
        return found


def error_at(
    name: str, place: Place | None, problem: str, **options: Any
) -> ConfigError:
    """Return an error that names a file, a line and a column.

    Args:
        name: Name of the file.
        place: Where; None: it is not known.
        problem: What is wrong, and what is allowed.
        **options: ``hint`` and context of the error.
    """
    if place is None:
        return ConfigError(f"{name}: {problem}", file=name, **options)
    line, column = place
    return ConfigError(
        f"{name}, line {line}, column {column}: {problem}",
        file=name,
        line=line,
        column=column,
        **options,
    )


# ---------------------------------------------------------------- writing


class _Dumper(yaml.SafeDumper):
    """Writes what every reader of YAML, 1.1 or 1.2, takes for the same."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = isinstance(scalar(text), str) and not _NOT_YAML.search(text)
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if plain else '"'
    )


def _list_node(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    flat = not any(isinstance(one, list | dict) for one in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flat)


_Dumper.add_representer(str, _text_node)
_Dumper.add_representer(list, _list_node)


def to_yaml(data: Any) -> str:
    """Return data as YAML, which `parse` reads back to the same.

    Args:
        data: Dicts with texts for keys, lists, texts, finite numbers, truths, None.
    """
    return yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=88,
    )
