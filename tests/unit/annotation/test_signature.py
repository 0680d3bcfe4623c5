"""From functions to models: what comes before what, and what is refused."""

import functools
import typing
from collections.abc import Sequence
from inspect import Parameter as Header

import pytest

from lapwing import parameter_annotation_decorator, protocols
from lapwing.annotation.parameters import MISSING
from lapwing.annotation.signature import literal_text, place_of, read_plan
from lapwing.errors import PlanArgumentError
from lapwing.plans import count


class Detector:
    pass


def annotated(**own):
    def plan(x, y: int = 1, *args: float, z=None, **kwargs):
        """Do it.

        At length.

        Parameters
        ----------
        x, y : int
            Both.
        z
            Last.
        """
        yield x, y, args, z, kwargs

    return parameter_annotation_decorator({"parameters": own})(plan)


def test_a_plan_without_annotation_has_names_kinds_and_defaults():
    def bare(x, /, y=2, *, z=None):
        yield x, y, z

    model = read_plan(bare)
    assert model.name == "bare"
    assert model.module == __name__
    assert model.is_generator
    assert model.description == ""
    assert [p.name for p in model.parameters] == ["x", "y", "z"]
    assert [p.default for p in model.parameters] == [MISSING, 2, None]
    assert [p.required for p in model.parameters] == [True, False, False]
    assert [p.kind for p in model.parameters] == [
        Header.POSITIONAL_ONLY,
        Header.POSITIONAL_OR_KEYWORD,
        Header.KEYWORD_ONLY,
    ]
    assert all(p.annotation is None and p.range is None for p in model.parameters)
    assert all(p.names_devices and p.names_plans for p in model.parameters)


def test_header_and_docstring_are_read():
    model = read_plan(annotated())
    assert model.description == "Do it."
    assert [p.description for p in model.parameters] == [
        "Both.",
        "Both.",
        "",
        "Last.",
        "",
    ]
    assert [p.annotation and p.annotation.text for p in model.parameters] == [
        None,
        "int",
        "float",
        None,
        None,
    ]
    assert [p.required for p in model.parameters] == [True, False, False, False, False]
    assert not model.by_name["y"].names_devices


def test_the_decorator_comes_first():
    @parameter_annotation_decorator(
        {
            "description": "Shown.",
            "parameters": {
                "x": {
                    "description": "Shown x.",
                    "annotation": "float",
                    "default": 2.5,
                    "min": 1,
                    "max": 3,
                    "step": 0.5,
                    "convert_plan_names": True,
                }
            },
        }
    )
    def plan(x: Detector = Detector()):  # noqa: B008
        """Not shown."""
        yield x

    model = read_plan(plan)
    (x,) = model.parameters
    assert (model.description, x.description) == ("Shown.", "Shown x.")
    assert x.annotation is not None
    assert (x.annotation.text, x.default, x.default_in_decorator) == (
        "float",
        2.5,
        True,
    )
    assert (x.range, x.step) == ((1, 3), 0.5)
    assert (x.names_plans, x.names_devices) == (True, False)


def test_one_bound_is_enough():
    model = read_plan(annotated(x={"min": 3}, y={"max": 4}))
    assert model.by_name["x"].range == (3, float("inf"))
    assert model.by_name["y"].range == (-float("inf"), 4)


def test_an_unknown_hint_is_passed_over_and_an_unknown_decorator_type_is_not():
    def hinted(x: Detector, y: "Nowhere" = 1):  # noqa: F821
        yield x, y

    assert [p.annotation for p in read_plan(hinted).parameters] == [None, None]
    with pytest.raises(PlanArgumentError) as caught:
        read_plan(annotated(y={"annotation": "Detector"}))
    words = str(caught.value)
    assert "plan 'plan'" in words
    assert f"test_signature.py, line {place_of(annotated())[1]}" in words
    assert "parameter 'y'" in words
    assert "the name Detector is not known" in words
    assert "(line 1, character 1)" in words
    assert caught.value.context["parameter"] == "y"


def test_protocols_in_hints_stand_for_names_of_devices():
    def fly(flyer: protocols.Flyable, *, then: typing.Callable[[], None] = print):
        yield flyer, then

    with pytest.raises(PlanArgumentError, match="the default in the header"):
        read_plan(fly)
    fly.__kwdefaults__ = {"then": None}
    flyer, then = read_plan(fly).parameters
    assert flyer.names_devices
    assert not flyer.names_plans
    assert then.names_functions
    assert not then.names_devices


def test_lists_are_expanded_by_who_calls():
    plan = annotated(
        x={
            "annotation": "typing.Union[D, P, E]",
            "devices": {"D": ["d1", ":d"]},
            "plans": {"P": ["p1", ":p"]},
            "enums": {"E": ["z", ":a"]},
        }
    )
    model = read_plan(
        plan,
        expand_devices=lambda names: [f"device {name}" for name in names],
        expand_plans=lambda names: [f"plan {name}" for name in names],
    )
    annotation = model.by_name["x"].annotation
    assert annotation is not None
    assert annotation.devices == {"D": ("device d1", "device :d")}
    assert annotation.plans == {"P": ("plan p1", "plan :p")}
    assert annotation.enums == {"E": ("z", ":a")}
    bare = read_plan(plan).by_name["x"].annotation
    assert bare is not None
    assert (bare.devices, bare.plans) == ({"D": ("d1",)}, {"P": ("p1",)})


def test_one_name_may_be_of_devices_plans_and_texts():
    mixed = annotated(
        x={
            "annotation": "typing.List[T]",
            "devices": {"T": ["d"]},
            "plans": {"T": ["p"]},
            "enums": {"T": ["e"]},
        }
    )
    annotation = read_plan(mixed).by_name["x"].annotation
    assert annotation is not None
    assert annotation.members == {"T": frozenset("dpe")}


def test_a_list_that_the_type_does_not_mention_is_refused():
    with pytest.raises(PlanArgumentError, match="'Q' is defined, but the type"):
        read_plan(annotated(x={"annotation": "int", "devices": {"Q": ["d"]}}))


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"x": {"default": 5}}, "the header of the function does not; both must"),
        ({"y": {"default": Detector()}}, ", a Detector, which no list can hold"),
        (
            {"y": {"default": 5, "max": 4}},
            "the default is 5; it must be at most 4",
        ),
        (
            {"y": {"default": [1, 9], "min": 2}},
            "the default[0] is 1; it must be at least 2",
        ),
        ({"y": {"default": "a", "annotation": "int"}}, "it must be a whole number"),
        (
            {"y": {"default": "d", "annotation": "E", "enums": {"E": ["e"]}}},
            "the default is 'd'; it must be one of E: e",
        ),
    ],
)
def test_a_default_of_the_decorator_keeps_the_decorators_rules(own, words):
    with pytest.raises(PlanArgumentError) as caught:
        read_plan(annotated(**own))
    assert words in str(caught.value)


def test_a_default_is_not_held_against_a_pattern_that_was_not_expanded():
    own = {"annotation": "D", "devices": {"D": [":^d"]}, "default": "d1"}
    assert read_plan(annotated(y=own)).by_name["y"].default == "d1"
    with pytest.raises(PlanArgumentError, match="the default is 'd1'"):
        read_plan(annotated(y=own), expand_devices=lambda names: ["d2"])


def test_a_default_in_the_decorator_may_be_none():
    model = read_plan(annotated(y={"annotation": "int", "default": None}))
    assert model.by_name["y"].default is None
    assert model.by_name["y"].default_in_decorator


def test_a_parameter_that_is_not_there_is_refused_here_too():
    def plan(x):
        yield x

    plan._custom_parameter_annotation_ = {"parameters": {"z": {}}}
    with pytest.raises(PlanArgumentError, match="does not have: 'z'"):
        read_plan(plan)


def test_what_wraps_a_plan_is_seen_through():
    inner = annotated(x={"min": 1})

    @functools.wraps(inner)
    def outer(*args, **kwargs):
        return inner(*args, **kwargs)

    model = read_plan(outer, "other")
    assert model.name == "other"
    assert not model.is_generator
    assert model.by_name["x"].minimum == 1


def test_our_own_plans_are_read():
    model = read_plan(count)
    detectors = model.by_name["detectors"]
    assert detectors.description
    assert detectors.annotation is not None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (("a", [None, {"b": {1}}]), "('a', [None, {'b': {1}}])"),
        (float("nan"), None),
        (..., None),
        (int, None),
        (Detector(), None),
        ("x" * 100_000, None),
    ],
)
def test_literals_have_a_text(value, text):
    assert literal_text(value) == text


class Sweep:
    def __call__(self, start: "int", stop: int = 5):
        """Go from one end to the other."""
        yield start, stop


def test_a_partial_is_read_as_what_it_calls_and_the_rest_of_its_parameters():
    def plan(x: "int", y: "Sequence[float]" = ()):
        """Do it."""
        yield x, y

    model = read_plan(functools.partial(functools.partial(plan, 1)), "half")
    assert (model.name, model.description, model.module) == ("half", "Do it.", __name__)
    (y,) = model.parameters
    assert y.annotation is not None
    assert y.annotation.text == "collections.abc.Sequence[float]"
    assert place_of(functools.partial(plan, 1)) == place_of(plan)


def test_an_object_that_can_be_called_is_read_as_its_call():
    model = read_plan(Sweep(), "sweep")
    assert model.description == "Go from one end to the other."
    assert [one.name for one in model.parameters] == ["start", "stop"]
    assert place_of(Sweep())[0] == __file__
