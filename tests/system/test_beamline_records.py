"""The instruments of the simulated beamline, as a client sees them."""

import asyncio
import time

import numpy as np
import pytest
from beamline_fixtures import (  # noqa: F401
    beamline_fixture,
    run_fixture,
)
from pv_fixtures import goto, pv_fixture, seconds  # noqa: F401

from lapwing.sim.instruments import Look, region_sum
from lapwing.sim.sample import Sample
from lapwing.sim.scan_fields import info_fields, sscan_fields

INVALID = 3


def look(x, y, dwell, noise=True):
    return Look(Sample(), x, y, dwell, noise)


def test_a_scaler_counts_for_its_preset_time_what_is_there(pv):
    goto(pv, 0.5, 0.25)
    pv.put("SCALER:TP", 0.2)
    assert 0.19 < seconds(lambda: pv.put("SCALER:CNT", 1)) < 0.6
    assert pv.get("SCALER:CNT") == 0
    names = [f"SCALER:{end}" for end in ("T", "S1", "S2", "S3", "S4", "S5")]
    values = pv.get(*names)
    assert values == [0.2, 2_000_000, *look(0.5, 0.25, 0.2).scaler(), 0]
    names = [f"SCALER:NM{i}" for i in range(1, 6)]
    assert pv.get(*names) == ["clock", "I0", "It", "If", ""]
    assert pv.get("SCALER:RTYP") == "scaler"


def test_the_same_place_counts_the_same_whatever_came_between(pv):
    pv.put("SCALER:TP", 0.02)

    def count(x):
        goto(pv, x, 0)
        pv.put("SCALER:CNT", 1)
        return pv.get("SCALER:S4")

    first = count(0.7)
    assert count(-2) != first
    assert count(0.7) == first


def test_0_ends_a_count_and_its_put_is_answered(pv):
    pv.put("SCALER:TP", 30)

    async def story():
        counting = await pv.held("SCALER:CNT", 1)
        await pv.aput("SCALER:CNT", 0, wait=False)
        await asyncio.wait_for(counting, 3)
        return await pv.aget("SCALER:T")

    assert pv.run(story()) < 3
    assert pv.get("SCALER:CNT") == 0


def test_a_count_begun_right_after_an_end_is_a_whole_one(pv):
    pv.put("SCALER:TP", 30)

    async def story():
        first = await pv.held("SCALER:CNT", 1)
        await pv.aput("SCALER:TP", 0.1)
        await pv.aput("SCALER:CNT", 0, wait=False)
        began = time.monotonic()
        await pv.aput("SCALER:CNT", 1)
        assert time.monotonic() - began > 0.1
        await asyncio.wait_for(first, 3)

    for _ in range(5):
        pv.put("SCALER:TP", 30)
        pv.run(story())
        assert pv.get("SCALER:T", "SCALER:CNT") == [0.1, 0]


def test_a_count_that_nobody_waits_for_is_followed_by_the_next(pv):
    pv.put("SCALER:TP", 0.1)

    async def story():
        await pv.aput("SCALER:CNT", 1, wait=False)
        began = time.monotonic()
        await pv.aput("SCALER:CNT", 1)
        return time.monotonic() - began

    assert pv.run(story()) > 0.15


def test_a_scaler_waits_its_delay_before_it_counts(pv):
    pv.put("SCALER:TP", 0.01)
    pv.put("SCALER:DLY", 0.2)
    assert seconds(lambda: pv.put("SCALER:CNT", 1)) > 0.2
    assert pv.get("SCALER:T") == 0.01
    pv.put("SCALER:DLY", 0)


def test_an_auto_counting_scaler_writes_over_what_was_counted(pv):
    goto(pv, 0.5, 0)
    pv.put("SCALER:TP", 0.01)
    pv.put("SCALER:CONT", "AutoCount")
    pv.put("SCALER:CNT", 1)
    pv.until("SCALER:T", 0.1)
    pv.put("SCALER:CONT", "OneShot")


@pytest.mark.parametrize(
    ("prefix", "trigger", "preset", "reading"),
    [
        ("DET:", "TRIG", "DWELL", "COUNTS"),
        ("SCALER:", "CNT", "TP", "S4"),
        ("MCA:", "EraseStart", "PRTM", "R0"),
        ("MED:", "EraseStart", "PresetReal", "mca2:R0"),
        ("EM:", "Acquire", "AveragingTime", "Current3:MeanValue"),
    ],
)
def test_a_count_can_be_stalled_cut_short_and_spoilt(
    pv, prefix, trigger, preset, reading
):
    trigger, reading = prefix + trigger, prefix + reading
    before = pv.get(prefix + preset)
    pv.put(prefix + preset, 0.2)
    pv.put(f"{prefix}SHORT", 1)
    assert seconds(lambda: pv.put(trigger, 1)) < 0.19
    assert seconds(lambda: pv.put(trigger, 1)) > 0.19
    pv.put(prefix + preset, 0.01)
    pv.put(f"{prefix}INVALID", 1)
    pv.put(trigger, 1)
    assert pv.readings(reading)[0].severity == INVALID
    pv.put(trigger, 1)
    assert pv.readings(reading)[0].severity == 0

    async def story():
        await pv.aput(f"{prefix}STALL", 1)
        held = await pv.held(trigger, 1)
        done, _ = await asyncio.wait([held], timeout=0.2)
        assert not done
        await pv.aput(f"{prefix}STALL", 0)
        await held
        await pv.aput(f"{prefix}STALL", 1)
        held = await pv.held(trigger, 1)
        # Where there is another way to end it, 0 is the one that all have.
        await pv.aput(trigger, 0, wait=False)
        await held
        await pv.aput(f"{prefix}STALL", 0)

    pv.run(story())
    pv.put(prefix + preset, before)


def test_a_motor_misses_when_told_to_and_says_so(pv):
    goto(pv, 0, 0)
    pv.put("X:MISS", 1)
    pv.put("X", 1)
    assert pv.get("X:RBV") == pytest.approx(1.1)
    assert (pv.get("X"), pv.get("X:MISS"), pv.get("X:DMOV")) == (1, 1, 1)
    pv.put("X", 1)
    assert (pv.get("X:RBV"), pv.get("X:MISS")) == (1, 0)


def test_an_mca_has_a_spectrum_regions_and_dead_time(pv):
    goto(pv, 0.5, 0.25)
    pv.put("MCA:PRTM", 0.2)
    assert 0.19 < seconds(lambda: pv.put("MCA:EraseStart", 1)) < 0.6
    expected = look(0.5, 0.25, 0.2).element(0, 2e-5)
    assert np.array_equal(pv.get("MCA:VAL"), expected.counts)
    assert pv.get("MCA:ELTM") == 0.2
    assert pv.get("MCA:R0NM") == "Fe Ka"
    assert pv.get("MCA:R0") == region_sum(expected.counts, 610, 670)
    assert 0 < pv.get("MCA:R0N") < pv.get("MCA:R0")
    assert (pv.get("MCA:R3"), pv.get("MCA:R3NM")) == (0, "")
    assert pv.get("MCA:ICR") == pytest.approx(expected.input_rate)
    assert pv.get("MCA:OCR") == pytest.approx(expected.output_rate)
    assert pv.get("MCA:OCR") < 0.98 * pv.get("MCA:ICR")
    assert (pv.get("MCA:CALS"), pv.get("MCA:EGU"), pv.get("MCA:RTYP")) == (
        0.01,
        "keV",
        "mca",
    )


def test_the_sum_of_a_region_follows_its_limits(pv):
    pv.put("MCA:PRTM", 0.05)
    pv.put("MCA:EraseStart", 1)
    spectrum = pv.get("MCA:VAL")
    pv.put("MCA:R1LO", 0)
    pv.put("MCA:R1HI", 99)
    pv.until("MCA:R1", spectrum[:100].sum())
    pv.put("MCA:R1LO", 675)
    pv.put("MCA:R1HI", 735)
    pv.put("MCA:Erase", 1)
    pv.until("MCA:R1", 0)
    assert pv.get("MCA:VAL").sum() == 0


def test_the_elements_of_a_detector_see_the_same_differently(pv):
    goto(pv, 0.5, 0.25)
    pv.put("MED:PresetReal", 0.1)
    pv.put("MED:EraseStart", 1)
    at = look(0.5, 0.25, 0.1)
    for i in range(4):
        expected = at.element(i, 2e-5)
        assert np.array_equal(pv.get(f"MED:mca{i + 1}:VAL"), expected.counts)
        rate = pv.get(f"MED:dxp{i + 1}:InputCountRate")
        assert rate == pytest.approx(expected.input_rate)
        assert pv.get(f"MED:dxp{i + 1}:OutputCountRate") < rate
    assert pv.get("MED:mca1:R0") > pv.get("MED:mca4:R0") > 0


def test_the_stop_of_an_mca_ends_its_put(pv):
    pv.put("MCA:PRTM", 30)

    async def story():
        held = await pv.held("MCA:EraseStart", 1)
        await pv.aput("MCA:Stop", 1)
        await asyncio.wait_for(held, 3)

    pv.run(story())
    assert pv.get("MCA:ELTM") < 3


def test_a_multichannel_scaler_fills_its_channels_by_its_clock(pv):
    goto(pv, 0.5, 0.25)
    pv.put("MCS:NuseAll", 50)
    pv.put("MCS:Dwell", 0.004)
    assert 0.19 < seconds(lambda: pv.put("MCS:EraseStart", 1)) < 0.7
    assert pv.get("MCS:CurrentChannel") == 50
    assert pv.get("MCS:Acquiring") == 0
    assert pv.get("MCS:ElapsedReal") == pytest.approx(0.2)
    counts = look(0.5, 0.25, 0.004).scaler()
    for i, wanted in enumerate((40_000, *counts), 1):
        values = pv.get(f"MCS:mca{i}:VAL")[:50]
        assert (values == wanted).all()


def test_a_multichannel_scaler_sees_a_motor_go_by(pv):
    goto(pv, -4, 0)
    pv.put("X:VELO", 20)
    pv.put("MCS:NuseAll", 100)
    pv.put("MCS:Dwell", 0.005)

    async def story():
        await asyncio.gather(pv.aput("X", 6), pv.aput("MCS:EraseStart", 1))

    pv.run(story())
    fluorescence = pv.get("MCS:mca4:VAL")[:100]
    assert fluorescence.max() > 5 * fluorescence[0]
    assert 20 < fluorescence.argmax() < 90
    pv.put("X:VELO", 50)


def test_a_multichannel_scaler_goes_on_with_each_pulse(pv):
    pv.put("MCS:NuseAll", 3)
    pv.put("MCS:ChannelAdvance", "External")

    async def story():
        held = await pv.held("MCS:EraseStart", 1)
        await pv.auntil("MCS:Acquiring", 1)
        for i in range(3):
            assert not held.done()
            await pv.aput("MCS:SoftwareChannelAdvance", 1)
            await pv.auntil("MCS:CurrentChannel", i + 1)
        await asyncio.wait_for(held, 3)
        held = await pv.held("MCS:EraseStart", 1)
        await pv.aput("MCS:StopAll", 1)
        await asyncio.wait_for(held, 3)

    pv.run(story())
    assert pv.get("MCS:Acquiring") == 0
    pv.put("MCS:ChannelAdvance", "Internal")


def test_an_electrometer_tells_mean_currents(pv):
    goto(pv, 0.5, 0.25)
    pv.put("EM:AveragingTime", 0.05)
    pv.put("EM:Acquire", 1)
    names = [f"EM:Current{i}:MeanValue" for i in range(1, 5)]
    means = pv.get(*names)
    assert means == pytest.approx(look(0.5, 0.25, 0.05).currents())


def test_the_trigger_of_the_fast_records_counts_each_put_before_it_completes(pv):
    async def story():
        trigger = await pv.channel("FAST:TRIG")
        count = await pv.channel("FAST:COUNT")
        begin = (await pv.client.get_many([count]))[0].value
        assert (await pv.channel("FAST:WAVE")).control.shape == (2048,)
        seen = []
        for _ in range(2000):
            await trigger.put(1)
            seen.append((await pv.client.get_many([count]))[0].value - begin)
        return seen

    assert pv.run(story()) == list(range(1, 2001))
    ends = ("COUNT", "S1", "S2", "S3", "S4", "WAVE")
    count, *scalars, wave = pv.readings(*(f"FAST:{end}" for end in ends))
    assert [one.value for one in scalars] == [i * count.value for i in (1, 2, 3, 4)]
    assert (wave.value == np.arange(2048) + count.value % 2048).all()


def test_there_are_thirty_fast_positioners(pv):
    for i in range(1, 31):
        pv.put(f"FAST:P{i:02}", i / 2)
    values = [
        one.value for one in pv.readings(*(f"FAST:P{i:02}" for i in range(1, 31)))
    ]
    assert values == [i / 2 for i in range(1, 31)]


def test_the_fields_of_a_scan_keep_what_is_posted(pv):
    async def story():
        fields = [(f"scan1:{field.name}", field) for field in sscan_fields()]
        fields += [(f"scan:{field.name}", field) for field in info_fields()]
        channels = {name: pv.client.channel(f"SIM:{name}") for name, _ in fields}
        await pv.client.connect(channels.values(), 10)
        for name, field in fields:
            sizes = {"reals": (field.size,), "floats": (field.size,)}
            sizes |= {"long text": (field.size,)}
            assert channels[name].control.shape == sizes.get(field.kind, ())
        values = await pv.client.get_many(list(channels.values()), 10)
        pairs = zip(channels, values, strict=True)
        assert [name for name, value in pairs if value.severity] == []
        return len(fields)

    assert pv.run(story()) > 300
    for name, value in (("NPTS", 51), ("P1PV", "SIM:X"), ("R1CV", 0.25)):
        pv.put(f"scan1:{name}", value)
        assert pv.get(f"scan1:{name}") == value
    message = "thirty-nine characters are what fits in"
    pv.put("scan1:SMSG", message)
    assert pv.get("scan1:SMSG") == message
    for name in ("P1PA", "R1RA", "D70CA", "D01DA"):
        pv.put(f"scan1:{name}", np.arange(1500) / 4)
        assert np.array_equal(pv.get(f"scan1:{name}")[:1500], np.arange(1500) / 4)
    pv.put("scan:message", list(b"a longer message than fits in a string"))
    assert pv.text("scan:message") == "a longer message than fits in a string"


def test_extra_pvs_have_units_descriptions_and_no_alarm(pv):
    for name, unit in (("RING:CURRENT", "mA"), ("TEMP1", "degC"), ("TEMP3", "degC")):
        reading = pv.readings(name)[0]
        assert reading.severity == 0
        assert pv.control(name).units == unit
        assert pv.get(f"{name}.DESC")
    pv.put("RING:CURRENT", 101.5)
    assert pv.get("RING:CURRENT") == 101.5
    pv.put("SHUTTER", "open")
    assert pv.get("SHUTTER") == 1
