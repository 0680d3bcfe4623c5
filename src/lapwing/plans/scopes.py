"""Scopes: which names a text of Python binds, where, and to what.

Owns taking a text apart into modules, classes and functions, as Python sees them.
Must not know plans, nor run or import what it reads.
Test: through `source_text`, whose answers rest on it.
"""

import ast
from dataclasses import dataclass, field
from typing import Literal

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(slots=True)
class Binding:
    """What gives a name its meaning.

    Attributes:
        kind: How it is given.
        value: The expression that it is assigned, or gone through by a loop.
        dotted: Of an import, what is imported.
        scope: Of a function or a class, its scope.
        annotation: Of a parameter or an annotated assignment.
    """

    kind: Literal["import", "parameter", "assign", "loop", "caught", "def", "class"]
    value: ast.expr | None = None
    dotted: str = ""
    scope: "Scope | None" = None
    annotation: ast.expr | None = None


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class or function, with the names that it binds.

    Attributes:
        nodes: All nodes that are its own, and not of a scope within.
        yields: Its yields, if it is a generator.
    """

    node: ast.AST
    name: str
    parent: "Scope | None" = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    children: "list[Scope]" = field(default_factory=list)
    nodes: list[ast.AST] = field(default_factory=list)
    yields: list[ast.Yield | ast.YieldFrom] = field(default_factory=list)
    outer_names: set[str] = field(default_factory=set)

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_method(self) -> bool:
        """Whether it is a function of a class."""
        return self.parent is not None and self.parent.is_class

    @property
    def decorators(self) -> list[ast.expr]:
        """Its decorators."""
        return getattr(self.node, "decorator_list", [])

    def bind(self, name: str, binding: Binding) -> None:
        """Take note of what a name is bound to."""
        scope = self
        if name in self.outer_names:
            while scope.parent is not None:
                scope = scope.parent
        scope.bindings.setdefault(name, []).append(binding)

    def lookup(self, name: str) -> "tuple[Scope | None, list[Binding]]":
        """Return the scope that binds a name, as Python finds it, and by what."""
        scope: Scope | None = self
        while scope is not None:
            seen = scope is self or not scope.is_class
            if seen and name in scope.bindings:
                return scope, scope.bindings[name]
            scope = scope.parent
        return None, []


@dataclass(slots=True)
class Text:
    """A text, taken apart.

    Attributes:
        module: The scope of the module.
        scopes: All scopes, from the top of the file to its end.
        parents: The parent of each node.
        stars: The modules of which all names are imported.
    """

    module: Scope
    scopes: list[Scope] = field(default_factory=list)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


def take_apart(text: str) -> Text:
    """Return the scopes of a text.

    Raises:
        SyntaxError: It does not parse.
    """
    tree = ast.parse(text)
    parts = Text(Scope(tree, ""))
    parts.scopes.append(parts.module)
    for node in tree.body:
        _Reader(parts, parts.module).read(node, tree)
    return parts


class _Reader:
    """Puts nodes into the scopes that they belong to."""

    def __init__(self, source: Text, scope: Scope):
        self._source = source
        self._scope = scope

    def read(self, node: ast.AST, parent: ast.AST) -> None:
        self._source.parents[node] = parent
        self._scope.nodes.append(node)
        if isinstance(node, Function | ast.ClassDef):
            self._enter(node)
            return
        self._bind(node)
        for child in ast.iter_child_nodes(node):
            self.read(child, node)

    def _enter(self, node: Function | ast.ClassDef) -> None:
        own = getattr(node, "name", "<lambda>")
        prefix = f"{self._scope.name}." if self._scope.name else ""
        inner = Scope(node, f"{prefix}{own}", self._scope)
        self._scope.children.append(inner)
        self._source.scopes.append(inner)
        if isinstance(node, ast.ClassDef):
            self._scope.bind(own, Binding("class", scope=inner))
        elif not isinstance(node, ast.Lambda):
            self._scope.bind(own, Binding("def", scope=inner))
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        if isinstance(node, Function):
            _bind_parameters(inner, node.args)
        reader = _Reader(self._source, inner)
        within = {id(part) for part in body}
        for child in ast.iter_child_nodes(node):
            # Decorators, defaults and annotations are evaluated outside.
            (reader if id(child) in within else self).read(child, node)

    def _bind(self, node: ast.AST) -> None:
        scope = self._scope
        for target, kind, value in _assigned(node):
            _bind_target(scope, target, kind, value, getattr(node, "annotation", None))
        match node:
            case ast.Import(names=names):
                for one in names:
                    dotted = one.name if one.asname else one.name.partition(".")[0]
                    scope.bind(one.asname or dotted, Binding("import", dotted=dotted))
            case ast.ImportFrom():
                self._bind_from(node)
            case ast.ExceptHandler(name=str(name)):
                scope.bind(name, Binding("caught"))
            case ast.Global(names=names):
                scope.outer_names.update(names)
            case ast.Yield() | ast.YieldFrom():
                scope.yields.append(node)
            case _:
                pass

    def _bind_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for one in node.names:
            if one.name == "*":
                self._source.stars.append(module)
            else:
                dotted = f"{module}.{one.name}"
                self._scope.bind(
                    one.asname or one.name, Binding("import", dotted=dotted)
                )


def _assigned(
    node: ast.AST,
) -> list[tuple[ast.expr, Literal["assign", "loop"], ast.expr | None]]:
    """Return what a node assigns to, how, and what."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(target, "assign", value) for target in targets]
        case (
            ast.AnnAssign(target=target, value=value)
            | ast.NamedExpr(target=target, value=value)
            | ast.AugAssign(target=target, value=value)
        ):
            return [(target, "assign", value)]
        case (
            ast.For(target=target, iter=value)
            | ast.comprehension(target=target, iter=value)
        ):
            return [(target, "loop", value)]
        case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
            return [(target, "assign", value)]
        case _:
            return []


def _bind_parameters(scope: Scope, arguments: ast.arguments) -> None:
    several = (arguments.vararg, arguments.kwarg)
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for one in (*named, *(arg for arg in several if arg is not None)):
        scope.bind(one.arg, Binding("parameter", annotation=one.annotation))


def _bind_target(
    scope: Scope,
    target: ast.expr,
    kind: Literal["assign", "loop"],
    value: ast.expr | None,
    annotation: ast.expr | None = None,
) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, Binding(kind, value, annotation=annotation))
    elif isinstance(target, ast.Starred):
        _bind_target(scope, target.value, kind, value)
    elif isinstance(target, ast.Tuple | ast.List):
        pairs = [(part, value) for part in target.elts]
        if isinstance(value, ast.Tuple) and len(value.elts) == len(pairs):
            pairs = list(zip(target.elts, value.elts, strict=True))
        for part, one in pairs:
            _bind_target(scope, part, kind, one)
