"""Our annotations beside bluesky-queueserver's: the same lists, the same answers.

Where the two differ, `DIFFERENCES` says in which case, and why ours is meant so.
"""

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bluesky_queueserver as queueserver
import pytest
import yaml
from bluesky_queueserver.manager import profile_ops

from lapwing import parameter_annotation_decorator
from lapwing.annotation import read_plan, validate_plan
from lapwing.annotation.description import plan_from_dict, plan_to_dict
from lapwing.annotation.names import select_devices, select_plans
from lapwing.annotation.trees import described_trees, live_trees

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs are many


PROFILE = Path(queueserver.__file__).parent / "profile_collection_sim"


# ------------------------------------------------------------------ the lists


@dataclass
class Profile:
    plans: dict[str, Any]
    devices: dict[str, Any]
    described_plans: dict[str, Any]
    described_devices: dict[str, Any]


@pytest.fixture(scope="module")
def profile() -> Profile:
    """Load the simulated profile that comes with the queue server, as it does."""
    namespace = profile_ops.load_profile_collection(str(PROFILE))
    found = profile_ops.existing_plans_and_devices_from_nspace(nspace=namespace)
    return Profile(
        profile_ops.plans_from_nspace(namespace),
        profile_ops.devices_from_nspace(namespace),
        *found[:2],
    )


@pytest.mark.parametrize("source", ["descriptions", "devices"])
def test_each_plan_of_the_simulated_profile_is_described_alike(profile, source):
    described = described_trees(profile.described_devices)
    trees = described if source == "descriptions" else live_trees(profile.devices)
    assert len(profile.plans) > 30
    for name, func in profile.plans.items():
        model = read_plan(
            func,
            name,
            expand_devices=lambda items: select_devices(items, trees),
            expand_plans=lambda items: select_plans(items, profile.plans),
        )
        # A wrapped plan is called what it wraps, there.
        theirs = {**profile.described_plans[name], "name": name}
        assert plan_to_dict(model) == theirs


def test_the_published_list_is_read_and_written_without_a_loss():
    file = PROFILE / "existing_plans_and_devices.yaml"
    listed = yaml.safe_load(file.read_text(encoding="utf-8"))["existing_plans"]
    assert len(listed) > 30
    for described in listed.values():
        assert plan_to_dict(plan_from_dict(described)) == described


@pytest.mark.parametrize(
    "pattern",
    [
        ":?.*:depth=6",
        ":^sim:^mt:^x$",
        ":-^sim:-^mt:-.",
        ":^sim_bundle_A$:?det",
        ":+^sim_bundle:?.*$:depth=2",
        "__DETECTOR__:?.*",
        "__MOTOR__:?.*",
        "__READABLE__:.*:.*",
        "__FLYABLE__:?.*",
        ":^det.$:^val$",
        ":nothing",
    ],
)
def test_patterns_find_the_same_devices(profile, pattern):
    def plan(x):
        yield x

    own = {"annotation": "T", "devices": {"T": ["det", pattern, "no.such"]}}
    plan = queueserver.parameter_annotation_decorator({"parameters": {"x": own}})(plan)
    (theirs,) = profile_ops._process_plan(
        plan, existing_devices=profile.described_devices, existing_plans={}
    )["parameters"]
    expected = theirs["annotation"]["devices"]["T"]
    for trees in (
        described_trees(profile.described_devices),
        live_trees(profile.devices),
    ):
        found = select_devices(own["devices"]["T"], trees)
        assert found == expected


def test_their_decorator_is_understood_and_ours_is_by_them():
    annotation = {"parameters": {"x": {"annotation": "int", "min": 1}}}

    def plan(x):
        yield x

    theirs = queueserver.parameter_annotation_decorator(annotation)(plan)
    described = plan_to_dict(read_plan(theirs))
    assert described == profile_ops._process_plan(
        theirs, existing_devices={}, existing_plans={}
    )

    def other(x):
        yield x

    ours = parameter_annotation_decorator(annotation)(other)
    assert (
        described["parameters"]
        == (profile_ops._process_plan(ours, existing_devices={}, existing_plans={}))[
            "parameters"
        ]
    )


# ------------------------------------------------------------------ the answers

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
        "the manual checks numbers; theirs takes True for 1",
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
    "a dict is no list": Difference(
        False,
        "stricter: theirs takes its keys where an Iterable is wanted",
        lambda text, _, value: (
            "Iterable" in text and anywhere(value, lambda one: isinstance(one, dict))
        ),
    ),
    "items of an Iterable are checked": Difference(
        False,
        "stricter: theirs looks at those of the outermost only",
        lambda text, _, value: "Iterable" in text and isinstance(value, (list, dict)),
    ),
    "a text is no list": Difference(
        False,
        "stricter: theirs takes 'det1' for Sequence[Any]",
        lambda text, _, value: (
            bool(re.search("Sequence|Iterable", text))
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
        "theirs writes members into code, where a quote ends them",
        lambda text, _, value: "Q" in text,
    ),
    "more of collections.abc": Difference(
        True,
        "theirs refuses every value of a type that has these anywhere",
        lambda text, _, value: bool(re.search("Collection|Iterator", text)),
    ),
    "every alternative is tried": Difference(
        True,
        "theirs takes the first that fits loosely (any text is an Iterable, True is 1) "
        "and refuses what it makes of the value",
        lambda text, _, value: (
            "Iterable" in text or ("Literal" in text and anywhere(value, is_bool))
        ),
    ),
    "a set has each item once": Difference(
        False,
        "stricter: a list with an item twice is a slip where a set is wanted",
        lambda text, _, value: (
            "set" in text and anywhere(value, lambda one: isinstance(one, list))
        ),
    ),
    "a set has no order": Difference(
        True,
        "theirs refuses a list when the set made of it has another order",
        lambda text, _, value: "set" in text,
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


def test_the_differences_are_few():
    assert len(DIFFERENCES) <= 15


def test_thousands_of_generated_values_get_the_same_answer():
    assert compare(1, 1500) <= set(DIFFERENCES)


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
        ("typing.Iterable[int]", {}, "a dict is no list"),
        ("typing.Sequence[typing.Any]", "det1", "a text is no list"),
        ("__CALLABLE__", "a b", "a function's name is dotted"),
        ("Q", "it's", "quotes are data"),
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
