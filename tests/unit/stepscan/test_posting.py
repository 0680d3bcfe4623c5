"""Posting without a network: columns, what is posted when, and what is an order."""

import asyncio

import numpy as np
import pytest

from lapwing.epics.channel import Control
from lapwing.sim.scan_fields import info_fields, sscan_fields
from lapwing.stepscan import posting_link
from lapwing.stepscan.posting import INFO, SSCAN, Poster
from lapwing.stepscan.posting_board import Board
from lapwing.stepscan.posting_link import Link, fit
from lapwing.stepscan.posting_state import Axis, Columns, Outline, State

X = Axis("x", "IOC:m1", "IOC:m1.RBV", "mm", np.array([0.0, 1.0, 2.0]))
OUTLINE = Outline(
    "a scan",
    3,
    [X],
    {"I0": "IOC:scaler1.S2", "If": "IOC:scaler1.S3"},
    [("IOC:scaler1.CNT", 1.0)],
    (0.1, 0.2),
    4.0,
)


def state_of(template, outline=OUTLINE):
    return State.of(outline, template.columns(outline))


def add(state, **data):
    state.columns.add(data)
    state.data = data
    state.status = "running"


def test_columns_keep_all_points_of_a_short_scan():
    columns = Columns(["x", "n"], 3)
    for i in range(3):
        columns.add({"x": i / 2, "n": i, "other": "text"})
    assert columns["x"].tolist() == [0, 0.5, 1]
    assert columns["n"].tolist() == [0, 1, 2]
    assert list(columns) == ["x", "n"]


def test_columns_keep_the_last_points_of_a_long_scan_and_grow_no_further():
    columns = Columns(["n"], 1000, most=10)
    earlier = None
    for i in range(37):
        columns.add({"n": i})
        expected = list(range(max(0, i - 9), i + 1))
        assert columns["n"].tolist() == expected
        if i == 15:
            earlier = columns["n"]
    assert earlier.tolist() == list(range(6, 16))  # what was handed out stays
    assert columns.num_points == 37
    assert columns._rows.size == 20


def test_what_is_no_number_is_not_a_number_in_columns():
    columns = Columns(["x"], 3)
    for value in ("open", None, np.float32(2.5)):
        columns.add({"x": value})
    assert np.isnan(columns["x"][:2]).all()
    assert columns["x"][2] == 2.5


def test_an_sscan_record_shows_a_scan_before_while_and_after_it_runs():
    template = SSCAN()
    state = state_of(template)
    values = template.values(state)
    assert values["NPTS"] == 3
    assert (values["BUSY"], values["DATA"], values["FAZE"]) == (1, 0, 1)
    assert (values["P1PV"], values["R1PV"]) == ("IOC:m1", "IOC:m1.RBV")
    assert (values["P1SP"], values["P1EP"], values["P1SM"]) == (0, 2, 1)
    assert (values["T1PV"], values["T1CD"]) == ("IOC:scaler1.CNT", 1)
    assert (values["D02PV"], values["PDLY"]) == ("IOC:scaler1.S3", 0.1)
    assert "R1CV" not in values
    assert template.arrays(state).keys() == {"P1PA"}
    add(state, x=0.0, I0=10.0, If=1.0)
    state.desired = {"x": 0.0}
    values = template.values(state)
    assert (values["CPT"], values["R1CV"], values["D01CV"]) == (1, 0, 10)
    assert (values["P1DV"], values["FAZE"], list(values)[-1]) == (0, 7, "VAL")
    assert template.arrays(state).keys() == {"P1PA", "P1CA", "D01CA", "D02CA"}
    state.over, state.status = True, "finished"
    assert (template.values(state)["BUSY"], template.values(state)["FAZE"]) == (1, 12)
    fields = list(template.arrays(state))
    assert fields == ["P1PA", "P1RA", "D01DA", "D02DA", "P1CA", "D01CA", "D02CA"]
    state.shown = True
    values = template.values(state)
    assert [values[field] for field in ("BUSY", "EXSC", "DATA", "FAZE")] == [0, 0, 1, 0]


def test_an_sscan_record_has_four_positioners_and_seventy_counters():
    axes = [Axis(f"x{i}", f"IOC:m{i}", "", "", np.arange(2.0)) for i in range(6)]
    counters = {f"n{i}": f"IOC:n{i}" for i in range(80)}
    template = SSCAN()
    state = state_of(template, Outline("big", 2, axes, counters))
    add(state, **{f"x{i}": i for i in range(6)}, **{f"n{i}": i for i in range(80)})
    values = template.values(state)
    assert values["R4CV"] == 3
    assert values["D70CV"] == 69
    assert "R5CV" not in values
    assert "D71CV" not in values
    assert "P5CA" not in template.arrays(state)


@pytest.mark.parametrize(
    ("template", "known"), [(SSCAN, sscan_fields()), (INFO, info_fields())]
)
def test_all_that_is_posted_has_a_field(template, known):
    names = {field.name for field in known}
    one = template()
    state = state_of(one)
    fields = set(one.fields(state))
    assert fields <= names
    add(state, x=0.0, I0=10.0, If=1.0)
    for _ in range(2):
        assert {*one.values(state), *one.arrays(state)} <= fields
        state.over = True
    assert set(one.requests) <= fields


def test_only_what_has_changed_is_due_and_arrays_not_too_often():
    now = [100.0]
    board = Board(SSCAN(), OUTLINE, clock=lambda: now[0])

    def post():
        due = board.due(lambda field: field != "D02CV", {})
        board.sent(due)
        return due

    assert {"NPTS", "P1PA", "VAL"} <= post().keys()
    assert post() == {}
    add(board.state, x=0.0, I0=10.0, If=1.0)
    assert post().keys() == {"CPT", "FAZE", "SMSG", "R1CV", "D01CV", "VAL"}
    now[0] += 0.5
    assert post().keys() == {"P1CA", "D01CA", "D02CA"}  # and not the positions again
    add(board.state, x=0.0, I0=11.0, If=1.0)
    assert post().keys() == {"CPT", "D01CV", "VAL"}
    board.state.over = True
    assert {"P1RA", "D01DA"} < post().keys()
    assert post().keys() == {"D01CA", "D02CA"}  # four at once
    assert post() == {}
    board.forget()
    assert {"NPTS", "P1PA", "P1RA", "CPT"} < post().keys()


def test_arrays_that_are_the_same_are_posted_once():
    now = [100.0]
    board = Board(SSCAN(), OUTLINE, clock=lambda: now[0])
    add(board.state, x=0.0, I0=10.0)  # If is no number
    posted = [set(board.due(lambda _: True, {}))]
    board.sent(board.due(lambda _: True, {}))
    board.state.over = True
    board.sent(board.due(lambda _: True, {}))
    assert {"P1PA", "P1CA", "D01CA", "D02CA"} < posted[0]
    # That it is over makes no others of those that were posted while it ran.
    assert not {"P1PA", "P1CA", "D01CA", "D02CA"} & board.due(lambda _: True, {}).keys()


def test_columns_of_before_a_crash_are_taken_over():
    earlier = Columns(None, 5)
    for i in range(3):
        earlier.add({"x": i / 2, "n": i, "name": "text", "array": np.arange(3)})
    assert list(earlier) == ["x", "n"]
    columns = Columns(["n", "new"], 5)
    columns.take_over(earlier)
    columns.add({"n": 3, "new": 7})
    assert columns["n"].tolist() == [0, 1, 2, 3]
    assert np.isnan(columns["new"][:3]).all()
    assert columns.num_points == 4


def test_of_a_long_scan_the_last_columns_of_before_a_crash_are_taken_over():
    earlier = Columns(None, 1000, most=10)
    for i in range(57):
        earlier.add({"n": i})
    columns = Columns(["n"], 1000, most=10)
    columns.take_over(earlier)
    assert columns["n"].tolist() == list(range(47, 57))
    columns.add({"n": 57})
    assert columns["n"].tolist() == list(range(48, 58))
    assert columns.num_points == 58


def test_requests_are_asked_for_when_they_hold_nothing_of_another_time():
    board = Board(SSCAN(), OUTLINE)
    assert board.askable() == []
    board.sent({"EXSC": 1})
    assert board.askable() == ["EXSC", "PAUS"]
    board = Board(INFO(), OUTLINE)
    board.sent({"request_abort": 0})
    assert board.askable() == ["request_abort"]
    board.take_back("request_abort")
    assert board.askable() == []


def test_the_keys_tell_what_is_left():
    template = INFO()
    state = state_of(template)
    assert template.values(state)["time_estimate"] == "4.0 s"
    add(state, x=0.0)
    state.left = 75.0
    values = template.values(state)
    assert (values["time_estimate"], values["cpt"]) == ("1:15", 1)
    assert values["scan_progress"] == "point 1 of 3"
    state.over = True
    assert template.values(state)["time_estimate"] == "0.0 s"


def test_a_record_s_pause_is_an_order_when_it_changes():
    template = SSCAN()
    assert template.orders({"EXSC": 1, "PAUS": 0}) == []
    assert template.orders({"EXSC": 1, "PAUS": 1}) == [("pause", "PAUS")]
    assert template.orders({"EXSC": 1, "PAUS": 1}) == []
    assert template.asserted() == {"PAUS": 1}
    assert template.orders({"EXSC": 1}) == []
    assert template.orders({"EXSC": 0, "PAUS": 0}) == [
        ("resume", "PAUS"),
        ("abort", "EXSC"),
    ]
    assert template.asserted() == {}


def test_keys_that_are_not_0_are_orders_and_are_put_back():
    template = INFO()
    seen = {"request_abort": 0, "request_pause": 1, "request_resume": 0}
    assert template.orders(seen) == [("pause", "request_pause")]
    assert template.orders({"request_skip": 1}) == [("skip", "request_skip")]
    assert template.answered(seen) == ["request_pause"]
    assert template.values(state_of(template))["request_pause"] == 0


@pytest.mark.parametrize(
    ("prefix", "template", "separator", "pv"),
    [
        ("REC:scan1", SSCAN, None, "REC:scan1.NPTS"),
        ("SIM:scan1:", SSCAN, None, "SIM:scan1:NPTS"),
        ("REC:scan1.", SSCAN, None, "REC:scan1.NPTS"),
        ("SIM:scan", INFO, None, "SIM:scan:NPTS"),
        ("SIM:scan", INFO, "_", "SIM:scan_NPTS"),
    ],
)
def test_a_field_follows_the_prefix(prefix, template, separator, pv):
    assert Poster(prefix, template, separator=separator).pv("NPTS") == pv


def test_texts_and_arrays_are_cut_to_what_a_pv_holds():
    assert fit("a" * 50, Control("string", "|S40")) == "a" * 39
    assert fit("é" * 30, Control("string", "|S40")) == "é" * 19
    assert fit("abcdef", Control("array", "|u1", (4,))) == "abc"
    array = np.arange(5.0)
    assert fit(array, Control("array", "<f4", (3,))).tolist() == [2, 3, 4]
    whole = fit(3.0, Control("integer", "<i4"))
    assert (whole, type(whole)) == (3, int)
    assert fit(3.5, Control("number", "<f8")) == 3.5


class Ending:
    """A channel, or all that a poster has of them."""

    up, hopeless, is_closed = True, False, False

    def __init__(self, error=None):
        self.error = error

    def on_connection(self, callback):
        """Nothing is heard of it."""

    def channel(self, pv, device):
        self.channels = [*getattr(self, "channels", ()), Ending(ZeroDivisionError)]
        return self.channels[-1]

    async def connect(self, channels, timeout):  # noqa: ASYNC109
        """All are there."""

    def close(self):
        self.is_closed = True
        if self.error is not None:
            raise self.error


def test_who_is_cancelled_while_the_last_is_posted_leaves_no_connection_open():
    class Posting(Ending):
        async def close(self):
            super().close()

    async def main():
        poster, link = Poster("IOC:scan:"), Posting()
        poster._link = link
        poster._task = work = asyncio.create_task(asyncio.sleep(60))
        closing = asyncio.create_task(poster.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing], timeout=5)
        return closing.cancelled(), work.cancelled(), link.is_closed

    assert asyncio.run(main()) == (True, True, True)


def test_a_channel_that_cannot_be_closed_keeps_no_other_open(monkeypatch):
    async def main():
        client = Ending()
        monkeypatch.setattr(posting_link, "client", lambda: client)
        link = Link({"a": "IOC:a", "b": "IOC:b"}, (), print, print)
        await asyncio.sleep(0)
        with pytest.raises(ZeroDivisionError):
            await link.close()
        return [one.is_closed for one in client.channels]

    assert asyncio.run(main()) == [True, True]
