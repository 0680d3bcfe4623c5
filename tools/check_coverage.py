"""Check that the tests reach the parts that must not be wrong.

Owns the list of those parts and the share of lines and branches they need.
Must not know how the tests are run: it reads what coverage left in `.coverage`.
Test: `make test`, or tests/architecture/test_tools.py.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import coverage
from coverage.exceptions import CoverageException

FLOOR_PERCENT = 90.0
PARTS = {
    "engine": PurePath("src/lapwing/engine"),
    "documents": PurePath("src/lapwing/documents"),
}


def main() -> int:
    """Print the shares; return 1 if one of them is too small."""
    try:
        report = read_report()
    except CoverageException as problem:
        print(f"coverage left nothing to look at: {problem}", file=sys.stderr)
        return 1
    problems: list[str] = []
    for part, path in PARTS.items():
        print(summary_line(part, shares(report, path)))
        problems += problems_of(part, report, path)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def read_report() -> dict[str, Any]:
    """Turn `.coverage` into coverage's own JSON report."""
    measured = coverage.Coverage()
    measured.load()
    with tempfile.TemporaryDirectory() as where:
        out = Path(where, "coverage.json")
        measured.json_report(outfile=str(out))
        return json.loads(out.read_text(encoding="utf-8"))


def shares(report: Mapping[str, Any], part: PurePath) -> dict[str, float | None]:
    """Return the percentage of lines and of branches reached in one part.

    Args:
        report: What `coverage json` writes, with branches.
        part: A package's directory, or a module's file without its ending.

    Returns:
        Percentages, 0 to 100, under "lines" and "branches"; None where there is
        nothing to reach.
    """
    found = [entry["summary"] for _, entry in files_of(report, part)]
    return {
        "lines": _percent(found, "covered_lines", "num_statements"),
        "branches": _percent(found, "covered_branches", "num_branches"),
    }


def files_of(
    report: Mapping[str, Any], part: PurePath
) -> list[tuple[PurePath, dict[str, Any]]]:
    """Return the files of the report that belong to a part."""
    found = []
    for name, entry in sorted(report["files"].items()):
        path = PurePath(name)
        if path.with_suffix("") == part or part in path.parents:
            found.append((path, entry))
    return found


def problems_of(part: str, report: Mapping[str, Any], path: PurePath) -> list[str]:
    """Say in one sentence each what is reached too little, and where."""
    reached = shares(report, path)
    if reached["lines"] is None:
        return [f"{part}: nothing was measured under {path}"]
    low = [
        f"{part}: {percent:.1f} % of its {what} are reached; "
        f"it must be {FLOOR_PERCENT:g} %"
        for what, percent in reached.items()
        if percent is not None and percent < FLOOR_PERCENT
    ]
    if not low:
        return []
    return low + [
        f"  {name}: not reached: {missing}"
        for name, entry in files_of(report, path)
        if (missing := _missing(entry))
    ]


def summary_line(part: str, reached: Mapping[str, float | None]) -> str:
    """Say how much of a part is reached, such as ``engine: lines 98.0 %``."""
    shown = ", ".join(
        f"{what} -" if percent is None else f"{what} {percent:.1f} %"
        for what, percent in reached.items()
    )
    return f"coverage of {part}: {shown}"


def _percent(found: list[dict[str, Any]], covered: str, total: str) -> float | None:
    whole = sum(summary[total] for summary in found)
    if not whole:
        return None
    return 100.0 * sum(summary[covered] for summary in found) / whole


def _missing(entry: Mapping[str, Any]) -> str:
    lines = set(entry["missing_lines"])
    # A negative end is the way out of the function.
    branches = [
        f"{start}->{'exit' if end < 0 else end}"
        for start, end in entry["missing_branches"]
        if start not in lines and end not in lines
    ]
    return ", ".join([*_ranges(sorted(lines)), *branches])


def _ranges(lines: list[int]) -> list[str]:
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return [f"{a}" if a == b else f"{a}-{b}" for a, b in ranges]


if __name__ == "__main__":
    sys.exit(main())
