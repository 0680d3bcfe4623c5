"""The rest of the library says and leaves behind what Bluesky's does.

As in `test_plans_against_bluesky`, the account of Bluesky's plan on Bluesky's engine
is compared with those of the three other pairings of plan and engine.
"""

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bluesky_stubs
import bluesky.plans as bluesky_plans
import bluesky.preprocessors as bluesky_preprocessors
import bluesky.utils
import ophyd.sim
import pytest
from compat import devices
from compat.both import Account, Bench, corresponds, on_bluesky, on_lapwing
from compat.test_stubs_against_bluesky import compare as compare_outcomes
from compat.test_stubs_against_bluesky import drive, hear, nothing, some, something
from cycler import cycler

import lapwing.errors
import lapwing.plan_stubs as lapwing_stubs
import lapwing.plans as lapwing_plans
import lapwing.preprocessors as lapwing_preprocessors
from lapwing import Msg
from lapwing.status import Status

THEIRS = SimpleNamespace(
    **{**vars(bluesky_plans), "stubs": bluesky_stubs, "pre": bluesky_preprocessors}
)
OURS = SimpleNamespace(
    **{**vars(lapwing_plans), "stubs": lapwing_stubs, "pre": lapwing_preprocessors}
)
PAIRINGS = {
    "ours": (OURS, on_lapwing),
    "our plan on their engine": (OURS, on_bluesky),
    "their plan on our engine": (THEIRS, on_lapwing),
}

# ---------------------------------------------------------------- differences


def name_the_pattern_module(account: Account) -> None:
    for metadata in all_metadata(account):
        if metadata.get("plan_pattern_module") in (
            "bluesky.plan_patterns",
            "lapwing.plans.patterns",
        ):
            metadata["plan_pattern_module"] = "the plans' own module"


def leave_out_the_type_of_the_plan(account: Account) -> None:
    for start in documents(account, "start"):
        assert start["plan_type"] in ("generator", "Plan")
        del start["plan_type"]


def leave_out_the_words_of_reasons(account: Account) -> None:
    for stop in documents(account, "stop"):
        stop["reason"] = bool(stop["reason"])
    for command, _, _, kwargs, _ in account.messages:
        if command == "close_run":
            kwargs["reason"] = bool(kwargs["reason"])


def forget_the_order_of_motors(account: Account) -> None:
    """Sort each row of messages of one verb; groups are the same for all of a row."""
    rows = itertools.groupby(account.messages, lambda msg: msg[0])
    sortable = ("stage", "unstage", "set", "trigger", "read")
    account.messages = [
        msg
        for verb, row in rows
        for msg in (sorted(row, key=repr) if verb in sortable else row)
    ]
    for metadata in all_metadata(account):
        if isinstance(metadata.get("motors"), list):
            metadata["motors"].sort()
            metadata["hints"].get("dimensions", []).sort()
        if metadata.get("plan_name") == "scan_nd":
            metadata["plan_args"]["cycler"] = "a repr"
    for descriptor in documents(account, "descriptor"):
        for key in ("object_keys", "hints", "data_keys", "configuration"):
            descriptor[key] = dict(sorted(descriptor[key].items()))


def leave_out_the_times_of_pages(account: Account) -> None:
    for page in documents(account, "event_page"):
        del page["time"]


def leave_out_dimensions_of_nothing(account: Account) -> None:
    for metadata in all_metadata(account):
        dimensions = metadata.get("hints", {}).get("dimensions")
        if dimensions and not all(fields for fields, _ in dimensions):
            del metadata["hints"]["dimensions"]


DIFFERENCES: list[tuple[str, Callable[[Account], None]]] = [
    (
        "the module of the patterns is each side's own; both are importable",
        name_the_pattern_module,
    ),
    (
        "Bluesky's engine calls our plans 'Plan', for they are objects; ours looks "
        "at the generator in it, as Bluesky's plans are",
        leave_out_the_type_of_the_plan,
    ),
    (
        "an error is told in other words, which also stand in the stop document",
        leave_out_the_words_of_reasons,
    ),
    (
        "events that a flyer has collected keep their times in ours; theirs are given "
        "the time at which they are collected",
        leave_out_the_times_of_pages,
    ),
    (
        "theirs make a dimension of a motor whose hints have an empty list of fields, "
        "at which live plots fail",
        leave_out_dimensions_of_nothing,
    ),
    (
        "theirs stage, move and read motors in the order of a set, which differs from "
        "run to run; ours in the order of the arguments",
        forget_the_order_of_motors,
    ),
]


MORE_POINTS = {"tune_centroid back and forth", "tune_centroid downwards"}
"""Cases in which theirs loses the last point of a scan, for it adds up steps and has
then, by rounding, gone too far; ours always takes as many points as were asked for."""


def documents(account: Account, name: str) -> list[dict[str, Any]]:
    return [doc for found, doc in account.documents if found == name]


def positions(account: Account) -> list[float]:
    return [args[0] for command, _, args, _, _ in account.messages if command == "set"]


def all_metadata(account: Account) -> list[dict[str, Any]]:
    said = [msg[3] for msg in account.messages if msg[0] == "open_run"]
    return said + documents(account, "start")


def compare(theirs: Account, ours: Account) -> None:
    for _reason, even_out in DIFFERENCES:
        even_out(theirs)
        even_out(ours)
    assert ours.messages == theirs.messages
    assert ours.documents == theirs.documents
    assert ours.deeds == theirs.deeds
    assert ours.returned == theirs.returned
    assert corresponds(ours.raised, theirs.raised), (ours.raised, theirs.raised)


@pytest.fixture(params=PAIRINGS)
def pairing(request):
    return PAIRINGS[request.param]


# ---------------------------------------------------------------- devices


class Peak(devices.HintedDetector):
    """Sees a motor: a peak at 0.4."""

    def __init__(self, motor: Any):
        super().__init__("peak")
        self.motor = motor

    def read(self) -> dict[str, Any]:
        self.done.append("read")
        height = 1 / (1 + 30 * (float(self.motor.at) - 0.4) ** 2)
        return {"peak": {"value": height, "timestamp": 1.0}}


class Flyer(devices.Detector):
    """Takes two points by itself, and can be watched."""

    def kickoff(self, **options: Any) -> Status:
        self.done.append(f"kickoff {options}")
        return Status.finished()

    def complete(self, **options: Any) -> Status:
        self.done.append(f"complete {options}")
        return Status.finished()

    def describe_collect(self) -> dict[str, Any]:
        spec = {"source": "test", "dtype": "number", "shape": []}
        return {f"{self.name}_stream": {f"{self.name}_data": spec}}

    def collect(self) -> Any:
        for value in (1, 2):
            key = f"{self.name}_data"
            yield {"time": 1.0, "data": {key: value}, "timestamps": {key: 1.0}}

    def subscribe(self, function: Any, **options: Any) -> None:
        self.done.append(f"subscribe {options}")

    def clear_sub(self, function: Any) -> None:
        self.done.append("clear_sub")


class FullBench(Bench):
    """The bench, with a peak and two flyers."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = Peak(self.x)
        self.flyer = Flyer("flyer")
        self.flyer2 = Flyer("flyer2")


def nd_step(p: Any) -> Any:
    def per_step(detectors, step, pos_cache):
        yield from p.stubs.move_per_step(step, pos_cache)
        yield from p.stubs.trigger_and_read([*detectors, *step], name="mine")

    return per_step


def own_step(p: Any) -> Any:
    def per_step(detectors, motor, step):
        yield from p.stubs.abs_set(motor, step, wait=True)
        yield from p.stubs.trigger_and_read([*detectors, motor])

    return per_step


# ---------------------------------------------------------------- what is run

Case = Callable[[Any, Any], Any]

LINES: dict[str, Case] = {
    "rel_scan": lambda p, d: p.rel_scan([d.det], d.x, -1, 1, d.full, 0, 2, 3),
    "rel_scan of one": lambda p, d: p.rel_scan([d.det], d.pos, 0, 1, num=1),
    "rel_scan that fails": lambda p, d: p.rel_scan([d.det], d.broken, 0, 3, num=4),
    "relative_scan": lambda p, d: p.relative_scan([d.det], d.two, -1, 1, 2),
    "inner_product_scan": lambda p, d: p.inner_product_scan(
        [d.det], 3, d.x, 0, 1, d.y, 5, -5
    ),
    "relative_inner_product_scan": lambda p, d: p.relative_inner_product_scan(
        [d.det], 3, d.x, 0, 1, d.y, 5, -5, md={"sample": "gold"}
    ),
    "x2x_scan": lambda p, d: p.x2x_scan([d.det], d.x, d.y, 0, 3, 4),
    "x2x_scan, own step": lambda p, d: p.x2x_scan(
        [d.det], d.x, d.y, -1, 1, 2, per_step=nd_step(p), md={"plan_args": 1}
    ),
    "log_scan": lambda p, d: p.log_scan([d.det], d.x, -1, 1, 5),
    "log_scan, no hints": lambda p, d: p.log_scan([d.det], d.bare, 0, 2, 3),
    "log_scan, own step": lambda p, d: p.log_scan(
        [d.det], d.x, 0, 1, 2, per_step=own_step(p), md={"hints": {"a": 1}}
    ),
    "rel_log_scan": lambda p, d: p.rel_log_scan([d.det], d.x, 0, 1, 3),
    "relative_log_scan": lambda p, d: p.relative_log_scan([d.det], d.two, 0, 1, 3),
}

GRIDS: dict[str, Case] = {
    "list_grid_scan": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [0, 1], d.y, [5.0, 6.0, 4.0]
    ),
    "list_grid_scan of one": lambda p, d: p.list_grid_scan([d.det], d.x, [1, 0, 2]),
    "list_grid_scan that snakes": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [0, 1], d.y, [5, 6, 4], d.z, [1, 2], snake_axes=True
    ),
    "list_grid_scan, some snake": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [0, 1], d.y, [5, 6, 4], d.z, [1, 2], snake_axes=[d.z, d.x]
    ),
    "list_grid_scan, no hints": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [0, 1], d.bare, [5, 6], md={"hints": {"a": 1}, "shape": 3}
    ),
    "rel_list_grid_scan": lambda p, d: p.rel_list_grid_scan(
        [d.det], d.x, [0, 1], d.full, [0, -1], snake_axes=True
    ),
    "rel_grid_scan": lambda p, d: p.rel_grid_scan(
        [d.det], d.x, 0, 1, 2, d.two, -1, 1, 3, snake_axes=[d.two]
    ),
    "outer_product_scan": lambda p, d: p.outer_product_scan(
        [d.det], d.x, 0, 1, 2, d.y, -1, 1, 2, True
    ),
    "relative_outer_product_scan": lambda p, d: p.relative_outer_product_scan(
        [d.det], d.x, 0, 1, 2, d.y, -1, 1, 2, False
    ),
}

SPIRALS: dict[str, Case] = {
    "spiral": lambda p, d: p.spiral([d.det], d.x, d.y, 1, 2, 1, 0.5, 0.25, 3),
    "spiral, all": lambda p, d: p.spiral(
        [d.det], d.x, d.y, 1, 2, 1, 1, 0.3, 3, dr_y=0.2, tilt=0.4, md={"hints": {}}
    ),
    "spiral, no hints": lambda p, d: p.spiral([d.det], d.x, d.bare, 0, 0, 1, 1, 0.5, 3),
    "spiral, own step": lambda p, d: p.spiral(
        [d.det], d.x, d.y, 0, 0, 1, 1, 0.5, 3, per_step=nd_step(p)
    ),
    "rel_spiral": lambda p, d: p.rel_spiral([d.det], d.x, d.y, 1, 1, 0.25, 3),
    "relative_spiral": lambda p, d: p.relative_spiral(
        [d.det], d.x, d.y, 1, 1, 0.25, 3, tilt=0.1, md={"sample": "gold"}
    ),
    "spiral_fermat": lambda p, d: p.spiral_fermat(
        [d.det], d.x, d.y, 1, 2, 1, 0.5, 0.25, 1
    ),
    "spiral_fermat, all": lambda p, d: p.spiral_fermat(
        [d.det], d.x, d.y, 1, 2, 1, 1, 0.3, 1, dr_y=0.4, tilt=0.4
    ),
    "rel_spiral_fermat": lambda p, d: p.rel_spiral_fermat(
        [d.det], d.x, d.y, 1, 1, 0.25, 1
    ),
    "relative_spiral_fermat": lambda p, d: p.relative_spiral_fermat(
        [d.det], d.x, d.two, 1, 1, 0.25, 1, dr_y=0.3
    ),
    "spiral_square": lambda p, d: p.spiral_square([d.det], d.x, d.y, 1, 2, 3, 1, 4, 3),
    "spiral_square, own": lambda p, d: p.spiral_square(
        [d.det], d.x, d.bare, 0, 0, 1, 1, 2, 2, md={"hints": {"a": 1}, "shape": 1}
    ),
    "rel_spiral_square": lambda p, d: p.rel_spiral_square(
        [d.det], d.x, d.y, 2, 3, 3, 4, md={"sample": "gold"}
    ),
}

ADAPTIVES: dict[str, Case] = {
    "adaptive_scan": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.x, -1, 2, 0.05, 0.6, 0.2, True
    ),
    "adaptive_scan without going back": lambda p, d: p.adaptive_scan(
        [d.peak, d.det], "peak", d.x, -1, 2, 0.05, 0.6, 0.2, False, 0.5
    ),
    "adaptive_scan downwards": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.x, 2, -1, 0.05, 0.6, 0.2, False, md={"sample": "gold"}
    ),
    "adaptive_scan downwards and back": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.x, 2, -1, 0.05, 0.6, 0.2, True
    ),
    "adaptive_scan of nothing": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.x, 0, 0, 0.05, 0.6, 0.2, True
    ),
    "adaptive_scan of a constant": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.y, 0, 1, 0.05, 0.6, 0.2, True
    ),
    "adaptive_scan, no steps": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.x, 0, 1, 0.5, 0.1, 0.2, True
    ),
    "rel_adaptive_scan": lambda p, d: p.rel_adaptive_scan(
        [d.peak], "peak", d.x, -1, 1, 0.1, 0.6, 0.2, True
    ),
    "relative_adaptive_scan": lambda p, d: p.relative_adaptive_scan(
        [d.peak], "peak", d.two, 0, 1, 0.1, 0.6, 0.2, True
    ),
    "tune_centroid": lambda p, d: p.tune_centroid(
        [d.peak], "peak", d.x, -1, 2, 0.05, 6
    ),
    "tune_centroid back and forth": lambda p, d: p.tune_centroid(
        [d.peak, d.det], "peak", d.x, -1, 2, 0.05, 6, 2.0, snake=True, md={"a": 1}
    ),
    "tune_centroid downwards": lambda p, d: p.tune_centroid(
        [d.peak], "peak", d.x, 2, -1, 0.1, 5, 2.5
    ),
    "tune_centroid, wide steps": lambda p, d: p.tune_centroid(
        [d.peak], "peak", d.x, 0, 1, 5, 6
    ),
    "tune_centroid, no step": lambda p, d: p.tune_centroid(
        [d.peak], "peak", d.x, 0, 1, 0, 6
    ),
    "tune_centroid, no factor": lambda p, d: p.tune_centroid(
        [d.peak], "peak", d.x, 0, 1, 0.1, 6, 1
    ),
}


def going(p: Any, d: Any) -> Any:
    return (yield from p.stubs.abs_set(d.x, 1))


def taking(p: Any, d: Any) -> Any:
    return lambda: p.stubs.trigger_and_read([d.det])


FLIGHTS: dict[str, Case] = {
    "fly": lambda p, d: p.fly([d.flyer, d.flyer2], md={"sample": "gold"}),
    "fly nothing": lambda p, d: p.fly([]),
    "ramp_plan": lambda p, d: p.ramp_plan(
        going(p, d), d.flyer, taking(p, d), md={"sample": "gold"}
    ),
    "ramp_plan without data before": lambda p, d: p.ramp_plan(
        going(p, d), d.flyer, taking(p, d), take_pre_data=False, timeout=9, period=0
    ),
}

PSEUDO: dict[str, Case] = {
    "two pseudo axes": lambda p, h: p.scan(
        [h.det], h.pseudo3x3.pseudo1, 0, 1, h.pseudo3x3.pseudo2, 1, 2, 3
    ),
    "two pseudo axes and a motor": lambda p, h: p.scan(
        [h.det],
        *(h.pseudo3x3.pseudo1, 0, 1),
        *(h.motor, 0, 1),
        *(h.pseudo3x3.pseudo3, 1, 2),
        num=2,
    ),
    "a path of pseudo axes": lambda p, h: p.scan_nd(
        [h.det],
        cycler(h.pseudo3x3.pseudo1, [0, 1]) * cycler(h.pseudo3x3.pseudo2, [1, 2]),
    ),
    "a grid of pseudo axes": lambda p, h: p.grid_scan(
        [h.det], h.pseudo3x3.pseudo1, 0, 1, 2, h.pseudo3x3.pseudo2, 1, 2, 2
    ),
    "real axes": lambda p, h: p.scan(
        [h.det], h.pseudo3x3.real1, 0, 1, h.pseudo3x3.real2, 1, 2, 3
    ),
    "a whole": lambda p, h: p.list_scan([h.det], h.pseudo3x3, [(1, 2, 3), (2, 3, 4)]),
    "real and pseudo axes": lambda p, h: p.scan(
        [h.det], h.pseudo3x3.real1, 0, 1, h.pseudo3x3.pseudo2, 1, 2, 3
    ),
    "a whole and its part": lambda p, h: p.list_scan(
        [h.det], h.pseudo3x3, [(1, 2, 3)], h.pseudo3x3.pseudo2, [1]
    ),
    "one pseudo axis relatively": lambda p, h: p.rel_scan(
        [h.det], h.pseudo3x3.pseudo1, 0, 1, 3
    ),
    "two pseudo axes relatively": lambda p, h: p.rel_scan(
        [h.det], h.pseudo3x3.pseudo1, 0, 1, h.pseudo3x3.pseudo2, 1, 2, 3
    ),
    "a whole relatively": lambda p, h: p.rel_list_scan(
        [h.det], h.pseudo3x3, [(1, 2, 3), (2, 3, 4)]
    ),
    "mv two pseudo axes": lambda p, h: p.stubs.mv(
        h.pseudo3x3.pseudo1, 1, h.motor, 3, h.pseudo3x3.pseudo2, 2
    ),
    "mvr two pseudo axes": lambda p, h: p.stubs.mvr(
        h.pseudo3x3.pseudo1, 1, h.motor, 3, h.pseudo3x3.pseudo2, 2
    ),
    "mv a whole and its part": lambda p, h: p.stubs.mv(
        h.pseudo3x3, (1, 2, 3), h.pseudo3x3.pseudo2, 2
    ),
    "mv one twice": lambda p, h: p.stubs.mv(h.motor, 1, h.motor, 2),
}

CASES = {**LINES, **GRIDS, **SPIRALS, **ADAPTIVES, **FLIGHTS}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_does_what_bluesky_s_does(name, pairing):
    plans, account_of = pairing
    case, their_bench, our_bench = CASES[name], FullBench(), FullBench()
    theirs = on_bluesky(case(THEIRS, their_bench), their_bench)
    ours = account_of(case(plans, our_bench), our_bench)
    if name == "adaptive_scan downwards and back" and plans is OURS:
        # Theirs goes back in the wrong direction, and so leaps over the peak.
        back, onward = positions(ours), positions(theirs)
        place = next(i for i, at in enumerate(onward) if at != back[i])
        assert onward[place] < onward[place - 1] < back[place]
    elif name in MORE_POINTS and plans is OURS:
        assert ours.documents[0][1]["plan_args"] == theirs.documents[0][1]["plan_args"]
        num = ours.documents[0][1]["plan_args"]["num"]
        assert len(documents(ours, "event")) % num == 0
        assert len(documents(theirs, "event")) % num != 0
    else:
        compare(theirs, ours)


@pytest.mark.parametrize("name", PSEUDO)
def test_pseudo_axes_move_as_bluesky_moves_them(name, pairing):
    plans, account_of = pairing
    theirs = on_bluesky(PSEUDO[name](THEIRS, ophyd.sim.hw()))
    ours = account_of(PSEUDO[name](plans, ophyd.sim.hw()))
    compare(theirs, ours)


PREDECLARED: dict[str, Case] = {
    "count": lambda p, d: p.count([d.det, d.plain], 2),
    "count, own shot": lambda p, d: p.count([d.det], per_shot=p.stubs.one_shot),
    "scan": lambda p, d: p.scan([d.det], d.x, 0, 1, 2),
    "scan, own step": lambda p, d: p.scan([d.det], d.x, 0, 1, 2, per_step=own_step(p)),
    "log_scan": lambda p, d: p.log_scan([d.det], d.x, 0, 1, 2),
    "grid_scan": lambda p, d: p.grid_scan([d.det], d.x, 0, 1, 2),
    "adaptive_scan": ADAPTIVES["adaptive_scan"],
    "tune_centroid": ADAPTIVES["tune_centroid"],
}


@pytest.mark.parametrize("name", PREDECLARED)
@pytest.mark.parametrize("value", ["1", "0"])
def test_streams_are_declared_first_if_that_is_asked_for(
    name, value, pairing, monkeypatch
):
    monkeypatch.setenv("BLUESKY_PREDECLARE", value)
    plans, account_of = pairing
    theirs = on_bluesky(PREDECLARED[name](THEIRS, FullBench()))
    ours = account_of(PREDECLARED[name](plans, FullBench()))
    compare(theirs, ours)
    declared = "declare_stream" in [msg[0] for msg in ours.messages]
    assert declared == ("own" not in name)


# ---------------------------------------------------------------- driven by hand


def opening(**of_run: Any) -> Any:
    yield Msg("open_run", sample="gold", **of_run)
    yield Msg("a")
    yield Msg("close_run", **of_run)
    return "result"


def two_runs() -> Any:
    yield Msg("open_run", run="k")
    yield Msg("open_run", run="j")
    yield Msg("a")
    yield Msg("close_run", run="k")
    yield Msg("close_run", run="j")


def using(d: Any) -> Any:
    yield Msg("locate", d.full)
    yield Msg("read", d.det)
    yield Msg("set", d.x, 1)
    yield Msg("trigger", d.det2)
    yield Msg("read", d.det)
    yield Msg("set", d.slit.top, 2)  # of two parts, theirs stages the whole twice
    yield Msg("stage", d.y)
    yield Msg("read", d.y)
    return "used"


class Setting(devices.HintedMotor):
    """A signal of a device."""

    def get(self) -> Any:
        return self.at


def timed(d: Any) -> Any:
    d.det.count_time = Setting("det_time", 2)
    d.det2.count_time = Setting("det2_time", 3)
    yield Msg("stage", d.det)
    yield Msg("trigger", d.det2)
    yield Msg("trigger", d.det)
    return "timed"


def some_gen(*args: Any, **kwargs: Any) -> Any:
    yield Msg("g", None, *args, **kwargs)
    return "given"


STUBS: dict[str, Case] = {
    "rel_set": lambda s, d: s.rel_set(d.x, 1),
    "rel_set and wait": lambda s, d: s.rel_set(d.two, 1, wait=True, speed=2),
    "rel_set in a group": lambda s, d: s.rel_set(d.pos, 1, group="g", wait=True),
    "mvr": lambda s, d: s.mvr(d.x, 1, d.two, 2),
    "mvr in a group": lambda s, d: s.mvr(d.x, 1, group="g", timeout=3, speed=2),
    "movr": lambda s, d: s.movr(d.pos, 1),
    "rd by location": lambda s, d: s.rd(d.two),
    "rd by hint": lambda s, d: s.rd(d.x),
    "rd without hint": lambda s, d: s.rd(d.plain),
    "rd with a default": lambda s, d: s.rd(d.x, default_value=9),
    "wait_for": lambda s, d: s.wait_for([hear], timeout=3),
    "input_plan": lambda s, d: s.input_plan("What? "),
    "prepare": lambda s, d: s.prepare(d.x, 1),
    "prepare and wait": lambda s, d: s.prepare(d.x, 1, group="g", wait=True, a=2),
    "kickoff": lambda s, d: s.kickoff(d.flyer),
    "kickoff and wait": lambda s, d: s.kickoff(d.flyer, group="g", wait=True, a=2),
    "kickoff and wait for None": lambda s, d: s.kickoff(d.flyer, wait=True),
    "kickoff_all": lambda s, d: s.kickoff_all(d.flyer, d.flyer2, a=2),
    "kickoff_all later": lambda s, d: s.kickoff_all(d.flyer, wait=False, group="g"),
    "kickoff_all of none": lambda s, d: s.kickoff_all(),
    "complete": lambda s, d: s.complete(d.flyer),
    "complete and wait": lambda s, d: s.complete(d.flyer, group="g", wait=True, a=2),
    "complete_all": lambda s, d: s.complete_all(d.flyer, d.flyer2, a=2),
    "complete_all and wait": lambda s, d: s.complete_all(d.flyer, group="g", wait=True),
    "collect": lambda s, d: s.collect(d.flyer),
    "collect several": lambda s, d: s.collect(
        d.flyer, d.flyer2, stream=True, return_payload=False, name="n"
    ),
    "collect_while_completing": lambda s, d: s.collect_while_completing(
        [d.flyer], [d.flyer2, d.flyer]
    ),
    "collect_while_completing often": lambda s, d: s.collect_while_completing(
        [d.flyer], [d.flyer2], flush_period=0.5, stream_name="n", watch=("w",)
    ),
    "configure": lambda s, d: s.configure(d.det, 1, gain=2),
    "declare_stream": lambda s, d: s.declare_stream(d.det, d.x, name="n"),
    "declare_stream to collect": lambda s, d: s.declare_stream(
        d.flyer, name="n", collect=True
    ),
    "monitor": lambda s, d: s.monitor(d.flyer),
    "monitor by name": lambda s, d: s.monitor(d.flyer, name="n", a=1),
    "unmonitor": lambda s, d: s.unmonitor(d.flyer),
    "stage": lambda s, d: s.stage(d.adet),
    "stage and wait": lambda s, d: s.stage(d.adet, group="g", wait=True),
    "stage an old one": lambda s, d: s.stage(d.det),
    "unstage": lambda s, d: s.unstage(d.adet),
    "unstage and wait": lambda s, d: s.unstage(d.adet, group="g", wait=True),
    "unstage an old one": lambda s, d: s.unstage(d.det),
    "stage_all": lambda s, d: s.stage_all(d.det, d.adet, d.slit.top),
    "stage_all in a group": lambda s, d: s.stage_all(d.adet, group="g"),
    "stage_all old ones": lambda s, d: s.stage_all(d.det),
    "stage_all none": lambda s, d: s.stage_all(),
    "unstage_all": lambda s, d: s.unstage_all(d.det, d.adet),
    "unstage_all old ones": lambda s, d: s.unstage_all(d.det, group="g"),
    "install_suspender": lambda s, d: s.install_suspender("a suspender"),
    "remove_suspender": lambda s, d: s.remove_suspender("a suspender"),
    "broadcast_msg": lambda s, d: s.broadcast_msg("trigger", [d.x, d.y], 1, group="g"),
    "repeater": lambda s, d: s.repeater(3, some_gen, 1, a=2),
    "repeater without end": lambda s, d: itertools.islice(
        iter(s.repeater(None, some_gen)), 5
    ),
}

PREPROCESSORS: dict[str, Case] = {
    "baseline": lambda s, d: s.baseline_wrapper(opening(), [d.det, d.x]),
    "baseline by name": lambda s, d: s.baseline_wrapper(opening(), [d.x], name="n"),
    "baseline of nothing": lambda s, d: s.baseline_wrapper(opening(), []),
    "baseline of two runs": lambda s, d: s.baseline_wrapper(two_runs(), [d.det]),
    "monitor": lambda s, d: s.monitor_during_wrapper(opening(), [d.flyer, d.flyer2]),
    "monitor nothing": lambda s, d: s.monitor_during_wrapper(opening(), []),
    "monitor two runs": lambda s, d: s.monitor_during_wrapper(two_runs(), [d.flyer]),
    "fly": lambda s, d: s.fly_during_wrapper(opening(), [d.flyer, d.flyer2]),
    "fly nothing": lambda s, d: s.fly_during_wrapper(opening(), []),
    "fly in a run with a key": lambda s, d: s.fly_during_wrapper(
        opening(run="k"), [d.flyer]
    ),
    "lazily stage": lambda s, d: s.lazily_stage_wrapper(using(d)),
    "inject_md": lambda s, d: s.inject_md_wrapper(opening(), {"a": 1, "sample": "x"}),
    "stub": lambda s, d: s.stub_wrapper(s.stage_wrapper(opening(), [d.det])),
    "stub of two runs": lambda s, d: s.stub_wrapper(two_runs()),
    "set_run_key": lambda s, d: s.set_run_key_wrapper(opening(), "k"),
    "set_run_key of runs": lambda s, d: s.set_run_key_wrapper(two_runs(), "k"),
    "set_run_key None": lambda s, d: s.set_run_key_wrapper(opening(), None),
    "suspend": lambda s, d: s.suspend_wrapper(some("a", "b"), [hear, some]),
    "suspend by one": lambda s, d: s.suspend_wrapper(some("a", "b"), hear),
    "configure_count_time": lambda s, d: s.configure_count_time_wrapper(timed(d), 5),
    "configure no count time": lambda s, d: s.configure_count_time_wrapper(
        timed(d), None
    ),
    "print_summary": lambda s, d: s.print_summary_wrapper(using(d)),
    "pchain": lambda s, d: s.pchain(some("a"), some("b", returns=2), some("c")),
    "supplemental": lambda s, d: s.SupplementalData(
        baseline=[d.det], monitors=[d.flyer], flyers=[d.flyer2]
    )(opening()),
    "no supplements": lambda s, d: s.SupplementalData()(opening()),
    "finalize and pause": lambda s, d: s.finalize_wrapper(
        some("a", "b"), some("end"), pause_for_debug=True
    ),
    "contingency and pause": lambda s, d: s.contingency_wrapper(
        some("a", "b"),
        except_plan=lambda exc: some("except"),
        else_plan=lambda: some("else"),
        final_plan=lambda: some("final"),
        pause_for_debug=True,
    ),
    "decorators": lambda s, d: s.baseline_decorator([d.det])(
        s.monitor_during_decorator([d.flyer])(s.set_run_key_decorator("k")(opening))
    )(),
}

DRIVEN = {**STUBS, **PREPROCESSORS}
SIDES = [SimpleNamespace(**{**vars(p.stubs), **vars(p.pre)}) for p in (THEIRS, OURS)]


def in_no_run(said: list[Any]) -> list[Any]:
    """Forget which run is flown in or monitored, which theirs do not say."""
    verbs = ("kickoff", "complete", "collect", "monitor", "unmonitor", "wait")
    return [(*msg[:4], None) if msg[0] in verbs else msg for msg in said]


def in_no_group(said: list[Any]) -> list[Any]:
    """Forget the group of staging; theirs has none when staging lazily."""
    verbs = ("stage", "unstage")
    return [(*msg[:3], {}, msg[4]) if msg[0] in verbs else msg for msg in said]


def outcome(case: Case, side: Any, answer: Any, fail_at: int | None, error: Any) -> Any:
    said, result = drive(case(side, FullBench()), answer, fail_at, error)
    return in_no_group(in_no_run(said)), result


ENDS_UNANSWERED = {"collect_while_completing", "collect_while_completing often"}
"""Theirs waits for ever if no engine tells it that all is done."""


@pytest.mark.parametrize("answer", [nothing, something])
@pytest.mark.parametrize("name", DRIVEN)
def test_it_says_what_bluesky_s_says(name, answer):
    if name in ENDS_UNANSWERED and answer is nothing:
        said, result = outcome(DRIVEN[name], SIDES[1], answer, None, ValueError)
        assert said[-1][0] == "collect"
        assert result is None
        return
    theirs, ours = (
        outcome(DRIVEN[name], side, answer, None, ValueError) for side in SIDES
    )
    compare_outcomes(name, ours, theirs)


@pytest.mark.parametrize("error", ["ValueError", "RequestAbort", "RequestStop"])
@pytest.mark.parametrize("name", DRIVEN)
def test_it_answers_an_error_at_any_message_as_bluesky_s_does(name, error):
    case = DRIVEN[name]
    messages, _ = outcome(case, SIDES[1], something, None, ValueError)
    their_error = getattr(bluesky.utils, error, ValueError)
    our_error = getattr(lapwing.errors, error, ValueError)
    for fail_at in range(len(messages)):
        theirs = outcome(case, SIDES[0], something, fail_at, their_error)
        ours = outcome(case, SIDES[1], something, fail_at, our_error)
        compare_outcomes(name, ours, theirs)
