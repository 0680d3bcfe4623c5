"""Preprocessors of runs, staging, subscriptions and rewinding."""

import pytest
from kit import AsyncDetector, Detector, Motor
from unit.plans.running import commands, drive, pause_at, run

import lapwing.preprocessors
from lapwing import Msg
from lapwing.errors import RequestAbort, RequestStop
from lapwing.plans import preprocessors, rewriting, supplemental
from lapwing.preprocessors import (
    rewindable_decorator,
    rewindable_wrapper,
    run_decorator,
    run_wrapper,
    stage_decorator,
    stage_wrapper,
    subs_decorator,
    subs_wrapper,
)
from lapwing.status import Status


def some(*verbs, returns=None):
    for verb in verbs:
        yield Msg(verb)
    return returns


def ended(plan, answer=lambda msg: None):
    """What a plan says, and what it returns or raises."""
    said, iterator = [], iter(plan)
    try:
        msg = next(iterator)
        while True:
            said.append(msg)
            response = answer(msg)
            if isinstance(response, Exception):
                msg = iterator.throw(response)
            else:
                msg = iterator.send(response)
    except StopIteration as stop:
        return said, stop.value
    except (ValueError, RequestAbort, RequestStop) as exc:
        return said, exc


def failing(verb, error):
    return lambda msg: error if msg.command == verb else f"re {msg.command}"


# ---------------------------------------------------------------- faces


def test_the_face_of_the_preprocessors_shows_preprocessors_alone():
    public = {n for n in vars(lapwing.preprocessors) if not n.startswith("_")}
    rooms = (preprocessors, rewriting, supplemental)
    printing = {"print_summary_wrapper", "print_summary_decorator"}
    assert public == printing | {name for room in rooms for name in room.__all__}
    for name in public:
        assert callable(getattr(lapwing.preprocessors, name))


@pytest.mark.parametrize(
    "name", [n for n in vars(lapwing.preprocessors) if n.endswith("_wrapper")]
)
def test_each_wrapper_has_a_decorator(name):
    assert hasattr(lapwing.preprocessors, name.replace("_wrapper", "_decorator"))


# ---------------------------------------------------------------- run


def test_a_run_is_opened_closed_and_returned():
    said, result = ended(run_wrapper(some("a"), md={"sample": 1}), failing("", None))
    assert said == [
        Msg("open_run", sample=1),
        Msg("a"),
        Msg("close_run", exit_status=None, reason=None),
    ]
    assert result == "re open_run"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("why"), "fail"),
        (RequestAbort("why"), "abort"),
        (RequestStop("why"), "success"),
    ],
)
def test_a_run_that_fails_is_closed_with_status_and_reason(error, status):
    said, result = ended(run_wrapper(some("a", "b")), failing("a", error))
    assert said[-1] == Msg("close_run", exit_status=status, reason="why")
    assert commands(said) == ["open_run", "a", "close_run"]
    assert result is error


def test_a_run_that_could_not_be_opened_is_not_closed():
    error = ValueError("no")
    said, result = ended(run_wrapper(some("a")), failing("open_run", error))
    assert commands(said) == ["open_run"]
    assert result is error


def test_another_engines_orders_to_end_are_understood():
    class Order(ValueError):
        exit_status = "abort"

    said, _ = ended(run_wrapper(some("a")), failing("a", Order("why")))
    assert said[-1].kwargs["exit_status"] == "abort"


def test_the_callers_metadata_is_not_kept():
    md = {"sample": 1}
    plan = run_wrapper(some("a"), md=md)
    msg = next(plan)
    md["sample"] = 2
    assert msg.kwargs == {"sample": 1}
    plan.close()


# ---------------------------------------------------------------- stage


def test_devices_are_staged_in_order_and_unstaged_backwards():
    one, two = Detector("one"), Detector("two")
    said, result = ended(stage_wrapper(some("a", returns=5), [one, two]))
    assert [msg[:2] for msg in said] == [
        ("stage", one),
        ("stage", two),
        ("a", None),
        ("unstage", two),
        ("unstage", one),
    ]
    assert result == 5
    assert len({msg.kwargs["group"] for msg in said if msg.obj is not None}) == 2


def test_devices_of_the_new_style_are_waited_for():
    def answer(msg):
        return Status.finished() if msg.obj is two else [msg.obj]

    one, two = Detector("one"), Detector("two")
    said = drive(stage_wrapper(some("a"), [two, one]), answer)
    assert commands(said) == [
        "stage",
        "stage",
        "wait",
        "a",
        "unstage",
        "unstage",
        "wait",
    ]


def test_a_part_of_a_device_is_staged_as_a_whole_and_once():
    whole = Detector("whole")
    part, other = Motor("part"), Motor("other")
    part.parent = other.parent = whole
    said = drive(stage_wrapper(some("a"), [part, other, whole]))
    assert [msg.obj for msg in said] == [whole, None, whole]


@pytest.mark.parametrize("at", ["a", "stage"])
def test_devices_are_unstaged_after_a_failure(at):
    one = Detector("one")
    said, result = ended(stage_wrapper(some("a"), [one]), failing(at, ValueError("no")))
    assert commands(said)[-1] == "unstage"
    assert isinstance(result, ValueError)


def test_devices_are_left_as_they_are_by_a_halt():
    plan = stage_wrapper(some("a"), [Detector()])
    next(plan)
    plan.close()
    assert list(plan) == []


def test_runs_and_staging_decorate_functions():
    det = AsyncDetector()

    @stage_decorator([det])
    @run_decorator(md={"sample": "gold"})
    def plan(verb):
        yield Msg(verb)

    for _ in range(2):
        outcome = run(plan("null"))
        assert outcome.commands == ["stage", "open_run", "null", "close_run", "unstage"]
        assert outcome.start["sample"] == "gold"
        assert outcome.result.plan_result == outcome.start["uid"]


# ---------------------------------------------------------------- subscriptions


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (lambda f: f, ["start", "stop"]),
        (lambda f: [f], ["start", "stop"]),
        (lambda f: {"start": f}, ["start"]),
        (lambda f: {"stop": [f], "start": (f,)}, ["start", "stop"]),
    ],
)
def test_a_plan_has_subscribers_of_its_own(form, names):
    heard = []

    def hear(name, doc):
        heard.append(name)

    wrapped = subs_wrapper(run_wrapper(some("null")), form(hear))
    outcome = run(wrapped)
    assert heard == names
    assert outcome.commands.count("subscribe") == outcome.commands.count("unsubscribe")

    @subs_decorator(form(hear))
    def plan():
        return (yield from run_wrapper(some("null")))

    run(plan())
    assert heard == names * 2


def test_subscriptions_end_with_the_plan_also_after_a_failure():
    def hear(name, doc):
        """Hear nothing."""

    said, result = ended(subs_wrapper(some("a"), hear), failing("a", ValueError("no")))
    assert said[0] == Msg("subscribe", None, hear, "all")
    assert said[-1] == Msg("unsubscribe", None, token="re subscribe")
    assert isinstance(result, ValueError)


# ---------------------------------------------------------------- rewinding


def flags(messages):
    return [msg.args[0] for msg in messages if msg.command == "rewindable"]


@pytest.mark.parametrize(
    ("before", "wanted"),
    [(True, [None, False, True]), (False, [None]), (None, [None, False, None])],
)
def test_a_plan_is_not_rewound_and_what_was_in_force_is_put_back(before, wanted):
    said, result = ended(
        rewindable_wrapper(some("a", returns=5), False),
        lambda msg: before if msg.args == (None,) else None,
    )
    assert flags(said) == wanted
    assert result == 5


def test_a_rewindable_plan_is_left_as_it_is():
    assert commands(drive(rewindable_wrapper([Msg("a")], True))) == ["a"]


def test_what_was_in_force_is_put_back_after_a_failure():
    said, _ = ended(
        rewindable_wrapper(some("a"), False),
        lambda msg: ValueError("no") if msg.command == "a" else True,
    )
    assert flags(said) == [None, False, True]


def test_a_plan_that_is_not_rewound_goes_on_from_where_it_was_paused():
    @rewindable_decorator(False)
    def plan():
        yield Msg("null")
        yield Msg("null")

    outcome = run(plan(), pause_at("null"), end="resume")
    assert outcome.result.exit_status == "success"
    assert outcome.commands.count("null") == 2
