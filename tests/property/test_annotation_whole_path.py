"""Mutations of what is right, and of what is hostile, sent the whole way of a plan.

Nothing comes out but an answer or an error of ours, in no time, and no code runs.
"""

import copy
import random
import time
from typing import Any

import pytest
from kit import LOADED
from unit.annotation.whole_path import walk

SEEDS: list[dict[str, Any]] = [
    {
        "description": "Words.",
        "parameters": {
            "x": {
                "annotation": "typing.Union[typing.List[D], P, E]",
                "devices": {"D": ["det1", ":^det:?val$:depth=2", "__MOTOR__:m"]},
                "plans": {"P": ["count", ":_plan$"]},
                "enums": {"E": ["a", "it's"]},
                "default": "a",
                "min": 0,
                "max": 9.5,
                "step": 0.5,
                "convert_device_names": True,
            },
            "rest": {"annotation": "int | None"},
            "y": {"default": [1, 2], "min": 0, "description": "Of it."},
        },
    },
    {"parameters": {"x": {"annotation": "typing.Dict[str, __DEVICE__]"}}},
    {"parameters": {"x": {"annotation": "__CALLABLE__ | None"}, "others": {"max": 5}}},
    {"parameters": {"x": {"annotation": "set[float] | typing.Literal['a', 1]"}}},
]
SUBMITTED: list[dict[str, Any]] = [
    {"name": "a_plan", "args": [["det1", "det1.val"]], "kwargs": {"y": 3}},
    {"name": "a_plan", "args": ["a", 1, None], "kwargs": {"z": [1, {"a": 2.5}]}},
    {"name": "a_plan", "kwargs": {"x": {"a": "motor"}}, "meta": [{"a": 1}, {}]},
    {"name": "a_plan", "kwargs": {"x": "sys.exit"}, "meta": {"a": 1}},
]
DESCRIBED: dict[str, Any] = {
    "name": "a_plan",
    "properties": {"is_generator": True},
    "parameters": [
        {
            "name": "x",
            "kind": {"name": "POSITIONAL_OR_KEYWORD", "value": 1},
            "annotation": {
                "type": "list[D] | dict[str, D] | str",
                "devices": {"D": ["det1", "det1.val", "motor"]},
            },
            "default": "['det1']",
            "min": "0",
            "max": "5.5",
        },
        {"name": "rest", "kind": {"name": "VAR_POSITIONAL", "value": 2}},
        {"name": "y", "kind": {"name": "KEYWORD_ONLY", "value": 3}, "default": "1"},
    ],
}

PIECES = "[ ] ( ) { } , | : . ' \" \\ ? + - * ^ $ \n \0 \ud800 \u0430 \uff49 a 0 __ ..."
WORDS = "det1 typing.List[ int D __DEVICE__ __import__('os') lambda: None (a+)+ depth="


def a_leaf(dice: random.Random) -> Any:
    """Return something that is nowhere right, or only here and there."""
    match dice.randrange(12):
        case 0:
            return 10 ** dice.choice([1, 30, 400, 5000]) * dice.choice([1, -1])
        case 1:
            return dice.choice([float("nan"), float("inf"), -0.0, 1e308, 1j, b"x"])
        case 2:
            return dice.choice([None, True, False, ..., object(), int, len])
        case 3:
            return dice.choice(WORDS.split()) * 10 ** dice.randrange(6)
        case 4:
            deep: Any = 1
            for _ in range(10 ** dice.randrange(6)):
                deep = [deep] if dice.random() < 0.5 else {"a": deep}
            return deep
        case 5:
            wide: Any = ["det1", 1]
            for _ in range(dice.randrange(50)):
                wide = [wide] * dice.randrange(1, 12)
            return wide
        case 6:
            return list(range(10 ** dice.randrange(6)))
        case 7:
            return {str(n): n for n in range(10 ** dice.randrange(5))}
        case _:
            return a_text(dice, "".join(dice.choices(WORDS.split(), k=2)))


def a_text(dice: random.Random, text: str) -> str:
    for _ in range(dice.randrange(1, 5)):
        at, to = sorted(dice.choices(range(len(text) + 1), k=2))
        piece = dice.choice([*PIECES.split(" "), *WORDS.split(), text[at:to] * 3])
        text = text[:at] + piece + text[dice.choice([at, to]) :]
    return text


def mutated(dice: random.Random, value: Any, chance: float) -> Any:
    """Return a copy in which some of what it holds is something else."""
    if dice.random() < chance:
        return a_text(dice, value) if isinstance(value, str) else a_leaf(dice)
    if isinstance(value, dict):
        found = {key: mutated(dice, one, chance) for key, one in value.items()}
        if dice.random() < chance and found:
            moved = found.pop(dice.choice(list(found)))
            key = dice.choice([a_text(dice, "x"), "x", 5, None, "default", "args"])
            found[key] = moved
        if dice.random() < chance / 4:
            found["itself"] = [found]
        return found
    if isinstance(value, list):
        items = [mutated(dice, one, chance) for one in value]
        return items * dice.choice([1, 1, 1, 1, 2, 0])
    return copy.copy(value)


def one_round(dice: random.Random) -> float:
    """Send one set of mutations the whole way; return the longest step's seconds."""
    chance = dice.choice([0.02, 0.1, 0.3])
    submitted = mutated(dice, dice.choice(SUBMITTED), chance)
    if dice.random() < 0.4:
        described = mutated(dice, DESCRIBED, chance)
        steps = walk(described=described, submitted=submitted)
    else:
        steps = walk(mutated(dice, dice.choice(SEEDS), chance), submitted=submitted)
    return max(took for _, took in steps)


def test_what_is_nearly_right_is_answered():
    dice = random.Random(1)
    assert max(one_round(dice) for _ in range(150)) < 0.1 * LOADED


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2, 6))
def test_what_is_nearly_right_is_answered_for_half_a_minute(seed):
    dice = random.Random(seed)
    ends = time.monotonic() + 30
    rounds = 0
    while time.monotonic() < ends:
        took = one_round(dice)
        assert took < 0.1 * LOADED, f"round {rounds} of seed {seed} took {took:.3f} s"
        rounds += 1
    assert rounds > 100
