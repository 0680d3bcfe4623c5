"""Our lists and permissions beside bluesky-queueserver's: the same, item by item.

Ours is stricter in what a file of permissions may hold: a faulty one is refused with
its line, where theirs goes on with all plans and devices for the group "root".
"""

import copy
import random
from pathlib import Path
from typing import Any

import bluesky_queueserver as queueserver
import pytest
import yaml
from bluesky_queueserver.manager import profile_ops

from lapwing.annotation.export import read_lists, write_lists
from lapwing.annotation.finding import find_in_namespace
from lapwing.annotation.lists import ExistingLists, describe_namespace
from lapwing.annotation.permissions import Permissions, read_permissions
from lapwing.annotation.registration import (
    RegisteredDevice,
    RegisteredPlan,
    Registrations,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs are many

PROFILE = Path(queueserver.__file__).parent / "profile_collection_sim"

MADE_UP = '''
import typing
from bluesky_queueserver import parameter_annotation_decorator
from bluesky_queueserver import register_device, register_plan
from ophyd import ADComponent, Component, Device, DynamicDeviceComponent, Signal
from ophyd import SimDetector
from ophyd.sim import SynAxis, SynSignal, det, motor
from ophyd_async.core import StandardReadable, soft_signal_rw

class Stage(Device):
    x = Component(SynAxis)
    y = Component(SynAxis)
    _z = Component(Signal, value=0)

class Table(Device):
    upper = Component(Stage)
    lower = Component(Stage)

class Async(StandardReadable):
    def __init__(self, name=""):
        with self.add_children_as_readables():
            self.exposure = soft_signal_rw(float)
        super().__init__(name)

stage = Stage("S:", name="stage")
table = Table("T:", name="table")
deep = Table("D:", name="deep")
hidden = Stage("H:", name="hidden")
camera = SimDetector("CAM:", name="camera")
open_camera = SimDetector("CAM2:", name="open_camera")
asynchronous = Async("asynchronous")
_private = Stage("P:", name="private")
register_device("deep", depth=2)
register_device("hidden", exclude=True)
register_device("open_camera", depth=2)
register_plan("kept_out", exclude=True)

def count(detectors: typing.List[str], num: int = 1):
    """Count.

    Parameters
    ----------
    num : int
        How often.
    """
    yield detectors, num

def kept_out():
    yield

@parameter_annotation_decorator({"parameters": {
    "axis": {"annotation": "Axes", "devices": {"Axes": ["__MOTOR__:?.*", "gone"]}},
    "inner": {"annotation": "Inner", "plans": {"Inner": [":^count", "_helper"]}},
    "mode": {"annotation": "M", "enums": {"M": ["a", "b"]}, "default": "a"},
}})
def walk(axis, inner, mode="b", *, step: float = 0.1):
    yield axis, inner, mode, step

@parameter_annotation_decorator({"parameters": {
    "what": {"annotation": "T", "devices": {"T": [":^s", ":-^table:^u:?x"]},
             "plans": {"T": ["walk"]}, "min": 0, "max": 1.5}}})
def _helper(what):
    yield what
'''


def registrations() -> Registrations:
    """Return what startup code has said to theirs."""
    said = profile_ops.reg_ns_items
    return Registrations(
        plans={
            name: RegisteredPlan(one["exclude"]) for name, one in said.reg_plans.items()
        },
        devices={
            name: RegisteredDevice(one["depth"], one["exclude"])
            for name, one in said.reg_devices.items()
        },
    )


def listed(namespace: dict[str, Any], **options: Any) -> tuple[ExistingLists, Any]:
    """Return our lists and theirs of the same startup code, already loaded."""
    plans, devices, *_ = profile_ops.existing_plans_and_devices_from_nspace(
        nspace=namespace, **options
    )
    said = registrations()
    found = find_in_namespace(namespace, said)
    ours = describe_namespace(found, depths=said.depths, **options)
    # A wrapped plan is called what it wraps, there.
    theirs = {name: {**one, "name": name} for name, one in plans.items()}
    return ours, ExistingLists(theirs, devices)


@pytest.fixture
def simulated(simulated_code) -> dict[str, Any]:
    profile_ops.reg_ns_items.clear()
    return simulated_code


@pytest.fixture(scope="module")
def simulated_code() -> dict[str, Any]:
    return profile_ops.load_profile_collection(str(PROFILE))


@pytest.fixture
def made_up(tmp_path) -> Any:
    script = tmp_path / "startup.py"
    script.write_text(MADE_UP)
    profile_ops.reg_ns_items.clear()
    yield profile_ops.load_startup_script(str(script))
    profile_ops.reg_ns_items.clear()


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_simulated_profile_is_listed_alike(simulated, depth):
    ours, theirs = listed(simulated, max_depth=depth)
    assert len(ours.plans) > 30
    assert ours == theirs


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_profile_with_everything_in_it_is_listed_alike(made_up, depth):
    ours, theirs = listed(made_up, max_depth=depth)
    assert list(ours.plans) == ["_helper", "count", "walk"]
    assert ours == theirs


def test_each_reads_the_file_of_the_other(simulated, tmp_path):
    ours, theirs = listed(simulated)
    write_lists(tmp_path / "ours.yaml", ours)
    found = profile_ops.load_existing_plans_and_devices(str(tmp_path / "ours.yaml"))
    assert found == (theirs.plans, theirs.devices)
    profile_ops.save_existing_plans_and_devices(
        existing_plans=theirs.plans,
        existing_devices=theirs.devices,
        file_dir=str(tmp_path),
        file_name="theirs.yaml",
    )
    assert read_lists(tmp_path / "theirs.yaml") == ours


# ------------------------------------------------------------------ permissions


def allowed_alike(content: dict[str, Any], lists: ExistingLists) -> None:
    """Compare what each group may use; lists are left alone."""
    before = copy.deepcopy(lists)
    plans, devices = profile_ops.load_allowed_plans_and_devices(
        existing_plans=lists.plans,
        existing_devices=lists.devices,
        user_group_permissions=content,
    )
    permissions = Permissions.from_dict(content)
    assert set(plans) == set(permissions.groups), "theirs has failed"
    for group in permissions.groups:
        ours = permissions.allowed_lists(lists.plans, lists.devices, group)
        assert ours.plans == plans[group]
        assert ours.devices == devices[group]
    for group in permissions.groups:
        for name in ("f", "_f", "function_sleep", "unit_test1", "elements", "count"):
            theirs = profile_ops.check_if_function_allowed(
                name, group_name=group, user_group_permissions=content
            )
            assert permissions.is_function_allowed(name, group) == theirs
    assert lists == before


def test_the_simulated_profiles_own_permissions_give_the_same(simulated):
    _, theirs = listed(simulated)
    file = PROFILE / "user_group_permissions.yaml"
    allowed_alike(yaml.safe_load(file.read_text()), theirs)
    assert read_permissions(file).groups == ["root", "primary", "test_user"]


DEVICES = ["stage", "stage.x", "table.upper.x", "det1", "det.val", "gone", "gone.x"]
DEVICES += [":?.*", ":^_", ":^_:?.*", ":?.*:depth=1", ":?x$:depth=3", ":^s:?.*"]
DEVICES += [":-^table:+^u:?.*", ":^table:-.:^x$", "__MOTOR__:?.*", "__DETECTOR__:.*"]
DEVICES += ["__READABLE__:?x", "__FLYABLE__:.*", ":e:e:e", ":^det[3-5]$:?.*", ":t:?r"]
PLANS = ["count", "walk", "scan", "gone", ":.*", ":^_", ":^count", ":n$", ":?a", ":-w"]
FUNCTIONS = ["f", "function_sleep", ":^_", ":^unit_test", ":element$", ":s$", ":.*"]


def some_permissions(dice: random.Random) -> dict[str, Any]:
    def items(of: list[str]) -> list[str | None]:
        found: list[str | None] = list(dice.sample(of, dice.randrange(4)))
        return [None, *found[:1]] if dice.random() < 0.3 else found

    def group() -> dict[str, Any]:
        return {
            f"{verb}_{kind}": items(of)
            for kind, of in (
                ("plans", PLANS),
                ("devices", DEVICES),
                ("functions", FUNCTIONS),
            )
            for verb in ("allowed", "forbidden")
            if dice.random() < 0.85
        }

    everything = {f"allowed_{kind}": [None] for kind in ("plans", "devices")}
    root = everything if dice.random() < 0.4 else group()
    return {"user_groups": {"root": root, "one": group(), "two": group()}}


@pytest.mark.parametrize("profile", ["simulated", "made_up"])
def test_made_up_permissions_give_the_same(profile, request):
    _, theirs = listed(request.getfixturevalue(profile))
    dice = random.Random(8)
    for _ in range(40):
        allowed_alike(some_permissions(dice), theirs)
