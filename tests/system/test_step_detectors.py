"""Ready detectors on the simulated beamline: what they find, read and leave behind."""

import asyncio
import threading
import time

import h5py
import numpy as np
import pytest
from beamline_fixtures import start_beamline
from kit import Documents

from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.epics import SIM_FIELDS, clients
from lapwing.epics.convert import text_of
from lapwing.errors import (
    DeviceError,
    DisconnectedError,
    PlanArgumentError,
    RunEngineInterrupted,
    StateError,
)
from lapwing.sim.instruments import Look, region_sum
from lapwing.sim.sample import Sample
from lapwing.stepscan import Counter, Positioner, StepScan
from lapwing.stepscan.detectors import (
    AreaDetector,
    DeviceCounters,
    Electrometer,
    McaDetector,
    McsDetector,
    MotorDetector,
    MultiMcaDetector,
    ScalerDetector,
    SimpleDetector,
    find_detector,
    get_detector,
)
from lapwing.stepscan.posting import SSCAN, Poster

DEAD_TIME = 2e-5
DWELL = 0.02
PLACES = (0.0, 0.5, 1.0)


@pytest.fixture(scope="module", autouse=True)
def beamline():
    with start_beamline(velocity=500.0, pva=True) as beamline:
        yield beamline


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def RE(documents):
    engine = RunEngine({})
    engine.subscribe(documents)
    return engine


@pytest.fixture(autouse=True)
def at_rest():
    put("SIM:Y", 0.0)


def put(pv, value):
    async def write():
        channel = clients.client().channel(pv)
        await clients.client().connect([channel], 5)
        await channel.put(value)

    device_loop.call(write())


def read(pv):
    return Counter(pv).read()


def scan_of(*detectors, array=PLACES, dwell=DWELL, **options):
    x = Positioner("SIM:X", array, name="x", fields=SIM_FIELDS)
    return StepScan([x], detectors=detectors, dwell=dwell, **options)


def looks(points, dwell=DWELL):
    """Return what there is to see at each point of a scan, and its data."""
    return [
        (Look(Sample(), data["x"], 0.0, dwell), data)
        for data in points.points().values()
    ]


def primary(documents):
    return [doc for doc in documents.named("descriptor") if doc["name"] == "primary"]


# ------------------------------------------------------------------ scaler


def test_a_scaler_reads_its_named_channels(RE, documents):
    put("SIM:SCALER:CONT", "AutoCount")
    put("SIM:SCALER:TP", 1.5)
    RE(scan_of(ScalerDetector("SIM:SCALER:", label="scaler")).plan())
    found = looks(documents)
    assert len(found) == 3
    for look, data in found:
        assert data.keys() == {"x", "scaler_time", "clock", "I0", "It", "If"}
        assert data["scaler_time"] == pytest.approx(DWELL)
        assert data["clock"] == round(1e7 * DWELL)
        assert (data["I0"], data["It"], data["If"]) == look.scaler()
    assert read("SIM:SCALER:CONT") == 1  # as it was; one shot in between
    put("SIM:SCALER:CONT", "OneShot")
    (noted,) = documents.points("extra_pvs").values()
    assert noted == {"scaler_frequency": 1e7, "scaler_delay": 0.0}
    facts = documents.named("start")[0]["step_scan"]["detectors"]["scaler"]
    assert facts["kind"] == "ScalerDetector"
    assert facts["trigger"] == "SIM:SCALER:CNT"


def test_channels_are_asked_for_their_names_before_each_scan(RE, documents):
    scaler = ScalerDetector("SIM:SCALER:")
    RE(scan_of(scaler).plan())
    put("SIM:SCALER:NM5", "beam stop")
    put("SIM:SCALER:NM3", "")
    try:
        RE(scan_of(scaler).plan())
    finally:
        put("SIM:SCALER:NM5", "")
        put("SIM:SCALER:NM3", "It")
    first, second = (one["data_keys"].keys() for one in primary(documents))
    assert set(second) - set(first) == {"beam_stop"}
    assert set(first) - set(second) == {"It"}


def test_settings_and_counters_of_the_user_come_beside_the_detector_s_own(
    RE, documents
):
    scaler = ScalerDetector(
        "SIM:SCALER:",
        num_channels=2,
        counters=[Counter("SIM:SCALER:CONT", "mode")],
        settings={"SIM:SCALER:CONT": "AutoCount", "SIM:SCALER:DLY": 0.001},
        extra_pvs={"ring": "SIM:RING:CURRENT"},
    )
    RE(scan_of(scaler, array=[0]).plan())
    (data,) = documents.points().values()
    assert data.keys() == {"x", "SIM_SCALER_time", "clock", "I0", "mode"}
    assert data["mode"] == 1
    (noted,) = documents.points("extra_pvs").values()
    assert noted["SIM_SCALER_delay"] == 0.001
    assert noted["ring"] == 200
    assert read("SIM:SCALER:CONT") == read("SIM:SCALER:DLY") == 0


# ------------------------------------------------------------------ MCA


def test_an_mca_reads_regions_rates_and_the_whole_spectrum(RE, documents):
    RE(scan_of(McaDetector("SIM:MCA:", label="mca", spectrum=True)).plan())
    for look, data in looks(documents):
        true = look.element(0, DEAD_TIME)
        assert np.array_equal(data["mca_spectrum"], true.counts)
        assert data["Fe_Ka"] == region_sum(true.counts, 610, 670)
        assert data["mca_ICR"] == pytest.approx(true.input_rate)
        assert data["mca_dead_time_factor"] == pytest.approx(
            true.input_rate / true.output_rate
        )
    (noted,) = documents.points("extra_pvs").values()
    assert noted == {"mca_offset": 0.0, "mca_slope": 0.01, "mca_quadratic": 0.0}
    keys = primary(documents)[0]["data_keys"]
    regions = {"Fe_Ka", "Fe_Kb", "Cu_Ka"}
    rates = {"mca_ICR", "mca_OCR", "mca_dead_time_factor"}
    assert keys.keys() == {"x", "mca_spectrum"} | regions | rates


def test_the_regions_of_an_mca_may_be_net_or_corrected(RE, documents):
    RE(scan_of(McaDetector("SIM:MCA:", corrected=True)).plan())
    for look, data in looks(documents):
        true = look.element(0, DEAD_TIME)
        factor = true.input_rate / true.output_rate
        assert data["Fe_Ka"] == pytest.approx(
            factor * region_sum(true.counts, 610, 670)
        )
    net = McaDetector("SIM:MCA:", net=True).look()
    assert net.counters[0].pv == "SIM:MCA:R0N"


def test_a_detector_of_several_elements_sums_over_them(RE, documents):
    med = MultiMcaDetector("SIM:MED:", label="med", elements=True, spectrum=True)
    RE(scan_of(med).plan())
    for look, data in looks(documents):
        elements = [look.element(i, DEAD_TIME) for i in range(4)]
        sums = [region_sum(one.counts, 610, 670) for one in elements]
        factors = [one.input_rate / one.output_rate for one in elements]
        corrected = np.dot(sums, factors)
        assert data["Fe_Ka"] == pytest.approx(corrected)
        assert [data[f"Fe_Ka_mca{i}"] for i in range(1, 5)] == sums
        assert data["med_mca2_dead_time_factor"] == pytest.approx(factors[1])
        total = sum(f * one.counts for f, one in zip(factors, elements, strict=True))
        assert data["med_spectrum"] == pytest.approx(total)
        assert np.array_equal(data["med_mca3_spectrum"], elements[2].counts)
    (noted,) = documents.points("extra_pvs").values()
    assert noted["med_mca4_slope"] == 0.01


def test_the_elements_are_counted_and_others_than_asked_for_refused():
    med = MultiMcaDetector("SIM:MED:", corrected=False).look()
    assert [one.label for one in med.counters] == ["Fe Ka", "Fe Kb", "Cu Ka"]
    assert len(med.counters[0].pvs) == 4
    assert len(MultiMcaDetector("SIM:MED:", 2).look().counters[0].elements) == 2
    with pytest.raises(DeviceError, match=r"has not 5 elements: .* 4 answer"):
        MultiMcaDetector("SIM:MED:", 5).look()


# ------------------------------------------------------------ MCS, electrometer


def test_a_multichannel_scaler_shares_the_dwell_among_its_channels(RE, documents):
    names = ["clock", "I0", "", "If"]
    mcs = McsDetector("SIM:MCS:", 10, names=names, label="mcs")
    before = read("SIM:MCS:Dwell")
    RE(scan_of(mcs).plan())
    assert read("SIM:MCS:Dwell") == before != DWELL / 10
    for look, data in looks(documents, DWELL / 10):
        assert data.keys() == {
            *("x", "clock", "clock_channels", "I0", "I0_channels"),
            *("If", "If_channels"),
        }
        i0, _, fluorescence = look.scaler()
        assert data["I0_channels"].tolist() == [i0] * 10
        assert data["If"] == 10 * fluorescence
    (descriptor,) = primary(documents)
    assert descriptor["data_keys"]["I0_channels"]["shape"] == [10]
    hinted = descriptor["hints"]["point"]["fields"]
    assert "If" in hinted
    assert "If_channels" not in hinted
    assert read("SIM:MCS:NuseAll") == 100
    device_loop.call(mcs.look_at_dwell())
    assert mcs.dwell_seconds == pytest.approx(10 * before)  # of all channels of a point


def test_an_electrometer_reads_its_currents(RE, documents):
    RE(scan_of(Electrometer("SIM:EM:", names=["I0", "It"], label="em")).plan())
    for look, data in looks(documents):
        found = [data[key] for key in ("I0", "It", "em_current_3", "em_current_4")]
        assert found == pytest.approx(look.currents())


# ------------------------------------------------------------------ area detector


def test_an_area_detector_writes_a_frame_for_each_point(RE, documents, tmp_path):
    camera = AreaDetector("SIM:CAM:", label="cam", file_path=tmp_path)
    before = [read(f"SIM:CAM:cam1:{name}") for name in ("ImageMode", "NumImages")]
    counter = read("SIM:CAM:cam1:ArrayCounter_RBV")
    RE(scan_of(camera).plan())
    (file,) = tmp_path.iterdir()
    frames = frames_of(file)
    assert len(frames) == 3
    for look, data in looks(documents):
        frame = frames[data["cam_frame"]]
        assert data["cam_file"] == str(file)
        assert np.array_equal(frame, look.frame(0))
        assert data["cam_total"] == frame.sum()
        assert data["beam"] == frame[16:32, 24:40].sum()
        counter += 1
        assert data["cam_array_counter"] == counter
        assert {"ring", "corner"} < data.keys()
    facts = documents.named("start")[0]["step_scan"]["detectors"]["cam"]
    assert facts["file"]["first_file"] == str(file)
    assert [
        read(f"SIM:CAM:cam1:{name}") for name in ("ImageMode", "NumImages")
    ] == before
    assert read("SIM:CAM:HDF1:Capture_RBV") == 0
    RE(scan_of(camera).plan())
    assert len(list(tmp_path.iterdir())) == 2


def frames_of(file):
    with h5py.File(file, "r") as found:
        arrays = []
        found.visititems(
            lambda _, one: (
                arrays.append(one[...]) if getattr(one, "ndim", 0) == 3 else None
            )
        )
    (frames,) = arrays
    return frames


def test_an_area_detector_that_shows_live_images_is_stopped_first(RE, documents):
    put("SIM:CAM:cam1:ImageMode", "Continuous")
    Counter("SIM:CAM:cam1:Acquire").read()
    camera = AreaDetector("SIM:CAM:", label="cam", statistics=("Total", "MaxValue"))
    camera.trigger.start()
    while not read("SIM:CAM:cam1:Acquire"):
        time.sleep(0.001)
    RE(scan_of(camera).plan())
    for look, data in looks(documents):
        assert data["cam_maxvalue"] == look.frame(0).max()
        assert data["beam_maxvalue"] <= data["cam_maxvalue"]
    assert read("SIM:CAM:cam1:ImageMode") == 2
    assert read("SIM:CAM:cam1:Acquire") == 1  # and who looked goes on looking
    put("SIM:CAM:cam1:Acquire", 0)
    put("SIM:CAM:cam1:ImageMode", "Single")


ANOTHER_SETUP = {
    "cam1:ImageMode": 1,
    "cam1:NumImages": 7,
    "cam1:TriggerMode": 1,
    "cam1:ArrayCallbacks": 0,
    "Stats1:EnableCallbacks": 0,
    "HDF1:EnableCallbacks": 0,
    "HDF1:FileName": "mine",
    "HDF1:FileTemplate": "%s%s_%3.3d.hdf5",
    "HDF1:FileWriteMode": 1,
    "HDF1:NumCapture": 12,
    "HDF1:AutoIncrement": 0,
}


@pytest.fixture
def another_setup(tmp_path):
    """How somebody else uses the camera; it is asserted to be so again at the end."""
    put("SIM:CAM:HDF1:Capture", 0)
    wanted = {**ANOTHER_SETUP, "HDF1:FilePath": str(tmp_path)}
    before = {name: setup_of(name) for name in wanted}
    for name, value in wanted.items():
        put(f"SIM:CAM:{name}", value)
    yield
    found = {name: setup_of(name) for name in wanted}
    for name, value in before.items():
        put(f"SIM:CAM:{name}", value)
    assert found == wanted
    assert read("SIM:CAM:HDF1:Capture_RBV") == 0


def setup_of(name):
    value = read(f"SIM:CAM:{name}")
    return text_of(value) if isinstance(value, str | np.ndarray) else value


def test_a_camera_and_its_file_plugin_are_as_before_after_a_scan(
    RE, documents, tmp_path, another_setup
):
    (tmp_path / "frames").mkdir()
    RE(scan_of(AreaDetector("SIM:CAM:", file_path=tmp_path / "frames")).plan())
    assert len(documents.points()) == 3


def test_a_camera_is_as_before_after_an_abort_in_mid_exposure(
    RE, documents, tmp_path, another_setup
):
    camera = AreaDetector("SIM:CAM:", file_path=tmp_path)
    scan = scan_of(camera, dwell=30.0)
    aborted = threading.Thread(
        target=lambda: (until_exposing(), RE.abort("enough")), daemon=True
    )
    aborted.start()
    with pytest.raises(RunEngineInterrupted):
        RE(scan.plan())
    aborted.join(10)
    assert documents.named("stop")[0]["exit_status"] == "abort"


def until_exposing():
    end = time.monotonic() + 10
    while read("SIM:CAM:cam1:DetectorState_RBV") != 1:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_camera_is_as_before_if_its_file_cannot_be_begun(RE, tmp_path, another_setup):
    camera = AreaDetector("SIM:CAM:", file_path=tmp_path / "nowhere")
    with pytest.raises(DeviceError, match="does not write"):
        RE(scan_of(camera).plan())


def test_a_directory_that_is_not_there_is_told_before_the_first_point(
    RE, documents, tmp_path
):
    camera = AreaDetector("SIM:CAM:", file_path=tmp_path / "nowhere")
    with pytest.raises(
        DeviceError, match=r"SIM:CAM:HDF1 does not write: .*nowhere"
    ) as e:
        RE(scan_of(camera).plan())
    assert "finds no directory" in e.value.hint
    assert documents.all == []


def test_points_that_are_taken_again_keep_their_frames(RE, documents, tmp_path):
    camera = AreaDetector("SIM:CAM:", label="cam", file_path=tmp_path)
    put("SIM:CAM:INVALID", 1)
    RE(scan_of(camera).plan())
    assert [data["cam_frame"] for _, data in looks(documents)] == [1, 2, 3]
    (file,) = tmp_path.iterdir()
    frames = frames_of(file)
    for look, data in looks(documents):
        assert np.array_equal(frames[data["cam_frame"]], look.frame(0))


# ------------------------------------------------------------ simple ones


def test_a_pv_and_a_motor_are_detectors_without_a_trigger(RE, documents):
    temperature = SimpleDetector("SIM:TEMP1", "T")
    motor = MotorDetector("SIM:Y", "height", readback="SIM:Y:RBV")
    fields = DeviceCounters(
        "SIM:MCA:", {"CALS": "slope", "NUSE": ""}, record_type="mca"
    )
    RE(scan_of(temperature, motor, fields).plan())
    assert next(iter(documents.points().values())) == {
        "x": 0.0,
        "T": 22.5,
        "height": 0.0,
        "slope": 0.01,
        "SIM_MCA_NUSE": 2048,
    }


def test_a_record_of_another_type_is_refused():
    with pytest.raises(DeviceError, match="type mca; DeviceCounters needs scaler"):
        DeviceCounters("SIM:MCA:", {"CALS": ""}, record_type="scaler").look()
    with pytest.raises(DeviceError, match="type scaler; McaDetector needs mca"):
        McaDetector("SIM:SCALER:").look()


# ------------------------------------------------------------ finding one


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("SIM:SCALER:", ScalerDetector),
        ("SIM:SCALER", ScalerDetector),
        ("SIM:MCA", McaDetector),
        ("SIM:MED:", MultiMcaDetector),
        ("SIM:MCS:", McsDetector),
        ("SIM:EM", Electrometer),
        ("SIM:CAM:", AreaDetector),
        ("SIM:DET:COUNTS", SimpleDetector),
        ("pva://SIM:SCALER", ScalerDetector),
    ],
)
def test_a_prefix_tells_what_detector_it_is(prefix, kind):
    detector = get_detector(prefix)
    assert type(detector) is kind
    assert detector.counters


def test_a_kind_may_be_said_and_unknown_ones_list_those_that_are_known():
    assert type(get_detector("SIM:SCALER:", "simple")) is SimpleDetector
    assert get_detector("SIM:SCALER:", "scaler", label="s").label == "s"
    with pytest.raises(PlanArgumentError, match="'camera'; there are simple, motor,"):
        get_detector("SIM:CAM:", "camera")


def test_a_prefix_without_an_answer_is_told():
    with pytest.raises(DisconnectedError, match="NO:SUCH:cam1:Acquire"):
        get_detector("NO:SUCH:", timeout=0.3)


def test_in_the_device_loop_it_is_awaited():
    async def main():
        with pytest.raises(StateError, match="event loop"):
            get_detector("SIM:SCALER:")
        return await find_detector("SIM:SCALER:")

    assert isinstance(device_loop.call(main()), ScalerDetector)


def test_a_detector_and_a_poster_may_use_pv_access(RE, documents, tmp_path):
    scaler = get_detector("pva://SIM:SCALER")
    camera = AreaDetector("pva://SIM:CAM:", label="cam", file_path=tmp_path)
    poster = Poster("pva://SIM:scan1:", SSCAN)
    RE(scan_of(scaler, camera, listeners=[poster]).plan())
    (file,) = tmp_path.iterdir()
    frames = frames_of(file)
    for look, data in looks(documents):
        assert (data["I0"], data["It"], data["If"]) == look.scaler()
        assert data["SIM_SCALER_time"] == pytest.approx(DWELL)
        assert data["cam_file"] == str(file)
        assert np.array_equal(frames[data["cam_frame"]], look.frame(0))
    assert (read("SIM:scan1:CPT"), read("SIM:scan1:DATA")) == (3, 1)
    assert read("SIM:scan1:P1RA")[:3].tolist() == list(PLACES)


def test_the_loop_of_the_seed_works_with_a_detector_that_was_found():
    det = get_detector("SIM:SCALER:", num_channels=4)
    [trigger.start() for trigger in det.triggers]
    while not all([trigger.done for trigger in det.triggers]):  # noqa: C419
        time.sleep(0.001)
    values = {counter.label: counter.read() for counter in det.counters}
    assert values["clock"] == 1e7 * values["SIM:SCALER time"]


def test_several_detectors_count_together(RE, documents, tmp_path):
    async def find():
        prefixes = ("SIM:SCALER", "SIM:MED", "SIM:EM")
        return await asyncio.gather(*map(find_detector, prefixes))

    found = device_loop.call(find())
    camera = AreaDetector("SIM:CAM:", file_path=tmp_path)
    RE(scan_of(*found, camera).plan())
    for look, data in looks(documents):
        assert (data["I0"], data["It"], data["If"]) == look.scaler()
        assert data["SIM_EM_current_1"] == pytest.approx(look.currents()[0])
        assert data["SIM_CAM_total"] == look.frame(0).sum()


# ------------------------------------------------------------ after a restart


def test_a_camera_whose_server_was_started_anew_goes_on_in_another_file(
    RE, documents, tmp_path, beamline
):
    camera = AreaDetector("SIM:CAM:", label="cam", file_path=tmp_path)
    scaler = ScalerDetector("SIM:SCALER:")
    scan = scan_of(camera, scaler, array=np.arange(400) % 20 / 10)
    running = threading.Thread(target=lambda: RE(scan.plan()))
    running.start()
    wait_for_points(scan, 5)
    beamline.kill()
    beamline.restart()
    wait_for_points(scan, scan.progress.points_taken + 5)
    scan.requests.skip(400)
    running.join(30)
    first, second = sorted(tmp_path.iterdir())
    named = [data["cam_file"] for _, data in looks(documents)]
    assert list(dict.fromkeys(named)) == [str(first), str(second)]
    frames = frames_of(second)
    later = [
        (look, data)
        for look, data in looks(documents)
        if data["cam_file"] == str(second)
    ]
    assert len(later) >= 5
    for look, data in later:
        assert np.array_equal(frames[data["cam_frame"]], look.frame(0))
        assert (data["I0"], data["It"], data["If"]) == look.scaler()


def wait_for_points(scan, num_points):
    end = time.monotonic() + 40
    while scan.progress.points_taken < num_points:
        assert time.monotonic() < end
        time.sleep(0.01)
