import subprocess
import sys

import numpy as np
import pytest
from unit.callbacks.streams import (
    DET,
    Run,
    count_run,
    feed,
    grid_points,
    grid_run,
    key,
    peak_scan,
    scan_run,
)

from lapwing.callbacks import figures, plots
from lapwing.callbacks.plots import RunPlot
from lapwing.errors import DataPathError, MissingExtraError, StateError

PNG = b"\x89PNG\r\n\x1a\n"


def plot_of(documents, **options):
    plot = RunPlot(**options)
    feed(plot, documents)
    return plot


def panels(documents, **options):
    """The axes of the figure, those of colour bars left out."""
    figure = figures.figure_of(plot_of(documents, **options).data())
    figure.canvas.draw()
    return [a for a in figure.axes if a.get_label() != "<colorbar>" and a.get_visible()]


def grid_documents(shape, *, snake, num=None, offset=(0.0, 0.0), **start):
    """A grid whose counts tell where they were taken: 100 * row + column."""
    ys, xs = np.linspace(0, 3, shape[0]), np.linspace(-1, 1, shape[1])
    events = [
        {
            "y": y + offset[0],
            "x": x + offset[1],
            "det": 100 * int(np.argmin(abs(ys - y))) + int(np.argmin(abs(xs - x))),
        }
        for y, x in grid_points(shape, snake=snake)
    ]
    return grid_run(shape, snake=snake, **start).whole(events[:num])


def mesh_of(axes):
    (mesh,) = axes.collections
    return mesh


def test_a_scan_is_a_curve_with_units_and_the_peak_marked():
    (axes,) = panels(peak_scan())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (mm)", "det (counts)")
    curve = axes.lines[0]
    assert curve.get_xdata()[[0, -1]].tolist() == [-5, 5]
    assert curve.get_ydata().size == 51
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[0].startswith("centre 0.7")
    assert labels[0].endswith(" mm")
    assert labels[1].startswith("FWHM 1.9")
    assert axes.lines[1].get_xdata()[0] == pytest.approx(0.73, abs=0.05)


def test_a_plot_is_shown_by_a_notebook_and_says_what_it_is_of():
    plot = plot_of(peak_scan())
    assert plot._repr_png_().startswith(PNG)
    assert repr(plot) == "<RunPlot of scan 12; save(path) writes it>"
    assert RunPlot()._repr_png_() is None
    assert "nothing yet" in repr(RunPlot())


def test_the_title_tells_plan_number_points_and_date():
    plot = plot_of(peak_scan()[:32])
    figure = figures.figure_of(plot.data())
    assert figure.get_suptitle() == "scan 12"
    (notes,) = figure.texts[1:]
    assert notes.get_text().startswith("30 of 51 points   20")


@pytest.mark.parametrize("snake", [True, False])
def test_every_cell_of_a_grid_lies_where_it_was_measured(snake):
    (axes,) = panels(grid_documents((3, 5), snake=snake))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (mm)", "y (mm)")
    cells = mesh_of(axes).get_array()
    assert cells.tolist() == [[100 * r + c for c in range(5)] for r in range(3)]
    corners = mesh_of(axes).get_coordinates()
    assert corners[0, 0].tolist() == pytest.approx([-1.25, -0.75])
    assert corners[-1, -1].tolist() == pytest.approx([1.25, 3.75])
    assert not axes.yaxis_inverted()


def test_a_grid_that_is_not_finished_keeps_its_size_and_its_empty_cells():
    (axes,) = panels(grid_documents((3, 5), snake=True, num=7))
    cells = mesh_of(axes).get_array()
    assert cells.shape == (3, 5)
    assert cells.mask.tolist() == [
        [False] * 5,
        [True, True, True, False, False],
        [True] * 5,
    ]
    assert axes.get_ylim() == pytest.approx((-0.75, 3.75))


def test_a_grid_without_any_point_is_drawn_empty():
    (axes,) = panels(grid_documents((3, 5), snake=True, num=0))
    assert mesh_of(axes).get_array().mask.all()
    assert axes.texts[0].get_text() == "no points"


def test_a_relative_grid_is_drawn_where_the_motors_were():
    (axes,) = panels(grid_documents((3, 5), snake=True, offset=(7.0, -4.0)))
    corners = mesh_of(axes).get_coordinates()
    assert corners[0, 0].tolist() == pytest.approx([-5.25, 6.25])


def test_motors_that_are_slightly_off_do_not_shift_the_grid():
    (axes,) = panels(grid_documents((3, 5), snake=True, offset=(0.01, -0.003)))
    assert mesh_of(axes).get_coordinates()[0, 0].tolist() == pytest.approx(
        [-1.25, -0.75]
    )


def test_a_grid_of_one_row_or_scanned_downwards_is_drawn_too(tmp_path):
    plot = plot_of(grid_documents((1, 4), snake=False))
    assert plot.save(tmp_path / "row").read_bytes().startswith(PNG)
    run = grid_run((2, 2), snake=False)
    run.start()[1]["extents"] = ([3.0, 0.0], [1.0, -1.0])
    points = [(3, 1), (3, -1), (0, 1), (0, -1)]
    events = [{"y": y, "x": x, "det": 10 * y + x} for y, x in points]
    (axes,) = panels(run.whole(events))
    mesh = mesh_of(axes)
    assert mesh.get_array().tolist() == [[31, 29], [1, -1]]
    assert mesh.get_coordinates()[0, 0].tolist() == pytest.approx([2.0, 4.5])


def test_a_point_taken_again_replaces_the_former():
    documents = grid_documents((2, 2), snake=False)
    again = documents[3][1]
    documents.insert(4, ("event", {**again, "data": {**again["data"], "det": -5}}))
    (axes,) = panels(documents)
    assert mesh_of(axes).get_array()[0, 1] == -5


def test_other_paths_in_two_dimensions_are_coloured_points():
    run = grid_run((2, 2), snake=False)
    del run.start()[1]["hints"]["gridding"]
    events = [{"y": 0.1 * i, "x": 0.3 * i, "det": i} for i in range(4)]
    (axes,) = panels(run.whole(events))
    (dots,) = axes.collections
    assert dots.get_offsets()[3].tolist() == pytest.approx([0.9, 0.3])
    assert dots.get_array().tolist() == [0, 1, 2, 3]
    assert axes.get_title(loc="left") == "max 3 at x 0.900, y 0.30"


def test_a_count_is_drawn_over_time():
    (axes,) = panels(count_run().whole([{"det": n} for n in (5, 6, 7)]))
    assert axes.get_xlabel() == "time since the start (s)"
    assert axes.lines[0].get_xdata().tolist() == pytest.approx([0.5, 1.0, 1.5])
    assert axes.lines[0].get_ydata().tolist() == [5, 6, 7]


def test_a_long_count_has_its_time_in_hours():
    (axes,) = panels(count_run().whole([{"det": 1}] * 30_000))
    assert axes.get_xlabel() == "time since the start (h)"


def test_three_dimensions_are_drawn_over_time():
    keys = {"a": key(), "b": key(), "c": key(), "det": DET}
    dimensions = [([name], "primary") for name in "abc"]
    run = Run(keys, hints={"dimensions": dimensions}, scan_id=1)
    (axes,) = panels(run.whole([{"a": 1, "b": 2, "c": 3, "det": 4}]))
    assert axes.get_xlabel() == "time since the start (s)"


def test_each_detector_has_a_panel_six_at_most():
    keys = {f"d{i}": DET for i in range(8)}
    run = Run(keys, hinted={n: [n] for n in keys}, scan_id=1)
    found = panels(run.whole([dict.fromkeys(keys, 1)]))
    assert [axes.get_ylabel() for axes in found] == [f"d{i} (counts)" for i in range(6)]
    assert [bool(axes.get_xlabel()) for axes in found] == [False] * 5 + [True]
    assert len(panels(run.whole([]), fields=["d7", "unknown"])) == 1


def test_maps_of_several_detectors_stand_side_by_side():
    keys = {"y": key(), "x": key(), "d1": DET, "d2": DET, "d3": DET}
    dimensions = [([name], "primary") for name in "yx"]
    run = Run(keys, hints={"dimensions": dimensions}, scan_id=1)
    events = [{"y": 1, "x": i, "d1": 1, "d2": 2, "d3": 3} for i in range(3)]
    found = panels(run.whole(events))
    assert [axes.get_title(loc="left")[:5] for axes in found] == [
        "max 1",
        "max 2",
        "max 3",
    ]
    left, right, below = (axes.get_position() for axes in found)
    assert left.x1 < right.x0
    assert below.y1 < left.y0


def test_odd_values_and_names_do_no_harm(tmp_path):
    run = Run(
        {"$x$_{": key(units="µm"), "d$": key()},
        scan_id=1,
        plan_name="a$b",
        hints={"dimensions": [(["$x$_{"], "primary")]},
    )
    odd = [float("inf"), float("nan"), 1.0, None, "text", 3.0]
    plot = plot_of(run.whole([{"$x$_{": i, "d$": v} for i, v in enumerate(odd)]))
    assert plot.save(tmp_path / "odd.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("num", [0, 1, 2, 400])
def test_scans_of_any_length_can_be_saved(tmp_path, num):
    plot = plot_of(peak_scan()[:2])
    feed(plot, [scan_run().event(i, x=i, det=i % 7) for i in range(1, num + 1)])
    path = plot.save(tmp_path / "scan")
    assert path == tmp_path / "scan.png"
    assert path.read_bytes().startswith(PNG)


def test_a_file_may_be_pdf_or_svg_and_is_replaced(tmp_path):
    plot = plot_of(peak_scan())
    path = tmp_path / "scan.svg"
    path.write_text("old")
    assert b"<svg" in plot.save(path).read_bytes()
    assert plot.save(tmp_path / "scan.PDF").read_bytes().startswith(b"%PDF")
    with pytest.raises(DataPathError, match=r"'scan\.gif'; the name must end in"):
        plot.save(tmp_path / "scan.gif")


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataPathError, match=r"scan\.png cannot be written: No such"):
        plot_of(peak_scan()).save(tmp_path / "nowhere" / "scan.png")


def test_without_a_run_or_a_number_there_is_nothing_to_plot(tmp_path):
    with pytest.raises(StateError, match="a run was to be plotted"):
        RunPlot().save(tmp_path / "a")
    words = Run({"mode": key(dtype="string")}, scan_id=3).whole([{"mode": "fast"}])
    with pytest.raises(StateError, match="run 3 was to be plotted, but no device"):
        plot_of(words).save(tmp_path / "a")
    with pytest.raises(StateError, match="run abc was to be plotted"):
        plot_of(peak_scan()).save(tmp_path / "a", run="abc")


def test_runs_that_go_on_and_the_last_that_ended_can_be_plotted():
    one, two, three = (scan_run(scan_id=n) for n in (1, 2, 3))
    plot = plot_of([*one.whole([]), two.start(), three.start(), two.stop(0)])
    assert plot.data().start["scan_id"] == 3
    assert plot.data(two.uid).start["scan_id"] == 2
    with pytest.raises(StateError):
        plot.data(one.uid)


def test_pyplot_is_never_loaded_and_matplotlib_only_on_request(tmp_path):
    script = """
import sys
import lapwing.callbacks
assert "matplotlib" not in sys.modules
from unit.callbacks.streams import feed, peak_scan
plot = lapwing.callbacks.RunPlot()
feed(plot, peak_scan())
assert "matplotlib" not in sys.modules
plot.save(sys.argv[1])
assert "matplotlib.pyplot" not in sys.modules
"""
    command = [sys.executable, "-c", script, str(tmp_path / "a.png")]
    env = {"PYTHONPATH": ":".join(filter(None, sys.path)), "HOME": str(tmp_path)}
    subprocess.run(command, check=True, timeout=100, env=env)


def test_without_matplotlib_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[plots\]'"):
        plot_of(peak_scan()).save(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_million_points_take_bounded_space():
    plot = RunPlot()
    run = count_run(1_000_000)
    feed(plot, [run.start(), run.descriptor(), run.event(1_000_000, det=1)])
    assert plot.data().samples._values.nbytes < 2e6
    assert plots.LIMIT == 65536
