"""What a plan's JSON Schema accepts, its check accepts, and the other way round."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lapwing.annotation import validate_plan
from lapwing.annotation.forms import plan_item, plan_schema

LISTS = {
    "devices": {"D": ["det1", "stage.x", "gone"], "M": ["det1", "motor"]},
    "plans": {"P": ["count", "gone"], "M": ["count"]},
    "enums": {"E": ["a", "it's", "é"], "M": ["a"]},
}
DEVICES = {
    "det1": {"is_readable": True},
    "motor": {"is_readable": True, "is_movable": True},
    "stage": {"excluded": True, "components": {"x": {"is_movable": True}}},
}
COUNT = {"name": "count", "parameters": []}
KINDS = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL")
KINDS += ("KEYWORD_ONLY", "VAR_KEYWORD")

types = st.recursive(
    st.sampled_from(["int", "float", "str", "bool", "None", "typing.Any", "list"])
    | st.sampled_from(["D", "M", "P", "E", "dict", "bytes", "range", "set", "tuple"])
    | st.sampled_from(["__DEVICE__", "__PLAN__", "__CALLABLE__", "typing.Hashable"])
    | st.just("typing.Literal['a', 1, -3, 100, True, None]"),
    lambda inner: (
        inner.map("list[{}]".format)
        | inner.map("set[{}]".format)
        | inner.map("typing.Iterable[{}]".format)
        | inner.map("typing.Tuple[{}, ...]".format)
        | inner.map("{} | None".format)
        | inner.map("typing.Annotated[{}, 'mm']".format)
        | st.tuples(inner, inner).map(lambda two: "typing.Union[{}, {}]".format(*two))
        | st.tuples(inner, inner).map(lambda two: "tuple[{}, {}]".format(*two))
        | st.tuples(st.sampled_from(["str", "E", "int", "typing.Any"]), inner).map(
            lambda two: "dict[{}, {}]".format(*two)
        )
    ),
    max_leaves=5,
)
single = (
    st.none()
    | st.booleans()
    | st.integers(-10, 120)
    | st.floats(-10, 120).filter(lambda number: not number.is_integer())
    | st.sampled_from(["det1", "stage.x", "gone", "motor", "count", "a", "it's", "é"])
    | st.sampled_from(["a.b", "_a", "a._b", "1a", "", "a b", "scan"])
)
values = st.recursive(
    single,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "é", "z", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)
limits = st.sampled_from(["0", "1", "7.5", "99"])
limits = st.sampled_from(["0", "1", "7.5", "99"])
bounds = st.dictionaries(st.sampled_from(["min", "max"]), limits)


def described(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"name": "p", "parameters": list(parameters)}


def parameter(
    name: str, text: str | None, kind: str = "POSITIONAL_OR_KEYWORD", **more: Any
) -> dict[str, Any]:
    found = {"name": name, "kind": {"name": kind, "value": KINDS.index(kind)}, **more}
    if text is not None:
        lists = {
            key: {name: names for name, names in one.items() if name in text}
            for key, one in LISTS.items()
        }
        found["annotation"] = {"type": text, **lists}
    return found


def agree(plan: dict[str, Any], given_values: dict[str, Any]) -> bool:
    """Check that the schema and the check give one answer; return it."""
    lists = {"allowed_plans": {"p": plan, "count": COUNT}, "allowed_devices": DEVICES}
    schema = json.loads(json.dumps(plan_schema(plan, **lists)))
    Draft202012Validator.check_schema(schema)
    accepted = Draft202012Validator(schema).is_valid(given_values)
    ok, words = validate_plan(plan_item(plan, given_values), **lists)
    assert accepted == ok, (words, schema, given_values)
    return ok


@settings(max_examples=400)
@given(types | st.none(), bounds, values)
def test_schema_and_check_agree_on_a_value(text, limits, value):
    agree(described(parameter("x", text, **limits)), {"x": value})


@pytest.mark.soak
@pytest.mark.timeout(600)
@settings(max_examples=10_000)
@given(types | st.none(), bounds, values)
def test_schema_and_check_agree_on_many_more(text, limits, value):
    agree(described(parameter("x", text, **limits)), {"x": value})


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(KINDS), unique=True, min_size=1),
    st.booleans(),
    st.dictionaries(st.sampled_from("abcde"), single, max_size=5),
)
def test_schema_and_check_agree_on_a_call(kinds, default, some):
    ordered = sorted(kinds, key=KINDS.index)
    more = {"default": "5"} if default else {}
    plan = described(
        *(
            parameter(name, "int", kind, **({} if "VAR" in kind else more))
            for name, kind in zip("abcde", ordered, strict=False)
        )
    )
    known = {one["name"]: one["kind"]["name"] for one in plan["parameters"]}
    given_values: dict[str, Any] = {}
    for name, value in some.items():
        match known.get(name):
            case "VAR_POSITIONAL":
                given_values[name] = [value]
            case "VAR_KEYWORD":
                given_values[name] = {"more": value}
            case str():
                given_values[name] = value
    required = {one["name"] for one in plan["parameters"] if "default" not in one}
    required -= {name for name, kind in known.items() if "VAR" in kind}
    if required <= set(given_values):
        agree(plan, given_values)
    else:
        schema = plan_schema(plan)
        assert not Draft202012Validator(schema).is_valid(given_values)
