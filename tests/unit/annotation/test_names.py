"""Lists of names: patterns of the manual, what is refused, and how long it takes."""

import pytest
from kit import soon

from lapwing.annotation.names import NameLists, select_devices, select_plans
from lapwing.annotation.patterns import BoundedPattern
from lapwing.annotation.trees import described_trees
from lapwing.errors import PlanArgumentError


def described(can="r", **components):
    flags = {
        "is_readable": "r" in can,
        "is_movable": "m" in can,
        "is_flyable": "f" in can,
    }
    return {**flags, "components": components} if components else flags


DEVICES = described_trees(
    {
        "sim_stage_A": described(
            mtrs=described("", x=described("rm"), y=described("rm"), dz=described("m")),
            detectors=described(det1=described(val=described())),
            det1=described(val=described()),
            val=described(),
            det1_val=described(),
        ),
        "sim_stage_B": described(mtrs=described(x=described("rm"))),
        "det1": described(val=described()),
        "det3": described(val=described()),
        "detector3": described(),
        "d3": described(),
        "det5": described(),
        "Zed": described("rm"),
        "fly": described("f"),
        "a-b": described(),
    }
)


def names(*items):
    return select_devices(items, DEVICES)


A, B = "sim_stage_A", "sim_stage_B"


@pytest.mark.parametrize(
    ("items", "found"),
    [
        (
            ["det1", "det1.val", ":d.*3"],
            ["d3", "det1", "det1.val", "det3", "detector3"],
        ),
        (["det"], ["det"]),
        (
            [":^sim:^mt:^x$"],
            [A, f"{A}.mtrs", f"{A}.mtrs.x", B, f"{B}.mtrs", f"{B}.mtrs.x"],
        ),
        (
            [":-^sim:^mt:^x$"],
            [f"{A}.mtrs", f"{A}.mtrs.x", f"{B}.mtrs", f"{B}.mtrs.x"],
        ),
        ([":-^sim:-^mt:-^x$"], [f"{A}.mtrs.x", f"{B}.mtrs.x"]),
        ([":+^sim:-^mt:+^x$"], [A, f"{A}.mtrs.x", B, f"{B}.mtrs.x"]),
        (
            [":?^sim.*val$"],
            [
                f"{A}.det1.val",
                f"{A}.det1_val",
                f"{A}.detectors.det1.val",
                f"{A}.val",
            ],
        ),
        (
            [":^sim_stage_A$:?.*val$"],
            [
                A,
                f"{A}.det1.val",
                f"{A}.det1_val",
                f"{A}.detectors.det1.val",
                f"{A}.val",
            ],
        ),
        (
            [":+^sim_stage_A$:?.*val$:depth=2"],
            [A, f"{A}.det1.val", f"{A}.det1_val", f"{A}.val"],
        ),
        (["__MOTORS__:^sim_stage_A$:?.*:depth=3"], [f"{A}.mtrs.x", f"{A}.mtrs.y"]),
        (["__MOTOR__:^sim_stage_A$:?.*:depth=3"], [f"{A}.mtrs.x", f"{A}.mtrs.y"]),
        (["__MOVABLE__:^sim_stage_A$:?mtrs.dz"], [f"{A}.mtrs.dz"]),
        (
            ["__DETECTORS__:^sim_stage_A$:?^det1"],
            [A, *(f"{A}.{n}" for n in ("det1", "det1.val", "det1_val"))],
        ),
        (
            ["__DETECTORS__:^sim_stage_A$:?.*:depth=3"],
            [
                A,
                f"{A}.det1",
                f"{A}.det1.val",
                f"{A}.det1_val",
                *(f"{A}.detectors{n}" for n in ("", ".det1", ".det1.val")),
                f"{A}.val",
            ],
        ),
        (["__READABLE__:^sim_stage_B"], [B]),
        ([":ect"], ["detector3"]),  # anywhere in a name
        (["__FLYABLES__:.*"], ["fly"]),
        (["__FLYABLE__:?.*"], ["fly"]),
        ([":^sim_stage_A$:?^x$"], [A]),
        ([":?.*:depth=1"], sorted(DEVICES, key=str.casefold)),
        ([" : ^ det1 $ "], ["det1"]),
        (["Zed", "aaa", "AAA", "Zed", "nope.x"], ["AAA", "aaa", "nope.x", "Zed"]),
        (["a-b", "a-b.1", ":^a-"], ["a-b", "a-b.1"]),
        ([":nothing", ":nothing:?.*"], []),
        (["__MOTOR__"], ["__MOTOR__"]),
        ([":?-"], ["a-b"]),
        ([], []),
    ],
)
def test_patterns_become_names(items, found):
    assert names(*items) == found


def test_a_plus_changes_nothing_and_a_minus_nothing_at_the_end():
    assert names(":^det.$") == names(":+^det.$") == names(":-^det.$")
    assert names(":^det.$") == ["det1", "det3", "det5"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("det1.", "parts with one '.' between them"),
        (".det1", "parts with one '.' between them"),
        ("a..b", "parts with one '.' between them"),
        ("^det1$", "a pattern begins with ':'"),
        (":", "something is missing"),
        ("::a", "something is missing"),
        (":a:", "something is missing"),
        ("det1:", "'det1' is none of __DETECTOR__"),
        ("__PLAN__:a", "'__PLAN__' is none of"),
        (":+", "a level without an expression"),
        (":+?a", "exclude each other"),
        (":?+a", "exclude each other"),
        (":(a", "no regular expression"),
        (":a(?!b)", "look-around and back-references"),
        (":?a:b", "only 'depth=N' may come"),
        (":?a:depth=2:b", "only 'depth=N' may come"),
        (":?a:depth=0", "must be 1 or more"),
        (":?a:depth=-1", "must be 1 or more"),
        (":?a:depth=x", "must be 1 or more"),
        (":?a:depth=\u0662", "must be 1 or more"),
        (":?a:depth=" + "9" * 4000, "must be 1 or more"),
        (":a:depth=2", "'depth=2' comes only after a ':?'"),
        (5, "it must be text"),
        ("a" * 1_000_000, "5000 is the most"),
        (":" + "a" * 2000, "1000 at most"),
        (":(.{1,1000}){1}(.{1,1000})", "too large"),
        (":(x{1000}){1000}", "no regular expression"),
        (":\ud800", "no regular expression"),
    ],
)
def test_what_is_neither_name_nor_pattern_is_refused(item, words):
    with soon(0.1), pytest.raises(PlanArgumentError) as caught:
        names(item)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("items", "found"),
    [
        (["count", ":_count$"], ["count", "my_count", "_count"]),
        ([":+count"], ["count", "my_count", "_count"]),
        ([":-count"], ["count", "my_count", "_count"]),
        ([":?^my"], ["my_count"]),
        (["nope"], ["nope"]),
    ],
)
def test_patterns_of_plans_have_one_level(items, found):
    assert select_plans(items, ["count", "my_count", "_count", "scan"]) == found


@pytest.mark.parametrize(
    "item", [":a:b", ":a:?b", "__MOTOR__:a", ":?c:depth=1", "count.a", ":", ":+?c"]
)
def test_what_only_devices_have_is_refused_for_plans(item):
    with pytest.raises(PlanArgumentError):
        select_plans([item], ["count"])


def test_lists_that_are_held_against_the_same_names_are_searched_once():
    class Counted:
        readable = movable = flyable = True
        walked = 0

        def children(self):
            Counted.walked += 1
            yield "x", Counted()

    lists = NameLists({"a": Counted(), "b": Counted()}, ["count", "scan"])
    for _ in range(3):
        assert lists.devices(["z", ":a:x", "a"]) == ["a", "a.x", "z"]
        assert lists.plans([":c", "a"]) == ["a", "count", "scan"]
    assert Counted.walked == 1
    with pytest.raises(PlanArgumentError):
        lists.plans(["a.b"])


# ------------------------------------------------------------------ bounded time


@pytest.mark.parametrize("text", ["(a+)+$", "(a|a)*b", "(.*a){12}b", "(a*)*" * 100])
def test_no_pattern_takes_long(text):
    with soon(0.1):
        BoundedPattern(text).found_in("a" * 20_000 + "!")


def test_a_text_that_is_no_text_is_not_found():
    assert not BoundedPattern("a").found_in("\ud800")
    assert BoundedPattern("é$").found_in("café")


def tree_of(number):
    """Return descriptions of 10 devices with ``number`` parts in all."""
    leaves = {f"s{n}": described() for n in range(number // 100)}
    return {
        f"dev{n}": described(**{f"c{m}": described(**leaves) for m in range(10)})
        for n in range(10)
    }


@pytest.mark.parametrize("item", [":?.*", ":dev:c:s", "__READABLE__:?s9"])
def test_a_hundred_thousand_parts_take_less_than_a_second(item):
    trees = described_trees(tree_of(100_000))
    with soon(1):
        found = select_devices([item], trees)
    assert len(found) > 10_000


def test_a_tree_is_walked_no_further_than_needed():
    class Endless:
        readable = movable = flyable = True
        walked = 0

        def children(self):
            Endless.walked += 1
            yield "x", Endless()

    assert select_devices([":a:x"], {"a": Endless(), "b": Endless()}) == ["a", "a.x"]
    assert Endless.walked == 1
    assert len(select_devices([":^a$:?x$"], {"a": Endless()})) == 51
