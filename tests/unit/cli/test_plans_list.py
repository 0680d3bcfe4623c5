"""``lapwing plans list|show`` and ``lapwing devices list``: what is shown, and how."""

import json

import pytest
from jsonschema import Draft202012Validator
from unit.cli.startup_code import BAD, CODE, Terminal

from lapwing.errors import AccessError, ConfigError, PlanArgumentError, StateError

PERMISSIONS = """\
user_groups:
  root: {allowed_plans: [null], allowed_devices: [null]}
  users: {allowed_plans: [count], allowed_devices: ["det.val", ":^s"]}
"""


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Terminal(tmp_path)
    made.file("lab.py", CODE)
    made.file("permissions.yaml", PERMISSIONS)
    return made


LAB = ("--startup-script", "lab.py")
USERS = ("--permissions", "permissions.yaml", "--group", "users")


SHOWN = """\
count   __main__
  Read detectors [several] times. Then stop.

  parameter  may be                                     default   about
  detectors  a list of: one of Detectors: det, det.val  required  (by position)
  num        a whole number                             1         How often. (by position)
  *more      a whole number
  exposure   a number, from 0.001 to 60 s               0.1       (by name)
  **md       a text
"""  # noqa: E501


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def test_plans_are_listed(terminal):
    result = terminal.call("plans", "list", *LAB)
    assert lines(result.stdout) == [
        "plan     needs             about",
        "count    detectors, *more  Read detectors [several] times",
        "nothing",
    ]
    assert lines(result.stderr) == ["loading", "2 plans"]


def test_names_and_patterns_choose(terminal):
    for names in (["nothing"], [":^n"], [":^n", "nothing"]):
        assert lines(terminal("plans", "list", *names, *LAB))[1:] == ["nothing"]
    assert terminal("plans", "list", ":^zz", *LAB) == ""
    result = terminal.call("plans", "list", "cuont", *LAB)
    assert isinstance(result.exception, PlanArgumentError)
    assert str(result.exception) == "there is no plan 'cuont'; is 'count' meant?"


def test_a_plan_is_shown_with_all_that_its_parameters_may_be(terminal):
    terminal.width = 100
    shown = terminal("plans", "show", "count", *LAB)
    assert lines(shown) == lines(SHOWN)
    assert lines(terminal("plans", "show", "nothing", *LAB)) == [
        "nothing   __main__",
        "  It takes no arguments.",
    ]


def test_a_narrow_terminal_cuts_nothing(terminal):
    terminal.width = 50
    shown = terminal("plans", "show", "count", *LAB)
    assert all(len(line) <= 50 for line in lines(shown))
    assert "…" not in shown


def test_programs_get_json(terminal):
    listed = json.loads(terminal("plans", "list", "--json", *LAB))
    assert list(listed) == ["count", "nothing"]
    described = json.loads(terminal("plans", "show", "count", "--json", *LAB))
    assert described == listed["count"]
    schema = json.loads(terminal("plans", "show", "count", "--schema", *LAB))
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["exposure"]["x-unit"] == "s"
    devices = json.loads(terminal("devices", "list", "--json", *LAB))
    assert list(devices["stage"]["components"]) == ["x", "y"]


def test_devices_are_listed(terminal):
    result = terminal.call("devices", "list", *LAB)
    assert lines(result.stdout) == [
        "device  can         parts  class",
        "det     read            1  Part",
        "stage   read, move      2  Motor",
    ]
    assert lines(result.stderr) == ["loading", "2 devices"]


def test_parts_are_listed_to_a_depth_or_by_pattern(terminal):
    def names(*args):
        listed = lines(terminal("devices", "list", *args, *LAB))
        return [line.split()[0] for line in listed[1:]]

    everything = ["det", "det.val", "stage", "stage.x", "stage.y"]
    assert names("--depth", 0) == names("--depth", 2) == everything
    assert names("__MOTOR__:?.*") == ["stage", "stage.x", "stage.y"]
    assert names("det.val", ":^s:x") == ["det.val", "stage", "stage.x"]
    result = terminal.call("devices", "list", "stage.z", *LAB)
    assert isinstance(result.exception, PlanArgumentError)
    assert str(result.exception).startswith("there is no device 'stage.z'; is 'stage.")


def test_lists_are_read_from_a_file_without_code(terminal):
    from_code = terminal("plans", "list", *LAB)
    terminal("list-plans-devices", *LAB)
    (terminal.directory / "lab.py").unlink()
    assert terminal("plans", "list") == from_code
    file = terminal.directory / "existing_plans_and_devices.yaml"
    file.rename(terminal.directory / "other.yaml")
    assert terminal("plans", "list", "--lists", "other.yaml") == from_code
    result = terminal.call("plans", "list")
    assert isinstance(result.exception, StateError)
    assert "give --startup-dir" in str(result.exception)


def test_a_group_sees_what_it_may_use(terminal):
    assert lines(terminal("devices", "list", *LAB, *USERS)) == [
        "device  can             parts  class",
        "det     only its parts      1  Part",
        "stage   read, move             Motor",
    ]
    described = json.loads(terminal("plans", "show", "count", "--json", *LAB, *USERS))
    lists = described["parameters"][0]["annotation"]["devices"]
    assert lists == {"Detectors": ["det.val"]}
    result = terminal.call("plans", "show", "nothing", *LAB, *USERS)
    assert isinstance(result.exception, PlanArgumentError)
    result = terminal.call("plans", "list", *LAB, *USERS[:3], "guests")
    assert isinstance(result.exception, AccessError)


def test_faulty_plans_are_told_and_the_others_listed(terminal):
    terminal.file("lab.py", BAD)
    result = terminal.call("plans", "list", *LAB)
    assert result.exit_code == 0
    assert len(lines(result.stdout)) == 3
    assert result.stderr.count("left out: plan ") == 2
    result = terminal.call("plans", "show", "count", *LAB)
    assert result.exit_code == 0
    assert "left out" not in result.stderr
    result = terminal.call("plans", "show", "worse", *LAB)
    assert str(result.exception).startswith("plan 'worse' (")


def test_faulty_descriptions_are_told_and_the_others_listed(terminal):
    plans = {"good": {"name": "good"}, "bad": {"name": "bad", "parameters": [5]}}
    terminal.file("others.yaml", json.dumps({"existing_plans": plans}))
    result = terminal.call("plans", "list", "--lists", "others.yaml")
    assert result.exit_code == 1
    assert [line.split()[0] for line in lines(result.stdout)] == ["plan", "good"]
    assert lines(result.stderr) == [
        "1 plan",
        "cannot be read: a parameter in the description of plan 'bad' is 5; it must be "
        "a dict",
    ]
    result = terminal.call("plans", "list", "good", "--lists", "others.yaml")
    assert result.exit_code == 0


def test_long_lists_are_shown_whole(terminal):
    names = [f"m{n}" for n in range(12)]
    terminal.file("lab.py", CODE.replace('["det", "det.val"]', str(names)))
    shown = " ".join(terminal("plans", "show", "count", *LAB).split())
    assert "and 4 more" in shown
    assert f"Detectors, 12 devices: {', '.join(sorted(names))}" in shown


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([*LAB, "--lists", "a"], "--startup-script and --lists exclude each other."),
        ([*LAB, "--group", "users"], "--permissions and --group go together."),
        ([*LAB, *USERS[:2]], "--permissions and --group go together."),
        (["--compat"], "--compat and --without-hardware are for startup code"),
        (["--without-hardware"], "--compat and --without-hardware are for startup"),
    ],
)
def test_options_that_do_not_go_together_are_refused(terminal, args, words):
    for command in (["plans", "list"], ["plans", "show", "x"], ["devices", "list"]):
        result = terminal.call(*command, *args)
        assert result.exit_code == 2
        assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--lists", "none.yaml"], "none.yaml: it cannot be read"),
        (["--lists", "permissions.yaml"], "neither 'existing_plans' nor"),
        ([*LAB, "--permissions", "no.yaml", "--group", "users"], "no.yaml: it cannot"),
        ([*LAB, "--permissions", "lab.py", "--group", "users"], "lab.py"),
    ],
)
def test_what_is_wrong_with_files_is_told(terminal, args, words):
    for command in (["plans", "list"], ["plans", "show", "x"], ["devices", "list"]):
        result = terminal.call(*command, *args)
        assert isinstance(result.exception, ConfigError)
        assert words in str(result.exception)


def test_schema_and_description_are_one_or_the_other(terminal):
    result = terminal.call("plans", "show", "count", "--schema", "--json", *LAB)
    assert result.exit_code == 2
    assert "--schema and --json exclude each other" in result.stderr
