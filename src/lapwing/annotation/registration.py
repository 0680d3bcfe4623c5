"""What startup code says of its own plans and devices: leave out, or how deep.

Owns `register_plan`, `register_device` and where their words are kept.
Must not know the plans and devices themselves, nor who lists them.
Test: register names in a `Registrations`, and look at its ``plans`` and ``devices``.
"""

from dataclasses import dataclass, field
from typing import Any

from lapwing.annotation.excerpt import shown
from lapwing.errors import PlanArgumentError


@dataclass(frozen=True, slots=True)
class RegisteredPlan:
    """What was said of a plan.

    Attributes:
        exclude: Whether it stays out of the lists.
    """

    exclude: bool = False


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """What was said of a device.

    Attributes:
        depth: Levels of its tree in the lists: 1 is the device alone, 2 its parts too;
            0 is the whole tree. It goes before what holds for all devices.
        exclude: Whether it stays out of the lists.
    """

    depth: int = 1
    exclude: bool = False


@dataclass(slots=True)
class Registrations:
    """What startup code has said of its plans and devices, by their names.

    Attributes:
        plans: By name; the name need not be defined yet.
        devices: Likewise.
    """

    plans: dict[str, RegisteredPlan] = field(default_factory=dict)
    devices: dict[str, RegisteredDevice] = field(default_factory=dict)

    @property
    def depths(self) -> dict[str, int]:
        """Levels of the trees in the lists, of the devices of which it was said."""
        return {name: one.depth for name, one in self.devices.items()}

    def clear(self) -> None:
        """Forget all that was said."""
        self.plans.clear()
        self.devices.clear()

    def copy(self) -> "Registrations":
        """Return the same words in a box of their own."""
        return Registrations(dict(self.plans), dict(self.devices))

    def become(self, other: "Registrations") -> None:
        """Hold what another one holds, and nothing else."""
        plans, devices = dict(other.plans), dict(other.devices)
        self.clear()
        self.plans |= plans
        self.devices |= devices


registered = Registrations()
"""What the startup code of this process has said.

One a process, as startup code calls plain functions; loading startup code begins
with an empty one.
"""


def register_plan(name: str, *, exclude: bool = False) -> None:
    """Say of a plan of the startup code that it stays out of the lists.

    Without ``exclude`` it changes nothing, but a name that no plan has at the end of
    the startup code is told in the log.

    Args:
        name: The name in the startup code's namespace; it may be defined later.
        exclude: Whether the plan stays out; other plans can call it all the same.

    Raises:
        PlanArgumentError: The name is no name of a variable. A `ValueError` too.
    """
    _check_name("plan", name)
    registered.plans[name] = RegisteredPlan(bool(exclude))


def register_device(name: str, *, depth: int = 1, exclude: bool = False) -> None:
    """Say of a device of the startup code how much of its tree is listed, if at all.

    Args:
        name: The name in the startup code's namespace, not of a part of a device; it
            may be defined later.
        depth: Levels of the tree: 1 is the device alone, 2 its parts too, and so on;
            0 is the whole tree.
        exclude: Whether the device stays out; code can use it all the same.

    Raises:
        PlanArgumentError: The name is no name of a variable, or the depth no whole
            number from 0. A `ValueError` too.
    """
    _check_name("device", name)
    if not isinstance(depth, int) or isinstance(depth, bool) or depth < 0:
        raise PlanArgumentError(
            f"device {name!r} was registered with depth {shown(depth)}; it must be a "
            f"whole number from 0, and 0 means the whole tree",
            value=depth,
        )
    registered.devices[name] = RegisteredDevice(depth, bool(exclude))


def clear_registered_items() -> None:
    """Forget what the startup code of this process has said."""
    registered.clear()


def _check_name(kind: str, name: Any) -> None:
    if not isinstance(name, str) or not name.isidentifier():
        raise PlanArgumentError(
            f"a {kind} was registered by the name {shown(name)}; it must be the name "
            f"of a variable of the startup code",
            hint="register 'det', not 'det.val'" if kind == "device" else "",
            value=name,
        )
