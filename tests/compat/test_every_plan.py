"""Every plan, with ophyd's simulated devices, and every plan used wrongly.

The account of Bluesky's plan on Bluesky's engine is compared with those of the three
other pairings, as in `test_library_against_bluesky`; and it is made sure that no plan,
stub or preprocessor of Bluesky's is left out of these comparisons.
"""

import random
import re
from collections.abc import Callable, Iterator
from inspect import isclass, isfunction
from pathlib import Path
from typing import Any

import bluesky.plan_stubs
import bluesky.plans
import bluesky.preprocessors
import numpy as np
import ophyd
import ophyd.sim
import pytest
from compat.both import Account, corresponds, on_bluesky
from compat.test_library_against_bluesky import (
    OURS,
    PAIRINGS,
    THEIRS,
    FullBench,
    compare,
    documents,
    going,
    nd_step,
    own_step,
    taking,
)
from cycler import cycler

import lapwing.plans
from lapwing.errors import PlanArgumentError, PlanSignatureError
from lapwing.status import Status

Case = Callable[[Any, Any], Any]


@pytest.fixture(params=PAIRINGS)
def pairing(request):
    return PAIRINGS[request.param]


# ---------------------------------------------------------------- ophyd's devices


def put_away(p: Any, h: Any) -> Any:
    """Set a signal and wait; what is handed back is a status that is done."""
    return (yield from p.stubs.abs_set(h.sig, 1, wait=True))


WITH_OPHYD: dict[str, Case] = {
    "count": lambda p, h: p.count([h.det, h.det_with_conf.a, h.rand_free], 3),
    "count, images in files": lambda p, h: p.count([h.img, h.det], 2),
    "count, images in events": lambda p, h: p.count([h.direct_img], 2),
    "count, invariants": lambda p, h: p.count([h.invariant1, h.invariant2], 2),
    "count, for ever": lambda p, h: p.count([h.det], None, [0] * 3),
    "scan": lambda p, h: p.scan([h.det, h.noisy_det], h.motor, -1, 1, 4),
    "scan, jittery": lambda p, h: p.scan(
        [h.det5], h.jittery_motor1, 0, 1, h.jittery_motor2, 0, 1, 3
    ),
    "scan, images in files": lambda p, h: p.scan([h.img], h.motor, -1, 1, 3),
    "rel_scan": lambda p, h: p.rel_scan([h.det], h.motor, -1, 1, 3),
    "relative_scan": lambda p, h: p.relative_scan([h.det], h.motor_no_pos, -1, 1, 3),
    "inner_product_scan": lambda p, h: p.inner_product_scan(
        [h.det4], 3, h.motor1, -1, 1, h.motor2, 2, 1
    ),
    "relative_inner_product_scan": lambda p, h: p.relative_inner_product_scan(
        [h.det4], 3, h.motor1, -1, 1, h.motor2, 2, 1
    ),
    "x2x_scan": lambda p, h: p.x2x_scan([h.det4], h.motor1, h.motor2, 0, 2, 3),
    "list_scan": lambda p, h: p.list_scan([h.det], h.motor, [3, 1, 2]),
    "rel_list_scan": lambda p, h: p.rel_list_scan(
        [h.det2], h.motor1, [0, 1], h.motor2, [1, 0]
    ),
    "relative_list_scan": lambda p, h: p.relative_list_scan(
        [h.det], h.motor, (1, 2), per_step=nd_step(p)
    ),
    "log_scan": lambda p, h: p.log_scan([h.det], h.motor, -1, 0.5, 4),
    "rel_log_scan": lambda p, h: p.rel_log_scan([h.det], h.motor, -1, 0.5, 4),
    "relative_log_scan": lambda p, h: p.relative_log_scan(
        [h.det], h.motor, -1, 0.5, 4, per_step=own_step(p)
    ),
    "scan_nd": lambda p, h: p.scan_nd(
        [h.det4], cycler(h.motor1, [1, 2]) * cycler(h.motor2, [3, 4])
    ),
    "grid_scan": lambda p, h: p.grid_scan(
        [h.det4], h.motor1, -1, 1, 2, h.motor2, -1, 1, 3, snake_axes=[h.motor2]
    ),
    "rel_grid_scan": lambda p, h: p.rel_grid_scan(
        [h.det4], h.motor1, -1, 1, 2, h.motor2, -1, 1, 3
    ),
    "list_grid_scan": lambda p, h: p.list_grid_scan(
        [h.det4], h.motor1, [1, 0], h.motor2, [3, 5, 4], snake_axes=True
    ),
    "rel_list_grid_scan": lambda p, h: p.rel_list_grid_scan(
        [h.det4], h.motor1, [1, 0], h.motor2, [3, 5, 4]
    ),
    "outer_product_scan": lambda p, h: p.outer_product_scan(
        [h.det4], h.motor1, 0, 1, 2, h.motor2, 0, 1, 2, True
    ),
    "relative_outer_product_scan": lambda p, h: p.relative_outer_product_scan(
        [h.det4], h.motor1, 0, 1, 2, h.motor2, 0, 1, 2, True
    ),
    "spiral": lambda p, h: p.spiral([h.det4], h.motor1, h.motor2, 0, 0, 1, 1, 0.4, 3),
    "rel_spiral": lambda p, h: p.rel_spiral(
        [h.det4], h.motor1, h.motor2, 1, 1, 0.4, 3, dr_y=0.3
    ),
    "relative_spiral": lambda p, h: p.relative_spiral(
        [h.det4], h.motor1, h.motor2, 1, 1, 0.4, 3
    ),
    "spiral_fermat": lambda p, h: p.spiral_fermat(
        [h.det4], h.motor1, h.motor2, 0, 0, 1, 1, 0.4, 1
    ),
    "rel_spiral_fermat": lambda p, h: p.rel_spiral_fermat(
        [h.det4], h.motor1, h.motor2, 1, 1, 0.4, 1, tilt=0.1
    ),
    "relative_spiral_fermat": lambda p, h: p.relative_spiral_fermat(
        [h.det4], h.motor1, h.motor2, 1, 1, 0.4, 1
    ),
    "spiral_square": lambda p, h: p.spiral_square(
        [h.det4], h.motor1, h.motor2, 0, 0, 1, 1, 3, 3
    ),
    "rel_spiral_square": lambda p, h: p.rel_spiral_square(
        [h.det4], h.motor1, h.motor2, 1, 1, 3, 2
    ),
    "adaptive_scan": lambda p, h: p.adaptive_scan(
        [h.det], "det", h.motor, -2, 2, 0.1, 1, 0.2, True
    ),
    "rel_adaptive_scan": lambda p, h: p.rel_adaptive_scan(
        [h.det], "det", h.motor, -1, 1, 0.1, 0.5, 0.2, False
    ),
    "relative_adaptive_scan": lambda p, h: p.relative_adaptive_scan(
        [h.det], "det", h.motor, -1, 1, 0.1, 0.5, 0.2, True
    ),
    "tune_centroid": lambda p, h: p.tune_centroid(
        [h.det], "det", h.motor, -2, 2, 0.5, 5
    ),
    "tweak": lambda p, h: p.tweak(h.det, "det", h.motor, 0.5),
    "fly": lambda p, h: p.fly([h.flyer1]),
    "fly, trivial": lambda p, h: p.fly([h.trivial_flyer, h.new_trivial_flyer]),
    "ramp_plan": lambda p, h: p.ramp_plan(put_away(p, h), h.bool_sig, taking(p, h)),
}


class Answers:
    """Answers a plan's questions in both engines."""

    def __init__(self, *answers: str):
        self.answers = list(answers)
        self.questions: list[str] = []

    def __call__(self, engine: Any) -> None:
        engine.register_command("input", self.answer)

    async def answer(self, msg: Any) -> str:
        self.questions.append(msg.kwargs["prompt"])
        return self.answers.pop(0)


class Noiseless(ophyd.Signal):
    """A signal that must be triggered, and is not hinted."""

    def trigger(self) -> Any:
        return ophyd.sim.NullStatus()


def hardware(path: Path) -> Any:
    """Ophyd's devices, the same at each call: what is random begins anew."""
    random.seed(1)
    np.random.seed(1)
    found = ophyd.sim.hw(str(path))
    found.rand_free = Noiseless(name="rand_free", value=2.5)
    return found


def number_the_uids(account: Account) -> None:
    """Number what is random in documents about files, and in events about them."""
    known: dict[str, str] = {}

    def numbered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: numbered(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(numbered, value))
        if isinstance(value, str):
            return _UID.sub(
                lambda found: known.setdefault(found[0], f"uid {len(known)}"), value
            )
        return value

    for i, (name, doc) in enumerate(account.documents):
        if name == "resource":
            doc = {**doc, "resource_path": f"{len(doc['resource_path'])} letters"}
        account.documents[i] = (name, numbered(doc))


_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.mark.parametrize("name", WITH_OPHYD)
def test_a_plan_does_with_ophyd_s_devices_what_bluesky_s_does(name, pairing, tmp_path):
    plans, account_of = pairing
    case = WITH_OPHYD[name]
    told = [Answers("", "-0.25", "", "enough") for _ in range(2)]
    theirs = on_bluesky(case(THEIRS, hardware(tmp_path)), prepare=told[0])
    ours = account_of(case(plans, hardware(tmp_path)), prepare=told[1])
    for account in (theirs, ours):
        number_the_uids(account)
    compare(theirs, ours)
    assert ours.raised is None
    assert documents(ours, "event") or documents(ours, "event_page")
    assert told[0].questions == told[1].questions


def supplemented(p: Any, h: Any) -> Callable[[Any], None]:
    """Let an engine take a baseline and a flight in each run."""
    supplements = p.pre.SupplementalData(
        baseline=[h.motor1, h.pseudo3x3], flyers=[h.trivial_flyer]
    )
    return lambda engine: engine.preprocessors.append(supplements)


def test_a_preprocessor_of_an_engine_does_what_bluesky_s_does(pairing, tmp_path):
    plans, account_of = pairing
    theirs_hw, our_hw = hardware(tmp_path), hardware(tmp_path)
    theirs = on_bluesky(
        THEIRS.scan([theirs_hw.det], theirs_hw.motor, 0, 1, 3),
        prepare=supplemented(THEIRS, theirs_hw),
    )
    ours = account_of(
        plans.scan([our_hw.det], our_hw.motor, 0, 1, 3),
        prepare=supplemented(plans, our_hw),
    )
    for account in (theirs, ours):
        account.messages = [forget_the_run(msg) for msg in account.messages]
    compare(theirs, ours)
    assert documents(ours, "stop")[0]["num_events"]["baseline"] == 2


def forget_the_run(msg: Any) -> Any:
    """Theirs does not say which run is flown in."""
    return (*msg[:4], None)


# ---------------------------------------------------------------- used wrongly


def never(p: Any, d: Any) -> Any:
    """A movement that never ends."""
    status = Status("d", "go")
    status.add_callback(lambda status: status.exception())
    yield from p.stubs.null()
    return status


MISUSED: dict[str, Case] = {
    "count, delays of a generator": lambda p, d: p.count(
        [d.det], 3, (0.001 for _ in range(2))
    ),
    "count, no detector": lambda p, d: p.count(["det"]),
    "count, a motor's name": lambda p, d: p.count("det"),
    "count, a text for num": lambda p, d: p.count([d.det], "two"),
    "count, a delay that is none": lambda p, d: p.count([d.det], 2, delay="long"),
    "count, short delays": lambda p, d: p.count([d.det], 5, delay=[0, 0]),
    "rel_scan, no num": lambda p, d: p.rel_scan([d.det], d.x, 0, 1),
    "rel_scan, num zero": lambda p, d: p.rel_scan([d.det], d.x, 0, 1, num=0),
    "relative_scan, num a float": lambda p, d: p.relative_scan(
        [d.det], d.x, 0, 1, num=1.5
    ),
    "scan, nothing to move": lambda p, d: p.scan([d.det]),
    "scan, a motor's name": lambda p, d: p.scan([d.det], "x", 0, 1, 3),
    "scan, a limit is a text": lambda p, d: p.scan([d.det], d.x, "a", 1, 3),
    "scan, the last stop missing": lambda p, d: p.scan([d.det], d.x, 0, 1, d.y, 0, 3),
    "inner_product_scan, num zero": lambda p, d: p.inner_product_scan(
        [d.det], 0, d.x, 0, 1
    ),
    "relative_inner_product_scan, num zero": lambda p, d: p.relative_inner_product_scan(
        [d.det], 0, d.x, 0, 1
    ),
    "x2x_scan, num zero": lambda p, d: p.x2x_scan([d.det], d.x, d.y, 0, 1, 0),
    "x2x_scan, no list": lambda p, d: p.x2x_scan(d.det, d.x, d.y, 0, 1, 2),
    "relative_list_scan, unequal": lambda p, d: p.relative_list_scan(
        [d.det], d.x, [1], d.y, [1, 2]
    ),
    "list_scan, no list": lambda p, d: p.list_scan([d.det], d.x, 3),
    "list_scan, no motor": lambda p, d: p.list_scan([d.det], d.det, [1, 2]),
    "log_scan, num negative": lambda p, d: p.log_scan([d.det], d.x, 0, 1, -1),
    "log_scan, no list": lambda p, d: p.log_scan(d.det, d.x, 0, 1, 2),
    "log_scan, broken": lambda p, d: p.log_scan([d.det], d.broken, 0, 1, 2),
    "rel_log_scan, broken": lambda p, d: p.rel_log_scan([d.det], d.broken, 0, 1, 3),
    "relative_log_scan, no list": lambda p, d: p.relative_log_scan(d.det, d.x, 0, 1, 2),
    "scan_nd, no path": lambda p, d: p.scan_nd([d.det], [d.x, 1, 2]),
    "scan_nd, no list": lambda p, d: p.scan_nd(d.det, cycler(d.x, [1])),
    "scan_nd, broken": lambda p, d: p.scan_nd([d.det], cycler(d.broken, [0, 2])),
    "grid_scan, nothing to move": lambda p, d: p.grid_scan([d.det]),
    "rel_grid_scan, broken": lambda p, d: p.rel_grid_scan(
        [d.det], d.x, 0, 1, 2, d.broken, 0, 3, 2
    ),
    "list_grid_scan, a list is missing": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [1, 2], d.y
    ),
    "list_grid_scan, broken": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [1, 2], d.broken, [0, 3]
    ),
    "list_grid_scan, a stranger snakes": lambda p, d: p.list_grid_scan(
        [d.det], d.x, [1, 2], d.y, [1, 2], snake_axes=[d.z]
    ),
    "rel_list_grid_scan, a list is missing": lambda p, d: p.rel_list_grid_scan(
        [d.det], d.x, [1, 2], d.y
    ),
    "outer_product_scan, both forms": lambda p, d: p.outer_product_scan(
        [d.det], d.x, 0, 1, 2, d.y, 0, 1, 2, True, snake_axes=True
    ),
    "relative_outer_product_scan, a number missing": lambda p, d: (
        p.relative_outer_product_scan([d.det], d.x, 0, 1, 2, d.y, 0, 1)
    ),
    "spiral, one motor twice": lambda p, d: p.spiral(
        [d.det], d.x, d.x, 0, 0, 1, 1, 0.5, 3
    ),
    "spiral, no turns": lambda p, d: p.spiral([d.det], d.x, d.y, 0, 0, 1, 1, 0.5, 0),
    "spiral, broken": lambda p, d: p.spiral([d.det], d.x, d.broken, 0, 3, 1, 1, 0.5, 3),
    "rel_spiral, no list": lambda p, d: p.rel_spiral(d.det, d.x, d.y, 1, 1, 0.5, 3),
    "relative_spiral, broken": lambda p, d: p.relative_spiral(
        [d.det], d.x, d.broken, 5, 5, 2, 3
    ),
    "spiral_fermat, one motor twice": lambda p, d: p.spiral_fermat(
        [d.det], d.x, d.x, 0, 0, 1, 1, 0.5, 1
    ),
    "rel_spiral_fermat, broken": lambda p, d: p.rel_spiral_fermat(
        [d.det], d.x, d.broken, 5, 5, 1, 1
    ),
    "relative_spiral_fermat, no list": lambda p, d: p.relative_spiral_fermat(
        d.det, d.x, d.y, 1, 1, 0.5, 1
    ),
    "spiral_square, one motor twice": lambda p, d: p.spiral_square(
        [d.det], d.x, d.x, 0, 0, 1, 1, 2, 2
    ),
    "spiral_square, one point": lambda p, d: p.spiral_square(
        [d.det], d.x, d.y, 0, 0, 1, 1, 1, 1
    ),
    "rel_spiral_square, broken": lambda p, d: p.rel_spiral_square(
        [d.det], d.x, d.broken, 5, 5, 2, 2
    ),
    "adaptive_scan, no such signal": lambda p, d: p.adaptive_scan(
        [d.peak], "valley", d.x, 0, 1, 0.1, 0.5, 0.2, True
    ),
    "adaptive_scan, a step of zero": lambda p, d: p.adaptive_scan(
        [d.peak], "peak", d.x, 0, 1, 0, 0.5, 0.2, True
    ),
    "rel_adaptive_scan, no such signal": lambda p, d: p.rel_adaptive_scan(
        [d.peak], "valley", d.x, 0, 1, 0.1, 0.5, 0.2, True
    ),
    "relative_adaptive_scan, steps reversed": lambda p, d: p.relative_adaptive_scan(
        [d.peak], "peak", d.x, 0, 1, 0.5, 0.1, 0.2, True
    ),
    "tune_centroid, no such signal": lambda p, d: p.tune_centroid(
        [d.peak], "valley", d.x, 0, 1, 0.1
    ),
    "tune_centroid, broken": lambda p, d: p.tune_centroid(
        [d.peak], "peak", d.broken, 0, 3, 0.1
    ),
    "tweak, no such signal": lambda p, d: p.tweak(d.peak, "valley", d.x, 1),
    "tweak, broken": lambda p, d: p.tweak(d.peak, "peak", d.broken, 3),
    "fly, no flyer": lambda p, d: p.fly([d.det]),
    "fly, no list": lambda p, d: p.fly(d.flyer),
    "ramp_plan, too slow": lambda p, d: p.ramp_plan(
        never(p, d), d.flyer, taking(p, d), timeout=1e-9
    ),
    "ramp_plan, nothing to watch": lambda p, d: p.ramp_plan(
        going(p, d), d.x, taking(p, d)
    ),
    "ramp_plan, broken": lambda p, d: p.ramp_plan(
        p.stubs.abs_set(d.broken, 3), d.flyer, taking(p, d)
    ),
}


STUMBLES: dict[str, type[Exception]] = {
    "count, no detector": PlanSignatureError,
    "count, a motor's name": PlanSignatureError,
    "count, a text for num": PlanArgumentError,
    "scan, a motor's name": PlanSignatureError,
    "scan, a limit is a text": PlanArgumentError,
    "x2x_scan, num zero": PlanArgumentError,
    "list_scan, no list": PlanArgumentError,
    "scan_nd, no path": PlanArgumentError,
    "grid_scan, nothing to move": PlanArgumentError,
    "spiral, no turns": PlanArgumentError,
    "tune_centroid, no such signal": PlanArgumentError,
    "tweak, no such signal": PlanArgumentError,
}
"""Theirs fails with what it stumbles over (an attribute or a key is missing, a division
by zero); ours says what is wrong, in an error of ours."""

LETS_PASS: dict[str, type[Exception]] = {
    "inner_product_scan, num zero": PlanArgumentError,
    "relative_inner_product_scan, num zero": PlanArgumentError,
    "list_grid_scan, a list is missing": PlanArgumentError,
    "rel_list_grid_scan, a list is missing": PlanArgumentError,
    "list_grid_scan, a stranger snakes": PlanArgumentError,
    "adaptive_scan, no such signal": PlanArgumentError,
    "rel_adaptive_scan, no such signal": PlanArgumentError,
}
"""Theirs runs, and does something else than was asked for; ours refuses."""

WORKS = {
    "spiral_square, one point": "theirs divides by the number of steps, which is 0",
    "count, delays of a generator": "theirs cannot copy the generator in the metadata",
}
"""Theirs fails; ours does it."""


@pytest.mark.parametrize("name", MISUSED)
def test_a_plan_used_wrongly_fails_as_bluesky_s_does(name, pairing):
    plans, account_of = pairing
    case, their_bench, our_bench = MISUSED[name], FullBench(), FullBench()
    theirs = on_bluesky(_plan(case, THEIRS, their_bench), their_bench, (), Answers(""))
    ours = account_of(_plan(case, plans, our_bench), our_bench, (), Answers(""))
    if name in WORDLESS and plans is OURS:
        add_reasons(theirs)
    if plans is THEIRS and name in WORKS:
        assert theirs.raised is not None
        assert ours.raised is not None
    elif plans is THEIRS:
        compare(theirs, ours)
    elif name in WORKS:
        assert theirs.raised is not None
        assert ours.raised is None
        assert len(documents(ours, "event")) > 0
    elif name in STUMBLES:
        assert isinstance(ours.raised, STUMBLES[name])
        assert not corresponds(ours.raised, theirs.raised)
        assert theirs.raised is not None
    elif name in LETS_PASS:
        assert isinstance(ours.raised, LETS_PASS[name])
        assert theirs.raised is None
    else:
        assert corresponds(ours.raised, theirs.raised), (ours.raised, theirs.raised)
        assert ours.raised is not None
        if not ours.messages:  # found before anything was said or done
            assert ours.deeds == {}
        elif name in ENDS_ITS_RUN:
            assert documents(ours, "stop")[0]["exit_status"] == "fail"
            assert ours.messages[: len(theirs.messages)] == theirs.messages
        else:
            compare(theirs, ours)


ENDS_ITS_RUN = {"fly, no flyer", "ramp_plan, nothing to watch"}
"""Theirs leaves the run open, for the engine to close."""


WORDLESS = {"ramp_plan, too slow"}
"""Theirs fails without a word why."""


def add_reasons(account: Account) -> None:
    for doc in documents(account, "stop"):
        doc["reason"] = "it took too long"
    for msg in account.messages:
        if msg[0] == "close_run":
            msg[3]["reason"] = "it took too long"


def _plan(case: Case, side: Any, bench: Any) -> Iterator[Any]:
    """Make a plan when it is run, so that whatever it raises is heard."""
    return (yield from case(side, bench))


# ---------------------------------------------------------------- all of them

HERE = Path(__file__).parent
NOT_COMPARED = {
    "derive_default_hints": "no plan: it makes hints for plans, and is compared in "
    "the hints of every start document",
    "caching_repeater": "deprecated for `repeater`, which is compared",
    "msg_mutator": "takes functions of messages: compared by the preprocessors that "
    "are made of it, and in tests/unit/plans",
    "plan_mutator": "the same",
}


def public_functions(module: Any) -> set[str]:
    return {
        name
        for name, found in vars(module).items()
        if not name.startswith("_")
        and (isfunction(found) or isclass(found) or hasattr(found, "_is_plan_"))
        and getattr(found, "__module__", "") == module.__name__
    }


@pytest.mark.parametrize(
    "module",
    [bluesky.plans, bluesky.plan_stubs, bluesky.preprocessors],
    ids=lambda module: module.__name__,
)
def test_nothing_of_bluesky_s_library_is_left_out(module):
    sources = [path.read_text() for path in HERE.glob("test_*_against_bluesky.py")]
    sources.append(Path(__file__).read_text())
    compared = set(re.findall(r"\b[ps]\.(?:stubs\.|pre\.)?(\w+)\(", "".join(sources)))
    # The decorators are made from the wrappers by one function, of which several are.
    compared |= {name.replace("_wrapper", "_decorator") for name in compared}
    assert public_functions(module) - compared - NOT_COMPARED.keys() == set()


def test_each_plan_is_compared_with_ophyd_s_devices_and_used_wrongly():
    plans = public_functions(bluesky.plans) - NOT_COMPARED.keys()
    assert plans <= set(dir(lapwing.plans))
    assert plans - {name.split(",")[0] for name in WITH_OPHYD} == set()
    elsewhere = {"rel_list_scan"}  # test_plans_against_bluesky.RELATIVES
    assert plans - {name.split(",")[0] for name in MISUSED} - elsewhere == set()
