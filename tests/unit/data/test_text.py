import math
import re

import numpy as np
import pytest
from unit.data.files import write
from unit.data.journals import Journal
from unit.data.streams import Run, key, line_scan

from lapwing.data.feed import Feeds
from lapwing.data.paths import place_of_run
from lapwing.data.text import Elsewhere, TextSink, read_text
from lapwing.data.text_writer import TextWriter
from lapwing.errors import DataError, DataExistsError


@pytest.fixture
def make(tmp_path):
    made = []

    def one():
        made.append(TextSink(tmp_path))
        return made[-1]

    yield one
    for sink in made:
        sink.close()


def hand(sink, documents):
    for name, doc in documents:
        sink.take(name, doc)
    sink.settle()


def path_of(tmp_path, documents):
    return place_of_run(tmp_path, documents[0][1]).with_suffix(".dat")


def text_of(documents, stream="primary"):
    writer = TextWriter(documents[0][1], "run.h5", stream)
    return "".join(writer.write(name, doc) for name, doc in documents)


def read(tmp_path, documents, stream="primary"):
    path = tmp_path / "run.dat"
    path.write_text(text_of(documents, stream), encoding="utf-8", newline="")
    return read_text(path)


def pv(name, dtype="number", shape=(), **more):
    return {**key(dtype, shape, **more), "source": f"ca://{name}"}


def edge_scan(num=3, **metadata):
    """A scan over an edge with extra PVs before it and behind each point."""
    run = Run(
        motors=["energy"], detectors=["scaler", "mca"], num_points=num,
        sample={"name": "iron", "prep": "foil, 5 um"}, **metadata,
    )  # fmt: skip
    extra = run.descriptor(
        {"ring_current": pv("SR:I", units="mA"), "shutter": pv("FE:S", "string")},
        name="extra_pvs",
    )
    primary = run.descriptor(
        {
            "scaler_i0": pv("SIM:S2", "integer", units="counts"),
            "mca": pv("SIM:MCA", "array", [4], units="counts"),
            "energy_offset": pv("SIM:E.OFF", units="eV"),
            "energy": pv("SIM:E", units="eV"),
            "range": pv("SIM:RANGE", "string"),
        },
        devices={"energy": ["energy_offset", "energy"], "mca": ["mca"]},
        hints={"energy": ["energy"]},
    )

    def extras(number):
        return run.event(extra, ring_current=102 - number / 3, shutter="open")

    documents = [("start", run.start), ("descriptor", extra), extras(0)]
    documents.append(("descriptor", primary))
    for i in range(num):
        documents.append(
            run.event(
                primary, energy=7112 + i / 3, scaler_i0=10**6 * i, energy_offset=-0.1,
                mca=np.arange(4.0) * i, range="1 uA/V" if i else "low",
            )
        )  # fmt: skip
        documents.append(extras(i + 1))
    return [*documents, run.stop(reason="all done")]


# ---------------------------------------------------------------- the file


def test_file_of_a_scan_reads_like_one_of_a_beamline():
    lines = text_of(edge_scan(2)).splitlines()
    assert re.fullmatch(r"#XDI/1\.1    Lapwing/\S+", lines[0])
    assert "# Sample.prep: foil, 5 um" in lines
    assert "# Extra.ring_current: 102.0 || SR:I || mA" in lines
    legend = lines.index("# Legend.Start: label units || PV")
    assert lines[legend + 1 : legend + 8] == [
        "# Column.1: energy eV || SIM:E",
        "# Column.2: scaler_i0 counts || SIM:S2",
        "# Column.3: energy_offset eV || SIM:E.OFF",
        "# Column.4: range || SIM:RANGE",
        "# Column.5: time s",
        "# Column.6: seq_num",
        "# Array.1: mca counts || SIM:MCA || -> run.h5:/entry/primary/data/mca",
    ]
    labels = next(line for line in lines if line.split()[:2] == ["#", "energy"])
    assert lines[lines.index(labels) - 1] == f"#{'-' * 60}"
    rows = [line.split() for line in lines if not line.startswith("#")]
    assert rows[0][:4] == ["7112.0", "0", "-0.1", "low"]
    assert rows[1][:4] == ["7112.333333333333", "1000000", "-0.1", r'"1\u0020uA/V"']
    assert len({len(line) for line in lines if line[:1] == " "} | {len(labels)}) == 1
    assert lines[-4:-2] == ["# Scan.exit_status: success", "# Scan.reason: all done"]
    assert lines[-1].startswith("# Scan.end_time: 20")


def test_columns_of_numbers_can_be_read_by_other_programs(tmp_path):
    path = tmp_path / "run.dat"
    path.write_text(text_of(line_scan(5)))
    table = np.loadtxt(path)
    np.testing.assert_array_equal(table[:, 0], np.arange(5) / 10)
    np.testing.assert_array_equal(table[:, 2], np.arange(5) / 3)


def test_extra_pvs_come_at_the_start_and_at_each_breakpoint(tmp_path):
    run = read(tmp_path, edge_scan(2))
    assert [one.num_points for one in run.extra_pvs] == [0, 1, 2]
    assert [one.values["ring_current"] for one in run.extra_pvs] == [
        102.0, 102 - 1 / 3, 102 - 2 / 3
    ]  # fmt: skip
    first = run.extra_pvs[0]
    assert first.stream == "extra_pvs"
    assert first.time == run.metadata["time"] + 0.5
    assert first.values["shutter"] == "open"
    assert first.pvs == {"ring_current": "SR:I", "shutter": "FE:S"}
    assert first.units == {"ring_current": "mA"}


def test_columns_are_found_by_label_and_by_pv(tmp_path):
    run = read(tmp_path, edge_scan(3))
    assert run["energy"].tolist() == [7112 + i / 3 for i in range(3)]
    assert run["SIM:E"] is run["energy"]
    assert run["SIM:S2"].tolist() == [0, 10**6, 2 * 10**6]
    assert run["range"].tolist() == ["low", "1 uA/V", "1 uA/V"]
    assert run.columns["energy"].units == "eV"
    with pytest.raises(DataError, match="no column 'enrgy'; it has: energy"):
        run["enrgy"]


def test_metadata_and_end_come_back(tmp_path):
    more = {"purpose": "12", "note": "x || y\n", "tags": ["a", None], "number": 2**70}
    documents = edge_scan(1, element={"symbol": "Fe", "edge": "K"}, **more)
    run = read(tmp_path, documents)
    assert run.metadata == documents[0][1]
    assert run.fields["Element.symbol"] == "Fe"
    assert run.fields["Scan.start_time"].startswith("2023-11-1")
    assert run.stop is not None
    assert run.stop["time"] == documents[-1][1]["time"]
    assert (run.stop["exit_status"], run.stop["reason"]) == ("success", "all done")


def test_name_of_a_sample_is_where_xdi_looks_for_it(tmp_path):
    run = read(tmp_path, line_scan(1, sample="iron foil"))
    assert run.fields["Sample.name"] == "iron foil"
    assert run.metadata["sample"] == "iron foil"


def test_what_is_long_is_in_the_hdf5_file_only(tmp_path):
    documents = line_scan(1, positions=list(range(5000)))
    assert max(map(len, text_of(documents).splitlines())) < 2048
    place = Elsewhere("run.h5", "/entry/metadata/start/positions")
    assert read(tmp_path, documents).metadata["positions"] == place


def test_arrays_are_read_where_the_legend_says(tmp_path):
    documents = edge_scan(3)
    write(tmp_path / "run.h5", documents)
    array = read(tmp_path, documents).arrays["mca"]
    assert (array.label, array.units, array.pv) == ("mca", "counts", "SIM:MCA")
    np.testing.assert_array_equal(array.read(), np.outer(range(3), np.arange(4.0)))


def test_arrays_whose_file_is_not_there_are_told(tmp_path):
    array = read(tmp_path, edge_scan(1)).arrays["mca"]
    with pytest.raises(DataError, match=r"run\.h5 has no /entry/primary/data/mca"):
        array.read()


def test_missing_values_are_nan_among_numbers_and_none_elsewhere(tmp_path):
    run = Run()
    descriptor = run.descriptor({"n": key("integer"), "s": key("string"), "x": key()})
    events = [run.event(descriptor, n=1, s="a", x=0.5), run.event(descriptor, n=None)]
    found = read(tmp_path, [("start", run.start), ("descriptor", descriptor), *events])
    assert found["n"][0] == 1
    assert math.isnan(found["n"][1])
    assert found["s"].tolist() == ["a", None]
    assert math.isnan(found["x"][1])
    assert found.stop is None


def test_array_that_was_declared_a_number_is_kept_if_it_is_small(tmp_path):
    run = Run()
    descriptor = run.descriptor({"v": key()})
    events = [run.event(descriptor, v=v) for v in ([1.5, 2], np.zeros(1000), 3.0)]
    found = read(tmp_path, [("start", run.start), ("descriptor", descriptor), *events])
    assert found["v"].tolist() == [[1.5, 2], None, 3.0]


def test_point_that_was_taken_again_counts_once(tmp_path):
    run = Run()
    descriptor = run.descriptor({"x": key()})
    documents = [("start", run.start), ("descriptor", descriptor)]
    documents += [
        run.event(descriptor, seq_num, x=x)
        for seq_num, x in ((1, 0.1), (2, 0.2), (3, 0.3), (2, 0.25), (3, 0.35), (4, 0.4))
    ]
    found = read(tmp_path, documents)
    assert found["x"].tolist() == [0.1, 0.25, 0.35, 0.4]
    assert found["seq_num"].tolist() == [1, 2, 3, 4]
    assert "# Scan.repeated: 2\n" in text_of(documents)


def test_pages_of_events_are_rows_too(tmp_path):
    run = Run()
    descriptor = run.descriptor({"x": key()})
    page = {
        "descriptor": descriptor["uid"], "uid": ["a", "b"], "seq_num": [1, 2],
        "time": [1.5, 2.5], "data": {"x": [0.1, 0.2]}, "timestamps": {"x": [1.5, 2.5]},
    }  # fmt: skip
    documents = [("start", run.start), ("descriptor", descriptor), ("event_page", page)]
    found = read(tmp_path, documents)
    assert found["x"].tolist() == [0.1, 0.2]
    assert found["time"].tolist() == [1.5, 2.5]


def test_configured_anew_goes_on_in_the_same_columns(tmp_path):
    run = Run()
    first, again = (run.descriptor({"x": key(units="mm")}) for _ in range(2))
    documents = [("start", run.start), ("descriptor", first), run.event(first, x=1.0)]
    documents += [("descriptor", again), run.event(again, x=2.0)]
    assert text_of(documents).count("Legend.Start") == 1
    assert read(tmp_path, documents)["x"].tolist() == [1.0, 2.0]


def test_columns_that_come_later_have_nothing_before(tmp_path):
    run = Run()
    first, wider = (
        run.descriptor({"x": key()}),
        run.descriptor({"x": key(), "y": key()}),
    )
    documents = [("start", run.start), ("descriptor", first), run.event(first, x=1.0)]
    documents += [("descriptor", wider), run.event(wider, x=2.0, y=0.5)]
    found = read(tmp_path, documents)
    assert found["x"].tolist() == [1.0, 2.0]
    assert found["y"].tolist() == [None, 0.5]


def test_keys_named_like_the_own_columns_have_other_labels(tmp_path):
    run = Run()
    keys = ("time", "time_data", "seq_num", "in mm", "#")
    descriptor = run.descriptor({name: key() for name in keys})
    event = run.event(descriptor)
    event[1]["data"].update({name: i / 2 for i, name in enumerate(keys)})
    found = read(tmp_path, [("start", run.start), ("descriptor", descriptor), event])
    labels = ["time_data", "time_data_data", "seq_num_data", "in mm", "#"]
    assert list(found.columns) == [*labels, "time", "seq_num"]
    assert [found[label][0] for label in labels] == [0, 0.5, 1, 1.5, 2]


def test_other_streams_are_named_and_can_be_chosen(tmp_path):
    run = Run()
    dark, primary = (run.descriptor({"x": key()}, name=n) for n in ("dark", "primary"))
    documents = [("start", run.start), ("descriptor", dark), run.event(dark, x=1.0)]
    documents += [("descriptor", primary), run.event(primary, x=2.0)]
    assert "# Stream.dark: -> run.h5:/entry/dark\n" in text_of(documents)
    assert read(tmp_path, documents)["x"].tolist() == [2.0]
    assert read(tmp_path, documents, "dark")["x"].tolist() == [1.0]


@pytest.mark.parametrize("name", ["Extra.x", "ExtraPVs.End", "Scan.uid", "a b.c", "ü"])
def test_names_of_extra_pvs_come_back_whatever_they_are(tmp_path, name):
    run = Run()
    descriptor = run.descriptor({name: key()}, name="baseline")
    event = run.event(descriptor, **{name: 4.2})
    found = read(tmp_path, [("start", run.start), ("descriptor", descriptor), event])
    assert found.extra_pvs[0].values == {name: 4.2}
    assert found.metadata["uid"] == run.start["uid"]


# ---------------------------------------------------------------- the reader


def test_files_of_other_programs_are_read_as_far_as_they_go(tmp_path):
    path = tmp_path / "fe.xdi"
    path.write_text(
        "#XDI/1.1    Some Scanner / 2.0\r\n# Beamline.name: 13-ID-E\r\n"
        "# Column.1: energy eV || EN:Energy\r\n# Column.2: i0 || S:S2\r\n"
        "# ExtraPVs.Start: \r\n# Ring.current: 102.3 || S:SRcurrent\r\n"
        "# ExtraPVs.End: \r\n# ///\r\n# room temperature\r\n#-----\r\n"
        "#  energy   i0\r\n 7112.00  0.5E+03\r\n 7113.00  -1\r\n"
    )
    run = read_text(path)
    assert run["EN:Energy"].tolist() == [7112, 7113]
    assert run["i0"].tolist() == [500, -1]
    assert run.metadata["beamline"] == {"name": "13-ID-E"}
    assert run.extra_pvs[0].values == {"Ring.current": 102.3}
    assert run.extra_pvs[0].pvs == {"Ring.current": "S:SRcurrent"}


def test_columns_without_a_legend_have_the_labels_of_the_last_comment(tmp_path):
    path = tmp_path / "a.xdi"
    path.write_text("# XDI/1.0\n#---\n# energy i0\n1 2\n3 4\n")
    assert read_text(path)["i0"].tolist() == [2, 4]
    path.write_text("# XDI/1.0\n1 2\n3 4\n")
    assert read_text(path)["column_2"].tolist() == [2, 4]


@pytest.mark.parametrize("text", ["time,x\n1,2\n", "# not XDI\n", "\0\0\n"])
def test_file_of_another_kind_is_refused(tmp_path, text):
    path = tmp_path / "a.dat"
    path.write_text(text)
    with pytest.raises(DataError, match=r"line 1 of .*; #XDI/ and a version is needed"):
        read_text(path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1 2", "has 2 cells; 5, as the legend says"),
        ('"a 1 2 3 4', "a cell that is no"),
    ],
)
def test_damaged_row_is_told_with_its_line(tmp_path, row, said):
    path = tmp_path / "a.dat"
    whole = text_of(line_scan(2)[:-1])
    path.write_text(f"{whole}{row}\n")
    number = whole.count("\n") + 1
    with pytest.raises(DataError, match=f"line {number} of .* {said}"):
        read_text(path)


# ---------------------------------------------------------------- the sink


def test_each_run_has_a_text_file_beside_its_hdf5_file(make, tmp_path):
    runs = [line_scan(3), line_scan(5)]
    sink = make()
    for at in range(8):
        hand(sink, [doc for run in runs for doc in run[at : at + 1]])
    assert list(sink.unfinished) == []
    for documents in runs:
        path = path_of(tmp_path, documents)
        run = read_text(path)
        assert run.metadata == documents[0][1]
        assert run["det"].tolist() == [i * i for i in range(len(documents) - 3)]
        assert run.fields["Scan.hdf5_file"] == path.with_suffix(".h5").name


def test_rows_are_there_as_the_run_goes_on(make, tmp_path):
    documents = line_scan(4)
    sink = make()
    path = path_of(tmp_path, documents)
    for number, document in enumerate(documents[:-1]):
        hand(sink, [document])
        run = read_text(path)
        assert run.num_points == max(0, number - 1)
        assert run.stop is None
    hand(sink, documents[-1:])
    assert read_text(path).stop is not None


def test_file_goes_on_when_another_process_reads_the_journal(tmp_path):
    documents, journal = line_scan(6), Journal(tmp_path)
    path = path_of(tmp_path, documents)
    for part, num_points in ((documents[:5], 3), (documents[5:], 6)):
        journal.put(part)
        feeds = Feeds(tmp_path, journal.directory, durable=lambda: journal.log.durable)
        feeds.add(TextSink(tmp_path))
        assert feeds.catch_up(20.0)
        assert read_text(path).num_points == num_points
        feeds.close(20.0)
    journal.close()
    assert read_text(path).stop is not None


@pytest.mark.parametrize("length", [0, 3, 25, 35, 60, 400, -1])
def test_run_that_comes_again_is_written_anew(make, tmp_path, length):
    documents = line_scan(6)
    path = path_of(tmp_path, documents)
    path.parent.mkdir(parents=True)
    whole = TextWriter(documents[0][1], path.with_suffix(".h5").name)
    text = "".join(whole.write(*document) for document in documents)
    path.write_text(text[:length])  # as a killed process leaves it
    sink = make()
    hand(sink, documents)
    assert path.read_text() == text
    assert list(sink.unfinished) == []


def test_complete_file_is_left_alone(make, tmp_path):
    documents = line_scan(3)
    hand(make(), documents)
    before = path_of(tmp_path, documents).stat().st_mtime_ns
    hand(make(), documents)
    assert path_of(tmp_path, documents).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "text",
    [
        "precious",
        "precious\n",
        "#XDI/1.1    Lapwing/0.1\n# Scan.uid: other\n",
        "#XDI/1.1    Lapwing/0.1\n# Scan.id",
        "#XDI/1.1    Lapwing/0.1\n\n",
        "#XDI/1.0 GSE/1.0\n",
    ],
)
def test_other_file_is_never_written_over(make, tmp_path, text):
    documents = line_scan(3)
    path = path_of(tmp_path, documents)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(DataExistsError):
        make().take(*documents[0])
    assert path.read_text() == text


def test_columns_of_a_step_scan_have_the_names_that_people_gave(tmp_path):
    told = {
        "positioners": {"x": {"pv": "SIM:X", "label": "along the beam"}},
        "counters": {"counts": {"pv": "SIM:C", "label": "counts"}},
    }
    run = Run(motors=["x"], step_scan=told)
    keys = {"x": pv("SIM:X:RBV", units="mm"), "counts": pv("SIM:C", "integer")}
    primary = run.descriptor(keys, devices={"point": ["x", "counts"]})
    documents = [
        ("start", run.start),
        ("descriptor", primary),
        run.event(primary, x=0.5, counts=3),
        run.stop(),
    ]

    text = text_of(documents)
    assert "# Column.1: x mm || SIM:X:RBV || along the beam\n" in text
    assert "# Column.2: counts || SIM:C\n" in text
    found = read(tmp_path, documents)
    assert found.columns["x"].title == "along the beam"
    assert found.columns["x"].units == "mm"
    assert list(found["along the beam"]) == list(found["SIM:X:RBV"]) == [0.5]
    assert found.columns["counts"].title == ""


@pytest.mark.parametrize("told", ["text", {"positioners": [1]}, {"counters": {"x": 2}}])
def test_metadata_of_others_called_like_a_step_scan_s_do_no_harm(told):
    documents = line_scan(2, step_scan=told)
    assert "# Column.1: " in text_of(documents)
