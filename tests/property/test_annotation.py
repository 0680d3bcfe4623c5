"""Whatever is written into an annotation, a list or a plan: an answer, or our error."""

from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.annotation import validate_plan
from lapwing.annotation.checks import check_of, fault_in, out_of_range
from lapwing.annotation.decorator import parameter_annotation_decorator
from lapwing.annotation.description import plan_from_dict, plan_to_dict
from lapwing.annotation.docstrings import read_docstring
from lapwing.annotation.grammar import parse_type
from lapwing.annotation.hints import hint_text
from lapwing.annotation.names import in_order, select_devices, select_plans
from lapwing.annotation.nearest import nearest
from lapwing.annotation.patterns import BoundedPattern
from lapwing.annotation.signature import read_plan
from lapwing.annotation.trees import described_trees
from lapwing.annotation.words import words_for
from lapwing.errors import PlanArgumentError

MANY = settings(max_examples=200)
FEW = settings(max_examples=60)
PLENTY = re2.Options()
PLENTY.max_mem = 1 << 28
PLENTY.log_errors = False
NAMES = {"D": frozenset({"det1", "det2", "it's"}), "E": frozenset({"a"})}

# Letters of the grammar, so that some of what comes out is nearly right.
SCRAPS = (
    "typing. List [ ] ( ) , | int None D ' \\ Literal __DEVICE__ ... . - 1 lambda : é"
)
scraps = st.lists(st.sampled_from([*SCRAPS.split(), " ", "\n"])).map("".join)
texts = scraps | st.text(max_size=30)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.floats()
    | st.sampled_from(["det1", "det1.val", "a", "it's", "p"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
types = st.recursive(
    st.sampled_from(["int", "float", "str", "bool", "None", "typing.Any", "D", "E"])
    | st.sampled_from(["__DEVICE__", "__CALLABLE__", "typing.Literal['a', 1]", "set"]),
    lambda inner: (
        inner.map("list[{}]".format)
        | inner.map("typing.Dict[str, {}]".format)
        | inner.map("typing.Tuple[{}, ...]".format)
        | inner.map("set[{}]".format)
        | inner.map("{} | None".format)
        | st.tuples(inner, inner).map(lambda two: "typing.Union[{}, {}]".format(*two))
        | st.tuples(inner, inner).map(lambda two: "tuple[{}, {}]".format(*two))
    ),
    max_leaves=5,
)


@MANY
@given(texts)
def test_any_text_is_a_type_or_a_fault_with_a_place(text):
    fault = None
    try:
        wanted = parse_type(text, NAMES)
    except PlanArgumentError as error:
        fault = error
    else:
        assert words_for(wanted)
        assert check_of(wanted)(None) in (True, False)
    if fault:
        assert fault.context["line"] >= 1
        assert fault.context["column"] >= 0


@MANY
@given(texts)
def test_any_text_is_a_hint_that_is_a_type_or_none_at_all(text):
    found = hint_text(text, {"D": list[int], "x": 5})
    assert found is None or parse_type(found)


@MANY
@given(types, json_values)
def test_a_check_and_its_fault_agree(text, value):
    wanted = parse_type(text, NAMES)
    fault = fault_in(wanted, value)
    assert check_of(wanted)(value) == (fault is None)
    if fault:
        assert fault.wanted


@MANY
@given(json_values, st.floats(-10, 10), st.floats(-10, 10))
def test_what_is_out_of_range_is_a_number_and_is_there(value, low, high):
    outside = out_of_range(value, low, high)
    if outside is not None:
        path, number = outside
        assert isinstance(number, (int, float))
        assert not low <= number <= high
        assert (path == "") == (number is value)


parameters = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", "y"]) | json_values,
        "kind": st.sampled_from(
            [
                {"name": "POSITIONAL_ONLY"},
                {"name": "POSITIONAL_OR_KEYWORD"},
                {"name": "VAR_POSITIONAL"},
                {"name": "VAR_KEYWORD"},
            ]
        )
        | json_values,
    },
    optional={
        "annotation": st.fixed_dictionaries(
            {"type": types | texts | json_values},
            optional={
                "devices": st.just({"D": ["det1", "det1.val"]}) | json_values,
                "enums": st.just({"E": ["a", "it's"]}) | json_values,
            },
        )
        | json_values,
        "default": st.sampled_from(["1", "'a'", "f()", "nan"]) | json_values,
        "min": st.sampled_from(["1", "0.5", "-inf"]) | json_values,
        "max": json_values,
        "convert_device_names": json_values,
        "description": json_values,
    },
)
descriptions = (
    st.fixed_dictionaries(
        {"name": st.just("p"), "parameters": st.lists(parameters, max_size=3)}
    )
    | json_values
)
plans = (
    st.fixed_dictionaries(
        {"name": st.just("p")},
        optional={
            "args": st.lists(json_values, max_size=3) | json_values,
            "kwargs": st.dictionaries(st.sampled_from(["x", "y", "z"]), json_values)
            | json_values,
            "meta": json_values,
        },
    )
    | json_values
)
device_lists = (
    st.just({"det1": {"components": {"val": {}}}})
    | st.dictionaries(st.sampled_from(["det1", "det2"]), json_values)
    | st.none()
)


@MANY
@given(plans, descriptions, device_lists)
def test_validation_always_answers(plan: Any, description: Any, devices: Any):
    ok, words = validate_plan(
        plan, allowed_plans={"p": description}, allowed_devices=devices
    )
    assert ok == (words == "")
    assert len(words) < 5000


@MANY
@given(descriptions)
def test_what_is_read_is_written_and_read_the_same(description):
    try:
        model = plan_from_dict(description)
        written = plan_to_dict(model)
    except PlanArgumentError:
        return
    assert plan_to_dict(plan_from_dict(written)) == written


@FEW
@given(json_values, json_values, texts)
def test_a_decorator_takes_or_refuses_and_then_a_plan_is_read(own, default, text):
    def plan(x=None, y=1):
        yield x, y

    described = own if isinstance(own, dict) else {"default": own, "annotation": text}
    try:
        parameter_annotation_decorator({"parameters": {"x": described}})(plan)
        model = read_plan(plan)
    except PlanArgumentError:
        return
    assert plan_from_dict(plan_to_dict(model)).name == "plan"


patterns = (
    st.lists(
        st.sampled_from(["det", "1", ":", "?", "+", "-", "^", "$", ".", "*", "(", ")"])
        | st.sampled_from(["depth=", "__MOTOR__", "__PLANS__", "2", " ", "é", "|", "a"])
    ).map("".join)
    | texts
)
TREES = described_trees(
    {"det1": {"components": {"a": {"components": {"det1": {}}}}}, "1": {}, "é-": {}}
)


@MANY
@given(st.lists(patterns, max_size=3))
def test_lists_of_names_come_sorted_or_are_refused(items):
    for select, known in ((select_devices, TREES), (select_plans, ["a", "1"])):
        try:
            found = select(items, known)
        except PlanArgumentError:
            continue
        assert found == in_order(set(found))


PIECES = "a b* . [^a] (a|b) a{1,99} | \\pL (.*a.{15})? .*a.{9} (.{0,99}a){2} .{300} $"


@MANY
@given(
    st.lists(st.sampled_from(PIECES.split()), max_size=12).map("".join),
    st.text("abé", max_size=400),
)
def test_a_large_pattern_is_found_where_it_is(pattern, text):
    try:
        bounded = BoundedPattern(pattern)
    except PlanArgumentError:
        return
    assert bounded.found_in(text) == (re2.search(pattern, text, PLENTY) is not None)


@MANY
@given(st.text() | scraps.map(lambda text: f"Sum.\n\nArgs:\n    x: {text}\n"))
def test_any_docstring_is_read(text):
    read = read_docstring(text)
    assert all(name and words for name, words in read.parameters.items())


@FEW
@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_what_is_nearest_is_one_of_the_known(name, known):
    found = nearest(name, known)
    assert found is None or found in known


@pytest.mark.soak
@settings(max_examples=20_000)
@given(plans, descriptions, device_lists)
@pytest.mark.timeout(900)
def test_validation_always_answers_many_times(
    plan: Any, description: Any, devices: Any
):
    ok, words = validate_plan(
        plan, allowed_plans={"p": description}, allowed_devices=devices
    )
    assert ok == (words == "")
