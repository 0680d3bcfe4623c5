"""Our lists of plans beside bluesky-queueserver's: the same descriptions and names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bluesky_queueserver as queueserver
import pytest
import yaml
from bluesky_queueserver.manager import profile_ops

from lapwing import parameter_annotation_decorator
from lapwing.annotation import read_plan
from lapwing.annotation.description import plan_from_dict, plan_to_dict
from lapwing.annotation.names import select_devices, select_plans
from lapwing.annotation.trees import described_trees, live_trees

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs are many


PROFILE = Path(queueserver.__file__).parent / "profile_collection_sim"


@dataclass
class Profile:
    plans: dict[str, Any]
    devices: dict[str, Any]
    described_plans: dict[str, Any]
    described_devices: dict[str, Any]


@pytest.fixture(scope="module")
def profile() -> Profile:
    """Load the simulated profile that comes with the queue server, as it does."""
    namespace = profile_ops.load_profile_collection(str(PROFILE))
    found = profile_ops.existing_plans_and_devices_from_nspace(nspace=namespace)
    return Profile(
        profile_ops.plans_from_nspace(namespace),
        profile_ops.devices_from_nspace(namespace),
        *found[:2],
    )


@pytest.mark.parametrize("source", ["descriptions", "devices"])
def test_each_plan_of_the_simulated_profile_is_described_alike(profile, source):
    described = described_trees(profile.described_devices)
    trees = described if source == "descriptions" else live_trees(profile.devices)
    assert len(profile.plans) > 30
    for name, func in profile.plans.items():
        model = read_plan(
            func,
            name,
            expand_devices=lambda items: select_devices(items, trees),
            expand_plans=lambda items: select_plans(items, profile.plans),
        )
        # A wrapped plan is called what it wraps, there.
        theirs = {**profile.described_plans[name], "name": name}
        assert plan_to_dict(model) == theirs


def test_the_published_list_is_read_and_written_without_a_loss():
    file = PROFILE / "existing_plans_and_devices.yaml"
    listed = yaml.safe_load(file.read_text(encoding="utf-8"))["existing_plans"]
    assert len(listed) > 30
    for described in listed.values():
        assert plan_to_dict(plan_from_dict(described)) == described


@pytest.mark.parametrize(
    "pattern",
    [
        ":?.*:depth=6",
        ":^sim:^mt:^x$",
        ":-^sim:-^mt:-.",
        ":^sim_bundle_A$:?det",
        ":+^sim_bundle:?.*$:depth=2",
        "__DETECTOR__:?.*",
        "__MOTOR__:?.*",
        "__READABLE__:.*:.*",
        "__FLYABLE__:?.*",
        ":^det.$:^val$",
        ":nothing",
    ],
)
def test_patterns_find_the_same_devices(profile, pattern):
    def plan(x):
        yield x

    own = {"annotation": "T", "devices": {"T": ["det", pattern, "no.such"]}}
    plan = queueserver.parameter_annotation_decorator({"parameters": {"x": own}})(plan)
    (theirs,) = profile_ops._process_plan(
        plan, existing_devices=profile.described_devices, existing_plans={}
    )["parameters"]
    expected = theirs["annotation"]["devices"]["T"]
    for trees in (
        described_trees(profile.described_devices),
        live_trees(profile.devices),
    ):
        found = select_devices(own["devices"]["T"], trees)
        assert found == expected


def test_their_decorator_is_understood_and_ours_is_by_them():
    annotation = {"parameters": {"x": {"annotation": "int", "min": 1}}}

    def plan(x):
        yield x

    theirs = queueserver.parameter_annotation_decorator(annotation)(plan)
    described = plan_to_dict(read_plan(theirs))
    assert described == profile_ops._process_plan(
        theirs, existing_devices={}, existing_plans={}
    )

    def other(x):
        yield x

    ours = parameter_annotation_decorator(annotation)(other)
    assert (
        described["parameters"]
        == (profile_ops._process_plan(ours, existing_devices={}, existing_plans={}))[
            "parameters"
        ]
    )
