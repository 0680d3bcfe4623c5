"""Bluesky's plans: what differs from ours."""

import inspect
import warnings

import pytest
from kit import Detector, Motor

from lapwing import plans as ours
from lapwing.compat.bluesky import cntx, examples, plan_patterns
from lapwing.compat.bluesky import plans as bp
from lapwing.errors import PlanSignatureError
from lapwing.messages import Msg


def metadata(plan):
    return next(msg.kwargs for msg in plan if msg.command == "open_run")


def test_metadata_name_bluesky_s_module_and_the_caller_s_go_before():
    x = Motor("x")
    assert metadata(bp.scan([], x, 0, 1, 2))["plan_pattern_module"] == bp.PATTERNS
    given = {"plan_pattern_module": "mine", "a": 1}
    said = metadata(bp.grid_scan([], x, 0, 1, 2, md=given))
    assert said["plan_pattern_module"] == "mine"
    assert said["a"] == 1
    native = metadata(ours.scan([], x, 0, 1, 2))
    assert native["plan_pattern_module"] == "lapwing.plans.patterns"


def test_a_plan_without_a_pattern_has_none():
    assert "plan_pattern_module" not in metadata(bp.count([Detector()]))
    said = metadata(bp.spiral_square([], Motor("x"), Motor("y"), 0, 0, 1, 1, 3, 3))
    assert "plan_pattern_module" not in said


def test_faces_have_the_names_and_signatures_of_what_is_behind():
    for name in ("scan", "count", "grid_scan", "rel_spiral", "x2x_scan"):
        face, behind = getattr(bp, name), getattr(ours, name)
        assert face.__name__ == name
        assert inspect.signature(face) == inspect.signature(behind)


def test_a_forgotten_plan_is_told_with_its_caller():
    with pytest.warns(RuntimeWarning, match="test_plans.py"):
        bp.scan([], Motor("x"), 0, 1, 2)


def test_what_takes_a_shot_may_call_its_argument_as_it_likes():
    def shot(dets):
        yield Msg("null", dets[0])

    detector = Detector()
    said = [m for m in bp.count([detector], per_shot=shot) if m.command == "null"]
    assert said == [Msg("null", detector)]
    with pytest.raises(PlanSignatureError, match="per_shot"):
        list(bp.count([detector], per_shot=lambda: None))
    with pytest.raises(PlanSignatureError, match="per_shot"):
        list(bp.count([detector], per_shot=3))


def test_patterns_are_cyclers():
    x, y = Motor("x"), Motor("y")
    grid = plan_patterns.outer_product([x, 0, 1, 2, y, 0, 1, 3, False])
    assert len(grid) == 6
    assert grid.by_key()[y] == [0, 0.5, 1] * 2
    line = plan_patterns.inner_product(3, [x, 0, 2])
    assert list(line * plan_patterns.inner_list_product([y, [5]]))[-1] == {x: 2, y: 5}
    axes = plan_patterns.chunk_outer_product_args([x, 0, 1, 2])
    assert next(axes) == (x, 0, 1, 2, False)


def test_contexts_put_plans_on_a_stack():
    detector = Detector()

    @cntx.planify
    def planned():
        stack = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with (
                cntx.stage_context(stack, [detector]),
                cntx.subs_context(stack, print),
                cntx.baseline_context(stack, [detector]),
                cntx.run_context(stack, md={"a": 1}),
                cntx.monitor_context(stack, [detector]),
                cntx.event_context(stack),
            ):
                stack.append([Msg("read", detector)])
        return stack

    said = [msg.command for msg in planned()]
    assert said[:2] == ["stage", "subscribe"]
    inner = ["open_run", "monitor", "create", "read", "save", "unmonitor", "close_run"]
    place = said.index("open_run")
    assert said[place : place + 7] == inner
    assert said[-2:] == ["unsubscribe", "unstage"]


def test_contexts_are_deprecated():
    with pytest.warns(UserWarning, match="run_wrapper"), cntx.run_context([]):
        pass


def test_examples_are_plans():
    motor, detector = Motor(), Detector()
    said = [msg.command for msg in examples.stepscan(detector, motor)]
    assert said.count("save") == 10
    ramp = examples.multi_sample_temperature_ramp(
        detector, ["a", "b"], [0, 10], motor, 0, 2, 1, Motor("t"), 300, 320, 10
    )
    said = list(ramp)
    assert [m.kwargs["sample"] for m in said if m.command == "open_run"] == list("abab")
    assert sum(m.command == "save" for m in said) == 8
    assert len(list(examples.wait_complex(detector, [motor, motor]))) == 10
    assert len(list(examples.cautious_stepscan(detector, motor))) == 82
    assert list(examples.do_nothing(1)) == [Msg("sleep", None, 1)]
