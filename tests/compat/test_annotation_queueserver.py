"""Our lists of plans beside bluesky-queueserver's: the same descriptions and names."""

import random
import re
import typing
from collections import OrderedDict, abc
from dataclasses import dataclass
from inspect import Parameter as Header
from inspect import Signature, signature
from pathlib import Path
from typing import Any

import bluesky.plan_stubs
import bluesky.plans
import bluesky.preprocessors
import bluesky_queueserver as queueserver
import pytest
import yaml
from bluesky import protocols
from bluesky_queueserver.manager import profile_ops

import lapwing.plan_stubs
import lapwing.plans
from lapwing import parameter_annotation_decorator
from lapwing.annotation import Namespace, prepare_plan, read_plan, validate_plan
from lapwing.annotation.description import plan_from_dict, plan_to_dict
from lapwing.annotation.finding import is_plan
from lapwing.annotation.names import select_devices, select_plans
from lapwing.annotation.trees import described_trees, live_trees
from lapwing.errors import PlanArgumentError

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs are many


PROFILE = Path(queueserver.__file__).parent / "profile_collection_sim"


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


# ------------------------------------------------------------------ Bluesky's own plans

NOT_ALIKE = {
    # Theirs has no word for these protocols, and refuses every value for them.
    "bluesky.plan_stubs.prepare": {"obj"},
    # A class of Bluesky's: theirs keeps its name as a type that nothing is of, ours
    # passes it over, as the manual says of hints that are not understood.
    "bluesky.plan_stubs.install_suspender": {"suspender"},
    "bluesky.plan_stubs.remove_suspender": {"suspender"},
}
MODULES = [bluesky.plans, bluesky.plan_stubs, bluesky.preprocessors]


def plans_of(module: Any) -> list[tuple[str, Any]]:
    return [
        (f"{module.__name__}.{name}", plan)
        for name, plan in sorted(vars(module).items())
        if profile_ops.is_plan(plan) and not name.startswith("_")
    ]


PLANS = [one for module in MODULES for one in plans_of(module)]


@pytest.mark.parametrize(("name", "plan"), PLANS, ids=[name for name, _ in PLANS])
def test_each_plan_of_bluesky_is_described_and_checked_alike(name, plan):
    theirs = profile_ops._process_plan(plan, existing_devices={}, existing_plans={})
    ours = plan_to_dict(read_plan(plan))
    unlike = NOT_ALIKE.get(name, set())
    differing = {
        one["name"]
        for one, other in zip(theirs["parameters"], ours["parameters"], strict=True)
        if one != other
    }
    assert differing == unlike
    assert {**ours, "parameters": 0} == {**theirs, "parameters": 0}
    dice = random.Random(name)
    lists = {"allowed_plans": {plan.__name__: theirs}, "allowed_devices": {"det": {}}}
    for _ in range(8):
        submitted = {
            "name": plan.__name__,
            "args": dice.choices(GIVEN, k=dice.choice([0, 0, 1, 2, 3])),
            "kwargs": {
                one["name"]: dice.choice(GIVEN)
                for one in theirs["parameters"]
                if dice.random() < (0.2 if "default" in one else 0.8)
            },
        }
        ok, words = profile_ops.validate_plan(submitted, **lists)
        found = validate_plan(submitted, **lists)
        assert found[0] == ok or unlike, (submitted, words, found)


GIVEN: list[Any] = [5, -1, 2.5, "det", "x", None, ["det"], [1, 2.5], {"a": 1}, []]


# ------------------------------------------------------------------ any decorator

NUMBERS = [0, 1, -1, 2.0, 0.5, 1e22, 1e-9, 5.0, 10**20, 1e300]
ITEMS = {
    "devices": [
        *("det1", "det2", "nope", " det1 ", "DET1", "det1.val", "a..b", "det1.", ""),
        *(":^det", ":?val$", ":^sim:-^mt:x", ":-^sim:+^mt:?x", ":?det:depth=x"),
        *("__MOTOR__:^sim:?.*:depth=2", "__READABLE__:.*", ": ^det.$", ":", "::"),
    ],
    "plans": ["count", "scan", ":_count$", "nope", ":?scan", ":-^scan", ":a:b", "a.b"],
    "enums": ["a", "b", "b", "é", "B", " c"],
}
TEXTS = ["int", " int ", "D", "typing.List[D]", "typing.Union[D, P]", "E", "foo", ""]
TEXTS += ["__DEVICE__", "typing.List[__PLAN__]", "__PLAN_OR_DEVICE__", "List[int]"]
TEXTS += ["typing.Union[str, __CALLABLE__]", "typing.Optional[P]"]
DEFAULTS = [1, 0, "", "det1", [1, 2], {"a": 1.5}, float("nan"), b"x", (1,), object()]
DOCSTRINGS = [
    None,
    "",
    "Sum\nof two lines.\n\nParameters\n----------\nx : int\n    Of x\n    and more.\n"
    "y, z : float\n    Both.\n",
    "\n\n   Late.\n\n\n   More.\n\n   Parameters\n   ----------\n   x: int\n       no\n"
    "   *args : tuple\n       rest\n",
]


def some(dice: random.Random, chance: float, *values: Any) -> list[Any]:
    return [dice.choice(values)] if dice.random() < chance else []


def a_parameter(dice: random.Random) -> dict[str, Any]:
    """Return what a decorator may say of a parameter; part of it is at fault."""
    found: dict[str, Any] = {}
    for text in some(dice, 0.6, *TEXTS):
        found["annotation"] = text
    for name, (key, items) in zip("DPE", ITEMS.items(), strict=True):
        if (name in found.get("annotation", "")) != (dice.random() < 0.03):
            found[key] = {name: dice.sample(items, dice.randrange(4))}
    for key, values in (("default", DEFAULTS), ("description", ["", "Of\nit", " x "])):
        for value in some(dice, 0.3, *values):
            found[key] = value
    for key in ("min", "max", "step"):
        for value in some(dice, 0.2, *NUMBERS):
            found[key] = value
    for key in ("convert_plan_names", "convert_device_names"):
        for value in some(dice, 0.2, True, False):
            found[key] = value
    return found


OURS_ONLY = r"up to its max|default.* is .*; it must be"
"""What only ours refuses: empty ranges, defaults that break their own rules."""


def told_by_them(plan: Any, annotation: Any, profile: Profile) -> Any:
    """Return a description, or the words with which the plan is refused."""
    try:
        return profile_ops._process_plan(
            queueserver.parameter_annotation_decorator(annotation)(plan),
            existing_devices=profile.described_devices,
            existing_plans=profile.described_plans,
        )
    except ValueError as error:
        return str(error)


def told_by_us(plan: Any, annotation: Any, profile: Profile) -> Any:
    trees = described_trees(profile.described_devices)
    try:
        model = read_plan(
            parameter_annotation_decorator(annotation)(plan),
            expand_devices=lambda items: select_devices(items, trees),
            expand_plans=lambda items: select_plans(items, profile.described_plans),
        )
    except PlanArgumentError as error:
        return str(error)
    return plan_to_dict(model)


def a_plan(dice: random.Random) -> Any:
    def plan(*args, y=2, **kwargs):
        yield args, y, kwargs

    default = dice.choice([1, None, "a", Header.empty])
    x = Header("x", Header.POSITIONAL_OR_KEYWORD, default=default)
    plan.__signature__ = Signature([x, *signature(plan).parameters.values()])
    plan.__doc__ = dice.choice(DOCSTRINGS)
    return plan


def test_generated_decorators_are_described_alike_or_refused_by_both(profile):
    dice = random.Random(5)
    described = 0
    for _ in range(800):
        annotation: dict[str, Any] = {"parameters": {"x": a_parameter(dice)}}
        for other in some(dice, 0.3, "args", "y", "kwargs"):
            annotation["parameters"][other] = a_parameter(dice)
        for text in some(dice, 0.3, "", "Of it\nall"):
            annotation["description"] = text
        plan = a_plan(dice)
        theirs = told_by_them(plan, annotation, profile)
        ours = told_by_us(plan, annotation, profile)
        if isinstance(ours, str):
            assert isinstance(theirs, str) or re.search(OURS_ONLY, ours)
        else:
            assert ours == theirs
            described += 1
    assert described > 250


# ------------------------------------------------------------------ any hint

HINTS: list[Any] = [int, float, str, bool, bytes, complex, None, object, type, range]
HINTS += [list, dict, tuple, set, frozenset, OrderedDict, Any, typing.List]  # noqa: UP006
HINTS += [typing.Hashable, typing.Literal["a", 1], typing.Annotated[int, "mm"]]
HINTS += [abc.Sequence, abc.Iterable, typing.Iterable, abc.Callable[[int], str]]
HINTS += [typing.Callable, typing.Callable[[int], str], typing.Iterator[int]]
HINTS += [protocols.Readable, protocols.Movable, protocols.NamedMovable]
HINTS += [
    protocols.Flyable,
    protocols.Triggerable,
    protocols.Locatable,
    PlanArgumentError,
]
GENERICS = [typing.List, typing.Sequence, abc.Sequence, abc.Iterable, typing.Optional]  # noqa: UP006
GENERICS += [list, set, typing.Deque, typing.Type]  # noqa: UP006


def a_hint(dice: random.Random, depth: int = 0) -> Any:
    if depth > 2 or dice.random() < 0.4:
        return dice.choice(HINTS)
    one, other = a_hint(dice, depth + 1), a_hint(dice, depth + 1)
    made = [
        lambda: dice.choice(GENERICS)[one],
        lambda: dice.choice([dict, typing.Mapping])[str, one],
        lambda: typing.Union[one, other],  # noqa: UP007
        lambda: one | other,
        lambda: tuple[one, ...],
        lambda: typing.Tuple[one, other],  # noqa: UP006
    ]
    try:
        return dice.choice(made)()
    except TypeError:
        return one  # two texts or Nones are no union


def test_generated_hints_are_written_alike():
    dice = random.Random(9)
    written = 0
    for _ in range(1500):

        def plan(x):
            yield x

        plan.__annotations__["x"] = a_hint(dice)
        theirs = profile_ops._process_plan(plan, existing_devices={}, existing_plans={})
        ours = plan_to_dict(read_plan(plan))
        assert ours == theirs, plan.__annotations__
        written += "annotation" in ours["parameters"][0]
    assert written > 1000


# ------------------------------------------------------------------ our own plans

OURS = [
    (name, ours, getattr(theirs, name))
    for mine, theirs in (
        (lapwing.plans, bluesky.plans),
        (lapwing.plan_stubs, bluesky.plan_stubs),
    )
    for name in sorted({*dir(mine)} & {*dir(theirs)})
    if is_plan(ours := getattr(mine, name)) and not name.startswith("_")
]
# Their keys are motors, which no dict that was sent can have.
FOR_CODE_ONLY = {"step", "pos_cache"}


@pytest.mark.parametrize(("name", "ours", "theirs"), OURS, ids=[one[0] for one in OURS])
def test_names_become_devices_in_our_plans_where_they_do_in_blueskys(
    name, ours, theirs
):
    model = read_plan(ours, name)
    for parameter in read_plan(theirs, name).parameters:
        if parameter.annotation and parameter.names_devices:
            mine = model.by_name[parameter.name]
            assert mine.names_devices or parameter.name in FOR_CODE_ONLY, parameter


def test_our_scans_get_devices():
    devices = {name: type(name, (), {})() for name in ("det", "motor")}
    plans = {name: getattr(lapwing.plans, name) for name in ("count", "grid_scan")}
    lists = {name: plan_to_dict(read_plan(plan)) for name, plan in plans.items()}
    for name, args in (("count", []), ("grid_scan", ["motor", 0, 1, 3])):
        prepared = prepare_plan(
            {"name": name, "args": [["det"], *args], "kwargs": {"md": {"a": "det"}}},
            namespace=Namespace(devices, plans),
            allowed_plans=lists,
            allowed_devices={key: {} for key in devices},
        )
        assert prepared.args[0] == [devices["det"]]
        assert prepared.args[1:] == tuple(devices.get(one, one) for one in args)
        assert prepared.kwargs == {"md": {"a": "det"}}
