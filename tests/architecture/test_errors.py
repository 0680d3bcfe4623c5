"""Every error has a code of its own, a sentence and a place in the drawn tree."""

import inspect
import re

import pytest

from lapwing import errors
from lapwing.errors import LapwingError

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and value.__module__ == errors.__name__
]
ERRORS = [value for value in CLASSES if issubclass(value, LapwingError)]
ORDERS = {
    "RunEngineControlException",
    "RequestAbort",
    "RequestStop",
    "PlanHalt",
    "FailedPause",
    "NoReplayAllowed",
    "RunEngineInterrupted",
}
DRAWING, ORDERS_TEXT = (errors.__doc__ or "").split("Control exceptions")


def drawn_tree() -> dict[str, tuple[str | None, str]]:
    """Read the drawing: for each class the one that it hangs on, and the remark."""
    tree: dict[str, tuple[str | None, str]] = {}
    above: dict[int, str] = {}
    for line in DRAWING.split("::\n", 1)[1].splitlines():
        found = re.fullmatch(r"([ │├└─]+)([A-Z]\w+)(.*)", line)
        if found is None:
            continue
        column, name = len(found[1]), found[2]
        tree[name] = (above.get(column - 4), found[3].strip())
        above[column] = name
    return tree


def by_name(classes: list[type]) -> list[str]:
    return [value.__name__ for value in classes]


@pytest.mark.parametrize("error", ERRORS, ids=by_name(ERRORS))
def test_an_error_has_a_code_of_its_own(error: type[LapwingError]):
    assert "code" in vars(error), "the code is inherited"
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", error.code)
    assert [other.__name__ for other in ERRORS if other.code == error.code] == [
        error.__name__
    ]


@pytest.mark.parametrize("error", ERRORS, ids=by_name(ERRORS))
def test_the_code_of_an_error_begins_with_that_of_its_family(error: type[LapwingError]):
    family = error.__bases__[0]
    if family in ERRORS and family is not LapwingError:
        assert error.code.startswith(f"{family.code}.")


@pytest.mark.parametrize("error", CLASSES, ids=by_name(CLASSES))
def test_an_error_says_in_a_sentence_what_it_means(error: type):
    first = (error.__doc__ or "").partition("\n")[0]
    assert re.fullmatch(r"[A-Z].+\.", first)


def test_the_drawn_tree_has_every_error_and_no_other():
    assert sorted(drawn_tree()) == sorted(by_name(ERRORS))


@pytest.mark.parametrize("error", ERRORS, ids=by_name(ERRORS))
def test_an_error_is_drawn_below_its_family_and_names_its_other_bases(
    error: type[LapwingError],
):
    family, remark = drawn_tree()[error.__name__]
    first, *others = by_name(list(error.__bases__))
    assert family == (None if error is LapwingError else first)
    assert re.findall(r"also (\w+)", remark) == others


def test_what_is_no_lapwing_error_is_an_order_that_the_module_lists():
    assert {c.__name__ for c in CLASSES if c not in ERRORS} == ORDERS
    assert set(re.findall(r"\b\w+\b", ORDERS_TEXT)) >= ORDERS


@pytest.mark.parametrize("error", ERRORS, ids=by_name(ERRORS))
def test_an_error_shows_its_message_and_its_hint(error: type[LapwingError]):
    raised = error("motor x is stuck", hint="ask for help", value=3)
    assert str(raised) == "motor x is stuck (ask for help)"
    assert raised.context["value"] == 3
