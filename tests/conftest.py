"""What holds for the whole test process."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Ophyd would load libca with the environment of this moment, and libca reads it only
# once; tests that need a beamline set it later. See compat/scripts for ophyd's EPICS.
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

# A machine under load is slow, not wrong; a test has a time limit as a whole.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread tests over processes by file; those that talk to servers go to one.

    libca reads its environment once in a process, and remembers servers that went.
    """
    for item in items:
        room, *rest = item.path.relative_to(Path(__file__).parent).parts
        group = "servers" if room in ("contract", "system") else ".".join([room, *rest])
        item.add_marker(pytest.mark.xdist_group(group))
