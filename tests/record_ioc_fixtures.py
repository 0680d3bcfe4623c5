"""Fixtures for tests that talk to the simulated record IOC, beside the beamline.

Owns what starts a record IOC where the EPICS client of this process finds it.
Must not be imported by tests that need no network.
Use: ``from record_ioc_fixtures import record_ioc_fixture  # noqa: F401`` and take
``record_ioc`` (one for a module).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from beamline_fixtures import second_port

from lapwing.sim.record_ioc import RecordIoc


def start_record_ioc(**options: Any) -> RecordIoc:
    """Start a record IOC on the port that this process' EPICS client knows."""
    return RecordIoc.start(port=second_port(), **options)


@pytest.fixture(scope="module", name="record_ioc")
def record_ioc_fixture() -> Iterator[RecordIoc]:
    """A record IOC for all tests of a module; a beamline may run beside it."""
    with start_record_ioc() as record_ioc:
        yield record_ioc
