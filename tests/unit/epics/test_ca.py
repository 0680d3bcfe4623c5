import asyncio
import sys

import pytest

from lapwing.epics import EpicsSignal, ca, clients
from lapwing.errors import MissingExtraError


def test_without_aioca_an_epics_device_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ca, "_library", None)
    monkeypatch.setitem(sys.modules, "aioca", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[epics\]'"):
        asyncio.run(EpicsSignal("ANY", "any").connect())


def test_variables_are_set_before_the_library_is_used(monkeypatch):
    monkeypatch.setattr(ca, "_library", None)
    monkeypatch.setenv("EPICS_CA_CONN_TMO", "30")
    clients.configure({"EPICS_CA_CONN_TMO": "2"})
    assert clients.os.environ["EPICS_CA_CONN_TMO"] == "2"


def test_closing_without_a_client_does_nothing():
    asyncio.run(clients.close())
