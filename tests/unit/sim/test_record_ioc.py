import sys

import pytest

from lapwing.errors import MissingExtraError, StateError
from lapwing.sim.record_ioc import RecordIoc
from lapwing.sim.record_server import server_environment


def test_without_caproto_a_record_ioc_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "caproto", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[epics\]'"):
        RecordIoc.start()


def test_it_offers_the_environment_of_its_clients(monkeypatch):
    monkeypatch.setattr(RecordIoc, "restart", lambda self: None)
    ioc = RecordIoc.start(port=21_000)
    assert ioc.environment["EPICS_CA_NAME_SERVERS"] == "127.0.0.1:21000"
    assert ioc.prefix == "REC:"
    for action in (ioc.freeze, ioc.thaw, ioc.wait):
        with pytest.raises(StateError, match="record IOC does not run"):
            action()
    ioc.stop()


def test_its_server_stays_on_the_loopback():
    environment = server_environment(21_000)
    assert environment["EPICS_CAS_INTF_ADDR_LIST"] == "127.0.0.1"
    assert environment["EPICS_CAS_AUTO_BEACON_ADDR_LIST"] == "NO"
