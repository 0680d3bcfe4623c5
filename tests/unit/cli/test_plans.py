"""``lapwing plans check``: what it says, and its exit status."""

import sys

import pytest
from click.testing import CliRunner

from lapwing.cli.main import cli

GOOD = '''\
from lapwing import plan, plan_stubs as bps

@plan
def align(motor):
    """Bring a motor home."""
    yield from bps.mv(motor, 0)
'''
LOOKS = GOOD + "    yield from bps.mv(motor, motor.position + 1)\n"
FORGETS = GOOD + "    bps.null()\n"


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def check_files(files, *options):
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
        names = sorted({name.partition("/")[0] for name in files})
        return CliRunner().invoke(cli, ["plans", "check", *names, *options])

    return check_files


def test_a_file_without_mistakes_is_listed(check):
    result = check({"a.py": GOOD}, "--durable")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "a.py: 1 plan",
        "     4  align(motor)",
        "        Bring a motor home.",
        "nothing found",
    ]


def test_looks_are_found_only_if_durability_is_asked_for(check):
    assert check({"a.py": LOOKS}).exit_code == 0
    result = check({"a.py": LOOKS}, "--durable")
    assert result.exit_code == 1
    assert "a.py:7:30: motor.position in align\n" in result.output
    assert "    looks at a device's attribute: after a crash" in result.output
    assert "    write: yield from rd(motor), or recorded(" in result.output
    assert result.output.endswith("1 finding\n")


def test_findings_of_all_files_are_counted(check):
    result = check({"lab/a.py": FORGETS, "lab/b.py": LOOKS}, "--durable")
    assert result.exit_code == 1
    assert "lab/a.py:7:5: bps.null() in align" in result.output.replace("\\", "/")
    assert result.output.endswith("2 findings\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "a.py:1:7: does not parse: "),
        (b"x = '\xff'\n", "a.py: is not text in UTF-8: byte 5"),
        (b"x = 1\x00\n", "does not parse: "),
    ],
)
def test_what_is_no_python_is_told_and_not_raised(check, text, words):
    result = check({"a.py": text}, "--durable")
    assert result.exit_code == 1
    assert words in result.output


def test_a_file_is_never_run(check):
    result = check({"marks.py": "import sys\nsys.marked = True\n"}, "--durable")
    assert result.exit_code == 0
    assert "marks.py: no plans" in result.output
    assert not hasattr(sys, "marked")


def test_a_file_that_is_not_there_is_told():
    result = CliRunner().invoke(cli, ["plans", "check", "nowhere.py"])
    assert result.exit_code == 2
    assert "nowhere.py" in result.output
