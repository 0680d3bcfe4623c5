"""What clients need works on downloaded lists, with no startup code and no devices."""

import json
import subprocess
import sys

CLIENT = """
import json
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        refused = ("ophyd", "ophyd_async", "bluesky", "bluesky_queueserver", "h5py")
        refused += ("pydantic", "matplotlib", "jsonschema", "aioca", "p4p")
        if name.partition(".")[0] in refused:
            raise ImportError(f"{name} is not to be had here")

sys.meta_path.insert(0, Refuse())

from pathlib import Path
from lapwing.annotation.export import read_lists
from lapwing.annotation.forms import plan_item, plan_schema
from lapwing.annotation.permissions import read_permissions
from lapwing.annotation.validate import validate_plan

lists = read_lists(Path("lists.yaml"))
permissions = read_permissions(Path("permissions.yaml"))
allowed = permissions.allowed_lists(lists.plans, lists.devices, "users")
count = allowed.plans["count"]
downloaded = {"allowed_plans": allowed.plans, "allowed_devices": allowed.devices}
print(json.dumps([
    plan_schema(count, **downloaded)["properties"]["det"]["enum"],
    validate_plan(plan_item(count, {"det": "det1"}), **downloaded)[0],
    validate_plan(plan_item(count, {"det": "det2"}), **downloaded)[0],
    permissions.is_function_allowed("reset", "users"),
    sorted(name for name in sys.modules if name.startswith("lapwing.engine")),
]))
"""
LISTS = """
existing_plans:
  count:
    name: count
    parameters:
    - annotation:
        devices: {Detectors: [det1, det2]}
        type: Detectors
      kind: {name: POSITIONAL_OR_KEYWORD, value: 1}
      name: det
existing_devices:
  det1: {is_readable: true, is_movable: false, is_flyable: false}
  det2: {is_readable: true, is_movable: false, is_flyable: false}
"""
PERMISSIONS = """
user_groups:
  root: {allowed_plans: [null], allowed_devices: [null], allowed_functions: [null]}
  users: {allowed_plans: [count], allowed_devices: [":1$"], allowed_functions: [":^r"]}
"""


def test_lists_permissions_forms_and_checks_need_no_devices(tmp_path):
    (tmp_path / "lists.yaml").write_text(LISTS)
    (tmp_path / "permissions.yaml").write_text(PERMISSIONS)
    done = subprocess.run(
        [sys.executable, "-c", CLIENT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["det1"], True, False, True, []]
