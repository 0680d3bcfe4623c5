import csv
import errno
import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from unit.data.journals import Journal
from unit.data.streams import Run, key, line_scan

from lapwing.cli.journal import command as journal_command
from lapwing.cli.resume import command as resume_command
from lapwing.cli.runs import command as runs_command
from lapwing.cli.sinks import command as sinks_command
from lapwing.data.feed import cursors_path
from lapwing.data.lines import decode
from lapwing.data.paths import place_of_run
from lapwing.data.text import read_text
from lapwing.errors import ConfigError, DataError, DataExistsError, DataPathError
from lapwing.journal.cursor import Cursor, CursorStore


class Terminal:
    """Calls commands as at a terminal of some width, in one data directory."""

    def __init__(self, data_dir: Path):
        self.data_dir = data_dir
        self.width = 80

    def __call__(self, command, *args) -> str:
        env = {"COLUMNS": str(self.width), "LAPWING_DATA_DIR": str(self.data_dir)}
        done = CliRunner().invoke(
            command, [str(arg) for arg in args], env=env, catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.output

    def fits(self, text: str) -> bool:
        """Whether no line of some output is cut or broken by the terminal."""
        return all(len(line) <= self.width for line in text.splitlines())

    def runs(self, *args) -> str:
        return self(runs_command, *args)


@pytest.fixture
def terminal(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path)
    yield made
    made.close()


def test_nothing_recorded_is_told_and_no_directory_made(terminal, tmp_path):
    assert terminal.runs() == f"There are no runs yet, in {tmp_path}\n"
    assert terminal(sinks_command) == "No sink has read any journal yet.\n"
    assert "There is no journal" in terminal(journal_command)
    assert list(tmp_path.iterdir()) == []
    terminal.data_dir = tmp_path / "none"
    text = terminal(resume_command)
    assert text == f"Nothing was left unfinished, in {terminal.data_dir}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_data_directory(terminal, tmp_path):
    terminal.data_dir = tmp_path / "file"
    terminal.data_dir.touch()
    for command in (runs_command, resume_command, sinks_command, journal_command):
        with pytest.raises(DataPathError, match="file is a file; a directory is"):
            terminal(command)
        given = CliRunner().invoke(command, ["--data-dir", str(terminal.data_dir)])
        assert "is a file" in given.output


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (69, ["id", "scan", "plan", "motors", "points", "status"]),
        (50, ["id", "scan", "plan", "points", "status"]),
        (38, ["scan", "plan", "points", "status"]),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_of_runs_but_whole_ones(
    terminal, journal, width, columns
):
    terminal.width = width
    run = line_scan(11, scan_id=123456)
    journal.put(run)
    head, row = terminal.runs().splitlines()
    assert head.split() == columns
    told = dict(zip(columns, row.split(), strict=True))
    assert (told["scan"], told["status"]) == ("123456", "success")
    assert told.get("id", run[0][1]["uid"][:8]) == run[0][1]["uid"][:8]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_runs_are_a_table_with_the_newest_last(terminal, journal, width):
    terminal.width = width
    runs = [line_scan(n, scan_id=n) for n in (3, 5)]
    for run in runs:
        journal.put(run)
    journal.begin()
    journal.put(line_scan(9, scan_id=9, sample="[red]gold")[:5])
    text = terminal.runs()
    assert terminal.fits(text)
    head, *rows = text.splitlines()
    assert head.split()[:7] == [
        "id", "scan", "plan", "motors", "points", "status", "time"
    ]  # fmt: skip
    assert ("file" in head) == (width >= 110)
    assert [row.split()[:6] for row in rows[:2]] == [
        [runs[0][0][1]["uid"][:8], "3", "scan", "x", "3", "success"],
        [runs[1][0][1]["uid"][:8], "5", "scan", "x", "5", "success"],
    ]
    assert rows[2].split()[4:6] == ["3/9", "running"]


def test_runs_are_searched_and_cut_to_the_newest(terminal, journal):
    for number in range(25):
        journal.put(line_scan(1, scan_id=number, sample="gold" if number % 2 else ""))
    listed = terminal.runs().splitlines()
    assert len(listed) == 22
    assert listed[-1] == "the newest 20 of 25; --limit 0 lists all"
    assert len(terminal.runs("--limit", 0).splitlines()) == 26
    assert len(terminal.runs("--sample", "gold").splitlines()) == 13
    assert terminal.runs("--plan", "count").startswith("No run is like that, in /")
    wrong = CliRunner().invoke(runs_command, ["--status", "failed"])
    assert "'failed' is not one of 'success', 'running'" in wrong.output
    assert "is no time" in str(failure(terminal, DataError, "--since", "soon"))


def failure(terminal, kind, *args):
    with pytest.raises(kind) as caught:
        terminal.runs(*args)
    return caught.value


def test_runs_come_as_json_too(terminal, journal):
    documents = line_scan(3)
    journal.put(documents)
    (told,) = json.loads(terminal.runs("--json"))
    assert told["uid"] == documents[0][1]["uid"]
    assert (told["num_points"], told["status"]) == (3, "success")


def test_one_run_is_shown(terminal, journal):
    run = Run(sample="gold", operator={"name": "[bold]Ada"}, hints={"x": 1})
    descriptor = run.descriptor({"det": key("array", [3, 4], units="counts")})
    events = [run.event(descriptor, det=np.zeros((3, 4))) for _ in range(2)]
    documents = [("start", run.start), ("descriptor", descriptor), *events]
    journal.put([*documents, run.stop(exit_status="abort", reason="beam lost")])
    for name in ("7", "last", "-1", run.uid[:6]):
        text = terminal.runs("show", name)
        assert f"uid      {run.uid}" in text
        assert "abort" in text
        assert "beam lost" in text
        assert "primary  2 events  det (3 x 4, counts)" in text
        assert '{"name":"[bold]Ada"}' in text
        assert "hints" not in text
    told = json.loads(terminal.runs("show", "7", "--json"))
    assert told["metadata"]["start"]["hints"] == {"x": 1}
    assert told["streams"]["primary"]["det"]["units"] == "counts"


def test_interrupted_run_says_what_can_be_done(terminal, journal):
    journal.begin()
    journal.put(line_scan(3)[:4])
    journal.close()
    text = terminal.runs("show", "last")
    assert "interrupted" in text
    assert "lapwing resume" in text


@pytest.mark.parametrize("name", ["99", "-7", "zz"])
def test_run_that_is_not_there_is_told(terminal, journal, name):
    journal.put(line_scan(1))
    assert name in str(failure(terminal, DataError, "show", name))


def test_uid_of_digits_is_found_where_no_scan_has_that_number(terminal, journal):
    documents = line_scan(1)
    journal.put(documents)
    uid = documents[0][1]["uid"]
    assert uid[:4].isdigit()
    assert uid in terminal.runs("show", uid[:7])


# ---------------------------------------------------------------- export


def test_run_is_exported_in_each_form(terminal, journal, tmp_path):
    documents = line_scan(4)
    journal.put(documents)
    paths = {end: tmp_path / f"run.{end}" for end in ("h5", "csv", "json", "jsonl")}
    for path in paths.values():
        assert str(path) in terminal.runs("export", 7, "--to", path)
    with h5py.File(paths["h5"]) as file:
        np.testing.assert_array_equal(file["entry/primary/data/det"][:], [0, 1, 4, 9])
    with paths["csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["det"]) for row in rows] == [0, 1, 4, 9]
    assert list(rows[0]) == ["time", "seq_num", "x", "det", "det_sum"]
    assert [tuple(one) for one in json.loads(paths["json"].read_text())] == documents
    lines = paths["jsonl"].read_bytes().splitlines(True)
    assert [tuple(decode(line)) for line in lines] == documents


def test_arrays_and_other_streams_go_to_csv_too(terminal, journal, tmp_path):
    run = Run()
    before = run.descriptor({"t": key()}, name="baseline")
    mca = run.descriptor({"mca": key("array", [2])})
    journal.put([("start", run.start), ("descriptor", before)])
    journal.put([run.event(before, t=4.2), ("descriptor", mca)])
    journal.put([run.event(mca, mca=np.array([1, 2])), run.event(mca, mca=None)])
    terminal.runs("export", 7, "--to", tmp_path / "a.csv")
    terminal.runs("export", 7, "--to", tmp_path / "b.csv", "--stream", "baseline")
    for name, column in (
        ("a.csv", ["mca", "[1,2]", "null"]),
        ("b.csv", ["t", "4.2"]),
    ):
        with (tmp_path / name).open(newline="") as file:
            assert [row[2] for row in csv.reader(file)] == column


@pytest.mark.parametrize("end", ["dat", "xdi", "txt"])
def test_run_is_exported_as_text_in_columns(terminal, journal, tmp_path, end):
    documents = line_scan(4)
    journal.put(documents)
    path = tmp_path / "out" / f"run.{end}"
    assert str(path) in terminal.runs("export", 7, "--to", path)
    run = read_text(path)
    assert run.metadata == documents[0][1]
    assert run["det_sum"].tolist() == [i / 3 for i in range(4)]
    place = path.parent / run.fields["Scan.hdf5_file"]
    assert place.resolve() == place_of_run(tmp_path.resolve(), documents[0][1])


def test_stream_of_a_text_file_can_be_chosen(terminal, journal, tmp_path):
    run = Run()
    streams = [run.descriptor({"t": key()}, name=name) for name in ("primary", "dark")]
    journal.put([("start", run.start), *(("descriptor", one) for one in streams)])
    journal.put([run.event(one, t=i / 2) for i, one in enumerate(streams)])
    terminal.runs("export", 7, "--to", tmp_path / "a.dat")
    terminal.runs("export", 7, "--to", tmp_path / "b.dat", "--stream", "dark")
    assert read_text(tmp_path / "a.dat")["t"].tolist() == [0]
    assert read_text(tmp_path / "b.dat")["t"].tolist() == [0.5]


def test_export_writes_nothing_over(terminal, journal, tmp_path):
    journal.put(line_scan(3))
    for end in ("h5", "csv", "json", "dat"):
        path = tmp_path / f"there.{end}"
        path.write_text("precious")
        error = failure(terminal, DataExistsError, "export", 7, "--to", path)
        assert "nothing is written over" in str(error)
        assert path.read_text() == "precious"


def test_a_full_disk_is_told_by_an_export(terminal, journal, tmp_path, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    journal.put(line_scan(3))
    monkeypatch.setattr("lapwing.data.export.os.fsync", full)
    for end in ("csv", "json", "dat"):
        path = tmp_path / f"a.{end}"
        error = failure(terminal, DataPathError, "export", 7, "--to", path)
        assert f"a.{end} cannot be written: No space left" in str(error)
        assert not path.exists()


def test_unknown_form_and_stream_leave_nothing_behind(terminal, journal, tmp_path):
    journal.put(line_scan(3))
    failure(terminal, DataError, "export", 7, "--to", tmp_path / "a.xls")
    stray = ("export", 7, "--to", tmp_path / "a.csv", "--stream", "no")
    assert "it has: primary" in str(failure(terminal, DataError, *stray))
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]


# ---------------------------------------------------------------- sinks, journals


@pytest.mark.parametrize("width", [80, 120])
def test_sinks_show_lag_and_last_error(terminal, journal, tmp_path, width):
    terminal.width = width
    journal.put(line_scan(10))
    with journal.log.reader() as reader:
        end = reader.end()
    with CursorStore(cursors_path(tmp_path)) as store:
        store.move("hdf5", journal.directory, Cursor(1, 24, 0), end)
        store.move("tiled", journal.directory, Cursor(1, 24, 6))
        store.fail("tiled", journal.directory, "OSError: [red]nobody answers")
    text = terminal(sinks_command)
    assert terminal.fits(text)
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line}
    assert rows["hdf5"][1:4] == [journal.directory.name, "0", "0"]
    assert rows["tiled"][1:3] == [journal.directory.name, str(end.number - 6)]
    assert "OSError: [red]nobody answers" in text
    told = json.loads(terminal(sinks_command, "--json"))
    assert [lag["num_records"] for lag in told] == [0, end.number - 6]


def test_journals_that_are_read_are_one_line(terminal, journal, tmp_path):
    journals = [journal]
    for _ in range(3):
        one = Journal(tmp_path)
        one.put(line_scan(3))
        one.close()
        journals.append(one)
    with CursorStore(cursors_path(tmp_path)) as store:
        for one in journals[1:]:
            with one.log.reader() as reader:
                store.move("hdf5", one.directory, reader.end())
    assert "3 read to the end" in terminal(sinks_command)
    assert len(terminal(sinks_command, "--all").splitlines()) == 5


@pytest.mark.parametrize("width", [80, 120])
def test_journals_are_listed_with_their_process(terminal, journal, tmp_path, width):
    terminal.width = width
    ended = Journal(tmp_path)
    ended.begin("a")
    ended.end()
    ended.begin("b")
    ended.put(line_scan(3))
    ended.close()
    text = terminal(journal_command)
    rows = text.splitlines()
    assert terminal.fits("\n".join(rows[:3]))
    assert len(rows) == 4
    assert "pid" in rows[1]
    assert rows[2].split()[3] == "ended"
    assert rows[2].endswith("1  2, 1 open") or "2, 1 open" in rows[2]


def test_prune_says_what_would_go_and_does_it_when_told(terminal, journal, tmp_path):
    old = Journal(tmp_path)
    old.put(line_scan(3))
    old.close()
    with old.log.reader() as reader, CursorStore(cursors_path(tmp_path)) as store:
        store.move("hdf5", old.directory, reader.end())
    text = terminal(journal_command, "prune", "--keep", "0")
    assert "would go" in text
    assert "1 would go" in text
    assert f"process {os.getpid()}" in text.replace("\n", " ")
    assert old.directory.exists()
    assert terminal.runs().count("success") == 1
    text = terminal(journal_command, "prune", "--keep", "0", "--yes")
    assert "1 removed" in text
    assert not old.directory.exists()
    assert journal.directory.exists()
    with CursorStore(cursors_path(tmp_path)) as store:
        assert store.places() == []
    assert terminal.runs().startswith("There are no runs yet, in ")


def test_prune_keeps_what_a_sink_has_not_read_unless_forced(
    terminal, journal, tmp_path
):
    old = Journal(tmp_path)
    old.put(line_scan(3))
    old.close()
    with CursorStore(cursors_path(tmp_path)) as store:
        store.move("hdf5", old.directory, Cursor(1, 24, 2))
    terminal(journal_command, "prune", "--keep", "0", "--yes")
    assert old.directory.exists()
    terminal(journal_command, "prune", "--keep", "0", "--force", "--yes")
    assert not old.directory.exists()


def test_prune_wants_to_be_told_what_to_keep(terminal, journal):
    with pytest.raises(ConfigError):
        terminal(journal_command, "prune", "--keep", "a few")
