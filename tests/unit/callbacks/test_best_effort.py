import io

import pytest
from unit.callbacks.streams import (
    Run,
    count_run,
    feed,
    grid_run,
    key,
    peak_scan,
    scan_run,
)
from unit.callbacks.terminal import Clock, Terminal

from lapwing.callbacks import BestEffort, Screen
from lapwing.errors import DataPathError


def test_a_scan_leaves_a_table_a_sentence_and_the_peak():
    file = io.StringIO()
    best = BestEffort(file)
    feed(best, peak_scan())
    lines = file.getvalue().splitlines()
    assert lines[1].startswith("scan 12, 51 points")
    assert lines[-2].startswith("scan 12: success")
    assert lines[-1].startswith("peak of det at x = 0.7")
    assert best.peaks["det"].centre == pytest.approx(0.73, abs=0.05)


def test_the_peaks_are_those_of_the_last_run():
    best = BestEffort(io.StringIO())
    feed(best, peak_scan())
    feed(best, count_run().whole([{"det": 1}]))
    assert best.peaks == {}


def test_parts_can_be_left_out():
    file = io.StringIO()
    best = BestEffort(file, table=False, peaks=False, progress=False)
    feed(best, peak_scan())
    assert file.getvalue() == ""
    assert "det" in best.peaks


def test_a_picture_of_each_run_goes_to_the_directory(tmp_path):
    file = io.StringIO()
    best = BestEffort(file, plot_dir=tmp_path / "new" / "plots", table=False)
    feed(best, peak_scan())
    feed(best, grid_run((2, 2), snake=True).whole([{"y": 0, "x": 0, "det": 1}]))
    feed(best, Run({"word": key(dtype="string")}, scan_id=15).whole([{"word": "a"}]))
    written = sorted(path.name for path in (tmp_path / "new" / "plots").iterdir())
    assert written == [
        f"000012_scan_{scan_run().uid[:8]}.png",
        f"000013_grid_scan_{grid_run((2, 2), snake=True).uid[:8]}.png",
    ]
    assert f"plot of scan 12: {tmp_path}" in file.getvalue()


def test_runs_that_end_in_another_order_get_their_own_pictures(tmp_path):
    best = BestEffort(io.StringIO(), plot_dir=tmp_path, table=False)
    one, two = peak_scan(5, scan_id=1), peak_scan(5, scan_id=2)
    feed(best, [*one[:4], *two[:4], *one[4:], *two[4:]])
    assert [p.name[:11] for p in sorted(tmp_path.iterdir())] == [
        "000001_scan",
        "000002_scan",
    ]


def test_a_directory_that_cannot_be_made_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataPathError, match="plots cannot be made: Not a directory"):
        BestEffort(plot_dir=tmp_path / "file" / "plots")


def test_a_picture_that_cannot_be_written_does_not_fail_the_run(tmp_path):
    file = io.StringIO()
    best = BestEffort(file, plot_dir=tmp_path / "plots")
    (tmp_path / "plots").rmdir()
    feed(best, peak_scan())
    assert "cannot be written: No such file" in file.getvalue().splitlines()[-1]


def test_a_strange_plan_name_makes_a_plain_file_name(tmp_path):
    best = BestEffort(io.StringIO(), plot_dir=tmp_path)
    run = Run({"det": key()}, plan_name="../a b/c")
    feed(best, run.whole([{"det": 1}]))
    (path,) = tmp_path.iterdir()
    assert path.name == f"___a_b_c_{run.uid[:8]}.png"


def test_on_a_terminal_the_bar_goes_and_comes_with_the_run():
    terminal, clock = Terminal(), Clock()
    screen = Screen(terminal, width=80, clock=clock, ticking=False)
    best = BestEffort(screen=screen)
    documents = peak_scan()
    for name, doc in documents[:10]:
        clock.turn(1.0)
        best(name, doc)
    screen.tick()
    assert terminal.lines()[-1].endswith("8/51 16% 43 s left")
    best.hold()
    assert "left" not in terminal.lines()[-1]
    for name, doc in documents[10:]:
        clock.turn(1.0)
        best(name, doc)
    lines = [line for line in terminal.lines() if line]
    assert lines[-1].startswith("peak of det at x =")
    assert lines[-2].startswith("scan 12: success")
    assert len(lines) == 1 + 3 + 51 + 3 + 2  # the head stands there twice
