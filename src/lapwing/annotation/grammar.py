"""The closed grammar in which types of parameters are written.

Owns the reading of a type's text into a tree; nothing is evaluated.
Must not know plans, devices, or how a value is checked.
Test: ``parse_type(text)`` gives a tree, or says at which place the text is at fault.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from threading import Lock

from lapwing.annotation.excerpt import shown
from lapwing.annotation.type_names import (
    BUILT_IN,
    DEVICE_PROTOCOLS,
    FIXED,
    MAPPINGS,
    PLAIN,
    PROTOCOL_MODULES,
    SEQUENCES,
    UNSENDABLE,
    WRAPPERS,
)
from lapwing.annotation.types import (
    ANY,
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
)
from lapwing.errors import PlanArgumentError

LONGEST_TEXT = 10_000
DEEPEST = 24
MOST_PARTS = 8
LONGEST_NAME = 200

_MAY_WARN = re.compile(r"\\|[0-9][A-Za-z_]")
_quiet = Lock()  # what silences warnings is one for all threads


def parse_type(text: str, lists: Mapping[str, frozenset[str]] | None = None) -> Type:
    """Read the text of a type.

    Args:
        text: Such as ``"typing.List[Detectors] | None"``; up to 10,000 characters.
        lists: The names that the parameter defines, and their members. They come
            before all others, so they may redefine ``__DEVICE__``.

    Raises:
        PlanArgumentError: The text is in no grammar, or not in ours; ``context``
            has ``text``, ``line`` and ``column`` (from 1).
    """
    tree = _syntax(text)
    return _Reader(text, lists or {}).read(tree, 0)


def _syntax(text: str) -> ast.expr:
    if len(text) > LONGEST_TEXT:
        raise PlanArgumentError(
            f"the text of a type has {len(text)} characters; "
            f"it may have {LONGEST_TEXT} at most",
            text=text[:80],
        )
    try:
        return syntax_of(text)
    except SyntaxError as error:
        place = error.lineno or 1, error.offset or 1
        raise _fault(text, error.msg or "it is not Python", *place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise _fault(text, str(error) or "it is nested too deep", 1, 1) from None


def syntax_of(text: str) -> ast.expr:
    r"""Return the syntax of an expression, without Python's remarks on it.

    Python warns of ``1x`` and of "\d" where it reads them; the text is no code of
    ours, and whoever runs us should not hear of it.

    Raises:
        SyntaxError: It is none. ValueError, RecursionError, MemoryError likewise.
    """
    text = text.strip()
    if not _MAY_WARN.search(text):
        return ast.parse(text, mode="eval").body
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def _listed(names: Iterable[str]) -> str:
    found = [shown(name).strip("'") for name in names]
    return ", ".join(found[:8]) + (", ..." if len(found) > 8 else "")


def _fault(text: str, why: str, line: int, column: int) -> PlanArgumentError:
    before = text[: len(text) - len(text.lstrip())]
    if line == 1:
        column += len(before.rpartition("\n")[2])
    line += before.count("\n")
    shown = text if len(text) <= 120 else f"{text[:120]}..."
    return PlanArgumentError(
        f"{shown!r} is no type that is known here: {why} "
        f"(line {line}, character {column})",
        text=shown,
        line=line,
        column=column,
    )


class _Reader:
    """Turns the syntax of one text into a tree of types."""

    def __init__(self, text: str, lists: Mapping[str, frozenset[str]]):
        self.text = text
        self.source = text.strip()
        self.ascii = text.isascii()
        self.lists = lists

    def fault(self, node: ast.expr, why: str) -> PlanArgumentError:
        return _fault(self.text, why, node.lineno, node.col_offset + 1)

    def read(self, node: ast.expr, depth: int) -> Type:
        if depth > DEEPEST:
            raise self.fault(node, "it is nested too deep")
        match node:
            case ast.Constant(value=None):
                return Plain("None")
            case ast.Constant(value=str(text)):
                # Lists of the queue server have hints that were texts in quotes.
                return _Reader(text, self.lists).read(_syntax(text), depth + 1)
            case ast.Name() | ast.Attribute():
                return self.bare(node)
            case ast.BinOp(op=ast.BitOr()):
                return Either(tuple(self.alternatives(node, depth)))
            case ast.Subscript(value=head, slice=inner):
                return self.generic(head, inner, depth)
        raise self.fault(node, "a name, X[...], X | Y or None is allowed here")

    def alternatives(self, node: ast.expr, depth: int) -> list[Type]:
        # A loop, because a | b | c ... leans to the left as deep as it is long.
        found: list[Type] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            found.append(self.read(node.right, depth + 1))
            node = node.left
        found.append(self.read(node, depth + 1))
        return found[::-1]

    def dotted(self, node: ast.expr) -> str:
        """Return the name as it stands there.

        Python takes look-alike letters for the same ones; here they are not.
        """
        parts: list[str] = []
        at = node
        while isinstance(at, ast.Attribute):
            parts.append(at.attr)
            at = at.value
        if not isinstance(at, ast.Name):
            raise self.fault(node, "a dotted name is allowed here")
        name = ".".join([at.id, *reversed(parts)])
        if len(parts) > MOST_PARTS or len(name) > LONGEST_NAME:
            raise self.fault(node, "the name is too long")
        written = "" if self.ascii else ast.get_source_segment(self.source, node) or ""
        if not written.isascii():
            raise self.fault(node, f"{written!r} has letters that are not ASCII")
        return name

    def bare(self, node: ast.expr) -> Type:
        name = self.dotted(node)
        if name in self.lists:
            return Named(name, self.lists[name])
        return self.known(name) or self._unknown(node, name)

    def known(self, name: str) -> Type | None:
        """Return the type of a name that stands alone."""
        if name in BUILT_IN:
            return Reference(name)
        if name in PLAIN:
            return Plain(PLAIN[name])
        if name in SEQUENCES:
            return Items(ANY, name, unique=SEQUENCES[name])
        if name in FIXED:
            return Items(ANY, name)
        if name in MAPPINGS:
            return Entries(ANY, ANY)
        if name in UNSENDABLE:
            return Unsendable(name)
        module, _, protocol = name.rpartition(".")
        if module in PROTOCOL_MODULES and protocol in DEVICE_PROTOCOLS:
            return Reference(DEVICE_PROTOCOLS[protocol])
        if name in {"typing.Callable", "collections.abc.Callable"}:
            return Reference("__CALLABLE__")
        return None

    def _unknown(self, node: ast.expr, name: str) -> Type:
        if f"typing.{name}" in {*SEQUENCES, *FIXED, *MAPPINGS, *PLAIN, *WRAPPERS}:
            raise self.fault(node, f"{name} is written typing.{name}")
        own = f"; this parameter defines {_listed(self.lists)}" if self.lists else ""
        raise self.fault(node, f"the name {name} is not known{own}")

    def generic(self, head: ast.expr, inner: ast.expr, depth: int) -> Type:
        name = self.dotted(head)
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name in self.lists:
            raise self.fault(head, f"{name} is a list of names; it takes no [...]")
        if name in WRAPPERS:
            return self.wrapped(head, name, parts, depth)
        if name in SEQUENCES:
            (item,) = self.parts(head, parts, 1, depth)
            return Items(item, name, unique=SEQUENCES[name])
        if name in FIXED:
            return self.fixed(name, parts, depth)
        if name in MAPPINGS:
            return Entries(*self.parts(head, parts, 2, depth))
        if name in UNSENDABLE:
            return Unsendable(name, tuple(self.read(one, depth + 1) for one in parts))
        if name in {"typing.Callable", "collections.abc.Callable"}:
            return Reference("__CALLABLE__")
        if self.known(name):
            raise self.fault(head, f"{name} takes no [...]")
        return self._unknown(head, name)

    def parts(
        self, head: ast.expr, parts: list[ast.expr], number: int, depth: int
    ) -> list[Type]:
        if len(parts) != number:
            raise self.fault(head, f"it takes {number} in [...], not {len(parts)}")
        return [self.read(part, depth + 1) for part in parts]

    def fixed(self, name: str, parts: list[ast.expr], depth: int) -> Type:
        match parts:
            case [item, ast.Constant(value=value)] if value is ...:
                return Items(self.read(item, depth + 1), name)
            case [ast.Tuple(elts=[])]:
                return Fixed(())
        return Fixed(tuple(self.read(part, depth + 1) for part in parts))

    def wrapped(
        self, head: ast.expr, name: str, parts: list[ast.expr], depth: int
    ) -> Type:
        match WRAPPERS[name]:
            case "union":
                if not parts:
                    raise self.fault(head, "it takes at least one in [...]")
                return Either(tuple(self.read(part, depth + 1) for part in parts))
            case "optional":
                return Either((*self.parts(head, parts, 1, depth), Plain("None")))
            case "literal":
                return Exactly(tuple(self.literal(part) for part in parts))
            case "annotated":
                for note in parts[1:]:
                    self.literal(note)
                return self.read(parts[0], depth + 1)
        return self.parts(head, parts, 1, depth)[0]

    def literal(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=bool() | str() | bytes() | int() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
                return -number
        raise self.fault(node, "a text, whole number, bool or None is allowed here")
