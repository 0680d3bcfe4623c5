"""Path plots: pictures of paths, before anything moves.

Owns what can be asked for, and the file.
Must not know how things are drawn (`path_figure` does), nor touch pyplot unless a
window is wanted.
Test: tests/unit/callbacks/test_path_plot.py; `save_path`, and look at the picture.

matplotlib is an extra ("plots") and is loaded only when something is drawn.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapwing.callbacks.path_preview import PathPreview
from lapwing.callbacks.plots import SUFFIXES, load_matplotlib
from lapwing.errors import DataPathError, StateError
from lapwing.trajectory import Trajectory
from lapwing.trajectory.motion import MotionLimits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_path", "save_path"]


def plot_path(
    path: Trajectory | PathPreview,
    limits: MotionLimits | None = None,
    start: int = 0,
    stop: int | None = None,
    *,
    title: str = "path",
    figure: Any = None,
) -> "Figure":
    """Draw where a path goes and, within limits, its turnarounds and speeds.

    Of several axes the two fastest that move are drawn. A path of one axis is drawn
    over the number of the point, or over time where there are limits. Up to 1000
    points are marked with their middles and bounds; of longer paths as much is drawn
    as can be seen, 20,000 places.

    Args:
        path: The path, or the preview of one, which has its limits and range already.
        limits: What its axes may do; without them only the path is drawn.
        start: Index of the first point; negative ones count from the end.
        stop: Index after the last point; the end of the path if not given.
        title: What stands above it.
        figure: The matplotlib figure to draw into; None makes one that no window shows.

    Returns:
        The figure; its first panel is the path, the second the speeds.

    Raises:
        MissingExtraError: matplotlib is not installed.
        StateError: The path has no axis.
        PlanArgumentError: There is no point in the range, or more than ten million;
            or points ask for more than the limits allow.
        LimitError: An axis would go beyond a soft limit.
    """
    load_matplotlib()
    from lapwing.callbacks import path_figure

    if isinstance(path, Trajectory):
        path = PathPreview(path, limits, start, stop)
    if not path.summary.axes:
        raise StateError("a path was to be drawn, but it has no axis: nothing moves")
    path.refuse_longer("drawn")
    figure = path_figure.new_figure(path) if figure is None else figure
    path_figure.fill(figure, path, title)
    return figure


def save_path(file: str | Path, path: Trajectory | PathPreview, **options: Any) -> Path:
    """Write a picture of a path; a file that is there is replaced.

    Args:
        file: Where to; ".png" is added if it has no suffix, ".pdf" and ".svg" do, too.
        path: As in `plot_path`.
        **options: As `plot_path` takes.

    Returns:
        The file, with its suffix.

    Raises:
        DataPathError: The file cannot be written; and as `plot_path` does.
    """
    file = Path(file)
    file = file if file.suffix else file.with_suffix(".png")
    if file.suffix.lower() not in SUFFIXES:
        raise DataPathError(
            f"a plot cannot be written as {file.name!r}; the name must end in one of "
            f"{', '.join(SUFFIXES)}",
            path=str(file),
        )
    figure = plot_path(path, **options)
    was_there = file.exists()
    try:
        figure.savefig(file)
    except OSError as exc:
        if not was_there:  # what there is of it shows nothing
            file.unlink(missing_ok=True)
        raise DataPathError(
            f"the plot {file} cannot be written: {exc.strerror or exc}", path=str(file)
        ) from exc
    return file
