"""Names become objects: which of them, where, and which never."""

import os.path
import types

import pytest
from unit.annotation import manual_plans

from lapwing import parameter_annotation_decorator
from lapwing.annotation import Namespace, prepare_plan, read_plan
from lapwing.annotation.description import plan_to_dict
from lapwing.errors import PlanArgumentError


class Device:
    def __init__(self, name, **parts):
        self.name = name
        vars(self).update(parts)


class Vector:
    """As ophyd-async's: its parts are numbered."""

    def __init__(self, *parts):
        self.parts = dict(enumerate(parts, 1))

    def children(self):
        return iter(self.parts.items())


VAL = Device("val")
ONE = Device("one")
DEVICES = {
    "det1": Device("det1", val=VAL, hidden=Device("hidden"), go=len),
    "det2": Device("det2"),
    "det3": Device("det3"),
    "a-b": Device("a-b", many=Vector(ONE)),
    "secret": Device("secret"),
}
ALLOWED = {
    "det1": {"components": {"val": {}, "lost": {}}},
    "det2": {},
    "det3": {},
    "a-b": {"components": {"many": {"components": {"1": {}, "2": {}}}}},
    "gone": {},
}
MODULE = types.ModuleType("room")
MODULE.path = os.path
MODULE.step = lambda: None
MODULE._private = lambda: None
MODULE.number = 5
MODULE.inner = types.ModuleType("room.inner")
MODULE.inner.go = lambda: None
FUNCTIONS = {"room": MODULE, "os": os, "det1": DEVICES["det1"], "_x": print}


def count(detectors=()):
    yield detectors


def prepared(func, *args, **kwargs):
    plan = {"name": func.__name__, "args": list(args), "kwargs": kwargs}
    models = {one.__name__: read_plan(one) for one in (func, count)}
    return prepare_plan(
        plan,
        namespace=Namespace(DEVICES, {func.__name__: func, "count": count}, FUNCTIONS),
        allowed_plans={name: plan_to_dict(model) for name, model in models.items()},
        allowed_devices=ALLOWED,
        allows_function=lambda name: name != "os.remove",
    )


def annotated(**x):
    def plan(x=None, y=2):
        yield x, y

    return parameter_annotation_decorator({"parameters": {"x": x}})(plan)


def becomes(value, **x):
    return prepared(annotated(**x), value).args[0]


DET1, DET2, DET3 = (DEVICES[f"det{n}"] for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("det1", DET1),
        ("det1.val", VAL),
        ("a-b", DEVICES["a-b"]),
        ("a-b.many.1", ONE),
        ("count", count),
        (["det1", ("det2", "x")], [DET1, (DET2, "x")]),
        ({"det1": "det1", "n": ["det2"]}, {"det1": DET1, "n": [DET2]}),
        # What is not allowed, not described, not there or no name stays a string.
        ("secret", "secret"),
        ("det1.hidden", "det1.hidden"),
        ("det1.lost", "det1.lost"),
        ("det1.val.name", "det1.val.name"),
        ("det1.__class__", "det1.__class__"),
        ("a-b.many.2", "a-b.many.2"),
        ("gone", "gone"),
        ("det1.", "det1."),
        ("", ""),
        (5, 5),
        (None, None),
    ],
)
def test_without_a_type_every_allowed_name_becomes_its_object(value, wanted):
    assert becomes(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted", "own"),
    [
        ("det1", "det1", {"annotation": "typing.Any"}),
        ("det1", "det1", {"annotation": "str"}),
        ("det1", DET1, {"annotation": "str", "convert_device_names": True}),
        ("count", "count", {"annotation": "str", "convert_device_names": True}),
        ("count", count, {"annotation": "str", "convert_plan_names": True}),
        ("det1.val", VAL, {"annotation": "__DEVICE__"}),
        ("count", "count", {"annotation": "__DEVICE__"}),
        ("count", count, {"annotation": "__PLAN__"}),
        ("det1", "det1", {"annotation": "__PLAN__"}),
        ("det1", DET1, {"annotation": "__PLAN_OR_DEVICE__"}),
        ("count", count, {"annotation": "__PLAN_OR_DEVICE__"}),
        ("det1", "det1", {"annotation": "__DEVICE__", "convert_device_names": False}),
        ("det1", "det1", {"convert_device_names": False}),
        ("count", count, {"convert_device_names": False}),
        ("det1", DET1, {"annotation": "D", "devices": {"D": ["det1", "det2"]}}),
        ("secret", "secret", {"annotation": "D | str", "devices": {"D": ["secret"]}}),
        ("det2", "det2", {"annotation": "D | str", "devices": {"D": ["det1"]}}),
        ("det1", "det1", {"annotation": "D", "enums": {"D": ["det1", "det2"]}}),
        ("count", count, {"annotation": "P", "plans": {"P": ["count"]}}),
        ("count", "count", {"annotation": "P", "enums": {"P": ["count"]}}),
        (
            ["det1"],
            ["det1"],
            {
                "annotation": "list[D]",
                "devices": {"D": ["det1"]},
                "convert_device_names": False,
            },
        ),
        (
            ["det1", "count", "det2"],
            [DET1, count, "det2"],
            {
                "annotation": "list[T]",
                "devices": {"T": ["det1"]},
                "plans": {"T": ["count"]},
                "enums": {"T": ["det2"]},
            },
        ),
        (
            "det1",
            DET1,
            {"annotation": "__DEVICE__", "devices": {"__DEVICE__": ["det1"]}},
        ),
    ],
)
def test_a_type_says_which_names_become_objects(value, wanted, own):
    assert becomes(value, **own) == wanted


def test_defaults_of_the_decorator_are_filled_in_before_names_are_replaced():
    done = prepared(manual_plans.plan_demo6a, 5)
    assert (done.args, done.kwargs) == ((5,), {"detector": DET1})
    assert prepared(manual_plans.plan_demo6a, 5, "det2").args == (5, DET2)
    typed = annotated(annotation="str", default="det1")
    assert prepared(typed).kwargs == {"x": "det1"}
    assert prepared(annotated(default="det1")).kwargs == {"x": DET1}
    assert prepared(annotated()).kwargs == {}


def test_the_manuals_examples_get_objects_where_it_says_so():
    both = ["det1", "det3"]
    assert prepared(manual_plans.plan_demo1c, both, 5).args == ([DET1, DET3], 5)
    assert prepared(manual_plans.plan_demo1c, ["det1", "det4"], 5).args[0][1] == "det4"
    assert prepared(manual_plans.plan_demo1d, both, 5).args == ([DET1, DET3], 5)
    assert prepared(manual_plans.plan_demo1e, both, 5).args == (both, 5)
    assert prepared(manual_plans.plan_demo1f, both, 5).args == ([DET1, DET3], 5)
    done = prepared(manual_plans.plan_demo5d, both, both, both, npts=1)
    assert done.args == ([DET1, DET3], both, [DET1, DET3])


def test_arguments_are_given_as_they_were():
    def plan(a, b=1, /, c=2, *rest, d=3, **others):
        yield a, b, c, rest, d, others

    done = prepared(plan, "det1", c="det2", d="det3", e="count")
    assert done.args == (DET1,)
    assert done.kwargs == {"c": DET2, "d": DET3, "e": count}
    done = prepared(plan, 1, 2, 3, "det1", 5, d=6)
    assert (done.args, done.kwargs) == ((1, 2, 3, DET1, 5), {"d": 6})
    assert next(done()) == (1, 2, 3, (DET1, 5), 6, {})


def test_a_default_that_only_positions_can_give_is_given_by_position():
    @parameter_annotation_decorator({"parameters": {"b": {"default": "det1"}}})
    def plan(a=0, b=None, /, c=2):
        yield a, b, c

    done = prepared(plan, c=3)
    assert next(done()) == (0, DET1, 3)


def test_metadata_is_merged_and_the_first_wins():
    models = {"count": plan_to_dict(read_plan(count))}
    plan = {"name": "count", "meta": [{"a": 1}, {"a": 2, "b": 3}]}
    done = prepare_plan(
        plan,
        namespace=Namespace(plans={"count": count}),
        allowed_plans=models,
        allowed_devices={},
    )
    assert done.meta == {"a": 1, "b": 3}
    assert prepared(count).meta == {}


# ------------------------------------------------------------------ functions


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("room.step", MODULE.step), ("room.inner.go", MODULE.inner.go), ("det1.go", len)],
)
def test_a_dotted_name_is_followed_to_a_function(name, wanted):
    assert becomes(name, annotation="__CALLABLE__") is wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("room.number", "is not known"),
        ("room.nothing", "is not known"),
        ("room.path.join", "is not known"),
        ("os.sys.exit", "is not known"),
        ("nowhere", "is not known"),
        ("os.remove", "is not allowed"),
        ("_x", "must be the dotted name"),
        ("room._private", "must be the dotted name"),
        ("room.step.__globals__", "must be the dotted name"),
        ("room.step()", "must be the dotted name"),
    ],
)
def test_what_is_no_allowed_function_is_refused(name, words):
    with pytest.raises(PlanArgumentError) as caught:
        becomes(name, annotation="__CALLABLE__")
    assert words in str(caught.value)


def test_a_string_that_may_be_something_else_stays_one():
    assert becomes("nowhere", annotation="__CALLABLE__ | str") == "nowhere"
    assert becomes("room.step", annotation="__CALLABLE__ | str") is MODULE.step


# ------------------------------------------------------------------ refusals


def test_a_plan_that_is_not_in_the_environment_is_refused():
    with pytest.raises(PlanArgumentError, match="is not in the environment"):
        prepare_plan(
            {"name": "count"},
            namespace=Namespace(),
            allowed_plans={"count": plan_to_dict(read_plan(count))},
            allowed_devices={},
        )


def test_a_value_without_end_is_refused():
    deep = "det1"
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(PlanArgumentError, match="deeper than 200 levels"):
        becomes(deep)


def test_an_invalid_plan_is_refused_before_anything_is_replaced():
    with pytest.raises(PlanArgumentError, match="is 'det3'"):
        becomes("det3", annotation="D", devices={"D": ["det1"]})
