"""Write docs/reference/plans.md from the plans, stubs and preprocessors.

Owns the look of that page; the facts on it are signatures and docstrings.
Must not know what any plan does.
Test: `python tools/plan_reference.py --check`, or tests/architecture/test_tools.py.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from math import inf
from pathlib import Path
from typing import Any

from lapwing import plan_stubs, plans, preprocessors, simulators

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "plans.md"
COMMAND = "python tools/plan_reference.py"

HEAD = """\
# Plans and stubs

What a plan says and records is what Bluesky's plan of the same name does; where ours
differs, `tests/compat` says so and why. Every plan takes `md`, metadata merged on top
of its own, and returns the uid of its run. If the variable `BLUESKY_PREDECLARE` is set
to anything, plans declare the stream `primary` before its first event, unless
`per_shot` or `per_step` is given.

This page is made from the docstrings by `{command}`.

## Plans

`from lapwing.plans import scan`, ...

{plans}

## Stubs

The smallest plans, of which others are made: `from lapwing import plan_stubs as bps`.

{stubs}

## Preprocessors

Plans that change plans: `from lapwing import preprocessors as bpp`. Each `..._wrapper`
takes a plan and returns one; the `..._decorator` of the same name takes the further
arguments, and changes what a plan function returns.

{preprocessors}

## Simulators

Plans without their consequences: `from lapwing import simulators`.

{simulators}
"""


def render() -> str:
    """Return the text of the page."""
    functions = _names_by_function(plans, plans.__all__)
    functions.pop(plans.plan)
    functions.pop(plans.Plan)
    changing = [n for n in dir(preprocessors) if not n.endswith("_decorator")]
    return HEAD.format(
        command=COMMAND,
        plans="\n\n".join(_section(names, func) for func, names in functions.items()),
        stubs=_table(plan_stubs, dir(plan_stubs)),
        preprocessors=_table(preprocessors, changing),
        simulators=_table(simulators, simulators.__all__),
    )


def _names_by_function(
    module: Any, names: Iterable[str]
) -> dict[Callable[..., Any], list[str]]:
    """Return public functions with all their names, their own name first."""
    found: dict[Callable[..., Any], list[str]] = {}
    for name in sorted(names):
        value = getattr(module, name)
        if name.startswith("_") or not callable(value):
            continue
        known = found.setdefault(value, [])
        known.insert(0 if name == value.__name__ else len(known), name)
    return dict(sorted(found.items(), key=lambda item: item[1][0]))


def _section(names: list[str], func: Callable[..., Any]) -> str:
    """Return what the page says of a plan: all that its docstring says."""
    doc = inspect.getdoc(func) or ""
    summary, _, rest = doc.partition("\n\n")
    also = (
        f" Also called {', '.join(f'`{n}`' for n in names[1:])}." if names[1:] else ""
    )
    parts = [
        f"### {names[0]}",
        f"```python\n{_signature(names[0], func)}\n```",
        _line(summary) + also,
    ]
    for block in rest.split("\n\n"):
        title, _, body = block.partition("\n")
        if title in ("Args:", "Raises:"):
            parts.append("\n".join(_items(body, raises=title == "Raises:")))
        elif title != "Returns:" and block:
            parts.append(_line(block))
    return "\n\n".join(parts)


def _items(body: str, *, raises: bool) -> list[str]:
    """Return the entries of a section of a docstring as a list."""
    entries = re.split(r"\n(?=    \S)", body)
    items = []
    for entry in entries:
        name, _, text = entry.partition(":")
        code = f"`{name.strip()}`"
        items.append(f"- {'raises ' if raises else ''}{code}: {_line(text)}")
    return items


def _table(module: Any, names: Iterable[str]) -> str:
    rows = ["| name | what it does |", "| --- | --- |"]
    for func, known in _names_by_function(module, names).items():
        signature = _signature(known[0], func, inf).replace("|", r"\|")
        also = "".join(f", `{name}`" for name in known[1:])
        summary = (inspect.getdoc(func) or "").partition("\n\n")[0]
        rows.append(f"| `{signature}`{also} | {_line(summary)} |")
    return "\n".join(rows)


def _signature(name: str, func: Callable[..., Any], width: float = 88) -> str:
    """Return a signature without types, which the docstring puts into words."""
    parameters = inspect.signature(func).parameters.values()
    plain = [p.replace(annotation=p.empty) for p in parameters]
    text = f"{name}{inspect.Signature(plain)}"
    if len(text) <= width:
        return text
    body = "".join(f"    {p},\n" for p in _with_markers(plain))
    return f"{name}(\n{body})"


def _with_markers(parameters: list[inspect.Parameter]) -> list[str]:
    """Return parameters as text, with the star before those given by name alone."""
    shown: list[str] = []
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            shown.append("*")
            starred = True
        shown.append(str(parameter))
    return shown


def _line(text: str) -> str:
    """Return text on one line, with code as pages show it."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def main(arguments: list[str]) -> int:
    """Write the page; with ``--check``, only say whether it is up to date."""
    text = render()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(
        f"docs/reference/plans.md is not what the docstrings say; run: {COMMAND}",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
