"""How fast trajectories become PVT points, side by side with ophyd-async.

Two axes, snaked rows of 10, 100 and 1000 points of 1 ms, 4000 points in all. Both sides
plan the same grid with the same limits, from its description to arrays, in interleaved
blocks of one process; ours with a PVT point at each midpoint, too, as ophyd-async does.
"plan" checks everything and adds up its summary; "stream" is what follows, block by
block. Then how many turnarounds of whole ticks take longer than the closed form and one
tick, how long it takes to begin anew in the middle of 10^7 points, and whether memory
grows with the length of a stream.

    python bench/trajectory_motion.py [--points 4000] [--blocks 7] [--json FILE]
"""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Series, arguments, report

from lapwing.trajectory import CompoundGenerator, LineGenerator, Trajectory
from lapwing.trajectory.motion import AxisLimits, MotionLimits, MotionPlan
from lapwing.trajectory.motion.limits import LimitArrays
from lapwing.trajectory.motion.turnarounds import turn_around

DURATION, STEP = 1e-3, 0.01
VELOCITY, ACCELERATION, TICK = 20.0, 1000.0, 5e-4
LIMITS = MotionLimits(
    {axis: AxisLimits(VELOCITY, ACCELERATION) for axis in "xy"}, tick=TICK
)


def grid(rows: int, num: int, duration: float = DURATION) -> Trajectory:
    return CompoundGenerator(
        generators=[
            LineGenerator("y", "mm", 0, (rows - 1) * STEP, rows),
            LineGenerator("x", "mm", 0, (num - 1) * STEP, num, alternate=True),
        ],
        duration=duration,
    )


def ours(rows: int, num: int) -> dict[str, Callable[[], Any]]:
    """Return what plans a whole motion, and what streams one that is planned."""
    trajectory = grid(rows, num)
    planned = MotionPlan(trajectory, LIMITS, 0, rows * num)
    # Blocks smaller than the whole are computed anew, as in any long stream.
    half = (rows * num + 1) // 2
    return {
        "plan": lambda: [MotionPlan(trajectory, LIMITS).pvt()],
        "plan, midpoints": lambda: [
            MotionPlan(trajectory, LIMITS, midpoints=True).pvt()
        ],
        "stream": lambda: list(planned.blocks(half)),
    }


def theirs(rows: int, num: int) -> Callable[[], Any]:
    """Return what makes the PVT points of the same grid with ophyd-async."""
    from ophyd_async.epics.motor import Motor
    from ophyd_async.epics.pmac._pmac_trajectory_generation import (
        Trajectory as PmacTrajectory,
    )
    from ophyd_async.epics.pmac._utils import _PmacMotorInfo
    from scanspec.core import Path
    from scanspec.specs import Fly, Linspace

    x, y = Motor("X", name="x"), Motor("Y", name="y")
    info = _PmacMotorInfo(
        cs_port="CS",
        cs_number=1,
        motor_cs_index={x: 0, y: 1},
        motor_acceleration_rate=dict.fromkeys([x, y], ACCELERATION),
        motor_max_velocity=dict.fromkeys([x, y], VELOCITY),
        motor_lower_limit=dict.fromkeys([x, y], -1e9),
        motor_upper_limit=dict.fromkeys([x, y], 1e9),
    )
    lines = (
        Linspace(y, 0, (rows - 1) * STEP, rows),
        Linspace(x, 0, (num - 1) * STEP, num),
    )
    spec = Fly(DURATION @ (lines[0] * ~lines[1]))

    def make() -> Any:
        path = Path(spec.calculate()).consume()
        return [PmacTrajectory.from_slice(path, info, ramp_up_time=0.1)[0]]

    return make


def rate(make: Callable[[], Any]) -> tuple[float, int]:
    """Return PVT points in a second, and how many they were."""
    began = time.perf_counter()
    num_pvt = sum(len(block) for block in make())
    return num_pvt / (time.perf_counter() - began), num_pvt


def rates(points: int, blocks: int) -> tuple[list[Series], dict[str, float]]:
    series, ratios = [], {}
    for num in (10, 100, 1000):
        rows = points // num
        sides = ours(rows, num) | {"ophyd-async": theirs(rows, num)}
        each = {name: Series(f"rows of {num}: {name}", "kPVT/s") for name in sides}
        pvt_a_point: dict[str, float] = {}
        for make in sides.values():
            make()
        for _ in range(blocks):
            for name, make in sides.items():
                per_second, num_pvt = rate(make)
                each[name].add(per_second / 1e3)
                pvt_a_point[name] = num_pvt / (rows * num)
        points_s = {name: one.median / pvt_a_point[name] for name, one in each.items()}
        for name, value in points_s.items():
            ratios[f"rows of {num}: {name}, k points/s"] = value
        ratio = points_s["plan, midpoints"] / points_s["ophyd-async"]
        ratios[f"rows of {num}: plan, midpoints / ophyd-async"] = ratio
        series += each.values()
    return series, ratios


def turnarounds(num: int = 50_000) -> dict[str, float]:
    """Return how turnarounds of any kind compare with their closed form."""
    rng = np.random.default_rng(7)
    v_max, a_max = np.array([VELOCITY, 5.0]), np.array([ACCELERATION, 50.0])
    axes = LimitArrays(("x", "y"), v_max, a_max, -np.inf * v_max, np.inf * v_max)
    v0 = rng.uniform(-1, 1, (num, 2)) * v_max * [1, 0]
    v1 = np.where(rng.random((num, 1)) < 0.5, -v0, v0)
    way = np.stack([rng.uniform(-1, 1, num) * 5, rng.uniform(0, 1, num)], axis=1)
    way[v1[:, 0] == -v0[:, 0], 0] = 0  # snaked rows turn where they are
    start = np.zeros((num, 2))
    planned = turn_around((start, v0), (way, v1), axes, 1e-3, np.zeros(num))
    over = planned.ticks - planned.least / 1e-3
    return {
        "turnarounds: mean ticks above closed form": float(over.mean()),
        "turnarounds: % more than one tick above it": float((over > 1.000001).mean())
        * 100,
    }


def retrace() -> Series:
    """Return how long it takes to plan 100 points in the middle of 10^7."""
    trajectory, found = grid(10_000, 1000), Series("100 points of 10^7", "ms")
    for start in range(5_000_000, 5_002_000, 97):
        began = time.perf_counter()
        MotionPlan(trajectory, LIMITS, start, start + 100).pvt()
        found.add((time.perf_counter() - began) * 1e3)
    return found


def memory(points: int) -> float:
    """Return the most megabytes that planning and streaming take."""
    tracemalloc.start()
    plan = MotionPlan(grid(points // 10, 10), LIMITS)
    for _ in plan.blocks():
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    args = arguments(__doc__, points=4000, blocks=7)
    series, ratios = rates(args.points, args.blocks)
    ratios |= turnarounds()
    ratios["MB at most for 20,000 points"] = memory(20_000)
    ratios["MB at most for 200,000 points"] = memory(200_000)
    report("motion", [*series, retrace()], ratios, args)


if __name__ == "__main__":
    main()
