import numpy as np
import pytest
from unit.data.streams import Run, grid_scan, key, line_scan, walk

from lapwing.data.plot import Grid, Plot, choose_plot
from lapwing.data.record import Record


def record_of(documents) -> Record:
    record = Record(documents[0][1])
    for name, doc in documents[1:]:
        record.note(name, doc)
    return record


def test_line_scan_shows_the_hinted_scalar_over_the_motor():
    plot = choose_plot(record_of(line_scan()))
    assert plot == Plot("primary", ("det",), (("x",),))


def test_count_shows_its_signal_over_time():
    run = Run(detectors=["det"], hints={"dimensions": [[["time"], "primary"]]})
    doc = run.descriptor({"det": key()}, hints={"det": ["det"]})
    record = record_of([("start", run.start), ("descriptor", doc)])
    assert choose_plot(record) == Plot("primary", ("det",), (("time",),))


def test_motors_that_move_together_share_one_dimension():
    run = Run(detectors=["det"], hints={"dimensions": [[["a", "b"], "primary"]]})
    doc = run.descriptor({"a": key(), "b": key(), "det": key()}, hints={"det": ["det"]})
    plot = choose_plot(record_of([("start", run.start), ("descriptor", doc)]))
    assert plot is not None
    assert plot.dimensions == (("a", "b"),)
    assert plot.axes == ["a"]


@pytest.mark.parametrize("hints", [None, {}, {"dimensions": [["x"]]}, "none"])
def test_without_dimensions_the_motor_is_the_axis(hints):
    run = Run(motors=["x"], detectors=["det"], hints=hints)
    doc = run.descriptor({"x": key(), "det": key()})
    plot = choose_plot(record_of([("start", run.start), ("descriptor", doc)]))
    assert plot == Plot("primary", ("det",), (("x",),))


def test_without_motors_and_dimensions_time_is_the_axis():
    run = Run()
    doc = run.descriptor({"det": key()})
    plot = choose_plot(record_of([("start", run.start), ("descriptor", doc)]))
    assert plot == Plot("primary", ("det",), (("time",),))


def test_dimension_that_is_not_in_the_stream_gives_way_to_the_motors():
    run = Run(motors=["x"], hints={"dimensions": [[["gone"], "primary"]]})
    doc = run.descriptor({"x": key(), "det": key()})
    plot = choose_plot(record_of([("start", run.start), ("descriptor", doc)]))
    assert plot is not None
    assert plot.dimensions == (("x",),)


def test_spectrum_is_shown_if_there_is_no_scalar():
    run = Run(detectors=["mca"])
    doc = run.descriptor({"mca": key("array", [64]), "note": key("string")})
    plot = choose_plot(record_of([("start", run.start), ("descriptor", doc)]))
    assert plot is not None
    assert plot.signals == ("mca",)


def test_baseline_is_not_what_a_run_is_about():
    run = Run()
    before = run.descriptor({"t": key()}, name="baseline")
    fly = run.descriptor({"det": key()}, name="fly")
    docs = [("start", run.start), ("descriptor", before), ("descriptor", fly)]
    plot = choose_plot(record_of(docs))
    assert plot is not None
    assert plot.stream == "fly"


def test_nothing_numeric_gives_no_plot():
    run = Run()
    doc = run.descriptor({"note": key("string")})
    assert choose_plot(record_of([("start", run.start), ("descriptor", doc)])) is None
    assert choose_plot(Record(run.start)) is None


def test_grid_is_taken_from_shape_extents_and_snaking():
    plot = choose_plot(record_of(grid_scan((3, 4), (False, True))))
    assert plot is not None
    assert plot.grid == Grid((3, 4), (False, True), ((0.0, 10.0), (0.0, 20.0)))
    assert plot.axes == ["m0", "m1"]


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [3]},
        {"shape": [3, 0]},
        {"shape": "3x4"},
        {"hints": {"dimensions": [[["m0"], "primary"], [["m1"], "primary"]]}},
        {"shape": None},
    ],
)
def test_what_is_no_full_grid_is_shown_as_points(change):
    documents = grid_scan((3, 4), (False, True), **{k: v for k, v in change.items()
                          if k == "hints"})  # fmt: skip
    documents[0][1].update(change)
    plot = choose_plot(record_of(documents))
    assert plot is not None
    assert plot.grid is None
    assert plot.dimensions == (("m0",), ("m1",))


def test_grid_without_snaking_and_with_odd_extents_is_still_one():
    documents = grid_scan((2, 2), (False, False))
    documents[0][1].update(extents=["?", [1]], snaking=None)
    plot = choose_plot(record_of(documents))
    assert plot is not None
    assert plot.grid == Grid((2, 2), (False, False), (None, None))


@pytest.mark.parametrize(
    ("shape", "snaking"),
    [
        ((3, 4), (False, False)),
        ((3, 4), (False, True)),
        ((2, 3, 4), (False, True, True)),
        ((3, 3, 2), (False, True, False)),
        ((3, 3, 2), (False, False, True)),
        ((2, 1, 3, 2), (False, True, True, True)),
    ],
)
def test_points_lie_where_the_motors_were(shape, snaking):
    flat = [np.ravel_multi_index(index, shape) for index in walk(shape, snaking)]
    grid = Grid(shape, snaking, (None,) * len(shape))
    found = grid.index_of(np.arange(1, len(flat) + 1))
    np.testing.assert_array_equal(found, flat)


def test_numbers_that_are_not_on_the_grid_lie_nowhere():
    grid = Grid((2, 2), (False, True), (None, None))
    np.testing.assert_array_equal(grid.index_of(np.array([0, 5, 3, 4])), [-1, -1, 3, 2])
