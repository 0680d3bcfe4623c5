"""YAML that somebody else has written: plain values, read in bounded time.

Owns what of YAML is read: no tags, no depth, nothing that grows without end.
Must not know what the values are for.
Test: ``parse_yaml(content, path)`` with YAML that is right, wrong and hostile.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from lapwing.errors import ConfigError

DEEPEST = 200
MOST_VALUES = 10_000_000
"""Values that there may be once each alias is written out."""

MOST_MERGED = 100_000
"""Keys that all the ``<<`` of a file may bring in."""

LONGEST_NUMBER = 500
_ROOM = 20_000
"""Events that are read however close they stand: what that takes is no time."""

# libyaml is some ten times faster; a PyYAML that was built without it has none.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


class _Loader(_SafeLoader):
    """PyYAML's loader, in which neither numbers nor ``<<`` take endless time.

    It would read ``1:1:1:...`` as digits to base 60, in a time that grows with the
    square of their number, and write out ``<<`` of ``<<``, each ten times as large.
    """

    def __init__(self, stream: Any):
        super().__init__(stream)
        self._merged: dict[int, Any] = {}
        self._num_merged = 0

    def flatten_mapping(self, node: Any) -> None:
        """Bring in what the ``<<`` of a dict stand for, counted beforehand."""
        if id(node) in self._merged:
            return
        self._merged[id(node)] = node
        parts: list[Any] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                parts += value.value if _is_sequence(value) else [value]
        for part in parts:
            if isinstance(part, yaml.MappingNode):
                self.flatten_mapping(part)
        self._num_merged += sum(len(part.value) for part in parts)
        if self._num_merged > MOST_MERGED:
            raise _refusal("its '<<' stand for far too much", node)
        super().flatten_mapping(node)

    def construct_yaml_int(self, node: Any) -> int:
        """Read a whole number, if it is no longer than one may be."""
        if len(node.value) > LONGEST_NUMBER:
            raise _refusal(f"a number has {len(node.value)} characters", node)
        return super().construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _is_sequence(node: Any) -> bool:
    return isinstance(node, yaml.SequenceNode)


def _refusal(why: str, node: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=why, problem_mark=node.start_mark)


def parse_yaml(
    content: bytes,
    path: Path | str,
    most_values: int = MOST_VALUES,
    *,
    fewest_characters: int = 0,
) -> Any:
    """Read YAML of plain values: texts, numbers, bools, None, lists and dicts.

    Args:
        content: In UTF-8 or UTF-16.
        path: The file, for errors.
        most_values: How many values there may be, each alias written out.
        fewest_characters: How many there must be, on average, for each key, value, and
            beginning or end of a list or dict, once there are 20,000 of these.

    Raises:
        ConfigError: It is no YAML, asks for other objects, is nested too deep, or has
            too many values; ``context`` has ``file`` and ``line``.
    """
    try:
        _look_through(content, path, most_values, fewest_characters)
        found = yaml.load(content, Loader=_Loader)
    except ConfigError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise file_fault(path, f"it is no YAML: {error.problem}", line) from None
    except RecursionError:
        raise file_fault(path, "its aliases stand in each other too deep") from None
    except (yaml.YAMLError, ValueError) as error:
        words = f"it is no YAML: {str(error)[:200].splitlines()[0]}"
        raise file_fault(path, words) from None
    size, depth = _expanded(found, {})
    if size > most_values or depth > DEEPEST:
        raise file_fault(path, "its aliases stand for far too much")
    return found


def _look_through(
    content: bytes, path: Path | str, most_values: int, fewest_characters: int
) -> None:
    """Refuse what must not reach the loader, which trusts the depth of its input."""
    depth = 0
    for number, event in enumerate(yaml.parse(content, Loader=_Loader)):
        if isinstance(event, _ENDS):
            depth -= 1
            continue
        if isinstance(event, _STARTS):
            depth += 1
        tag = getattr(event, "tag", None)
        if depth > DEEPEST or tag:
            why = f"a tag, {tag[:80]!r}, is not allowed" if tag else "it is too deep"
            raise file_fault(path, why, event.start_mark.line + 1)
        if number > 3 * most_values:  # what begins, a key, what ends
            why = f"it has more than {most_values} values"
            raise file_fault(path, why, event.start_mark.line + 1)
        come = event.start_mark.index
        if number > _ROOM and number * fewest_characters > come:
            why = f"its first {come} characters have far too many values"
            raise file_fault(path, why, event.start_mark.line + 1)


def _expanded(value: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many values, and how deep, it is with each alias written out."""
    if not isinstance(value, (dict, list)):
        return 1, 0
    found = known.get(id(value))
    if found is None:
        known[id(value)] = MOST_VALUES + 1, 0  # should it be met again inside itself
        inner = value.values() if isinstance(value, dict) else value
        sizes = [_expanded(one, known) for one in inner]
        size = 1 + sum(size for size, _ in sizes)
        found = known[id(value)] = size, 1 + max((deep for _, deep in sizes), default=0)
    return found


def check_keys(content: bytes, path: Path | str) -> None:
    """Refuse a key that a dict has twice, of which YAML would keep the last only.

    Args:
        content: YAML that `parse_yaml` has read.
        path: The file, for errors.

    Raises:
        ConfigError: There is one; ``context`` has ``file`` and ``line``.
    """
    waiting = [yaml.compose(content, Loader=_Loader)]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys: set[tuple[str, str]] = set()
            for key, value in node.value:
                name = (key.tag, str(key.value))
                if name in keys:
                    line = key.start_mark.line + 1
                    why = f"key {str(key.value)[:80]!r} is there a second time"
                    raise file_fault(path, why, line)
                keys.add(name)
                waiting.append(value)


def line_of(content: bytes, place: Sequence[str | int]) -> int | None:
    """Return the line, from 1, of a value, or of the last part of the way to it.

    Args:
        content: YAML that `parse_yaml` has read.
        place: The keys and indices that lead to the value.
    """
    node = yaml.compose(content, Loader=_Loader)
    line = node.start_mark.line if node is not None else 0
    for step in place:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == step]
            if not pairs:
                break
            key, node = pairs[-1]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line
    return line + 1


def file_fault(path: Path | str, why: str, line: int | None = None) -> ConfigError:
    """Return the error of a file, with its line if that is known."""
    place = f"{path}, line {line}" if line else str(path)
    return ConfigError(f"{place}: {why}", file=str(path), line=line)
