"""The stand-in for the queue server's package: descriptions, lists and other names."""

import json
from inspect import Parameter

import pytest

from lapwing import annotation
from lapwing.annotation import registration
from lapwing.annotation.startup_shell import global_user_namespace
from lapwing.compat import bluesky_queueserver as ours
from lapwing.compat.bluesky_queueserver.manager import (
    annotation_decorator,
    profile_ops,
    profile_tools,
)
from lapwing.errors import ConfigError, DataExistsError, PlanArgumentError

PLAN = {
    "name": "move",
    "description": "Move.\nThen <count>.",
    "parameters": [
        {
            "name": "motors",
            "kind": {"name": "POSITIONAL_OR_KEYWORD", "value": 1},
            "annotation": {
                "type": "typing.List[Motors]",
                "devices": {"Motors": ["m1", "m2"]},
            },
        },
        {
            "name": "to",
            "kind": {"name": "KEYWORD_ONLY", "value": 3},
            "description": "Where to.",
            "annotation": {"type": "float"},
            "default": "1.5",
            "min": "0",
            "max": "10",
        },
        {"name": "more", "kind": {"name": "VAR_KEYWORD", "value": 4}},
    ],
}
STARTUP = """
from lapwing.annotation.registration import register_device, register_plan
from lapwing.devices import SoftMotor

m1, m2, hidden = SoftMotor("m1"), SoftMotor("m2"), SoftMotor("hidden")
register_device("hidden", exclude=True)

def move(motor, to: float = 1.0):
    yield

def secret():
    yield

register_plan("secret", exclude=True)
"""


@pytest.fixture
def startup(tmp_path):
    """Write startup code; forget afterwards what it has registered."""
    directory = tmp_path / "startup"
    directory.mkdir()
    (directory / "00-all.py").write_text(STARTUP)
    yield directory
    registration.clear_registered_items()
    global_user_namespace.set_user_namespace(user_ns={})


def test_its_names_are_ours():
    assert ours.validate_plan is annotation.validate_plan
    assert ours.register_plan is profile_ops.register_plan is registration.register_plan
    assert profile_tools.is_re_worker_active is ours.is_re_worker_active
    assert (
        annotation_decorator.parameter_annotation_decorator
        is ours.parameter_annotation_decorator
        is annotation.parameter_annotation_decorator
    )


def test_every_name_it_offers_is_there():
    for module in (ours, annotation_decorator, profile_ops, profile_tools):
        assert all(hasattr(module, name) for name in module.__all__)


def test_parameters_become_those_of_a_signature():
    motors, to, more = ours.construct_parameters(PLAN["parameters"])
    assert motors.default is Parameter.empty
    assert motors.annotation == "typing.List[Motors]"
    assert (to.kind, to.default) == (Parameter.KEYWORD_ONLY, 1.5)
    assert more.kind is Parameter.VAR_KEYWORD


def test_arguments_are_bound_as_in_a_call():
    bound = ours.bind_plan_arguments(
        plan_args=[["m1"]], plan_kwargs={"to": 3}, plan_parameters=PLAN
    )
    assert bound.arguments == {"motors": ["m1"], "to": 3}
    with pytest.raises(TypeError, match="missing a required argument: 'motors'"):
        ours.bind_plan_arguments(plan_args=[], plan_kwargs={}, plan_parameters=PLAN)


def test_text_in_a_description_is_never_evaluated():
    evil = {"name": "a", "kind": {"name": "KEYWORD_ONLY", "value": 3}}
    with pytest.raises(PlanArgumentError):
        ours.construct_parameters([{**evil, "default": "__import__('os')"}])


def test_descriptions_become_texts():
    texts = ours.format_text_descriptions(PLAN)
    assert texts["description"] == "Name: move\nMove.\nThen <count>."
    assert texts["parameters"] == {
        "motors": (
            "Name: motors\nType: typing.List[Motors]\nMotors: ('m1', 'm2')\nDefault: -"
        ),
        "to": "Name: to\nType: float\nDefault: 1.5\nMin: 0 Max: 10\nWhere to.",
        "more": "Name: more\nType: -\nDefault: -",
    }
    assert ours.format_text_descriptions({}) == {}


def test_in_html_what_authors_wrote_stays_text():
    texts = ours.format_text_descriptions(PLAN, use_html=True)
    assert texts["description"] == (
        "<i>Name:</i> <b>move</b><br>Move.<br>Then &lt;count&gt;."
    )
    assert "<b>Motors:</b> ('m1', 'm2')" in texts["parameters"]["motors"]
    assert "<i>Max:</i> <b>10</b>" in texts["parameters"]["to"]


def test_startup_code_is_loaded_by_the_queue_servers_calls(startup):
    namespace = profile_ops.load_profile_collection(startup, patch_profiles=True)
    assert list(profile_ops.plans_from_nspace(namespace)) == ["move"]
    assert list(profile_ops.devices_from_nspace(namespace)) == ["m1", "m2"]
    script = profile_ops.load_startup_script(startup / "00-all.py")
    assert profile_ops.is_plan(script["move"])
    code = profile_ops.load_worker_startup_code(startup_dir=startup)
    assert profile_ops.is_device(code["m1"])
    assert "loads" in profile_ops.load_startup_module("json")


def test_a_function_of_startup_code_gets_its_namespace(startup):
    profile_ops.load_profile_collection(startup)

    @profile_tools.set_user_ns
    def names(user_ns):
        return sorted(name for name in user_ns if name.startswith("m"))

    assert names() == ["m1", "m2", "move"]


def test_the_lists_of_startup_code_are_written(startup, tmp_path):
    ours.gen_list_of_plans_and_devices(startup_dir=startup, file_dir=tmp_path)
    file = tmp_path / "existing_plans_and_devices.yaml"
    head, _, rest = file.read_text().partition("\n")
    listed = json.loads(rest)
    assert head.startswith("#")
    assert list(listed["existing_plans"]) == ["move"]
    assert list(listed["existing_devices"]) == ["m1", "m2"]
    plans, devices = profile_ops.load_existing_plans_and_devices(file)
    namespace = profile_ops.load_profile_collection(startup)
    described = profile_ops.existing_plans_and_devices_from_nspace(nspace=namespace)
    assert described[:2] == (plans, devices)
    assert [list(one) for one in described[2:]] == [["move"], ["m1", "m2"]]
    with pytest.raises(DataExistsError, match="is there already"):
        ours.gen_list_of_plans_and_devices(startup_dir=startup, file_dir=tmp_path)
    ours.gen_list_of_plans_and_devices(
        startup_dir=startup, file_dir=tmp_path, overwrite=True
    )


def test_no_ipython_kernel_is_started(startup):
    with pytest.raises(ConfigError, match="IPython kernel"):
        ours.gen_list_of_plans_and_devices(startup_dir=startup, use_ipython_kernel=True)
