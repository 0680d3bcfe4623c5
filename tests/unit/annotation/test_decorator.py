"""The decorator: what it takes, what it refuses, and that it changes nothing."""

import inspect

import pytest
from kit import soon

import lapwing
from lapwing.annotation.decorator import annotation_of, parameter_annotation_decorator
from lapwing.annotation.names import select_devices
from lapwing.annotation.signature import read_plan
from lapwing.errors import PlanArgumentError


def plan(detectors, num: int = 1, *, md=None):
    """Count."""
    yield detectors, num, md


def decorated(annotation):
    def fresh(detectors, num: int = 1, *, md=None):
        """Count."""
        yield detectors, num, md

    return parameter_annotation_decorator(annotation)(fresh), fresh


def test_lapwing_exports_it():
    assert lapwing.parameter_annotation_decorator is parameter_annotation_decorator


@pytest.mark.parametrize(
    "annotation",
    [
        {},
        {"description": "Counts."},
        {"parameters": {}},
        {"parameters": {"md": {}}},
        {"parameters": {"num": {"min": 1, "max": 10.5, "step": 1, "default": 3}}},
        {"parameters": {"num": {"default": None, "description": "How often"}}},
        {"parameters": {"detectors": {"annotation": "D", "devices": {"D": ["d1"]}}}},
        {"parameters": {"detectors": {"plans": {"_P1": ("a",)}, "enums": {}}}},
        {"parameters": {"md": {"convert_plan_names": True}}},
        {"parameters": {"md": {"convert_device_names": False}}},
    ],
)
def test_what_has_the_right_form_is_kept_on_the_function(annotation):
    func, fresh = decorated(annotation)
    assert func is fresh
    assert inspect.isgeneratorfunction(func)
    assert func._custom_parameter_annotation_ == annotation
    assert annotation_of(func) == annotation
    assert next(func("d", 2)) == ("d", 2, None)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (5, "must be a dict"),
        ({"foo": 1}, "has a key 'foo'; allowed are 'description', 'parameters'"),
        ({"description": 1}, "description is 1; it must be text"),
        ({"parameters": None}, "parameters is None; it must be a dict"),
        ({"parameters": {1: {}}}, "the name of a parameter is 1"),
        ({"parameters": {"num": 1}}, "parameters['num'] is 1"),
        ({"parameters": {"num": {"foo": 1}}}, "has a key 'foo'; allowed are"),
        ({"parameters": {"num": {"annotation": int}}}, "['annotation'] is"),
        ({"parameters": {"num": {"devices": ["a"]}}}, "a dict of lists of names"),
        ({"parameters": {"num": {"devices": {"D": "a"}}}}, "must be a list of names"),
        ({"parameters": {"num": {"plans": {"D": [1]}}}}, "it must be text"),
        ({"parameters": {"num": {"enums": {"1D": []}}}}, "is '1D'; it must be a type"),
        ({"parameters": {"num": {"enums": {"Dé": []}}}}, "it must be a type name"),
        ({"parameters": {"num": {"min": "1"}}}, "it must be a finite number"),
        ({"parameters": {"num": {"max": True}}}, "it must be a finite number"),
        ({"parameters": {"num": {"step": float("nan")}}}, "it must be a finite number"),
        ({"parameters": {"num": {"max": float("inf")}}}, "it must be a finite number"),
        ({"parameters": {"num": {"max": 10**5000}}}, "number of about 5001 digits; it"),
        ({"parameters": {"num": {"min": 3, "max": 2}}}, "a number up to its max, 2"),
        ({"parameters": {"num": {"convert_plan_names": 1}}}, "True or False"),
    ],
)
def test_what_has_another_form_is_refused_at_decoration(annotation, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are checked
        parameter_annotation_decorator(annotation)
    assert words in str(caught.value)


def test_a_parameter_that_the_function_does_not_have_is_refused():
    with pytest.raises(PlanArgumentError) as caught:
        parameter_annotation_decorator({"parameters": {"nums": {}}})(plan)
    assert "parameter 'nums'" in str(caught.value)
    assert "'detectors', 'num', 'md'" in str(caught.value)
    assert not hasattr(plan, "_custom_parameter_annotation_")


def test_what_is_kept_does_not_follow_later_changes():
    names = ["d1"]
    annotation = {"parameters": {"md": {"annotation": "D", "devices": {"D": names}}}}
    func, _ = decorated(annotation)
    names.append("d2")
    kept = func._custom_parameter_annotation_
    assert kept["parameters"]["md"]["devices"] == {"D": ["d1"]}


def test_a_plan_without_a_decorator_has_no_annotation():
    assert annotation_of(plan) == {}


def test_what_others_have_put_there_is_looked_at():
    def odd():
        yield

    odd._custom_parameter_annotation_ = {"parameters": {"x": {"eval": "1"}}}
    with pytest.raises(PlanArgumentError, match="'eval'"):
        annotation_of(odd)


DEEP: list = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "own",
    [
        {"default": DEEP},
        {"default": "x" * 1_000_000},
        {"min": DEEP},
        {"x" * 1_000_000: 1},
        {"annotation": "x" * 1_000_000},
        {"annotation": "__import__('os').system('true')"},
        {"annotation": "D", "devices": {"D": [":(?=a)"]}},
        {"annotation": "D", "devices": {"D": [":" + "(a{1,1000}){1}" * 50]}},
        {"annotation": "D", "devices": {"D": DEEP}},
        {"annotation": "\u0430", "devices": {"a": ["det1"]}},
        {"annotation": "a", "devices": {"\u0430": ["det1"]}},
        {"enums": {"E" * 1_000_000: 5}},
    ],
    ids=range(12),
)
def test_a_hostile_annotation_is_an_error_and_quick(own):
    def plan(x=None):
        yield x

    with soon(0.1), pytest.raises(PlanArgumentError) as caught:
        read_plan(
            parameter_annotation_decorator({"parameters": {"x": own}})(plan),
            expand_devices=lambda items: select_devices(items, {}),
        )
    assert len(str(caught.value)) < 700
