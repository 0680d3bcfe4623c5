"""Tests of the engine run loops of their own, one after the other."""

import pytest

from lapwing.engine import device_loop


@pytest.fixture(autouse=True)
def own_device_loop(monkeypatch):
    """Let the loop of each test be the device loop.

    The device loop is one for the process and fixed once it is used; a blocking
    engine of an earlier test must not move these to its thread.
    """
    monkeypatch.setattr(device_loop, "_loop", None)
