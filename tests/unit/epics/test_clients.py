import asyncio

import pytest

from lapwing.epics import EpicsMotor, ca, clients, pva
from lapwing.epics.clients import Clients, scheme_of
from lapwing.errors import ConfigError, PlanArgumentError, StateError


def test_a_scheme_says_which_protocol_a_name_means():
    assert scheme_of("SIM:X") == "ca"
    assert scheme_of("ca://SIM:X") == "ca"
    assert scheme_of("pva://SIM:X") == "pva"


def test_another_scheme_is_refused_with_those_that_are_known():
    with pytest.raises(PlanArgumentError, match=r"begin with ca:// or pva://, or with"):
        scheme_of("http://SIM:X")


def test_variables_are_set_before_the_libraries_are_used(monkeypatch):
    monkeypatch.setattr(ca, "_library", None)
    monkeypatch.setattr(pva, "in_use", lambda: False)
    for name in ("EPICS_CA_CONN_TMO", "EPICS_PVA_CONN_TMO"):
        monkeypatch.setenv(name, "30")
    clients.configure({"EPICS_CA_CONN_TMO": "2", "EPICS_PVA_CONN_TMO": "3"})
    assert clients.os.environ["EPICS_CA_CONN_TMO"] == "2"
    assert clients.os.environ["EPICS_PVA_CONN_TMO"] == "3"


@pytest.mark.parametrize(("room", "name"), [(ca, "CA"), (pva, "PVA")])
def test_variables_of_a_library_that_runs_stay_as_they_are(monkeypatch, room, name):
    monkeypatch.setattr(room, "in_use", lambda: True)
    variable = f"EPICS_{name}_CONN_TMO"
    monkeypatch.setenv(variable, "30")
    clients.configure({variable: "30"})
    with pytest.raises(StateError, match=f"{variable} cannot change any more"):
        clients.configure({variable: "2"})


def test_a_process_that_is_cut_off_searches_nowhere_and_connects_nothing(monkeypatch):
    monkeypatch.setattr(clients, "_is_cut_off", False)
    for room in (ca, pva):
        monkeypatch.setattr(room, "in_use", lambda: False)
    for name in clients.NOWHERE:
        monkeypatch.setenv(name, "192.168.1.255")
    clients.cut_off()
    assert clients.is_cut_off()
    assert clients.os.environ["EPICS_CA_AUTO_ADDR_LIST"] == "NO"
    motor = EpicsMotor("NO:SUCH", "motor")
    asyncio.run(motor.connect(timeout=600))
    assert not motor.connected


def test_the_time_to_answer_can_change_and_must_be_some():
    async def change():
        client = clients.client()
        clients.configure(answer_timeout=1.5)
        assert client.answer_timeout == 1.5
        clients.configure(answer_timeout=3.0)
        await clients.close()

    asyncio.run(change())
    with pytest.raises(ConfigError, match="some time to answer, not 0 s"):
        clients.configure(answer_timeout=0)


class Fake:
    """A backend that answers with its own name and the places asked for."""

    def __init__(self, name):
        self.name, self.answer_timeout = name, 3.0

    async def get_many(self, channels, timeout=None):  # noqa: ASYNC109
        return [(self.name, channel.pv) for channel in channels]


class FakeChannel:
    def __init__(self, client, pv):
        self.client, self.pv = client, pv


def test_the_time_to_answer_can_change_while_another_backend_is_begun_with():
    made = Clients()

    class BegunMeanwhile:
        @property
        def answer_timeout(self):
            return 0.0

        @answer_timeout.setter
        def answer_timeout(self, seconds):
            made._used["pva"] = Fake("pva")

    made._used["ca"] = BegunMeanwhile()
    made.answer_timeout = 2.0
    assert made.answer_timeout == 2.0


def test_a_backend_that_cannot_be_closed_leaves_no_other_open(monkeypatch):
    closed = []

    async def close():
        closed.append("one")

    async def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(clients.ca, "close", fail)
    monkeypatch.setattr(clients.pva, "close", close)
    monkeypatch.setattr(clients.pyepics, "close", close)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(clients.close())
    assert closed == ["one", "one"]


def test_values_of_several_backends_come_in_the_order_asked_for():
    ca_client, pva_client = Fake("ca"), Fake("pva")
    clients_of = [pva_client, ca_client, pva_client, ca_client]
    channels = [FakeChannel(c, f"pv{i}") for i, c in enumerate(clients_of)]
    found = asyncio.run(Clients().get_many(channels))
    assert found == [("pva", "pv0"), ("ca", "pv1"), ("pva", "pv2"), ("ca", "pv3")]


def test_reading_nothing_gives_nothing():
    assert asyncio.run(Clients().get_many([])) == []
