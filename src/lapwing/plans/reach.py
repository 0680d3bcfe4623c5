"""Reach: which functions of a file run while one of its plans does.

Owns following calls from plans to plain functions, and what is done by `recorded`.
Must not run what it reads, nor know what is wrong with it.
Test: texts with plans, functions that they call, and others.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lapwing.plans.scopes import Scope
from lapwing.plans.source_text import Source

_LISTENING = {"subscribe", "subs_wrapper", "subs_decorator", "wait_for"}
"""What they are given is called by the engine, not by the plan."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A function that runs while a plan does.

    Attributes:
        scope: The function.
        plan: The name of the plan.
    """

    scope: Scope
    plan: str


def reached(source: Source) -> Iterator[Reached]:
    """Give all plans of a file, and the functions of it that they call.

    Left out is what they call by `recorded`, what only hears documents, and what is
    awaited.
    """
    waiting = [Reached(scope, scope.name) for scope in source.plans]
    seen = {one.scope for one in waiting}
    while waiting:
        here = waiting.pop(0)
        yield here
        for scope in _called_from(source, here.scope):
            if scope not in seen:
                seen.add(scope)
                waiting.append(Reached(scope, here.plan))


def _called_from(source: Source, scope: Scope) -> Iterator[Scope]:
    lambdas = {child.node: child for child in scope.children}
    for node in scope.nodes:
        if isinstance(node, ast.Lambda):
            if not is_recorded(source, node, scope):
                yield lambdas[node]
        elif isinstance(node, ast.Name | ast.Attribute):
            target = source.target(node, scope)
            if (
                target is not None
                and isinstance(node.ctx, ast.Load)
                and isinstance(target.node, ast.FunctionDef)
                and not is_recorded(source, node, scope)
            ):
                yield target


def is_recorded(source: Source, node: ast.AST, scope: Scope) -> bool:
    """Whether an expression is handed to `recorded`, or to whoever is no plan.

    Args:
        source: The file.
        node: A function, a lambda, or what it belongs to.
        scope: Where it stands.
    """
    for child, parent in source.above(node):
        if not isinstance(parent, ast.Call):
            continue
        if child is parent.func:
            return False  # it is called here and now
        if _is_listening(source, parent, scope):
            return True
        if is_call_of_recorded(source, parent, scope):
            return True
    return False


def is_call_of_recorded(source: Source, call: ast.Call, scope: Scope) -> bool:
    """Whether a call is one of `recorded`."""
    return _name_of(source, call.func, scope) == "recorded"


def _is_listening(source: Source, call: ast.Call, scope: Scope) -> bool:
    name = _name_of(source, call.func, scope)
    if name == "Msg" and call.args and isinstance(call.args[0], ast.Constant):
        name = str(call.args[0].value)
    return name in _LISTENING


def _name_of(source: Source, node: ast.expr, scope: Scope) -> str:
    """Return the last part of what something is called, whatever its alias."""
    dotted = source.dotted(node, scope)
    if dotted is None or dotted.startswith("builtins."):
        dotted = ast.unparse(node)
    return dotted.rpartition(".")[2]
