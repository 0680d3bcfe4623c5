"""Bluesky's own tests pass on Lapwing's stand-in for Bluesky.

``tools/bluesky_suite.py`` runs them, in processes of their own; two modules at a time.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from architecture.source_tree import load_tool

suite = load_tool("bluesky_suite")

WITHOUT_EXCLUSIONS = (
    "test_plans",
    "test_scans",
    "test_plan_patterns",
    "test_generators",
)
MOST_EXCLUDED_PERCENT = 2.0

Reports = dict[str, "Future[suite.Report]"]


@pytest.fixture(scope="module")
def reports() -> Iterator[Reports]:
    # All are begun at once, for the longest takes as long as the others together.
    with ThreadPoolExecutor(2) as pool:
        yield {one: pool.submit(suite.run_module, one) for one in suite.MODULES}


@pytest.mark.timeout(suite.SECONDS_PER_MODULE)
@pytest.mark.parametrize("module", suite.MODULES)
def test_a_module_passes(module: str, reports: Reports):
    report = reports[module].result()
    assert report.well, (report.line(), *report.failures.values())


@pytest.mark.timeout(suite.SECONDS_PER_MODULE)
def test_few_are_left_out(reports: Reports):
    done = [one.result() for one in reports.values()]
    total = sum(len(one.outcomes) for one in done)
    excluded = sum(one.count("excluded") for one in done)
    assert 100 * excluded / total <= MOST_EXCLUDED_PERCENT


def test_none_are_left_out_where_the_plans_are_tested():
    assert not set(suite.exclusions()) & set(WITHOUT_EXCLUSIONS)


def test_the_page_lists_what_is_left_out():
    assert suite.README.read_text(encoding="utf-8") == suite.readme()


# ---------------------------------------------------------------- the tool itself


def test_a_reason_holds_for_a_test_or_for_one_of_its_parameters():
    table = {"test_a": "all of it", "test_b[1]": "only one"}
    assert suite.reason_for("test_a[x]", table) == "all of it"
    assert suite.reason_for("test_b[1]", table) == "only one"
    assert suite.reason_for("test_b[2]", table) is None


@pytest.mark.parametrize(
    ("outcomes", "well"),
    [
        ({"a": ("passed", ""), "b": ("excluded", "why")}, True),
        ({"a": ("passed", ""), "b": ("failed", "[XPASS(strict)] why")}, False),
        ({"a": ("skipped", "")}, False),
        ({}, False),
    ],
)
def test_a_module_is_well_if_some_passed_and_none_failed(outcomes, well):
    assert suite.Report("test_x", outcomes).well is well


def tries(monkeypatch, first, second):
    """Let two runs of a module have such outcomes; return what each was asked for."""
    asked, outcomes = [], [first, second]

    def run_tests(module, only):
        asked.append(only)
        return suite.Report(module, dict(outcomes.pop(0)))

    monkeypatch.setattr(suite, "run_tests", run_tests)
    return asked


BAD, GOOD = ("failed", "late"), ("passed", "")


def test_what_failed_is_tried_once_more_and_that_is_told(monkeypatch):
    first = {"m.py::test_a[1]": BAD, "m.py::test_a[2]": GOOD, "m.py::test_b": BAD}
    second = {"m.py::test_a[1]": GOOD, "m.py::test_a[2]": BAD, "m.py::test_b": BAD}
    asked = tries(monkeypatch, first, second)
    report = suite.run_module("m")
    assert asked == ["", "test_a or test_b"]
    assert report.outcomes == {**first, "m.py::test_a[1]": GOOD}
    assert "tried twice: m.py::test_a[1], m.py::test_b" in report.line()
    assert not report.well


@pytest.mark.parametrize("failed", [0, suite.SECOND_TRIES + 1])
def test_there_is_no_second_try_for_none_or_for_many(monkeypatch, failed):
    first = {f"m.py::test_{i}": BAD for i in range(failed)}
    asked = tries(monkeypatch, {**first, "m.py::test_good": GOOD}, {})
    assert suite.run_module("m").well is (failed == 0)
    assert asked == [""]


def test_what_could_not_be_run_at_all_is_not_well():
    report = suite.Report("test_x", {"a": ("passed", "")}, trouble="ended with 3")
    assert not report.well
    assert "ended with 3" in report.line()
