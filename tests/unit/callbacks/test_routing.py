from unit.callbacks.streams import Run, count_run, feed, scan_run

from lapwing.callbacks.routing import ByRun, events_of, stream_of


class Seen:
    """Notes what it is told."""

    def __init__(self, start):
        self.scan_id = start["scan_id"]
        self.told = []

    def descriptor(self, doc):
        self.told.append("descriptor")

    def event(self, doc):
        self.told.append(doc["seq_num"])

    def stop(self, doc):
        self.told.append(doc["exit_status"])


def test_documents_of_interleaved_runs_reach_their_own_view():
    views = ByRun(Seen)
    one, two = scan_run(scan_id=1), scan_run(scan_id=2)
    feed(views, [one.start(), two.start(), two.descriptor(), one.descriptor()])
    first, second = views.open.values()
    feed(views, [one.event(1), two.event(1), one.event(2), one.stop(2), two.event(2)])
    assert (first.scan_id, first.told) == (1, ["descriptor", 1, 2, "success"])
    assert (second.scan_id, second.told) == (2, ["descriptor", 1, 2])
    assert list(views.open.values()) == [second]
    assert views.last is second


def test_an_ended_run_is_forgotten_but_for_the_last():
    views = ByRun(Seen)
    for scan_id in range(5):
        run = scan_run(scan_id=scan_id)
        feed(views, run.whole([{"x": 1.0, "det": 2}]))
        assert views.view_of(run.descriptor_uid) is None
    assert views.open == {}
    assert views.last.scan_id == 4


def test_other_streams_and_unknown_runs_are_passed_over():
    views = ByRun(Seen)
    run, stranger = scan_run(), scan_run(scan_id=77)
    baseline = Run({"t": {}}, scan_id=run._start["scan_id"], stream="baseline")
    feed(views, [run.start(), run.descriptor(), baseline.descriptor()])
    feed(views, [baseline.event(1), stranger.descriptor(), stranger.event(1)])
    feed(views, [stranger.stop(1), run.event(1)])
    views("datum", {"resource": "r", "datum_id": "d", "datum_kwargs": {}})
    assert views.last.told == ["descriptor", 1]


def test_the_stream_is_the_one_that_dimensions_name():
    run = Run(
        {"x": {}}, stream="fly", scan_id=3, hints={"dimensions": [(["x"], "fly")]}
    )
    views = ByRun(Seen)
    feed(views, run.whole([{"x": 1}]))
    assert views.last.told == ["descriptor", 1, "success"]
    assert stream_of(count_run().start()[1]) == "primary"
    for odd in ([], [()], [None], [5], None):
        assert stream_of({"hints": {"dimensions": odd}}) == "primary"


def test_a_page_is_handed_on_event_by_event():
    page = {
        "descriptor": scan_run().descriptor_uid,
        "seq_num": [4, 5],
        "time": [1.0, 2.0],
        "data": {"x": [0.1, 0.2], "det": [7, 8]},
    }
    assert [e["data"] for e in events_of(page)] == [
        {"x": 0.1, "det": 7},
        {"x": 0.2, "det": 8},
    ]
    views = ByRun(Seen)
    feed(views, [scan_run().start(), scan_run().descriptor(), ("event_page", page)])
    assert views.last.told == ["descriptor", 4, 5]
