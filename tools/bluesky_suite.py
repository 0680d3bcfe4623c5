"""Run Bluesky's own tests against Lapwing's stand-in for Bluesky.

Owns which modules are run, in which processes, and what is made of their outcomes.
Must not hold an exclusion: those stand, with reasons, in tests/compat/exclusions.toml.
Test: tests/compat/test_bluesky_suite.py; tests/architecture/test_tools.py.

    python tools/bluesky_suite.py                  all modules
    python tools/bluesky_suite.py test_plans ...   some of them
    python tools/bluesky_suite.py --readme         write tests/compat/README.md

In each process ``bluesky`` is the stand-in and ``bluesky.tests`` is the directory of
the installed package. Tests that send signals get a process of their own. An excluded
test is run all the same: it fails the run if it passes. Some of the tests want their
thread to be on the processor within 10 ms; a few failures are tried once more, and the
table says so. Two hold an engine for broken that answers within a timer's tick.
"""

import argparse
import importlib.util
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "compat" / "exclusions.toml"
README = TABLE.with_name("README.md")

MODULES = (
    "test_run_engine",
    "test_plans",
    "test_scans",
    "test_new_examples",
    "test_plan_patterns",
    "test_preprocessors",
    "test_multi_runs",
    "test_generators",
    "test_flyer",
    "test_suspenders",
)
SIGNALS = ("os.kill", "deterministic_sigint")
"""What stands in the source of a test that sends signals to its process."""
TOO_LATE = (
    "test_sigint_three_hits",
    "test_single_sigint_interrupt_no_checkpoint",
    "test_single_sigint_no_carry_over",
)
"""Tests that send a Ctrl-C when our engine may have returned already."""
TOO_QUICK = ("test_unresumable_suspend_fail", "test_suspender_wrapper")
"""Tests whose clock starts after their timers, and whose margin is Bluesky's delay."""
TIMER = threading.Timer
TIMER_LATER = 0.02
"""Seconds by which the timers of such tests are late."""
COMPLETE = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)
"""What a process returns that has run all its tests."""
SECOND_TRIES = 3
"""How many tests of a module may fail at first, for a busy machine made them late."""
SECONDS_PER_TEST = 30
SECONDS_PER_MODULE = 600
INI = "[pytest]\nfilterwarnings = default\n"

Outcomes = dict[str, tuple[str, str]]
"""Outcome ("passed", "failed", "skipped", "excluded") and its text, by test."""


@dataclass
class Report:
    """What became of the tests of one module.

    Attributes:
        module: Its name.
        outcomes: What became of each test.
        trouble: Why not all could be run, if so.
        again: The tests that were tried a second time.
    """

    module: str
    outcomes: Outcomes = field(default_factory=dict)
    trouble: str = ""
    again: list[str] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """Return how many tests had an outcome."""
        return sum(one == outcome for one, _ in self.outcomes.values())

    @property
    def excluded_percent(self) -> float:
        """The share of excluded tests, 0 to 100."""
        return 100 * self.count("excluded") / max(len(self.outcomes), 1)

    @property
    def well(self) -> bool:
        """Whether there were tests, and none failed."""
        return not self.trouble and self.count("passed") > 0 and not self.failures

    @property
    def failures(self) -> dict[str, str]:
        """What is said of each test that failed."""
        return {
            name: text
            for name, (outcome, text) in self.outcomes.items()
            if outcome == "failed"
        }

    def line(self) -> str:
        """Return the report as a line of a table."""
        counts = [self.count(one) for one in ("passed", "excluded", "failed")]
        return (
            f"{self.module:<42}{counts[0]:>7}{counts[1]:>9}{counts[2]:>7}"
            f"{self.count('skipped'):>8}{self.excluded_percent:>8.1f} %"
            + (f"  tried twice: {', '.join(self.again)}" if self.again else "")
            + (f"  {self.trouble}" if self.trouble else "")
        )


HEAD = (
    f"{'module':<42}{'passed':>7}{'excluded':>9}{'failed':>7}{'skipped':>8}"
    f"{'excluded':>10}"
)


def main(arguments: list[str] | None = None) -> int:
    """Run the modules, print a table; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", help="modules of bluesky.tests")
    parser.add_argument("-k", dest="only", default="", help="as pytest's")
    parser.add_argument("--jobs", type=int, default=2, help="modules at a time")
    parser.add_argument("--readme", action="store_true", help=f"write {README.name}")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--signals", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.inside is not None:
        return run_inside(given.modules[0], given.only, given.signals, given.inside)
    if given.readme:
        README.write_text(readme(), encoding="utf-8")
        return 0
    modules = given.modules or list(MODULES)
    with ThreadPoolExecutor(given.jobs) as pool:
        reports = list(pool.map(lambda one: run_module(one, given.only), modules))
    print(HEAD)
    for report in reports:
        print(report.line())
    total = Report("all", {k: v for r in reports for k, v in r.outcomes.items()})
    print(total.line())
    for report in reports:
        for name, text in report.failures.items():
            print(f"\n{'=' * 20} {name}\n{text}")
    return 0 if all(report.well for report in reports) else 1


# ---------------------------------------------------------------- the table


def exclusions() -> dict[str, dict[str, str]]:
    """Return the reasons by module and test."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def readme() -> str:
    """Return the page that lists all exclusions."""
    lines = [
        "# Bluesky's own tests",
        "",
        "`tools/bluesky_suite.py` runs the tests that are installed with the package",
        "`bluesky` against `lapwing.compat.bluesky`. This page is made by its option",
        "`--readme` from `exclusions.toml`. A test that is listed here is run all the",
        "same: if it passes, that is an error.",
        "",
        "| module | test | why it is left out |",
        "|---|---|---|",
    ]
    for module, tests in exclusions().items():
        lines += [f"| {module} | `{name}` | {why} |" for name, why in tests.items()]
    return "\n".join(lines) + "\n"


def reason_for(name: str, table: dict[str, str]) -> str | None:
    """Return why a test is left out: it, or all of its parameters; else None."""
    return table.get(name) or table.get(name.partition("[")[0])


# ---------------------------------------------------------------- outside


def run_module(module: str, only: str = "") -> Report:
    """Run the tests of a module; try once more what failed, if that is little."""
    report = run_tests(module, only)
    failed = list(report.failures)
    if 0 < len(failed) <= SECOND_TRIES:
        second = run_tests(module, " or ".join(map(function_of, failed)))
        report.again = failed
        report.outcomes |= {k: v for k, v in second.outcomes.items() if k in failed}
        report.trouble = report.trouble or second.trouble
    return report


def function_of(name: str) -> str:
    """Return the function of a test, without its file and parameters."""
    return name.partition("::")[2].partition("[")[0]


def run_tests(module: str, only: str) -> Report:
    """Run the tests of a module in two processes: without and with signals."""
    report = Report(module)
    for options in ([], ["--signals"]):
        part = run_process(module, only, options)
        report.outcomes |= part.outcomes
        report.trouble = report.trouble or part.trouble
    return report


def run_process(module: str, only: str, options: list[str]) -> Report:
    """Run those tests of a module that the options choose, in a process."""
    report = Report(module)
    with tempfile.TemporaryDirectory() as where:
        out = Path(where, "outcomes.json")
        command = [sys.executable, __file__, module, "-k", only, *options]
        try:
            done = subprocess.run(
                [*command, "--inside", str(out)],
                capture_output=True,
                text=True,
                timeout=SECONDS_PER_MODULE,
                cwd=where,
                env={**os.environ, "MPLBACKEND": "Agg"},
                start_new_session=True,  # signals are the tests' own business
            )
        except subprocess.TimeoutExpired:
            report.trouble = f"took more than {SECONDS_PER_MODULE} s"
            return report
        if out.exists():
            told = json.loads(out.read_text(encoding="utf-8"))
            report.outcomes = {name: tuple(one) for name, one in told.items()}
        if done.returncode not in COMPLETE or not out.exists():
            report.trouble = f"ended with {done.returncode}: {done.stderr[-2000:]}"
    return report


# ---------------------------------------------------------------- inside


class LateTimer(threading.Timer):
    """A timer that is somewhat late."""

    def __init__(self, interval: float, *args: Any, **kwargs: Any):
        super().__init__(interval + TIMER_LATER, *args, **kwargs)


class Collector:
    """A plugin of pytest: chooses tests, marks exclusions, writes outcomes down."""

    def __init__(self, table: dict[str, str], *, signals: bool):
        self.outcomes: Outcomes = {}
        self._table = table
        self._signals = signals

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that send signals, or the others; mark the excluded."""
        items[:] = [item for item in items if sends_signals(item) is self._signals]
        for item in items:
            reason = reason_for(item.name, self._table)
            if reason is not None:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Pass over a Ctrl-C that comes when the call has returned; delay timers."""
        name = item.name.partition("[")[0]
        if name in TOO_LATE:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if name in TOO_QUICK:
            threading.Timer = LateTimer

    def pytest_runtest_teardown(self) -> None:
        """Let Ctrl-C interrupt again, and timers be in time."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Timer = TIMER

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be imported."""
        if report.failed:
            self.outcomes[report.nodeid] = ("failed", str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the worst that a test met with in its phases."""
        before, _ = self.outcomes.get(report.nodeid, ("", ""))
        if before == "failed" or (report.when != "call" and report.passed):
            return
        outcome = report.outcome
        if outcome == "skipped" and hasattr(report, "wasxfail"):
            ours = reason_for(report.location[2], self._table) is not None
            outcome = "excluded" if ours else "passed"  # it is expected to fail
        self.outcomes[report.nodeid] = (outcome, report.longreprtext)


def sends_signals(item: pytest.Item) -> bool:
    """Whether a test sends signals to the process that it runs in."""
    source = inspect.getsource(getattr(item, "function", Collector))
    return any(word in source for word in SIGNALS)


def run_inside(module: str, only: str, signals: bool, out: Path) -> int:
    """Run the tests of a module in this process, in which bluesky is the stand-in."""
    # Found before the name means something else.
    found = importlib.util.find_spec("bluesky")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the package bluesky, whose tests are to be run, is missing")
    tests = Path(found.submodule_search_locations[0]) / "tests"

    import lapwing.compat

    lapwing.compat.install()
    import bluesky

    show_tests(bluesky, tests)
    collector = Collector(exclusions().get(module, {}), signals=signals)
    Path("pytest.ini").write_text(INI, encoding="utf-8")
    options = ["-c", "pytest.ini", "--rootdir", str(tests), "-q", "-k", only]
    options += ["-p", "no:cacheprovider", "--timeout", str(SECONDS_PER_TEST)]
    status = pytest.main([*options, str(tests / f"{module}.py")], [collector])
    out.write_text(json.dumps(collector.outcomes), encoding="utf-8")
    return int(status)


def show_tests(bluesky: Any, tests: Path) -> None:
    """Let ``bluesky.tests`` be the directory of the installed package."""
    name = f"{bluesky.__name__.rpartition('.')[2]}.tests"
    spec = importlib.util.spec_from_file_location(
        name, tests / "__init__.py", submodule_search_locations=[str(tests)]
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"{tests} holds no package of tests")
    sys.modules[name] = bluesky.tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bluesky.tests)


if __name__ == "__main__":
    sys.exit(main())
