"""How deep and large a value may be, and how little of it a message shows."""

import pytest

from lapwing.annotation.excerpt import LONGEST, shown
from lapwing.annotation.extent import DEEPEST, check_extent
from lapwing.errors import PlanArgumentError


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


def bomb(levels):
    value = ["lol"] * 10
    for _ in range(levels):
        value = [value] * 10
    return value


@pytest.mark.parametrize(
    "value",
    [
        5,
        "det1",
        None,
        object(),
        [],
        {"a": [1, {"b": (2, {3})}]},
        nested(DEEPEST),
        list(range(100_000)),
        [[1, 2]] * 3000,
        bomb(2),
        [[n, n + 1] for n in range(50_000)],
    ],
    ids=range(11),
)
def test_what_is_as_large_as_it_looks_is_taken(value):
    check_extent("it", value)


@pytest.mark.parametrize("value", [bomb(4), bomb(60), {"a": {"b": bomb(30)}}])
def test_what_is_far_larger_than_it_looks_is_refused(value):
    with pytest.raises(PlanArgumentError, match=r"argument x has .* come to more than"):
        check_extent("argument x", value)


def test_what_is_too_deep_or_has_no_end_is_refused():
    itself: dict = {}
    itself["a"] = [itself]
    for value in (nested(DEEPEST + 1), itself, [itself], (1, {"b": itself})):
        with pytest.raises(PlanArgumentError, match=r"it has lists .* than 200 levels"):
            check_extent("it", value)


def test_a_message_shows_little_of_what_is_large():
    assert shown(["det1", 5]) == "['det1', 5]"
    assert shown(-(10**60)) == repr(-(10**60))
    assert shown(10**5000) == "a whole number of about 5001 digits"
    assert shown([10**5000]) == "[a whole number of about 5001 digits]"
    assert len(shown("x" * 1_000_000)) < 100
    assert len(shown(bomb(60))) <= LONGEST + 3
    assert shown(nested(100)) == "[[[[[[...]]]]]]"
