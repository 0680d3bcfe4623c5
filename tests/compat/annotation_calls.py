"""Plans of many parameters, and calls of them that are often right."""

import random
import re
from collections.abc import Mapping
from typing import Any

LISTS: dict[str, dict[str, list[str]]] = {
    "devices": {
        "D1": ["det1", "det2"],
        "D2": ["det3", "gone"],
        "D3": ["det1.val", "bare.val"],
    },
    "plans": {"P": ["count", "gone"]},
    "enums": {"E": ["a", "b c", "é"], "Q": ["it's"]},
}
DEVICES = {f"det{n}": {"components": {"val": {}}} for n in range(1, 5)} | {"bare": {}}

RIGHT: dict[str, list[Any]] = {
    "": [1, "det1", None],
    "int": [0, 1, 2],
    "str": ["a", "det1", ""],
    "float": [0, 1.5, 2],
    "D1": ["det1", "det2"],
    "P": ["count"],
    "E": ["a", "b c", "\u00e9"],
    "__DEVICE__": ["det1", "det1.val"],
    "list[int]": [[], [1, 2]],
    "typing.List[D1]": [[], ["det1", "det2"]],
    "int | None": [None, 3],
    "typing.Dict[str, typing.Any]": [{}, {"a": [1]}],
    "tuple[int, str]": [[1, "a"]],
    "typing.Literal['a', 3]": ["a", 3],
    "typing.Union[D1, E]": ["det1", "a"],
}
ARGUMENTS = [0, 1, -3, 7.5, None, "a", "det1", "det2", "det1.val", "count", "nope"]
ARGUMENTS += [[], [1, 2], ["det1", "det2"], ["det1", 1], [1, "a"], {}, {"a": [1]}]
KINDS = ["POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL"]
KINDS += ["KEYWORD_ONLY", "VAR_KEYWORD"]


def a_signature(dice: random.Random) -> list[dict[str, Any]]:
    """Return parameters of all kinds, in an order that Python allows."""
    found: list[dict[str, Any]] = []
    optional = False
    for value, kind in enumerate(KINDS):
        most = 1 if kind.startswith("VAR") else 2
        for at in range(dice.randint(0, most)):
            text = dice.choice(list(RIGHT))
            one: dict[str, Any] = {"name": f"{kind.lower()}{at}"}
            one["kind"] = {"name": kind, "value": value}
            if text:
                one["annotation"] = {"type": text}
            for key, lists in LISTS.items():
                used = {n: lists[n] for n in lists if re.search(rf"\b{n}\b", text)}
                if used:
                    one["annotation"][key] = used
            optional = dice.random() < 0.3 or (optional and kind != "KEYWORD_ONLY")
            if optional and not kind.startswith("VAR"):
                one["default"] = dice.choice(["1", "None", "'det1'", "[]"])
            if dice.random() < 0.1:
                one["min"], one["max"] = "-1", "5"
            found.append(one)
    return found


def a_call(dice: random.Random, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a call that is often right: values by position, then values by name."""

    def value_for(one: Mapping[str, Any]) -> Any:
        text = one.get("annotation", {}).get("type", "")
        return dice.choice(RIGHT[text] if dice.random() < 0.95 else ARGUMENTS)

    ordered = [one for one in parameters if one["kind"]["value"] < 2]
    number = dice.randint(0, len(ordered))
    args = [value_for(one) for one in ordered[:number]]
    if dice.random() < 0.2:
        args.append(dice.choice(ARGUMENTS))
    kwargs = {
        one["name"]: value_for(one)
        for one in parameters
        if one not in ordered[:number]
        and dice.random() < (0.1 if one["kind"]["value"] in (0, 2, 4) else 0.8)
    }
    if dice.random() < 0.1:
        kwargs[dice.choice([*(one["name"] for one in parameters), "other"])] = 1
    plan = {"name": "p", "args": args, "kwargs": kwargs}
    if dice.random() < 0.1:
        plan["meta"] = dice.choice([{}, {"a": 1}, [{"a": 1}], [1], "a", None])
    return plan
