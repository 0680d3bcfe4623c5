import sys

import pytest

from lapwing.errors import ConfigError, MissingExtraError
from lapwing.sim import beamline
from lapwing.sim.beamline import Beamline, client_environment, free_port


def test_a_client_searches_by_tcp_on_the_loopback_only():
    environment = client_environment(21_000)
    assert environment["EPICS_CA_NAME_SERVERS"] == "127.0.0.1:21000"
    assert environment["EPICS_CA_ADDR_LIST"] == ""
    assert environment["EPICS_CA_AUTO_ADDR_LIST"] == "NO"


def test_a_free_port_is_above_what_epics_refuses_and_below_the_ephemeral_ones(
    monkeypatch,
):
    monkeypatch.setattr(beamline, "_is_free", lambda port: True)
    assert 5_000 < free_port() < 32_768


def test_no_free_port_is_said(monkeypatch):
    monkeypatch.setattr(beamline, "_is_free", lambda port: False)
    with pytest.raises(ConfigError, match="no free port between 20000 and 32000"):
        free_port()
    with pytest.raises(ConfigError, match="no free port"):
        Beamline.start()


def test_without_softioc_a_beamline_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "softioc", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[epics\]'"):
        Beamline.start()


def test_a_port_that_was_lost_to_another_is_given_up_for_the_next(monkeypatch):
    tried = []

    def restart(self):
        tried.append(self.port)
        if len(tried) < 3:
            raise beamline._PortTakenError

    monkeypatch.setattr(Beamline, "restart", restart)
    assert Beamline.start().port == tried[2]
    assert len(set(tried)) == 3
