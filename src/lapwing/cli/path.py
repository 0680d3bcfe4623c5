"""``lapwing path``: what a path comes to, and a picture of it; nothing is moved.

Owns the command, its options, and what is told at the terminal.
Must not know how paths are read, summed up, planned or drawn.
Test: tests/unit/cli/test_path.py.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lapwing.callbacks.durations import duration
from lapwing.callbacks.path_plot import plot_path, save_path
from lapwing.callbacks.path_preview import PathPreview, PathSummary, speed
from lapwing.cli.path_file import read_path
from lapwing.cli.screen import counted
from lapwing.errors import ConfigError, PlanArgumentError
from lapwing.trajectory import Trajectory
from lapwing.trajectory.motion import AxisLimits, MotionLimits, MotionSummary


class _Limits(click.ParamType):
    name = "AXIS=VMAX,AMAX[,LOW,HIGH]"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, AxisLimits]:
        axis, _, text = value.rpartition("=")
        try:
            numbers = [float(one) for one in text.split(",")]
        except ValueError:
            numbers = []
        if not axis or len(numbers) not in (2, 4):
            self.fail(f"{value!r} is not of the form {self.name}.", param, ctx)
        try:
            return axis, AxisLimits(*numbers)
        except PlanArgumentError as exc:
            self.fail(f"axis {axis}: {exc}.", param, ctx)


class _Range(click.ParamType):
    name = "I:J"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int | None]:
        begin, colon, end = value.partition(":")
        try:
            found = int(begin or 0), int(end) if end else None
        except ValueError:
            found = None
        if not colon or found is None:
            self.fail(f"{value!r} is not of the form {self.name}.", param, ctx)
        return found


@click.command("path")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write a picture there.")
@click.option("--show", is_flag=True, help="Show the picture in a window.")
@click.option(
    "--limits",
    type=_Limits(),
    multiple=True,
    help="Greatest velocity and acceleration of an axis, in its units and seconds, and "
    "its soft limits; give it for every axis.",
)
@click.option(
    "--tick",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Of the controller, in which turnarounds are counted; 0.001 if not given.",
)
@click.option(
    "--points",
    type=_Range(),
    help="Look at points I up to, not including, J; as in Python.",
)
def command(
    file: Path,
    out: Path | None,
    show: bool,
    limits: tuple[tuple[str, AxisLimits], ...],
    tick: float | None,
    points: tuple[int, int | None] | None,
) -> None:
    """Tell how far, how fast and how long a path goes; with --out, draw it.

    FILE is JSON or YAML: a trajectory's description, or a serialised scanspec. With
    --limits of all axes the motion is planned, too: run-up, turnarounds and run-down.
    """
    if tick is not None and not limits:
        raise click.UsageError("--tick is for turnarounds, which need --limits.")
    path = read_path(file)
    motion = _motion_limits(path, limits, tick) if limits else None
    preview = PathPreview(path, motion, *(points or (0, None)))
    for line in describe(preview.summary, file.name, motion):
        click.echo(line)
    if out is not None:
        click.echo(f"picture: {save_path(out, preview, title=file.name)}")
    if show:
        _show(preview, file.name)


def _motion_limits(
    path: Trajectory, given: Sequence[tuple[str, AxisLimits]], tick: float | None
) -> MotionLimits:
    for number, (axis, _) in enumerate(given):
        if axis not in path.axes:
            raise ConfigError(
                f"--limits were given for axis {axis!r}, which the path does not have; "
                f"it has {', '.join(path.axes) or 'none'}",
                axis=axis,
            )
        if axis in [name for name, _ in given[:number]]:
            raise ConfigError(f"--limits were given twice for axis {axis!r}", axis=axis)
    return MotionLimits(dict(given), **({} if tick is None else {"tick": tick}))


def _show(preview: PathPreview, title: str) -> None:
    from lapwing.callbacks.canvas import opens_windows

    if not opens_windows():
        raise ConfigError(
            "--show needs a display to open a window on, and there is none",
            hint="write the picture into a file with --out",
        )
    from matplotlib import pyplot

    plot_path(preview, title=title, figure=pyplot.figure())
    pyplot.show()


# ---------------------------------------------------------------- what is told


def describe(
    summary: PathSummary, name: str, limits: MotionLimits | None = None
) -> list[str]:
    """Return what there is to say of a path, in lines.

    Args:
        summary: The numbers.
        name: What the path is called.
        limits: Those with which its motion was planned.
    """
    return [
        _title(summary, name),
        *_table(summary),
        f"time: {_times(summary)}",
        *_extremes(summary, limits),
    ]


def _title(summary: PathSummary, name: str) -> str:
    size = math.prod(summary.shape)
    text = f"{name}: {counted(size, 'point')}"
    if len(summary.shape) > 1:
        text += f", {' x '.join(map(str, summary.shape))}"
    if summary.num_points != size:
        text += f"; {summary.num_points:,} of them, {summary.start}:{summary.stop}"
    return text


def _table(summary: PathSummary) -> list[str]:
    """Return a line for each axis, in columns."""
    motion = summary.motion
    rows = [["axis", "unit", "from", "to"]]
    rows[0] += ["with motion", "to"] if motion else []
    rows[0] += ["distance", "top speed"]
    for axis in summary.axes:
        row = [axis, summary.units.get(axis, "")]
        row += _pair(summary.box, axis) + (_pair(motion.box, axis) if motion else [])
        row += [_number((each or {}).get(axis)) for each in _sums(summary)]
        rows.append(row)
    if len(rows) == 1:
        return ["no axis moves"]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [f"  {_aligned(row, widths)}".rstrip() for row in rows]


def _sums(summary: PathSummary) -> tuple[dict[str, float] | None, ...]:
    return summary.distance, summary.top_speed


def _pair(box: dict[str, tuple[float, float]] | None, axis: str) -> list[str]:
    return [_number(end) for end in (box[axis] if box else (None, None))]


def _aligned(row: list[str], widths: list[int]) -> str:
    words = [word.ljust(width) for word, width in zip(row[:2], widths, strict=False)]
    words += [
        word.rjust(width) for word, width in zip(row[2:], widths[2:], strict=True)
    ]
    return "  ".join(words)


def _number(value: float | None) -> str:
    """Return a number of six digits; "-" for what is not known."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value + 0.0:.6g}"


def _times(summary: PathSummary) -> str:
    motion = summary.motion
    if motion is not None:
        turns = counted(motion.num_gaps, "turnaround")
        return (
            f"{_seconds(motion.total_time)}: points {_seconds(motion.points_time)}, "
            f"{turns} {_seconds(motion.gaps_time)}, run-up and run-down "
            f"{_seconds(motion.ramps_time)}"
        )
    if math.isnan(summary.points_time):
        text = "not known, for not all points have a duration"
    else:
        text = f"{_seconds(summary.points_time)} in points and delays"
    if not summary.num_gaps:
        return text
    return f"{text}; {counted(summary.num_gaps, 'gap')}, planned if --limits are given"


def _seconds(seconds: float) -> str:
    """Return a length of time; of a short one, milliseconds too."""
    return f"{seconds:.3g} s" if 0 < seconds < 1 else duration(seconds)


def _extremes(summary: PathSummary, limits: MotionLimits | None) -> list[str]:
    motion: MotionSummary | None = summary.motion
    if motion is None or limits is None:
        return []
    axis = motion.fastest
    most = limits.axes[axis].max_velocity
    part = motion.top_speed[axis] / most
    allowed = speed(most, summary.units[axis])
    lines = [f"fastest: {axis}, at {part:.0%} of its {allowed}"]
    if motion.slowest:
        lines.append(
            f"slowest: {motion.slowest}, for which the others wait in most turnarounds"
        )
    return lines
