"""Definitions of step scans: what may be said, what it becomes, what is refused."""

import json
import subprocess
import sys

import jsonschema
import numpy as np
import pytest

from lapwing.epics.fields import SIM_FIELDS
from lapwing.errors import ConfigError, DataExistsError
from lapwing.stepscan import (
    Counter,
    Detector,
    MotorCounter,
    Positioner,
    StepScan,
    SumCounter,
    Trigger,
)
from lapwing.stepscan.definition import (
    ScanDefinition,
    dump,
    dumps,
    load,
    load_scan,
    loads,
    read_text,
    schema,
    to_definition,
)

TWO = "positioners:\n  - {pv: SIM:X, positions: [1, 2]}\n"
FULL = """
name: full
positioners:
  - pv: SIM:X
    label: along
    name: x
    positions: {start: -1, stop: 1, num: 5}
    units: mm
    readback: SIM:X:RBV
    stop: SIM:X:STOP
    limits: [-2, 2]
    relative: true
    timeout: 30
    extra_pvs: [SIM:X:VELO]
  - {pv: SIM:Y, positions: [0, 1, 2, 3, 4], fields: sim, tolerance: 0.1}
triggers: [{pv: SIM:T, value: 2, abort_value: null}]
counters:
  - SIM:A
  - {pv: SIM:B, label: b, units: V}
  - {motor: "IOC:m1"}
  - {sum: [S1, S2], label: total, rates: [[I1, O1], [I2, O2]]}
detectors:
  - trigger: SIM:DET:TRIG
    counters: [{pv: SIM:DET:COUNTS, label: counts}]
    dwell: SIM:DET:DWELL
    label: det
    settings: {SIM:DET:NOISE: 0}
  - {prefix: SIM:SCALER, kind: scaler}
breakpoints: [1, 3]
extra_pvs: {centre: SIM:TRUTH:CENTRE}
dwell: [1, 1, 2, 2, 3]
pos_settle_time: 0.1
det_settle_time: 0.2
retries: 1
message_points: 10
posting: {prefix: "SIM:SCAN", template: sscan}
md: {sample: iron, nested: {a: [1, null]}}
"""


def scan_of(text):
    return read_text(text, "f.yaml").scan()


def test_a_definition_becomes_a_step_scan():
    scan = scan_of(FULL)

    x, y = scan.positioners
    assert (x.name, x.label, x.pv, x.relative) == ("x", "along", "SIM:X", True)
    assert list(x.array) == [-1, -0.5, 0, 0.5, 1]
    assert list(y.array) == [0, 1, 2, 3, 4]
    assert y.given["fields"] is SIM_FIELDS
    assert y.given["tolerance"] == 0.1
    assert [one.pv for one in scan.triggers][-1] == "SIM:T"
    assert scan.triggers[-1].abort_value is None
    labels = [one.label for one in scan.counters]
    assert labels[-4:] == ["SIM:A", "b", "IOC:m1 readback", "total"]
    assert [type(one).__name__ for one in scan.detectors] == [
        "Detector",
        "ScalerDetector",
    ]
    assert scan.detectors[0].settings == {"SIM:DET:NOISE": 0}
    assert scan.breakpoints == {1, 3}
    assert list(scan.dwell) == [1, 1, 2, 2, 3]
    assert scan.extra_pvs == {"centre": "SIM:TRUTH:CENTRE"}
    assert (scan.pos_settle_time, scan.det_settle_time) == (0.1, 0.2)
    assert scan.max_retries == 1
    (poster,) = scan.progress.listeners
    assert poster.pv("CPT") == "SIM:SCAN.CPT"
    assert scan.restore  # for there are relative positions
    assert scan.md == {"sample": "iron", "nested": {"a": [1, None]}}


@pytest.mark.parametrize(
    ("told", "positions"),
    [
        ("[1, 2.5, -1e-3]", [1, 2.5, -1e-3]),
        ("{start: 0, stop: 1, num: 3}", [0, 0.5, 1]),
        ("{start: 2, stop: 2, num: 1}", [2]),
        ("{start: 0, stop: 0.3, step: 0.1}", [0, 0.1, 0.2, 0.3]),
        ("{start: 0, stop: 0.35, step: 0.1}", [0, 0.1, 0.2, 0.3]),
        ("{start: 1, stop: 0, step: 0.5}", [1, 0.5, 0]),
        ("{start: 1, stop: 0, step: -0.5}", [1, 0.5, 0]),
        ("[In, Out]", ["In", "Out"]),
    ],
)
def test_positions_are_lists_or_ranges(told, positions):
    (one,) = scan_of(f"positioners: [{{pv: X, positions: {told}}}]").positioners
    if isinstance(positions[0], str):
        assert list(one.array) == positions
    else:
        np.testing.assert_allclose(one.array, positions, rtol=0, atol=1e-12)


def test_a_mesh_is_lists_with_a_breakpoint_for_each_row_and_two_dimensions():
    scan = scan_of("""
mesh:
  outer: {pv: SIM:Y, name: y, positions: [0, 1]}
  inner: {pv: SIM:X, name: x, positions: {start: 0, stop: 2, num: 3}}
  snake: true
breakpoints: [0]
md: {sample: iron}
""")
    y, x = scan.positioners
    assert list(y.array) == [0, 0, 0, 1, 1, 1]
    assert list(x.array) == [0, 1, 2, 2, 1, 0]
    assert scan.breakpoints == {0, 2, 5}
    assert scan.md == {
        "shape": [2, 3],
        "extents": [[0, 1], [0, 2]],
        "snaking": [False, True],
        "hints": {
            "gridding": "rectilinear",
            "dimensions": [[["y"], "primary"], [["x"], "primary"]],
        },
        "sample": "iron",
    }


def test_an_absorption_scan_has_energies_and_a_dwell_for_each():
    scan = scan_of("""
xafs:
  energy: {pv: "MONO:E", name: energy}
  e0: 7112
  element: Fe
  edge: K
  regions:
    - {start: -20, stop: 0, step: 10, dtime: 0.5}
    - {start: 2, stop: 3, num: 2, unit: k, dtime: 1, dtime_final: 4}
""")
    (energy,) = scan.positioners
    assert list(energy.array[:3]) == [7092, 7102, 7112]
    assert len(energy.array) == 5
    assert list(scan.dwell) == [0.5, 0.5, 0.5, 1, 4]
    assert scan.md["edge_energy"] == 7112
    assert scan.md["element"] == {"symbol": "Fe", "edge": "K"}


def test_a_scan_without_positioners_has_a_number_of_points():
    scan = scan_of("npts: 7\ncounters: [SIM:A]\ndwell: 0.1")
    assert scan.num_points == 7
    assert scan.positioners == []


WRONG = [
    ("positionrs: 1", "1, column 1: positionrs is unknown; allowed here: name, "),
    ("positionrs: 1", "did you mean positioners?"),
    (
        "positioners:\n  - pv: X\n    positons: [1]",
        "3, column 5: positioners[0].positons is unknown",
    ),
    (
        "positioners:\n  - {pv: X, positions: {start: 0, stop: ten, num: 3}}",
        "2, column 35: positioners[0].positions.stop is 'ten'; needed: number",
    ),
    (
        "positioners:\n  - {pv: X, positions: {start: 0, stop: 10}}",
        "2, column 13: positioners[0].positions has neither of num and step",
    ),
    (
        "positioners:\n  - {pv: X, positions: {start: 0, stop: 10, step: 0}}",
        "2, column 45: positioners[0].positions.step is 0",
    ),
    (
        "positioners:\n  - {pv: X, positions: {start: 0, stop: 1.e+9, step: 1}}",
        "makes more than 10000000 positions",
    ),
    ("positioners:\n  - {positions: [1]}", "2, column 5: positioners[0] has no pv"),
    (
        "positioners:\n  - {pv: X, positions: [1, a]}",
        "2, column 13: positioners[0].positions: the positions of X are numbers and",
    ),
    (
        "positioners:\n  - {pv: X, positions: [1], limits: [2, 1]}",
        "2, column 29: positioners[0].limits has the higher one first",
    ),
    (
        "positioners:\n  - {pv: X, positions: [a], relative: true}",
        "2, column 5: positioners[0]: positioner X: positions that are texts",
    ),
    (
        TWO + "  - {pv: SIM:Y, positions: [1]}",
        "1, column 1: positioners: the positioners of a scan need equally many "
        "positions, but SIM_X has 2, SIM_Y has 1",
    ),
    (TWO + "  - {pv: SIM.X, positions: [1, 2]}", "are called 'SIM_X'"),
    (TWO + "npts: 3", "3, column 1: npts cannot stand beside positioners"),
    ("npts: 3\nmd:\n  uid: 5", "3, column 3: md.uid is the run's own; another name"),
    ("name: x", "1, column 1: the scan has none of positioners, mesh, xafs, npts"),
    (TWO + "dwell: -1", "3, column 1: dwell is -1; needed: 0 or more"),
    (TWO + "dwell: [1, 2, 3]", "3, column 1: dwell: there are 3 for 2 points"),
    (TWO + "breakpoints: [0, 7]", "3, column 18: breakpoints[1]: 7 is no point"),
    (TWO + "retries: true", "3, column 1: retries is True; needed: integer"),
    (TWO + "dwell: true", "dwell is True; needed: number"),
    (TWO + 'dwell: "1"', "dwell is '1'; needed: number"),
    (TWO + "counters: [3]", "counters[0] is 3; needed: a mapping of names to values"),
    (TWO + "counters: [{sum: [], label: s}]", "counters[0].sum is []"),
    (
        TWO + "counters: [{sum: [A, B], label: s, rates: [[I, O]]}]",
        "counters[0].rates has 1 pairs for 2 elements",
    ),
    (TWO + "detectors: [{}]", "detectors[0] has neither trigger nor counters"),
    (TWO + "detectors: [{kind: mca}]", "detectors[0] has no prefix"),
    (TWO + "detectors: [{prefix: A, kind: mac}]", "detectors[0].kind: is 'mac'; there"),
    (
        TWO + "detectors: [{prefix: A, kind: scaler, options: {num_chanels: 2}}]",
        "(did you mean num_channels?)",
    ),
    (
        TWO + "detectors: [{prefix: A, kind: scaler, options: {num_channels: two}}]",
        "detectors[0].options.num_channels: is 'two'; needed: a valid integer",
    ),
    (
        TWO + "detectors: [{prefix: A, kind: simple, options: {counters: [B]}}]",
        "counters: is no option of a detector of the kind simple, which takes label, ",
    ),
    (
        TWO + "detectors: [{prefix: A, kind: scalar}]",
        "there are simple, motor, scaler, ",
    ),
    (TWO + "counters: [{sum: [], label: x}]", "sum is []; needed: at least 1 of them"),
    (
        TWO + "detectors: [{prefix: A, kind: mca, options: {bla: 1}}]",
        "column 46: detectors[0].options.bla: is no option of a detector of the kind "
        "mca, which takes spectrum, corrected, ",
    ),
    (
        TWO + "posting: {prefix: A, template: x}",
        "posting.template is 'x'; needed: 'info' or 'sscan'",
    ),
    (TWO + "extra_pvs: 3", "extra_pvs is 3; needed: list or a mapping"),
    (
        "mesh: {outer: {pv: a, positions: [b]}, inner: {pv: c, positions: [1]}}",
        "mesh.outer.positions: the axes of a mesh need numbers",
    ),
    (
        "xafs:\n  energy: E\n  e0: 7112\n  regions:\n    - {start: 0, stop: 5}",
        "5, column 7: xafs.regions[0]: an XAFS region from 0.0 to 5.0 has neither",
    ),
    (
        "xafs:\n  energy: E\n  e0: 7112\n  regions:\n"
        "    - {start: 0, stop: 5, num: 2}\n    - {start: 0, stop: 5, num: 2}",
        "4, column 3: xafs.regions: region 1 of the XAFS scan",
    ),
    (
        "xafs: {energy: E, e0: 1, regions: [{start: 1, stop: 2, num: 2}]}\ndwell: 1",
        "2, column 1: dwell cannot stand beside xafs",
    ),
    ("[]", "the scan is []; needed: a mapping"),
    ("", "f.yaml: the scan is nothing"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_is_said_with_file_line_and_column(text, words):
    with pytest.raises(ConfigError) as caught:
        scan_of(text)
    message = str(caught.value)
    assert message.startswith("f.yaml")
    assert words in message
    assert "\n" not in message


def test_all_problems_of_a_file_are_known_in_its_order():
    with pytest.raises(ConfigError) as caught:
        loads(TWO + "retries: no\ndwell: x\ncounters: [3]\n", "f")
    problems = caught.value.context["problems"]
    assert [one.partition(":")[0] for one in problems] == [
        "f, line 3, column 1",
        "f, line 4, column 1",
        "f, line 5, column 12",
    ]
    assert "and 2 more problems" in str(caught.value)
    assert caught.value.context["line"] == 3


def test_json_is_taken_as_yaml_is():
    data = {"npts": 2, "counters": ["SIM:A"], "md": {"a": "😀"}}
    for text in (json.dumps(data), json.dumps(data, indent="\t")):
        assert loads(text).md == {"a": "😀"}
    with pytest.raises(ConfigError, match="f, line 3, column 2: dwel is unknown"):
        loads('{\n"npts": 2,\n "dwel": 1\n}', "f")


def test_files_are_read_and_written_but_not_written_over(tmp_path):
    definition = loads(FULL)
    for name in ("scan.yaml", "scan.json"):
        dump(definition, tmp_path / name)
        assert load(tmp_path / name) == definition
        with pytest.raises(DataExistsError, match="is there already"):
            dump(definition, tmp_path / name)
    json.loads((tmp_path / "scan.json").read_text())
    assert load_scan(tmp_path / "scan.yaml").num_points == 5
    with pytest.raises(ConfigError, match="cannot be written as 'toml'"):
        dumps(definition, "toml")


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    with pytest.raises(ConfigError, match="is no text in UTF-8: byte 6"):
        load(tmp_path / "latin.yaml")


def test_a_scan_becomes_a_definition_and_back():
    once = to_definition(scan_of(FULL))
    assert once.positioners[0].positions == [-1, -0.5, 0, 0.5, 1]
    assert to_definition(scan_of(dumps(once))) == once


def test_a_scan_made_in_python_becomes_a_definition():
    scan = StepScan(
        [Positioner("SIM:X", [1, 2], label="along", limits=(0, 3))],
        triggers=[Trigger("T")],
        counters=[SumCounter(["A", "B"], "s", [("I", "O"), ("J", "P")])],
        detectors=[Detector(None, [Counter("C"), MotorCounter("IOC:m1")])],
        dwell=2.0,
    )
    definition = to_definition(scan)
    assert definition.dwell == 2.0
    assert definition.positioners[0].limits == [0, 3]
    assert definition.positioners[0].name is None
    again = scan_of(dumps(definition, "json"))
    assert to_definition(again) == definition
    assert [one.name for one in again.counters] == [one.name for one in scan.counters]
    assert again.counters[-1].pvs == scan.counters[-1].pvs


class OwnCounter(Counter):
    """A counter of a user's own."""


def poster():
    (made,) = scan_of("npts: 1\nposting: {prefix: A}").progress.listeners
    return made


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"pre_scan": print}, "the hook pre_scan of step_scan"),
        ({"data_callback": print}, "which listens to it"),
        ({"counters": [OwnCounter("A")]}, "a class of its own"),
        ({"triggers": [Trigger("A", abort_pv="B")]}, "which another PV ends"),
        ({"listeners": [poster(), poster()]}, "2 posters; it has one"),
    ],
)
def test_what_data_cannot_say_is_refused(parts, words):
    with pytest.raises(ConfigError, match=words):
        to_definition(StepScan(npts=1, **parts))


def test_the_schema_is_one_of_2020_12_and_takes_what_is_taken():
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    validator = jsonschema.Draft202012Validator(made)
    for text in (FULL, TWO, "npts: 1"):
        data = json.loads(dumps(loads(text), "json"))
        validator.validate(data)
    for one in made["properties"].values():
        assert one["description"]


@pytest.mark.parametrize("text", [text for text, _ in WRONG[:5]] + ["dwell: -1"])
def test_the_schema_refuses_what_is_unknown_or_of_another_kind(text):
    import yaml

    validator = jsonschema.Draft202012Validator(schema())
    data = yaml.safe_load(text)
    if "neither" in dict(WRONG).get(text, ""):
        return  # that one of two is needed is not in the schema
    assert not validator.is_valid(data)


def test_a_definition_cannot_be_changed_behind_ones_back():
    definition = ScanDefinition(npts=1)
    with pytest.raises(ValueError, match="frozen"):
        definition.npts = 2


def test_step_scans_do_without_pydantic_and_yaml():
    code = (
        "import sys, lapwing, lapwing.stepscan\n"
        "print([one for one in ('pydantic', 'yaml') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_options_of_a_detector_come_as_its_class_takes_them():
    text = TWO + "detectors: [{prefix: 'A:', kind: mcs, options: {names: {2: I0}}}]"
    (detector,) = scan_of(text).detectors
    assert detector._names == {2: "I0"}


def test_of_several_problems_each_has_its_hint():
    text = "positioners: [{pv: A, positions: {start: 0, stop: 1, nmu: 2}}]\ndwell: -1\n"
    with pytest.raises(ConfigError) as caught:
        loads(text, "f.yaml")
    first, second = caught.value.context["problems"]
    assert first.endswith("(did you mean num?)")
    assert second.endswith("dwell is -1; needed: 0 or more")
