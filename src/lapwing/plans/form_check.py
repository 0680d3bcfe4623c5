"""Form check: mistakes in plans that can be seen without running them.

Owns finding plans that say nothing, are forgotten, hold the engine up, or cannot be
ended, and the list of plans with their signatures.
Must not run or import the file that it reads; text in, findings out.
Test: texts with each mistake, and texts that look like one and are none.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lapwing.plans.reach import reached
from lapwing.plans.scopes import Scope
from lapwing.plans.source_text import Finding, Source

_SWALLOWED = {
    "BaseException": "an abort, a stop and a halt",
    "GeneratorExit": "a halt",
    "PlanHalt": "a halt",
    "RunEngineControlException": "an abort and a stop",
    "RequestAbort": "an abort",
    "RequestStop": "a stop",
    "Exception": "an abort and a stop, and failures of devices",
}
"""What a plan is told at its yield, by what catches it."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan of a file, as a list shows it.

    Attributes:
        line: Where it begins, from 1.
        signature: Name and parameters.
        summary: First line of its docstring, or "".
    """

    line: int
    signature: str
    summary: str


def list_plans(text: str) -> list[PlanLine]:
    """Return the plans of a file that others may use, in order.

    Args:
        text: The text of the file.

    Raises:
        SyntaxError: The text does not parse.
    """
    return [_line_of(scope) for scope in Source(text).plans if _is_public(scope)]


def check_form(text: str) -> list[Finding]:
    """Return the mistakes in the plans of a file.

    Args:
        text: The text of the file.

    Returns:
        The findings, from the top of the file to its end.

    Raises:
        SyntaxError: The text does not parse.
    """
    source = Source(text)
    findings = [found for scope in source.scopes for found in _in_scope(source, scope)]
    findings += [
        _finding(
            node,
            one.plan,
            "makes the engine stand still: no pause, no Ctrl-C and no other device "
            "is heard meanwhile",
            f"yield from sleep({', '.join(map(ast.unparse, node.args))})",
        )
        for one in reached(source)
        for node in one.scope.nodes
        if isinstance(node, ast.Call)
        and source.dotted(node.func, one.scope) == "time.sleep"
    ]
    return sorted(findings, key=lambda found: (found.line, found.column))


def _in_scope(source: Source, scope: Scope) -> Iterator[Finding]:
    if source.is_plan(scope) and _says_nothing(scope):
        yield _finding(
            scope.node,
            scope.name,
            "is a plan that says nothing: it neither yields nor returns a plan",
            "yield from another plan, or yield from null()",
        )
    for node in scope.nodes:
        if isinstance(node, ast.Expr) and source.makes_plan(node.value, scope):
            yield _finding(
                node.value,
                scope.name,
                "makes a plan and drops it: nothing of it is ever done",
                _instead_of_dropped(source, scope, node.value),
            )
        elif isinstance(node, ast.Yield) and node.value is not None:
            if source.makes_plan(node.value, scope):
                yield _finding(
                    node,
                    scope.name,
                    "hands the engine a plan where it takes a message",
                    f"yield from {_short(node.value)}",
                )
        elif isinstance(node, ast.Try) and _asks_in(node.body, scope):
            yield from _swallowed(node, scope)


def _instead_of_dropped(source: Source, scope: Scope, call: ast.expr) -> str:
    runs = source.is_plan(scope) or scope.yields
    return f"yield from {_short(call)}" if runs else f"RE({_short(call)})"


def _swallowed(node: ast.Try, scope: Scope) -> Iterator[Finding]:
    for handler in node.handlers:
        names = _names_of(handler.type)
        if not any(name in _SWALLOWED for name in names) or _answers(handler):
            continue
        orders = ", ".join(_SWALLOWED[name] for name in names if name in _SWALLOWED)
        what = "except" if handler.type is None else f"except {_short(handler.type)}"
        yield _finding(
            handler,
            scope.name,
            f"swallows what may come at a yield ({orders}), so that the plan goes on",
            "raise at its end, or except the errors that are meant; what must be done "
            "at the end goes into finalize_wrapper",
            what,
        )
        if handler.type is None or "BaseException" in names:
            return  # what follows catches nothing
    for part in node.finalbody:
        if isinstance(part, ast.Return):
            yield _finding(
                part,
                scope.name,
                "swallows, in a 'finally', whatever comes at a yield, an abort too",
                "return after the try statement",
            )


def _names_of(caught: ast.expr | None) -> list[str]:
    if caught is None:
        return ["BaseException"]
    several = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return [ast.unparse(one).rpartition(".")[2] for one in several]


def _answers(handler: ast.ExceptHandler) -> bool:
    """Whether a handler raises, or does something with the error itself."""
    for node in ast.walk(ast.Module(handler.body, [])):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Name) and node.id == handler.name:
            return True
    return False


def _asks_in(body: list[ast.stmt], scope: Scope) -> bool:
    """Whether there is a yield of this function in some statements."""
    own = {id(node) for node in scope.yields}
    return any(id(node) in own for part in body for node in ast.walk(part))


def _says_nothing(scope: Scope) -> bool:
    if scope.yields or not isinstance(scope.node, ast.FunctionDef):
        return False
    if any(isinstance(node, ast.Return) and node.value for node in scope.nodes):
        return False
    # What has no body is a form, which others fill in.
    body = [part for part in scope.node.body if not _is_constant(part)]
    return bool(body) and not isinstance(body[-1], ast.Raise)


def _is_constant(part: ast.stmt) -> bool:
    """Whether a statement is a docstring or three dots."""
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)


def _is_public(scope: Scope) -> bool:
    inner = scope.parent is not None and not (
        scope.parent.is_class or not scope.parent.name
    )
    return not inner and not any(p.startswith("_") for p in scope.name.split("."))


def _line_of(scope: Scope) -> PlanLine:
    node = scope.node
    if not isinstance(node, ast.FunctionDef):
        return PlanLine(1, scope.name, "")
    doc = ast.get_docstring(node) or ""
    signature = f"{scope.name}({ast.unparse(node.args)})"
    return PlanLine(node.lineno, signature, doc.partition("\n")[0])


def _short(node: ast.AST, longest: int = 60) -> str:
    text = ast.unparse(node)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _finding(
    node: ast.AST, plan: str, problem: str, instead: str, construct: str = ""
) -> Finding:
    if isinstance(node, ast.FunctionDef):
        construct = f"def {node.name}"
    return Finding(
        line=getattr(node, "lineno", 1),
        column=getattr(node, "col_offset", 0) + 1,
        construct=construct or _short(node),
        plan=plan,
        problem=problem,
        instead=instead,
    )
