"""Lists of 1,000 devices and 500 plans, beside bluesky-queueserver's: a part of
``bench/annotation.py``.

From a namespace to the list of what exists, what a group may use, the file, and back.
Both sides get the same devices of ophyd, and must come to the same lists.
"""

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Series

from lapwing import parameter_annotation_decorator
from lapwing.annotation.export import read_lists, write_lists
from lapwing.annotation.finding import find_in_namespace
from lapwing.annotation.lists import ExistingLists, describe_namespace
from lapwing.annotation.permissions import Permissions

warnings.simplefilter("ignore")

from bluesky_queueserver.manager import profile_ops  # noqa: E402
from ophyd.sim import SynAxis, SynGauss  # noqa: E402

PERMISSIONS = {
    "user_groups": {
        "root": {
            "allowed_plans": [None],
            "forbidden_plans": [":^_"],
            "allowed_devices": [None],
            "forbidden_devices": [":^_:?.*"],
        },
        "users": {
            "allowed_plans": [":.*"],
            "allowed_devices": [":?.*:depth=5"],
            "forbidden_devices": [":^det.*7$"],
        },
    }
}


def some_plan(n: int) -> Callable[..., Any]:
    def plan(detectors, motor, num: int = 1, exposure: float = 0.1):
        """Scan.

        Parameters
        ----------
        detectors : list
            What is read.
        motor : object
            What is moved.
        num : int
            How many points.
        """
        yield detectors, motor, num, exposure

    own = {
        "detectors": {
            "annotation": "typing.List[D]",
            "devices": {"D": ["det0", f":^det{n % 10}", "__READABLE__:^det1:?val"]},
        },
        "motor": {"annotation": "M", "devices": {"M": [f"__MOTOR__:^motor.*{n % 7}$"]}},
        "exposure": {"min": 0.001, "max": 60},
    }
    plan.__name__ = f"plan{n}"
    return parameter_annotation_decorator({"parameters": own})(plan)


def a_namespace() -> dict[str, Any]:
    motors = {f"motor{n}": SynAxis(name=f"motor{n}") for n in range(500)}
    detectors = {
        f"det{n}": SynGauss(f"det{n}", motors["motor0"], "motor0", center=0, Imax=1)
        for n in range(500)
    }
    plans = {f"plan{n}": some_plan(n) for n in range(500)}
    return {**motors, **detectors, **plans}


class Sides:
    """The two sides, each with one method a measurement."""

    def __init__(self, directory: Path):
        self.namespace = a_namespace()
        self.file = {side: directory / f"{side}.yaml" for side in ("ours", "theirs")}
        self.lists = self.list_ours()
        if (self.lists.plans, self.lists.devices) != self.list_theirs():
            raise SystemExit("the lists differ")
        if self.allow_ours() != self.allow_theirs():
            raise SystemExit("the allowed lists differ")

    def list_ours(self) -> ExistingLists:
        return describe_namespace(find_in_namespace(self.namespace))

    def list_theirs(self) -> tuple[Any, Any]:
        plans, devices, *_ = profile_ops.existing_plans_and_devices_from_nspace(
            nspace=self.namespace
        )
        return plans, devices

    def allow_ours(self) -> tuple[Any, Any]:
        permissions = Permissions.from_dict(PERMISSIONS)
        found = {
            group: permissions.allowed_lists(
                self.lists.plans, self.lists.devices, group
            )
            for group in permissions.groups
        }
        return (
            {group: one.plans for group, one in found.items()},
            {group: one.devices for group, one in found.items()},
        )

    def allow_theirs(self) -> tuple[Any, Any]:
        return profile_ops.load_allowed_plans_and_devices(
            existing_plans=self.lists.plans,
            existing_devices=self.lists.devices,
            user_group_permissions=PERMISSIONS,
        )

    def save_ours(self) -> None:
        self.file["ours"].unlink(missing_ok=True)
        write_lists(self.file["ours"], self.lists)

    def save_theirs(self) -> None:
        profile_ops.save_existing_plans_and_devices(
            existing_plans=self.lists.plans,
            existing_devices=self.lists.devices,
            file_dir=str(self.file["theirs"].parent),
            file_name=self.file["theirs"].name,
            overwrite=True,
        )

    def load_ours(self) -> None:
        if read_lists(self.file["ours"]) != self.lists:
            raise SystemExit("our file was read as something else")

    def load_theirs(self) -> None:
        found = profile_ops.load_existing_plans_and_devices(str(self.file["theirs"]))
        if found != (self.lists.plans, self.lists.devices):
            raise SystemExit("their file was read as something else")


def measure_lists(blocks: int) -> tuple[list[Series], dict[str, float]]:
    """Measure the lists in interleaved blocks; of files, whose time is long, in one."""
    with tempfile.TemporaryDirectory() as directory:
        sides = Sides(Path(directory))
        series: list[Series] = []
        ratios: dict[str, float] = {}
        for name, number in (
            ("list", blocks),
            ("allow", blocks),
            ("save", 1),
            ("load", 1),
        ):
            ours, theirs = (
                Series(f"{name}, Lapwing", "ms"),
                Series(f"{name}, q.s.", "ms"),
            )
            for _ in range(number):
                for side, one in (("ours", ours), ("theirs", theirs)):
                    began = time.perf_counter()
                    getattr(sides, f"{name}_{side}")()
                    one.add(1e3 * (time.perf_counter() - began))
            series += [ours, theirs]
            ratios[f"{name}, queue server / Lapwing"] = theirs.median / ours.median
        return series, ratios
