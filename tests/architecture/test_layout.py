"""Every module says what it is for, has a noun for a name and a readable size."""

import ast
import re
from pathlib import PurePath

import pytest
from architecture.source_tree import SRC, parse, source_files

MOST_LINES = 500
NO_NOUNS = {"utils", "util", "helpers", "helper", "common", "base", "ops", "misc"}
MODULES = [name for name in source_files() if not name.endswith("__init__.py")]


def docstring(name: str) -> str:
    return ast.get_docstring(parse(name)) or ""


@pytest.mark.parametrize("name", source_files())
def test_a_module_opens_with_a_sentence_about_itself(name: str):
    first = docstring(name).partition("\n\n")[0]
    assert re.search(r"\w.*[.:]$", first, re.DOTALL)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_owns_must_not_know_and_how_to_test_it(name: str):
    text = docstring(name)
    assert re.search(r"\bOwns?\b", text), "what does it own?"
    assert re.search(r"\b[Mm]ust not\b", text), "what must it not know, or do?"
    assert re.search(r"\bTest:", text), "how is it tested?"


@pytest.mark.parametrize("name", source_files())
def test_a_file_is_short_or_says_why_it_is_long(name: str):
    lines = (SRC / name).read_text(encoding="utf-8").count("\n")
    reason = re.search(r"\bLong because\b", docstring(name))
    assert lines <= MOST_LINES or reason, f"{lines} lines, and no 'Long because ...'"


# compat has the names that others chose.
@pytest.mark.parametrize(
    "name", [name for name in source_files() if not name.startswith("compat/")]
)
def test_a_name_is_a_noun_of_the_field(name: str):
    parts = {part.strip("_") for part in PurePath(name).with_suffix("").parts}
    assert not parts & NO_NOUNS
