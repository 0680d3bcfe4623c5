"""How long a scan will take: the slowest move, settling and counting of each point."""

from types import SimpleNamespace

import pytest

from lapwing.errors import DeviceError
from lapwing.stepscan import Detector, Positioner, StepScan, Trigger
from lapwing.stepscan.estimate import POINT_OVERHEAD


class Timed(Positioner):
    """A positioner that takes a second for each unit, or more."""

    def __init__(self, name, array, seconds=1.0, here=None, **options):
        super().__init__(f"IOC:{name}", array, name=name, **options)
        self._seconds = seconds
        if here is not None:
            self.axis = SimpleNamespace(position=here, connected=True)

    def seconds(self, start, target):
        return abs(target - start) * self._seconds


def test_the_slowest_move_counts_and_the_dwell_of_each_point():
    scan = StepScan(
        [Timed("x", [0, 1, 3]), Timed("y", [0, 0.5, 0.5], 4.0)],
        dwell=[1, 2, 4],
        pos_settle_time=0.25,
        det_settle_time=0.5,
    )
    moves, dwell = 2 + 2, 7
    assert scan.estimate() == pytest.approx(moves + dwell + 3 * (0.75 + POINT_OVERHEAD))


@pytest.mark.parametrize(
    ("options", "seconds"), [({}, 7 + 1), ({"relative": True}, 3 + 1)]
)
def test_the_way_to_the_first_position_counts(options, seconds):
    scan = StepScan([Timed("x", [3, 4], here=10.0, **options)])
    assert scan.estimate() == pytest.approx(seconds + 2 * POINT_OVERHEAD)


def test_a_motor_that_cannot_move_is_no_matter_of_the_estimate():
    class Stands(Timed):
        def seconds(self, start, target):
            raise DeviceError("its velocity is 0")

    scan = StepScan([Stands("x", [0, 1]), Timed("y", [0, 2])])
    assert scan.estimate() == pytest.approx(2 + 2 * POINT_OVERHEAD)


def test_the_dwell_is_the_longest_of_the_detectors_where_the_scan_sets_none():
    fast, slow = (
        Detector(Trigger(f"IOC:{name}"), dwell=f"IOC:{name}:T") for name in "ab"
    )
    slow.set_dwell(3.0)
    scan = StepScan(detectors=[fast, slow], npts=2)
    assert scan.estimate() == pytest.approx(6 + 2 * POINT_OVERHEAD)
    texts = StepScan([Positioner("IOC:shutter", ["open", "shut"])])
    assert texts.estimate() == pytest.approx(2 * POINT_OVERHEAD)
