import pytest

from lapwing.errors import ConfigError
from lapwing.sim import ports
from lapwing.sim.ports import client_environment, free_port
from lapwing.sim.process import server_environment


def test_a_client_searches_by_tcp_on_the_loopback_only():
    environment = client_environment(21_000)
    assert environment["EPICS_CA_NAME_SERVERS"] == "127.0.0.1:21000"
    assert environment["EPICS_CA_ADDR_LIST"] == ""
    assert environment["EPICS_CA_AUTO_ADDR_LIST"] == "NO"
    assert not any(name.startswith("EPICS_PVA") for name in environment)


def test_a_client_finds_several_servers_and_over_pva_too():
    environment = client_environment(21_000, 22_000, pva=[21_002, 22_002])
    assert environment["EPICS_CA_NAME_SERVERS"] == "127.0.0.1:21000 127.0.0.1:22000"
    assert environment["EPICS_PVA_NAME_SERVERS"] == "127.0.0.1:21002 127.0.0.1:22002"
    assert environment["EPICS_PVA_ADDR_LIST"] == ""
    assert environment["EPICS_PVA_AUTO_ADDR_LIST"] == "NO"


def test_a_client_of_no_server_is_refused():
    with pytest.raises(ConfigError, match="needs one port at least"):
        client_environment()


def test_a_server_without_pva_hears_nothing_of_it():
    assert not any(name.startswith("EPICS_PVA") for name in server_environment(21_000))
    assert server_environment(1, 3)["EPICS_PVAS_SERVER_PORT"] == "3"


def test_a_free_port_is_above_what_epics_refuses_and_below_the_ephemeral_ones(
    monkeypatch,
):
    monkeypatch.setattr(ports, "is_free", lambda port: True)
    assert 5_000 < free_port() < 32_768


def test_no_free_port_is_said(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(ConfigError, match="no free port between 20000 and 32000"):
        free_port()


def test_a_port_is_taken_with_the_three_above_it(monkeypatch):
    monkeypatch.setattr(ports.random, "sample", lambda found, tries: [21_000, 22_000])
    monkeypatch.setattr(ports, "is_free", lambda port: port != 21_003)
    assert free_port() == 22_000
