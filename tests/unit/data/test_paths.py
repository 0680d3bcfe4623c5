import errno
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from lapwing.data import paths
from lapwing.data.paths import check_writable, reserve, run_path
from lapwing.errors import DataExistsError, DataPathError

START = {"uid": "abcdef0123456789", "time": 1_700_000_000.0, "scan_id": 12,
         "plan_name": "grid_scan"}  # fmt: skip


def test_path_has_local_date_scan_id_plan_and_uid(tmp_path: Path):
    day = datetime.fromtimestamp(START["time"])
    expected = tmp_path / f"{day:%Y/%m/%d}" / "000012_grid_scan_abcdef01.h5"
    assert run_path(tmp_path, START) == expected
    assert not expected.parent.exists()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"scan_id": None, "plan_name": None}, "000000_run_abcdef01.h5"),
        ({"scan_id": "night 2/a"}, "night_2_a_grid_scan_abcdef01.h5"),
        ({"plan_name": "../../etc/passwd"}, "000012_etc_passwd_abcdef01.h5"),
        ({"plan_name": "a b\0ü"}, "000012_a_b_abcdef01.h5"),
        ({"plan_name": "p" * 500}, f"000012_{'p' * 80}_abcdef01.h5"),
        ({"scan_id": 12345678}, "12345678_grid_scan_abcdef01.h5"),
        ({"uid": "../x"}, "000012_grid_scan_x.h5"),
    ],
)
def test_path_is_one_plain_name_whatever_the_metadata(tmp_path, changes, name):
    start = {k: v for k, v in {**START, **changes}.items() if v is not None}
    path = run_path(tmp_path, start)
    assert path.name == name
    assert path.parent.parent.parent.parent == tmp_path


def test_existing_file_is_refused_and_left_alone(tmp_path: Path):
    path = run_path(tmp_path, START)
    reserve(path)
    path.write_text("precious")
    with pytest.raises(DataExistsError, match=r"000012.*never overwritten"):
        run_path(tmp_path, START)
    with pytest.raises(DataExistsError):
        reserve(path)
    assert path.read_text() == "precious"


def test_dangling_link_counts_as_existing(tmp_path: Path):
    path = run_path(tmp_path, START)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataExistsError):
        run_path(tmp_path, START)


def test_name_cannot_be_reserved_below_a_file(tmp_path: Path):
    (tmp_path / "2023").write_text("no directory")
    with pytest.raises(DataPathError, match=r"2023.*a directory that can be written"):
        reserve(tmp_path / "2023" / "01" / "x.h5")


def test_good_directory_is_made_and_left_empty(tmp_path: Path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_file_in_the_way_of_the_directory_is_named(tmp_path: Path):
    place = tmp_path / "data"
    place.write_text("a file")
    with pytest.raises(DataPathError, match="data") as caught:
        check_writable(place)
    assert caught.value.context["directory"] == str(place)
    assert "LAPWING_DATA_DIR" in caught.value.hint


def test_place_where_nothing_can_be_made_is_refused_even_to_root():
    with pytest.raises(DataPathError, match="cannot be written to /proc/lapwing"):
        check_writable("/proc/lapwing")


def test_directory_that_exists_but_takes_no_files_is_refused_even_to_root():
    with pytest.raises(DataPathError, match="/proc/self"):
        check_writable("/proc/self", need_bytes=0)


def test_full_disk_is_told_with_what_is_free_and_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=3_000_000)
    )
    with pytest.raises(
        DataPathError, match=r"has 3\.0 MB free; 67\.1 MB are needed"
    ) as caught:
        check_writable(tmp_path)
    assert caught.value.context["free_bytes"] == 3_000_000
    check_writable(tmp_path, need_bytes=1_000_000)


def test_disk_that_is_full_only_when_written_to_is_told_so(tmp_path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataPathError, match="MB free"):
        check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_paths_and_writer_are_imported_without_h5py():
    code = (
        "import sys, lapwing.data.paths, lapwing.data.hdf5; "
        "sys.exit('h5py' in sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(paths.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=False)
    assert done.returncode == 0
