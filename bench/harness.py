"""What all benchmarks share: arguments, statistics and the printed report."""

import argparse
import json
import os
import platform
import statistics
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any


@dataclass
class Series:
    """The measurements of one variant, one value a block."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        self.values.append(value)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        return sorted(self.values)[
            min(len(self.values) - 1, int(0.99 * len(self.values)))
        ]

    def summary(self) -> dict[str, float]:
        return {"median": self.median, "p99": self.p99, "max": max(self.values)}


def arguments(doc: str | None, **numbers: int) -> argparse.Namespace:
    """Parse ``--json FILE`` and one whole number per keyword."""
    parser = argparse.ArgumentParser(description=(doc or "").split("\n", maxsplit=1)[0])
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    return parser.parse_args()


def machine() -> dict[str, Any]:
    return {
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def report(
    title: str,
    series: list[Series],
    ratios: dict[str, float],
    args: argparse.Namespace,
) -> None:
    """Print medians, p99, maxima and ratios; write them as JSON if asked for."""
    about = machine()
    print(f"{title}: {', '.join(str(v) for v in about.values())}")
    for one in series:
        s = one.summary()
        print(
            f"  {one.name:<28} median {s['median']:>10.2f}  p99 {s['p99']:>10.2f}"
            f"  max {s['max']:>10.2f} {one.unit}"
        )
    for name, ratio in ratios.items():
        print(f"  {name:<40} {ratio:>8.2f}")
    sys.stdout.flush()
    if args.json:
        figures = {
            "about": about,
            "series": {one.name: {**one.summary(), "unit": one.unit} for one in series},
            "ratios": ratios,
        }
        args.json.write_text(json.dumps(figures, indent=2))
