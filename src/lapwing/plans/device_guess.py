"""Device guess: whether an expression in a plan may well be a device.

Owns the guess, from what a name is bound to.
Must not run what it reads.
Test: through `durable_check`, with names bound in every way.

Devices come as arguments, from a start-up file, or are made at the top of the file;
what a plan computes, is answered or catches is none.
"""

import ast
import builtins
import sys

from lapwing.plans.scopes import Binding, Scope
from lapwing.plans.source_text import Source

_LIBRARIES = {
    *sys.stdlib_module_names,
    "bluesky",
    "event_model",
    "h5py",
    "lapwing",
    "lmfit",
    "matplotlib",
    "numpy",
    "pandas",
    "scipy",
    "xarray",
}
"""What comes from there is no device."""

_PLAIN_TYPES = {
    *("int", "float", "str", "bool", "bytes", "dict", "complex", "None", "Path"),
    *("Mapping", "ndarray", "NDArray", "ArrayLike", "Callable"),
}

_HAND_THROUGH = {
    *("list", "tuple", "set", "sorted", "reversed", "enumerate", "zip", "iter"),
    *("next", "map", "filter", "getattr", "chain", "cast"),
}
"""Give what they are given."""

_VIEWS = {"values", "items", "keys", "copy", "pop"}


def may_be_device(node: ast.AST | None, scope: Scope, source: Source) -> bool:
    """Whether an expression may well be a device.

    Args:
        node: The expression.
        scope: Where it stands.
        source: The file.
    """
    return _Guess(source).of(node, scope, frozenset())


def is_answer(node: ast.AST, scope: Scope) -> bool:
    """Whether an expression is a name for what a message was answered with."""
    if not isinstance(node, ast.Name):
        return False
    _, bindings = scope.lookup(node.id)
    return any(isinstance(b.value, ast.Yield | ast.YieldFrom) for b in bindings)


class _Guess:
    def __init__(self, source: Source):
        self._source = source

    def of(self, node: ast.AST | None, scope: Scope, seen: frozenset[int]) -> bool:
        if node is None or id(node) in seen:
            return False
        seen |= {id(node)}
        match node:
            case ast.Name():
                return self._name(node.id, scope, seen)
            case ast.Attribute() | ast.Subscript() | ast.Starred():
                return self.of(node.value, scope, seen)
            case ast.Call():
                return self._call(node, scope, seen)
            case ast.NamedExpr(value=value):
                return self.of(value, scope, seen)
            case ast.IfExp(body=one, orelse=other):
                return self.of(one, scope, seen) or self.of(other, scope, seen)
            case (
                ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts)
            ):
                return any(self.of(part, scope, seen) for part in parts)
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                return self.of(element, scope, seen)
            case _:
                return False

    def _name(self, name: str, scope: Scope, seen: frozenset[int]) -> bool:
        where, bindings = scope.lookup(name)
        if where is None:
            return not (hasattr(builtins, name) or _is_type_name(name))
        return any(self._binding(one, name, where, seen) for one in bindings)

    def _binding(
        self, binding: Binding, name: str, where: Scope, seen: frozenset[int]
    ) -> bool:
        if _is_plain(binding.annotation):
            return False
        if binding.kind == "import":
            room = binding.dotted.split(".")[0]
            return not _is_type_name(name) and room not in _LIBRARIES
        if binding.kind == "parameter":
            return True
        if where.parent is None and isinstance(binding.value, ast.Call):
            return self._is_made(binding.value, where)
        return self.of(binding.value, where, seen)

    def _call(self, node: ast.Call, scope: Scope, seen: frozenset[int]) -> bool:
        """In a plan, what is called gives data; or what it is given."""
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _VIEWS:
            return self.of(func.value, scope, seen)
        name = func.id if isinstance(func, ast.Name) else ""
        if name in _HAND_THROUGH:
            return any(self.of(arg, scope, seen) for arg in node.args)
        return False

    def _is_made(self, node: ast.Call, scope: Scope) -> bool:
        """At the top of a file, what is called makes devices."""
        dotted = self._source.dotted(node.func, scope) or ""
        room = dotted.split(".")[0]
        # Those that are made for tests and simulations are devices as well.
        simulated = dotted.startswith(("lapwing.devices", "lapwing.epics"))
        return simulated or room not in {*_LIBRARIES, "builtins"}


def _is_type_name(name: str) -> bool:
    """Whether a name is written as those of classes are."""
    return name[:1].isupper() and name != name.upper()


def _is_plain(annotation: ast.expr | None) -> bool:
    """Whether an annotation names only types that no device is of."""
    if annotation is None:
        return False
    names = {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(annotation)
        if isinstance(part, ast.Name | ast.Attribute)
    }
    return bool(names) and names <= _PLAIN_TYPES
