"""The simulated record IOC: true field names, over real Channel Access."""

import asyncio
import socket
import subprocess
import sys

import numpy as np
import pytest
from beamline_fixtures import (  # noqa: F401
    beamline_fixture,
    run_fixture,
    until,
)
from pv_fixtures import Pvs, seconds
from record_ioc_fixtures import record_ioc_fixture  # noqa: F401

from lapwing.errors import ConfigError, RemoteError
from lapwing.sim.instruments import Look
from lapwing.sim.ports import free_port
from lapwing.sim.record_ioc import RecordIoc
from lapwing.sim.sample import Sample
from lapwing.sim.scan_fields import sscan_fields


@pytest.fixture
def pv(record_ioc, run):
    """Put, get and wait, all by the end of a PV's name."""
    pvs = Pvs(run, record_ioc.prefix)
    for field, value in (("VELO", 50), ("OFF", 0), ("SPMG", "Go"), ("VAL", 0)):
        pvs.put(f"m1.{field}", value)
    return pvs


def test_both_servers_are_found_by_one_client(beamline, pv, run):
    other = Pvs(run, beamline.prefix)
    pv.put("m1.VAL", 1)
    other.put("X", 2)
    assert (pv.get("m1.RBV"), other.get("X:RBV")) == (1, 2)


def test_it_serves_on_the_loopback_only(record_ioc):
    with pytest.raises(OSError, match=r"refused|assign|unreachable|timed out"):
        socket.create_connection(("127.0.0.2", record_ioc.port), timeout=1)
    socket.create_connection(("127.0.0.1", record_ioc.port), timeout=1).close()


def test_a_port_in_use_is_refused(record_ioc):
    with pytest.raises(ConfigError, match=f"port {record_ioc.port} is in use"):
        RecordIoc.start(port=record_ioc.port)


def test_one_that_cannot_start_says_why():
    with pytest.raises(RemoteError, match=r"did not start: .*invalid float"):
        RecordIoc.start(velocity="fast")  # type: ignore[arg-type]


def test_the_process_ends_when_its_input_closes():
    process = subprocess.Popen(
        [sys.executable, "-m", "lapwing.sim.record_ioc", f"--port={free_port()}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout.readline().startswith(b"READY ca=")
        process.stdin.close()
        assert process.wait(5) == 0


def test_a_put_completes_when_the_motion_and_the_delay_are_over(pv):
    pv.put("m1.VELO", 10)
    assert 0.2 < seconds(lambda: pv.put("m1.VAL", 2)) < 0.6
    assert pv.get("m1.RBV", "m1.DMOV", "m1.MOVN", "m1") == [2, 1, 0, 2]
    pv.put("m1.DLY", 0.3)
    assert 0.3 < seconds(lambda: pv.put("m1.VAL", 2)) < 0.6
    pv.put("m1.DLY", 0)


def test_a_motor_has_the_fields_of_a_motor_record(pv):
    names = ("RTYP", "EGU", "DESC", "PREC", "SPMG", "TDIR", "VELO", "HLM", "LLM")
    values = pv.get(*(f"m2.{name}" for name in names))
    assert values == ["motor", "mm", "across the peak", 4, 3, 0, 50, 10, -10]
    control = pv.control("m2.VAL")
    assert (control.units, control.precision) == ("mm", 4)
    assert ("control", -10.0, 10.0) in control.limits
    assert pv.control("m2.SPMG").choices == ("Stop", "Pause", "Move", "Go")


def test_the_readback_is_told_many_times_during_a_move(pv):
    heard, moving = [], []

    async def story():
        await pv.aput("m1.VELO", 10)
        readback, done = await pv.channel("m1.RBV"), await pv.channel("m1.DMOV")
        readback.monitor(lambda value: heard.append(value.value))
        done.monitor(lambda value: moving.append(value.value))
        await until(lambda: heard and moving)
        await pv.aput("m1.VAL", 5)
        await until(lambda: heard[-1] == 5 and moving[-1] == 1)

    pv.run(story())
    assert 10 <= len(heard) <= 60
    assert heard == sorted(heard)
    assert moving == [1, 0, 1]


def test_a_stop_ends_the_put_where_the_motor_is(pv):
    pv.put("m1.VELO", 2)

    async def story():
        held = await pv.held("m1.VAL", 8)
        await pv.auntil("m1.MOVN", 1)
        await pv.aput("m1.STOP", 1)
        await asyncio.wait_for(held, 2)
        return await pv.areadings("m1.VAL", "m1.RBV", "m1.DMOV", "m1.STOP")

    val, rbv, done, stop = (one.value for one in pv.run(story()))
    assert 0 <= rbv < 4
    assert (val, done, stop) == (rbv, 1, 0)


@pytest.mark.parametrize("target", [10.5, -10.001, float("nan"), float("inf")])
def test_a_target_beyond_a_soft_limit_is_refused_and_answered(pv, target):
    pv.put("m1.VAL", 1)
    assert seconds(lambda: pv.put("m1.VAL", target)) < 0.5
    assert pv.get("m1.VAL", "m1.RBV", "m1.LVIO", "m1.DMOV") == [1, 1, 1, 1]
    pv.put("m1.VAL", 2)
    assert pv.get("m1.LVIO", "m1.RBV") == [0, 2]


def test_soft_limits_can_be_changed_and_go_with_the_offset(pv):
    pv.put("m1.HLM", 2)
    assert pv.get("m1.DHLM") == 2

    async def told():
        limits = (await pv.channel("m1.VAL")).control.limits
        return ("control", -10.0, 2.0) in limits

    pv.run(until(told))
    pv.put("m1.VAL", 3)
    assert pv.get("m1.LVIO") == 1
    pv.put("m1.DHLM", 10)
    pv.put("m1.OFF", 5)
    names = ("VAL", "RBV", "DVAL", "DRBV", "HLM", "LLM")
    assert pv.get(*(f"m1.{name}" for name in names)) == [5, 5, 0, 0, 15, -5]
    pv.put("m1.VAL", 15)
    assert pv.get("m1.LVIO", "m1.DRBV") == [0, 10]
    pv.put("m1.DVAL", 1)
    assert pv.get("m1.VAL", "m1.RBV") == [6, 6]
    pv.put("m1.OFF", 0)
    assert pv.get("m1.VAL", "m1.HLM") == [1, 10]


def test_a_position_can_be_given_another_name(pv):
    pv.put("m1.SET", "Set")
    pv.put("m1.VAL", 3)
    assert pv.get("m1.VAL", "m1.RBV", "m1.DRBV", "m1.OFF") == [3, 3, 0, 3]
    pv.put("m1.SET", "Use")
    pv.put("m1.OFF", 0)


def test_a_motor_goes_on_by_tweaks_and_distances(pv):
    pv.put("m1.TWV", 0.5)
    pv.put("m1.TWF", 1)
    pv.put("m1.TWF", 1)
    assert pv.get("m1.RBV", "m1.TWF") == [1, 0]
    pv.put("m1.TWR", 1)
    assert pv.get("m1.RBV") == 0.5
    pv.put("m1.RLV", 2)
    assert pv.get("m1.RBV", "m1.RLV") == [2.5, 0]


def test_a_new_target_turns_a_motion_and_both_puts_complete_with_it(pv):
    pv.put("m1.VELO", 10)

    async def story():
        first = await pv.held("m1.VAL", 8)
        await pv.auntil("m1.MOVN", 1)
        second = await pv.held("m1.VAL", -1)
        await asyncio.wait_for(asyncio.gather(first, second), 5)

    pv.run(story())
    assert pv.get("m1.RBV", "m1.DMOV") == [-1, 1]


def test_a_target_right_after_a_stop_or_during_the_delay_is_reached(pv):
    pv.put("m1.VELO", 10)
    pv.put("m1.DLY", 0.2)

    async def story():
        first = await pv.held("m1.VAL", 8)
        await pv.auntil("m1.MOVN", 1)
        await pv.aput("m1.STOP", 1, wait=False)
        await pv.aput("m1.VAL", 1)
        assert await pv.aget("m1.RBV") == 1
        await first
        first = await pv.held("m1.VAL", 1.5)
        await pv.auntil("m1.RBV", 1.5)
        await pv.auntil("m1.MOVN", 0)
        await pv.aput("m1.VAL", 2)
        assert await pv.aget("m1.RBV") == 2
        await first

    pv.run(story())
    assert pv.get("m1.VAL", "m1.DMOV") == [2, 1]
    pv.put("m1.DLY", 0)


def test_a_paused_motor_holds_its_put_until_it_may_go(pv):
    pv.put("m1.SPMG", "Pause")

    async def story():
        held = await pv.held("m1.VAL", 1)
        await pv.auntil("m1.DMOV", 0)
        done, _ = await asyncio.wait([held], timeout=0.2)
        assert not done
        assert await pv.aget("m1.RBV") == 0
        await pv.aput("m1.SPMG", "Go")
        await asyncio.wait_for(held, 3)

    pv.run(story())
    assert pv.get("m1.RBV") == 1


def test_a_motor_at_stop_does_not_move_and_answers(pv):
    pv.put("m1.VELO", 2)

    async def story():
        held = await pv.held("m1.VAL", 8)
        await pv.auntil("m1.MOVN", 1)
        await pv.aput("m1.SPMG", "Stop")
        await asyncio.wait_for(held, 3)

    pv.run(story())
    stood = pv.get("m1.RBV")
    pv.put("m1.VAL", 5)
    assert pv.get("m1.VAL", "m1.RBV") == [stood, stood]
    pv.put("m1.SPMG", "Go")
    assert pv.get("m1.RBV") == stood


def test_a_motor_misses_when_told_to_and_says_so(pv):
    pv.put("m1.MISS", 1)
    pv.put("m1.VAL", 1)
    assert pv.get("m1.RBV") == pytest.approx(1.1)
    assert pv.get("m1.VAL", "m1.MISS", "m1.DMOV") == [1, 1, 1]
    pv.put("m1.VAL", 1)
    assert pv.get("m1.RBV", "m1.MISS") == [1, 0]


def test_a_stalled_motor_stands_still_until_it_is_free_or_stopped(pv):
    async def story():
        await pv.aput("m1:STALL", "stalled")
        held = await pv.held("m1.VAL", 1)
        await pv.auntil("m1.DMOV", 0)
        await pv.aput("m1:STALL", "free")
        await asyncio.wait_for(held, 3)
        await pv.aput("m1:STALL", "stalled")
        held = await pv.held("m1.VAL", 3)
        await pv.auntil("m1.DMOV", 0)
        await pv.aput("m1.STOP", 1)
        await asyncio.wait_for(held, 3)
        await pv.aput("m1:STALL", "free")

    pv.run(story())
    assert pv.get("m1.VAL", "m1.RBV") == [1, 1]


def test_a_nonsensical_velocity_moves_nothing_out_of_place(pv):
    pv.put("m1.VELO", float("inf"))
    pv.put("m1.VAL", 1)
    assert pv.get("m1.RBV", "m1.DMOV") == [1, 1]


def test_a_scaler_counts_what_is_there_for_its_preset_time(pv):
    pv.put("m1.VAL", 0.5)
    pv.put("m2.VAL", 0.25)
    pv.put("scaler1.TP", 0.2)
    assert 0.19 < seconds(lambda: pv.put("scaler1.CNT", 1)) < 0.6
    names = ("CNT", "T", "S1", "S2", "S3", "S4", "S5", "RTYP", "NM1", "NM4", "NM5")
    wanted = Look(Sample(), 0.5, 0.25, 0.2).scaler()
    assert pv.get(*(f"scaler1.{name}" for name in names)) == [
        *(0, 0.2, 2_000_000, *wanted, 0),
        *("scaler", "clock", "If", ""),
    ]


def test_0_ends_a_count_early(pv):
    pv.put("scaler1.TP", 30)

    async def story():
        held = await pv.held("scaler1.CNT", 1)
        # Without completion: one with it is held back until the first has ended.
        await pv.aput("scaler1.CNT", 0, wait=False)
        await asyncio.wait_for(held, 3)

    pv.run(story())
    assert pv.get("scaler1.T") < 3
    assert pv.get("scaler1.CNT") == 0


def test_a_count_begun_right_after_an_end_is_a_whole_one(pv):
    pv.put("scaler1.TP", 30)

    async def story():
        first = await pv.held("scaler1.CNT", 1)
        await pv.aput("scaler1.TP", 0.1)
        await pv.aput("scaler1.CNT", 0, wait=False)
        await pv.aput("scaler1.CNT", 1)
        await first

    pv.run(story())
    assert pv.get("scaler1.T", "scaler1.CNT") == [0.1, 0]


def test_a_busy_record_holds_a_put_until_somebody_says_done(pv):
    async def story():
        held = await pv.held("busy1", 1)
        done, _ = await asyncio.wait([held], timeout=0.1)
        assert not done
        await pv.aput("busy1", 0, wait=False)
        await asyncio.wait_for(held, 3)

    pv.run(story())
    assert pv.get("busy1", "busy1.VAL", "busy1.RTYP") == [0, 0, "busy"]


def test_a_scan_keeps_what_is_posted_into_its_fields(pv):
    async def story():
        names = [f"REC:scan1.{field.name}" for field in sscan_fields()]
        channels = [pv.client.channel(name) for name in names]
        await pv.client.connect(channels, 10)
        values = await pv.client.get_many(channels, 10)
        return [value.severity for value in values]

    assert set(pv.run(story())) == {0}
    for name, value in (("NPTS", 51), ("P1PV", "REC:m1"), ("D01CV", 0.25)):
        pv.put(f"scan1.{name}", value)
        assert pv.get(f"scan1.{name}") == value
    for name in ("P1PA", "R1RA", "D01CA", "D70DA"):
        pv.put(f"scan1.{name}", np.arange(1500) / 4)
        assert np.array_equal(pv.get(f"scan1.{name}")[:1500], np.arange(1500) / 4)
    message = "thirty-nine characters are what fits in"
    pv.put("scan1.SMSG", message)
    assert pv.get("scan1.SMSG", "scan1.RTYP") == [message, "sscan"]


def test_a_restarted_ioc_is_found_again_and_has_forgotten_its_position(pv, record_ioc):
    pv.put("m1.VAL", 3)
    readback = pv.run(pv.channel("m1.RBV"))
    record_ioc.kill()
    assert not record_ioc.running
    pv.run(until(lambda: not readback.connected))
    record_ioc.restart()
    assert seconds(lambda: pv.run(until(lambda: readback.connected, 25))) < 20
    assert pv.get("m1.RBV") == 0


def test_a_motor_goes_home(pv):
    pv.put("m1.OFF", 2)
    pv.put("m1.VAL", 3)
    pv.put("m1.HOMF", 1)
    assert pv.get("m1.RBV", "m1.DRBV", "m1.HOMF") == [2, 0, 0]


def test_a_frozen_ioc_is_silent_until_it_thaws(pv, record_ioc):
    record_ioc.freeze()

    async def story():
        reading = asyncio.ensure_future(pv.aget("m1.RBV"))
        done, _ = await asyncio.wait([reading], timeout=0.3)
        record_ioc.thaw()
        return done, await reading

    assert pv.run(story()) == (set(), 0)
