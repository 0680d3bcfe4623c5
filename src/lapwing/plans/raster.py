"""Raster paths: a picture of where a plan goes with two motors.

Owns the picture; matplotlib is loaded when it is drawn.
Must not know engines or devices.
Test: draw a grid, look at the lines that were drawn.
"""

from typing import Any

from lapwing.errors import MissingExtraError
from lapwing.plans.mutators import Messages

Point = tuple[float, float]


def path_of(
    plan: Messages, x_motor: str, y_motor: str
) -> tuple[list[Point], list[Point]]:
    """Return where a plan goes with two motors, and where it takes events.

    Args:
        plan: The plan. It is told None for all that it asks.
        x_motor: Name of the one motor.
        y_motor: Name of the other one.

    Returns:
        All positions ``(x, y)`` that were set, once both are known; and those of
        events.
    """
    at: dict[str, float] = {}
    path: list[Point] = []
    events: list[Point] = []
    moved = False
    for msg in plan:
        if msg.command == "set" and (name := msg.obj.name) in (x_motor, y_motor):
            at[name] = msg.args[0]
            moved = True
        elif msg.command in ("wait", "create", "save") and len(at) == len(
            {x_motor, y_motor}
        ):
            here = at[x_motor], at[y_motor]
            if moved:
                path.append(here)
                moved = False
            if msg.command == "save":
                events.append(here)
    return path, events


def plot_raster_path(
    plan: Messages,
    x_motor: Any,
    y_motor: Any,
    ax: Any = None,
    probe_size: float | None = None,
    lw: float = 2,
) -> dict[str, Any]:
    """Draw where a plan goes with two motors, and where it takes events.

    Args:
        plan: The plan; nothing is done.
        x_motor: The one motor, or its name.
        y_motor: The other one, or its name.
        ax: The axes to draw into; None makes new ones.
        probe_size: Diameter of circles to draw round events; None draws dots.
        lw: Width of the line.

    Returns:
        What was drawn: ``"path"``, a line, and ``"events"``, dots or circles.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.collections import EllipseCollection
    except ImportError as exc:
        raise MissingExtraError(
            "a picture of a path needs matplotlib, which is not installed",
            extra="plots",
        ) from exc

    x_name, y_name = (getattr(motor, "name", motor) for motor in (x_motor, y_motor))
    path, events = path_of(plan, x_name, y_name)
    if ax is None:
        ax = pyplot.subplots()[1]
    ax.set_xlabel(x_name)
    ax.set_ylabel(y_name)
    (line,) = ax.plot(*_columns(path), lw=lw)
    if probe_size is None:
        dots = ax.scatter(*_columns(events))
    else:
        size = [probe_size] * len(events)
        dots = EllipseCollection(
            size,
            size,
            [0.0] * len(events),
            units="xy",
            offsets=events,
            transOffset=ax.transData,
            alpha=0.5,
        )
        ax.add_collection(dots)
    return {"path": line, "events": dots}


def _columns(points: list[Point]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
