"""Scans through lists of positions, absolute and relative."""

from itertools import count as counter

import numpy as np
import pytest
from kit import Detector, Motor
from unit.plans.running import pause_at, run

from lapwing import Msg
from lapwing.errors import (
    LimitError,
    PlanArgumentError,
    PlanSignatureError,
    RequestAbort,
)
from lapwing.plans import list_scan, rel_list_scan
from lapwing.status import Status

LISTS = (list_scan, rel_list_scan)


class Located(Motor):
    """Its set-point is what it was sent to; it comes to rest a little beside."""

    def locate(self):
        return {"setpoint": self.at, "readback": self.at + 0.01}

    @property
    def position(self):
        return self.at + 0.01


class Positioned(Motor):
    @property
    def position(self):
        return self.at


class Hintless(Motor):
    def __init__(self, name="bare"):
        super().__init__(name)
        del self.hints


class Failing(Motor):
    """Fails to reach what is above 1."""

    def set(self, value):
        status = super().set(value)
        if value <= 1:
            return status
        failed = Status(self.name, "move")
        failed.set_exception(RuntimeError("stuck"))
        return failed


class Limited(Motor):
    def check_value(self, value):
        if abs(value) > 10:
            raise LimitError(f"{self.name}: {value} is above 10", device=self.name)


# ---------------------------------------------------------------- what it does


def test_motors_step_through_their_lists_together():
    det, x, y = Detector(), Motor("x"), Motor("y")
    outcome = run(list_scan([det], x, [1, 2, 3], y, [6, 5, 5]))
    assert outcome.docs.points() == {
        1: {"det": 1, "x": 1, "y": 6},
        2: {"det": 2, "x": 2, "y": 5},
        3: {"det": 3, "x": 3, "y": 5},
    }
    assert outcome.sent_to(x) == [1, 2, 3]
    assert outcome.sent_to(y) == [6, 5]  # only what differs is said again
    assert outcome.result.plan_result == outcome.start["uid"]


def test_each_point_has_one_checkpoint_and_a_wait():
    det, x = Detector(), Motor("x")
    said = run(list_scan([det], x, [1, 1])).commands
    first = [
        "checkpoint",
        "set",
        "wait",
        "trigger",
        "wait",
        "create",
        "read",
        "read",
        "save",
    ]
    assert said == [
        *["stage", "stage", "open_run"],
        *first,
        *(command for command in first if command != "set"),
        *["close_run", "unstage", "unstage"],
    ]


def test_staging_goes_in_order_and_unstaging_backwards():
    x, y, det = Motor("x"), Motor("y"), Detector()
    outcome = run(list_scan([det], y, [1], x, [1]))
    staged = [msg.obj for msg in outcome.said if msg.command == "stage"]
    unstaged = [msg.obj for msg in outcome.said if msg.command == "unstage"]
    assert staged == [det, y, x]
    assert unstaged == staged[::-1]


@pytest.mark.parametrize(
    "positions",
    [
        [1, 2, 3],
        (1, 2, 3),
        range(1, 4),
        np.array([1, 2, 3]),
        {1: "a", 2: "b", 3: "c"},
    ],
)
def test_positions_come_in_any_iterable(positions):
    x = Motor("x")
    outcome = run(list_scan([Detector()], x, positions))
    assert outcome.sent_to(x) == [1, 2, 3]
    assert outcome.start["num_points"] == 3
    assert list(outcome.start["plan_args"]["args"][1]) == [1, 2, 3]


@pytest.mark.parametrize("of", [iter, lambda points: (p for p in points), reversed])
def test_positions_come_in_what_can_be_gone_through_only_once(of):
    x, y = Motor("x"), Motor("y")
    outcome = run(list_scan([Detector()], x, of([1, 2]), y, of([3, 4])))
    assert sorted(outcome.sent_to(x)) == [1, 2]
    assert sorted(outcome.sent_to(y)) == [3, 4]
    assert len(outcome.docs.named("event")) == 2


def test_positions_that_the_caller_changes_meanwhile_stay_as_they_were():
    x, positions = Motor("x"), [1, 2, 3]
    outcome = run(list_scan([Detector()], x, positions), lambda *_: positions.clear())
    assert outcome.sent_to(x) == [1, 2, 3]


def test_positions_need_not_be_numbers():
    x = Motor("filter")
    outcome = run(list_scan([Detector()], x, ["Al", None, "Cu"]))
    assert [p["filter"] for p in outcome.docs.points().values()] == ["Al", None, "Cu"]


def test_no_positions_make_a_run_without_events():
    outcome = run(list_scan([Detector()], Motor("x"), []))
    assert outcome.docs.names == ["start", "stop"]
    assert (outcome.start["num_points"], outcome.start["num_intervals"]) == (0, 0)


def test_a_motor_may_be_among_the_detectors():
    det, x = Detector(), Motor("x")
    outcome = run(list_scan([x, det], x, [1, 2]))
    assert outcome.docs.points() == {1: {"x": 1, "det": 1}, 2: {"x": 2, "det": 2}}


# ---------------------------------------------------------------- metadata


def test_a_list_scan_describes_itself():
    det, x, y = Detector(), Motor("x"), Motor("y")
    start = run(list_scan((det,), x, [1, 2], y, (3, 4))).start
    described = [repr(x), [1, 2], repr(y), (3, 4)]
    assert start["detectors"] == ["det"]
    assert start["motors"] == ["x", "y"]
    assert (start["num_points"], start["num_intervals"]) == (2, 1)
    assert start["plan_args"] == {
        "detectors": [repr(det)],
        "args": described,
        "per_step": "None",
    }
    assert start["plan_name"] == "list_scan"
    assert start["plan_pattern"] == "inner_list_product"
    assert start["plan_pattern_args"] == {"args": described}
    assert start["hints"] == {"dimensions": [(["x", "y"], "primary")]}


def test_a_motor_without_hints_scans_and_there_are_no_dimensions():
    outcome = run(list_scan([Detector()], Hintless(), [1, 2]))
    assert outcome.start["hints"] == {}
    assert len(outcome.docs.named("event")) == 2


def test_dimensions_are_of_the_motors_that_have_hints():
    start = run(list_scan([Detector()], Hintless(), [1], Motor("x"), [1])).start
    assert start["hints"] == {"dimensions": [(["x"], "primary")]}


@pytest.mark.parametrize("plan", LISTS)
def test_metadata_is_merged_on_top_and_hints_key_by_key(plan):
    md = {"sample": "gold", "num_points": "many", "hints": {"a": 1}}
    start = run(plan([Detector()], Motor("x"), [1], md=md)).start
    assert (start["sample"], start["num_points"]) == ("gold", "many")
    assert start["hints"] == {"dimensions": [(["x"], "primary")], "a": 1}
    assert md == {"sample": "gold", "num_points": "many", "hints": {"a": 1}}


def test_dimensions_of_the_caller_take_the_place_of_the_plans():
    md = {"hints": {"dimensions": []}}
    start = run(list_scan([Detector()], Motor("x"), [1], md=md)).start
    assert start["hints"] == {"dimensions": []}


def test_a_relative_scan_records_the_offsets():
    x = Motor("x")
    x.at = 5
    start = run(rel_list_scan([Detector()], x, [-1, 1])).start
    assert start["plan_name"] == "rel_list_scan"
    assert start["plan_args"]["args"] == [repr(x), [-1, 1]]


# ---------------------------------------------------------------- what is wrong


def wrong(*args, plan, detectors=None, **kwargs):
    """Run with arguments that are wrong; nothing may have been said."""
    outcome = run(
        plan([Detector()] if detectors is None else detectors, *args, **kwargs)
    )
    assert outcome.said == []
    assert outcome.docs.all == []
    assert outcome.error is not None
    return outcome.error


@pytest.mark.parametrize("plan", LISTS)
def test_a_motor_without_a_list_is_refused_in_the_fields_words(plan):
    for args in ([Motor("x")], [Motor("x"), [1], Motor("y")]):
        error = wrong(*args, plan=plan)
        assert isinstance(error, PlanArgumentError)
        assert isinstance(error, ValueError)
        assert str(error) == (
            "The list of arguments must contain a list of points for each defined motor"
        )


@pytest.mark.parametrize("plan", LISTS)
def test_lists_of_unequal_length_are_refused_with_the_lengths_by_motor(plan):
    error = wrong(Motor("x"), [1, 2], Motor("y"), [1, 2, 3], plan=plan)
    assert isinstance(error, ValueError)
    assert "The lengths of all lists in *args must be the same" in str(error)
    assert "{'x': 2, 'y': 3}" in str(error)


@pytest.mark.parametrize("plan", LISTS)
def test_unequal_lengths_are_seen_although_the_motors_have_one_name(plan):
    error = wrong(Motor("x"), [1, 2], Motor("x"), [1, 2, 3], plan=plan)
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("plan", LISTS)
def test_a_motor_given_twice_is_refused(plan):
    x = Motor("x")
    error = wrong(x, [1, 2], x, [3, 4], plan=plan)
    assert isinstance(error, ValueError)
    assert "['x', 'x']" in str(error)


@pytest.mark.parametrize("plan", LISTS)
def test_a_scan_of_nothing_is_refused(plan):
    assert "at least one motor" in str(wrong(plan=plan))


@pytest.mark.parametrize("plan", LISTS)
@pytest.mark.parametrize("positions", [5, "123", None, Motor("y")])
def test_what_is_no_list_of_positions_is_refused(plan, positions):
    error = wrong(Motor("x"), positions, plan=plan)
    assert isinstance(error, ValueError)
    assert "motor 'x' must be followed by a list of positions" in str(error)


@pytest.mark.parametrize("plan", LISTS)
def test_what_has_no_name_is_no_motor(plan):
    error = wrong([1, 2], Motor("x"), plan=plan)
    assert isinstance(error, PlanSignatureError)
    assert "[1, 2] is given as a motor, but it has no name" in str(error)


@pytest.mark.parametrize("plan", LISTS)
@pytest.mark.parametrize("detectors", [Detector(), 5, "det", [5]])
def test_what_are_no_detectors_is_refused(plan, detectors):
    error = wrong(Motor("x"), [1], plan=plan, detectors=detectors)
    assert isinstance(error, TypeError)


def test_a_position_beyond_a_limit_is_refused_before_anything_moves():
    x, y = Motor("x"), Limited("y")
    outcome = run(list_scan([Detector()], x, [0, 1, 2], y, [0, 11, 1]))
    assert isinstance(outcome.error, LimitError)
    assert x.moves == y.moves == []
    assert outcome.docs.all == []


def test_limits_are_left_to_a_step_of_ones_own():
    def step(detectors, step, pos_cache):
        yield Msg("checkpoint")

    outcome = run(list_scan([Detector()], Limited("y"), [11], per_step=step))
    assert outcome.error is None


# ---------------------------------------------------------------- relative


@pytest.mark.parametrize("kind", [Motor, Located, Positioned, Hintless])
def test_offsets_count_from_where_the_motor_is_and_it_goes_back(kind):
    x = kind("x")
    x.at = 5.0
    outcome = run(rel_list_scan([Detector()], x, [-1, 0, 2]))
    assert outcome.sent_to(x) == [4.0, 5.0, 7.0, 5.0]
    assert x.at == 5.0
    assert [p["x"] for p in outcome.docs.points().values()] == [4.0, 5.0, 7.0]


def test_a_motor_is_put_back_to_where_it_was_sent_not_to_where_it_came_to_rest():
    x = Located("x")
    x.at = 5.0
    for _ in range(3):
        run(rel_list_scan([Detector()], x, [1]))
    assert x.at == 5.0


def test_all_motors_go_back_together():
    x, y = Motor("x"), Motor("y")
    x.at, y.at = 1.0, 2.0
    outcome = run(rel_list_scan([Detector()], x, [1, 2], y, [3, 4]))
    assert (x.at, y.at) == (1.0, 2.0)
    *_, back_x, back_y, wait = outcome.said
    assert back_x.kwargs["group"] == back_y.kwargs["group"] == wait.kwargs["group"]
    assert wait.command == "wait"


def test_motors_go_back_after_a_failure():
    x, y = Motor("x"), Failing("y")
    x.at, y.at = 1.0, -0.5
    outcome = run(rel_list_scan([Detector()], x, [0, 1, 2], y, [0, 1, 2]))
    assert outcome.stop["exit_status"] == "fail"
    assert "stuck" in outcome.stop["reason"]
    assert (x.at, y.at) == (1.0, -0.5)


def test_a_motor_that_was_not_moved_yet_is_left_alone_after_a_failure():
    x, y = Failing("x"), Motor("y")
    x.at = 0.5
    outcome = run(rel_list_scan([Detector()], x, [1], y, [1]))
    assert outcome.stop["exit_status"] == "fail"
    assert x.at == 0.5


@pytest.mark.parametrize("end", ["stop", "abort"])
@pytest.mark.parametrize("command", ["save", "wait", "trigger"])
def test_motors_go_back_after_a_stop_and_an_abort(end, command):
    x = Positioned("x")
    x.at = 5.0
    outcome = run(rel_list_scan([Detector()], x, [1, 2, 3]), pause_at(command, 2), end)
    assert outcome.stop["exit_status"] == {"stop": "success"}.get(end, "abort")
    assert x.at == 5.0
    assert outcome.sent_to(x)[-1] == 5.0


def test_nothing_moves_after_a_halt():
    x = Positioned("x")
    x.at = 5.0
    outcome = run(rel_list_scan([Detector()], x, [1, 2]), pause_at("save"), "halt")
    assert outcome.stop["exit_status"] == "abort"
    assert x.at == 6.0


def test_a_paused_relative_scan_goes_on_from_the_same_origin():
    x = Positioned("x")
    x.at = 5.0
    outcome = run(
        rel_list_scan([Detector()], x, [1, 2, 3]), pause_at("trigger", 3), "resume"
    )
    points = [p["x"] for p in outcome.docs.points().values()]
    assert points == [6.0, 7.0, 8.0]
    assert x.at == 5.0


def test_an_order_to_end_is_seen_by_a_step_of_ones_own():
    x, seen, numbers = Positioned("x"), [], counter()

    def step(detectors, motor, step):
        try:
            yield Msg("set", motor, step, group=f"g{next(numbers)}")
            yield Msg("null")
        except RequestAbort as exc:
            seen.append(exc)
            raise

    run(rel_list_scan([], x, [1, 2], per_step=step), pause_at("null"), "abort")
    assert len(seen) == 1
    assert x.at == 0.0


def test_a_motor_of_several_positions_must_say_which_is_its_own():
    class Stage(Motor):
        def __init__(self):
            super().__init__("stage")
            self.hints = {"fields": ["stage", "stage_error"]}

    outcome = run(rel_list_scan([Detector()], Stage(), [1]))
    assert isinstance(outcome.error, PlanArgumentError)
    assert "where 'stage' is cannot be told" in str(outcome.error)
