"""Protocols: what a device must have, found at run time."""

import asyncio

import bluesky.protocols
import pytest
from kit import AsyncDetector, Detector, Motor

from lapwing import protocols
from lapwing.protocols import resolve

SHAPES = [
    name
    for name, value in vars(protocols).items()
    if getattr(value, "_is_protocol", False) and value.__module__ == protocols.__name__
]


@pytest.mark.parametrize(
    ("device", "is_", "is_not"),
    [
        (
            Detector(),
            [
                "HasName",
                "HasHints",
                "HasParent",
                "Readable",
                "Configurable",
                "Stageable",
            ],
            ["Movable", "Stoppable", "Flyable", "Pausable", "Locatable"],
        ),
        (
            Motor(),
            ["HasName", "Readable", "Movable", "NamedMovable", "Stoppable"],
            ["Triggerable", "Stageable", "Locatable", "Checkable", "Configurable"],
        ),
        (AsyncDetector(), ["Readable"], ["Movable"]),
        (object(), [], SHAPES),
    ],
)
def test_a_device_is_what_it_has(device, is_, is_not):
    for name in is_:
        assert isinstance(device, getattr(protocols, name)), name
    for name in is_not:
        assert not isinstance(device, getattr(protocols, name)), name


@pytest.mark.parametrize("name", SHAPES)
def test_a_protocol_asks_for_what_bluesky_s_of_that_name_asks_for(name):
    assert wanted(getattr(protocols, name)) == wanted(getattr(bluesky.protocols, name))


def wanted(protocol):
    """The members that a protocol and those it stands on ask for."""
    return {
        member
        for part in protocol.__mro__
        if getattr(part, "_is_protocol", False)
        for member in vars(part)
        if not member.startswith("_")
    }


def test_a_value_is_awaited_if_it_has_to_be():
    async def later():
        return 5

    async def main():
        return await resolve(later()), await resolve(6)

    assert asyncio.run(main()) == (5, 6)
