"""The checks of `make check` and `make test` find each fault that they are for."""

import sys
from pathlib import Path, PurePath
from xml.etree import ElementTree

import pytest
from architecture.source_tree import ROOT, load_tool

docs = load_tool("check_docs")
coverage = load_tool("check_coverage")
places = load_tool("private_places")
reference = load_tool("error_reference")
all_references = load_tool("reference")
pages_run = load_tool("run_pages")
states = load_tool("state_diagram")

DECISION = "\n".join(
    [
        "# 0001. Birds fly",
        "",
        *(f"## {part}\n\nWords.\n" for part in docs.DECISION_PARTS),
    ]
)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Return a small tree of pages in which nothing is wrong."""
    decisions = tmp_path / "docs" / "decisions"
    decisions.mkdir(parents=True)
    (tmp_path / "README.md").write_text("# Bird\n\nSee [the pages](docs/README.md).\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## Unreleased\n")
    (tmp_path / "docs" / "README.md").write_text(
        "# Pages\n\n## All of them\n\n[up](../README.md#bird), [why](decisions/)\n"
    )
    (decisions / "README.md").write_text(
        "# Decisions\n\n[1](0001-birds-fly.md), [form](template.md)\n"
    )
    (decisions / "0001-birds-fly.md").write_text(DECISION)
    (decisions / "template.md").write_text("# NNNN. Title\n")
    return tmp_path


def problems(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the check says; it must say something and fail, or neither."""
    failed = docs.main(root)
    said = capsys.readouterr().err
    assert bool(said) == bool(failed)
    return said


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_pages_without_a_fault_pass(pages, capsys):
    assert problems(pages, capsys) == ""


def test_a_link_to_a_missing_file_is_found(pages, capsys):
    append(pages / "README.md", "\n![picture](docs/none.png)\n")
    assert "README.md: the link to docs/none.png leads nowhere" in problems(
        pages, capsys
    )


def test_a_link_out_of_the_repository_is_found(pages, capsys):
    append(pages / "README.md", "\n[out](../../etc)\n")
    assert "leads nowhere" in problems(pages, capsys)


def test_a_link_to_a_missing_heading_is_found(pages, capsys):
    append(pages / "README.md", "\n[here](#fish), [there](docs/README.md#fish)\n")
    said = problems(pages, capsys)
    assert "README.md: README.md has no heading #fish" in said
    assert "README.md: docs/README.md has no heading #fish" in said


def test_links_in_code_are_none(pages, capsys):
    append(pages / "README.md", "\n```python\n[x](nowhere)\n```\n")
    assert problems(pages, capsys) == ""


def test_a_page_that_no_link_leads_to_is_found(pages, capsys):
    (pages / "docs" / "lost.md").write_text("# Lost\n")
    assert "docs/lost.md: no link leads here" in problems(pages, capsys)


def test_a_decision_that_is_not_listed_is_found(pages, capsys):
    second = DECISION.replace("0001", "0002")
    (pages / "docs" / "decisions" / "0002-birds-sing.md").write_text(second)
    said = problems(pages, capsys)
    assert "0002-birds-sing.md: is not listed" in said


def test_a_gap_in_the_numbers_of_decisions_is_found(pages, capsys):
    third = DECISION.replace("0001", "0003")
    (pages / "docs" / "decisions" / "0003-birds-sing.md").write_text(third)
    assert "0003-birds-sing.md: the next number is 0002" in problems(pages, capsys)


def test_a_decision_of_another_form_is_found(pages, capsys):
    page = pages / "docs" / "decisions" / "0001-birds-fly.md"
    page.write_text("# Birds fly\n\n## Context\n\nWords.\n")
    said = problems(pages, capsys)
    assert "the first line must be '# 0001. Title'" in said
    assert "its parts must be Context, Decision" in said
    assert "has 5 lines" in said


def test_a_file_among_the_decisions_that_is_none_is_found(pages, capsys):
    (pages / "docs" / "decisions" / "notes.md").write_text("# Notes\n")
    assert "notes.md: a decision is named" in problems(pages, capsys)


def test_a_changelog_without_an_unreleased_section_is_found(pages, capsys):
    (pages / "CHANGELOG.md").write_text("# Changes\n\n## 1.0\n")
    assert "has no section '## Unreleased'" in problems(pages, capsys)


@pytest.mark.parametrize(
    "private",
    ["/ho" + "me/ann/bird", "/ro" + "ot/bird", "--index" + "-url somewhere"],
)
def test_a_private_place_is_found(pages, capsys, private):
    (pages / "notes.txt").write_text(f"first line\n{private}\n")
    assert "notes.txt:2: names a private place" in problems(pages, capsys)


def test_the_checkout_itself_is_a_private_place(pages, capsys):
    (pages / "notes.txt").write_text(f"see {pages}/README.md\n")
    assert "notes.txt:1: names a private place" in problems(pages, capsys)


def test_the_host_of_a_package_index_is_private_unless_it_is_public():
    environ = {
        "PIP_INDEX_URL": "https://ann:secret@wheels.example.net:8080/simple",
        "UV_DEFAULT_INDEX": "https://pypi.org/simple",
    }
    patterns = places.private_places(ROOT, environ)

    def finds(line: str) -> bool:
        return any(pattern.search(line) for pattern in patterns)

    assert finds("from https://wheels.example.net/simple")
    assert not finds("from https://pypi.org/simple")


def test_binary_files_are_not_searched(pages, capsys):
    (pages / "picture.png").write_bytes(b"\0" + b"/ho" + b"me/ann")
    assert problems(pages, capsys) == ""


def report(covered: int, branches: int) -> dict:
    summary = {
        "num_statements": 100,
        "covered_lines": covered,
        "num_branches": 100,
        "covered_branches": branches,
    }
    entry = {
        "summary": summary,
        "missing_lines": [3, 4, 5, 9],
        "missing_branches": [[2, 3], [12, 14], [15, -1]],
    }
    return {"files": {"src/bird/wing.py": entry, "src/bird/tail.py": entry}}


def test_enough_coverage_is_enough():
    assert coverage.problems_of("wing", report(90, 90), PurePath("src/bird")) == []


def test_too_few_branches_are_found_and_where():
    said = coverage.problems_of("wing", report(100, 89), PurePath("src/bird/wing"))
    assert said == [
        "wing: 89.0 % of its branches are reached; it must be 90 %",
        "  src/bird/wing.py: not reached: 3-5, 9, 12->14, 15->exit",
    ]


def test_a_part_that_was_not_measured_is_found():
    said = coverage.problems_of("beak", report(100, 100), PurePath("src/beak"))
    assert said == ["beak: nothing was measured under src/beak"]


def test_a_part_without_branches_needs_none():
    shown = report(95, 0)
    for entry in shown["files"].values():
        entry["summary"]["num_branches"] = 0
    assert coverage.problems_of("wing", shown, PurePath("src/bird")) == []
    assert "branches -" in coverage.summary_line(
        "wing", coverage.shares(shown, PurePath("src/bird"))
    )


def test_the_page_of_errors_is_checked_against_the_classes(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(reference, "PAGE", tmp_path / "errors.md")
    assert reference.main(["--check"]) == 1
    assert "run: python tools/error_reference.py" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    text = (tmp_path / "errors.md").read_text()
    assert "| `device.limit` | `LimitError` |" in text
    assert "| `PlanHalt` | `GeneratorExit` |" in text


def test_the_pages_made_from_the_code_are_checked_against_it(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(all_references, "FOLDER", tmp_path)
    assert all_references.main(["--check"]) == 1
    assert "run: python tools/reference.py" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert all_references.main([]) == 0
    assert all_references.main(["--check"]) == 0

    def page(name: str) -> str:
        return (tmp_path / f"{name}.md").read_text()

    assert "### grid_scan" in page("plans")
    assert "Also called `outer_product_scan`." in page("plans")
    assert "- raises `LimitError`: " in page("plans")
    assert "rd(obj, *, default_value=0)" in page("stubs")
    assert "| [`mv`](#mv), `mov` | Move devices together" in page("stubs")
    assert "suspend_thresh`: Value beyond which" in page("suspenders")
    assert "- `.peaks`: The peaks of the run" in page("callbacks")
    assert "serializer=to_msgpack,\n" in page("callbacks")
    assert not [one for one in all_references.PAGES if " at 0x" in page(one)]
    assert "| `sleep` | Let some time pass | *args*: seconds; " in page("messages")
    assert "Usage: lapwing plans check" in page("command-line")
    assert "| `LAPWING_DATA_DIR` | `lapwing-data` | Directory" in page("settings")
    (tmp_path / "stubs.md").write_text("old")
    assert all_references.main(["--check"]) == 1
    assert "docs/reference/stubs.md; run" in capsys.readouterr().err


# ---------------------------------------------------------------- the states


def test_the_picture_of_the_states_is_checked_against_the_table(
    tmp_path, capsys, monkeypatch
):
    picture, page = tmp_path / "states.svg", tmp_path / "engine.md"
    page.write_text(f"# Engine\n\n{states.BEGIN}\nold\n{states.END}\n\nWords.\n")
    monkeypatch.setattr(states, "PICTURE", picture)
    monkeypatch.setattr(states, "PAGE", page)
    assert states.main(["--check"]) == 1
    assert "run: python tools/state_diagram.py" in capsys.readouterr().err
    assert states.main([]) == 0
    assert states.main(["--check"]) == 0
    text = page.read_text()
    assert "| `suspending` | `running`, `halting`, `aborting`, `panicked` |" in text
    assert text.endswith("\n\nWords.\n")
    root = ElementTree.fromstring(picture.read_text())
    shown = " ".join(text for text in root.itertext())
    assert all(state in shown for state in states.State if state != "panicked")
    heads = [one for one in root if "marker-end" in one.attrib]
    assert len(heads) == len(states.arrows(states.groups())) == 14


def test_a_state_without_a_place_in_the_picture_is_named(capsys, monkeypatch):
    monkeypatch.delitem(states.PLACES, "paused")
    assert states.main(["--check"]) == 1
    assert "['paused']" in capsys.readouterr().err


# ---------------------------------------------------------------- running pages


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a page that has these lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))

    def run(*lines: str) -> None:
        page = tmp_path / "page.md"
        page.write_text("\n".join(lines) + "\n")
        pages_run.run_page(page)

    return run


def test_a_page_that_shows_what_its_code_says_passes(run, tmp_path):
    run(
        *("<!-- run", "a = 1", "-->", ""),
        *("```python file=b.py", "b = 2", "```", ""),
        *("```python", "from b import b", "a + b", "print('12:00:00 done')", "```", ""),
        *("```text", "3", "...", "00:00:01 done", "```", ""),
        *("```console run", "cat b.py", "```", "", "```text", "b = 2", "```", ""),
        *("```python seen", "never()", "```"),
    )
    assert (tmp_path / "b.py").read_text() == "b = 2\n"


def test_a_page_that_shows_something_else_is_found(run):
    with pytest.raises(pages_run.PageError, match=r"(?s)page.md, line 6.*'2'.*1"):
        run("```python", "1", "```", "", "```text", "2", "```")


def test_lines_in_another_order_are_found(run):
    with pytest.raises(pages_run.PageError, match="does not say '1'"):
        run("```python", "1", "2", "```", "", "```text", "2", "1", "```")


def test_code_of_a_page_that_fails_is_found(run):
    with pytest.raises(pages_run.PageError, match=r"page.md, line 4: NameError"):
        run("# Page", "", "```python", "unknown", "```")
