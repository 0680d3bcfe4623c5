"""Startup code that was written for the queue server, loaded as it is.

In processes of their own, where ``bluesky`` and ``bluesky_queueserver`` mean ours.
"""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import bluesky_queueserver as theirs
import pytest
import yaml
from bluesky_queueserver.manager import profile_ops, profile_tools

from lapwing.annotation import find_in_namespace, load_startup, worker_predicates
from lapwing.annotation.description import plan_from_dict
from lapwing.annotation.registration import clear_registered_items, registered
from lapwing.annotation.startup_shell import global_user_namespace
from lapwing.compat import bluesky_queueserver as ours

PROFILE = Path(theirs.__file__).parent / "profile_collection_sim"
LISTS = yaml.safe_load((PROFILE / "existing_plans_and_devices.yaml").read_text())

LOADED = """
import lapwing.compat
lapwing.compat.install()

import json, sys
from lapwing.annotation.finding import find_in_namespace
from lapwing.annotation.lists import describe_namespace
from lapwing.annotation.loader import load_startup
from lapwing.annotation.registration import registered

path = list(sys.path)
namespace = load_startup(directory=sys.argv[1])
assert sys.path == path
lists = describe_namespace(find_in_namespace(namespace), depths=registered.depths)
said = {"plans": lists.plans, "devices": lists.devices}
for name in ("bluesky", "bluesky_queueserver"):
    said[name] = sys.modules[name].__name__
"""

BEAMLINE = {
    "00-start.py": """
        from IPython import get_ipython
        from bluesky import RunEngine
        from bluesky.callbacks.best_effort import BestEffortCallback
        from bluesky_queueserver import is_ipython_mode, is_re_worker_active

        RE = RunEngine({})
        bec = BestEffortCallback()
        if not is_ipython_mode():
            bec.disable_plots()
        bec.disable_table()
        RE.subscribe(bec)

        ip = get_ipython()
        if ip is not None:
            ip.run_line_magic("matplotlib", "qt5")
            from bluesky.magics import BlueskyMagics
            ip.register_magics(BlueskyMagics)
        get_ipython().user_ns["proposal"] = "p-123"
        if not is_re_worker_active():
            proposal = "somebody's"
    """,
    "10-devices.py": """
        from ophyd import Component as Cpt, Device, Signal
        from ophyd.sim import det1, det2, motor
        from ophyd_async.core import init_devices
        from ophyd_async.sim import SimMotor
        from bluesky_queueserver import register_device

        class Stage(Device):
            x = Cpt(Signal, value=0, kind="hinted")

        stage, hidden = Stage(name="stage"), Stage(name="hidden")
        register_device("stage", depth=1)
        register_device("hidden", exclude=True)
        with init_devices(mock=True):
            amotor = SimMotor()
    """,
    "90-plans.py": """
        import bluesky.plan_stubs as bps
        import bluesky.plans as bp
        from bluesky_queueserver import parameter_annotation_decorator
        from bluesky_queueserver.manager.profile_tools import set_user_ns
        from beside import TIMES

        @parameter_annotation_decorator({
            "parameters": {
                "dets": {
                    "annotation": "typing.List[Detectors]",
                    "devices": {"Detectors": ["det1", ":^det2$"]},
                }
            }
        })
        def snap(dets, num: int = TIMES):
            yield from bp.count(dets, num=num)

        @set_user_ns
        def move(name: str, to: float, *, user_ns):
            yield from bps.mv(user_ns[name], to)
    """,
    "beside/__init__.py": "TIMES = 2",
}


def run(directory: Path, then: str) -> dict:
    """Load startup code in a process of its own; return what it prints at the end."""
    code = LOADED + dedent(then) + "\nprint(json.dumps(said))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_simulated_profile_loads_and_lists_what_the_queue_server_lists():
    said = run(PROFILE, "")
    assert said["bluesky"] == "lapwing.compat.bluesky"
    assert said["bluesky_queueserver"] == "lapwing.compat.bluesky_queueserver"
    assert set(said["plans"]) == set(LISTS["existing_plans"])
    assert set(said["devices"]) == set(LISTS["existing_devices"])
    for name, plan in LISTS["existing_plans"].items():
        if plan["module"] != "__main__":
            continue  # those of Bluesky have ours in their place
        assert said["plans"][name] == plan


def test_a_beamlines_startup_directory_loads_and_its_plans_run(tmp_path):
    for name, text in BEAMLINE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text))
    said = run(
        tmp_path,
        """
        from lapwing.annotation import prepare_plan
        found = find_in_namespace(namespace)
        documents = []
        namespace["RE"].subscribe(lambda name, doc: documents.append(name))
        for plan in (
            {"name": "move", "args": ["motor", 1.5]},
            {"name": "snap", "args": [["det1", "det2"]]},
        ):
            namespace["RE"](prepare_plan(
                plan, namespace=found, allowed_plans=lists.plans,
                allowed_devices=lists.devices,
            )())
        said["documents"] = documents
        said["position"] = namespace["motor"].position
        said["proposal"] = namespace["proposal"]
        """,
    )
    assert list(said["plans"]) == ["move", "snap"]
    assert list(said["devices"]) == ["amotor", "det1", "det2", "motor", "stage"]
    assert "components" not in said["devices"]["stage"]
    assert [one["name"] for one in said["plans"]["move"]["parameters"]] == [
        "name",
        "to",
    ]
    assert said["position"] == 1.5
    assert said["documents"] == ["start", "descriptor", "event", "event", "stop"]
    assert said["proposal"] == "p-123"


WITHOUT_COMPAT = """
from bluesky_queueserver import register_device, register_plan
from bluesky_queueserver.manager.profile_tools import set_user_ns
from lapwing.annotation import register_device as our_register_device
from lapwing.devices import SoftMotor

m1, m2, m3 = SoftMotor("m1"), SoftMotor("m2"), SoftMotor("m3")
register_device("m1", exclude=True)
register_device("m2", depth=3)
register_device("m3", exclude=True)
our_register_device("m3", depth=2)

@set_user_ns
def move(to, *, user_ns):
    yield user_ns["m1"]

def hidden():
    yield

register_plan("hidden", exclude=True)
"""


@pytest.fixture
def process_as_before():
    """Leave no registration or namespace behind, in either package."""
    yield
    clear_registered_items()
    profile_ops.clear_registered_items()
    for one in (global_user_namespace, profile_tools.global_user_namespace):
        one.set_user_namespace(user_ns={})


@pytest.mark.usefixtures("process_as_before")
def test_what_is_told_to_the_queue_server_itself_is_heard(tmp_path):
    profile_ops.register_device("of_before", exclude=True)
    (tmp_path / "00-all.py").write_text(WITHOUT_COMPAT)
    namespace = load_startup(directory=tmp_path)
    found = find_in_namespace(namespace)
    assert namespace["register_plan"] is theirs.register_plan
    assert list(found.plans) == ["move"]
    assert list(found.devices) == ["m2", "m3"]
    assert registered.depths == {"m3": 2, "m1": 1, "m2": 3}
    assert list(found.plans["move"](1)) == [namespace["m1"]]


def test_both_packages_see_the_same_marks_of_a_worker(monkeypatch):
    # Set first, so that what the test sets is taken back too.
    for name in (worker_predicates._WORKER, worker_predicates._IPYTHON):
        monkeypatch.setenv(name, "0")
    ours.set_re_worker_active()
    ours.set_ipython_mode(True)
    assert theirs.is_re_worker_active()
    assert theirs.is_ipython_mode()
    theirs.clear_re_worker_active()
    assert not ours.is_re_worker_active()


@pytest.mark.parametrize("name", LISTS["existing_plans"])
def test_descriptions_read_alike(name):
    plan = LISTS["existing_plans"][name]
    assert ours.format_text_descriptions(plan) == theirs.format_text_descriptions(plan)
    own = ours.construct_parameters(plan["parameters"])
    for mine, other in zip(
        own, theirs.construct_parameters(plan["parameters"]), strict=True
    ):
        assert (mine.name, mine.kind, mine.default) == (
            other.name,
            other.kind,
            other.default,
        )
    assert plan_from_dict(plan).name == plan["name"]
