import io
import re

import numpy as np
import pytest
from unit.callbacks.streams import (
    DET,
    MOTOR,
    Run,
    count_run,
    feed,
    grid_points,
    grid_run,
    key,
    peak_scan,
    scan_run,
)
from unit.callbacks.terminal import Terminal

from lapwing.callbacks.live_table import LiveTable
from lapwing.callbacks.screen import Screen
from lapwing.errors import PlanArgumentError


def printed(documents, **table):
    file = io.StringIO()
    feed(LiveTable(file, **table), documents)
    return file.getvalue().splitlines()


def rows(lines):
    """The lines of events as lists of words."""
    return [line.split() for line in lines if re.match(r"\s+\d+[* ]\s+\d\d:\d\d", line)]


def test_a_scan_is_printed_with_names_units_and_the_precision_of_its_values():
    lines = printed(scan_run(2).whole([{"x": -5, "det": 11}, {"x": 0.25, "det": 900}]))
    assert lines[0] == ""
    assert re.fullmatch(r"scan 12, 2 points, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[1])
    assert lines[2] == "seq_num     time             x        det"
    assert lines[3] == "                            mm     counts"
    assert lines[4].split() == ["─" * 7, "─" * 10, "─" * 9, "─" * 9]
    assert re.fullmatch(r"     1   \d\d:\d\d:\d\d\.\d     -5.000         11", lines[5])
    assert re.fullmatch(r"     2   \d\d:\d\d:\d\d\.\d      0.250        900", lines[6])
    assert lines[7] == f"scan 12: success, 2 points in 1.5 s, {scan_run().uid}"
    assert len(lines) == 8


def test_every_column_is_aligned_in_80_columns():
    lines = printed(peak_scan())
    assert len(rows(lines)) == 51
    assert max(map(len, lines)) <= 80
    assert len({len(line) for line in lines[2:-1]}) == 1


def test_a_grid_shows_slow_before_fast_before_detectors():
    run = grid_run((2, 2), snake=True)
    points = [{"y": y, "x": x, "det": 1} for y, x in grid_points((2, 2), snake=True)]
    lines = printed(run.whole(points))
    assert lines[2].split() == ["seq_num", "time", "y", "x", "det"]
    assert [row[2:] for row in rows(lines)] == [
        ["0.00", "-1.000", "1"],
        ["0.00", "1.000", "1"],
        ["3.00", "1.000", "1"],
        ["3.00", "-1.000", "1"],
    ]


def test_a_count_without_number_of_points_is_printed_too():
    lines = printed(count_run(None).whole([{"det": 5}]))
    assert lines[1].startswith("count 14, 2")
    assert [row[2:] for row in rows(lines)] == [["5"]]


def test_every_kind_of_value_finds_its_place():
    keys = {
        "flag": key(dtype="boolean"),
        "mode": key(dtype="string"),
        "image": key(dtype="array", shape=[2, 3]),
        "file": key(dtype="array", shape=[512, None], external="FILESTORE:"),
        "bad": key(),
        "gone": key(),
    }
    data = {
        "flag": True,
        "mode": "fast and furious",
        "image": np.zeros((2, 3)),
        "file": "1a2b3c/17",
        "bad": float("nan"),
    }
    lines = printed(Run(keys, scan_id=1).whole([data]))
    assert [row[2:] for row in rows(lines)] == [
        ["yes", "fast", "and~", "[2x3]", "[512x?]", "nan", "-"]
    ]


def test_a_point_taken_again_is_marked():
    run = scan_run()
    again = [run.start(), run.descriptor()]
    again += [run.event(n, x=n, det=n) for n in (1, 2, 2, 3)]
    lines = printed([*again, run.stop(3)])
    assert [row[0] for row in rows(lines)] == ["1", "2", "2*", "3"]
    assert "* point taken again" in lines[-2]


def test_a_failed_run_says_why_in_plain_lines():
    lines = printed(
        scan_run().whole(
            [{"x": 1, "det": 2}], exit_status="fail", reason="x stalled\nat 1.2 mm"
        )
    )
    assert lines[-3].startswith("scan 12: fail, 1 point in 1.0 s, ")
    assert lines[-2:] == ["  x stalled", "  at 1.2 mm"]


def test_a_run_without_events_has_a_title_and_an_end():
    run = scan_run()
    lines = printed([run.start(), run.stop(0, "abort", "asked to")])
    assert [line.split(",")[0] for line in lines[1:]] == [
        "scan 12",
        "scan 12: abort",
        "  asked to",
    ]


def test_interleaved_runs_are_told_apart_on_every_line():
    one = scan_run(scan_id=7).whole([{"x": 1, "det": 2}] * 3)
    two = count_run(scan_id=8).whole([{"det": 5}] * 3)
    mixed = [doc for pair in zip(one, two, strict=True) for doc in pair]
    lines = [line for line in printed(mixed) if line]
    assert all(re.match(r"[78]\| |count 8: success", line) for line in lines)
    events = [line for line in lines if re.match(r"\d\| +\d+  ", line)]
    assert [line[0] for line in events] == ["7", "8"] * 3


def test_the_fields_can_be_chosen():
    lines = printed(peak_scan(3), fields=["det", "nothing"])
    assert lines[2].split() == ["seq_num", "time", "det", "nothing"]
    assert rows(lines)[0][3] == "-"


def test_pages_of_events_are_printed_line_by_line():
    run = scan_run()
    page = {
        "descriptor": run.descriptor_uid,
        "seq_num": [1, 2],
        "time": [run.begin, run.begin],
        "data": {"x": [0.1, 0.2], "det": [7, 8]},
    }
    lines = printed([run.start(), run.descriptor(), ("event_page", page)])
    assert [row[2:] for row in rows(lines)] == [["0.100", "7"], ["0.200", "8"]]


def test_a_re_configured_stream_goes_on_in_the_same_table():
    run = scan_run()
    documents = [run.start(), run.descriptor(), run.event(1, x=1, det=1)]
    lines = printed([*documents, run.descriptor(), run.event(2, x=2, det=2)])
    assert len(rows(lines)) == 2
    assert sum("seq_num" in line for line in lines) == 1


@pytest.fixture
def wide_run():
    names = [f"detector_{i}_stats_total" for i in range(12)]
    return Run({"x": MOTOR, **dict.fromkeys(names, DET)}, scan_id=1)


def test_a_narrow_terminal_gets_what_fits_and_the_names_of_the_rest(wide_run):
    terminal = Terminal()
    screen = Screen(terminal, width=80, ticking=False)
    data = dict.fromkeys(wide_run.data_keys, 123456789)
    feed(LiveTable(screen=screen), wide_run.whole([data]))
    lines = terminal.lines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("not shown: detector_4_stats_total") for line in lines)
    assert len(rows(lines)[0]) == 2 + 5


def test_a_file_gets_every_column(wide_run):
    data = dict.fromkeys(wide_run.data_keys, 1)
    assert len(rows(printed(wide_run.whole([data])))[0]) == 2 + 13


def test_a_terminal_sees_the_head_again_and_again():
    terminal = Terminal()
    screen = Screen(terminal, width=80, ticking=False)
    feed(LiveTable(screen=screen, head_every=20), peak_scan(51))
    assert sum("seq_num" in line for line in terminal.lines()) == 3
    assert sum("seq_num" in line for line in printed(peak_scan(51), head_every=20)) == 1


def test_ascii_files_get_ascii():
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    feed(LiveTable(file), peak_scan(3))
    assert raw.getvalue().isascii()
    assert b"?" not in raw.getvalue()


def test_fields_in_the_place_of_the_file_are_refused_before_there_is_a_run():
    with pytest.raises(PlanArgumentError, match=r"\['x', 'det'\].*fields="):
        LiveTable(["x", "det"])  # type: ignore[arg-type]


def test_points_that_were_shown_before_a_crash_are_told_in_one_line():
    file = io.StringIO()
    table = LiveTable(file)
    documents = scan_run(4).whole([{"x": n, "det": n} for n in range(1, 5)])
    table.retelling = True
    for name, doc in documents[:4]:  # up to the second event
        table(name, doc)
    assert file.getvalue() == ""
    table.retelling = False
    for name, doc in documents[4:]:
        table(name, doc)
    lines = file.getvalue().splitlines()
    assert "  1 to 2 were taken before" in lines
    assert [row[0] for row in rows(lines)] == ["3", "4"]
    assert sum("seq_num" in line for line in lines) == 1
