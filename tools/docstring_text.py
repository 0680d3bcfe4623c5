"""Turn signatures and docstrings into Markdown.

Owns how functions and classes look on reference pages.
Must not know which ones there are, nor where the pages are.
Test: through tools/reference.py; tests/architecture/test_tools.py.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

_SECTIONS = ("Args:", "Attributes:", "Raises:", "Returns:", "Yields:", "Source:")


def with_all_names(module: Any, names: Iterable[str]) -> dict[Any, list[str]]:
    """Return what is public under these names, by object, its own name first."""
    found: dict[Any, list[str]] = {}
    for name in sorted(names, key=str.lower):
        value = getattr(module, name)
        if name.startswith("_") or not callable(value):
            continue
        known = found.setdefault(value, [])
        known.insert(0 if name == value.__name__ else len(known), name)
    return dict(sorted(found.items(), key=lambda item: item[1][0].lower()))


def overview(known: dict[Any, list[str]]) -> str:
    """Return a table of names, with links to their sections, and first sentences."""
    rows = ["| name | what it does |", "| --- | --- |"]
    for value, names in known.items():
        link = f"[`{names[0]}`](#{names[0].lower()})"
        also = "".join(f", `{name}`" for name in names[1:])
        rows.append(f"| {link}{also} | {_cell(summary(value))} |")
    return "\n".join(rows)


def sections(known: dict[Any, list[str]]) -> str:
    """Return all that docstrings say, a section for each object."""
    return "\n\n".join(section(value, names) for value, names in known.items())


def section(value: Any, names: list[str]) -> str:
    """Return what a page says of a function or class."""
    first, _, rest = _full_doc(value).partition("\n\n")
    others = ", ".join(f"`{name}`" for name in names[1:])
    parts = [
        f"### {names[0]}",
        f"```python\n{signature(names[0], value)}\n```",
        line(first) + (f" Also called {others}." if others else ""),
        *_body(rest),
    ]
    if inspect.isclass(value) and (methods := _methods(value)):
        parts.append("\n".join(methods))
    return "\n\n".join(parts)


def _full_doc(value: Any) -> str:
    """Return a docstring; a class gets its arguments from a private base if need be."""
    doc = inspect.getdoc(value) or ""
    if not inspect.isclass(value) or "Args:" in doc:
        return doc
    bases = [base for base in value.__mro__[1:] if base.__name__.startswith("_")]
    arguments = ((inspect.getdoc(base) or "").partition("\nArgs:") for base in bases)
    found = next((text for _, mark, text in arguments if mark), "")
    return f"{doc}\n\nArgs:{found}" if found else doc


def _body(text: str) -> list[str]:
    """Return the paragraphs and sections that follow a docstring's first line."""
    parts = []
    for block in filter(None, text.split("\n\n")):
        title, _, body = block.partition("\n")
        if title not in _SECTIONS:
            parts.append(line(block))
        elif title in ("Returns:", "Yields:", "Source:"):
            parts.append(f"{title} {line(body)}")
        else:
            parts.append("\n".join(_items(title, body)))
    return parts


def _items(title: str, body: str) -> list[str]:
    """Return the entries of a section of a docstring as a list."""
    before = {"Raises:": "raises ", "Attributes:": "attribute "}.get(title, "")
    items = []
    for entry in re.split(r"\n(?=    \S)", body):
        name, _, text = entry.partition(":")
        items.append(f"- {before}`{name.strip()}`: {line(text)}")
    return items


def _methods(cls: type) -> list[str]:
    """Return a line for each public method and property that a class has itself."""
    items = []
    for name, value in vars(cls).items():
        doc = inspect.getdoc(value)
        if name.startswith("_") or not doc:
            continue
        if isinstance(value, property):
            items.append(f"- `.{name}`: {line(doc.partition(chr(10) * 2)[0])}")
        elif inspect.isfunction(value):
            call = signature(f".{name}", value, width=0, bound=True)
            items.append(f"- `{call}`: {line(doc.partition(chr(10) * 2)[0])}")
    return items


def summary(value: Any) -> str:
    """Return the first sentence of a docstring."""
    return line((inspect.getdoc(value) or "").partition("\n\n")[0])


def signature(
    name: str, value: Callable[..., Any], width: int = 88, *, bound: bool = False
) -> str:
    """Return a signature without types, which the docstring puts into words.

    Args:
        name: What it is called by.
        value: The function or class.
        width: Characters in a line, before it is broken; 0 never breaks it.
        bound: Leave out the first parameter.
    """
    parameters = list(inspect.signature(value).parameters.values())[int(bound) :]
    plain = [p.replace(annotation=p.empty) for p in parameters]
    text = _lasting(f"{name}{inspect.Signature(plain)}")
    if not width or len(text) <= width:
        return text
    body = "".join(f"    {p},\n" for p in _with_markers(plain))
    return _lasting(f"{name}(\n{body})")


def _lasting(text: str) -> str:
    """Return a text with names in the place of what changes from run to run."""
    text = re.sub(r"<function [\w.]*<lambda>[^<>]*>", "...", text)
    kinds = "bound method|built-in function|function|class"
    text = re.sub(rf"<(?:{kinds}) '?([\w.]+)[^<>]*>", r"\1", text)
    return text.replace("<factory>", "...")


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


def line(text: str) -> str:
    """Return text on one line, with code as pages show it."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
