"""Our answers to submitted plans beside bluesky-queueserver's.

Where the two differ, `DIFFERENCES` says in which case, and why: ours is stricter, or
the difference is one of the gaps of the other that users know by name.
"""

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from bluesky_queueserver.manager import profile_ops
from compat.annotation_calls import DEVICES, LISTS, a_call, a_signature

from lapwing.annotation import validate_plan

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs are many

LEAVES = [
    "int",
    "float",
    "str",
    "bool",
    "NoneType",
    "typing.Any",
    "object",
    "list",
    "dict",
    "tuple",
    "set",
    "D1",
    "D2",
    "D3",
    "P",
    "E",
    "Q",
    "__DEVICE__",
    "__PLAN__",
    "__READABLE__",
    "__CALLABLE__",
    "typing.Literal['a', 1, None]",
    "typing.Hashable",
    "typing.Tuple[()]",
    "typing.Text",
    "bluesky.protocols.Collectable",
]
GENERICS = [
    "typing.List[{}]",
    "list[{}]",
    "typing.Sequence[{}]",
    "collections.abc.Sequence[{}]",
    "typing.Iterable[{}]",
    "collections.abc.Iterable[{}]",
    "typing.Optional[{}]",
    "{} | None",
    "typing.Union[{}, {}]",
    "{} | {}",
    "typing.Dict[str, {}]",
    "dict[str, {}]",
    "typing.Mapping[str, {}]",
    "tuple[{}, {}]",
    "typing.Tuple[{}, ...]",
    "set[{}]",
    "typing.Annotated[{}, 'mm']",
    "collections.abc.Collection[{}]",
    "typing.Iterator[{}]",
    "dict[int, {}]",
    "typing.Deque[{}]",
]
VALUES = [0, 1, -3, 2.0, 1.5, 7.5, 100, 10**20, math.nan, math.inf, True, False, None]
VALUES += ["", "a", "1", "det1", "det2", "det3", "it's", "b c", "é", "count", "gone"]
VALUES += ["det1.val", "bare.val", "nope"]


def a_type(dice: random.Random, depth: int = 0) -> str:
    if depth > 2 or dice.random() < 0.35:
        return dice.choice(LEAVES)
    generic = dice.choice(GENERICS)
    parts = (a_type(dice, depth + 1) for _ in range(generic.count("{}")))
    return generic.format(*parts)


def a_value(dice: random.Random, depth: int = 0) -> Any:
    if depth > 2 or dice.random() < 0.6:
        return dice.choice(VALUES)
    if dice.random() < 0.6:
        return [a_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    keys = ["a", "1", "det1", "z"]
    return {dice.choice(keys): a_value(dice, depth + 1) for _ in range(2)}


def a_parameter(dice: random.Random) -> dict[str, Any]:
    text = a_type(dice)
    annotation: dict[str, Any] = {"type": text}
    for key, lists in LISTS.items():
        used = {name: lists[name] for name in lists if re.search(rf"\b{name}\b", text)}
        if used:
            annotation[key] = used
    found: dict[str, Any] = {"name": "x", "annotation": annotation}
    found["kind"] = {"name": "POSITIONAL_OR_KEYWORD", "value": 1}
    if dice.random() < 0.2:
        found["min"] = dice.choice(["0", "-1", "1.5"])
    if dice.random() < 0.2:
        found["max"] = dice.choice(["5", "7.5", "100"])
    if dice.random() < 0.1:
        del found["annotation"]
    return found


def anywhere(value: Any, is_there: Callable[[Any], bool]) -> bool:
    inner: list[Any] = []
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, list):
        inner = value
    return is_there(value) or any(anywhere(one, is_there) for one in inner)


def is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def has_range(parameter: Mapping[str, Any]) -> bool:
    return "min" in parameter or "max" in parameter


@dataclass(frozen=True)
class Difference:
    """One way in which the answers differ: what ours is, why, and when."""

    ours: bool
    why: str
    when: Callable[[str, dict[str, Any], Any], bool]


DIFFERENCES = {
    "a bool is no number": Difference(
        False,
        "stricter: True for a float is a slip",
        lambda text, _, value: "float" in text and anywhere(value, is_bool),
    ),
    "a number is no bool": Difference(
        False,
        "stricter: 1 for a bool is a slip",
        lambda text, _, value: (
            "bool" in text and anywhere(value, lambda one: one in (0, 1))
        ),
    ),
    "a bool is in no range": Difference(
        True,
        "named: theirs takes True for 1, and holds it to a range of numbers",
        lambda _, parameter, value: has_range(parameter) and anywhere(value, is_bool),
    ),
    "NaN is out of any range": Difference(
        False,
        "stricter: a range is given so that a motor gets a number",
        lambda _, parameter, value: has_range(parameter) and anywhere(value, is_nan),
    ),
    "values of dicts are of their type": Difference(
        False,
        "stricter: theirs takes {'a': '5'} for dict[str, int]",
        lambda text, _, value: (
            bool(re.search("[Dd]ict|Mapping", text))
            and anywhere(value, lambda one: isinstance(one, dict))
        ),
    ),
    "an Iterable is a list": Difference(
        False,
        "stricter: theirs takes keys of dicts, and looks into the outermost only; "
        "ours takes neither a dict nor a text where alternatives may be meant",
        lambda text, _, value: (
            "Iterable" in text
            and anywhere(value, lambda one: isinstance(one, (str, list, dict)))
        ),
    ),
    "a text is no list": Difference(
        False,
        "stricter: theirs takes 'det1' for Sequence[Any]",
        lambda text, _, value: (
            bool(re.search("Sequence", text))
            and anywhere(value, lambda one: isinstance(one, str))
        ),
    ),
    "a function's name is dotted": Difference(
        False,
        "stricter: theirs evaluates any text",
        lambda text, _, value: "__CALLABLE__" in text,
    ),
    "a part of a device is in the list": Difference(
        False,
        "stricter: theirs takes any one part of a device whose parts are not listed",
        lambda text, _, value: (
            "D3" in text and anywhere(value, lambda one: one == "bare.val")
        ),
    ),
    "quotes are data": Difference(
        True,
        "named: theirs writes members into code, where a quote ends them",
        lambda text, _, value: "Q" in text,
    ),
    "more of collections.abc": Difference(
        True,
        "named: theirs accepts collections.abc, but has no check for these, and so "
        "refuses every value of a type that has them anywhere",
        lambda text, _, value: bool(re.search("Collection|Iterator", text)),
    ),
    "True is not 1": Difference(
        True,
        "named: bools pass as numbers there, so that True becomes the 1 of a Literal "
        "and is refused as such, where a bool is allowed beside it",
        lambda text, _, value: "Literal" in text and anywhere(value, is_bool),
    ),
    "more of Bluesky's protocols": Difference(
        True,
        "named: theirs maps some protocols to devices, and has no check for the "
        "others, such as Preparable, so that it refuses every value",
        lambda text, _, value: "bluesky.protocols" in text,
    ),
    "a set is of one kind, each once": Difference(
        False,
        "stricter: theirs takes an item twice, and several kinds or names of a list if "
        "a hash happens to put them in the order in which they were given",
        lambda text, _, value: (
            "set" in text and anywhere(value, lambda one: isinstance(one, list))
        ),
    ),
}


def answers(parameter: Mapping[str, Any], value: Any) -> tuple[bool, bool]:
    """Return what they say and what we say to a value."""
    described = {"name": "p", "module": "m", "parameters": [parameter]}
    plans = {"p": described, "count": {"name": "count", "parameters": []}}
    lists = {"allowed_plans": plans, "allowed_devices": DEVICES}
    plan = {"name": "p", "kwargs": {"x": value}}
    theirs, _ = profile_ops.validate_plan(plan, **lists)
    ours, words = validate_plan(plan, **lists)
    assert ours == (words == "")
    return theirs, ours


def compare(seed: int, number: int) -> set[str]:
    """Compare answers to generated values; return which differences were seen."""
    dice = random.Random(seed)
    seen: set[str] = set()
    accepted = 0
    for _ in range(number):
        parameter = a_parameter(dice)
        text = parameter.get("annotation", {}).get("type", "")
        for _ in range(6):
            value = a_value(dice)
            theirs, ours = answers(parameter, value)
            accepted += theirs
            if theirs == ours:
                continue
            reasons = {
                name
                for name, difference in DIFFERENCES.items()
                if difference.ours == ours and difference.when(text, parameter, value)
            }
            assert reasons, (theirs, ours, parameter, value)
            seen |= reasons
    assert accepted > number, "too few of the values are right to tell much"
    return seen


def test_the_differences_are_few_and_each_is_stricter_or_named():
    assert len(DIFFERENCES) <= 15
    for difference in DIFFERENCES.values():
        assert difference.why.startswith("named: " if difference.ours else "stricter: ")


@pytest.mark.timeout(240)  # theirs makes a model for each value
def test_thousands_of_generated_values_get_the_same_answer():
    assert compare(1, 800) <= set(DIFFERENCES)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_more_values_get_the_same_answer(seed):
    assert compare(seed, 10_000) <= set(DIFFERENCES)


@pytest.mark.parametrize(
    ("text", "value", "name"),
    [
        ("float", True, "a bool is no number"),
        ("bool", 1, "a number is no bool"),
        ("dict[str, int]", {"a": "5"}, "values of dicts are of their type"),
        ("typing.Iterable[int]", {}, "an Iterable is a list"),
        ("typing.Iterable[int] | dict", {}, "an Iterable is a list"),
        ("set[int]", [1, 1], "a set is of one kind, each once"),
        ("typing.Literal[1] | bool", True, "True is not 1"),
        ("typing.Sequence[typing.Any]", "det1", "a text is no list"),
        ("__CALLABLE__", "a b", "a function's name is dotted"),
        ("Q", "it's", "quotes are data"),
        ("bluesky.protocols.Preparable", "det1", "more of Bluesky's protocols"),
        ("collections.abc.Collection[int]", [1], "more of collections.abc"),
    ],
)
def test_each_difference_is_one(text, value, name):
    lists = {"enums": {"Q": LISTS["enums"]["Q"]}} if text == "Q" else {}
    parameter = {
        "name": "x",
        "kind": {"name": "POSITIONAL_OR_KEYWORD", "value": 1},
        "annotation": {"type": text, **lists},
    }
    theirs, ours = answers(parameter, value)
    assert (theirs, ours) == (not DIFFERENCES[name].ours, DIFFERENCES[name].ours)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ([], {}),
        ([1], {}),
        ([1, 2], {}),
        ([1, 2, 3, 4], {}),
        ([1], {"a": 2}),
        ([1], {"b": 2, "c": 3}),
        ([1, 2], {"b": 2}),
        ([1, 2], {"c": 3, "other": 4}),
        ([], {"b": 2, "c": 3}),
        ([1, 2, "x"], {"c": 3}),
        ([1, 2, 3], {"c": 3, "other": "x"}),
        ([1, 2, 3], {"c": 3, "args": 3}),
    ],
)
@pytest.mark.parametrize("without", [(), (0,), (2,), (4,), (2, 4), (3,)])
def test_calls_are_bound_alike(args, kwargs, without):
    kinds = ["POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL"]
    kinds += ["KEYWORD_ONLY", "VAR_KEYWORD"]
    parameters = [
        {
            "name": name,
            "kind": {"name": kind, "value": value},
            "annotation": {"type": "int"},
            **({"default": "1"} if name == "b" else {}),
        }
        for value, (name, kind) in enumerate(
            zip(["a", "b", "args", "c", "kwargs"], kinds, strict=True)
        )
        if value not in without
    ]
    lists = {"allowed_plans": {"p": {"name": "p", "parameters": parameters}}}
    lists["allowed_devices"] = {}
    plan = {"name": "p", "args": args, "kwargs": kwargs}
    theirs, _ = profile_ops.validate_plan(plan, **lists)
    assert validate_plan(plan, **lists)[0] == theirs


# ------------------------------------------------------------------ whole calls


def compare_calls(seed: int, number: int) -> int:
    """Compare answers to generated calls; return how many are accepted."""
    dice = random.Random(seed)
    accepted = 0
    for _ in range(number):
        parameters = a_signature(dice)
        plans = {"p": {"name": "p", "parameters": parameters}}
        plans["count"] = {"name": "count", "parameters": []}
        lists = {"allowed_plans": plans, "allowed_devices": DEVICES}
        for _ in range(3):
            plan = a_call(dice, parameters)
            theirs, words = profile_ops.validate_plan(plan, **lists)
            ours, our_words = validate_plan(plan, **lists)
            assert ours == theirs, (words, our_words)
            accepted += ours
    return accepted


def test_calls_of_many_parameters_get_the_same_answer():
    assert compare_calls(3, 400) > 300


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_many_more_calls_get_the_same_answer():
    assert compare_calls(4, 8000) > 6000
