import io

import pytest
from unit.callbacks.places import Places
from unit.callbacks.streams import Run, count_run, feed, key, peak_scan
from unit.callbacks.terminal import Clock

from lapwing.callbacks import BestEffort, LivePicture, RunPlot
from lapwing.callbacks.live_picture import snapshot


class Shown:
    def __init__(self):
        self.clock, self.places = Clock(), Places()
        self.picture = LivePicture(
            clock=self.clock, ticking=False, make_place=self.places
        )

    @property
    def captions(self):
        return [place.pictures for place in self.places.made]


@pytest.fixture
def shown():
    return Shown()


def test_the_picture_of_a_run_grows_with_it(shown):
    for name, doc in peak_scan(8):
        shown.picture(name, doc)
        shown.picture.tick()
        shown.clock.turn(0.2)
    (captions,) = shown.captions
    assert set(captions) == {"plot of scan 12"}
    assert 3 <= len(captions) <= 5


def test_each_run_has_a_picture_of_its_own(shown):
    feed(shown.picture, peak_scan(4, scan_id=1))
    feed(shown.picture, count_run(2, scan_id=2).whole([{"det": 1}, {"det": 2}]))
    assert shown.captions == [["plot of scan 1"], ["plot of count 2"]]


def test_of_runs_that_go_on_together_the_last_is_shown(shown):
    one, two = peak_scan(4, scan_id=1), peak_scan(4, scan_id=2)
    feed(shown.picture, [*one[:4], *two[:4], *one[4:], *two[4:]])
    assert shown.captions == [[], ["plot of scan 2"]]


def test_a_drawing_that_comes_as_a_run_begins_finds_the_run_before():
    class DrawnMeanwhile(Places):
        def __call__(self):
            clock.turn(10)
            picture.tick()
            return super().__call__()

    clock, places = Clock(), DrawnMeanwhile()
    picture = LivePicture(clock=clock, ticking=False, make_place=places)
    one, two = peak_scan(4, scan_id=1), peak_scan(4, scan_id=2)
    feed(picture, [*one[:4], *two, *one[4:]])
    feed(picture, peak_scan(4, scan_id=3))
    assert [place.pictures[-1] for place in places.made] == [
        "plot of scan 1",
        "plot of scan 2",
        "plot of scan 3",
    ]


def test_what_cannot_be_plotted_has_no_picture(shown):
    word = Run({"word": key(dtype="string")}, scan_id=15)
    feed(shown.picture, word.whole([{"word": "a"}]))
    feed(shown.picture, peak_scan(4)[:2])
    assert shown.captions == [[], []]


def test_what_is_drawn_does_not_change_meanwhile():
    plot, documents = RunPlot(), peak_scan(200)
    feed(plot, documents[:50])
    data = snapshot(plot.data())
    feed(plot, documents[50:])
    assert len(data.samples) == 48
    assert len(plot.data().samples) == 200


def test_without_a_notebook_or_a_display_a_sentence_says_so():
    file = io.StringIO()
    best = BestEffort(file, live_plot=True)
    assert "matplotlib can open no window here" in file.getvalue()
    assert not best.has_window
    best.draw(last=True)
    feed(best, peak_scan(4))
    assert len(best.plot.data().samples) == 4
