"""Devices as trees of names, walked no further than somebody looks.

Owns how the parts of a device are found without touching it, and what it can do.
Must not know patterns, files or users; imports neither ophyd nor ophyd-async.
Test: ``LiveDevice(device).children()`` for devices of each kind, and for dicts.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

_ASKED = ("read", "describe", "set", "kickoff", "complete")


class DeviceTree(Protocol):
    """A device by what it can do, and its parts by their names."""

    @property
    def readable(self) -> bool:
        """Whether it can be read."""
        ...

    @property
    def movable(self) -> bool:
        """Whether it can be set."""
        ...

    @property
    def flyable(self) -> bool:
        """Whether it takes data by itself."""
        ...

    def children(self) -> Iterator[tuple[str, "DeviceTree"]]:
        """Yield name and tree of each part, one level down."""
        ...


class DescribedDevice:
    """A device as a list of existing or allowed devices describes it.

    Args:
        described: With ``is_readable``, ``is_movable``, ``is_flyable`` and, if it has
            parts, ``components``: the same for each of them, by name; all of it dicts.
    """

    __slots__ = ("_described",)

    def __init__(self, described: Mapping[str, Any]):
        self._described = described

    @property
    def readable(self) -> bool:
        """Whether it can be read."""
        return self._described.get("is_readable") is True

    @property
    def movable(self) -> bool:
        """Whether it can be set."""
        return self._described.get("is_movable") is True

    @property
    def flyable(self) -> bool:
        """Whether it takes data by itself."""
        return self._described.get("is_flyable") is True

    def children(self) -> Iterator[tuple[str, "DescribedDevice"]]:
        """Yield name and description of each part."""
        components = self._described.get("components")
        if components and isinstance(components, dict):
            for name, described in components.items():
                if isinstance(described, dict):
                    yield name, DescribedDevice(described)


class LiveDevice:
    """A device, or only its class where the device itself was not made yet.

    Parts of ophyd's devices are found in the class, so that none is made and no PV
    is looked for; those of ophyd-async by ``children()``; those of Lapwing's, and of
    any others, are the public attributes whose ``parent`` is the device.

    Args:
        device: The device, or None.
        kind: Its class, if there is no device.
    """

    __slots__ = ("_device", "_kind")

    def __init__(self, device: Any, kind: type | None = None):
        self._device = device
        self._kind = type(device) if kind is None else kind

    @property
    def kind(self) -> type:
        """Its class."""
        return self._kind

    @property
    def readable(self) -> bool:
        """Whether it can be read."""
        return self._can("read") and self._can("describe")

    @property
    def movable(self) -> bool:
        """Whether it can be set."""
        return self._can("set")

    @property
    def flyable(self) -> bool:
        """Whether it takes data by itself."""
        return self._can("kickoff") and self._can("complete")

    def _can(self, method: str) -> bool:
        # Asked of the class, as an attribute of a device may be a part not yet made.
        return method in _methods(self._kind) or method in _attributes(self._device)

    def children(self) -> Iterator[tuple[str, "LiveDevice"]]:
        """Yield name and tree of each part."""
        if (parts := _ophyd_parts(self._kind)) is not None:
            yield from parts
        elif self._device is None:
            return
        elif callable(getattr(self._kind, "children", None)):
            for name, part in self._device.children():
                yield str(name), LiveDevice(part)
        else:
            yield from _attached_parts(self._device)


@lru_cache(maxsize=4096)
def _methods(kind: type) -> frozenset[str]:
    return frozenset(name for name in _ASKED if hasattr(kind, name))


@lru_cache(maxsize=4096)
def _ophyd_parts(kind: type) -> tuple[tuple[str, LiveDevice], ...] | None:
    """Return the parts that a class of ophyd declares; None for any other class.

    They are kept, because many devices are of one class.
    """
    names = getattr(kind, "component_names", None)
    if not isinstance(names, tuple):
        return None
    # Asked of a class, a component gives itself, not the device that it makes.
    parts = ((name, getattr(getattr(kind, name, None), "cls", None)) for name in names)
    return tuple(
        (name, LiveDevice(None, part)) for name, part in parts if isinstance(part, type)
    )


def _attributes(device: Any) -> Mapping[str, Any]:
    return getattr(device, "__dict__", {})


def _attached_parts(device: Any) -> Iterator[tuple[str, LiveDevice]]:
    for name, part in list(_attributes(device).items()):
        inner = getattr(part, "__dict__", None)
        if inner and inner.get("parent") is device and not name.startswith("_"):
            yield name, LiveDevice(part)


def described_trees(devices: Mapping[str, Any]) -> dict[str, DeviceTree]:
    """Return the trees of a list of existing or allowed devices."""
    return {
        name: DescribedDevice(described)
        for name, described in devices.items()
        if isinstance(described, dict)
    }


def live_trees(devices: Mapping[str, Any]) -> dict[str, DeviceTree]:
    """Return the trees of devices, by their names in the namespace."""
    return {name: LiveDevice(device) for name, device in devices.items()}


def is_listed(name: str, devices: Mapping[str, Any]) -> bool:
    """Return whether a list of devices has a device, or a part, of a dotted name."""
    root, *parts = name.split(".")
    described = devices.get(root)
    for part in parts:
        if not isinstance(described, dict):
            return False
        components = described.get("components")
        described = components.get(part) if isinstance(components, dict) else None
    return isinstance(described, dict) and not described.get("excluded")
