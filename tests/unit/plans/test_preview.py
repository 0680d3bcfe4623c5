"""Plans without their consequences: summary, limits, path, time."""

import asyncio
import subprocess
import sys

import matplotlib as mpl
import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing import Msg, simulators
from lapwing.devices.soft import SoftDetector, SoftMotor
from lapwing.errors import LimitError, MissingExtraError, StateError
from lapwing.plans import adaptive_scan, count, fly, grid_scan, rel_scan, scan
from lapwing.plans import stubs as bps
from lapwing.plans.raster import path_of, plot_raster_path
from lapwing.preprocessors import print_summary_wrapper

x, y = Motor("x"), Motor("y")
SUMMARY = [
    " Open Run ".center(80, "="),
    "x -> 0.0",
    "  Read ['det', 'x']",
    "x -> 1.0",
    "  Read ['det', 'x']",
    " Close Run ".center(80, "="),
]

# ---------------------------------------------------------------- summary


def test_a_plan_is_summarized_line_by_line(capsys):
    simulators.summarize_plan(scan([Detector()], x, 0, 1, 2))
    assert capsys.readouterr().out.splitlines() == SUMMARY
    assert simulators.print_summary is simulators.summarize_plan


def test_a_plan_can_tell_what_it_does_while_it_does_it(capsys):
    outcome = run(print_summary_wrapper(scan([Detector()], Motor("x"), 0, 1, 2)))
    assert len(outcome.docs.named("event")) == 2
    assert capsys.readouterr().out.splitlines() == SUMMARY


def test_events_that_are_dropped_are_not_told(capsys):
    det = Detector()
    taken = [Msg("create"), Msg("read", det), Msg("drop"), Msg("create"), Msg("save")]
    simulators.summarize_plan(taken)
    assert capsys.readouterr().out == "  Read []\n"


# ---------------------------------------------------------------- limits


def test_a_plan_within_limits_passes():
    motor = SoftMotor("m", limits=(0, 10))
    simulators.check_limits(scan([Detector()], motor, 0, 10, 5))
    assert motor.position == 0


def test_a_plan_beyond_a_limit_is_refused_and_nothing_moves():
    motor = SoftMotor("m", limits=(0, 10))
    with pytest.raises(LimitError, match="motor m: 11 mm is above the high limit 10"):
        simulators.check_limits(scan([Detector()], motor, 0, 11, 5))
    assert motor.position == 0


def test_devices_that_must_be_awaited_are():
    class Slow(Motor):
        checked = 0

        async def check_value(self, value):
            await asyncio.sleep(0)
            self.checked += 1
            if value > 2:
                raise LimitError("too far")

    slow = Slow("slow")
    with pytest.raises(LimitError, match="too far"):
        simulators.check_limits(bps.mv(slow, 3))
    asyncio.run(simulators.check_limits_async(scan([], slow, 0, 2, 4)))
    assert slow.checked == 5


def test_a_device_that_cannot_check_is_named_once():
    with pytest.warns(UserWarning, match=r"x has no check_value\(\)") as told:
        simulators.check_limits(scan([Detector()], x, 0, 1, 5))
    assert len(told) == 1


def test_on_the_devices_loop_limits_are_awaited():
    # In a process of its own, for the loop of the devices stays what it is.
    code = (
        "import asyncio\n"
        "from lapwing import simulators\n"
        "from lapwing.engine import device_loop\n"
        "from lapwing.plans import stubs as bps\n"
        "async def main():\n"
        "    device_loop.claim()\n"
        "    simulators.check_limits(bps.null())\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert StateError.__name__ in done.stderr


# ---------------------------------------------------------------- path


def test_the_path_goes_through_all_points():
    path, events = path_of(
        grid_scan([], x, 0, 1, 2, y, 5, 6, 2, snake_axes=True), "x", "y"
    )
    assert events == path == [(0, 5), (0, 6), (1, 6), (1, 5)]


def test_the_path_of_one_motor_alone_has_no_points():
    assert path_of(scan([], x, 0, 1, 2), "x", "y") == ([], [])


@pytest.mark.parametrize("probe_size", [None, 0.5])
def test_the_path_is_drawn(probe_size):
    mpl.use("agg")
    from matplotlib import pyplot

    plan = grid_scan([Detector()], x, 0, 1, 2, y, 5, 6, 3)
    drawn = simulators.plot_raster_path(plan, x, "y", probe_size=probe_size)
    axes = drawn["path"].axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert drawn["path"].get_xydata().tolist()[:2] == [[0, 5], [0, 5.5]]
    assert len(drawn["events"].get_offsets()) == 6
    axes.figure.canvas.draw()
    pyplot.close(axes.figure)


# ---------------------------------------------------------------- time


class Timed(Detector):
    dwell = 0.5


def test_the_time_is_that_of_moves_dwells_and_sleeps():
    motor = SoftMotor("m", velocity=2.0)
    estimate = simulators.estimate_time(scan([Timed()], motor, 1, 5, 5))
    assert estimate.moving == pytest.approx(5 / 2)
    assert estimate.measuring == pytest.approx(5 * 0.5)
    assert estimate.seconds == pytest.approx(5)
    assert estimate.num_points == 5
    assert estimate.unknown == []
    assert str(estimate) == "5.0 s for 5 points"
    delayed = simulators.estimate_time([Msg("sleep", None, 3)])
    assert (delayed.sleeping, delayed.seconds) == (3, 3)


def test_what_goes_on_together_takes_as_long_as_the_slowest():
    slow, fast = SoftMotor("s", velocity=1.0), SoftMotor("f", velocity=10.0)
    assert simulators.estimate_time(bps.mv(slow, 3, fast, 10)).seconds == 3
    plan = bps.trigger_and_read([Timed("a"), Timed("b")])
    assert simulators.estimate_time(plan).seconds == 0.5
    meanwhile = [
        Msg("set", slow, 4, group="a"),
        Msg("set", fast, 10, group="b"),
        Msg("wait", None, group="b"),
        Msg("sleep", None, 1),
        Msg("wait", None, "a"),
    ]
    assert simulators.estimate_time(meanwhile).seconds == 4


def test_speeding_up_and_slowing_down_take_time():
    motor = Motor("m")
    motor.velocity, motor.acceleration, motor.position = 2.0, 0.5, 0.0
    assert simulators.estimate_time(bps.mv(motor, 10)).seconds == pytest.approx(5.5)
    # Too short to reach its velocity: half of the way up, half of it down.
    assert simulators.estimate_time(bps.mv(motor, 0.25)).seconds == pytest.approx(0.5)


def test_signals_and_kept_settings_are_asked():
    class Signal:
        def __init__(self, value):
            self.value = value

        def get(self):
            return self.value

    class Kept(Motor):
        def has(self, role):
            return role in ("velocity", "readback")

        def latest(self, role):
            return {"velocity": 4.0, "readback": 2.0}[role]

    classic = Motor("classic")
    classic.velocity, classic.position = Signal(2.0), 0.0
    assert simulators.estimate_time(bps.mv(classic, 10)).seconds == 5
    assert simulators.estimate_time(bps.mv(Kept("kept"), 10)).seconds == 2
    det = Detector()
    det.exposure_time = Signal(3)
    assert simulators.estimate_time(count([det], 2)).seconds == 6


def test_what_is_not_known_is_named_and_can_be_said():
    det = Detector()
    estimate = simulators.estimate_time(scan([det], x, 0, 4, 5))
    assert estimate.unknown == ["x", "det"]
    assert estimate.seconds == 0
    assert str(estimate) == "0.0 s for 5 points, not counting x, det"
    estimate = simulators.estimate_time(
        scan([det], x, 0, 4, 5), velocities={x: 1.0}, dwells={det: 2.0}, overhead=0.1
    )
    assert estimate.unknown == []
    assert estimate.seconds == pytest.approx(4 + 10 + 0.5)
    assert simulators.estimate_time(fly([x])).unknown == ["x"]


def test_a_motor_without_velocity_moves_at_once():
    soft = SoftMotor("soft")
    estimate = simulators.estimate_time(bps.mv(soft, 100))
    assert (estimate.seconds, estimate.unknown) == (0, [])


def test_plans_that_depend_on_readings_are_estimated_as_if_all_were_zero():
    motor = SoftMotor("m", 5.0, velocity=1.0)
    plan = rel_scan([SoftDetector("d")], motor, 0, 2, 3)
    assert simulators.estimate_time(plan).num_points == 3
    plan = adaptive_scan([SoftDetector("d")], "d", motor, 5, 6, 0.1, 1, 1, True)
    assert simulators.estimate_time(plan).num_points > 1


def test_without_matplotlib_a_picture_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[plots\]'"):
        plot_raster_path([], "x", "y")
