"""Hints of headers: types, generics, texts, and what is passed over."""

import collections
import collections.abc
import enum
import typing
from typing import Annotated, Any, Literal, NewType, Optional, TypeVar

import bluesky.protocols
import pytest

from lapwing import protocols
from lapwing.annotation.hints import hint_text

Detectors = list[protocols.Readable]


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (int, "int"),
        (None, "None"),
        (type(None), "NoneType"),
        (list, "list"),
        (list[int], "list[int]"),
        (typing.List, "typing.List"),  # noqa: UP006
        (typing.List[int], "typing.List[int]"),  # noqa: UP006
        (typing.Dict[str, int], "typing.Dict[str, int]"),  # noqa: UP006
        (typing.Tuple[int, ...], "typing.Tuple[int, ...]"),  # noqa: UP006
        (typing.Tuple[()], "typing.Tuple[()]"),  # noqa: UP006
        (int | None, "int | None"),
        (list[int] | str | None, "list[int] | str | None"),
        (Literal["a'b", 1, None], 'typing.Literal["a\'b", 1, None]'),
        (Any, "typing.Any"),
        (collections.abc.Sequence[int], "collections.abc.Sequence[int]"),
        (collections.deque, "collections.deque"),
        (collections.abc.Callable, "__CALLABLE__"),
        (collections.abc.Callable[[int], None], "__CALLABLE__"),
        (list[typing.Callable[[int], int]], "list[__CALLABLE__]"),
        (collections.abc.Iterable, "collections.abc.Iterable[typing.Any]"),
        (
            collections.abc.Iterable | None,
            "collections.abc.Iterable[typing.Any] | None",
        ),
        (protocols.Readable, "__READABLE__"),
        (bluesky.protocols.Readable, "__READABLE__"),
        (list[bluesky.protocols.Movable], "list[__MOVABLE__]"),
        (bluesky.protocols.Flyable | None, "__FLYABLE__ | None"),
        (dict[protocols.Readable, float], "dict[__READABLE__, float]"),
        (protocols.Stageable, "__DEVICE__"),
        (Annotated[int, object()], "int"),
        (bluesky.protocols.Movable[float], "__MOVABLE__"),
        (list[protocols.Locatable], "list[__DEVICE__]"),
        (Annotated[int, "mm", 1], "typing.Annotated[int, 'mm', 1]"),
        (typing.List["int"], "typing.List[int]"),  # noqa: UP006
    ],
)
def test_a_hint_has_a_text(hint, text):
    assert hint_text(hint, globals()) == text


def test_optional_and_union_are_read_alike():
    # Python has one form for both, which changes from version to version.
    text = hint_text(Optional[list[float]], {})  # noqa: UP045
    assert text in {"typing.Optional[list[float]]", "list[float] | None"}


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        ("int", "int"),
        (" 'int' ", "int"),
        ("int | None", "int | None"),
        ("Optional[int]", "typing.Optional[int]"),
        ("typing.List[int]", "typing.List[int]"),
        ("typing.Tuple[int, ...]", "typing.Tuple[int, ...]"),
        ("tuple[()]", "tuple[()]"),
        ("Literal['a', -1]", "typing.Literal['a', -1]"),
        ("Literal['a']", "typing.Literal['a']"),
        ("Detectors", "list[__READABLE__]"),
        ("collections.abc.Iterable", "collections.abc.Iterable[typing.Any]"),
        ("collections.abc.Iterable[int]", "collections.abc.Iterable[int]"),
        ("list[protocols.Movable] | None", "list[__MOVABLE__] | None"),
        ("collections.abc.Callable[[int], str]", "__CALLABLE__"),
        ("Annotated[int, foo()]", "int"),
        ("bluesky.protocols.Movable[float]", "__MOVABLE__"),
        ("Annotated[float, 'mm'] | None", "typing.Annotated[float, 'mm'] | None"),
        ("list[Annotated['float', 'mm', 2]]", "list[typing.Annotated[float, 'mm', 2]]"),
        ("NoneType", "NoneType"),
    ],
)
def test_a_text_is_looked_up_where_the_plan_stands(hint, text):
    assert hint_text(hint, globals()) == text


@pytest.mark.parametrize(
    "hint",
    [
        Colour,
        TypeVar("T"),
        collections.abc.Callable[[TypeVar("T")], int],
        NewType("Metres", float),
        print,
        list[Colour],
        5,
        "not_there",
        "Colour",
        "print('a')",
        "protocols.nothing",
        "hint_text.__globals__",
        "__import__('os').system('true')",
        "int; str",
        "[" * 5000,
        "list[" * 60 + "int" + "]" * 60,
        "int | " * 5000 + "int",
        "'" * 3,
        "x" * 1_000_000,
    ],
    ids=lambda hint: repr(hint)[:20],
)
def test_what_is_not_understood_is_passed_over(hint):
    assert hint_text(hint, globals()) is None


def test_a_text_that_means_itself_ends():
    assert hint_text("Self", {"Self": "Self"}) is None
