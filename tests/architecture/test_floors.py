"""Every package stands on a floor, and imports go down only."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from architecture.source_tree import ROOT, SRC, project

FLOORS = next(
    contract
    for contract in project()["tool"]["importlinter"]["contracts"]
    if contract["id"] == "floors"
)


def lint_imports(where: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with this project's contracts on the package in `where`."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as main; main()",
            "--no-cache",
            "--config",
            str(ROOT / "pyproject.toml"),
        ],
        cwd=where,
        env=os.environ | {"PYTHONPATH": str(where), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy_of_sources(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SRC, tmp_path / "lapwing", ignore=ignore)
    return tmp_path


def test_all_contracts_are_kept():
    done = lint_imports(SRC.parent)
    assert done.returncode == 0, done.stdout


def test_an_import_that_goes_up_is_refused(copy_of_sources: Path):
    with (copy_of_sources / "lapwing" / "errors.py").open("a") as file:
        file.write("\nimport lapwing.config\n")
    done = lint_imports(copy_of_sources)
    assert done.returncode == 1
    assert "lapwing.errors -> lapwing.config" in done.stdout


def test_an_import_from_a_sibling_is_refused(copy_of_sources: Path):
    with (copy_of_sources / "lapwing" / "status.py").open("a") as file:
        file.write("\nimport lapwing.messages\n")
    done = lint_imports(copy_of_sources)
    assert done.returncode == 1
    assert "lapwing.status -> lapwing.messages" in done.stdout


def test_a_package_on_no_floor_is_refused(copy_of_sources: Path):
    attic = copy_of_sources / "lapwing" / "attic"
    attic.mkdir()
    (attic / "__init__.py").write_text('"""Stands nowhere."""\n')
    done = lint_imports(copy_of_sources)
    assert done.returncode == 1
    assert "attic" in done.stdout


def test_every_package_and_module_stands_on_a_floor_or_is_a_face():
    placed = {
        name.strip(" ()") for floor in FLOORS["layers"] for name in floor.split("|")
    } | set(FLOORS["exhaustive_ignores"])
    present = {path.stem for path in SRC.glob("*.py")}
    present |= {path.parent.name for path in SRC.glob("*/__init__.py")}
    assert present - {"__init__", "__main__"} <= placed


def test_every_directory_of_sources_is_a_package():
    # Without __init__.py a directory is invisible to the contracts above.
    homes = {path.parent for path in SRC.rglob("*.py")}
    assert [str(home) for home in homes if not (home / "__init__.py").exists()] == []
