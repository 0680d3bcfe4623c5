"""Descriptions of a plan and of its parameters, taken from its docstring.

Owns the two styles that are read: NumPy's and Google's.
Must not know plans, types or signatures; a docstring never makes an error.
Test: ``read_docstring(text)``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from itertools import pairwise
from textwrap import dedent

_NUMPY_RULE = re.compile(r"^(-{3,}|={3,})$")
_GOOGLE_HEAD = re.compile(
    r"^(Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments"
    r"|Other Parameters):$"
)
_ANY_GOOGLE_HEAD = re.compile(r"^[A-Z][A-Za-z ]{2,30}:$")
_GOOGLE_ENTRY = re.compile(
    r"^(\*{0,2}\w+(?:, ?\*{0,2}\w+)*)\s*(?:\([^)]*\))?:(?!:)(.*)$"
)
_NUMPY_NAMES = re.compile(r"^(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")
_SIGNATURE = re.compile(r"^([\w.]+\s*=\s*)?[\w.]+\(.*\)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says.

    Attributes:
        summary: The first paragraph, its lines as written; "" if there is none.
        parameters: Descriptions by the parameter's name, without stars.
    """

    summary: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def read_docstring(text: str | None) -> Docstring:
    """Take the summary and the parameters' descriptions from a docstring.

    Types in it are passed over. ``a, b : int`` describes both. What is written in
    neither style has a summary and describes no parameter.
    """
    lines = cleandoc(text or "").strip().splitlines()
    said = dict(_numpy_entries(lines)) or dict(_google_entries(lines))
    parameters = {name: text for name, text in said.items() if text}
    return Docstring(_summary(lines), parameters)


def _summary(lines: list[str]) -> str:
    # A first line that is the signature itself, as C functions have it, says nothing.
    if lines and _SIGNATURE.match(lines[0].strip()):
        lines = lines[1:]
    found: list[str] = []
    for line, following in pairwise([*lines, ""]):
        if not line.strip() and not found:
            continue
        is_head = _NUMPY_RULE.match(following.strip()) or _GOOGLE_HEAD.match(line)
        if not line.strip() or is_head:
            break
        found.append(line)
    return "\n".join(found)


def _numpy_entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (name, description) of the section ``Parameters``."""
    section = _numpy_section(lines)
    entry: list[str] = []
    names: list[str] = []
    for line in [*section, "\0"]:
        if line[:1].isspace() or not line.strip():
            entry.append(line)
            continue
        for name in names:
            yield name, _text(entry)
        names = _names(_NUMPY_NAMES.match(line))
        entry = []


def _numpy_section(lines: list[str]) -> list[str]:
    heads = [
        at
        for at in range(len(lines) - 1)
        if _NUMPY_RULE.match(lines[at + 1].strip()) and lines[at].strip()
    ]
    found: list[str] = []
    for at, end in pairwise([*heads, len(lines)]):
        if lines[at].strip().casefold() == "parameters":
            found += lines[at + 2 : end]
    return found


def _google_entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (name, description) of the section ``Args:``."""
    names: list[str] = []
    entry: list[str] = []
    for line in [*_google_section(lines), "\0:"]:
        if line[:1].isspace() or not line.strip():
            entry.append(line)
            continue
        for name in names:
            yield name, _text(entry)
        match = _GOOGLE_ENTRY.match(line)
        names = _names(match)
        entry = [f"{match[2].strip()}\n"] if match else []


def _google_section(lines: list[str]) -> list[str]:
    """Return the lines of the section, its indentation taken away."""
    found: list[str] = []
    inside = False
    for line in lines:
        if _ANY_GOOGLE_HEAD.match(line):
            inside = _GOOGLE_HEAD.match(line) is not None
        elif line[:1].strip():
            inside = False
        elif inside:
            found.append(line)
    return dedent("\n".join(found)).splitlines()


def _names(match: re.Match[str] | None) -> list[str]:
    return [one.strip().lstrip("*") for one in match[1].split(",")] if match else []


def _text(entry: list[str]) -> str:
    """Return an entry's text: the first line may stand beside the name."""
    if entry and entry[0].endswith("\n"):
        rest = dedent("\n".join(entry[1:]))
        return f"{entry[0]}{rest}".strip()
    return dedent("\n".join(entry)).strip("\n")
