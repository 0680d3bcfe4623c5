import numpy as np
import pytest
from unit.callbacks.streams import (
    Run,
    count_run,
    feed,
    grid_run,
    key,
    peak_scan,
    scan_run,
)

from lapwing.callbacks.fields import Field
from lapwing.callbacks.peaks import Peak
from lapwing.callbacks.summary import PeakSummary, sentence, typical_step

X = Field("x", "mm", 3)
DET = Field("det", "counts", 0, "integer")


@pytest.mark.parametrize(
    ("peak", "text"),
    [
        (
            Peak(centre=1.2342, fwhm=0.56, max=(1.2, 1023.0), source="gaussian fit"),
            "peak of det at x = 1.234 mm, FWHM 0.560 mm; max 1023 counts at 1.200",
        ),
        (
            Peak(centre=1.0, fwhm=0.5, max=(3, 9.0), min=(1.1, 2.0), shape="dip"),
            "dip of det at x = 1.000 mm, FWHM 0.500 mm; min 2 counts at 1.100",
        ),
        (
            Peak(centre=0.5, max=(3.0, 9.0), shape="edge", source="edge"),
            "edge of det at x = 0.500 mm; max 9 counts at 3.000",
        ),
        (
            Peak(centre=5.0, max=(5.0, 9.0), source="maximum at the border"),
            "peak of det at x = 5.000 mm (cut off by the end of the scan); "
            "max 9 counts at 5.000",
        ),
        (Peak(reason="y is flat"), "no peak of det: y is flat"),
    ],
)
def test_a_peak_is_told_in_one_sentence(peak, text):
    assert sentence(X, DET, peak, step=0.1) == text


def test_decimals_follow_the_steps_where_no_precision_is_known():
    peak = Peak(centre=0.00123456, fwhm=0.0005, max=(0.0012, 1.5e-9))
    text = sentence(Field("e"), Field("i0", "A"), peak, step=1e-4)
    assert text == "peak of i0 at e = 0.00123, FWHM 0.00050; max 1.5e-09 A at 0.00120"


def test_the_typical_step_is_that_of_neighbours():
    assert typical_step(np.array([3.0, 1.0, 2.0, np.nan, 2.0])) == 1.0
    assert np.isnan(typical_step(np.array([1.0, 1.0])))


def test_the_sentence_comes_when_the_run_ends(capsys):
    summary = PeakSummary()
    documents = peak_scan()
    feed(summary, documents[:-1])
    assert (capsys.readouterr().out, summary.peaks) == ("", {})
    feed(summary, documents[-1:])
    assert capsys.readouterr().out.startswith("peak of det at x = 0.7")
    assert summary.peaks["det"].centre == pytest.approx(0.73, abs=0.05)


def test_each_detector_has_its_sentence(capsys):
    run = Run(
        {"x": key(), "a": key(), "b": key()},
        scan_id=1,
        hints={"dimensions": [(["x"], "primary")]},
    )
    events = [{"x": i, "a": 3, "b": -abs(i - 2)} for i in range(5)]
    feed(PeakSummary(), run.whole(events))
    assert [
        line.split(":")[0].split(" at ")[0]
        for line in capsys.readouterr().out.splitlines()
    ] == [
        "no peak of a",
        "peak of b",
    ]


@pytest.mark.parametrize(
    "documents",
    [
        count_run().whole([{"det": 5}] * 5),
        grid_run((2, 2), snake=False).whole([{"y": 0, "x": 0, "det": 5}] * 4),
        scan_run().whole([{"x": 1, "det": 2}]),
        [scan_run().start(), scan_run().stop(0)],
    ],
)
def test_what_has_no_peak_is_passed_over_in_silence(capsys, documents):
    feed(PeakSummary(), documents)
    assert capsys.readouterr().out == ""


def test_interleaved_runs_have_their_own_peaks(capsys):
    one, two = peak_scan(scan_id=1, seed=1), peak_scan(21, scan_id=2, seed=2)
    summary = PeakSummary(say=False)
    feed(summary, [*one[:30], *two[:10], *one[30:]])
    assert summary.peaks["det"].num_points == 51
    feed(summary, two[10:])
    assert summary.peaks["det"].num_points == 21
    assert capsys.readouterr().out == ""
