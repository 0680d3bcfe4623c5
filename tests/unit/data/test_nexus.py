import json

import h5py
import numpy as np
import pytest
from nexusformat.nexus import nxload
from unit.data.files import text, write
from unit.data.streams import Run, grid_scan, key, line_scan


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def plot_of(path):
    with nxload(str(path)).nxfile:
        data = nxload(str(path)).plottable_data
        axes = [axis.nxdata for axis in data.nxaxes]
        return data.nxsignal.nxdata, axes, data.nxsignal.nxname, data


def test_default_plot_of_a_line_scan_is_detector_over_motor(path):
    signal, axes, name, _ = plot_of(write(path, line_scan(11)))
    assert name == "det"
    np.testing.assert_array_equal(signal, np.arange(11) ** 2)
    np.testing.assert_allclose(axes, [np.arange(11) / 10])


def test_default_plot_of_a_count_is_detector_over_time(path):
    run = Run(detectors=["det"], hints={"dimensions": [[["time"], "primary"]]})
    doc = run.descriptor({"det": key()}, hints={"det": ["det"]})
    events = [run.event(doc, det=float(i)) for i in range(4)]
    write(path, [("start", run.start), ("descriptor", doc), *events, run.stop()])
    signal, axes, _, _ = plot_of(path)
    np.testing.assert_array_equal(signal, [0, 1, 2, 3])
    np.testing.assert_allclose(axes, [[0.5, 1.0, 1.5, 2.0]])


def test_default_plot_of_motors_that_move_together_has_both(path):
    run = Run(detectors=["det"], hints={"dimensions": [[["a", "b"], "primary"]]})
    doc = run.descriptor(
        {"a": key(), "b": key(), "det": key(), "i0": key()},
        devices={"a": ["a"], "b": ["b"], "det": ["det", "i0"]},
        hints={"det": ["det", "i0"]},
    )
    events = [run.event(doc, a=float(i), b=-float(i), det=1.0, i0=9.0) for i in (1, 2)]
    write(path, [("start", run.start), ("descriptor", doc), *events, run.stop()])
    signal, axes, _, _ = plot_of(path)
    assert signal.shape == (2,)
    np.testing.assert_array_equal(axes, [[1, 2]])
    with h5py.File(path) as file:
        group = file["entry/data"]
        assert list(group.attrs["auxiliary_signals"]) == ["i0"]
        assert group.attrs["b_indices"] == 0
        np.testing.assert_array_equal(group["b"][:], [-1, -2])


@pytest.mark.parametrize("snake", [False, True])
def test_default_plot_of_a_grid_is_an_image(path, snake):
    signal, axes, _, _ = plot_of(write(path, grid_scan((3, 4), (False, snake))))
    np.testing.assert_array_equal(signal, np.arange(12).reshape(3, 4))
    np.testing.assert_allclose(axes[0], [0, 5, 10])
    np.testing.assert_allclose(axes[1], [0, 20 / 3, 40 / 3, 20])
    with h5py.File(path) as file:
        group = file["entry/data"]
        assert list(group.attrs["axes"]) == ["m0", "m1"]
        assert (group.attrs["m0_indices"], group.attrs["m1_indices"]) == (0, 1)
        assert group["m1"].attrs["units"] == "mm"
        assert group["det"].attrs["units"] == "counts"
        assert group["m0"].attrs["positions"] == "extents of the plan"


def test_default_plot_of_a_cube_is_one(path):
    documents = grid_scan((2, 3, 4), (False, True, True))
    signal, axes, _, _ = plot_of(write(path, documents))
    np.testing.assert_array_equal(signal, np.arange(24).reshape(2, 3, 4))
    assert [len(axis) for axis in axes] == [2, 3, 4]


def test_points_that_are_missing_from_a_grid_are_nan(path):
    documents = grid_scan((3, 4), (False, True), leave_out=[6], num=10)
    signal, axes, _, _ = plot_of(write(path, documents))
    expected = np.arange(12.0).reshape(3, 4)
    expected[1, 2] = expected[2, 2] = expected[2, 3] = np.nan
    np.testing.assert_array_equal(signal, expected)
    np.testing.assert_allclose(axes[0], [0, 5, 10])


def test_axes_of_a_relative_grid_are_where_the_motors_were(path):
    signal, axes, _, _ = plot_of(
        write(path, grid_scan((3, 4), (False, True), offset=100.0, num=7))
    )
    assert np.isnan(signal[2]).all()
    np.testing.assert_allclose(axes[0], [100, 105, 110])
    np.testing.assert_allclose(axes[1], 100 + np.linspace(0, 20, 4))
    with h5py.File(path) as file:
        source = file["entry/data/m0"].attrs["positions"]
        assert source == "mean of the measured positions"


def test_grid_without_extents_takes_measured_positions(path):
    documents = grid_scan((3, 4), (False, True), num=8, offset=1.0, extents=None)
    _, axes, _, _ = plot_of(write(path, documents))
    np.testing.assert_allclose(axes[0], [1, 6, 11])
    documents = grid_scan((3, 4), (False, True), num=2, offset=1.0, extents=None)
    _, axes, _, _ = plot_of(write(path, documents))
    np.testing.assert_allclose(axes[0], [1, 2, 3])


def test_empty_grid_is_an_image_of_nothing(path):
    signal, axes, _, _ = plot_of(write(path, grid_scan((3, 4), (False, True), num=0)))
    assert np.isnan(signal).all()
    np.testing.assert_allclose(axes[0], [0, 5, 10])


def test_grid_point_that_was_taken_again_shows_its_last_value(path):
    documents = grid_scan((2, 2), (False, False))
    again = dict(documents[4][1], data={**documents[4][1]["data"], "det": 50.0})
    documents.insert(-1, ("event", again))
    signal, _, _, _ = plot_of(write(path, documents))
    np.testing.assert_array_equal(signal, [[0, 1], [50, 3]])


def test_more_points_than_the_grid_has_are_shown_as_points(path):
    documents = grid_scan((2, 2), (False, False))
    documents.insert(-1, ("event", dict(documents[-2][1], seq_num=5)))
    signal, axes, _, _ = plot_of(write(path, documents))
    assert signal.shape == (5,)
    assert [len(axis) for axis in axes] == [5, 5]


def test_default_plot_of_a_spiral_is_points_in_the_plane(path):
    run = Run(detectors=["det"], hints={"dimensions": [
        [["x"], "primary"], [["y"], "primary"]]})  # fmt: skip
    doc = run.descriptor({"x": key(), "y": key(), "det": key()}, hints={"det": ["det"]})
    events = [run.event(doc, x=i * 1.0, y=i * 2.0, det=i * 3.0) for i in range(6)]
    write(path, [("start", run.start), ("descriptor", doc), *events, run.stop()])
    signal, axes, _, _ = plot_of(path)
    np.testing.assert_array_equal(signal, 3 * np.arange(6))
    np.testing.assert_array_equal(axes, [np.arange(6), 2 * np.arange(6)])


def test_default_plot_of_spectra_is_a_map(path):
    run = Run(detectors=["mca"], hints={"dimensions": [[["x"], "primary"]]})
    doc = run.descriptor({"x": key(), "mca": key("array", [8])}, hints={"mca": ["mca"]})
    events = [run.event(doc, x=float(i), mca=np.arange(8) * i) for i in range(3)]
    write(path, [("start", run.start), ("descriptor", doc), *events, run.stop()])
    with h5py.File(path) as file:
        group = file["entry/data"]
        assert group[group.attrs["signal"]].shape == (3, 8)
        assert list(group.attrs["axes"]) == ["x", "."]


def test_run_whose_signal_turned_out_to_be_text_has_no_plot(path):
    run = Run(detectors=["det"])
    doc = run.descriptor({"det": key()})
    events = [run.event(doc, det=value) for value in (1.0, "overflow")]
    write(path, [("start", run.start), ("descriptor", doc), *events, run.stop()])
    with h5py.File(path) as file:
        assert "default" not in file["entry"].attrs
        assert "data" not in file["entry"]
        found = file["entry/primary/data/det"]
        assert [json.loads(value) for value in found.asstr()[:]] == [1.0, "overflow"]


def test_file_says_what_when_by_whom_and_on_what(path):
    documents = line_scan(3, sample="gold", user="Ann", title="over the edge")
    with h5py.File(write(path, documents)) as file:
        entry = file["entry"]
        assert file.attrs["default"] == "entry"
        assert entry.attrs["NX_class"] == "NXentry"
        assert text(entry["title"]) == "over the edge"
        assert text(entry["start_time"]).startswith("2023-11-1")
        assert text(entry["end_time"]) > text(entry["start_time"])
        assert entry["duration"][()] == 2.5
        assert text(entry["entry_identifier"]) == documents[0][1]["uid"]
        assert entry["scan_id"][()] == 7
        assert text(entry["plan_name"]) == "scan"
        assert text(entry["sample/name"]) == "gold"
        assert text(entry["user/name"]) == "Ann"
        assert text(entry["exit_status"]) == "success"


@pytest.mark.parametrize(
    ("metadata", "field", "value"),
    [
        ({"sample": {"name": "gold", "mass_g": 0.5}}, "sample/mass_g", 0.5),
        ({"sample": {"a/b": 1}}, "sample/a_b", 1),
        ({"operator": {"id": 12}}, "user/id", 12),
        ({"users": ["Ann", {"id": 3}]}, "user_2/id", 3),
        ({"user": [], "scan_id": "night"}, "duration", 1.0),
    ],
)
def test_sample_and_users_may_be_described_at_length(path, metadata, field, value):
    run = Run(**metadata)
    with h5py.File(write(path, [("start", run.start), run.stop()])) as file:
        assert file["entry"][field][()] == value


def test_every_field_has_units_and_streams_have_times(path):
    with h5py.File(write(path, line_scan(4))) as file:
        stream = file["entry/primary"]
        found: dict[str, str] = {}
        stream.visititems(
            lambda name, node: found.update({name: node.attrs["units"]})
            if isinstance(node, h5py.Dataset) else None
        )  # fmt: skip
        assert found["data/x"] == "mm"
        assert found["data/det_sum"] == ""
        assert found["timestamps/x"] == found["time"] == found["epoch"] == "s"
        np.testing.assert_array_equal(stream["seq_num"][:], [1, 2, 3, 4])
        np.testing.assert_allclose(stream["time"][:], [0.5, 1, 1.5, 2])
        np.testing.assert_array_equal(stream["epoch"][:] - stream["epoch"][0],
                                      [0, 0.5, 1, 1.5])  # fmt: skip
        assert stream["data/x"].attrs["source"] == "test"


def test_all_metadata_of_start_and_stop_are_there(path):
    documents = line_scan(2, plan_args={"num": 2, "args": ["x", 0, None]})
    with h5py.File(write(path, documents)) as file:
        metadata = file["entry/metadata"]
        assert set(metadata["start"]) == set(documents[0][1])
        assert metadata["start/plan_args/num"][()] == 2
        assert json.loads(text(metadata["start/plan_args/args"])) == ["x", 0, None]
        assert metadata["stop/num_events/primary"][()] == 2
        descriptors = json.loads(text(metadata["descriptors"]))
        assert descriptors == [documents[1][1]]


def test_devices_have_classes_links_and_configuration(path):
    settings = {
        "data": {"gain": 2.5, "mode": "fast", "odd/key": None},
        "timestamps": {"gain": 12.0, "mode": 12.0, "odd/key": 12.0},
        "data_keys": {"gain": key(units="V"), "mode": key("string")},
    }
    run = Run(detectors=["det"], motors=("x",))
    doc = run.descriptor(
        {"x": key(units="mm"), "x_setpoint": key(), "det": key(), "t": key()},
        devices={"x": ["x", "x_setpoint"], "det": ["det"], "t": ["t"]},
        hints={"x": ["x"], "det": ["det"]},
        configuration={"det": settings, "x": {"data": {}}},
    )
    before = run.descriptor({"x": key()}, name="baseline", devices={"x": ["x"]})
    events = [
        run.event(before, x=9.0),
        run.event(doc, x=1.0, x_setpoint=1.1, det=5.0, t=300.0),
    ]
    documents = [("start", run.start), ("descriptor", before), ("descriptor", doc),
                 *events, run.stop()]  # fmt: skip
    with h5py.File(write(path, documents)) as file:
        devices = file["entry/instrument"]
        classes = {name: group.attrs["NX_class"] for name, group in devices.items()}
        assert classes == {"x": "NXpositioner", "det": "NXdetector",
                           "t": "NXcollection"}  # fmt: skip
        assert devices["x/value"] == file["entry/primary/data/x"]
        assert devices["det/data"] == file["entry/primary/data/det"]
        link = devices["x"].get("x_setpoint", getlink=True)
        assert link.path == "/entry/primary/data/x_setpoint"
        gain = devices["det/configuration/gain"]
        assert gain[()] == 2.5
        assert gain.attrs["units"] == "V"
        assert gain.attrs["timestamp"] == 12.0
        assert text(devices["det/configuration/mode"]) == "fast"
        assert text(devices["det/configuration/odd_key"]) == "null"
        assert "configuration" not in devices["x"]


def test_device_that_was_configured_anew_keeps_both_settings(path):
    def settings(exposure: float):
        return {"det": {"data": {"exposure": exposure}, "timestamps": {},
                        "data_keys": {"exposure": key(units="s")}}}  # fmt: skip

    run = Run(detectors=["det"])
    first = run.descriptor({"det": key()}, configuration=settings(0.1))
    second = run.descriptor({"det": key()}, configuration=settings(0.2))
    documents = [
        ("start", run.start), ("descriptor", first), run.event(first, det=1.0),
        ("descriptor", second), run.event(second, det=2.0), run.stop(),
    ]  # fmt: skip
    with h5py.File(write(path, documents)) as file:
        devices, stream = file["entry/instrument/det"], file["entry/primary"]
        assert devices["configuration/exposure"][()] == 0.1
        assert devices["configuration_2/exposure"][()] == 0.2
        np.testing.assert_array_equal(stream["configuration_index"][:], [0, 1])
        np.testing.assert_array_equal(stream["data/det"][:], [1, 2])


def test_odd_names_find_a_place(path):
    names = ["a/b", "a_b", ".", "é", "with space"]
    run = Run(detectors=names)
    doc = run.descriptor({name: key(units="K") for name in names})
    event = run.event(doc, **{name: float(i) for i, name in enumerate(names)})
    documents = [("start", run.start), ("descriptor", doc), event, run.stop()]
    with h5py.File(write(path, documents)) as file:
        data = file["entry/primary/data"]
        assert data["a_b"][0] == 0.0
        assert json.loads(data["a_b"].attrs["data_key"]) == "a/b"
        assert data["a_b_2"][0] == 1.0
        assert data["_"][0] == 2.0
        assert data["é"][0] == 3.0
        assert file["entry/instrument/a_b"].attrs["device"] == "a/b"


def test_data_in_other_files_are_linked(path, tmp_path):
    below, far = tmp_path / "frames" / "f 1.h5", "/elsewhere/g.h5"
    below.parent.mkdir()
    with h5py.File(below, "w") as frames:
        frames["entry/data"] = np.arange(6).reshape(3, 2)
    run = Run(detectors=["cam"])
    doc = run.descriptor({"cam": key("array", [3, 2], external="STREAM:")})

    def resource(uri: str, mimetype: str = "application/x-hdf5"):
        return "stream_resource", {
            "uid": run.uid_of("resource"), "run_start": run.uid, "data_key": "cam",
            "uri": uri, "mimetype": mimetype, "parameters": {"dataset": "entry/data"},
        }  # fmt: skip

    documents = [
        ("start", run.start), ("descriptor", doc),
        resource(f"file://localhost{str(below).replace(' ', '%20')}"),
        resource(f"file://{far}"),
        resource("s3://bucket/key"), resource("file:///x/%05d.tif", "multipart/tiff"),
        ("stream_datum", {"uid": "d1", "stream_resource": "r", "descriptor": doc["uid"],
                          "indices": {"start": 0, "stop": 3},
                          "seq_nums": {"start": 1, "stop": 4}}),
        run.stop(),
    ]  # fmt: skip
    with h5py.File(write(path, documents)) as file:
        data = file["entry/primary/data"]
        np.testing.assert_array_equal(data["cam"][1], [2, 3])
        assert data.get("cam", getlink=True).filename == "frames/f 1.h5"
        assert data.get("cam_2", getlink=True).filename == far
        assert json.loads(text(data["cam_3"]))["uri"] == "s3://bucket/key"
        assert data["cam_4"].attrs["external"] == "stream_resource"
