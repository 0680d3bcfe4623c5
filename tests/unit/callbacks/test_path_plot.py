"""Pictures of paths: what the drawn artists hold."""

import errno
import subprocess
import sys
import time

import numpy as np
import pytest
from matplotlib.figure import Figure
from unit.callbacks.test_path_preview import LIMITS, grid

from lapwing.callbacks.path_plot import plot_path, save_path
from lapwing.callbacks.path_preview import PathPreview
from lapwing.callbacks.path_tracks import MOST_PLACES
from lapwing.errors import (
    DataPathError,
    MissingExtraError,
    PlanArgumentError,
    StateError,
)
from lapwing.trajectory import (
    CompoundGenerator,
    LineGenerator,
    SpiralGenerator,
    StaticPointGenerator,
)
from lapwing.trajectory.motion import AxisLimits, MotionLimits


def lines_of(panel):
    return {line.get_label(): line.get_xydata() for line in panel.lines}


def line(*, num=4, duration=0.5):
    return CompoundGenerator(
        [LineGenerator("x", "mm", 0, num - 1, num)], duration=duration
    )


def test_without_limits_there_are_the_path_and_its_points():
    figure = plot_path(grid(2, 2), title="two rows")
    (panel,) = figure.axes
    lines = lines_of(panel)
    assert list(lines) == ["points", "begin", "end", "middles", "bounds"]
    nan = [np.nan, np.nan]
    expected = [
        *([-0.5, 0], [0, 0], [0.5, 0], [1, 0], [1.5, 0], nan),
        *([1.5, 1], [1, 1], [0.5, 1], [0, 1], [-0.5, 1]),
    ]
    np.testing.assert_array_equal(lines["points"], expected)
    middles = lines["middles"][~np.isnan(lines["middles"][:, 0])]
    assert middles.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    bounds = lines["bounds"][~np.isnan(lines["bounds"][:, 0])]
    assert sorted(map(tuple, bounds)) == sorted(
        [(x, y) for y in (0, 1) for x in (-0.5, 0.5, 0.5, 1.5)]
    )
    assert (lines["begin"].tolist(), lines["end"].tolist()) == (
        [[-0.5, 0]],
        [[-0.5, 1]],
    )
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("x (mm)", "y (mm)")
    assert figure.get_suptitle() == "two rows"


def test_with_limits_there_are_turnarounds_and_speeds():
    preview = PathPreview(grid(), LIMITS)
    panel, below = plot_path(preview).axes
    lines = lines_of(panel)
    motion = preview.summary.motion
    turns = lines["turnarounds"]
    assert np.nanmax(turns[:, 0]) == pytest.approx(motion.box["x"][1])
    assert np.nanmin(turns[:, 0]) == pytest.approx(motion.box["x"][0])
    assert np.isnan(turns[:, 0]).sum() == 3  # run-up, two turnarounds, run-down
    rows = lines["points"]
    assert (np.nanmin(rows[:, 0]), np.nanmax(rows[:, 0])) == (-0.5, 4.5)
    assert lines["begin"][0].tolist() == turns[0].tolist()
    speeds = lines_of(below)
    assert list(speeds) == ["y, % of 2 mm/s", "x, % of 4 mm/s"]
    across = speeds["x, % of 4 mm/s"]
    assert across[:, 1].max() == pytest.approx(50.0)
    assert across[-1].tolist() == pytest.approx([motion.total_time, 0.0])
    assert below.get_xlabel() == "time (s)"


def test_one_axis_is_drawn_over_the_number_of_the_point():
    (panel,) = plot_path(line(), start=1).axes
    expected = [[0.5, 0.5], [1, 1], [1.5, 1.5], [2, 2], [2.5, 2.5], [3, 3], [3.5, 3.5]]
    assert lines_of(panel)["points"].tolist() == expected
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("point", "x (mm)")


def test_one_axis_in_motion_is_drawn_over_time():
    panel, below = plot_path(line(), LIMITS).axes
    lines = lines_of(panel)
    assert "run-up, run-down" in lines
    # A run-up of 0.05 s at 40 mm/s², then half a second for each point.
    rows = lines["points"]
    assert rows[0].tolist() == pytest.approx([0.05, -0.5])
    assert rows[-1].tolist() == pytest.approx([2.05, 3.5])
    middles = lines["middles"][::2]  # a NaN between each
    assert middles[:, 0].tolist() == pytest.approx([0.3, 0.8, 1.3, 1.8])
    assert below.get_shared_x_axes().joined(panel, below)


def test_hours_are_not_told_in_seconds():
    panel, below = plot_path(line(num=4, duration=3600), LIMITS).axes
    assert below.get_xlabel() == "time (h)"
    assert lines_of(panel)["points"][-1, 0] == pytest.approx(4.0, rel=1e-3)
    assert lines_of(below)["x, % of 4 mm/s"][-1, 0] == pytest.approx(4.0, rel=1e-3)


def test_axes_that_move_together_are_drawn_in_their_order():
    spiral = SpiralGenerator(["x", "y"], "mm", [0, 0], 3, 0.5)
    (panel,) = plot_path(spiral).axes
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("x (mm)", "y (mm)")
    assert panel.get_aspect() == 1.0


def test_of_three_axes_the_fastest_two_that_move_are_drawn():
    path = CompoundGenerator(
        [
            LineGenerator("energy", "eV", 7100, 7110, 2),
            LineGenerator("y", "mm", 0, 1, 3),
            LineGenerator("still", "mm", 1, 1, 1),
            LineGenerator("x", "um", 0, 1, 4),
        ]
    )
    figure = plot_path(path)
    (panel,) = figure.axes
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("x (um)", "y (mm)")
    assert panel.get_aspect() == "auto"
    notes = [text.get_text() for text in figure.texts]
    assert "not drawn: energy, still   24 points" in notes


def test_moves_between_points_at_rest_are_the_turnarounds():
    panel, _ = plot_path(grid(2, 3, continuous=False), LIMITS).axes
    lines = lines_of(panel)
    assert "points" not in lines
    assert "bounds" not in lines
    assert np.nanmax(lines["turnarounds"][:, 0]) == 2.0


def test_many_points_at_rest_are_joined_for_there_are_no_marks():
    panel, _ = plot_path(grid(40, 40, continuous=False), LIMITS).axes
    lines = lines_of(panel)
    assert len(lines["points"]) == 3200  # when each begins, and when it ends
    assert lines["points"][[0, -1]].tolist() == [[0, 0], [0, 39]]


def test_a_million_points_are_drawn_in_seconds_by_few_places():
    limits = MotionLimits({"x": AxisLimits(9, 99), "y": AxisLimits(9, 99)})
    begin = time.perf_counter()
    figure = plot_path(grid(1000, 1000), limits)
    figure.canvas.draw()
    assert time.perf_counter() - begin < 20  # about 2 s where nothing else runs
    panel, below = figure.axes
    assert set(lines_of(panel)) == {"turnarounds", "points", "begin", "end"}
    for drawn in [*panel.lines, *below.lines]:
        places = np.count_nonzero(~np.isnan(drawn.get_xdata()))
        assert places <= MOST_PLACES
    rows = lines_of(panel)["points"]
    assert (np.nanmin(rows[:, 0]), np.nanmax(rows[:, 0])) == (-0.5, 999.5)
    assert np.nanmax(rows[:, 1]) == 999.0


def test_a_picture_is_drawn_into_a_figure_that_is_given():
    figure = Figure()
    figure.subplots(2, 2)
    assert plot_path(grid(2, 2), figure=figure) is figure
    assert len(figure.axes) == 1


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a", b"\x89PNG"), ("b.pdf", b"%PDF"), ("c.svg", b"<?xml")],
)
def test_a_picture_is_written(tmp_path, name, begins):
    written = save_path(tmp_path / name, grid(2, 2), limits=LIMITS)
    assert written.parent == tmp_path
    assert written.read_bytes().startswith(begins)


def test_what_cannot_be_written_or_drawn_is_said(tmp_path):
    with pytest.raises(DataPathError, match=r"must end in one of \.png, \.pdf, \.svg"):
        save_path(tmp_path / "a.gif", grid(2, 2))
    with pytest.raises(DataPathError, match=r"cannot be written: No such file"):
        save_path(tmp_path / "none" / "a.png", grid(2, 2))
    with pytest.raises(StateError, match=r"it has no axis"):
        plot_path(CompoundGenerator([StaticPointGenerator(3)]))
    with pytest.raises(PlanArgumentError, match=r"was to be drawn for a preview"):
        plot_path(grid(10**6, 10**6))


def test_a_full_disk_is_told_and_leaves_no_half_of_a_picture(tmp_path, monkeypatch):
    def savefig(figure, file):
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", savefig)
    with pytest.raises(DataPathError, match=r"cannot be written: No space left"):
        save_path(tmp_path / "a.png", grid(2, 2))
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"plots need matplotlib"):
        plot_path(grid(2, 2))


def test_numbers_need_no_matplotlib():
    code = (
        "import sys, lapwing.callbacks.path_plot, lapwing.cli.path; "
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
