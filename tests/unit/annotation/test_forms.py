"""Forms of plans: what their schema says, and what they submit."""

import inspect
import json
import math
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated

import pytest
from jsonschema import Draft202012Validator

from lapwing import parameter_annotation_decorator
from lapwing.annotation import read_plan, validate_plan
from lapwing.annotation.description import plan_to_dict
from lapwing.annotation.forms import DRAFT, plan_item, plan_schema
from lapwing.errors import PlanArgumentError


@parameter_annotation_decorator(
    {
        "description": "Scan a motor.",
        "parameters": {
            "detectors": {
                "annotation": "typing.List[Detectors]",
                "devices": {"Detectors": ["det1", "det2"]},
                "description": "What is read.",
            },
            "what": {
                "annotation": "Both",
                "devices": {"Both": ["m1"]},
                "plans": {"Both": ["count"]},
            },
            "exposure": {
                "annotation": "typing.Annotated[float, 's']",
                "min": 0.001,
                "max": 60,
                "step": 0.1,
            },
            "energy": {"description": "Photon energy [eV]."},
            "mode": {
                "annotation": "Mode",
                "enums": {"Mode": ["fly", "step"]},
                "default": "step",
            },
        },
    }
)
def scan(detectors, what, exposure, /, energy=8000.0, *args: int, mode=None, **kwargs):
    yield detectors, what, exposure, energy, args, mode, kwargs


SCAN = plan_to_dict(read_plan(scan))


def test_the_schema_says_all_that_a_form_needs():
    schema = plan_schema(SCAN)
    Draft202012Validator.check_schema(schema)
    assert schema == {
        "$schema": DRAFT,
        "title": "scan",
        "description": "Scan a motor.",
        "type": "object",
        "x-order": list(inspect.signature(scan).parameters),
        "required": ["detectors", "what", "exposure"],
        "additionalProperties": False,
        "properties": {
            "detectors": {
                "type": "array",
                "items": {
                    "type": "string",
                    "enum": ["det1", "det2"],
                    "x-of": "devices",
                    "x-list": "Detectors",
                },
                "description": "What is read.",
                "x-kind": "POSITIONAL_ONLY",
            },
            "what": {
                "anyOf": [
                    {"type": "string", "enum": ["m1"], "x-of": "devices"},
                    {"type": "string", "enum": ["count"], "x-of": "plans"},
                ],
                "x-list": "Both",
                "x-kind": "POSITIONAL_ONLY",
            },
            "exposure": {
                "type": "number",
                "minimum": 0.001,
                "maximum": 60,
                "x-step": 0.1,
                "x-unit": "s",
                "x-kind": "POSITIONAL_ONLY",
            },
            "energy": {
                "description": "Photon energy [eV].",
                "x-unit": "eV",
                "default": 8000.0,
                "x-kind": "POSITIONAL_OR_KEYWORD",
            },
            "args": {
                "type": "array",
                "items": {"type": "integer"},
                "x-kind": "VAR_POSITIONAL",
            },
            "mode": {
                "type": "string",
                "enum": ["fly", "step"],
                "x-of": "enums",
                "x-list": "Mode",
                "default": "step",
                "x-kind": "KEYWORD_ONLY",
            },
            "kwargs": {
                "type": "object",
                "additionalProperties": {},
                "propertyNames": {"not": {"enum": ["energy", "mode"]}},
                "x-kind": "VAR_KEYWORD",
            },
        },
    }


def test_lists_hold_only_what_may_be_used():
    schema = plan_schema(SCAN, allowed_devices={"det2": {}}, allowed_plans={})
    properties = schema["properties"]
    assert properties["detectors"]["items"]["enum"] == ["det2"]
    assert properties["what"] == {
        "type": "string",
        "enum": [],
        "x-list": "Both",
        "x-kind": "POSITIONAL_ONLY",
    }
    Draft202012Validator.check_schema(schema)


def described(text, **more):
    kind = {"name": "POSITIONAL_OR_KEYWORD", "value": 1}
    one = {"name": "x", "kind": kind, "annotation": {"type": text}, **more}
    return {"name": "p", "parameters": [one]}


def test_names_that_are_not_checked_are_on_offer():
    devices = {
        "det": {"is_readable": True, "components": {"val": {"is_readable": True}}},
        "motor": {"is_movable": True},
        "gone": {"excluded": True, "is_movable": True},
    }
    for text, offered in (
        ("__DEVICE__", ["det", "det.val", "motor"]),
        ("__READABLE__", ["det", "det.val"]),
        ("__MOVABLE__", ["motor"]),
        ("__PLAN__", ["count"]),
        ("__PLAN_OR_DEVICE__", ["count", "det", "det.val", "motor"]),
    ):
        schema = plan_schema(
            described(text), allowed_devices=devices, allowed_plans={"count": {}}
        )
        reference = schema["properties"]["x"]["$ref"]
        (name,) = schema["$defs"]
        assert reference == f"#/$defs/{name}"
        assert schema["$defs"][name] == {"type": "string", "examples": offered}
    assert plan_schema(described("__FLYABLE__"))["properties"]["x"] == {
        "type": "string",
        "x-of": "devices",
        "x-kind": "POSITIONAL_OR_KEYWORD",
    }


def test_numbers_at_any_depth_are_held_to_the_bounds():
    plan = described("typing.Any", min="0", max="10")
    schema = Draft202012Validator(plan_schema(plan))
    for value, right in (
        (5, True),
        (11, False),
        ([1, {"a": [2, "text", None, True]}], True),
        ([1, {"a": [-1]}], False),
    ):
        lists = {"allowed_plans": {"p": plan}, "allowed_devices": {}}
        assert schema.is_valid({"x": value}) is right
        assert validate_plan(plan_item(plan, {"x": value}), **lists)[0] is right


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ("None", {"default": None}),
        ("(1, ('a', 2.5))", {"default": [1, ["a", 2.5]]}),
        ("{'a': (1,)}", {"default": {"a": [1]}}),
        ("{1, 2}", {"x-default": "{1, 2}"}),
        ("{1: 2}", {"x-default": "{1: 2}"}),
        ("b'x'", {"x-default": "b'x'"}),
        ("1e999", {"x-default": repr(math.inf)}),
    ],
)
def test_a_default_is_json_or_its_text(default, expected):
    schema = plan_schema(described("typing.Any", default=default))
    found = schema["properties"]["x"]
    assert {key: found[key] for key in found if "default" in key} == expected
    assert schema["required"] == []


def test_units_in_the_header_reach_the_schema():
    def move(x: Annotated[float, "mm"], t: "Annotated[float, 's'] | None" = None):
        yield x, t

    properties = plan_schema(plan_to_dict(read_plan(move)))["properties"]
    assert {name: one["x-unit"] for name, one in properties.items()} == {
        "x": "mm",
        "t": "s",
    }


@pytest.mark.parametrize(
    ("text", "description", "unit"),
    [
        ("float", "Exposure time [s].", "s"),
        ("float", "Exposure time [s]", "s"),
        ("float", "Angle [°]", "°"),
        ("float", "Rate [1/s]", "1/s"),
        ("float", "Humidity [%]", "%"),
        ("float", "Momentum [Å^-1].", "Å^-1"),
        ("float", "From a range [0, 1].", ""),
        ("float", "See [the manual of it, or ask].", ""),
        ("float", "In [mm] as ever", ""),
        ("typing.Annotated[float, 'mm']", "Way [m].", "mm"),
        ("typing.Optional[typing.List[typing.Annotated[float, 'mm']]]", "", "mm"),
        ("typing.Annotated[float, 5]", "", ""),
    ],
)
def test_the_unit_is_the_note_of_the_type_or_in_brackets(text, description, unit):
    plan = described(text, description=description)
    assert plan_schema(plan)["properties"]["x"].get("x-unit", "") == unit


# ------------------------------------------------------------------ what is submitted


def test_values_become_positional_and_named_arguments():
    values = {"detectors": ["det1"], "what": "m1", "exposure": 1}
    assert plan_item(SCAN, values) == {
        "name": "scan",
        "args": [["det1"], "m1", 1],
        "kwargs": {},
    }
    more = values | {"args": [1, 2], "kwargs": {"z": 1}, "mode": "fly"}
    assert plan_item(SCAN, more) == {
        "name": "scan",
        "args": [["det1"], "m1", 1, 8000.0, 1, 2],
        "kwargs": {"z": 1, "mode": "fly"},
    }
    assert plan_item(SCAN, values | {"args": []})["args"] == [["det1"], "m1", 1]


def test_what_cannot_be_submitted_is_told():
    with pytest.raises(PlanArgumentError, match=r"'scan' has no parameter 'nope'; it"):
        plan_item(SCAN, {"nope": 1})
    with pytest.raises(PlanArgumentError, match="needs parameter 'what', and others"):
        plan_item(SCAN, {"detectors": [], "exposure": 1})
    with pytest.raises(PlanArgumentError, match="the description of a plan"):
        plan_schema([])


# ------------------------------------------------------------------ the example

EXAMPLE = Path(__file__).parents[3] / "examples" / "plan_form.py"


def run_example(tmp_path, *filled):
    file = tmp_path / "scan.json"
    file.write_text(json.dumps(plan_schema(SCAN)))
    # Isolated, so that it finds nothing but the schema and Python itself.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(EXAMPLE), str(file), *filled],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1"},
        timeout=100,
    )
    assert "Traceback" not in done.stderr
    return done.stdout or done.stderr


class Controls(HTMLParser):
    """Collects the controls of a page by name, and the options of those that have."""

    def __init__(self, page):
        super().__init__()
        self.found, self.options, self.text = {}, {}, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("input", "select"):
            self.last = dict(attrs)["name"]
            self.found[self.last] = (tag, dict(attrs))
        if tag == "option":
            self.options.setdefault(self.last, []).append("")

    def handle_data(self, data):
        self.text += data
        if self.lasttag == "option" and self.options[self.last]:
            self.options[self.last][-1] += data.strip()


def test_the_example_builds_a_page_from_the_schema_alone(tmp_path):
    page = Controls(run_example(tmp_path))
    assert list(page.found) == list(inspect.signature(scan).parameters)
    tag, detectors = page.found["detectors"]
    assert tag == "select"
    assert "multiple" in detectors
    assert "required" in detectors
    assert page.options["detectors"] == ["det1", "det2"]
    assert page.options["what"] == ["m1", "count"]
    assert page.options["mode"] == ["", "fly", "step"]
    _, exposure = page.found["exposure"]
    assert (exposure["type"], exposure["min"], exposure["max"]) == (
        "number",
        "0.001",
        "60",
    )
    assert page.found["energy"][1]["value"] == "8000.0"
    assert "required" not in page.found["energy"][1]
    assert "exposure * s" in " ".join(page.text.split())
    assert "What is read." in page.text


def test_what_the_example_cannot_read_is_told(tmp_path):
    assert run_example(tmp_path, "what") == "'what' is not of the form NAME=VALUE\n"
    assert run_example(tmp_path, "a=1") == "scan has no parameter 'a'\n"


def test_what_is_filled_into_the_example_is_a_valid_plan(tmp_path):
    filled = ["detectors=det1, det2", "what=m1", "exposure=0.5", "args=[1, 2]"]
    values = json.loads(run_example(tmp_path, *filled, "mode=fly", "energy="))
    assert Draft202012Validator(plan_schema(SCAN)).is_valid(values)
    item = plan_item(SCAN, values)
    assert item["args"] == [["det1", "det2"], "m1", 0.5, 8000.0, 1, 2]
    lists = {"allowed_plans": {"scan": SCAN, "count": {}}, "allowed_devices": None}
    assert validate_plan(item, **lists) == (True, "")


def test_zeros_are_numbers_in_the_example(tmp_path):
    plan = described("int", min="0", max="0", default="0")
    file = tmp_path / "p.json"
    file.write_text(json.dumps(plan_schema(plan)))
    page = subprocess.run(
        [sys.executable, "-I", str(EXAMPLE), str(file)],
        capture_output=True,
        text=True,
        timeout=100,
    ).stdout
    (x,) = Controls(page).found.values()
    assert {x[1][key] for key in ("min", "max", "value")} == {"0"}
