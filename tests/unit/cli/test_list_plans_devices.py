"""``lapwing list-plans-devices``: the file, what is said of it, and what is refused."""

import os
import subprocess
import sys

import pytest
import yaml
from unit.cli.startup_code import BAD, CODE, Terminal

from lapwing.errors import ConfigError, DataPathError, PlanArgumentError

COMMAND = "list-plans-devices"
NAME = "existing_plans_and_devices.yaml"


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path)


def test_the_file_goes_into_the_current_directory(terminal):
    terminal.file("lab.py", CODE)
    result = terminal.call(COMMAND, "--startup-script", "lab.py")
    assert result.stdout == f"{NAME}: 2 plans, 2 devices with 3 parts\n"
    assert result.stderr == "loading\n"
    found = yaml.safe_load((terminal.directory / NAME).read_text())
    assert list(found) == ["existing_devices", "existing_plans"]
    assert list(found["existing_plans"]) == ["count", "nothing"]
    assert list(found["existing_devices"]["stage"]["components"]) == ["x", "y"]


def test_a_file_that_says_the_same_is_left_alone(terminal):
    terminal.file("lab.py", CODE)
    (terminal.directory / "lists").mkdir()
    args = (COMMAND, "--startup-script", "lab.py", "--file-dir", "lists")
    args += ("--file-name", "a.yaml")
    terminal(*args)
    path = terminal.directory / "lists" / "a.yaml"
    os.utime(path, (1, 1))
    told = terminal(*args)
    assert told == "lists/a.yaml: 2 plans, 2 devices with 3 parts; nothing is new\n"
    assert path.stat().st_mtime == 1


def test_startup_code_is_a_directory_a_module_or_a_profile(terminal, monkeypatch):
    startup = terminal.directory / "profile_lab" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-lab.py").write_text(CODE)
    (startup / "10-more.py").write_text("def more():\n    yield from count(det)\n")
    (terminal.directory / "made_up_lab.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(terminal.directory))
    for options, number in (
        (["--startup-dir", startup], 3),
        (["--startup-module", "made_up_lab"], 2),
        (["--startup-profile", "lab", "--ipython-dir", terminal.directory], 3),
    ):
        assert f"{number} plans" in terminal(COMMAND, *options)
    monkeypatch.delitem(sys.modules, "made_up_lab")


def test_a_depth_leaves_parts_out(terminal):
    terminal.file("lab.py", CODE)
    for option in ("--max-depth", "--device-max-depth"):
        told = terminal(COMMAND, "--startup-script", "lab.py", option, 1)
        assert "2 devices" in told
        assert "part" not in told


def test_faulty_plans_are_all_told_and_nothing_is_written(terminal):
    path = terminal.file("lab.py", BAD)
    result = terminal.call(COMMAND, "--startup-script", "lab.py")
    assert isinstance(result.exception, PlanArgumentError)
    message = str(result.exception)
    lines = BAD.splitlines()
    for plan in ("bad(x=object)", "worse(x=print)"):
        line = lines.index(f"def {plan}:") + 1
        assert f"plan '{plan.partition('(')[0]}' ({path}, line {line}): " in message
    assert not (terminal.directory / NAME).exists()


@pytest.mark.parametrize("switch", [["ON"], ["on"], []])
def test_faulty_plans_are_left_out_if_asked(terminal, switch):
    terminal.file("lab.py", BAD)
    result = terminal.call(
        COMMAND, "--startup-script", "lab.py", "--ignore-invalid-plans", *switch
    )
    assert result.exit_code == 0
    assert result.stdout.endswith(": 2 plans, 2 devices with 3 parts\n")
    assert result.stderr.count("left out: plan ") == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "Startup code is needed: give --startup-dir"),
        (["--startup-dir", "a", "--startup-script", "b"], "exclude each other"),
        (["--ignore-invalid-plans=maybe"], "'maybe' is not one of"),
        (["--max-depth", "-1"], "-1 is not in the range"),
        (["--startup"], "No such option"),
    ],
)
def test_wrong_options_are_refused(terminal, args, words):
    result = terminal.call(COMMAND, *args)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        (["--startup-script", "none.py"], ConfigError, "none.py is not there"),
        (["--startup-dir", "none"], ConfigError, "none is not there"),
        (["--startup-module", "no.such.module"], ConfigError, "no.such.module"),
        (["--startup-profile", "none", "--ipython-dir", "."], ConfigError, "none"),
        (["--startup-script", "broken.py"], ConfigError, "line 2"),
        (["--startup-script", "raises.py"], ConfigError, "line 3"),
        (["--startup-script", "lab.py", "--file-dir", "no"], DataPathError, "No such"),
    ],
)
def test_what_is_wrong_with_files_is_told(terminal, args, error, words):
    terminal.file("lab.py", CODE)
    terminal.file("broken.py", "x = 1\ny = (\n")
    terminal.file("raises.py", "x = 1\n\nx / 0\n")
    result = terminal.call(COMMAND, *args)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)


def lapwing(code, *args):
    """Run a command in a process of its own, with Python code that calls it."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"from lapwing.cli.main import cli, main; {code}",
            *args,
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_an_error_is_a_line_of_text_and_status_one(terminal):
    terminal.file("raises.py", "x = 1\n\nx / 0\n")
    done = lapwing("main()", COMMAND, "--startup-script", "raises.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "raises.py, line 3" in done.stderr


def test_code_for_bluesky_is_listed_with_compat(terminal):
    code = CODE.replace("from lapwing import", "from bluesky_queueserver import")
    terminal.file("lab.py", code + "from bluesky.plans import scan\n")
    check = "import sys; assert 'lapwing' in sys.modules['bluesky'].__file__"
    done = lapwing(
        f"cli(standalone_mode=False); {check}",
        COMMAND,
        "--startup-script",
        "lab.py",
        "--compat",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{NAME}: 3 plans, 2 devices with 3 parts\n"


def test_code_is_told_that_it_has_no_hardware(terminal):
    code = "from lapwing.annotation.offline import is_offline\nassert is_offline()\n"
    terminal.file("lab.py", CODE + code)
    args = (COMMAND, "--startup-script", "lab.py")
    assert lapwing("main()", *args).returncode == 1
    done = lapwing("main()", *args, "--without-hardware")
    assert done.returncode == 0, done.stderr
