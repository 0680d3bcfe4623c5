"""Each plan says and leaves behind what Bluesky's plan of the same name does.

The account of Bluesky's plan on Bluesky's engine is compared with those of the three
other pairings of plan and engine. All that may differ stands in `DIFFERENCES`.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bluesky_stubs
import bluesky.plans as bluesky_plans
import numpy as np
import ophyd.sim
import pytest
from compat.both import Account, Bench, corresponds, on_bluesky, on_lapwing
from cycler import cycler

import lapwing.plan_stubs as lapwing_stubs
import lapwing.plans as lapwing_plans

THEIRS = SimpleNamespace(**{**vars(bluesky_plans), "stubs": bluesky_stubs})
OURS = SimpleNamespace(**{**vars(lapwing_plans), "stubs": lapwing_stubs})

# ---------------------------------------------------------------- differences


def name_the_pattern_module(account: Account) -> None:
    for metadata in all_metadata(account):
        if "plan_pattern_module" in metadata:
            assert metadata["plan_pattern_module"] in (
                "bluesky.plan_patterns",
                "lapwing.plans.patterns",
            )
            metadata["plan_pattern_module"] = "the plans' own module"


def forget_the_order_of_staging(account: Account) -> None:
    # The group is not compared with `sorted`: it is the same for all of a row.
    messages = account.messages
    for verb in ("stage", "unstage"):
        places = [i for i, msg in enumerate(messages) if msg[0] == verb]
        row = sorted((messages[i] for i in places), key=lambda msg: msg[1])
        for i, msg in zip(places, row, strict=True):
            messages[i] = msg


def forget_the_order_of_scan_nd_s_motors(account: Account) -> None:
    for metadata in all_metadata(account):
        if metadata.get("plan_name") == "scan_nd":
            metadata["motors"].sort()
            if "dimensions" in metadata["hints"]:
                metadata["hints"]["dimensions"].sort()


def leave_out_dimensions_of_nothing(account: Account) -> None:
    for metadata in all_metadata(account):
        dimensions = metadata["hints"].get("dimensions")
        if dimensions and not all(fields for fields, _ in dimensions):
            del metadata["hints"]["dimensions"]


def leave_out_repr_of_the_path(account: Account) -> None:
    for metadata in all_metadata(account):
        if "cycler" in metadata["plan_args"]:
            metadata["plan_args"]["cycler"] = "a repr"


def leave_out_the_type_of_the_plan(account: Account) -> None:
    for start in documents(account, "start"):
        assert start["plan_type"] in ("generator", "Plan")
        start["plan_type"] = "generator"


def leave_out_the_words_of_reasons(account: Account) -> None:
    for stop in documents(account, "stop"):
        stop["reason"] = bool(stop["reason"])
    for command, _, _, kwargs, _ in account.messages:
        if command == "close_run":
            kwargs["reason"] = bool(kwargs["reason"])


DIFFERENCES: list[tuple[str, Callable[[Account], None]]] = [
    (
        "the module of the patterns is each side's own; both are importable",
        name_the_pattern_module,
    ),
    (
        "scan_nd stages the motors in the order of a set, which differs from run to "
        "run; ours in the order of the arguments",
        forget_the_order_of_staging,
    ),
    (
        "scan_nd lists motors and dimensions in the order of a set as well",
        forget_the_order_of_scan_nd_s_motors,
    ),
    (
        "scan_nd makes a dimension of a motor whose hints have an empty list of "
        "fields, at which live plots fail; ours then says no dimensions, as if there "
        "were no hints",
        leave_out_dimensions_of_nothing,
    ),
    (
        "the repr of a path is that of a cycler, with every point in it; ours is short",
        leave_out_repr_of_the_path,
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
]

FOUND_EARLIER = {
    "count: more readings than delays",  # theirs has opened a run by then
    "rel_list_scan: unequal lengths",  # theirs waits for motors that never moved
    "rel_list_scan: a list is missing",
}
"""Cases in which our plan finds what is wrong before it has said anything."""

# Nothing else differs but: the words of errors, of which the types are compared;
# `versions` in the start document (see `both.as_document`); and positions of
# lines, which are floats instead of numpy.float64, but equal (see `both.plain`).


def documents(account: Account, name: str) -> list[dict[str, Any]]:
    return [doc for found, doc in account.documents if found == name]


def all_metadata(account: Account) -> list[dict[str, Any]]:
    """The metadata as the plan said it, and as it stands in the start document."""
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


PAIRINGS = {
    "ours": (OURS, on_lapwing),
    "our plan on their engine": (OURS, on_bluesky),
    "their plan on our engine": (THEIRS, on_lapwing),
}


@pytest.fixture(params=PAIRINGS)
def pairing(request):
    return PAIRINGS[request.param]


# ---------------------------------------------------------------- what is run

Case = Callable[[Any, Any], Any]


def each_per_step(p: Any) -> dict[str, Any]:
    """Hooks of each accepted form, made of a side's own stubs."""

    def nd(detectors, step, pos_cache):
        yield from p.stubs.move_per_step(step, pos_cache)
        yield from p.stubs.trigger_and_read([*detectors, *step], name="mine")

    def one_motor(detectors, motor, step, take_reading=None):
        yield from p.stubs.abs_set(motor, step, wait=True)
        yield from p.stubs.trigger_and_read([*detectors, motor])

    return {"nd": nd, "one": one_motor}


def shot(p: Any) -> Any:
    def per_shot(detectors):
        yield from p.stubs.checkpoint()
        yield from p.stubs.trigger_and_read(detectors, name="mine")

    return per_shot


COUNTS: dict[str, Case] = {
    "once": lambda p, d: p.count([d.det]),
    "three times": lambda p, d: p.count([d.det, d.plain], 3),
    "a tuple of detectors": lambda p, d: p.count((d.det, d.det2), num=2),
    "no detectors": lambda p, d: p.count([]),
    "no readings": lambda p, d: p.count([d.det], 0),
    "without delay": lambda p, d: p.count([d.det], 2, None),
    "a delay": lambda p, d: p.count([d.det], 2, 0.5),
    "a list of delays": lambda p, d: p.count([d.det], 3, [0.5, None]),
    "a tuple of delays": lambda p, d: p.count([d.det], 3, (0, 0, 0)),
    "more readings than delays": lambda p, d: p.count([d.det], 4, [0, 0]),
    "delays for all but the last": lambda p, d: p.count([d.det], 3, [0, 0]),
    "until the delays run out": lambda p, d: p.count([d.det], None, [0, 0]),
    "metadata": lambda p, d: p.count([d.det], md={"sample": "gold", "num_points": 7}),
    "metadata with hints": lambda p, d: p.count(
        [d.det], md={"hints": {"fields": ["det"]}}
    ),
    "metadata with dimensions": lambda p, d: p.count(
        [d.det], md={"hints": {"dimensions": []}}
    ),
    "an own shot": lambda p, d: p.count([d.det], 2, per_shot=shot(p)),
    "async": lambda p, d: p.count([d.adet, d.det], 2),
    "not rewindable": lambda p, d: p.count([d.det, d.once], 2),
    "one twice": lambda p, d: p.count([d.det, d.det]),
    "a part and the whole": lambda p, d: p.count([d.slit.top, d.slit, d.slit.bottom]),
    "two parts": lambda p, d: p.count([d.slit.top, d.slit.bottom], 2),
    "no list": lambda p, d: p.count(d.det),
    "a generator of detectors": lambda p, d: p.count(one for one in [d.det]),
}

LISTS: dict[str, Case] = {
    "one motor": lambda p, d: p.list_scan([d.det], d.x, [1, 2, 3]),
    "floats": lambda p, d: p.list_scan([d.det], d.x, [0.1, 0.2, 1e-3]),
    "two motors": lambda p, d: p.list_scan([d.det], d.x, [1, 2], d.y, [3, 3]),
    "an array": lambda p, d: p.list_scan([d.det], d.x, np.linspace(0, 1, 3)),
    "a range": lambda p, d: p.list_scan([d.det], d.x, (1, 1, 2)),
    "no points": lambda p, d: p.list_scan([d.det], d.x, []),
    "one point": lambda p, d: p.list_scan([d.det], d.x, [1]),
    "a motor without hints": lambda p, d: p.list_scan([d.det], d.bare, [1, 2]),
    "a motor without fields": lambda p, d: p.list_scan([d.det], d.fieldless, [1, 2]),
    "with and without hints": lambda p, d: p.list_scan(
        [d.det], d.bare, [1, 2], d.two, [3, 4], d.x, [5, 6]
    ),
    "a motor among detectors": lambda p, d: p.list_scan([d.x, d.y], d.x, [1, 2]),
    "parts": lambda p, d: p.list_scan([d.det], d.slit.top, [1], d.slit.bottom, [2]),
    "no detectors": lambda p, d: p.list_scan([], d.x, [1]),
    "metadata": lambda p, d: p.list_scan(
        [d.det], d.x, [1], md={"hints": {"a": 1}, "plan_name": "mine", "sample": "x"}
    ),
    "metadata with dimensions": lambda p, d: p.list_scan(
        [d.det], d.x, [1], md={"hints": {"dimensions": [(["x"], "mine")]}}
    ),
    "an own step": lambda p, d: p.list_scan(
        [d.det], d.x, [1, 2], d.y, [3, 4], per_step=each_per_step(p)["nd"]
    ),
    "an own step of one motor": lambda p, d: p.list_scan(
        [d.det], d.x, [1, 2], per_step=each_per_step(p)["one"]
    ),
    "an own step of one motor for two": lambda p, d: p.list_scan(
        [d.det], d.x, [1, 2], d.y, [1, 2], per_step=each_per_step(p)["one"]
    ),
    "no step": lambda p, d: p.list_scan([d.det], d.x, [1], per_step=lambda a, b, c: 1),
    "a list is missing": lambda p, d: p.list_scan([d.det], d.x, [1], d.y),
    "unequal lengths": lambda p, d: p.list_scan([d.det], d.x, [1, 2], d.y, [1]),
    "a motor twice": lambda p, d: p.list_scan([d.det], d.x, [1, 2], d.x, [3, 4]),
    "no list of detectors": lambda p, d: p.list_scan(d.det, d.x, [1]),
    "a motor that fails": lambda p, d: p.list_scan([d.det], d.broken, [1, 2, 3]),
}

RELATIVES: dict[str, Case] = {
    "by reading": lambda p, d: p.rel_list_scan([d.det], d.bare, [0, 1]),
    "by a hinted reading": lambda p, d: p.rel_list_scan([d.det], d.x, [-1, 0, 1]),
    "by position": lambda p, d: p.rel_list_scan([d.det], d.pos, [0, 1]),
    "by location": lambda p, d: p.rel_list_scan([d.det], d.two, [0, 1]),
    "by location before position": lambda p, d: p.rel_list_scan(
        [d.det], d.full, [0, 1]
    ),
    "several": lambda p, d: p.rel_list_scan(
        [d.det], d.full, [0, 1], d.x, [2, 2], d.pos, [0, 0]
    ),
    "parts": lambda p, d: p.rel_list_scan([d.det], d.slit.top, [1, 2]),
    "an own step": lambda p, d: p.rel_list_scan(
        [d.det], d.x, [1, 2], d.y, [1, 2], per_step=each_per_step(p)["nd"]
    ),
    "no points": lambda p, d: p.rel_list_scan([d.det], d.x, []),
    "metadata": lambda p, d: p.rel_list_scan([d.det], d.x, [1], md={"sample": "x"}),
    "a motor that fails": lambda p, d: p.rel_list_scan(
        [d.det], d.x, [0, 1, 2], d.broken, [0, 1, 2]
    ),
    "unequal lengths": lambda p, d: p.rel_list_scan([d.det], d.x, [1, 2], d.y, [1]),
    "a list is missing": lambda p, d: p.rel_list_scan([d.det], d.x),
}

SCANS: dict[str, Case] = {
    "num last": lambda p, d: p.scan([d.det], d.x, -1, 1, 5),
    "num by name": lambda p, d: p.scan([d.det], d.x, -1, 1, num=3),
    "one point": lambda p, d: p.scan([d.det], d.x, -1, 1, 1),
    "two motors": lambda p, d: p.scan([d.det], d.x, 0, 1, d.y, 5, -5, 7),
    "a motor that stands still": lambda p, d: p.scan(
        [d.det], d.x, 0, 1, d.y, 2, 2, num=3
    ),
    "without hints": lambda p, d: p.scan([d.det], d.bare, 0, 1, 2),
    "with and without hints": lambda p, d: p.scan([d.det], d.bare, 0, 1, d.x, 0, 1, 2),
    "several fields": lambda p, d: p.scan([d.det], d.two, 0, 1, d.x, 0, 1, 2),
    "a numpy number": lambda p, d: p.scan([d.det], d.x, 0, 1, num=np.int64(3)),
    "numpy limits": lambda p, d: p.scan([d.det], d.x, np.float64(0.1), np.int32(7), 4),
    "metadata": lambda p, d: p.scan(
        [d.det], d.x, 0, 1, 2, md={"hints": {"a": 1}, "num_points": "many"}
    ),
    "an own step": lambda p, d: p.scan(
        [d.det], d.x, 0, 1, 2, per_step=each_per_step(p)["one"]
    ),
    "not rewindable": lambda p, d: p.scan([d.once], d.x, 0, 1, 2),
    "num missing": lambda p, d: p.scan([d.det], d.x, 0, 1),
    "num not whole": lambda p, d: p.scan([d.det], d.x, 0, 1, num=2.5),
    "num zero": lambda p, d: p.scan([d.det], d.x, 0, 1, num=0),
    "num negative": lambda p, d: p.scan([d.det], d.x, 0, 1, num=-3),
    "a motor twice": lambda p, d: p.scan([d.det], d.x, 0, 1, d.x, 0, 1, 3),
    "no list of detectors": lambda p, d: p.scan(d.det, d.x, 0, 1, 3),
}

PATHS: dict[str, Case] = {
    "one motor": lambda p, d: p.scan_nd([d.det], cycler(d.x, [1, 2, 3])),
    "together": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1, 2]) + cycler(d.y, [3, 4])
    ),
    "a grid": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1, 2]) * cycler(d.y, [3, 4])
    ),
    "without hints": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1, 2]) * cycler(d.bare, [3, 4])
    ),
    "several fields": lambda p, d: p.scan_nd(
        [d.det], cycler(d.two, [1, 2]) * cycler(d.x, [3, 4])
    ),
    "no points": lambda p, d: p.scan_nd([d.det], cycler(d.x, [])),
    "metadata": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1]), md={"hints": {"dimensions": []}, "motors": ["me"]}
    ),
    "an own step": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1, 2]), per_step=each_per_step(p)["nd"]
    ),
    "an own step of one motor": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1, 2]), per_step=each_per_step(p)["one"]
    ),
    "no step": lambda p, d: p.scan_nd(
        [d.det], cycler(d.x, [1]), per_step=lambda detectors, step: 1
    ),
}

GRIDS: dict[str, Case] = {
    "one axis": lambda p, d: p.grid_scan([d.det], d.x, 0, 1, 3),
    "two axes": lambda p, d: p.grid_scan([d.det], d.x, 0, 1, 3, d.y, 5, -5, 2),
    "three axes": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 5, -5, 2, d.z, 1, 2, 3, snake_axes=[d.z]
    ),
    "all snake": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 3, d.y, 5, -5, 2, d.z, 1, 2, 3, snake_axes=True
    ),
    "none snakes": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 3, d.y, 5, -5, 2, snake_axes=False
    ),
    "an iterator of snakes": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 3, d.y, 5, -5, 2, snake_axes=iter([d.y])
    ),
    "old form": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 3, d.y, 5, -5, 2, True, d.z, 0, 1, 2, False
    ),
    "without hints": lambda p, d: p.grid_scan([d.det], d.x, 0, 1, 2, d.bare, 5, -5, 2),
    "metadata": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, md={"hints": {"gridding": "mine"}, "shape": (9,)}
    ),
    "an own step": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, per_step=each_per_step(p)["nd"]
    ),
    "the slowest snakes": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, snake_axes=[d.x]
    ),
    "a stranger snakes": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, snake_axes=[d.z]
    ),
    "one snakes twice": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, snake_axes=[d.y, d.y]
    ),
    "snakes by name": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, snake_axes="y"
    ),
    "snakes by number": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, snake_axes=1
    ),
    "old and new form": lambda p, d: p.grid_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, True, snake_axes=True
    ),
    "a motor twice": lambda p, d: p.grid_scan([d.det], d.x, 0, 1, 2, d.x, 0, 1, 2),
    "a number missing": lambda p, d: p.grid_scan([d.det], d.x, 0, 1, 2, d.y, 0, 1),
    "a motor out of place": lambda p, d: p.grid_scan(
        [d.det], 0, d.x, 1, 2, d.y, 0, 1, 2
    ),
    "no list of detectors": lambda p, d: p.grid_scan(d.det, d.x, 0, 1, 2),
}

CASES: dict[str, Case] = {
    f"{plan}: {what}": case
    for plan, cases in {
        "count": COUNTS,
        "list_scan": LISTS,
        "rel_list_scan": RELATIVES,
        "scan": SCANS,
        "scan_nd": PATHS,
        "grid_scan": GRIDS,
    }.items()
    for what, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_does_what_bluesky_s_does(name, pairing):
    plans, account_of = pairing
    case, their_bench, our_bench = CASES[name], Bench(), Bench()
    theirs = on_bluesky(case(THEIRS, their_bench), their_bench)
    ours = account_of(case(plans, our_bench), our_bench)
    if name in FOUND_EARLIER and plans is OURS:
        assert theirs.messages
        assert not ours.messages
        assert corresponds(ours.raised, theirs.raised)
    else:
        compare(theirs, ours)


# ---------------------------------------------------------------- ophyd


OPHYD: dict[str, Case] = {
    "count": lambda p, d: p.count([d.det, d.det4], 2),
    "count with settings": lambda p, d: p.count([d.det_with_conf, d.det1]),
    "list_scan": lambda p, d: p.list_scan(
        [d.det, d.sig], d.motor, [-1, 0, 1], d.motor1, [0.1, 0.2, 0.3]
    ),
    "list_scan without hints": lambda p, d: p.list_scan(
        [d.det], d.motor_no_hints1, [1, 2], d.motor_empty_hints2, [3, 4]
    ),
    "rel_list_scan": lambda p, d: p.rel_list_scan(
        [d.det], d.motor1, [-1, 0, 1], d.motor_no_pos, [1, 2, 3]
    ),
    "scan": lambda p, d: p.scan([d.det, d.det2], d.motor, -1, 1, d.motor1, 0, 0.3, 4),
    "scan of a signal": lambda p, d: p.scan([d.det], d.signal, -1, 1, num=3),
    "scan_nd": lambda p, d: p.scan_nd(
        [d.det], cycler(d.motor1, [1, 2]) * cycler(d.motor2, [3, 4])
    ),
    "grid_scan": lambda p, d: p.grid_scan(
        [d.det4], d.motor1, -1, 1, 3, d.motor2, -1, 1, 3, snake_axes=True
    ),
    "one pseudo axis": lambda p, d: p.scan([d.det], d.pseudo3x3.pseudo1, 0, 1, 3),
}


@pytest.mark.parametrize("case", OPHYD.values(), ids=OPHYD)
def test_a_plan_with_ophyd_devices_does_what_bluesky_s_does(case, pairing):
    plans, account_of = pairing
    theirs = on_bluesky(case(THEIRS, ophyd.sim.hw()))
    ours = account_of(case(plans, ophyd.sim.hw()))
    compare(theirs, ours)
    assert ours.raised is None
    assert len(documents(ours, "event")) > 0
