"""``lapwing scan`` without a beamline: what it says of files, and what it refuses."""

import json

import jsonschema
import pytest
from architecture.source_tree import ROOT
from click.testing import CliRunner

from lapwing.cli.main import cli
from lapwing.errors import ConfigError

MESH = """\
name: map
mesh:
  outer: {pv: "SIM:Y", name: y, positions: {start: 0, stop: 1, num: 4}}
  inner: {pv: "SIM:X", label: along, positions: {start: 0, stop: 1, step: 0.1}}
counters: [SIM:DET:COUNTS]
extra_pvs: {centre: SIM:TRUTH:CENTRE}
dwell: 2
"""


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(text, *words):
        (tmp_path / "scan.yaml").write_text(text)
        return CliRunner().invoke(cli, ["scan", *words])

    return run


def test_a_file_is_shown_as_the_scan_that_it_is(invoke):
    result = invoke(MESH, "check", "--offline", "scan.yaml")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines == [
        "map: 44 points, about 1:28 min",
        "moves SIM:Y y 0 to 1",
        "moves SIM:X along 0 to 1",
        "reads SIM:DET:COUNTS",
        "notes SIM:TRUTH:CENTRE centre",
        "PVs were not asked: limits are not known, and moves not counted",
        "nothing found",
    ]


def test_what_only_records_can_tell_is_said_to_be_unknown(invoke):
    text = "npts: 1\ndetectors: [SIM:SCALER]\nrepeat: 3\n"
    result = invoke(text, "check", "--offline", "scan.yaml")
    assert result.exit_code == 0, result.output
    assert "step_scan: 1 point, 3 times, about 0.0 s" in result.output
    assert "the kind of SIM:SCALER is not known either" in result.output


def test_every_problem_has_a_line_of_its_own(invoke):
    result = invoke("npts: x\nretries: x\n", "check", "scan.yaml")
    assert result.exit_code == 1
    first, second = result.output.splitlines()
    assert first == "scan.yaml, line 1, column 1: npts is 'x'; needed: integer"
    assert second == "scan.yaml, line 2, column 1: retries is 'x'; needed: integer"


def test_a_single_problem_comes_with_what_to_do(invoke):
    result = invoke("npts: 1\ndwel: 3\n", "check", "--offline", "scan.yaml")
    assert result.exit_code == 1
    assert result.output.rstrip().endswith("(did you mean dwell?)")


@pytest.mark.parametrize("verb", ["run", "estimate"])
def test_a_wrong_file_is_an_error_before_anything_else(invoke, tmp_path, verb):
    result = invoke("npts: 0\n", verb, "scan.yaml")
    assert isinstance(result.exception, ConfigError)
    assert "scan.yaml, line 1, column 1: npts is 0" in str(result.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["scan.yaml"]


def test_the_estimate_counts_what_is_known(invoke):
    text = MESH + "pos_settle_time: 1\ndet_settle_time: 0.5\n"
    result = invoke(text, "estimate", "--offline", "scan.yaml")
    assert result.exit_code == 0, result.output
    first, second = result.output.splitlines()
    assert first == "map: 44 points, about 2:34 min"  # 44 times 3.503 s
    assert second.startswith("PVs were not asked")


def test_the_schema_is_printed(invoke):
    result = invoke("", "schema")
    schema = json.loads(result.output)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.validate({"npts": 3, "counters": ["SIM:A"]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"npts": 3, "counter": ["SIM:A"]}, schema)


def test_a_file_that_is_not_there_is_named(invoke):
    result = invoke("", "check", "other.yaml")
    assert result.exit_code == 2
    assert "other.yaml" in result.output


EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_right(path):
    result = CliRunner().invoke(cli, ["scan", "check", "--offline", str(path)])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("nothing found\n")
