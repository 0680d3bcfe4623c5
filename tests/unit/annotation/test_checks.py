"""Checks: how strict they are, and how they tell a fault."""

import math

import pytest
from kit import soon

from lapwing.annotation.checks import check_of, fault_in, out_of_range
from lapwing.annotation.grammar import parse_type
from lapwing.annotation.words import words_for

LISTS = {"Dets": frozenset({"det1", "det2"}), "Odd": frozenset({"it's", "'); x"})}


def accepts(text, value):
    wanted = parse_type(text, LISTS)
    accepted = check_of(wanted)(value)
    assert (fault_in(wanted, value) is None) == accepted
    return accepted


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("int", [0, -1, 10**30], [1.0, "1", True, None, [1]]),
        ("float", [0, 1.5, math.inf], ["1", True, None, 1j]),
        ("str", ["", "a"], [1, None, b"a", ["a"]]),
        ("bool", [True, False], [1, 0, "true", None]),
        ("None", [None], [0, "", False]),
        ("bytes", [b"a"], ["a"]),
        ("typing.Any", [None, 1, {"a": [1]}], []),
        ("typing.Hashable", [1, "a", None, (1,)], [[1], {}, ([],)]),
        ("list", [[], [1, "a"], (1,)], ["abc", {}, {1}, None]),
        ("list[int]", [[], [1], (1,)], [[1, "a"], [True], [1.0], "1", 1]),
        ("typing.Iterable[str]", [["a"]], ["abc", {"a": 1}]),
        ("set[int]", [[], [1, 2], {1}], [[1, 1], [[1]], ["a"]]),
        ("tuple[int, str]", [[1, "a"], (1, "a")], [[1], ["a", 1], [1, "a", 2]]),
        ("tuple[int, ...]", [[], [1, 2]], [["a"]]),
        ("typing.Tuple[()]", [[]], [[1]]),
        ("dict", [{}, {"a": []}], [[], "a"]),
        ("typing.Dict[str, int]", [{}, {"a": 1}], [{"a": "5"}, {1: 1}, {"a": True}]),
        ("int | str", [1, "a"], [1.5, None, True]),
        ("typing.Optional[list[int]]", [None, [1]], [["a"], 1]),
        ("typing.Literal['a', 1, None]", ["a", 1, None], ["b", True, 1.0, []]),
        ("typing.Literal[True]", [True], [1, "True"]),
        ("Dets", ["det1"], ["det3", "DET1", "d\u0435t1", "", 1, ["det1"]]),
        ("list[Dets]", [[], ["det1", "det2"]], [["det3"], "det1"]),
        ("Odd", ["it's", "'); x"], ["its"]),
        ("__DEVICE__", ["anything.at-all"], [1, None]),
        ("__CALLABLE__", ["bps.one_nd_step"], ["a()", "_a", "a._b", "a b", "", 1]),
        ("range", [], [range(3), [1], 1]),
        ("typing.Iterator[int]", [], [[1], iter([1])]),
    ],
)
def test_types_are_strict(text, right, wrong):
    assert [value for value in right if not accepts(text, value)] == []
    assert [value for value in wrong if accepts(text, value)] == []


@pytest.mark.parametrize(
    ("text", "value", "path", "found", "words"),
    [
        ("int", "a", "", "a", "a whole number"),
        ("list[int]", [1, "a"], "[1]", "a", "a whole number"),
        ("list[int]", 5, "", 5, "a list of: a whole number"),
        ("tuple[int, str]", [1, 2], "[1]", 2, "a text"),
        ("tuple[int, str]", [1], "", [1], "2 items: a whole number, a text"),
        ("dict[str, list[int]]", {"a": [1, None]}, "['a'][1]", None, "a whole number"),
        ("dict[str, int]", {3: 1}, " key 3", 3, "a text"),
        ("list[int] | None", [1, "a"], "[1]", "a", "a whole number"),
        ("list[int] | None", "a", "", "a", "a list of: a whole number or None"),
        ("Dets", "det3", "", "det3", "one of Dets: det1, det2"),
        ("__PLAN_OR_DEVICE__", 1, "", 1, "the name of a plan or device"),
        (
            "set[str]",
            ["a"] * 2,
            "",
            ["a"] * 2,
            "a set, of one kind and each once, of: a text",
        ),
    ],
)
def test_a_fault_is_told_to_the_item(text, value, path, found, words):
    fault = fault_in(parse_type(text, LISTS), value)
    assert fault is not None
    assert (fault.path, fault.value, fault.wanted) == (path, found, words)


def test_a_list_that_is_empty_says_so():
    wanted = parse_type("D", {"D": frozenset()})
    assert not check_of(wanted)("det1")
    assert words_for(wanted) == "one of D, a list that is empty for you"


def test_of_many_names_a_few_are_told():
    wanted = parse_type("D", {"D": frozenset(f"d{n:03}" for n in range(500))})
    assert words_for(wanted).endswith("d006, d007 and 492 more")


@pytest.mark.parametrize(
    ("value", "outside"),
    [
        (1, None),
        (20, None),
        (0.999, ("", 0.999)),
        ([1, [2, 21]], ("[1][1]", 21)),
        ({"a": {"b": (1, 30)}}, ("['a']['b'][1]", 30)),
        ({99: 5, "a": "99"}, None),
        ([True, None, "x"], None),
        ([float("inf")], ("[0]", math.inf)),
    ],
)
def test_numbers_at_any_depth_are_in_range(value, outside):
    assert out_of_range(value, 1, 20) == outside


def test_nan_is_in_no_range():
    path, value = out_of_range({"a": [math.nan]}, -math.inf, math.inf) or ("", 0)
    assert path == "['a'][0]"
    assert math.isnan(value)


def test_a_value_as_deep_as_may_be_is_searched():
    value = 99
    for _ in range(50_000):
        value = [value]
    with soon(0.1):
        outside = out_of_range(value, 0, 10)
        assert outside is not None
        assert len(outside[0]) < 200


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("set", [[1, 2], ["b", "a"], [1.5]], [[1, 1], [1, "a"], [1, 2.5], [[1]]]),
        ("set[float]", [[1, 2.5], []], [[True, 2], [1, 1]]),
        ("set[Dets]", [["det1"], []], [["det1", "det2"], ["det3"]]),
        ("typing.Iterable[str] | str", [["a"], []], ["a", [1], {"a": 1}]),
        ("str | typing.Iterable[str]", ["a", ["a"]], [[1], {"a": 1}]),
        ("list[typing.Iterable[str]] | list[int] | str", ["a", [["a"]]], [[1]]),
        ("typing.Iterable[str] | int | None", [1, None, ["a"]], [1.5, "a"]),
    ],
)
def test_sets_and_iterables_take_no_more_than_the_queue_server(text, right, wrong):
    check = check_of(parse_type(text, LISTS))
    assert all(check(value) for value in right)
    assert not any(check(value) for value in wrong)
    assert all(fault_in(parse_type(text, LISTS), value) for value in wrong)
