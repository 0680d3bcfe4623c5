"""``lapwing path``: what it tells of a file, and what it refuses."""

import json

import pytest
from click.testing import CliRunner

from lapwing.cli.main import cli
from lapwing.errors import (
    ConfigError,
    DataPathError,
    LimitError,
    MissingExtraError,
    PlanArgumentError,
)
from lapwing.trajectory import (
    CompoundGenerator,
    LineGenerator,
    SpiralGenerator,
    StaticPointGenerator,
)

GRID = CompoundGenerator(
    [
        LineGenerator("ty", "mm", 0, 1, 2),
        LineGenerator("tx", "mm", 1, 2, 21, alternate=True),
    ],
    duration=0.1,
)
YAML = """\
typeid: scanpointgenerator:generator/CompoundGenerator:1.0
duration: 0.5
generators:
  - {typeid: "scanpointgenerator:generator/LineGenerator:1.0",
     axes: [x], units: [mm], start: 0, stop: 3, size: 4}
"""
SPEC = {
    "spec": {
        "constant_duration": 0.5,
        "spec": {"axis": "x", "start": 0.0, "stop": 3.0, "num": 4, "type": "Linspace"},
        "type": "ConstantDuration",
    },
    "type": "Fly",
}
LIMITS = ("--limits", "tx=10,100", "--limits", "ty=5,50")


@pytest.fixture
def tell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(path, *words, name="grid.json"):
        text = path if isinstance(path, str | bytes) else json.dumps(path, indent=1)
        text = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(text)
        return CliRunner().invoke(cli, ["path", name, *words])

    return run


def said(result):
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.output.splitlines()]


def refused(result, kind):
    assert result.exit_code == 1
    assert type(result.exception) is kind
    return str(result.exception)


def test_a_path_is_told_without_limits(tell):
    assert said(tell(GRID.to_dict())) == [
        "grid.json: 42 points, 2 x 21",
        "axis unit from to distance top speed",
        "ty mm 0 1 1 0",
        "tx mm 0.975 2.025 2.1 0.5",
        "time: 4.2 s in points and delays; 1 gap, planned if --limits are given",
    ]


def test_columns_are_in_line(tell):
    lines = tell(GRID.to_dict()).output.splitlines()
    assert lines[1:4] == [
        "  axis  unit   from     to  distance  top speed",
        "  ty    mm        0      1         1          0",
        "  tx    mm    0.975  2.025       2.1        0.5",
    ]


def test_within_limits_the_motion_is_told(tell):
    assert said(tell(GRID.to_dict(), *LIMITS)) == [
        "grid.json: 42 points, 2 x 21",
        "axis unit from to with motion to distance top speed",
        "ty mm 0 1 0 1 1 5",
        "tx mm 0.975 2.025 0.97375 2.02625 2.105 0.5",
        "time: 4.5 s: points 4.2 s, 1 turnaround 0.3 s, run-up and run-down 0.01 s",
        "fastest: ty, at 100% of its 5 mm/s",
        "slowest: ty, for which the others wait in most turnarounds",
    ]


def test_turnarounds_are_whole_ticks(tell):
    lines = said(tell(GRID.to_dict(), *LIMITS, "--tick", "0.07"))
    # 0.3 s are 5 ticks at least; each ramp is one.
    expected = "1 turnaround 0.35 s, run-up and run-down 0.14 s"
    assert lines[4] == f"time: 4.7 s: points 4.2 s, {expected}"


def test_a_range_is_told_by_itself(tell):
    assert said(tell(GRID.to_dict(), "--points", "20:-20")) == [
        "grid.json: 42 points, 2 x 21; 2 of them, 20:22",
        "axis unit from to distance top speed",
        "ty mm 0 1 1 0",
        "tx mm 1.975 2.025 0.1 0.5",
        "time: 0.2 s in points and delays; 1 gap, planned if --limits are given",
    ]
    assert said(tell(GRID.to_dict(), "--points", ":5"))[0].endswith("; 5 of them, 0:5")


def test_yaml_and_a_scanspec_describe_the_same_path(tell):
    from_yaml = said(tell(YAML, "--limits", "x=4,40", name="line.yaml"))
    assert from_yaml == [
        "line.yaml: 4 points",
        "axis unit from to with motion to distance top speed",
        "x mm -0.5 3.5 -0.55 3.55 4.1 2",
        "time: 2.1 s: points 2.0 s, 0 turnarounds 0.0 s, run-up and run-down 0.1 s",
        "fastest: x, at 50% of its 4 mm/s",
    ]
    pytest.importorskip("scanspec")
    from_spec = said(tell(SPEC, "--limits", "x=4,40", name="line.json"))
    assert from_spec == [
        "line.json: 4 points",
        "axis unit from to with motion to distance top speed",
        "x -0.5 3.5 -0.55 3.55 4.1 2",
        from_yaml[3],
        "fastest: x, at 50% of its 4/s",
    ]


def test_what_is_not_known_is_not_told(tell):
    spiral = CompoundGenerator([SpiralGenerator(["x", "y"], "mm", [0, 0], 2)])
    lines = said(tell(spiral.to_dict()))
    assert [line.split()[-1] for line in lines[2:4]] == ["-", "-"]
    assert lines[4] == "time: not known, for not all points have a duration"
    frames = CompoundGenerator([StaticPointGenerator(3)], duration=0.25)
    assert said(tell(frames.to_dict())) == [
        "grid.json: 3 points",
        "no axis moves",
        "time: 0.75 s in points and delays",
    ]


def test_a_path_of_any_size_is_told_at_once(tell):
    huge = GRID.to_dict()
    for part in huge["generators"]:
        part["size"] = 10**6
    assert said(tell(huge)) == [
        "grid.json: 1,000,000,000,000 points, 1000000 x 1000000",
        "axis unit from to distance top speed",
        "ty mm 0 1 - -",
        "tx mm 0.999999 2 - -",
        "time: 27777777:46:40 h in points and delays",
    ]
    text = refused(tell(huge, *LIMITS), PlanArgumentError)
    assert "10000000 are the most (choose a range of its points)" in text


def test_a_picture_is_written_on_request(tell, tmp_path):
    lines = said(tell(GRID.to_dict(), *LIMITS, "--out", "grid"))
    assert lines[-1] == "picture: grid.png"
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    text = refused(tell(GRID.to_dict(), "--out", "grid.gif"), DataPathError)
    assert "'grid.gif'" in text


def test_a_window_needs_a_display(tell, monkeypatch):
    monkeypatch.setattr("lapwing.callbacks.canvas.opens_windows", lambda: False)
    text = refused(tell(GRID.to_dict(), "--show"), ConfigError)
    assert text.startswith("--show needs a display to open a window on")


def test_a_window_shows_the_picture(tell, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr("lapwing.callbacks.canvas.opens_windows", lambda: True)
    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.gcf()))
    said(tell(GRID.to_dict(), "--show"))
    (figure,) = shown
    pyplot.close(figure)
    assert figure.get_suptitle() == "grid.json"
    assert len(figure.axes) == 1


def broken(**changes):
    path = GRID.to_dict()
    path["generators"][1] |= changes
    return path


LINE = "grid.json, line 21, column 3: generators[1]: "


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (broken(size=0), LINE + "the number of points of a LineGenerator must be"),
        (broken(axes=3), LINE + "axes are named by strings, not by 3"),
        (broken(typeid="nix"), LINE + "'nix' describes no Generator; known are"),
        (broken(speed=3), LINE + "LineGenerator cannot be made of"),
        (GRID.to_dict() | {"duration": 0}, "grid.json, line 1, column 1: "),
        ('{"a":\n 1', "grid.json, line 3, column 1: is neither YAML nor JSON"),
        ("typeid: *x", "grid.json, line 1, column 9: has an anchor or alias"),
        ("[1, 2]", "grid.json, line 1, column 1: describes no path; needed: "),
        ('{"size": 1}', "grid.json, line 1, column 1: describes no path; needed: "),
        (b"\xff\xfe", "grid.json is no text in UTF-8: byte 0 is"),
        (100_000 * "[", "grid.json, line 1, column "),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tell, path, text):
    assert refused(tell(path), ConfigError).startswith(text)


def test_of_a_long_wrong_file_no_place_is_looked_for(tell):
    path = broken(size=0) | {"excluders": [1.25] * 300_000}
    text = refused(tell(path), ConfigError)
    assert text.startswith("grid.json: generators[1]: the number of points")


def test_a_wrong_scanspec_is_refused_with_the_part(tell, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scanspec", None)
    text = refused(tell(SPEC), MissingExtraError)
    assert "to read a scanspec takes the library scanspec" in text


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"type": "Linspace", "axis": "x"}, "Linspace.start: Field required"),
        ({"type": "Bad"}, "Input tag 'Bad' found using 'type' does not match"),
    ],
)
def test_what_scanspec_refuses_is_one_sentence(tell, spec, text):
    pytest.importorskip("scanspec")
    found = refused(tell(spec), ConfigError)
    assert found.startswith(f"grid.json: describes no scanspec: {text}")
    assert "\n" not in found


def test_an_axis_flown_outside_is_refused_with_the_file(tell):
    pytest.importorskip("scanspec")
    outer = {"spec": SPEC["spec"]["spec"] | {"axis": "y"}, "type": "Fly"}
    spec = {"outer": outer, "inner": SPEC["spec"]["spec"], "type": "Product"}
    text = refused(tell(spec), ConfigError)
    assert text.startswith("grid.json: only the fastest axis can move")


def test_limits_must_be_for_the_axes_of_the_path(tell):
    text = refused(tell(GRID.to_dict(), "--limits", "tz=1,2"), ConfigError)
    assert text == (
        "--limits were given for axis 'tz', which the path does not have; it has ty, tx"
    )
    text = refused(tell(GRID.to_dict(), "--limits", "tx=1,2"), PlanArgumentError)
    assert text == "axis 'ty' has no motion limits; those given are for 'tx'"
    text = refused(tell(GRID.to_dict(), *LIMITS, *LIMITS), ConfigError)
    assert text == "--limits were given twice for axis 'tx'"


def test_what_no_limit_allows_names_axis_point_and_value(tell):
    slow = ("--limits", "tx=0.25,1", "--limits", "ty=1,1")
    text = refused(tell(GRID.to_dict(), *slow), PlanArgumentError)
    expected = "axis tx: point 0 (row 0) needs a velocity of 0.5 mm/s; 0.25 mm/s is"
    assert text.startswith(expected)
    near = ("--limits", "tx=10,20,0,2", "--limits", "ty=1,1")
    text = refused(tell(GRID.to_dict(), *near), LimitError)
    assert "above the high limit 2 mm" in text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--limits", "tx=1"), "'tx=1' is not of the form AXIS=VMAX,AMAX[,LOW,HIGH]"),
        (("--limits", "=1,2"), "'=1,2' is not of the form AXIS=VMAX,AMAX[,LOW,HIGH]"),
        (("--limits", "x=a,b"), "'x=a,b' is not of the form"),
        (("--limits", "x=-1,2"), "axis x: limits have a max_velocity of -1.0"),
        (("--points", "9"), "'9' is not of the form I:J"),
        (("--points", "a:b"), "'a:b' is not of the form I:J"),
        (("--tick", "1"), "--tick is for turnarounds, which need --limits."),
        ((*LIMITS, "--tick", "0"), "0.0 is not in the range x>0"),
    ],
)
def test_wrong_options_are_refused(tell, words, text):
    result = tell(GRID.to_dict(), *words)
    assert result.exit_code == 2
    assert text in " ".join(result.output.split())


def test_an_empty_range_is_refused(tell):
    text = refused(tell(GRID.to_dict(), "--points", "9:3"), PlanArgumentError)
    assert text.startswith("points 9:3 of a path of 42 points were asked for")
