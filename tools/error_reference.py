"""Write docs/reference/errors.md from the classes in lapwing.errors.

Owns the look of that page; the facts on it are those of the classes.
Must not know who raises what.
Test: `python tools/error_reference.py --check`, or tests/architecture/test_tools.py.
"""

import inspect
import sys
from pathlib import Path

from lapwing import errors

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"
COMMAND = "python tools/error_reference.py"

HEAD = """\
# Errors

Every error that Lapwing raises is a `LapwingError` from one tree. Each has

- a **message** of one sentence: what was asked, what was found, what is allowed;
- a **code**: its stable name, for logs, for other programs and for the wire;
- a **hint**: what to do next;
- a **context**: a dictionary of the facts (device, pv, value, limit, ...).

`DeviceError` and its kinds carry `device` and `pv` too, and `DisconnectedError`
carries `pvs`, the list of all PVs concerned.

This page is made from `lapwing/errors.py` by `{command}`.

## The tree

```text
{tree}
```

## The errors

| code | class | what it means | what to do |
| --- | --- | --- | --- |
{rows}

## Orders that a plan sees

These are no errors. They are thrown into a plan at its `yield`, so that it can clean
up, or tell the caller that the plan did not run to its end.

| class | kind of | what it means |
| --- | --- | --- |
{orders}
"""


def render() -> str:
    """Return the text of the page."""
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    ]
    own = [c for c in classes if issubclass(c, errors.LapwingError)]
    orders = [c for c in classes if not issubclass(c, errors.LapwingError)]
    return HEAD.format(
        command=COMMAND,
        tree=_tree(),
        rows="\n".join(_row(c) for c in own),
        orders="\n".join(
            f"| `{c.__name__}` | `{c.__bases__[0].__name__}` | {_meaning(c)} |"
            for c in orders
        ),
    )


def _tree() -> str:
    text = inspect.getdoc(errors) or ""
    block = text.split("::\n", 1)[1].split("\n\nControl exceptions", 1)[0]
    return inspect.cleandoc(block)


def _row(error: type[errors.LapwingError]) -> str:
    cells = (
        f"`{error.code}`",
        f"`{error.__name__}`",
        _meaning(error),
        error.default_hint,
    )
    return "| " + " | ".join(cells).replace("*", r"\*") + " |"


def _meaning(error: type) -> str:
    return (inspect.getdoc(error) or "").splitlines()[0]


def main(arguments: list[str]) -> int:
    """Write the page; with ``--check``, only say whether it is up to date."""
    text = render()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(
        f"docs/reference/errors.md is not what errors.py says; run: {COMMAND}",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
