"""What each group may use and sees, and what is wrong with a file of permissions."""

import copy
from contextlib import suppress

import pytest
from kit import soon

from lapwing.annotation import validate_plan
from lapwing.annotation.permissions import Permissions, read_permissions
from lapwing.errors import AccessError, ConfigError


def device(readable=True, movable=False, flyable=False, **components):
    described = {
        "classname": "C",
        "module": "m",
        "is_readable": readable,
        "is_movable": movable,
        "is_flyable": flyable,
    }
    return {**described, "components": components} if components else described


def plan(name, **lists):
    annotation = {"type": "T", **{key: {"T": names} for key, names in lists.items()}}
    kind = {"name": "POSITIONAL_OR_KEYWORD", "value": 1}
    parameter = {"name": "x", "kind": kind, "annotation": annotation}
    return {"name": name, "parameters": [parameter] if lists else []}


DEVICES = {
    "det1": device(val=device(), exp=device(movable=True)),
    "det2": device(val=device()),
    "motor": device(movable=True, readback=device(), setpoint=device(movable=True)),
    "stage": device(
        readable=False, x=device(movable=True, readback=device()), _y=device()
    ),
    "_hidden": device(),
}
PLANS = {
    "count": plan("count", devices=["det1", "det1.val", "det2", "gone"]),
    "move": plan("move", devices=["motor", "stage.x"]),
    "both": plan("both", plans=["count", "move"], enums=["count", "a"]),
    "_secret": plan("_secret"),
}
ALL = {f"allowed_{kind}": [None] for kind in ("plans", "devices", "functions")}


def permissions(group, root=ALL):
    return Permissions.from_dict({"user_groups": {"root": root, "users": group}})


def allowed(group, root=ALL):
    return permissions(group, root).allowed_lists(PLANS, DEVICES, "users")


def names(devices, prefix=""):
    """Return the dotted names of what may be used."""
    found = []
    for name, described in devices.items():
        found += [] if described.get("excluded") else [prefix + name]
        found += names(described.get("components", {}), f"{prefix}{name}.")
    return sorted(found)


# ------------------------------------------------------------------ the lists


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({}, []),
        ({"allowed_plans": []}, []),
        ({"allowed_plans": [None]}, ["_secret", "both", "count", "move"]),
        ({"allowed_plans": [None, "no.matter"]}, None),
        ({"allowed_plans": ["move", "gone"]}, ["move"]),
        ({"allowed_plans": [":^_", ":t$"]}, ["_secret", "count"]),
        ({"allowed_plans": ["mov"]}, []),
        ({"allowed_plans": [":o"], "forbidden_plans": [None]}, "bcm"),
        ({"allowed_plans": [":o"], "forbidden_plans": []}, "bcm"),
        ({"allowed_plans": [":o"], "forbidden_plans": [None, "move"]}, "bcm"),
        ({"allowed_plans": [":o"], "forbidden_plans": ["move"]}, ["both", "count"]),
        ({"allowed_plans": [":o"], "forbidden_plans": [":^.o"]}, []),
        ({"allowed_plans": [":?o"]}, "bcm"),
    ],
)
def test_plans_are_allowed_by_names_patterns_and_null(group, expected):
    if expected is None:
        with pytest.raises(ConfigError, match="a plan has no parts"):
            allowed(group)
        return
    known = {"bcm": ["both", "count", "move"]}
    expected = known[expected] if isinstance(expected, str) else expected
    assert sorted(allowed(group).plans) == expected


@pytest.mark.parametrize(
    ("may", "may_not", "expected"),
    [
        ([], [], []),
        (["det1"], [], ["det1"]),
        (["det1.val"], [], ["det1.val"]),
        (["det1.none", "none.val"], [], []),
        ([":^det"], [], ["det1", "det2"]),
        ([":^det:?.*"], [], ["det1", "det1.exp", "det1.val", "det2", "det2.val"]),
        ([":^det:-.:x"], [], ["det1", "det2"]),
        ([":-^det:^val$"], [], ["det1.val", "det2.val"]),
        ([":^det:?.*"], [":^det2"], ["det1", "det1.exp", "det1.val", "det2.val"]),
        ([":^det:?.*"], [":?^det2"], ["det1", "det1.exp", "det1.val"]),
        ([":^det:?.*"], ["det1", "det1.exp", "det2.val"], ["det1.val", "det2"]),
        (["__MOTOR__:?.*"], [], ["det1.exp", "motor", "motor.setpoint", "stage.x"]),
        (["__DETECTOR__:.*"], [], ["_hidden", "det1", "det2"]),
        ([":?.*:depth=1"], [":^_"], ["det1", "det2", "motor", "stage"]),
        ([":^stage:?.*"], [], ["stage", "stage._y", "stage.x", "stage.x.readback"]),
        ([None], [":?.*:depth=2"], ["stage.x.readback"]),
    ],
)
def test_devices_and_their_parts_are_allowed_each_for_itself(may, may_not, expected):
    group = {"allowed_devices": may, "forbidden_devices": may_not}
    before = copy.deepcopy(DEVICES)
    assert names(allowed(group).devices) == expected
    assert before == DEVICES


def test_what_is_there_only_for_its_parts_is_marked_and_bare_branches_are_cut():
    found = allowed({"allowed_devices": ["stage.x.readback"]}).devices
    x = {**DEVICES["stage"]["components"]["x"], "excluded": True}
    assert found == {
        "stage": {**DEVICES["stage"], "components": {"x": x}, "excluded": True}
    }


def test_root_comes_first_and_what_it_excludes_no_group_gets_back():
    root = {**ALL, "forbidden_devices": ["stage"], "forbidden_plans": [":^_"]}
    root["allowed_functions"] = [":^f"]
    group = {**ALL}
    found = allowed(group, root)
    assert "stage" not in names(found.devices)
    assert found.devices["stage"]["excluded"] is True
    assert "_secret" not in found.plans
    both = permissions({"allowed_functions": [":g"]}, root)
    assert both.is_function_allowed("fg", "users")
    assert not both.is_function_allowed("f", "users")
    assert not both.is_function_allowed("g", "users")
    assert both.is_function_allowed("f", "root")


def test_a_root_without_lists_allows_nothing_to_anyone():
    found = allowed(ALL, {})
    assert (found.plans, found.devices) == ({}, {})


def test_lists_of_names_in_plans_hold_only_what_is_allowed():
    found = allowed(
        {
            "allowed_plans": ["count", "both"],
            "allowed_devices": ["det1.val", "det2"],
        }
    ).plans
    (x,) = found["count"]["parameters"]
    assert x["annotation"]["devices"] == {"T": ["det1.val", "det2"]}
    (x,) = found["both"]["parameters"]
    assert x["annotation"]["plans"] == {"T": ["count"]}
    assert x["annotation"]["enums"] == {"T": ["count", "a"]}
    assert PLANS["count"]["parameters"][0]["annotation"]["devices"]["T"][-1] == "gone"


def test_what_is_downloaded_is_what_may_be_used():
    group = {"allowed_plans": ["count"], "allowed_devices": ["det1.val"]}
    lists = allowed(group)
    downloaded = {"allowed_plans": lists.plans, "allowed_devices": lists.devices}
    for name, may in (("det1.val", True), ("det1", False), ("det2", False)):
        item = {"name": "count", "args": [name]}
        assert validate_plan(item, **downloaded)[0] is may
        theirs = {"allowed_plans": lists.plans, "allowed_devices": None}
        assert validate_plan(item, **theirs)[0] is may


def test_nothing_is_copied_where_all_is_allowed():
    found = allowed(ALL)
    assert found.devices == DEVICES
    assert all(found.devices[name] is DEVICES[name] for name in DEVICES)


def test_functions_are_allowed_by_name_pattern_or_dotted_name():
    group = {
        "allowed_functions": ["clear", "tools.reset", ":^get_"],
        "forbidden_functions": [":secret$"],
    }
    may = permissions(group).is_function_allowed
    assert [
        name
        for name in ["clear", "clear2", "tools.reset", "reset", "get_a", "get_secret"]
        if may(name, "users")
    ] == ["clear", "tools.reset", "get_a"]
    assert not permissions({}).is_function_allowed("clear", "users")


def test_a_group_without_permissions_is_told_with_those_that_have():
    one = permissions({})
    assert one.groups == ["root", "users"]
    with pytest.raises(AccessError, match=r"'guests' has no .* 'root', 'users'"):
        one.is_function_allowed("f", "guests")
    with pytest.raises(AccessError, match="user group 'guests'"):
        one.allowed_lists(PLANS, DEVICES, "guests")


# ------------------------------------------------------------------ the file

FILE = """\
user_groups:
  root:
    allowed_plans: &all
      - null
    forbidden_plans:
      - ":^_"
    allowed_devices: *all
  users:
    allowed_plans:
      - ":^co"
"""


def read(tmp_path, text):
    path = tmp_path / "user_group_permissions.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_permissions(path)


def test_a_file_is_read(tmp_path):
    found = read(tmp_path, FILE)
    assert found.groups == ["root", "users"]
    assert list(found.allowed_lists(PLANS, DEVICES, "users").plans) == ["count"]
    assert list(found.allowed_lists(PLANS, DEVICES, "root").devices) == list(DEVICES)
    assert found.to_dict()["user_groups"]["users"] == {"allowed_plans": [":^co"]}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "it is empty"),
        ("[]", 1, "it must be a dict"),
        ("{}", 1, "'user_groups' is None; it must be a dict of groups"),
        ("user_groups: []", 1, "it must be a dict of groups"),
        ("user_groups: {}\nothers: 1", 2, "others: there is no such key; allowed are"),
        ("user_groups: {users: {}}", 1, "group 'root' is missing"),
        ("user_groups:\n  root:", 2, "user_groups.root: None stands there"),
        ("user_groups:\n  1: {}", 1, "group 1 must be named by a text"),
        (
            "user_groups:\n  root:\n    allowed_plan: []",
            3,
            r"user_groups.root.allowed_plan: there is no such key; allowed are al",
        ),
        (FILE + "    allowed_plans: []", 11, "'allowed_plans' is there a second time"),
        (
            FILE + "    allowed_devices: det1",
            11,
            "'det1' stands there; it must be a li",
        ),
        (FILE + "    allowed_devices:", 11, "None stands there; it must be a list"),
        (
            FILE + "    allowed_devices:\n    - a\n    - null",
            13,
            r"users.allowed_devices\[1\]: null may only stand first",
        ),
        (FILE + "    allowed_devices:\n    - 5", 12, "5 is no name; put it in quotes"),
        (FILE + "    allowed_devices: [yes]", 11, "True is no name"),
        (FILE + "    allowed_devices:\n    - ':('", 12, "is no regular expression"),
        (FILE + "    allowed_devices:\n    - ''", 12, "it is empty"),
        (FILE + "    forbidden_plans:\n    - 'a.b'", 12, "a plan has no parts"),
        (FILE + "    forbidden_plans:\n    - ':a:b'", 12, "a plan has no parts"),
        (FILE + "    forbidden_functions: [':(?=a)']", 11, "no regular expression"),
        (FILE + "    forbidden_functions: [':a:b']", 11, "a plan has no parts"),
        (FILE + "  users: {}", 11, "key 'users' is there a second time"),
        ("user_groups: {root: !!python/name:os.system x}", 1, "a tag"),
        ("user_groups: {root: [}", 1, "it is no YAML"),
        ("user_groups: &a {root: *a}", None, "its aliases stand for far too much"),
        (b"\xff\xfe\xff", None, "it is no YAML"),
        ("- []\n" * 300_000, 30000, "it has more than 20000 values"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path, text, line, words):
    with pytest.raises(ConfigError, match=words) as caught:
        read(tmp_path, text)
    assert caught.value.context["line"] == line
    path = str(tmp_path / "user_group_permissions.yaml")
    assert str(caught.value).startswith(f"{path}, line {line}: " if line else path)


def test_a_dict_without_a_file_is_told_by_its_place():
    with pytest.raises(ConfigError, match=r"^user group permissions: .*\.root\.plans"):
        Permissions.from_dict({"user_groups": {"root": {"plans": []}}})


def test_a_file_that_is_not_there_or_too_large_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: it cannot be read: No such"):
        read_permissions(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="it has more than 4 MB"):
        read(tmp_path, b"#" * (5 << 20))


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "(.*a){20}", "a{500}{500}", "x" * 2000]
)
def test_patterns_that_are_catastrophic_elsewhere_take_no_time(pattern):
    devices = {"a" * 100_000 + "!": device()}
    group = {"allowed_devices": [f":{pattern}"]}
    with soon(0.1), suppress(ConfigError):  # a pattern that is too large is refused
        permissions(group).allowed_lists({}, devices, "users")


def test_patterns_beyond_count_are_refused():
    group = {"allowed_plans": [f":{n}" for n in range(3000)]}
    with pytest.raises(ConfigError, match="there are over 2000 patterns"):
        permissions(group)
