"""Durable check: what keeps a plan from being replayed after a crash.

Owns finding looks at clocks, random sources, files and devices beside the messages.
Must not run or import the file that it reads; text in, findings out.
Test: texts with each construct, alone, by an alias, and within `recorded`.

A plan that goes on after a crash is run again from its first line, and is told what
it was told then. What it looks at by itself is not told, unless by `recorded`.
"""

import ast
from collections.abc import Iterator

from lapwing.plans.device_guess import is_answer, may_be_device
from lapwing.plans.outside_world import CHANCE, FILE, Kind, kind_of
from lapwing.plans.reach import Reached, is_recorded, reached
from lapwing.plans.source_text import Finding, Source

LONGEST = 60
"""Characters of a construct that are shown."""

_ASIDE = "after a crash the plan is replayed from what was recorded, and the device "

_STATES = Kind(
    "a device's attribute",
    _ASIDE + "may stand elsewhere by then",
    "yield from rd({device}), or {look}",
)
_ACTIONS = Kind(
    "an action beside the messages",
    _ASIDE + "would be told to do it again",
    "{message}",
)
_STATUSES = Kind(
    "a status' attribute",
    "after a crash the plan is replayed from what was recorded, faster than it was",
    "yield from wait(group), or {look}",
)

_ATTRIBUTES = {
    *("position", "value", "limits", "low_limit", "high_limit", "moving"),
    *("connected", "real_position", "alarm_status", "alarm_severity", "timestamp"),
}
_STATUS_ATTRIBUTES = {"done", "success"}
_LOOKS = {
    *("get", "read", "locate", "describe", "get_value", "get_setpoint"),
    *("read_configuration", "describe_configuration", "get_position"),
}
"""Methods of devices that tell something, called without arguments."""

_SETS = {"set": "mv({device}, value)", "put": "mv({device}, value)"}
_SETS |= {"move": "mv({device}, value)"}
_STARTS = {name: f"{name}({{device}})" for name in ("trigger", "stage", "unstage")}
_STARTS |= {name: f"{name}({{device}})" for name in ("kickoff", "complete")}

_FILE_METHODS = {"read_text", "read_bytes", "iterdir", "is_file", "is_dir", "rglob"}
_FILE_METHODS |= {"write_text", "write_bytes"}


def check_durable(text: str) -> list[Finding]:
    """Return what keeps the plans of a file from being replayed.

    Args:
        text: The text of the file.

    Returns:
        The findings, from the top of the file to its end.

    Raises:
        SyntaxError: The text does not parse.
    """
    source = Source(text)
    findings = [found for one in reached(source) for found in _Look(source, one).all()]
    return sorted(findings, key=lambda found: (found.line, found.column))


class _Look:
    """Goes through one function."""

    def __init__(self, source: Source, where: Reached):
        self._source = source
        self._scope = where.scope
        self._plan = where.plan

    def all(self) -> Iterator[Finding]:
        for node in self._scope.nodes:
            found = self._kind(node)
            if found is None or self._is_recorded(node):
                continue
            whole, kind = found
            yield self._finding(whole, kind)

    def _kind(self, node: ast.AST) -> tuple[ast.expr, Kind] | None:
        """Return what looks at the world, whole, and how; None if it does not."""
        if isinstance(node, ast.Call):
            kind = self._kind_of_call(node)
            return None if kind is None else (node, kind)
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(
            node.ctx, ast.Load
        ):
            return self._kind_of_reference(node)
        return None

    def _kind_of_call(self, node: ast.Call) -> Kind | None:
        func = node.func
        num = len(node.args) + len(node.keywords)
        dotted = self._source.dotted(func, self._scope)
        kind = None if dotted is None else kind_of(dotted, num)
        if kind is CHANCE and "()" in (dotted or ""):
            return kind if self._is_kept(func) else None
        if kind is not None or not isinstance(func, ast.Attribute):
            return kind
        if func.attr in _FILE_METHODS:
            return FILE
        return self._kind_of_method(func, node)

    def _is_kept(self, func: ast.expr) -> bool:
        """Whether a random source outlives the plan, being made at the top."""
        while isinstance(func, ast.Attribute):
            func = func.value
        if not isinstance(func, ast.Name):
            return False
        where, _ = self._scope.lookup(func.id)
        return where is not None and where.parent is None

    def _kind_of_method(self, func: ast.Attribute, call: ast.Call) -> Kind | None:
        num = len(call.args)
        looks = func.attr in _LOOKS and num == 0
        acts = (func.attr in _SETS and num > 0) or (func.attr in _STARTS and num == 0)
        if not (looks or acts):
            return None
        if not may_be_device(func.value, self._scope, self._source):
            return None
        return _STATES if looks else _ACTIONS

    def _kind_of_reference(
        self, node: ast.Attribute | ast.Name
    ) -> tuple[ast.expr, Kind] | None:
        parent = self._source.parents[node]
        if isinstance(parent, ast.Call) and parent.func is node:
            return None  # the call is looked at
        dotted = self._source.dotted(node, self._scope)
        kind = None if dotted is None else kind_of(dotted, None)
        if kind is not None:
            given = isinstance(parent, ast.Call | ast.keyword)
            is_value = dotted in ("os.environ", "os.environb", "sys.argv")
            return (node, kind) if is_value or given else None
        if not isinstance(node, ast.Attribute):
            return None
        if node.attr in _STATUS_ATTRIBUTES and is_answer(node.value, self._scope):
            return node, _STATUSES
        if node.attr not in _ATTRIBUTES or self._is_own(node):
            return None
        if not may_be_device(node.value, self._scope, self._source):
            return None
        return node, _STATES

    def _is_own(self, node: ast.Attribute) -> bool:
        """Whether an attribute is one that the class of a method gives itself."""
        owner = self._scope
        while owner.parent is not None and not owner.is_class:
            owner = owner.parent
        if not (owner.is_class and isinstance(node.value, ast.Name)):
            return False
        if node.value.id != "self":
            return False
        return any(
            isinstance(other, ast.Attribute)
            and isinstance(other.ctx, ast.Store)
            and other.attr == node.attr
            for method in owner.children
            for other in method.nodes
        )

    def _is_recorded(self, node: ast.AST) -> bool:
        """Whether something is handed to `recorded` to be called there."""
        # What is called is called before; so `recorded(time())` records nothing.
        return not isinstance(node, ast.Call) and is_recorded(
            self._source, node, self._scope
        )

    def _finding(self, node: ast.expr, kind: Kind) -> Finding:
        text = ast.unparse(node)
        where = self._words(node)
        return Finding(
            line=node.lineno,
            column=node.col_offset + 1,
            construct=text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...",
            plan=self._plan,
            problem=f"looks at {kind.name}: {kind.problem}"
            if kind is not _ACTIONS
            else f"is {kind.name}: {kind.problem}",
            instead=kind.instead.format(**where),
        )

    def _words(self, node: ast.expr) -> dict[str, str]:
        """Return what stands in the advice."""
        text, message = ast.unparse(node), ""
        look, device = f"recorded(lambda: {text})", node
        if isinstance(node, ast.Call):
            device = node.func
            if not (node.args or node.keywords):
                look = f"recorded({ast.unparse(node.func)})"
        if isinstance(device, ast.Attribute):
            name = device.attr
            message = {**_SETS, **_STARTS}.get(name, "")
            device = device.value
        words = {"device": ast.unparse(device), "look": look}
        return {**words, "message": f"yield from {message.format(**words)}"}
