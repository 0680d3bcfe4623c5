"""The closed grammar of types: what is in it, and what is refused, and where."""

import warnings

import pytest
from kit import soon

from lapwing.annotation import type_names
from lapwing.annotation.grammar import parse_type
from lapwing.annotation.types import (
    Either,
    Entries,
    Exactly,
    Fixed,
    Items,
    Named,
    Plain,
    Reference,
    Unsendable,
)
from lapwing.errors import PlanArgumentError

INT, STR, NONE, ANY = Plain("int"), Plain("str"), Plain("None"), Plain("Any")
NAMES = frozenset({"det1", "det2"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("int", INT),
        ("  int\n", INT),
        ("'int'", INT),
        ("list['int | None']", Items(Either((INT, NONE)), "list")),
        ("None", NONE),
        ("NoneType", NONE),
        ("typing.Any", ANY),
        ("object", ANY),
        ("typing.Text", STR),
        ("list", Items(ANY, "list")),
        ("typing.List", Items(ANY, "typing.List")),
        ("list[int]", Items(INT, "list")),
        ("typing.List[\n    int\n]", Items(INT, "typing.List")),
        ("collections.abc.Iterable[int]", Items(INT, "collections.abc.Iterable")),
        ("set[int]", Items(INT, "set", unique=True)),
        ("tuple", Items(ANY, "tuple")),
        ("tuple[int, ...]", Items(INT, "tuple")),
        ("typing.Tuple[int, str]", Fixed((INT, STR))),
        ("typing.Tuple[()]", Fixed(())),
        ("tuple[int]", Fixed((INT,))),
        ("dict", Entries(ANY, ANY)),
        ("typing.Dict[str, int]", Entries(STR, INT)),
        ("int | str | None", Either((INT, STR, NONE))),
        ("typing.Union[int, str]", Either((INT, STR))),
        ("typing.Union[int]", Either((INT,))),
        ("typing.Optional[int]", Either((INT, NONE))),
        ("typing.Literal['a', 1, -2, True, None]", Exactly(("a", 1, -2, True, None))),
        ("typing.Literal['it\\'s', 'é']", Exactly(("it's", "é"))),
        ("typing.Annotated[int, 'mm']", INT),
        ("typing.Final[int]", INT),
        ("Names", Named("Names", NAMES)),
        ("typing.List[Names]", Items(Named("Names", NAMES), "typing.List")),
        ("__DEVICE__", Reference("__DEVICE__")),
        ("bluesky.protocols.Readable", Reference("__READABLE__")),
        ("lapwing.protocols.NamedMovable", Reference("__MOVABLE__")),
        ("bluesky.protocols.Triggerable", Reference("__DEVICE__")),
        ("typing.Callable[[int], str]", Reference("__CALLABLE__")),
        ("collections.abc.Callable", Reference("__CALLABLE__")),
        ("range", Unsendable("range")),
        ("typing.Iterator[int]", Unsendable("typing.Iterator", (INT,))),
    ],
)
def test_a_text_becomes_a_tree(text, wanted):
    assert parse_type(text, {"Names": NAMES}) == wanted


def test_every_name_of_the_tables_is_a_type():
    alone = [
        *type_names.BUILT_IN,
        *type_names.PLAIN,
        *type_names.SEQUENCES,
        *type_names.FIXED,
        *type_names.MAPPINGS,
        *type_names.UNSENDABLE,
        *(f"bluesky.protocols.{name}" for name in type_names.DEVICE_PROTOCOLS),
    ]
    for name in alone:
        assert parse_type(name) is not None
    for name in type_names.WRAPPERS:
        inner = "'a'" if name == "typing.Literal" else "int, 'a'"
        inner = inner if name in {"typing.Literal", "typing.Annotated"} else "int"
        assert parse_type(f"{name}[{inner}]") is not None


def test_a_parameters_own_names_come_first():
    lists = {"__DEVICE__": NAMES, "int": NAMES}
    assert parse_type("__DEVICE__", lists) == Named("__DEVICE__", NAMES)
    assert parse_type("int", lists) == Named("int", NAMES)


def test_a_name_that_is_part_of_another_is_no_trouble():
    lists = {"D": frozenset("a"), "DD": frozenset("b"), "typing": frozenset("c")}
    assert parse_type("typing.Union[D, DD]", lists) == Either(
        (Named("D", lists["D"]), Named("DD", lists["DD"]))
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no type"),
        ("foo", "the name foo is not known"),
        ("List[int]", "List is written typing.List"),
        ("Optional", "Optional is written typing.Optional"),
        ("ophyd.Device", "the name ophyd.Device is not known"),
        ("typing.List[A][B]", "a dotted name"),
        ("typing.List[int, str]", "takes 1 in [...], not 2"),
        ("dict[str]", "takes 2 in [...], not 1"),
        ("int[str]", "int takes no [...]"),
        ("Names[int]", "a list of names"),
        ("typing.Union[()]", "at least one"),
        ("typing.Literal[int]", "a text, whole number, bool or None"),
        ("typing.Literal[1.5]", "a text, whole number, bool or None"),
        ("typing.Literal[f'{x}']", "a text, whole number, bool or None"),
        ("typing.Union[typing.List[A]typing.List[B]]", "(line 1, character"),
        ("int or str", "a name, X[...], X | Y or None"),
        ("'foo'", "the name foo is not known"),
        ("list['__import__(1)']", "a name, X[...], X | Y or None"),
        ("5", "a name, X[...], X | Y or None"),
        ("int)", "is no type"),
        ("int) | (str", "is no type"),
        ("int; str", "is no type"),
        ("int\x00", "is no type"),
        ("\uff49nt", "not ASCII"),
        ("\u0456nt", "not ASCII"),
        ("typing.\uff21ny", "not ASCII"),
        ("list[\n int,\n foo]", "(line"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused(text, words):
    with pytest.raises(PlanArgumentError) as caught:
        parse_type(text, {"Names": NAMES})
    assert words in str(caught.value)


def test_a_fault_is_told_with_line_and_column():
    with pytest.raises(PlanArgumentError) as caught:
        parse_type("typing.Union[int,\n  foo]")
    assert (caught.value.context["line"], caught.value.context["column"]) == (2, 3)
    with pytest.raises(PlanArgumentError) as caught:
        parse_type("\n  foo")
    assert (caught.value.context["line"], caught.value.context["column"]) == (2, 3)


@pytest.mark.parametrize("text", ["1x", "0x1for x", r"'\d'", r"list['\w']"])
def test_python_is_not_heard_on_what_others_have_written(text):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with pytest.raises(PlanArgumentError):
            parse_type(text)
    assert heard == []


HOSTILE = [
    "__import__('os').system('touch /tmp/lapwing_was_here')",
    "__import__('os').system('true') or int",
    "(lambda: int)()",
    "[int for x in (1,)]",
    "int if 1 else str",
    "int.__class__.__mro__",
    "typing.sys.modules",
    "typing.Literal[__import__('os')]",
    "typing.Annotated[int, __import__('os')]",
    "list[" * 150 + "int" + "]" * 150,
    "(" * 300 + "int" + ")" * 300,
    "[" * 5000,
    "-" * 9000 + "1",
    "int | " * 1600 + "foo",
    "a." * 4000 + "b",
    "x" * 1_000_000,
    "typing.Literal['" + "x" * 1_000_000 + "']",
    "list[" * 30 + "int" + "]" * 30,
    "'" * 9999,
    "\\" * 100,
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_an_error_and_nothing_else(text):
    with soon(0.1), pytest.raises(PlanArgumentError) as caught:
        parse_type(text)
    assert len(str(caught.value)) < 400
