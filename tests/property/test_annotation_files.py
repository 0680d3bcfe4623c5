"""Whatever stands in a file of lists or permissions: an answer, or our error."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.annotation.export import decode_lists, encode_lists
from lapwing.annotation.forms import plan_schema
from lapwing.annotation.lists import ExistingLists
from lapwing.annotation.permissions import Permissions, read_permissions
from lapwing.errors import ConfigError, PlanArgumentError

SCRAPS = (
    "user_groups: root: allowed_plans: forbidden_devices: existing_plans: null - [ ] "
    "{ } , : & * a !!python/object:x !!set <<: ' \" # | > ? % @ 1e5 .inf ~ yes --- ..."
)
scraps = st.lists(
    st.sampled_from([*SCRAPS.split(), " ", "\n", "\n  ", "\n    ", "\t", "\x00", "é"])
)
texts = scraps.map("".join) | st.text(max_size=60)
contents = texts.map(str.encode) | st.binary(max_size=60)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | names
    # YAML reads the nearest float, but so small a one with another last digit.
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=8,
)
described = st.dictionaries(names, st.dictionaries(names, values), max_size=3)
items = st.none() | st.integers() | st.text(":?+-^a.b_MOTR depth=1()*", max_size=12)
groups = st.dictionaries(
    st.sampled_from(["allowed_plans", "forbidden_devices", "allowed_functions", "x"]),
    st.lists(items, max_size=3) | items,
)
permissions = st.fixed_dictionaries(
    {"user_groups": st.dictionaries(st.sampled_from(["root", "users", "é"]), groups)}
)
MANY = settings(max_examples=120)


@MANY
@given(described, described)
def test_lists_come_back_from_json_and_from_yaml(plans, devices):
    lists = ExistingLists(plans, devices)
    content = encode_lists(lists)
    assert decode_lists(content) == lists
    found = yaml.safe_load(content)
    assert found == {"existing_plans": plans, "existing_devices": devices}
    assert encode_lists(ExistingLists(*map(dict, (plans, devices)))) == content


def read_anything(content: bytes) -> None:
    with suppress(ConfigError):
        found = decode_lists(content)
        orjson.dumps([sorted(found.plans), sorted(found.devices)])
    with TemporaryDirectory() as directory:
        path = Path(directory) / "permissions.yaml"
        path.write_bytes(content)
        with suppress(ConfigError):
            assert "root" in read_permissions(path).groups


@MANY
@given(contents)
def test_a_file_of_anything_is_an_answer_or_our_error(content):
    read_anything(content)


@pytest.mark.soak
@pytest.mark.timeout(600)
@settings(max_examples=8_000)
@given(contents)
def test_many_more_files_of_anything(content):
    read_anything(content)


ALL = {"allowed_plans": [None], "allowed_devices": [":?.*"]}
HALF = {"allowed_plans": [":a"], "allowed_devices": [None], "forbidden_devices": [":a"]}
keys = st.sampled_from(
    ["components", "parameters", "annotation", "devices", "excluded"]
)
hostile = st.dictionaries(
    names,
    st.recursive(
        values,
        lambda inner: st.dictionaries(keys, st.lists(inner, max_size=2) | inner),
        max_leaves=6,
    ),
)


@MANY
@given(hostile, hostile)
def test_lists_of_anything_can_be_filtered_and_shown(plans, devices):
    held = Permissions.from_dict({"user_groups": {"root": ALL, "users": HALF}})
    for group in held.groups:
        lists = held.allowed_lists(plans, devices, group)
        assert set(lists.plans) <= set(plans)
        assert set(lists.devices) <= set(devices)
        for described in lists.plans.values():
            with suppress(PlanArgumentError):
                allowed = {"allowed_plans": plans, "allowed_devices": devices}
                assert "properties" in plan_schema(described, **allowed)


@MANY
@given(permissions | values)
def test_permissions_of_anything_are_an_answer_or_our_error(content):
    try:
        found = Permissions.from_dict(content)
    except ConfigError:
        return
    plans = {"ab": {"parameters": []}, "_a": {}}
    devices = {"a": {"components": {"b": {}}}, "MOT": {"is_movable": True}}
    for group in found.groups:
        lists = found.allowed_lists(plans, devices, group)
        assert set(lists.plans) <= set(plans)
        assert set(lists.devices) <= set(devices)
        assert isinstance(found.is_function_allowed("a.b", group), bool)
