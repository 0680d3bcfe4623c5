import numpy as np
import pytest
from event_model import DocumentNames, schema_validators
from unit.callbacks.streams import DET, Run, count_run, feed, key, peak_scan

from lapwing.callbacks.live_dispatcher import LiveDispatcher
from lapwing.errors import DocumentError, StateError


class Doubled(LiveDispatcher):
    """Passes on every other event, with twice the counts."""

    def event(self, doc, **kwargs):
        if doc["seq_num"] % 2 == 0:
            data = {"double": 2 * doc["data"]["det"], "det": doc["data"]["det"]}
            self.process_event({**doc, "data": data}, **kwargs)


def run_of(dispatcher, *runs):
    made = []
    dispatcher.subscribe(lambda name, doc: made.append((name, doc)))
    for documents in runs:
        feed(dispatcher, documents)
    return made


def named(made, name):
    return [doc for found, doc in made if found == name]


def test_a_run_of_processed_data_has_documents_of_its_own():
    documents = peak_scan(5)
    made = run_of(Doubled(), documents)
    for name, doc in made:
        schema_validators[DocumentNames[name]].validate(doc)
    assert [name for name, _ in made] == [
        *("start", "descriptor", "event", "event", "stop")
    ]
    start, descriptor = made[0][1], made[1][1]
    assert start["original_run_uid"] == documents[0][1]["uid"] != start["uid"]
    assert start["scan_id"] == 12
    assert descriptor["run_start"] == made[-1][1]["run_start"] == start["uid"]
    assert descriptor["data_keys"]["double"]["dtype"] == "integer"
    assert descriptor["data_keys"]["det"]["units"] == "counts"
    assert [e["seq_num"] for e in named(made, "event")] == [1, 2]
    assert {e["descriptor"] for e in named(made, "event")} == {descriptor["uid"]}
    assert made[-1][1]["num_events"] == {"primary": 2}


def test_by_itself_it_passes_everything_on():
    made = run_of(LiveDispatcher(), peak_scan(3))
    assert [e["data"] for e in named(made, "event")] == [
        doc["data"] for name, doc in peak_scan(3) if name == "event"
    ]


def test_each_run_is_a_new_one():
    made = run_of(Doubled(), peak_scan(4), peak_scan(4, scan_id=13))
    first, second = named(made, "start")
    assert first["uid"] != second["uid"]
    assert [e["seq_num"] for e in named(made, "event")] == [1, 2, 1, 2]


def test_other_keys_streams_or_arguments_get_another_descriptor():
    class Sorted(LiveDispatcher):
        def event(self, doc, **kwargs):
            number = doc["seq_num"]
            self.process_event(doc, "a" if number < 3 else "b", (number,), {"n": {}})

    made = run_of(Sorted(), count_run().whole([{"det": n} for n in range(4)]))
    assert [d["name"] for d in named(made, "descriptor")] == ["a", "a", "b", "b"]
    assert named(made, "stop")[0]["num_events"] == {"a": 2, "b": 2}
    assert named(made, "descriptor")[0]["configuration"] == {"n": {}}


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        (True, "boolean", []),
        (3, "integer", []),
        (np.float32(1), "number", []),
        ("word", "string", []),
        (np.zeros((2, 3)), "array", [2, 3]),
        ([1, 2], "array", [2]),
    ],
)
def test_new_data_are_described_by_their_form(value, dtype, shape):
    class Made(LiveDispatcher):
        def event(self, doc, **kwargs):
            self.process_event({**doc, "data": {"new": value}})

    made = run_of(Made(), count_run().whole([{"det": 1}]))
    (new,) = (d["data_keys"]["new"] for d in named(made, "descriptor"))
    assert (new["dtype"], new["shape"]) == (dtype, shape)


def test_what_lay_in_a_file_is_now_in_the_event():
    external = key(external="FILESTORE:", dtype="array", shape=[2, 2])
    run = Run({"image": external, "det": DET})

    class Summed(LiveDispatcher):
        def event(self, doc, **kwargs):
            self.process_event({**doc, "data": {"image": 4.0}})

    made = run_of(Summed(), run.whole([{"image": "file/1", "det": 1}]))
    (keys,) = (d["data_keys"] for d in named(made, "descriptor"))
    assert keys["image"] == {"dtype": "number", "shape": [], "source": "Stream"}


def test_events_of_another_run_are_passed_over():
    one, two = peak_scan(4, scan_id=1), peak_scan(4, scan_id=2)
    made = run_of(Doubled(), [*one[:3], *two[:3], *one[3:], *two[3:]])
    assert len(named(made, "stop")) == 1
    assert named(made, "stop")[0]["num_events"] == {"primary": 2}


def test_an_event_before_any_run_is_refused():
    with pytest.raises(StateError, match="no run has begun"):
        LiveDispatcher().event({"descriptor": "d", "data": {}, "seq_num": 1})


def test_what_is_added_goes_into_start_and_stop():
    class Marked(Doubled):
        def start(self, doc):
            super().start(doc, {"mark": 1})

        def stop(self, doc):
            super().stop(doc, {"reason": "done"})

    made = run_of(Marked(), peak_scan(4))
    assert made[0][1]["mark"] == 1
    assert made[-1][1]["reason"] == "done"


def test_a_document_that_breaks_the_schema_is_refused():
    class Broken(Doubled):
        def start(self, doc):
            super().start(doc, {"scan_id": "many"})

    with pytest.raises(DocumentError, match="scan_id"):
        feed(Broken(), peak_scan(4))


def test_a_subscription_can_be_given_up():
    dispatcher, seen = Doubled(), []
    token = dispatcher.subscribe(lambda name, doc: seen.append(name), "start")
    feed(dispatcher, peak_scan(4))
    dispatcher.unsubscribe(token)
    feed(dispatcher, peak_scan(4))
    assert seen == ["start"]
