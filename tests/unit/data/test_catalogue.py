import sys
from datetime import datetime, timedelta
from types import ModuleType

import numpy as np
import pytest
from unit.data.journals import Journal
from unit.data.streams import NOW, Run, key, line_scan

import lapwing
from lapwing.data import past_run
from lapwing.data.catalogue import Catalogue
from lapwing.data.live import documents_of
from lapwing.data.paths import place_of_run
from lapwing.data.rebuild import rebuild
from lapwing.errors import DataError, DataExistsError, MissingExtraError


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path)
    yield made
    made.close()


@pytest.fixture
def cat(tmp_path, journal):
    with Catalogue(tmp_path, clock=lambda: NOW + 3600.0) as made:
        yield made


def uid_of(documents):
    return documents[0][1]["uid"]


def runs_of(journal, *metadata):
    """Write short runs, a minute apart."""
    made = []
    for number, given in enumerate(metadata):
        run = Run(scan_id=number + 1)
        run.start.update(time=NOW + 60.0 * number, **given)
        journal.put([("start", run.start), run.stop()])
        made.append(run.uid)
    return made


# ---------------------------------------------------------------- looking up


def test_runs_are_looked_up_by_place_number_and_uid(journal, cat):
    first, second, third = runs_of(journal, {}, {}, {"scan_id": 1})
    assert [cat[-1].uid, cat[-3].uid] == [third, first]
    assert cat[2].uid == second
    assert cat[1].uid == third  # the newest of that number
    assert cat[first].uid == first
    assert cat[first[:8]].uid == first
    assert len(cat) == 3
    assert [run.uid for run in cat] == [first, second, third]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (-4, "there is no run -4: there are 3 runs"),
        (99, "no run with scan_id 99"),
        ("zz", "no uid of a run in .* begins with 'zz'"),
        ("", "begins with ''"),
        ("0", "uids begin with '0'"),
        (1.5, "cannot be looked up by 1.5"),
        (True, "cannot be looked up by True"),
    ],
)
def test_what_is_not_there_is_told(journal, cat, key, message):
    runs_of(journal, {}, {}, {})
    with pytest.raises(DataError, match=message):
        cat[key]


def test_catalogue_of_nothing_is_empty(tmp_path):
    with Catalogue(tmp_path / "nothing") as cat:
        assert len(cat) == 0
        assert list(cat) == []
        with pytest.raises(DataError):
            cat[-1]


def test_runs_that_come_later_are_seen(journal, cat):
    assert len(cat) == 0
    runs_of(journal, {})
    assert len(cat) == 1


def test_lapwing_hands_out_the_catalogue(journal, tmp_path):
    runs_of(journal, {})
    with lapwing.catalogue(tmp_path) as cat:
        assert len(cat) == 1


def test_catalogue_looks_where_the_environment_says(journal, tmp_path):
    from lapwing.session.catalogue import catalogue

    runs_of(journal, {})
    with catalogue(environ={"LAPWING_DATA_DIR": str(tmp_path)}) as cat:
        assert len(cat) == 1


# ---------------------------------------------------------------- searching


@pytest.fixture
def four(journal):
    return runs_of(
        journal,
        {"plan_name": "scan", "motors": ["x"], "sample": "gold", "n": 1},
        {"plan_name": "grid_scan", "motors": ["y", "x"], "sample": {"name": "Gold"}},
        {"plan_name": "count", "detectors": ["det"], "sample_name": "gold foil"},
        {"plan_name": "rel_grid_scan", "motors": ["th"], "n": 1.0, "tags": ["a", "b"]},
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"plan": "scan"}, [0]),
        ({"plan": "*grid*"}, [1, 3]),
        ({"motor": "x"}, [0, 1]),
        ({"motor": "X"}, [0, 1]),
        ({"detector": "det"}, [2]),
        ({"sample": "gold"}, [0, 1]),
        ({"sample": "gold*"}, [0, 1, 2]),
        ({"n": 1}, [0, 3]),
        ({"n": "1"}, []),
        ({"tags": "b"}, [3]),
        ({"tags": ["a", "b"]}, [3]),
        ({"plan": "*scan", "motor": "x", "sample": "gold"}, [0, 1]),
        ({"since": NOW + 60}, [1, 2, 3]),
        ({"until": NOW + 60}, [0, 1]),
        ({"since": datetime.fromtimestamp(NOW + 30), "until": NOW + 130}, [1, 2]),
        ({"since": "59 min"}, [1, 2, 3]),
        ({"limit": 2}, [2, 3]),
        ({"status": "success"}, [0, 1, 2, 3]),
        ({"status": "running"}, []),
    ],
)
def test_search_finds_runs_by_what_is_known_of_them(four, cat, asked, found):
    assert [run.uid for run in cat.search(**asked)] == [four[at] for at in found]


def test_day_counts_as_a_whole(four, cat):
    day = datetime.fromtimestamp(NOW).date()
    assert len(cat.search(since=day, until=day)) == 4
    assert len(cat.search(since=str(day), until=str(day))) == 4
    assert cat.search(until=day - timedelta(days=1)) == []


@pytest.mark.parametrize("when", ["soon", "2026-13-01", "3 parsecs", True, [1]])
def test_time_that_is_none_is_told(cat, when):
    with pytest.raises(DataError, match="is no time"):
        cat.search(since=when)


# ---------------------------------------------------------------- a run


def test_run_has_its_documents_and_metadata(journal, cat):
    documents = line_scan(20, sample="Au")
    journal.put(documents)
    run = cat[-1]
    assert run.metadata == {"start": documents[0][1], "stop": documents[-1][1]}
    assert list(run.documents()) == documents
    assert (run.status, run.num_points, run.streams) == ("success", 20, ["primary"])
    assert repr(run) == f"<Run 7: scan, success, 20 points, uid {run.uid[:8]}>"


def test_runs_that_are_interleaved_are_taken_apart(journal, cat):
    runs = [line_scan(6), line_scan(9)]
    for at in range(12):
        journal.put([doc for run in runs for doc in run[at : at + 1]])
    for run in runs:
        assert list(cat[uid_of(run)].documents()) == run
        np.testing.assert_array_equal(
            cat[uid_of(run)].primary.read()["det"], np.arange(len(run) - 3) ** 2
        )


def test_run_that_goes_on_is_read_as_it_grows(journal, cat):
    documents = line_scan(6)
    journal.begin()
    journal.put(documents[:1])
    run = cat[-1]
    assert run.metadata["stop"] is None
    assert (run.status, run.streams, run.num_points) == ("running", [], 0)
    with pytest.raises(DataError, match="has no stream 'primary'; it has: none yet"):
        run.primary  # noqa: B018
    for stop in (3, 5, 8):
        journal.put(documents[len(list(run.documents())) : stop])
        assert len(run.primary.read()["det"]) == stop - 2
        assert run.num_points == stop - 2
    journal.put(documents[8:])
    journal.end()
    assert run.status == "success"
    assert run.metadata["stop"] == documents[-1][1]
    assert list(run.documents()) == documents


def test_run_that_was_cut_off_is_interrupted(journal, cat):
    journal.begin("one")
    journal.put(line_scan(3)[:-1])
    assert cat[-1].status == "running"
    journal.close()
    assert cat[-1].status == "interrupted"
    again = Journal(journal.data_dir, journal.directory)
    again.begin("two")
    assert cat[-1].status == "interrupted"
    assert cat.search(status="interrupted")[0].uid == cat[-1].uid
    again.close()


def test_run_that_ends_with_its_process_while_it_is_asked_for_is_not_interrupted(
    journal, cat, monkeypatch
):
    documents = line_scan(3)
    journal.begin("one")
    journal.put(documents[:-1])

    def alive_after_all(directory):
        journal.put(documents[-1:])
        journal.end()
        journal.close()
        return alive(directory)

    alive = past_run.alive
    monkeypatch.setattr(past_run, "alive", alive_after_all)
    assert cat[-1].status == "success"


def test_file_of_a_run_is_named_if_it_is_there(journal, cat, tmp_path):
    documents = line_scan(3)
    journal.put(documents)
    assert cat[-1].file is None
    path = place_of_run(tmp_path, documents[0][1])
    path.parent.mkdir(parents=True)
    rebuild(documents, path)
    assert cat[-1].file == path


def test_file_is_made_again_from_the_journal(journal, cat, tmp_path):
    documents = line_scan(30)
    journal.put(documents)
    path = cat[-1].write_hdf5(tmp_path / "again.h5")
    assert list(documents_of(path)) == documents
    with pytest.raises(DataExistsError):
        cat[-1].write_hdf5(path)


def test_journal_that_is_gone_is_told(journal, cat):
    journal.put(line_scan(3))
    run = cat[-1]
    (journal.directory / "00000001.log").unlink()
    with pytest.raises(DataError, match="cannot be read any more"):
        run.start  # noqa: B018


# ---------------------------------------------------------------- a stream


def stream_of(journal, cat, values, data_key=None, **options):
    run = Run()
    descriptor = run.descriptor({"v": data_key or key()})
    events = [run.event(descriptor, v=value) for value in values]
    journal.put([("start", run.start), ("descriptor", descriptor), *events])
    return cat[run.uid].primary.read(**options)


def test_columns_are_arrays_with_time_and_number(journal, cat):
    documents = line_scan(4)
    journal.put(documents)
    columns = cat[-1].primary.read()
    assert list(columns) == ["time", "seq_num", "x", "det", "det_sum"]
    np.testing.assert_array_equal(columns["time"], NOW + np.arange(1, 5) * 0.5)
    np.testing.assert_array_equal(columns["seq_num"], [1, 2, 3, 4])
    np.testing.assert_array_equal(columns["det"], [0, 1, 4, 9])
    assert columns["det"].dtype.kind == "i"
    stamped = cat[-1].primary.read(timestamps=True)
    np.testing.assert_array_equal(stamped["ts_det"], columns["time"])


def test_each_stream_has_its_own_points(journal, cat):
    run = Run()
    before = run.descriptor({"temp": key(units="K")}, name="baseline")
    primary = run.descriptor({"det": key()})
    documents = [("start", run.start), ("descriptor", before)]
    documents += [run.event(before, temp=4.2), ("descriptor", primary)]
    documents += [run.event(primary, det=float(n)) for n in range(100)]
    documents += [run.event(before, temp=4.3), run.stop()]
    journal.put(documents)
    found = cat[-1]
    assert found.streams == ["baseline", "primary"]
    np.testing.assert_array_equal(found["baseline"].read()["temp"], [4.2, 4.3])
    np.testing.assert_array_equal(found.primary.read()["det"], np.arange(100.0))
    assert found.num_points == 100


def test_last_event_of_a_number_counts(journal, cat):
    run = Run()
    descriptor = run.descriptor({"v": key()})
    journal.put([("start", run.start), ("descriptor", descriptor)])
    for seq_num, value in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 20.0), (4, 4.0)]:
        journal.put([run.event(descriptor, seq_num, v=value)])
    columns = cat[-1].primary.read()
    np.testing.assert_array_equal(columns["v"], [1.0, 20.0, 3.0, 4.0])
    np.testing.assert_array_equal(columns["seq_num"], [1, 2, 3, 4])


def test_pages_are_points_too(journal, cat):
    run = Run()
    descriptor = run.descriptor({"v": key()})
    page = {
        "uid": ["a", "b"], "descriptor": descriptor["uid"], "time": [1.0, 2.0],
        "seq_num": [1, 2], "data": {"v": [10.0, 20.0]},
        "timestamps": {"v": [1.0, 2.0]}, "filled": {},
    }  # fmt: skip
    journal.put([("start", run.start), ("descriptor", descriptor)])
    journal.put([("event_page", page)])
    np.testing.assert_array_equal(cat[-1].primary.read()["v"], [10.0, 20.0])


def test_device_that_is_configured_anew_does_not_part_the_stream(journal, cat):
    run = Run()
    told = {"det": {"data": {"gain": 1}, "timestamps": {}, "data_keys": {}}}
    again = {"det": {"data": {"gain": 5}, "timestamps": {}, "data_keys": {}}}
    first = run.descriptor({"v": key()}, configuration=told)
    second = run.descriptor({"v": key()}, configuration=again)
    journal.put([("start", run.start), ("descriptor", first)])
    journal.put([run.event(first, v=1.0), ("descriptor", second)])
    journal.put([run.event(second, v=2.0)])
    stream = cat[-1].primary
    np.testing.assert_array_equal(stream.read()["v"], [1.0, 2.0])
    assert [one["uid"] for one in stream.descriptors] == [first["uid"], second["uid"]]
    assert stream.config == {"det": {"gain": 5}}
    assert stream.data_keys["v"]["dtype"] == "number"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5], np.array([1.0, 2.5])),
        ([True, False], np.array([True, False])),
        (["a", "b"], np.array(["a", "b"])),
        ([1.0, None], np.array([1.0, np.nan])),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ([["a", "b"], ["c", "d"]], np.array([["a", "b"], ["c", "d"]])),
    ],
)
def test_values_become_the_array_that_they_are(journal, cat, values, expected):
    found = stream_of(journal, cat, values)["v"]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype.kind == expected.dtype.kind


@pytest.mark.parametrize(
    "values",
    [["a", 1], [1, None, "b"], [None, None], [[1], [1, 2]], [2**70, 1], [{"a": 1}, {}]],
)
def test_values_without_a_common_type_stay_as_they_are(journal, cat, values):
    found = stream_of(journal, cat, values)["v"]
    assert found.dtype == object
    assert found.tolist() == values


@pytest.mark.parametrize(
    "values",
    [
        [*range(6000), 0.5],
        ["a"] * 6000 + ["b"],
        [1] * 5000 + ["b"],
        [[1, 2]] * 5000 + [[1, 2, 3]],
        [1.0] * 5000 + [None],
    ],
)
def test_many_points_are_put_together_from_pieces(journal, cat, values):
    found = stream_of(journal, cat, values)["v"].tolist()
    assert found == [np.nan if value is None else value for value in values] or (
        values[-1] is None and np.isnan(found[-1]) and found[:-1] == values[:-1]
    )


def test_images_are_stacked(journal, cat):
    images = [np.full((120, 100), n, "u2") for n in range(4)]
    found = stream_of(journal, cat, images, key("array", [120, 100]))["v"]
    assert found.shape == (4, 120, 100)
    assert found.dtype == np.dtype("u2")
    np.testing.assert_array_equal(found[3], images[3])


def test_stream_without_points_has_empty_columns(journal, cat):
    found = stream_of(journal, cat, [], key("integer"), timestamps=True)
    assert {name: column.shape for name, column in found.items()} == {
        "time": (0,), "seq_num": (0,), "v": (0,), "ts_v": (0,)
    }  # fmt: skip
    assert found["v"].dtype.kind == "i"


def test_data_key_does_not_hide_the_time(journal, cat):
    run = Run()
    descriptor = run.descriptor({"time": key(), "seq_num": key()})
    journal.put([("start", run.start), ("descriptor", descriptor)])
    event = {
        "uid": "e", "descriptor": descriptor["uid"], "time": 5.0, "seq_num": 1,
        "data": {"time": -1.0, "seq_num": -2.0},
        "timestamps": {"time": 0.0, "seq_num": 0.0},
    }  # fmt: skip
    journal.put([("event", event)])
    found = cat[-1].primary.read()
    assert {name: column.tolist() for name, column in found.items()} == {
        "time": [5.0], "seq_num": [1], "time_data": [-1.0], "seq_num_data": [-2.0]
    }  # fmt: skip


def test_form_that_is_none_is_told(journal, cat):
    journal.put(line_scan(2))
    with pytest.raises(DataError, match="'pandas' is no form"):
        cat[-1].primary.read("pandas")


def test_missing_xarray_is_told_with_its_extra(journal, cat, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    journal.put(line_scan(2))
    with pytest.raises(MissingExtraError, match=r"lapwing\[xarray\]") as caught:
        cat[-1].primary.read("xarray")
    assert caught.value.extra == "xarray"


def test_dataset_has_dimensions_and_units(journal, cat, monkeypatch):
    class Dataset:
        def __init__(self, variables, coords, attrs):
            self.variables, self.coords, self.attrs = variables, coords, attrs

    module = ModuleType("xarray")
    module.Dataset = Dataset
    monkeypatch.setitem(sys.modules, "xarray", module)
    run = Run()
    descriptor = run.descriptor(
        {
            "x": key(units="mm"),
            "mca": key("array", [3], dims=["channel"]),
            "image": key("array", [2, 2]),
        }
    )
    journal.put([("start", run.start), ("descriptor", descriptor)])
    image = [[1, 2], [3, 4]]
    journal.put([run.event(descriptor, x=1.0, mca=[1, 2, 3], image=image)] * 2)
    found = cat[-1].primary.read("xarray")
    dims = {name: dims for name, (dims, _, _) in found.variables.items()}
    assert dims == {
        "seq_num": ("time",),
        "x": ("time",),
        "mca": ("time", "channel"),
        "image": ("time", "image_dim_0", "image_dim_1"),
    }
    assert found.variables["x"][2] == {"units": "mm", "source": "test"}
    assert found.coords["time"][0] == "time"
    assert found.attrs == {"uid": run.uid, "stream": "primary"}
