"""Source text: the functions of a file of plans, and what the names in them mean.

Owns telling which functions are plans, and what an expression stands for.
Must not run or import what it reads, nor know what is wrong with it.
Test: texts of a few lines; ask what is a plan, and what a name stands for.

Answers are guesses where a name's meaning is only known at run time; they are then
"unknown" rather than wrong.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lapwing.plans.scopes import Binding, Function, Scope, take_apart

PLAN_ROOMS = (
    "lapwing.plans.",
    "lapwing.plan_stubs.",
    "lapwing.preprocessors.",
    "bluesky.plans.",
    "bluesky.plan_stubs.",
    "bluesky.preprocessors.",
)
"""Where Lapwing's plans are, or Bluesky's."""

_NO_PLANS = {"plan", "make_decorator", "print_summary", "summarize_plan"}
_NO_PLAN_FUNCTIONS = ("contextmanager", "fixture")  # generators of another kind
_DATA = (ast.Dict, ast.Tuple, ast.List, ast.JoinedStr, ast.BinOp, ast.Compare)
_PLAN_TYPES = ("MsgGenerator", "Plan")
_ITERATORS = {"Generator", "Iterator", "Iterable"}
_DATA_TYPES = {"Iterator", "Iterable"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file that its author should look at.

    Attributes:
        line: Line, from 1.
        column: Column, from 1.
        construct: The piece of source concerned, shortened.
        plan: Name of the plan that it is in, or by which it is called; or "".
        problem: What is the matter, as a sentence.
        instead: What to write instead.
    """

    line: int
    column: int
    construct: str
    plan: str
    problem: str
    instead: str


class Source:
    """A file of plans, read as text.

    Args:
        text: The text.

    Attributes:
        module: The scope of the module.
        scopes: All scopes, from the top of the file to its end.
        parents: The parent of each node.
        stars: The modules of which all names are imported.

    Raises:
        SyntaxError: The text does not parse.
    """

    def __init__(self, text: str):
        parts = take_apart(text)
        self.module = parts.module
        self.scopes = parts.scopes
        self.parents = parts.parents
        self.stars = parts.stars
        self._plans: set[Scope] = set()
        self._find_plans()

    # ------------------------------------------------------------ plans

    def is_plan(self, scope: Scope) -> bool:
        """Whether a function is, or returns, a plan."""
        return scope in self._plans

    @property
    def plans(self) -> list[Scope]:
        """The functions that are, or return, plans, in order."""
        return [scope for scope in self.scopes if scope in self._plans]

    def makes_plan(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression is a call that makes a plan."""
        if not isinstance(node, ast.Call):
            return False
        target = self.target(node.func, scope)
        if target is not None:
            return self.is_plan(target)
        return _is_of_plan_rooms(self.dotted(node.func, scope) or "")

    def _find_plans(self) -> None:
        functions = [s for s in self.scopes if isinstance(s.node, Function)]
        self._plans = {s for s in functions if self._is_plan_by_itself(s)}
        grown = True
        while grown:
            more = {
                scope
                for scope in functions
                if scope not in self._plans
                and isinstance(scope.node, ast.FunctionDef)
                and any(
                    isinstance(node, ast.Return)
                    and node.value is not None
                    and self.makes_plan(node.value, scope)
                    for node in scope.nodes
                )
            }
            self._plans |= more
            grown = bool(more)

    def _is_plan_by_itself(self, scope: Scope) -> bool:
        node = scope.node
        if not isinstance(node, ast.FunctionDef):
            return False
        around = scope.parent or scope
        called = [_called(one) for one in node.decorator_list]
        names = [self.dotted(one, around) or ast.unparse(one) for one in called]
        if any(name.endswith(_NO_PLAN_FUNCTIONS) for name in names):
            return False
        annotated = _annotated_as(node.returns)
        if annotated is not None:
            return annotated
        if any(_decorates_plans(name) for name in names):
            return True
        # Devices hand out their data by generators, too.
        if scope.is_method and scope.name.rpartition(".")[2].startswith("collect"):
            return False
        return any(not _is_data(one) for one in scope.yields)

    # ------------------------------------------------------------ names

    def dotted(self, node: ast.AST | None, scope: Scope, depth: int = 8) -> str | None:
        """Return what an expression stands for, as ``"time.perf_counter"``.

        What a call returns is written with brackets: ``"random.Random().gauss"``.

        Args:
            node: The expression.
            scope: Where it stands.
            depth: How many names are followed at most.

        Returns:
            None if it is something of this file, or unknown.
        """
        if depth == 0:
            return None
        if isinstance(node, ast.Attribute):
            of = self.dotted(node.value, scope, depth - 1)
            return None if of is None else f"{of}.{node.attr}"
        if isinstance(node, ast.Call):
            of = self.dotted(node.func, scope, depth - 1)
            return None if of is None else f"{of}()"
        if not isinstance(node, ast.Name):
            return None
        where, bindings = scope.lookup(node.id)
        if where is None:
            return self._unbound(node.id)
        for binding in bindings:
            if binding.kind == "import":
                return binding.dotted
        if len(bindings) == 1 and bindings[0].kind == "assign":
            return self.dotted(bindings[0].value, where, depth - 1)
        return None

    def _unbound(self, name: str) -> str | None:
        for star in self.stars:
            if _is_of_plan_rooms(f"{star}.{name}"):
                return f"{star}.{name}"
        return f"builtins.{name}" if hasattr(builtins, name) else None

    def target(
        self, node: ast.AST | None, scope: Scope, depth: int = 8
    ) -> Scope | None:
        """Return the function of this file that an expression stands for.

        Args:
            node: The expression.
            scope: Where it stands.
            depth: How many names are followed at most.
        """
        bindings: list[Binding] = []
        if isinstance(node, ast.Name):
            _, bindings = scope.lookup(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            of = self._class_of(node.value.id, scope)
            bindings = [] if of is None else of.bindings.get(node.attr, [])
        for binding in bindings:
            if binding.kind == "def":
                return binding.scope
            if binding.kind == "class" and binding.scope is not None:
                made = binding.scope.bindings.get("__init__", [])
                return made[0].scope if made else None
        alias = bindings[0] if len(bindings) == 1 else None
        if depth and alias is not None and isinstance(alias.value, ast.Name):
            return self.target(alias.value, scope, depth - 1)
        return None

    def _class_of(self, name: str, scope: Scope) -> Scope | None:
        """Return the class if a name is the ``self`` of a method, or a class."""
        where, bindings = scope.lookup(name)
        for binding in bindings:
            if binding.kind == "class":
                return binding.scope
            if binding.kind == "parameter" and where is not None and where.is_method:
                arguments = getattr(where.node, "args", None)
                first = arguments.args[:1] if arguments is not None else []
                if first and first[0].arg == name:
                    return where.parent
        return None

    def above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Go up from a node: each node and its parent, up to the statement."""
        while (parent := self.parents.get(node)) is not None:
            yield node, parent
            if isinstance(parent, ast.stmt):
                return
            node = parent


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _is_data(node: ast.Yield | ast.YieldFrom) -> bool:
    """Whether a yield gives away data, which no message can be."""
    if isinstance(node, ast.YieldFrom):
        return False
    constant = isinstance(node.value, ast.Constant) and node.value.value is not None
    return constant or isinstance(node.value, _DATA)


def _annotated_as(annotation: ast.expr | None) -> bool | None:
    """Whether an annotation says that a plan is returned; None if it says nothing."""
    if annotation is None:
        return None
    text = ast.unparse(annotation).strip("'\"")
    head = text.partition("[")[0].rpartition(".")[2]
    if head.endswith(_PLAN_TYPES) or (head in _ITERATORS and "Msg" in text):
        return True
    return (
        False
        if head == "Callable" or (head in _DATA_TYPES and "Any" not in text)
        else None
    )


def _decorates_plans(dotted: str) -> bool:
    if dotted in ("lapwing.plan", "lapwing.plans.plan", "lapwing.plans.plan.plan"):
        return True
    if dotted == "bluesky.utils.plan":
        return True
    return dotted.startswith(PLAN_ROOMS) and dotted.endswith("_decorator")


def _is_of_plan_rooms(dotted: str) -> bool:
    if not dotted.startswith(PLAN_ROOMS) or "()" in dotted:
        return False
    return dotted.rpartition(".")[2] in _known_plans()


@cache
def _known_plans() -> frozenset[str]:
    """Return the names of Lapwing's plans, which are Bluesky's, too."""
    from lapwing import plans
    from lapwing.plans import (
        device_stubs,
        flow_stubs,
        fly_stubs,
        move_stubs,
        preprocessors,
        rewriting,
        stubs,
        summary,
        supplemental,
    )

    rooms = [plans, device_stubs, flow_stubs, fly_stubs, move_stubs, preprocessors]
    rooms += [rewriting, stubs, summary, supplemental]
    names = {name for room in rooms for name in room.__all__}
    return frozenset(
        name
        for name in names - _NO_PLANS
        if name[0].islower() and not name.endswith("_decorator")
    )
