"""Definitions of step scans: whatever they say is the same when it is read back."""

import string

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.stepscan.definition import dumps, loads, read_text, to_definition
from lapwing.stepscan.definition_model import ScanDefinition
from lapwing.stepscan.definition_text import parse, to_yaml

numbers = st.floats(-1e6, 1e6, allow_nan=False)
names = st.text(string.ascii_letters + string.digits + ":._ ", min_size=1).filter(
    str.strip
)
texts = st.text(max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=12,
)
seconds = st.floats(0, 1e3)


def optional(**parts):
    return st.fixed_dictionaries({}, optional=parts)


ranges = st.builds(
    lambda start, stop, num: {"start": start, "stop": stop, "num": num},
    numbers,
    numbers,
    st.integers(1, 30),
)
steps = st.builds(
    lambda start, num, step: {"start": start, "stop": start + num * step, "step": step},
    st.floats(-1e3, 1e3),
    st.integers(0, 30),
    st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3),
)


@st.composite
def positioners(draw):
    """A list of positioners with equally many positions, each of its own name."""
    num = draw(st.integers(1, 6))
    found = []
    for i in range(draw(st.integers(1, 3))):
        lists = st.lists(numbers, min_size=num, max_size=num)
        one = {"pv": f"P{i}", "name": f"p{i}", "positions": draw(lists)}
        more = optional(
            label=texts.filter(str.strip),
            units=texts,
            fields=st.sampled_from(["auto", "motor", "sim"]),
            relative=st.booleans(),
            tolerance=st.none() | st.just("auto") | seconds,
            limits=st.just([-1e9, 1e9]),
            stop=names,
            stop_value=st.integers(0, 5) | numbers | texts,
            timeout=st.floats(0.1, 100),
        )
        found.append(one | draw(more))
    return found


counters = st.builds(
    lambda i, more: {"pv": f"C{i}", **more},
    st.integers(0, 10**6),
    optional(units=texts, label=names),
)
scans = optional(
    name=names,
    counters=st.lists(counters, max_size=3),
    detectors=st.lists(
        st.builds(
            lambda i, one, dwell: (
                {
                    "trigger": {"pv": f"T{i}"},
                    "label": f"det{i}",
                    "counters": [one],
                }
                | dwell
            ),
            st.integers(0, 10**6),
            counters,
            optional(dwell=names),
        ),
        max_size=2,
        unique_by=lambda one: one["label"],
    ),
    dwell=seconds,
    extra_pvs=st.dictionaries(names, st.just("E:1"), max_size=2),
    pos_settle_time=seconds,
    restore=st.booleans(),
    retries=st.integers(0, 9),
    repeat=st.integers(1, 9),
    reconnect_timeout=st.none() | seconds,
    md=st.dictionaries(texts, plain, max_size=3),
)
definitions = st.builds(
    lambda own, more: own | more,
    st.builds(lambda told: {"positioners": told}, positioners())
    | st.builds(lambda n: {"npts": n}, st.integers(1, 10)),
    scans,
)


@given(plain)
def test_any_data_are_the_same_when_they_are_read_back_from_yaml(data):
    assert parse(to_yaml(data))[0] == data


@given(definitions)
def test_a_definition_is_the_same_when_it_is_read_back(told):
    definition = ScanDefinition.model_validate(told)
    assert loads(dumps(definition)) == definition
    assert loads(dumps(definition, "json")) == definition


@given(definitions)
def test_a_scan_is_the_same_when_its_definition_makes_one(told):
    text = dumps(ScanDefinition.model_validate(told))
    scan = read_text(text).scan()
    definition = to_definition(scan)
    again = read_text(dumps(definition)).scan()
    assert to_definition(again) == definition
    for one, other in zip(scan.positioners, again.positioners, strict=True):
        np.testing.assert_array_equal(one.array, other.array)
        assert (one.name, one.given) == (other.name, other.given)
    assert [one.name for one in scan.counters] == [one.name for one in again.counters]


@given(ranges | steps)
def test_positions_of_a_range_stay_within_it_and_are_even(told):
    text = dumps(
        ScanDefinition.model_validate(
            {"positioners": [{"pv": "X", "positions": told}]},
        )
    )
    (one,) = read_text(text).scan().positioners
    low, high = sorted((told["start"], told["stop"]))
    assert one.array.min() >= low
    assert one.array.max() <= high
    assert one.array[0] == told["start"]
    if "num" in told:
        assert len(one.array) == told["num"]
    else:
        gaps = np.abs(np.diff(one.array))
        np.testing.assert_allclose(gaps, abs(told["step"]), rtol=1e-5)
