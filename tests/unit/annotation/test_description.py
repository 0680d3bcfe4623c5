"""Descriptions as dicts: the form that clients read, there and back."""

import json

import pytest

from lapwing import parameter_annotation_decorator
from lapwing.annotation.description import plan_from_dict, plan_to_dict
from lapwing.annotation.signature import read_plan
from lapwing.errors import PlanArgumentError


@parameter_annotation_decorator(
    {
        "description": "Move, then count.",
        "parameters": {
            "motors": {
                "annotation": "typing.List[Motors | __PLAN__]",
                "devices": {"Motors": ["m2", "m1"]},
                "enums": {"Motors": ["none"]},
            },
            "position": {"default": -1, "min": -10, "max": 10.5, "step": 0.01},
            "how": {"annotation": "__CALLABLE__", "convert_device_names": True},
        },
    }
)
def move(motors, position=0.0, *args: int, how=None, **rest):
    """Say nothing.

    Args:
        position: Where to.
    """
    yield motors, position, args, how, rest


DESCRIBED = {
    "name": "move",
    "properties": {"is_generator": True},
    "module": __name__,
    "description": "Move, then count.",
    "parameters": [
        {
            "name": "motors",
            "kind": {"name": "POSITIONAL_OR_KEYWORD", "value": 1},
            "annotation": {
                "type": "typing.List[Motors | __PLAN__]",
                "devices": {"Motors": ["m1", "m2"]},
                "enums": {"Motors": ["none"]},
            },
            "convert_plan_names": True,
        },
        {
            "name": "position",
            "kind": {"name": "POSITIONAL_OR_KEYWORD", "value": 1},
            "description": "Where to.",
            "default": "-1",
            "default_defined_in_decorator": True,
            "min": "-10",
            "max": "10.5",
            "step": "0.01",
        },
        {
            "name": "args",
            "kind": {"name": "VAR_POSITIONAL", "value": 2},
            "annotation": {"type": "int"},
        },
        {
            "name": "how",
            "kind": {"name": "KEYWORD_ONLY", "value": 3},
            "annotation": {"type": "__CALLABLE__"},
            "convert_device_names": True,
            "eval_expressions": True,
            "default": "None",
        },
        {"name": "rest", "kind": {"name": "VAR_KEYWORD", "value": 4}},
    ],
}


def test_a_plan_is_described_as_clients_read_it():
    assert plan_to_dict(read_plan(move)) == DESCRIBED


def test_a_description_survives_json_and_is_read_again():
    read = plan_from_dict(json.loads(json.dumps(DESCRIBED)))
    assert plan_to_dict(read) == DESCRIBED
    assert read.by_name["motors"].names_plans
    assert not read.by_name["motors"].names_devices
    assert read.by_name["position"].range == (-10, 10.5)


def test_numbers_may_be_numbers():
    parameter = {**DESCRIBED["parameters"][1], "min": -2, "max": 3.5}
    read = plan_from_dict({"name": "p", "parameters": [parameter]})
    assert read.by_name["position"].range == (-2, 3.5)


def changed(**changes):
    parameter = {
        "name": "x",
        "kind": {"name": "KEYWORD_ONLY", "value": 3},
        "annotation": {"type": "int"},
        **changes,
    }
    return {"name": "p", "parameters": [parameter]}


DEEP: list = []
for _ in range(3000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (None, "must be a dict"),
        ({"name": 5}, "the name of a plan is 5"),
        ({"name": "p", "parameters": {}}, "must be a list"),
        ({"name": "p", "parameters": [5]}, "a parameter in the description"),
        ({"name": "p", "description": 5}, "'description' of"),
        ({"name": "p", "parameters": changed()["parameters"] * 2}, "of one name"),
        (changed(name=None), "the name of a parameter"),
        (changed(kind="KEYWORD_ONLY"), "must be one of POSITIONAL_ONLY"),
        (changed(kind={"name": "OTHER"}), "must be one of POSITIONAL_ONLY"),
        (changed(annotation="int"), "the annotation of parameter 'x'"),
        (changed(annotation={"type": None}), "the type of parameter 'x'"),
        (changed(annotation={"type": "D", "devices": []}), "a dict of lists"),
        (changed(annotation={"type": "D", "plans": {"D": "a"}}), "must be a list"),
        (changed(annotation={"type": "D", "enums": {"D": [1]}}), "must be text"),
        (changed(annotation={"type": "D", "enums": {"D": DEEP}}), "must be text"),
        (changed(default=5), "the text of a Python literal"),
        (changed(default="f()"), "must be a Python literal"),
        (changed(default="__import__('os').system('true')"), "a Python literal"),
        (changed(default="[" * 9000), "must be a Python literal"),
        (changed(default="-" * 9000 + "1"), "must be a Python literal"),
        (changed(default="9" * 1_000_000), "it is too long"),
        (changed(min="abc"), "must be a finite number"),
        (changed(max="nan"), "must be a finite number"),
        (changed(max="9" * 5000), "must be a finite number"),
        (changed(step=True), "must be a finite number"),
        (changed(convert_plan_names="yes"), "must be true or false"),
    ],
)
def test_what_is_no_description_is_refused(described, words):
    with pytest.raises(PlanArgumentError) as caught:
        plan_from_dict(described)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500
