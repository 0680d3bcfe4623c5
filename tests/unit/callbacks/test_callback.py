import logging

import pytest
from unit.callbacks.streams import feed, peak_scan

from lapwing.callbacks.callback import (
    CallbackBase,
    CallbackCounter,
    CollectThenCompute,
    collector,
    print_metadata,
)


class Noted(CallbackBase):
    def __init__(self, **options):
        super().__init__(**options)
        self.events = []

    def event(self, doc):
        self.events.append(doc["data"])
        return {**doc, "seen": True}


PAGE = {
    "descriptor": "d",
    "seq_num": [1, 2],
    "time": [1.0, 2.0],
    "data": {"x": [5, 6]},
}


def test_a_document_goes_to_the_method_of_its_name():
    noted = Noted()
    feed(noted, peak_scan(3))
    assert len(noted.events) == 3


def test_a_page_of_events_goes_to_the_method_for_events():
    noted = Noted()
    noted("event_page", PAGE)
    assert noted.events == [{"x": 5}, {"x": 6}]


def test_what_a_method_returns_is_passed_on():
    passed = []
    noted = Noted(emit=lambda *args: passed.append(args))
    assert noted("event", {"data": {}}) == ("event", {"data": {}, "seen": True})
    assert noted("stop", {"uid": "u"}) == ("stop", {"uid": "u"})
    assert passed == [("event", {"data": {}, "seen": True}), ("stop", {"uid": "u"})]


def test_a_subclass_need_not_call_the_constructor():
    class Bare(CallbackBase):
        def __init__(self):
            self.seen = 0

        def start(self, doc):
            self.seen += 1

    bare = Bare()
    feed(bare, peak_scan(3))
    assert bare.seen == 1


def test_documents_of_a_kind_that_nobody_knows_are_passed_over():
    assert CallbackBase()("novelty", {"a": 1}) == ("novelty", {"a": 1})


def test_a_counter_counts_its_calls():
    counter = CallbackCounter()
    assert counter.value == 0
    feed(counter, peak_scan(3))
    assert counter.value == 6


def test_metadata_are_printed_without_uid_and_time(capsys):
    print_metadata("start", {"uid": "u", "time": 1.0, "scan_id": 3, "plan_name": "a"})
    assert capsys.readouterr().out == "plan_name: a\nscan_id: 3\n"


def test_a_collector_appends_a_value_of_each_event():
    values = []
    collect = collector("x", values)
    for name, doc in peak_scan(3)[2:5]:
        collect(name, doc)
    assert values == [-5.0, 0.0, 5.0]


class Sum(CollectThenCompute):
    def compute(self):
        self.sum = sum(event["data"]["x"] for event in self._events)


def test_what_was_collected_is_computed_at_the_end_of_each_run():
    total = Sum()
    feed(total, peak_scan(3))
    assert total.sum == 0.0
    assert len(total._descriptors) == 1
    assert total._stop_doc["exit_status"] == "success"
    feed(total, peak_scan(5, scan_id=2)[:4])
    assert len(total._events) == 2
    assert total._stop_doc is None


def test_no_more_events_are_collected_than_the_limit_and_that_is_said(caplog):
    total = Sum()
    total.limit = 2
    with caplog.at_level(logging.WARNING):
        feed(total, peak_scan(5))
    assert [e["seq_num"] for e in total._events] == [1, 2]
    assert len(caplog.records) == 1
    assert "keeps 2 events" in caplog.text


def test_nothing_is_computed_by_the_base_itself():
    with pytest.raises(NotImplementedError, match="has no method compute"):
        feed(CollectThenCompute(), peak_scan(3))
