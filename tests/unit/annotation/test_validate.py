"""Whether a plan may be submitted, told by downloaded lists alone."""

import json
import subprocess
import sys

import pytest
from kit import soon

from lapwing.annotation import check_plan, validate, validate_plan
from lapwing.annotation.validate import compiled_plan
from lapwing.errors import PlanArgumentError


def parameter(name, kind="POSITIONAL_OR_KEYWORD", **facts):
    values = "POSITIONAL_ONLY POSITIONAL_OR_KEYWORD VAR_POSITIONAL KEYWORD_ONLY"
    value = [*values.split(), "VAR_KEYWORD"].index(kind)
    return {"name": name, "kind": {"name": kind, "value": value}, **facts}


def typed(text, **lists):
    return {"annotation": {"type": text, **lists}}


DEVICES = {
    "det1": {"is_readable": True},
    "det2": {"is_readable": True},
    "det4": {"is_readable": True, "components": {"val": {"is_readable": True}}},
}
PLANS = {
    "count": {
        "name": "count",
        "parameters": [
            parameter("detectors", **typed("list[D]", devices={"D": ["det1", "det2"]})),
            parameter("num", **typed("int"), default="1", min="1", max="10"),
            parameter("md", "KEYWORD_ONLY", default="None"),
        ],
    },
    "several": {
        "name": "several",
        "parameters": [
            parameter("first", "POSITIONAL_ONLY"),
            parameter("rest", "VAR_POSITIONAL", **typed("int")),
            parameter("others", "VAR_KEYWORD", **typed("float"), max="5"),
        ],
    },
    "bare": {"name": "bare", "parameters": []},
    "bare_two": {
        "name": "bare_two",
        "parameters": [parameter("first"), parameter("second", **typed("float"))],
    },
    "broken": {"name": "broken", "parameters": [parameter("x", **typed("foo"))]},
}


def said(name, *args, **kwargs):
    plan = {"name": name, "args": list(args), "kwargs": kwargs}
    ok, words = validate_plan(plan, allowed_plans=PLANS, allowed_devices=DEVICES)
    assert ok == (words == "")
    return words


def refused(name, *args, **kwargs):
    plan = {"name": name, "args": list(args), "kwargs": kwargs}
    with pytest.raises(PlanArgumentError) as caught:
        check_plan(plan, allowed_plans=PLANS, allowed_devices=DEVICES)
    return caught.value


def test_right_plans_are_accepted():
    assert said("count", ["det1"]) == ""
    assert said("count", ["det1", "det2"], 3, md={"a": 1}) == ""
    assert said("count", detectors=[], num=10) == ""
    assert said("several", "x", 1, 2, a=1, b=2.5) == ""
    assert said("several", "x") == ""
    assert said("bare") == ""


def test_arguments_come_sorted_to_their_parameters():
    plan = {"name": "several", "args": ["x", 1, 2], "kwargs": {"a": 1, "first": 2}}
    bound = check_plan(plan, allowed_plans=PLANS)
    assert bound.arguments == {
        "first": "x",
        "rest": (1, 2),
        "others": {"a": 1, "first": 2},
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("count",), "'detectors' is missing; it takes a list of: one of D: det1"),
        (("bare_two",), "2 parameters are missing: 'first', 'second' (a number)"),
        (("count", [], 1, 2), "takes 2 positional arguments; 3 are given"),
        (("bare", 1), "takes 0 positional arguments"),
        (("several", "x", "y"), "parameter 'rest' is 'y', a text"),
    ],
)
def test_wrong_calls_are_refused(given, words):
    assert words in said(*given)


def test_a_wrong_value_tells_all_about_itself():
    error = refused("count", ["det1", "dett2"])
    assert error.context["plan"] == "count"
    assert error.context["parameter"] == "detectors"
    assert error.context["path"] == "[1]"
    assert error.context["value"] == "dett2"
    assert error.context["allowed"] == ["det1", "det2"]
    assert error.context["nearest"] == "det2"
    assert error.context["reason"] == "argument"
    assert str(error) == (
        "plan 'count': parameter 'detectors'[1] is 'dett2', a text; it must be one of "
        "D: det1, det2; is 'det2' meant?"
    )


def test_a_device_that_is_known_but_not_for_this_parameter_is_told_apart():
    assert "device 'det4' is known, but not allowed there" in said("count", ["det4"])
    assert "device 'det4'" in said("count", ["det4.val"])
    assert "is known" not in said("count", ["det5"])


def listed(text, value, allowed, **lists):
    plans = {"p": {"name": "p", "parameters": [parameter("x", **typed(text, **lists))]}}
    plan = {"name": "p", "kwargs": {"x": value}}
    ok, words = validate_plan(plan, allowed_plans=plans, allowed_devices=allowed)
    assert ok == (words == "")
    return words


def test_a_device_that_only_the_plan_lists_may_not_be_used():
    own = {"devices": {"D": ["det1", "det1.val"]}}
    assert listed("D", "det1", {"det1": {}}, **own) == ""
    assert listed("D", "det1", None, **own) == ""
    words = listed("D", "det1", {}, **own)
    assert "it must be one of D, a list that is empty for you" in words
    assert "the plan lists it, but the allowed devices and plans do not" in words
    assert listed("list[D]", ["det1"], {}, **own) != ""
    assert listed("dict[D, int]", {"det1": 1}, {}, **own) != ""
    assert listed("D", "det1", {"det1": {"excluded": True}}, **own) != ""
    assert listed("D", "det1.val", {"det1": {}}, **own) != ""
    parts = {"det1": {"components": {"val": {}}}}
    assert listed("D", "det1.val", parts, **own) == ""


def test_a_plan_that_only_the_plan_lists_may_not_be_used():
    own = {"plans": {"P": ["p", "count"]}}
    assert listed("P", "p", {}, **own) == ""
    assert "must be one of P: p" in listed("P", "count", {}, **own)


def test_what_is_also_allowed_otherwise_needs_no_list():
    own = {"devices": {"D": ["det1"]}}
    assert listed("D | str", "det1", {}, **own) == ""
    assert listed("D", "det1", {}, **own, enums={"D": ["det1"]}) == ""


def test_a_number_out_of_range_tells_the_range():
    error = refused("count", ["det1"], 11)
    assert "parameter 'num' is 11, out of range; it must be from 1 to 10" in str(error)
    assert error.context["allowed"] == (1, 10)
    assert "it must be at most 5" in said("several", 1, a=6)


def test_names_of_parameters_are_helped_with():
    error = refused("count", ["det1"], nmu=2)
    assert error.context["nearest"] == "num"
    assert "has no parameter 'nmu'; it has 'detectors', 'num', 'md'" in str(error)
    assert "given twice" in said("count", ["det1"], detectors=["det1"])
    plans = {"p": {"name": "p", "parameters": [parameter("x", "POSITIONAL_ONLY")]}}
    _, words = validate_plan(
        {"name": "p", "kwargs": {"x": 1}}, allowed_plans=plans, allowed_devices={}
    )
    assert "takes parameter 'x' only by position" in words


@pytest.mark.parametrize(
    ("existing", "reason", "words"),
    [
        (None, "unknown", "is not in the list of allowed plans; is 'count' meant?"),
        ({"scan": {}}, "unknown", "'cout' is not known; is 'count' meant?"),
        ({"cout": {}}, "not_allowed", "exists but is not in the list of allowed"),
        ({}, "not_open", "no environment was opened yet"),
    ],
)
def test_not_allowed_unknown_and_not_open_have_other_words(existing, reason, words):
    with pytest.raises(PlanArgumentError) as caught:
        check_plan({"name": "cout"}, allowed_plans=PLANS, existing_plans=existing)
    assert caught.value.context["reason"] == reason
    assert words in str(caught.value)


def test_an_empty_list_says_what_that_may_mean():
    _, words = validate_plan({"name": "a"}, allowed_plans={}, allowed_devices={})
    assert "no environment was opened yet, or your group may run no plan" in words


@pytest.mark.parametrize(
    ("plan", "ok"),
    [
        ({"name": "bare"}, True),
        ({"name": "bare", "meta": {"a": 1}, "item_type": "plan", "user": "u"}, True),
        ({"name": "bare", "meta": [{"a": 1}, {}]}, True),
        ({"name": "bare", "meta": 5}, False),
        ({"name": "bare", "meta": [5]}, False),
        ({"name": "bare", "args": "abc"}, False),
        ({"name": "bare", "args": None}, False),
        ({"name": "bare", "kwargs": [1]}, False),
        ({"name": "bare", "kwargs": {5: 1}}, False),
        ({"name": 5}, False),
        ({"name": ["bare"]}, False),
        ({"name": ""}, False),
        ({}, False),
        (5, False),
        (None, False),
        ({"name": "broken", "args": [1]}, False),
        ({"name": "x" * 1_000_000}, False),
    ],
)
def test_the_form_of_a_plan_is_checked(plan, ok):
    found, words = validate_plan(plan, allowed_plans=PLANS, allowed_devices={})
    assert found == ok
    assert len(words) < 600


def test_no_list_allows_every_plan_of_the_right_form():
    assert validate_plan({"name": "q"}, allowed_plans=None, allowed_devices=None)[0]
    ok, words = validate_plan(
        {"name": "q", "meta": 3}, allowed_plans=None, allowed_devices=None
    )
    assert not ok
    assert "'meta'" in words


def test_a_description_is_compiled_once_and_anew_when_it_changes():
    described = json.loads(json.dumps(PLANS["count"]))
    first = compiled_plan(described)
    assert compiled_plan(described) is first
    described["parameters"][1]["max"] = "20"
    assert compiled_plan(described) is not first
    plan = {"name": "count", "args": [[], 15]}
    allowed = {"count": described}
    assert validate_plan(plan, allowed_plans=allowed, allowed_devices={})[0]


def test_a_description_that_json_cannot_hold_is_read_all_the_same():
    described = {"name": "p", "parameters": [], "note": object()}
    assert compiled_plan(described).model.name == "p"


def test_a_client_needs_neither_ophyd_nor_bluesky_nor_pydantic():
    code = (
        "import json, sys\n"
        "from lapwing.annotation import validate_plan\n"
        "plans, plan = json.loads(sys.argv[1])\n"
        "devices = {'det1': {}}\n"
        "print(validate_plan(plan, allowed_plans=plans, allowed_devices=devices))\n"
        "heavy = {'ophyd', 'bluesky', 'pydantic', 'numpy', 'h5py', 'yaml', 're2'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    lists = json.dumps([PLANS, {"name": "count", "args": [["det1"]]}])
    done = subprocess.run(
        [sys.executable, "-c", code, lists], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["(True, '')", "[]"]


DEEP: list = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        "det1" * 250_000,
        ["x" * 1_000_000],
        list(range(100_000)),
        {f"k{n}": n for n in range(50_000)},
        DEEP,
        [DEEP],
        "d\u0435t1",
        "__import__('os').system('true')",
        float("nan"),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("name", ["detectors", "num"])
def test_a_hostile_value_is_refused_quickly(name, value):
    kwargs = {"detectors": [], name: value}
    with soon(0.1):
        words = said("count", **kwargs)
    assert words.startswith("Plan validation failed: plan 'count'")
    assert len(words) < 1200


def test_no_more_descriptions_are_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(validate, "_memory", validate._Memory())
    monkeypatch.setattr(validate, "MOST_BYTES", 5000)
    long = {"name": "long", "description": "x" * 3000, "parameters": []}
    first, other = {**long, "name": "first"}, {**long, "name": "other"}
    kept = compiled_plan(first)
    assert compiled_plan(dict(first)) is kept
    compiled_plan(other)
    assert compiled_plan(dict(first)) is not kept
    huge = {**long, "description": "x" * 6000}
    assert compiled_plan(huge) is not compiled_plan(huge)
