"""Turn a JSON Schema into Markdown: a section for each part, a row for each key.

Owns how schemas look on reference pages.
Must not know which schema it is.
Test: through tools/reference.py; tests/architecture/test_tools.py.
"""

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def sections(schema: Schema, titles: Mapping[str, str]) -> str:
    """Return all that a schema says.

    Args:
        schema: With its parts in ``$defs``.
        titles: Headings by name of a part, in their order; "" is the schema itself.
    """
    parts = []
    for name, title in titles.items():
        told = schema["$defs"][name] if name else schema
        parts.append(f"## {title}\n\n{_section(told, titles)}")
    return "\n\n".join(parts)


def _section(told: Schema, titles: Mapping[str, str]) -> str:
    whole, short = told, ""
    for choice in told.get("anyOf", ()):
        if choice.get("type") == "object":
            whole = choice
            key = next(iter(whole["properties"]))
            short = f" A text alone stands for its `{key}`."
    needed = whole.get("required", ())
    rows = ["| key | what it may be | if left out | what it is |"]
    rows.append("| --- | --- | --- | --- |")
    for key, one in whole["properties"].items():
        default = "it is needed" if key in needed else _default(one)
        may = kind(one, titles)
        if one.get("default") is None:
            may = may.removesuffix(" or `null`")  # the same as to leave it out
        cells = (f"`{key}`", may, default, _line(one["description"]))
        rows.append(
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        )
    return f"{_line(whole['description'])}{short}\n\n" + "\n".join(rows)


def kind(told: Schema, titles: Mapping[str, str]) -> str:
    """Return what a value may be, in words."""
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        if name not in titles:
            return "anything plain"
        title = titles[name]
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    for several in ("anyOf", "oneOf"):
        if several in told:
            kinds = [kind(one, titles) for one in told[several]]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in told:
        return " or ".join(f"`{one}`" for one in told["enum"])
    if "const" in told:
        return f"`{told['const']}`"
    return _plain(told, titles)


def _plain(told: Schema, titles: Mapping[str, str]) -> str:
    match told.get("type"):
        case "array":
            inner = kind(told["items"], titles)
            size = told.get("maxItems")
            return f"list of {size if size else ''} {inner}".replace("  ", " ")
        case "object":
            inner = kind(told.get("additionalProperties", {}), titles)
            return f"mapping of names to {inner}"
        case "integer" | "number" as what:
            return {"integer": "whole number", "number": "number"}[what] + _range(told)
        case "boolean":
            return "`true` or `false`"
        case "null":
            return "`null`"
        case "string":
            return "text"
    return "anything plain"


def _range(told: Schema) -> str:
    words = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
    }
    found = [text.format(told[key]) for key, text in words.items() if key in told]
    return "".join(f" {one}" for one in found)


def _default(told: Schema) -> str:
    default = told.get("default")
    if default is None or default in ([], {}):
        return ""
    return f"`{json.dumps(default)}`"


def _line(text: str) -> str:
    return " ".join(text.split())
