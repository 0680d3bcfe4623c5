"""Type hints of a plan's header, turned into the text of a type.

Owns the ways in which Python writes a hint down: as a type, as a text, as both.
Must not know parameters or values; a hint that is not understood is none.
Test: ``hint_text(hint, scope)`` for hints of each kind.
"""

import ast
import builtins
import typing
from collections.abc import Callable, Mapping, Sequence
from inspect import getattr_static, ismodule
from types import GenericAlias, NoneType, UnionType
from typing import Any

from lapwing.annotation.grammar import DEEPEST, LONGEST_TEXT, parse_type, syntax_of
from lapwing.annotation.type_names import BUILT_IN, DEVICE_PROTOCOLS, PROTOCOL_MODULES
from lapwing.errors import PlanArgumentError

_ABSENT = object()
_BARE = {
    "Callable": "__CALLABLE__",
    # So that clients whose checks know no bare Iterable can use it.
    "Iterable": "collections.abc.Iterable[typing.Any]",
}
_NOTES = (str, int, bool, NoneType)
_NAMES = {**vars(builtins), "NoneType": NoneType}


class _Unknown(Exception):
    """The hint is of no kind that is known here."""


def hint_text(hint: Any, scope: Mapping[str, Any]) -> str | None:
    """Return a hint as the text of a type, or None if it is in no grammar of ours.

    Args:
        hint: A type, a generic of `typing` or `collections.abc`, a union, one of
            the protocols of Bluesky or Lapwing, or any of these as a text.
        scope: Where the names of a text are looked up: the plan's globals. They are
            looked up, never evaluated.
    """
    try:
        text = _text(hint, scope, 0)
        parse_type(text)
    except (_Unknown, PlanArgumentError):
        return None
    return text


def _text(hint: Any, scope: Mapping[str, Any], depth: int) -> str:
    if depth > DEEPEST:
        raise _Unknown
    if hint is None:
        return "None"
    if hint is ...:
        return "..."
    if isinstance(hint, str):
        return _text_of_text(hint, scope, depth)
    if isinstance(hint, typing.ForwardRef):
        return _text_of_text(hint.__forward_arg__, scope, depth)
    if isinstance(hint, type) and not isinstance(hint, GenericAlias):
        return _text_of_class(hint)
    return _text_of_generic(hint, scope, depth)


def _text_of_class(hint: type) -> str:
    if hint is NoneType:
        return "NoneType"
    module, name = hint.__module__, hint.__qualname__
    if module in PROTOCOL_MODULES and name in DEVICE_PROTOCOLS:
        return DEVICE_PROTOCOLS[name]
    if module == "collections.abc" and name in _BARE:
        return _BARE[name]
    return name if module == "builtins" else f"{module}.{name}"


def _text_of_generic(hint: Any, scope: Mapping[str, Any], depth: int) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    head = repr(hint).partition("[")[0]
    if getattr(hint, "__parameters__", ()):
        raise _Unknown  # it has a type variable, which may be anything
    if hint is typing.Callable or origin is Callable:
        return "__CALLABLE__"
    if isinstance(origin, type) and _text_of_class(origin) in BUILT_IN:
        return _text_of_class(origin)  # Movable[float]: what it is set to is its own
    if origin is typing.Literal:
        return f"typing.Literal[{', '.join(map(repr, arguments))}]"
    if origin is typing.Annotated:
        return _text_of_annotated(hint, scope, depth)
    if isinstance(hint, UnionType):
        return " | ".join(_member(one, scope, depth) for one in arguments)
    if not head.startswith(("typing.", "collections.", *_NAMES)):
        raise _Unknown
    if head == "typing.Optional":
        arguments = tuple(one for one in arguments if one is not NoneType)
    if arguments:
        inner = ", ".join(_text(one, scope, depth + 1) for one in arguments)
        return f"{head}[{inner}]"
    return f"{head}[()]" if "[()]" in repr(hint) else head


def _text_of_annotated(hint: Any, scope: Mapping[str, Any], depth: int) -> str:
    return _with_notes(_text(hint.__origin__, scope, depth + 1), hint.__metadata__)


def _with_notes(inner: str, notes: Sequence[Any]) -> str:
    # The notes are for other readers, and may be any objects.
    if not notes or not all(type(note) in _NOTES for note in notes):
        return inner
    return f"typing.Annotated[{inner}, {', '.join(map(repr, notes))}]"


def _member(hint: Any, scope: Mapping[str, Any], depth: int) -> str:
    return "None" if hint is NoneType else _text(hint, scope, depth + 1)


def _text_of_text(text: str, scope: Mapping[str, Any], depth: int) -> str:
    if len(text) > LONGEST_TEXT or depth > DEEPEST:
        raise _Unknown
    try:
        tree = syntax_of(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _Unknown from None
    return _written(tree, scope, depth + 1)


def _written(node: ast.expr, scope: Mapping[str, Any], depth: int) -> str:
    """Write a hint's syntax anew, with the names that it means in full."""
    if depth > DEEPEST:
        raise _Unknown
    match node:
        case ast.Constant(value=None):
            return "None"
        case ast.Constant(value=str(text)):
            return _text_of_text(text, scope, depth)
        case ast.Constant(value=value) if value is ...:
            return "..."
        case ast.Name() | ast.Attribute():
            return _text(_meant(node, scope), scope, depth + 1)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            both = (_written(side, scope, depth + 1) for side in (left, right))
            return " | ".join(both)
        case ast.Subscript(value=head, slice=inner):
            return _subscript(_written(head, scope, depth + 1), inner, scope, depth)
    raise _Unknown


def _subscript(head: str, inner: ast.expr, scope: Mapping[str, Any], depth: int) -> str:
    if head in BUILT_IN:
        return head
    if head == "typing.Annotated" and isinstance(inner, ast.Tuple) and inner.elts:
        notes = [getattr(note, "value", _ABSENT) for note in inner.elts[1:]]
        return _with_notes(_written(inner.elts[0], scope, depth + 1), notes)
    if head == "typing.Literal":
        return f"{head}[{ast.unparse(inner).strip('()')}]"
    head = head.partition("[")[0]
    if isinstance(inner, ast.Tuple) and inner.elts:
        parts = [_written(one, scope, depth + 1) for one in inner.elts]
        return f"{head}[{', '.join(parts)}]"
    if isinstance(inner, ast.Tuple):
        return f"{head}[()]"
    return f"{head}[{_written(inner, scope, depth + 1)}]"


def _meant(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    """Return what a dotted name stands for; attributes of modules only, unasked."""
    if isinstance(node, ast.Name):
        found = scope.get(node.id, _NAMES.get(node.id, _ABSENT))
    elif isinstance(node, ast.Attribute):
        module = _meant(node.value, scope)
        if not ismodule(module):
            raise _Unknown
        found = getattr_static(module, node.attr, _ABSENT)
    else:
        raise _Unknown
    if found is _ABSENT or isinstance(found, str):
        raise _Unknown
    return found
