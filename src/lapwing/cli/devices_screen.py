"""Devices as people read them: names, what they can do, how many parts they have.

Owns the words and the table.
Must not know where the descriptions of devices come from.
Test: tests/unit/cli/test_plans_list.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from lapwing.annotation.lists import components_of
from lapwing.cli.screen import plain, table

_CAN = {"is_readable": "read", "is_movable": "move", "is_flyable": "fly"}


def num_parts(devices: Mapping[str, Any]) -> int:
    """Return how many parts devices have, parts of parts among them."""
    return sum(
        len(components_of(one)) + num_parts(components_of(one))
        for one in devices.values()
    )


def walked(
    devices: Mapping[str, Any], depth: int, path: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield dotted name and description of devices, and of parts down to a depth."""
    for name, one in sorted(devices.items(), key=lambda pair: pair[0].upper()):
        yield path + name, one
        if depth != 1:
            parts = components_of(one)
            yield from walked(parts, max(depth - 1, 0), f"{path}{name}.")


def device_table(devices: list[tuple[str, dict[str, Any]]]) -> Table:
    """Return a table of devices; each part stands below what it is a part of."""
    made = table("device", "can", "parts", "class", right=["parts"], fold=["class"])
    for path, one in devices:
        parts = num_parts({path: one})
        made.add_row(
            plain(path),
            _abilities(one),
            plain(f"{parts:,}" if parts else ""),
            plain(_class(one)),
        )
    return made


def _class(described: Mapping[str, Any]) -> str:
    module, name = described.get("module", ""), described.get("classname", "")
    return name if module in ("", "__main__") else f"{module}.{name}"


def _abilities(described: Mapping[str, Any]) -> Text:
    if described.get("excluded"):
        return Text("only its parts", style="dim")
    return Text(", ".join(word for key, word in _CAN.items() if described.get(key)))
