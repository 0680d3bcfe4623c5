import pytest
from unit.callbacks.streams import DET, Run, count_run, grid_run, key, scan_run

from lapwing.callbacks.fields import (
    decimals_for,
    dimensions_of,
    field_of,
    measured_fields,
    run_name,
    shown_fields,
)


def names(fields):
    return [field.name for field in fields]


def documents(run):
    return run.start()[1], run.descriptor()[1]


def test_dimensions_come_first_then_what_devices_hint_at():
    run = scan_run()
    assert names(shown_fields(*documents(run))) == ["x", "det"]
    assert names(measured_fields(*documents(run))) == ["det"]
    run = grid_run((2, 2), snake=False)
    assert names(shown_fields(*documents(run))) == ["y", "x", "det"]
    assert dimensions_of(run.start()[1]) == ["y", "x"]


def test_a_count_has_no_dimension():
    assert dimensions_of(count_run().start()[1]) == []
    assert names(shown_fields(*documents(count_run()))) == ["det"]


def test_motors_that_move_together_are_one_dimension():
    run = Run(
        {"det": DET, "a": key(), "b": key()},
        hints={"dimensions": [(["a", "b"], "primary")]},
    )
    start, descriptor = documents(run)
    assert dimensions_of(start) == ["a"]
    assert names(shown_fields(start, descriptor)) == ["a", "b", "det"]
    assert names(measured_fields(start, descriptor)) == ["det"]


def test_a_device_without_hints_shows_all_and_unknown_fields_are_left_out():
    run = Run({"a": key(), "a_sum": key(), "b": key()})
    start, descriptor = documents(run)
    descriptor["object_keys"] = {"a": ["a", "a_sum"], "b": ["b"]}
    descriptor["hints"] = {"b": {"fields": ["b", "gone"]}}
    assert names(shown_fields(start, descriptor)) == ["a", "a_sum", "b"]
    descriptor["hints"]["a"] = {"fields": []}
    assert names(shown_fields(start, descriptor)) == ["b"]


def test_only_scalars_are_measured_numbers():
    keys = {
        "n": key(dtype="integer"),
        "flag": key(dtype="boolean"),
        "word": key(dtype="string"),
        "image": key(dtype="array", shape=[4, 4]),
    }
    assert names(measured_fields(*documents(Run(keys)))) == ["n", "flag"]


@pytest.mark.parametrize(
    ("given", "wanted"), [(3, 3), (0, 0), (-1, None), (99, None), (None, None)]
)
def test_a_precision_that_makes_no_sense_is_none(given, wanted):
    descriptor = {"data_keys": {"a": key(precision=given, units=None)}}
    field = field_of(descriptor, "a")
    assert (field.precision, field.units, field.label) == (wanted, "", "a")


def test_decimals_tell_a_tenth_of_a_step_apart():
    steps = [10.0, 1.0, 0.2, 0.05, 1e-20, 0.0, float("nan")]
    assert [decimals_for(step) for step in steps] == [0, 1, 2, 3, 12, 3, 3]


def test_a_run_is_called_by_its_number_or_uid():
    assert run_name({"uid": "abcdefghijk", "plan_name": "scan", "scan_id": 0}) == (
        "scan 0"
    )
    assert run_name({"uid": "abcdefghijk"}) == "run abcdefgh"
