"""Bluesky's callbacks: what is more than another name for something of ours."""

import logging
import subprocess
import sys
import types

import numpy as np
import pytest
from kit import Detector, Documents, Motor, make_engine

from lapwing.compat.bluesky.callbacks import broker, core, olog, zmq
from lapwing.compat.bluesky.callbacks.best_effort import BestEffortCallback
from lapwing.compat.bluesky.callbacks.fitting import PeakStats, center_of_mass
from lapwing.compat.bluesky.callbacks.mpl_plotting import (
    LiveMesh,
    LiveRaster,
    plot_peak_stats,
)
from lapwing.errors import ConfigError, DataExistsError, PlanSignatureError
from lapwing.plans import count, grid_scan, scan

START = {"uid": "run-1", "time": 0.0, "scan_id": 3, "plan_name": "scan"}


def stream(data_keys, *rows, name="primary"):
    """Documents of a run, made by hand."""
    described = {
        "uid": "d",
        "run_start": "run-1",
        "name": name,
        "data_keys": data_keys,
        "object_keys": {"dev": list(data_keys)},
        "hints": {},
    }
    yield "start", START
    yield "descriptor", described
    for n, row in enumerate(rows, 1):
        yield "event", {"descriptor": "d", "seq_num": n, "time": 0.5, "data": row}
    yield "stop", {"run_start": "run-1", "exit_status": "success"}


async def documents_of(plan):
    engine, documents = make_engine()
    await engine.run(plan)
    return documents


@pytest.fixture
def documents():
    def of(plan) -> Documents:
        import asyncio

        return asyncio.run(documents_of(plan))

    return of


# ---------------------------------------------------------------- table


def test_a_table_has_bluesky_s_lines():
    lines, whole = [], []
    table = core.LiveTable(
        ["x", "n"], separator_lines=False, out=lines.append, logbook=whole.append
    )
    keys = {
        "x": {"dtype": "number", "precision": 2},
        "n": {"dtype": "integer"},
    }
    for name, doc in stream(keys, {"x": 1.234, "n": 5}, {"x": "bad", "n": 5}):
        table(name, doc)
    assert [len(line) for line in lines[:4]] == [len(lines[0])] * 4
    assert lines[0] == "+-----------+------------+------------+------------+"
    assert lines[1] == "|   seq_num |       time |          x |          n |"
    assert lines[3].endswith("|       1.23 |          5 |")
    assert lines[4] == "failed to format row"
    assert lines[6] == "scan ['run-1'] (scan num: 3)"
    assert whole == ["\n".join(lines)]


def test_a_table_repeats_its_head_and_leaves_other_streams_out():
    lines = []
    table = core.LiveTable(["x"], print_header_interval=2, out=lines.append)
    keys = {"x": {"dtype": "number"}}
    for name, doc in stream(keys, *[{"x": 1.0}] * 4):
        table(name, doc)
    assert sum("seq_num" in line for line in lines) == 3
    lines.clear()
    for name, doc in stream(keys, {"x": 1.0}, name="other"):
        table(name, doc)
    assert not any("seq_num" in line for line in lines)


def test_a_table_without_fields_is_closed_as_any_other():
    lines = []
    table = core.LiveTable([], separator_lines=False, out=lines.append)
    for name, doc in stream({"x": {"dtype": "number"}}, {"x": 1.0}):
        table(name, doc)
    assert lines[-2] == lines[0] == "+-----------+------------+"


def test_fields_of_a_table_may_be_devices():
    assert core.get_obj_fields(["a", Detector("d")]) == ["a", "d"]


@pytest.mark.parametrize(
    ("number", "text"), [(1.5, "1.50000"), (1e8, "1.0000e+08"), (-2, "-2.00000")]
)
def test_a_number_fits_its_room(number, text):
    assert core.format_num(number) == text


# ---------------------------------------------------------------- safety


def test_failures_are_logged_and_raised_if_a_variable_says_so(monkeypatch, caplog):
    @core.make_callback_safe
    def bad(name, doc):
        raise OSError("bad")

    with caplog.at_level(logging.ERROR):
        assert bad("event", {}) is None
    assert "suppressed to not interrupt" in caplog.text
    monkeypatch.setenv("BLUESKY_DEBUG_CALLBACKS", "1")
    with pytest.raises(OSError, match="bad"):
        bad("event", {})


# ---------------------------------------------------------------- peaks


def peak(edge_count=None, derivative=False):
    found = PeakStats(
        "x", "y", edge_count=edge_count, calc_derivative_and_stats=derivative
    )
    x = np.linspace(-4, 4, 81)
    y = 2 * np.exp(-((x - 0.5) ** 2) / 2) + 0.1 * x + 3
    keys = {"x": {}, "y": {}}
    rows = [{"x": a, "y": b} for a, b in zip(x, y, strict=True)]
    for name, doc in stream(keys, *rows):
        found(name, doc)
    return found


def test_a_peak_is_found_above_a_slope():
    found = peak(edge_count=3)
    assert found.lin_bkg["m"] == pytest.approx(0.1, abs=1e-3)
    assert found.cen == pytest.approx(0.5, abs=0.01)
    assert found.com == pytest.approx(0.5, abs=0.01)
    assert found.fwhm == pytest.approx(2.355, abs=0.02)
    assert found.max[0] == pytest.approx(0.5, abs=0.05)
    assert found["cen"] == found.cen == found.stats.cen
    with pytest.raises(KeyError):
        found["nothing"]


def test_the_derivative_has_a_peak_of_its_own():
    found = peak(derivative=True)
    assert found.derivative_stats.x.size == 80
    assert found.derivative_stats.max[0] == pytest.approx(-0.5, abs=0.1)
    assert "derivative_stats" in repr(found)


def test_a_run_without_points_has_no_peak():
    found = PeakStats("x", "y")
    for name, doc in stream({"x": {}}):
        found(name, doc)
    assert found.stats is None
    assert found.cen is None


def test_a_peak_is_drawn_with_its_marks():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    drawn = plot_peak_stats(peak(), Figure().subplots())
    assert len(drawn["vlines"]) == 4
    assert drawn["points"].get_xdata().size == 81


def test_centres_of_mass_of_parts():
    image = np.zeros((4, 4))
    image[1:3, 1:3] = 1
    image[3, 3] = 2
    assert center_of_mass(image) == (2.0, 2.0)
    labels = (image == 1) + 2 * (image == 2)
    assert center_of_mass(image, labels, 1) == (1.5, 1.5)
    assert center_of_mass(image, labels, [1, 2]) == [(1.5, 1.5), (3.0, 3.0)]
    assert center_of_mass(image, labels) == center_of_mass(image)


# ---------------------------------------------------------------- best effort


def test_a_run_is_shown_with_heading_table_plot_and_peak(documents, capsys):
    bec = BestEffortCallback()
    x = Motor("x")
    det = Detector("det", lambda: float(np.exp(-(x.at**2))))
    for name, doc in documents(scan([det], x, -2, 2, 5)).all:
        bec(name, doc)
    out = capsys.readouterr().out
    assert "Transient Scan ID: 1" in out
    assert "New stream: 'primary'" in out
    assert "|          x |        det |" in out
    assert bec.peaks.cen["det"] == bec.peaks["cen"]["det"] == pytest.approx(0)
    (plots,) = bec._live_plots.values()
    plot = plots["det"]
    assert plot.y_data.size == 5
    plot._on_key(types.SimpleNamespace(key="p"))
    assert plot.check_visibility()
    plot._on_key(types.SimpleNamespace(key="p"))
    assert not plot.check_visibility()
    assert "'fwhm'" in repr(bec.peaks)
    assert list(bec.peaks) == ["com", "cen", "max", "min", "fwhm"]


def test_what_is_turned_off_is_not_shown(documents, capsys):
    bec = BestEffortCallback(table_enabled=False)
    bec.disable_heading()
    bec.disable_plots()
    for name, doc in documents(count([Detector()], 2)).all:
        bec(name, doc)
    assert capsys.readouterr().out == ""
    assert not bec._live_plots


def test_grids_are_coloured_and_other_paths_scattered(documents):
    x, y = Motor("x"), Motor("y")
    run = documents(grid_scan([Detector()], y, 0, 1, 2, x, 0, 2, 3))
    bec = BestEffortCallback()
    for name, doc in run.all:
        bec(name, doc)
    (grids,) = bec._live_grids.values()
    assert grids["det"].raster_shape == (2, 3)
    for name, doc in run.all:
        if name == "start":
            doc = {**doc, "hints": {"dimensions": doc["hints"]["dimensions"]}}
        bec(name, doc)
    (scatters,) = bec._live_scatters.values()
    assert scatters["det"].ax.get_xlabel() == "x"


def test_documents_of_two_runs_at_once_are_refused_and_logged(documents, caplog):
    bec = BestEffortCallback()
    run = documents(count([Detector()], 2)).all
    bec(*run[0])
    bec("start", {**run[0][1], "uid": "other"})
    with caplog.at_level(logging.ERROR):
        bec(*run[1])
    assert "RunRouter" in caplog.text


@pytest.mark.parametrize("old", [LiveMesh, LiveRaster])
def test_former_names_of_plots_warn(old):
    args = ((2, 2), "i") if old is LiveRaster else ("x", "y", "i")
    with pytest.warns(UserWarning, match="has been renamed"):
        old(*args)


# ---------------------------------------------------------------- olog


def test_a_run_is_written_into_the_logbook():
    entries = []
    write = olog.logbook_cb_factory(lambda **entry: entries.append(entry))
    write("start", {**START, "plan_args": {"num": 3}})
    write("stop", {})
    (entry,) = entries
    assert entry["text"] == "scan ['run-1'] (scan num: 3)"
    assert "    num: 3" in entry["attachments"][0].read()
    assert olog.call_str({**START, "plan_args": {"num": 3}}) == "RE(scan(num=3))"
    told = []
    olog.OlogCallback(told.append)("start", START)
    assert "'plan_name': 'scan'" in told[0]


# ---------------------------------------------------------------- broker


def feed(callback, value, *, external=False):
    key = {"dtype": "array", **({"external": "FILE:"} if external else {})}
    for name, doc in stream({"img": key}, {"img": value}):
        callback(name, doc)


def test_arrays_in_files_are_filled_in_by_the_broker():
    class Broker:
        def fill_event(self, doc, *, inplace, descriptor):
            doc["data"]["img"] = np.ones((2, 2))

    seen = []

    class Images(broker.BrokerCallbackBase):
        def event(self, doc):
            super().event(doc)
            seen.append(doc["data"]["img"])

    feed(Images(["img"], db=Broker()), "datum/1", external=True)
    assert seen[0].shape == (2, 2)
    with pytest.raises(ConfigError, match="broker"):
        feed(Images(["img"]), "datum/1", external=True)


def test_the_last_image_is_shown():
    callback = broker.LiveImage("img", window_title="cam")
    feed(callback, np.arange(8.0).reshape(2, 2, 2))
    assert callback._image.get_array().tolist() == [[4, 5], [6, 7]]
    assert callback._image.get_clim() == (4, 7)


def test_images_get_names_and_are_not_written_over(tmp_path):
    template = str(tmp_path / "{start[scan_id]}_{i}.tiff")
    export = broker.LiveTiffExporter("img", template, dryrun=True)
    feed(export, np.zeros((2, 3, 3)))
    assert [name[-8:] for name in export.filenames] == ["3_0.tiff", "3_1.tiff"]
    (tmp_path / "3_1.tiff").touch()
    with pytest.raises(DataExistsError):
        feed(export, np.zeros((2, 3, 3)))


def test_documents_come_from_the_broker_when_the_run_has_ended():
    class Broker(dict):
        def get_documents(self, header, fill):
            return [("start", {"fill": fill}), ("stop", header)]

        def process(self, header, func):
            func("all", header)

    db, seen = Broker({"run-1": {"a": 1}}), []
    callback = broker.post_run(lambda *doc: seen.append(doc), db, fill=True)
    feed(callback, 1)
    assert seen == [("start", {"fill": True}), ("stop", {"a": 1})]
    broker.make_restreamer(lambda *doc: seen.append(doc), db)("run-1")
    assert seen[-1] == ("all", {"a": 1})
    broker.verify_files_saved("stop", {"run_start": "run-1"}, db)


# ---------------------------------------------------------------- 0MQ, tiled


def test_addresses_are_read_in_every_form():
    assert zmq._normalize_address(5567) == "tcp://127.0.0.1:5567"
    assert zmq._normalize_address(("tcp", "h", 1)) == "tcp://h:1"
    with pytest.raises(PlanSignatureError, match="int, str, or tuple, not float"):
        zmq._normalize_address(1.0)


def test_ports_of_a_proxy_are_addresses_now():
    with (
        pytest.warns(DeprecationWarning, match="'in_port'.*'in_address'"),
        zmq.Proxy(in_port="tcp://127.0.0.1:*") as proxy,
    ):
        assert proxy.in_port


def test_what_is_lacking_says_what_helps():
    code = "import lapwing.compat.bluesky.callbacks.tiled_writer"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100
    )
    assert "ImportError: Lapwing's stand-in for Bluesky has no TiledWriter" in (
        done.stderr
    )


def test_no_face_loads_matplotlib_by_itself():
    code = (
        "import sys, lapwing.compat.bluesky.callbacks as c\n"
        "from lapwing.compat.bluesky.callbacks import core, fitting, buffer, zmq\n"
        "from lapwing.compat.bluesky import plans, utils, preprocessors, examples\n"
        "assert 'matplotlib' not in sys.modules\n"
        "assert 'bluesky' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
