"""The file of plans and devices: the same bytes always, JSON that is YAML, or told."""

import math
import os
from typing import Any

import orjson
import pytest
import yaml
from kit import soon

from lapwing import parameter_annotation_decorator
from lapwing.annotation.export import (
    LONGEST_KEY,
    decode_lists,
    encode_lists,
    read_lists,
    write_lists,
)
from lapwing.annotation.lists import (
    ExistingLists,
    describe_devices,
    describe_namespace,
)
from lapwing.annotation.prepare import Namespace
from lapwing.errors import ConfigError, DataError, DataPathError, PlanArgumentError


class Part:
    """A device with parts, as Lapwing's are: attributes whose parent it is."""

    def __init__(self, parent=None, parts=0):
        self.parent = parent
        for n in range(parts):
            setattr(self, f"p{n}", Part(self))

    def read(self):
        raise AssertionError("a list reads nothing")

    describe = read


class Lazy:
    """A device of ophyd's kind, whose parts are not made before they are used."""

    component_names = ("a",)

    class a:  # noqa: N801 - as a component gives the class that it will make
        cls = Part

    def __getattr__(self, name):
        raise AssertionError(f"{name} was made")


@parameter_annotation_decorator(
    {"parameters": {"x": {"annotation": "D", "devices": {"D": [":^d:?.*"]}}}}
)
def good(x, n: int = 5):
    """Does good."""
    yield x, n


def bad(x=object):
    yield x


@parameter_annotation_decorator({"parameters": {"x": {"annotation": "Nothing"}}})
def worse(x):
    yield x


# ------------------------------------------------------------------ the lists


def test_plans_and_devices_are_described():
    found = describe_namespace(Namespace({"d": Part(parts=2)}, {"good": good}))
    part = {
        "classname": "Part",
        "module": __name__,
        "is_readable": True,
        "is_movable": False,
        "is_flyable": False,
    }
    assert found.devices == {"d": {**part, "components": {"p0": part, "p1": part}}}
    (x, n) = found.plans["good"]["parameters"]
    assert x["annotation"]["devices"] == {"D": ["d", "d.p0", "d.p1"]}
    assert n["default"] == "5"


def test_a_depth_leaves_deeper_parts_out_of_devices_and_of_the_lists_of_plans():
    namespace = Namespace({"d": Part(parts=2)}, {"good": good})
    found = describe_namespace(namespace, max_depth=1)
    assert "components" not in found.devices["d"]
    assert found.plans["good"]["parameters"][0]["annotation"]["devices"] == {"D": ["d"]}
    own = describe_namespace(namespace, max_depth=1, depths={"d": 0})
    assert list(own.devices["d"]["components"]) == ["p0", "p1"]


def test_no_part_is_made_for_a_list():
    assert list(describe_devices({"d": Lazy()})["d"]["components"]) == ["a"]


def test_area_detectors_of_ophyd_show_their_parts_only_if_registered():
    base = type("ADBase", (Lazy,), {"__module__": "ophyd.areadetector.base"})
    camera = type("Camera", (base,), {})()
    assert "components" not in describe_devices({"d": camera})["d"]
    assert "components" in describe_devices({"d": camera}, depths={"d": 0})["d"]


def test_a_hundred_thousand_parts_take_less_than_a_second():
    device = Part()
    for n in range(300):
        setattr(device, f"q{n}", Part(device, parts=333))
    with soon(1):
        found = describe_devices({"d": device})
    assert sum(len(one["components"]) for one in found["d"]["components"].values()) > (
        99_000
    )


def test_parts_without_end_are_told():
    class Circle:
        def children(self):
            return [("a", self), ("b", self)]

    with pytest.raises(PlanArgumentError, match="device 'd' has more than 250000"):
        describe_devices({"d": Circle()})


def test_all_faulty_plans_are_told_at_once_with_file_and_line():
    namespace = Namespace({}, {"good": good, "worse": worse, "bad": bad})
    with pytest.raises(PlanArgumentError, match="2 plans cannot be listed") as caught:
        describe_namespace(namespace)
    message = str(caught.value)
    assert list(caught.value.context["plans"]) == ["bad", "worse"]
    for plan in (bad, worse):
        line = plan.__code__.co_firstlineno
        assert f"plan {plan.__name__!r} ({__file__}, line {line})" in message
    assert "ignore invalid plans" in message


def test_faulty_plans_are_left_out_and_returned_if_asked():
    namespace = Namespace({"d": Part()}, {"good": good, "bad": bad})
    found = describe_namespace(namespace, ignore_invalid_plans=True)
    assert list(found.plans) == ["good"]
    assert list(found.invalid) == ["bad"]


def test_what_no_file_can_hold_is_told_with_its_plan():
    def half():
        yield

    half.__doc__ = "Half of a character: \ud800."
    with pytest.raises(PlanArgumentError, match=r"plan 'half' \(.*, line \d+\)"):
        describe_namespace(Namespace({}, {"half": half}))


# ------------------------------------------------------------------ the file


TEXTS = [
    "",
    "plain",
    'it\'s "quoted" \\ back / slash',
    "tab\t line\n return\r bell\a null\0 del\x7f c1\x80\x9f nel\x85",
    "é µ ✓ 漢字 😀 \u2028 \u2029 \ufeff \ufffe \uffff \U0010ffff",
    "x" * 50_000,
    " leading and trailing ",
    "# no comment",
    "a: b, c - d ? & * ! | > % @ ` {} []",
    "1e16",
    '"a": 1e16',
    "null",
    "<<",
    "2026-11-21",
]
NUMBERS = [0, -1, 10**18, 0.1, 1e16, -1e-7, 1.5e300, 1e22, True, False, None]


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.FullLoader, yaml.CSafeLoader])
def test_yaml_reads_back_what_was_written(loader):
    described = {text: {"text": text} for text in TEXTS if len(text) <= LONGEST_KEY}
    described["all"] = {"texts": TEXTS, "numbers": NUMBERS, "one": 1e16, "empty": {}}
    lists = ExistingLists(described, {"\x80" * LONGEST_KEY: {"components": {}}})
    content = encode_lists(lists)
    found = yaml.load(content, Loader=loader)
    assert found == {"existing_plans": lists.plans, "existing_devices": lists.devices}
    assert repr(found["existing_plans"]["all"]["numbers"]) == repr(NUMBERS)
    assert decode_lists(content) == lists


def test_the_body_is_json_below_a_line_of_comment():
    content = encode_lists(ExistingLists({"p": {"name": "p"}}, {}))
    comment, _, body = content.partition(b"\n")
    assert comment.startswith(b"# ")
    assert orjson.loads(body) == {
        "existing_plans": {"p": {"name": "p"}},
        "existing_devices": {},
    }


def test_the_bytes_are_the_same_in_whatever_order():
    ways = [{"b": {"x": 1, "a": 2}, "a": {}}, {"a": {}, "b": {"a": 2, "x": 1}}]
    one, other = (encode_lists(ExistingLists(way, way)) for way in ways)
    assert one == other


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"n": math.nan}, r"\['p'\]\['n'\] is nan"),
        ({"n": [1, -math.inf]}, r"\['p'\]\['n'\]\[1\] is -inf"),
        ({"n": "\ud800"}, "cannot be written"),
        ({"x" * (LONGEST_KEY + 1): 1}, "160 characters at most"),
        ({1: 1}, "it must be a text"),
        ({"n": object()}, "cannot be written"),
    ],
)
def test_what_would_be_read_back_otherwise_is_refused(described, words):
    with pytest.raises(DataError, match=words):
        encode_lists(ExistingLists({"p": described}, {}))


def test_the_file_is_written_only_if_it_says_something_else(tmp_path):
    path = tmp_path / "lists.yaml"
    lists = ExistingLists({"p": {"name": "p"}}, {})
    assert write_lists(path, lists)
    os.utime(path, (1, 1))
    assert not write_lists(path, lists)
    assert path.stat().st_mtime == 1
    assert write_lists(path, ExistingLists({}, {}))
    assert read_lists(path) == ExistingLists({}, {})
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_behind_a_link_is_written_and_the_link_stays(tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "real.yaml")
    write_lists(link, ExistingLists({}, {}))
    assert link.is_symlink()
    assert (tmp_path / "real.yaml").is_file()


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "lists.yaml"
    write_lists(path, ExistingLists({}, {}))
    before = path.read_bytes()

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataPathError, match="No space left"):
        write_lists(path, ExistingLists({"p": {}}, {}))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataPathError, match=r"cannot be written to .*nowhere"):
        write_lists(tmp_path / "nowhere" / "lists.yaml", ExistingLists())


def test_yaml_of_others_is_read():
    lists = {
        "existing_plans": {"p": {"name": "p", "parameters": []}},
        "existing_devices": {"d": {"is_readable": True}},
    }
    content = b"# A comment\n" + yaml.dump(lists).encode()
    assert decode_lists(content) == ExistingLists(*lists.values())
    assert decode_lists(b"existing_plans: {}\nexisting_devices:\n") == ExistingLists()


def test_long_yaml_of_short_names_is_read():
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    part = {"module": "m", "classname": "C", "is_movable": True}
    devices = {f"d{n}": {**part, "components": {"a": part}} for n in range(3000)}
    plans = {"p": {"names": [f"d{n}" for n in range(3000)]}}
    lists = {"existing_plans": plans, "existing_devices": devices}
    for flow in (None, False, True):
        content = yaml.dump(lists, Dumper=dumper, default_flow_style=flow)
        assert decode_lists(content.encode()) == ExistingLists(plans, devices)


def test_what_dicts_share_is_brought_in_as_yaml_has_it():
    devices = (
        b"existing_devices:\n"
        b"  m1: &m {module: lab, is_movable: true}\n"
        b"  m2: {<<: *m, classname: Motor, module: other}\n"
        b"  m3: {<<: [*m, {module: not, classname: Motor}]}\n"
        b"  m4: &n {<<: *n, classname: Motor}\n"
    )
    assert decode_lists(devices).devices == {
        "m1": {"module": "lab", "is_movable": True},
        "m2": {"module": "other", "is_movable": True, "classname": "Motor"},
        "m3": {"module": "lab", "is_movable": True, "classname": "Motor"},
        "m4": {"classname": "Motor"},
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"# only a comment", "is empty"),
        (b"[1, 2]", "not plans and devices"),
        (b"some: thing", "neither 'existing_plans' nor"),
        (b"existing_plans: 5", "'existing_plans' is 5; it must be a dict"),
        (b"existing_plans: {p: 5}", r"existing_plans\['p'\] is not described"),
        (b"existing_devices: {1: {}}", r"existing_devices\[1\] is not described"),
        (b"a: b\nc: [\n", "line 3: it is no YAML"),
        (b"a: \xff\xfe\xff", "it is no YAML"),
        (b"a: 1\nb: !!python/object/apply:os.getcwd []", "line 2: a tag"),
        (b"a: !!bool x", "line 1: a tag"),
        (b"a: 2026-99-99", "it is no YAML"),
        (b"[" * 1_000_000, "it is too deep"),
        (b"- " * 500_000, "it is too deep"),
        (b"existing_plans: {a: [" + b"b," * 100_000 + b"]}", "far too many values"),
        (b"existing_devices:\n" + b" a: {b: {c: d}}\n" * 9000, "line 2501: .* far too"),
        (b"existing_plans: &a {p: *a}", "its aliases stand for far too much"),
        (
            b"a0: &a0 [x]\n"
            + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 300)),
            "its aliases stand for far too much",
        ),
        (
            b"a0: &a0 [x]\n"
            + b"".join(
                b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10))
                for n in range(1, 12)
            ),
            "its aliases stand for far too much",
        ),
        (
            b"a0: &a0 {x: 1, y: 2}\n"
            + b"".join(
                b"a%d: &a%d {<<: [%s]}\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10))
                for n in range(1, 25)
            ),
            "line 6: it is no YAML: its '<<' stand for far too much",
        ),
        (b"a: 1" + b":1" * 100_000, "line 1: it is no YAML: a number has 200001 char"),
    ],
)
def test_what_is_no_list_is_an_error_with_its_place_and_soon(content, words):
    with soon(0.1), pytest.raises(ConfigError, match=words) as caught:
        decode_lists(content, "lists.yaml")
    assert str(caught.value).startswith("lists.yaml")
    assert caught.value.context["file"] == "lists.yaml"


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: it cannot be read"):
        read_lists(tmp_path / "none.yaml")
