"""Docstrings: NumPy's style, Google's, and none at all."""

import pytest

from lapwing.annotation.docstrings import read_docstring

NUMPY = """
    Short line
    second line.

    Long text.

    Parameters
    ----------
    x : int, optional
        One.
          indented

        - list
    *args :
        Two.
    y, z:float
        Three
    bare
    w
        Type is optional.

    Yields
    ------
    msg : Msg
        A message.
    """

GOOGLE = """Sum.

    Args:
        x (int): One
            cont.
        y: two
        **kwargs: rest: of it
        z: http://a.b

    Returns:
        r: nothing
    """


def test_numpy_style():
    found = read_docstring(NUMPY)
    assert found.summary == "Short line\nsecond line."
    assert found.parameters == {
        "x": "One.\n  indented\n\n- list",
        "args": "Two.",
        "y": "Three",
        "z": "Three",
        "w": "Type is optional.",
    }


def test_texts_are_kept_as_they_are_written():
    found = read_docstring(
        "  Summary. \n\n    parameters\n    ---------\n"
        "    x : int\n          code\n        text \n    y\n        Two.\n    y\n\n"
        "    Other Parameters\n    ----------------\n    z : int\n        Three.\n"
    )
    assert found.summary == "Summary. "
    assert found.parameters == {"x": "  code\ntext "}


def test_google_style():
    found = read_docstring(GOOGLE)
    assert found.summary == "Sum."
    assert found.parameters == {
        "x": "One\ncont.",
        "y": "two",
        "kwargs": "rest: of it",
        "z": "http://a.b",
    }


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        (None, ""),
        ("", ""),
        ("\n   \n", ""),
        ("One", "One"),
        ("f(x)\n\nReal summary", "Real summary"),
        ("Parameters\n----------\nx\n    It.", ""),
        ("Args:\n    x: It.", ""),
        ("Sum\nArgs:\n    x: It.", "Sum"),
    ],
)
def test_the_summary_is_the_first_paragraph(text, summary):
    assert read_docstring(text).summary == summary


@pytest.mark.parametrize(
    "text",
    [
        "Parameters\n----------",
        "Parameters\n----------\n\n\n",
        "Args:",
        "Args:\n\n   : nothing",
        "Args:\nx",
        "x\n---\n---\n---",
        "A" * 1_000_000,
        "Args:\n" + "    a: b\n" * 20_000,
        "Args:\n    " + "a, " * 50_000,
    ],
)
def test_odd_docstrings_describe_little_and_never_fail(text):
    assert set(read_docstring(text).parameters) <= {"a"}
