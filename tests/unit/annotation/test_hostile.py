"""What is written to do harm does nothing: an error of ours, in no time."""

import math

import pytest
import yaml
from kit import LOADED
from unit.annotation.whole_path import walk

from lapwing.errors import LapwingError

BOUND = 0.1 * LOADED
"""Seconds of the processor for each step."""

MEGABYTE = "x" * 1_000_000
HUGE = 10**5000


def nested(depth, wrap=lambda inner: [inner]):
    value = "det1"
    for _ in range(depth):
        value = wrap(value)
    return value


def endless():
    value = {"a": []}
    value["a"].append(value)
    return value


LAUGHS = yaml.safe_load(
    "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    + "all: *a39\n"
)["all"]
ITSELF = yaml.safe_load("&all [1, *all, {a: *all}]")
CODE = "__import__('os').system('true')"

VALUES = {
    "code": CODE,
    "code in a list": [CODE, "(lambda: 1)()"],
    "a text": MEGABYTE,
    "a list of texts": [MEGABYTE] * 5,
    "a key": {MEGABYTE: 1},
    "many items": list(range(100_000)),
    "many keys": {str(n): n for n in range(50_000)},
    "lists": nested(100_000),
    "tuples": nested(100_000, lambda inner: (inner,)),
    "dicts": nested(100_000, lambda inner: {"a": inner}),
    "lists and dicts": nested(100_000, lambda inner: [{"a": [inner]}]),
    "itself": ITSELF,
    "itself in a dict": endless(),
    "a billion laughs": LAUGHS,
    "a number": HUGE,
    "numbers": [HUGE, -HUGE, {"a": HUGE}],
    "a number as a key": {HUGE: 1},
    "NaN": math.nan,
    "infinity": [math.inf, -math.inf],
    "letters that look alike": "d\u0435t1",
    "letters that Python takes for others": "\uff44et1",
    "half of a letter": ["\ud800", {"\udfff": "\ud800"}],
    "zeros": "det1\0",
    "dots": "det1" + ".val" * 100_000,
    "a way out": "det1.__class__.__init__.__globals__",
    "a complex number": 1j,
    "bytes": b"x" * 1_000_000,
    "an object": object(),
    "a class": int,
}

TYPES = [
    None,
    "typing.Any",
    "int",
    "float",
    "list[int]",
    "dict[str, list[float]]",
    "set",
    "typing.Literal['a', 1, 0xffff] | None",
    "D",
    "typing.List[D] | typing.Dict[str, D]",
    "__DEVICE__",
    "__CALLABLE__",
    "typing.Union[int, typing.List[typing.Union[int, typing.List[typing.Any]]]]",
]


@pytest.mark.parametrize("text", TYPES)
@pytest.mark.parametrize("name", VALUES)
def test_a_hostile_value_does_nothing(name, text):
    own = {"min": -5, "max": 5} | ({"annotation": text} if text else {})
    own |= {"devices": {"D": ["det1", "det2"]}} if text and "D]" in text else {}
    value = VALUES[name]
    for submitted in (
        {"name": "a_plan", "args": [value]},
        {"name": "a_plan", "kwargs": {"x": value, "z": value}},
        {"name": "a_plan", "meta": value, "user": value},
    ):
        steps = walk({"parameters": {"x": own}}, submitted=submitted)
        assert max(took for _, took in steps) < BOUND


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("place", ["plan", "name", "args", "kwargs"])
def test_a_hostile_plan_does_nothing(name, place):
    value = VALUES[name]
    submitted = {"name": "a_plan", place: value} if place != "plan" else value
    steps = walk(submitted=submitted)
    assert max(took for _, took in steps) < BOUND


KEYS = ["description", "annotation", "devices", "plans", "enums", "default", "min"]
KEYS += ["max", "step", "convert_plan_names", "convert_device_names"]


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("key", [*KEYS, "D", "a member", "a name", "all", ""])
def test_a_hostile_decorator_does_nothing(name, key):
    value = VALUES[name]
    annotation = {"parameters": {"x": {key: value}}}
    if key == "D":
        annotation = {"parameters": {"x": {"annotation": "D", "devices": {"D": value}}}}
    elif key == "a member":
        lists = {"devices": {"D": [value]}, "enums": {"E": [value]}}
        annotation = {"parameters": {"x": {"annotation": "D | E", **lists}}}
    elif key == "a name":
        try:
            annotation = {"parameters": {value: {"enums": {value: ["a"]}}}}
        except TypeError:
            return  # no key of a dict
    elif key == "all":
        annotation = value
    steps = walk(annotation, submitted={"name": "a_plan", "args": [1]})
    assert max(took for _, took in steps) < BOUND


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(
    "change",
    [
        lambda value: value,
        lambda value: {"name": "a_plan", "parameters": value},
        lambda value: {"name": value, "parameters": [], "note": value},
        lambda value: {"name": "a_plan", "parameters": [value]},
        lambda value: described(name=value),
        lambda value: described(kind=value),
        lambda value: described(annotation=value),
        lambda value: described(annotation={"type": value}),
        lambda value: described(annotation={"type": "D", "devices": {"D": value}}),
        lambda value: described(annotation={"type": "D", "enums": {"D": [value]}}),
        lambda value: described(default=value),
        lambda value: described(default=repr("x" * 40_000)),
        lambda value: described(min=value, max=value),
        lambda value: described(description=value),
        lambda value: described(convert_device_names=value),
    ],
)
def test_a_hostile_description_does_nothing(name, change):
    submitted = {"name": "a_plan", "args": ["det1"]}
    steps = walk(described=change(VALUES[name]), submitted=submitted)
    assert max(took for _, took in steps) < BOUND


def described(**facts):
    kind = {"name": "POSITIONAL_OR_KEYWORD", "value": 1}
    return {"name": "a_plan", "parameters": [{"name": "x", "kind": kind} | facts]}


TEXTS = {
    "a bomb of alternatives": " | ".join(f"list[{'list[' * (n % 20)}int"
        f"{']' * (n % 20)}]" for n in range(200)),
    "a number of thousands of digits": f"typing.Literal[0x{'f' * 9000}]",
    "many numbers": f"typing.Literal[{', '.join(map(str, range(2000)))}]",
    "defaults": "typing.Literal[" + "-" * 5000 + "1]",
    "quotes in quotes": '"' + "'int'" + '"',
    "look-alikes": "typing.Li\u0455t[int]",
    "Python's look-alikes": "\uff49\uff4e\uff54",
    "walrus": "(x := int)",
    "await": "await int",
    "a format": "f'{int}'",
    "stars": "*int",
    "a call": "typing.get_type_hints(int)",
    "attributes": "typing.List.__class__",
    "a comment": "int # and more",
    "two lines": "int\nimport os",
    "a carriage return": "int\rimport os",
    "tabs": "\t\x0cint",
    "a semicolon": "int; import os",
    "a coding line": "# coding: utf-7\nint",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_type_does_nothing(name):
    annotation = {"parameters": {"x": {"annotation": TEXTS[name]}}}
    for value in (1, [[[1]]], list(range(100_000)), [[[1.5]] * 1000] * 3):
        submitted = {"name": "a_plan", "args": [value]}
        for steps in (
            walk(annotation, submitted=submitted),
            walk(
                described=described(annotation={"type": TEXTS[name]}),
                submitted=submitted,
            ),
        ):
            assert max(took for _, took in steps) < BOUND
            for found, _ in steps:
                if isinstance(found, LapwingError):
                    assert len(str(found)) < 3000


PATTERNS = ["(a+)+$", "(.*)*x", "(x|x)*y", "a{999}{999}", "(?=a)", "(a)\\1", "(" * 500]
PATTERNS += ["[" * 4000, "(?P<a>" * 50, "\\", "x{1,1000}" * 90, ".*" * 300, MEGABYTE]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda text: text[:12])
def test_a_hostile_pattern_does_nothing(pattern):
    own = {"annotation": "D | P"}
    own |= {"devices": {"D": [f":{pattern}", f":?{pattern}:depth=9999999"]}}
    own |= {"plans": {"P": [f":{pattern}"]}}
    annotation = {"parameters": {"x": own}}
    steps = walk(annotation, submitted={"name": "a_plan", "args": ["det1"]})
    assert max(took for _, took in steps) < BOUND
