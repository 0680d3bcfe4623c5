"""What becomes of names in arguments: the same objects as bluesky-queueserver makes."""

import random
from inspect import Parameter, Signature, _ParameterKind
from typing import Any

import pytest
from bluesky_queueserver.manager import profile_ops
from compat.annotation_calls import DEVICES, a_call, a_signature

from lapwing.annotation import Namespace, prepare_plan
from lapwing.errors import PlanArgumentError

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs are many


class Device:
    def __init__(self, name: str):
        self.name = name


def count():
    yield


OBJECTS = {name: Device(name) for name in DEVICES}
for device in OBJECTS.values():
    device.val = Device(f"{device.name}.val")


def a_plan(parameters: list[dict[str, Any]]) -> Any:
    """Return a function with these parameters."""

    def p(*args, **kwargs):
        yield args, kwargs

    p.__signature__ = Signature(
        [
            Parameter(
                one["name"],
                _ParameterKind(one["kind"]["value"]),
                default=0 if "default" in one else Parameter.empty,
            )
            for one in parameters
        ]
    )
    return p


def with_conversions(dice: random.Random, parameters: list[dict[str, Any]]) -> Any:
    for one in parameters:
        for key in ("convert_plan_names", "convert_device_names"):
            if dice.random() < 0.15:
                one[key] = dice.random() < 0.5
        if "__DEVICE__" in one.get("annotation", {}).get("type", ""):
            one.setdefault("convert_device_names", True)  # as lists say it
    return parameters


def as_lists(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [as_lists(one) for one in value]
    if isinstance(value, dict):
        return {key: as_lists(one) for key, one in value.items()}
    return value


def bound(plan: Any, args: Any, kwargs: Any) -> Any:
    return as_lists(plan.__signature__.bind(*args, **kwargs).arguments)


def made_by_them(plan: Any, submitted: dict[str, Any], plans: dict[str, Any]) -> Any:
    functions = {"p": plan, "count": count}
    try:
        made = profile_ops.prepare_plan(
            {**submitted, "user_group": "all"},
            plans_in_nspace=functions,
            devices_in_nspace=OBJECTS,
            allowed_plans={"all": plans},
            allowed_devices={"all": DEVICES},
            nspace={**OBJECTS, **functions},
        )
    except RuntimeError:
        return None
    return bound(plan, made["args"], made["kwargs"])


def made_by_us(plan: Any, submitted: dict[str, Any], plans: dict[str, Any]) -> Any:
    try:
        made = prepare_plan(
            submitted,
            namespace=Namespace(OBJECTS, {"p": plan, "count": count}),
            allowed_plans=plans,
            allowed_devices=DEVICES,
        )
    except PlanArgumentError:
        return None
    return bound(plan, made.args, made.kwargs)


def test_names_in_generated_calls_become_the_same_objects():
    dice = random.Random(7)
    made = 0
    for _ in range(400):
        parameters = with_conversions(dice, a_signature(dice))
        plan = a_plan(parameters)
        described = {"name": "p", "parameters": parameters}
        plans = {"p": described, "count": {"name": "count", "parameters": []}}
        for one in plans.values():
            one["properties"] = {"is_generator": True}
        for _ in range(3):
            submitted = a_call(dice, parameters)
            ours = made_by_us(plan, submitted, plans)
            assert ours == made_by_them(plan, submitted, plans)
            made += ours is not None
    assert made > 300
