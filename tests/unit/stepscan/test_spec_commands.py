"""SPEC's commands on soft devices: what they move, count, print and refuse."""

import inspect

import pytest
from kit import Documents

from lapwing import RunEngine
from lapwing.devices.soft import SoftDetector, SoftMotor, SoftSignal
from lapwing.engine import device_loop
from lapwing.epics import clients
from lapwing.errors import LimitError, MotionError, PlanArgumentError
from lapwing.stepscan import positioner
from lapwing.stepscan.spec_commands import MOVES, SCANS, SpecCommands
from lapwing.stepscan.spec_motors import Whereabouts, table


class Prompt:
    """A RunEngine with motors x and y, a detector, and what it recorded and said."""

    def __init__(self):
        self.x = SoftMotor("x", limits=(-5, 5))
        self.y = SoftMotor("y")
        self.z = SoftMotor("z")
        self.det = SoftDetector("det", lambda x: 10 * x, [self.x])
        self.RE = RunEngine()
        self.documents = Documents()
        self.RE.subscribe(self.documents)
        self.spec = SpecCommands(self.RE, [self.x, self.y], [self.det])

    @property
    def start(self):
        return self.documents.named("start")[-1]

    def column(self, name):
        owners = {
            one["uid"]
            for one in self.documents.named("descriptor")
            if one["run_start"] == self.start["uid"]
        }
        events = self.documents.named("event")
        return [one["data"][name] for one in events if one["descriptor"] in owners]


@pytest.fixture
def prompt():
    yield Prompt()
    device_loop.call(clients.close())


def test_intervals_make_one_more_point(prompt):
    uid = prompt.spec.ascan("x", -1, 1, 4, 0.01)
    assert uid == prompt.start["uid"]
    assert prompt.column("x") == [-1, -0.5, 0, 0.5, 1]
    assert prompt.column("det") == [-10, -5, 0, 5, 10]
    assert prompt.start["plan_name"] == "ascan"
    assert prompt.start["spec_command"] == "ascan x -1 1 4 0.01"
    assert prompt.start["num_points"] == 5
    assert prompt.x.position == 1  # it stays at the end, as SPEC's does


def test_several_motors_move_together(prompt):
    prompt.spec.a2scan(prompt.x, 0, 1, prompt.y, 2, 0, 2, 0.01)
    assert prompt.column("x") == [0, 0.5, 1]
    assert prompt.column("y") == [2, 1, 0]
    prompt.spec.a3scan("x", 0, 1, "y", 2, 0, prompt.z, 5, 6, 2, 0.01)
    assert prompt.column("z") == [5, 5.5, 6]
    assert prompt.spec.motors.names() == ["x", "y", "z"]


@pytest.mark.parametrize("name", ["dscan", "lup"])
def test_relative_scans_go_about_where_a_motor_stands_and_back(prompt, name):
    prompt.spec.mv("x", 2)
    getattr(prompt.spec, name)("x", -1, 1, 2, 0.01)
    assert prompt.column("x") == [1, 2, 3]
    assert prompt.x.position == 2
    assert prompt.start["plan_name"] == name


def test_relative_scans_of_several_motors_go_back_with_all(prompt):
    prompt.spec.mv("x", 2, "y", 3)
    prompt.spec.d2scan("x", -1, 1, "y", 0, 1, 1, 0.01)
    assert (prompt.column("x"), prompt.column("y")) == ([1, 3], [3, 4])
    prompt.spec.d3scan("x", -1, 1, "y", 0, 1, prompt.z, 1, 2, 1, 0.01)
    assert prompt.column("z") == [1, 2]
    assert (prompt.x.position, prompt.y.position, prompt.z.position) == (2, 3, 0)


def test_the_first_motor_of_a_mesh_is_the_quick_one(prompt):
    prompt.spec.mesh("x", 0, 1, 1, "y", 0, 2, 2, 0.01)
    assert prompt.column("x") == [0, 1, 0, 1, 0, 1]
    assert prompt.column("y") == [0, 0, 1, 1, 2, 2]
    start = prompt.start
    assert (start["shape"], start["snaking"]) == ([3, 2], [False, False])
    assert [names for names, _ in start["hints"]["dimensions"]] == [["y"], ["x"]]
    assert start["breakpoints"] == 3


def test_a_relative_mesh_goes_back(prompt):
    prompt.spec.mv("x", 1)
    prompt.spec.dmesh("x", -1, 1, 1, "y", 0, 1, 1, 0.01)
    assert prompt.column("x") == [0, 2, 0, 2]
    assert (prompt.x.position, prompt.y.position) == (1, 0)


def test_counting_prints_values_and_records_nothing(prompt, capsys):
    prompt.spec.mv("x", 0.25)
    assert prompt.spec.ct(0.01) == {"det": 2.5}
    assert capsys.readouterr().out == "det  2.5000\n"
    assert prompt.documents.all == []


def test_devices_that_can_be_told_how_long_to_count_are(prompt):
    prompt.det.count_time = SoftSignal("count_time", 1.0)
    prompt.spec.ascan("x", 0, 1, 1, 0.25)
    assert prompt.det.count_time.value == 0.25
    prompt.spec.ct(0.5)
    assert prompt.det.count_time.value == 0.5


def test_moves_may_be_relative_and_are_all_checked_first(prompt):
    spec = prompt.spec
    spec.mv("x", 1, prompt.y, 2)
    spec.mvr("x", 0.5, "y", -1)
    assert (prompt.x.position, prompt.y.position) == (1.5, 1)
    with pytest.raises(LimitError, match="above the high limit 5"):
        spec.mv("y", 7, "x", 99)
    assert (prompt.x.position, prompt.y.position) == (1.5, 1)


def test_a_move_that_is_shown_ends_with_where_motors_are(prompt, capsys):
    prompt.spec.umv("x", 1.5, "y", 2)
    assert capsys.readouterr().out == "x 1.5000 mm   y 2.0000 mm\n"
    prompt.spec.umvr("x", -1)
    assert capsys.readouterr().out == "x 0.5000 mm\n"
    assert prompt.RE.waiting_hook is None


def test_a_hook_for_waits_is_kept_while_a_move_is_shown(prompt):
    hook = prompt.RE.waiting_hook = lambda statuses: None
    with pytest.raises(LimitError):
        prompt.spec.umv("x", 99)
    assert prompt.RE.waiting_hook is hook


def test_where_all_motors_are_is_a_table(prompt, capsys):
    prompt.spec.mv("x", 1.5)
    capsys.readouterr()
    prompt.spec.wa()
    head, x, y = capsys.readouterr().out.splitlines()
    assert head.split() == ["motor", "user", "dial", "low", "high", "PV"]
    assert x.split() == ["x", "1.5000", "-5.0000", "5.0000", "mm"]
    assert y.split() == ["y", "0.0000", "mm"]
    prompt.spec.wm("y")
    assert capsys.readouterr().out.splitlines()[1].split() == y.split()


def test_the_table_shows_dials_units_and_who_is_away():
    rows = [
        Whereabouts("th", "IOC:m1", 1.5, 0.5, -10, 10, "deg"),
        Whereabouts("energy", "MONO:E"),
    ]
    head, first, second = table(rows)
    assert first.split() == [
        "th", "1.5000", "0.5000", "-10.0000", "10.0000", "deg", "IOC:m1",
    ]  # fmt: skip
    assert second.split() == ["energy", "away", "MONO:E", "does", "not", "answer"]
    assert head.index("PV") == first.index("IOC:m1") == second.index("MONO:E")


def test_commands_and_motors_are_put_into_a_namespace(prompt):
    mine = {"y": "my own"}
    prompt.spec.export(mine)
    assert set(mine) == {*SCANS, *MOVES, "RE", "x", "y"}
    assert mine["RE"] is prompt.RE
    assert mine["x"] is prompt.x
    assert mine["y"] == "my own"
    mine["ascan"](mine["x"], 0, 1, 1, 0.01)
    assert prompt.column("x") == [0, 1]


@pytest.mark.parametrize("move", ["mv", "umv"])
def test_what_did_not_get_there_is_an_error(move, monkeypatch):
    class Stuck(SoftMotor):
        async def locate(self):
            return {"setpoint": 1.0, "readback": 0.25}

    # As of a PV that is read back by itself.
    monkeypatch.setattr(positioner, "allowed_distance", lambda *args: 0.1)
    spec = SpecCommands(RunEngine(), [Stuck("stuck")])
    with pytest.raises(MotionError, match=r"was sent to 1 and stands at 0\.25"):
        getattr(spec, move)("stuck", 1)


def test_commands_say_what_they_take(prompt):
    text = str(inspect.signature(prompt.spec.ascan))
    assert text.startswith("(motor: Any, start: float, finish: float, intervals: int")
    assert "there is one more point" in prompt.spec.ascan.__doc__
    with pytest.raises(TypeError, match="time"):
        prompt.spec.ascan("x", 0, 1, 2)


def test_other_things_can_be_counted_from_then_on(prompt):
    other = SoftDetector("other", lambda: 3.0)
    prompt.spec.count_on(other)
    prompt.spec.ascan("x", 0, 1, 1, 0.01)
    assert prompt.column("other") == [3.0, 3.0]


def test_scans_are_plans_that_can_be_nested(prompt):
    plan = prompt.spec.plans.ascan("x", 0, 1, 1, 0.01)
    assert plan.func.__name__ == "spec.plans.ascan"
    assert plan.args == ("x", 0, 1, 1, 0.01)

    def twice():
        yield from plan
        yield from prompt.spec.plans.dscan("x", 0, 1, 1, 0.01)

    assert len(prompt.RE(twice())) == 2


def test_two_plans_of_one_motor_do_not_get_in_each_others_way(prompt):
    first = prompt.spec.plans.ascan("x", 0, 1, 1, 0.01)
    second = prompt.spec.plans.ascan("x", 2, 3, 1, 0.01)
    prompt.RE(first)
    assert prompt.column("x") == [0, 1]
    prompt.RE(second)
    assert prompt.column("x") == [2, 3]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda s: s.ascan("x", 0, 1, 2.5, 1), "ascan: there are 2.5 intervals"),
        (lambda s: s.ascan("x", 0, 1, 0, 1), "ascan: there are 0 intervals"),
        (lambda s: s.ascan("x", 0, 1, True, 1), "ascan: there are True intervals"),
        (lambda s: s.ascan("x", "0", 1, 2, 1), "ascan: '0' is no number"),
        (lambda s: s.ascan("x", 0, float("nan"), 2, 1), "ascan: nan is no number"),
        (lambda s: s.ascan("x", 0, 1, 2, -1), "ascan: the time is -1"),
        (lambda s: s.ascan(3, 0, 1, 2, 1), "3 cannot be moved"),
        (lambda s: s.a2scan("x", 0, 1, "x", 0, 1, 2, 1), "are called 'x'"),
        (lambda s: s.mesh("x", 0, 1, 1.5, "y", 0, 1, 1, 1), "mesh: there are 1.5"),
        (lambda s: s.mv("x"), "in pairs; the number of its arguments is 1"),
        (lambda s: s.mv(), "the number of its arguments is 0"),
        (lambda s: s.umv("x", 1, "x", 2), "umv has x twice"),
        (lambda s: s.ct(0), "ct: the time is 0"),
        (lambda s: (s.count_on(), s.ct()), "ct has nothing to count"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(prompt, wrong, words):
    with pytest.raises(PlanArgumentError, match=words):
        wrong(prompt.spec)
    assert prompt.documents.all == []
