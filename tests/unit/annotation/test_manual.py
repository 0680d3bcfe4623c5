"""Every example of the manual of annotations: accepted and refused as it says."""

import math
import typing

import pytest
from unit.annotation import manual_plans

from lapwing import parameter_annotation_decorator
from lapwing.annotation import read_plan, validate_plan
from lapwing.annotation.description import plan_to_dict
from lapwing.annotation.names import select_devices, select_plans
from lapwing.annotation.trees import described_trees
from lapwing.errors import PlanArgumentError

READABLE = {"is_readable": True, "is_movable": False, "is_flyable": False}
DEVICES = {f"det{n}": READABLE | {"components": {"val": READABLE}} for n in range(1, 6)}
TREES = described_trees(DEVICES)


def read(name):
    return read_plan(
        getattr(manual_plans, f"plan_demo{name}"),
        expand_devices=lambda items: select_devices(items, TREES),
    )


def accepts(name, kwargs):
    model = read(name)
    allowed = {model.name: plan_to_dict(model)}
    plan = {"name": model.name, "kwargs": kwargs}
    ok, words = validate_plan(plan, allowed_plans=allowed, allowed_devices=DEVICES)
    assert ok == (words == "")
    return ok


SOME = {"npts": 5}


@pytest.mark.parametrize(
    ("name", "kwargs", "ok"),
    [
        # 1a, 1b: no annotation, so any value; a default makes a value optional.
        ("1a", {"npts": 5, "delay": "soon"}, True),
        ("1a", {"npts": 5}, False),
        ("1b", {"npts": [None, {"a": 1}]}, True),
        ("1b", {"delay": 2.0}, False),
        # 1c, 1d: names are not checked without a type.
        ("1c", SOME | {"detectors": ["det1", "det3"]}, True),
        ("1c", SOME | {"detectors": ["det1", "det44"]}, True),
        ("1d", SOME | {"detector_names": 5}, True),
        # 1e: a list of texts and nothing else.
        ("1e", SOME | {"detector_names": ["det1", "det3"]}, True),
        ("1e", SOME | {"detector_names": ["anything"]}, True),
        ("1e", SOME | {"detector_names": ["det1", 5]}, False),
        ("1e", SOME | {"detector_names": "det1"}, False),
        # 1f: names of the list only.
        ("1f", SOME | {"detectors": ["det1", "det3"]}, True),
        ("1f", SOME | {"detectors": ["det1", "det4"]}, False),
        # 2a: a hint that is not known is none.
        ("2a", {"detector": 5}, True),
        # 3a to 3c: types in the header.
        ("3a", SOME | {"detector": "det1", "name": "a"}, True),
        ("3a", SOME | {"detector": "det1", "name": 5}, False),
        ("3a", {"detector": "det1", "name": "a", "npts": 1.5}, False),
        ("3a", SOME | {"detector": 1, "name": "a", "delay": 2}, True),
        ("3a", SOME | {"detector": 1, "name": "a", "delay": "2"}, False),
        ("3b", {}, True),
        ("3b", {"positions": None}, True),
        ("3b", {"positions": [1, 2.5]}, True),
        ("3b", {"positions": ["a"]}, False),
        ("3c", {"positions": [1, 2.5]}, True),
        ("3c", {"positions": 1.5}, False),
        # 5a: one of a list of devices.
        ("5a", SOME | {"detector": "det1"}, True),
        ("5a", SOME | {"detector": "det4"}, False),
        ("5a", SOME | {"detector": ["det1"]}, False),
        # 5b: all of one list or all of the other.
        ("5b", SOME | {"detectors": ["det1", "det3"]}, True),
        ("5b", SOME | {"detectors": ["det4", "det5"]}, True),
        ("5b", SOME | {"detectors": ["det2", "det4"]}, False),
        # 5c: names of devices, unchecked; but texts they must be.
        ("5c", SOME | {"detectors": ["det1", "no_such"]}, True),
        ("5c", SOME | {"detectors": [5]}, False),
        # 5d: conversion has no part in validation.
        ("5d", SOME | {"dets_1": ["a"], "dets_2": ["b"], "dets_3": ["det1"]}, True),
        ("5d", SOME | {"dets_1": [1], "dets_2": ["b"], "dets_3": ["det1"]}, False),
        ("5d", SOME | {"dets_1": ["a"], "dets_2": ["b"], "dets_3": 5}, False),
        # 6a: the default of the decorator.
        ("6a", SOME, True),
        ("6a", SOME | {"detector": "det3"}, True),
        ("6a", SOME | {"detector": "det4"}, False),
        # 7a: ranges, at any depth.
        ("7a", {}, True),
        ("7a", {"v": 30}, True),
        ("7a", {"v": [20, 20.001, 20.002]}, True),
        ("7a", {"v": {"a": 30, "b": [50.5, 90.4]}}, True),
        ("7a", {"v": [20, 99.9]}, True),
        ("7a", {"v": "not a number"}, True),
        ("7a", {"v": {"5": 30, 5: "five"}}, True),  # keys are in no range
        ("7a", {"v": 10}, False),
        ("7a", {"v": [20, 100.5, 90]}, False),
        ("7a", {"v": {"a": -2, "b": 80}}, False),
        ("7a", {"v": {"a": 30, "b": [50.5, 190.4]}}, False),
        ("7a", {"v": math.nan}, False),
        # 8a: lists with patterns; ":det3:?val$" has det3 and what is below it.
        ("8a", SOME | {"dets": ["det1", "det2", "det3", "det3.val"]}, True),
        ("8a", SOME | {"dets": ["det1", "det4", "det5"]}, True),
        ("8a", SOME | {"dets": ["det2", "det5"]}, False),
        ("8a", SOME | {"dets": ["det5.val"]}, False),
    ],
)
def test_the_examples_are_accepted_and_refused_as_the_manual_says(name, kwargs, ok):
    assert accepts(name, kwargs) == ok


def test_2b_a_default_that_is_no_literal_fails():
    with pytest.raises(PlanArgumentError, match="a Device, which no list can hold"):
        read("2b")


def test_3b_and_3c_are_the_same():
    (first,), (second,) = read("3b").parameters, read("3c").parameters
    assert first.annotation is not None
    assert second.annotation is not None
    assert set(first.annotation.type.members) == set(second.annotation.type.members)


def test_4a_descriptions_come_from_the_docstring():
    model = read("4a")
    assert model.description.splitlines() == [
        "This is the description of the plan that could be passed",
        "to the client and displayed to users.",
    ]
    described = {one.name: one.description for one in model.parameters}
    assert described["detector"].startswith("The detector (Ophyd device). Space")
    assert described["name"].endswith("recommended\npractice.")
    assert described["npts"] == "Number of experimental points."
    assert described["delay"] == "Dwell time."


def test_4b_descriptions_of_the_decorator_come_first():
    model = read("4b")
    assert model.description == "Plan description displayed to users."
    described = {one.name: one.description for one in model.parameters}
    assert described["detector"] == (
        "Description of the parameter 'detector'\ndisplayed to Queue Server users"
    )
    assert described["name"].startswith("Description of the parameter 'name'")
    assert described["npts"].startswith("Number of experimental points.\nDescription")


@pytest.mark.parametrize(
    ("name", "parameter", "devices"),
    [
        ("1c", "detectors", True),
        ("1e", "detector_names", False),
        ("1f", "detectors", False),  # those of its list only
        ("2a", "detector", True),
        ("3a", "detector", True),
        ("3a", "name", False),
        ("5c", "detectors", True),
        ("5d", "dets_1", True),
        ("5d", "dets_2", False),
        ("5d", "dets_3", True),
    ],
)
def test_which_parameters_take_any_device(name, parameter, devices):
    assert read(name).by_name[parameter].names_devices == devices


def test_any_type_at_all_ends_the_conversion_of_names():
    def plan(names: typing.Any):
        yield names

    assert not read_plan(plan).parameters[0].names_devices


def test_8a_lists_are_expanded_and_sorted():
    annotation = read("8a").by_name["dets"].annotation
    assert annotation is not None
    assert annotation.devices == {
        "Type1": ("det1", "det2", "det3", "det3.val"),
        "Type2": ("det1", "det4", "det5"),
    }


def annotated(**x):
    def plan(x=manual_plans.det1):
        yield x

    model = read_plan(
        parameter_annotation_decorator({"parameters": {"x": x}})(plan),
        expand_devices=lambda items: select_devices(items, TREES),
        expand_plans=lambda items: select_plans(items, ["count", "my_count", "scan"]),
    )
    return {"plan": plan_to_dict(model), "count": {"name": "count"}}


def takes(allowed, value):
    plan = {"name": "plan", "kwargs": {"x": value}}
    return validate_plan(plan, allowed_plans=allowed, allowed_devices=DEVICES)[0]


def test_2b_is_mended_by_a_default_in_the_decorator():
    (x,) = annotated(default="det1")["plan"]["parameters"]
    assert (x["default"], x["default_defined_in_decorator"]) == ("'det1'", True)


def test_2a_is_checked_when_the_decorator_gives_the_type():
    def plan(detector: manual_plans.Device):
        yield detector

    own = {"annotation": "D", "devices": {"D": ["det1"]}}
    parameter_annotation_decorator({"parameters": {"detector": own}})(plan)
    allowed = {"plan": plan_to_dict(read_plan(plan))}
    for value, ok in (("det1", True), ("det2", False), (5, False)):
        submitted = {"name": "plan", "kwargs": {"detector": value}}
        lists = {"allowed_plans": allowed, "allowed_devices": DEVICES}
        assert validate_plan(submitted, **lists)[0] == ok


def test_plans_and_texts_are_listed_as_devices_are():
    lists = {
        "devices": {"D": ["det1"]},
        "plans": {"P": ["scan", ":_count$", "count"]},
        "enums": {"E": ["one", "two"]},
    }
    allowed = annotated(annotation="typing.Union[D, P, E]", default="one", **lists)
    (x,) = allowed["plan"]["parameters"]
    assert x["annotation"]["plans"] == {"P": ["count", "my_count", "scan"]}
    assert all(takes(allowed, value) for value in ("det1", "count", "two"))
    assert not any(takes(allowed, value) for value in ("det2", "scan2", "three", 1))
    # "scan" is in the list of the plan, but not among the allowed plans.
    assert not takes(allowed, "scan")


def test_a_type_may_have_devices_plans_and_texts_in_one_list():
    lists = {"devices": {"T": ["det1"]}, "plans": {"T": ["count"]}}
    lists["enums"] = {"T": ["a", "b"]}
    allowed = annotated(annotation="typing.List[T]", default=[], **lists)
    assert takes(allowed, ["det1", "count", "b"])
    assert not takes(allowed, ["det2"])


def test_types_of_one_name_may_differ_from_parameter_to_parameter():
    own = {"annotation": "T", "devices": {"T": ["det1"]}}
    other = {"annotation": "T", "devices": {"T": ["det2"]}}

    @parameter_annotation_decorator({"parameters": {"x": own, "y": other}})
    def plan(x, y):
        yield x, y

    allowed = {"plan": plan_to_dict(read_plan(plan))}
    for args, ok in ((["det1", "det2"], True), (["det2", "det1"], False)):
        submitted = {"name": "plan", "args": args}
        lists = {"allowed_plans": allowed, "allowed_devices": DEVICES}
        assert validate_plan(submitted, **lists)[0] == ok


@pytest.mark.parametrize(
    ("bounds", "right", "wrong"),
    [
        ({"min": 2}, [2, 1e300, [2.5]], [1.99, [3, 1]]),
        ({"max": 2}, [2, -1e300, {"1": 0}], [2.01, {"a": [3]}]),
        ({"step": 2}, [1, -1e300, "a"], []),
    ],
)
def test_a_range_may_have_one_end_or_none(bounds, right, wrong):
    allowed = annotated(default=2, **bounds)
    assert all(takes(allowed, value) for value in right)
    assert not any(takes(allowed, value) for value in wrong)


@pytest.mark.parametrize("name", ["__PLAN__", "__DEVICE__", "__PLAN_OR_DEVICE__"])
def test_names_of_the_built_in_types_are_not_checked_unless_they_are_redefined(name):
    allowed = annotated(annotation=name, default="det1")
    assert takes(allowed, "no_such_thing")
    assert not takes(allowed, 5)
    allowed = annotated(annotation=name, devices={name: ["det1"]}, default="det1")
    assert takes(allowed, "det1")
    assert not takes(allowed, "no_such_thing")


# ------------------------------------------------------------------ as printed


def test_5b_and_8a_as_printed_lack_a_comma_and_are_refused():
    @parameter_annotation_decorator(
        {
            "parameters": {
                "dets": {
                    "annotation": "typing.Union[typing.List[A]typing.List[B]]",
                    "devices": {"A": ["det1"], "B": ["det2"]},
                }
            }
        }
    )
    def plan(dets):
        yield dets

    with pytest.raises(PlanArgumentError, match=r"line 1, character \d+"):
        read_plan(plan)


def test_5d_as_printed_is_refused():
    def plan_demo5d(detectors, npts: int, delay: float = 1.0):
        yield detectors, npts, delay

    with pytest.raises(PlanArgumentError, match="a parameter 'dets_1'"):
        parameter_annotation_decorator(manual_plans.DEMO5D)(plan_demo5d)


def test_6a_as_printed_is_not_python():
    with pytest.raises(SyntaxError):
        compile("def plan_demo6a(detector=det1, npts: int): yield", "manual", "exec")


def test_6a_without_its_default_in_the_header_is_refused():
    def plan_demo6a(detector, npts: int):
        yield detector, npts

    func = parameter_annotation_decorator(manual_plans.DEMO6A)(plan_demo6a)
    with pytest.raises(PlanArgumentError, match="the header of the function does not"):
        read_plan(func)


def test_7a_as_printed_is_refused():
    def plan_demo7a(v):
        yield v

    func = parameter_annotation_decorator(manual_plans.DEMO7A)(plan_demo7a)
    with pytest.raises(PlanArgumentError, match="the header of the function does not"):
        read_plan(func)
