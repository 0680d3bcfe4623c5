import sys

import pytest

from lapwing.errors import ConfigError, MissingExtraError
from lapwing.sim import ports
from lapwing.sim.beamline import Beamline
from lapwing.sim.server_process import PortTakenError


def test_no_free_port_is_said(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda port: False)
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
            raise PortTakenError

    monkeypatch.setattr(Beamline, "restart", restart)
    assert Beamline.start().port == tried[2]
    assert len(set(tried)) == 3


def test_a_beamline_with_pva_tells_its_clients(monkeypatch):
    monkeypatch.setattr(Beamline, "restart", lambda self: None)
    beamline = Beamline.start(port=21_000, pva=True)
    assert beamline.pva_port == 21_002
    assert beamline.environment["EPICS_PVA_NAME_SERVERS"] == "127.0.0.1:21002"
    assert Beamline.start(port=21_000).pva_port is None
