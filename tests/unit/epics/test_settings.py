"""Settings that are put back: in what order, what fails, and what is owed."""

import asyncio

import pytest
from kit import until

from lapwing.epics import clients
from lapwing.epics.settings import Settings, together
from lapwing.errors import DeviceError


class Record:
    """A PV in memory, which notes what is written to any of them."""

    def __init__(self, pvname, value, log):
        self.pvname, self.value, self.log = pvname, value, log
        self.connected, self.refuses = True, ()
        self.connection_callbacks = []

    def get(self, use_monitor=True, timeout=None):
        return self.value if self.connected else None

    def put(self, value, wait=False):
        if value in self.refuses:
            self.connected = False  # as a server that dies of it
            return
        self.value = value
        self.log.append((self.pvname, value))


def with_settings(work):
    log = []
    records = {name: Record(name, 0, log) for name in ("A", "B", "C")}

    async def main():
        clients.client().answer_timeout = 0.2
        try:
            settings = Settings("cam_settings", records.values())
            await settings.connect()
            await work(settings, records, log)
        finally:
            await clients.close()

    asyncio.run(main())


def test_what_was_there_comes_back_the_last_first():
    async def work(settings, records, log):
        await settings.write({"A": 1, "B": 2})
        await settings.write({"A": 3, "C": 4})
        del log[:]
        await settings.restore()
        assert log == [("C", 0), ("B", 0), ("A", 0)]
        await settings.restore()
        assert len(log) == 3

    with_settings(work)


def test_one_that_cannot_be_put_back_holds_no_other_up_and_is_told():
    async def work(settings, records, log):
        records["B"].refuses = (0,)
        await settings.write({"A": 1, "B": 2, "C": 3})
        with pytest.raises(
            DeviceError, match=r"cam_settings could not be put back \(B to 0\): .*B "
        ) as e:
            await settings.restore()
        assert e.value.context["owed"] == {"B": 0}
        assert records["A"].value == records["C"].value == 0
        assert records["B"].value == 2

    with_settings(work)


def test_what_is_owed_comes_back_with_the_next_scan():
    async def work(settings, records, log):
        records["B"].refuses = (0,)
        await settings.write({"B": 2})
        with pytest.raises(DeviceError):
            await settings.restore()
        records["B"].connected, records["B"].refuses = True, ()
        await settings.connect()
        await settings.write({"B": 5})
        await settings.restore()
        assert records["B"].value == 0

    with_settings(work)


def test_what_is_left_when_it_is_cut_off_is_owed():
    async def work(settings, records, log):
        await settings.write({"A": 1, "B": 2})
        restoring = asyncio.ensure_future(settings.restore())
        await until(lambda: ("B", 0) in log)
        restoring.cancel()
        await asyncio.gather(restoring, return_exceptions=True)
        assert records["A"].value == 1
        await settings.write({"A": 5})
        await settings.restore()
        assert records["A"].value == 0

    with_settings(work)


def test_what_somebody_set_meanwhile_is_not_owed_any_more():
    async def work(settings, records, log):
        records["B"].refuses = (0,)
        await settings.write({"B": 2})
        with pytest.raises(DeviceError):
            await settings.restore()
        records["B"].connected, records["B"].refuses = True, ()
        records["B"].value = 7
        await settings.connect()
        await settings.write({"B": 5})
        await settings.restore()
        assert records["B"].value == 7

    with_settings(work)


def test_what_somebody_else_sets_is_put_back_and_owed_as_our_own_is():
    async def work(settings, records, log):
        records["B"].refuses = (0,)
        await settings.keep("B")
        await settings.keep("B")
        for value in (2, 5):
            settings.left("B", value)
            records["B"].value = value
        with pytest.raises(DeviceError, match="B to 0"):
            await settings.restore()
        records["B"].connected, records["B"].refuses = True, ()
        await settings.connect()
        await settings.keep("B")
        await settings.restore()
        assert records["B"].value == 0

    with_settings(work)


def test_other_pvs_leave_the_connections_that_stay_as_they_are():
    async def work(settings, records, log):
        stays, goes = settings.channel("A"), settings.channel("C")
        settings.set_pvs({pv: records[pv] for pv in ("A", "B")})
        assert settings.connected
        settings.set_pvs({pv: records[pv] for pv in ("C", "A")})
        assert settings.channel("A") is stays
        assert not settings.connected  # C is to be connected first
        await settings.connect()
        assert settings.connected
        assert settings.channel("C") is not goes
        assert [one.value for one in await settings.get("C", "A")] == [0, 0]

    with_settings(work)


def test_what_was_there_before_a_process_died_comes_back():
    async def work(settings, records, log):
        settings.take_over({"A": 7, "somebody's": 8})
        await settings.write({"A": 1, "B": 2})
        assert settings.before == {"A": 7, "somebody's": 8, "B": 0}
        await settings.restore()
        assert (records["A"].value, records["B"].value) == (7, 0)

    with_settings(work)


def test_several_errors_are_told_as_one():
    one, two = DeviceError("a went wrong", pv="A", hint="mend a"), DeviceError("b too")
    assert together([one]) is one
    both = together([one, two])
    assert str(both) == "a went wrong; b too (mend a)"
    assert both.pv == "A"
