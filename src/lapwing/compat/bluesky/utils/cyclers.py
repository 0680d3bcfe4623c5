"""Cyclers: the paths of Bluesky's users, as objects of the package ``cycler``.

Owns turning our points into cyclers, snaking them, and merging pseudo axes.
Must not know messages or engines.
Test: compare lists of the steps with what is written out by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from lapwing.errors import PlanArgumentError
from lapwing.plans.points import Points
from lapwing.plans.pseudo import Folding, pseudo_parent

if TYPE_CHECKING:
    from cycler import Cycler


def cycler_class() -> Any:
    """Return the class ``cycler.Cycler``.

    Raises:
        ImportError: The package is not installed.
    """
    try:
        from cycler import Cycler
    except ImportError as exc:
        raise ImportError(
            "Bluesky's patterns are cyclers, of the package 'cycler', which is not "
            "installed; it comes with: pip install 'lapwing[plots]'"
        ) from exc
    return Cycler


def from_columns(columns: Mapping[Any, Iterable[Any]]) -> "Cycler[Any, Any]":
    """Return a cycler that goes through all columns together.

    Args:
        columns: Positions by motor; all equally many.
    """
    make = cycler_class()
    path: Any = None
    for motor, positions in columns.items():
        # The public function takes the keyword only, and looks for labels.
        column = make._from_iter(motor, list(positions))  # noqa: SLF001
        path = column if path is None else path + column
    return make(None) if path is None else path


def from_points(points: Points) -> "Cycler[Any, Any]":
    """Return a cycler with the steps of one of Lapwing's paths."""
    columns: dict[Any, list[Any]] = {motor: [] for motor in points.motors}
    for step in points:
        for motor, position in step.items():
            columns[motor].append(position)
    return from_columns(columns)


def snake_cyclers(
    cyclers: "Sequence[Cycler[Any, Any]]", snake_booleans: Sequence[bool]
) -> "Cycler[Any, Any]":
    """Return the product of cyclers, of which some go back and forth.

    Args:
        cyclers: The slowest first.
        snake_booleans: Whether each turns back instead of starting over; that of
            the slowest has no effect.

    Raises:
        PlanArgumentError: There are not as many of the one as of the other.
    """
    if len(cyclers) != len(snake_booleans):
        raise PlanArgumentError(
            f"{len(cyclers)} cyclers were given with {len(snake_booleans)} booleans; "
            "each cycler needs one"
        )
    if not cyclers:
        raise PlanArgumentError("no cyclers were given; at least one is needed")
    lists = [list(one) for one in cyclers]
    columns: dict[Any, list[Any]] = {}
    for places in product(*(range(len(steps)) for steps in lists)):
        sweep = 0  # how often what is slower has stepped on
        for steps, place, snakes in zip(lists, places, snake_booleans, strict=True):
            back = snakes and sweep % 2
            step = steps[len(steps) - 1 - place if back else place]
            sweep = sweep * len(steps) + place
            for key, value in step.items():
                columns.setdefault(key, []).append(value)
    return from_columns(columns)


def merge_axis(
    objs: Iterable[Any],
) -> tuple[list[Any], list[Any], dict[Any, dict[str, list[Any]]]]:
    """Sort devices by whether moving one of them moves another.

    Args:
        objs: The devices.

    Returns:
        Those that move by themselves; those that have pseudo axes; and for each
        device with pseudo axes its given axes: ``"pseudo"``, ``"real"`` and
        ``"independent"``.
    """
    alone, whole = [], []
    coupled: dict[Any, dict[str, list[Any]]] = {}
    for obj in objs:
        if hasattr(obj, "RealPosition"):
            whole.append(obj)
            continue
        parent = getattr(obj, "parent", None)
        if not hasattr(parent, "RealPosition"):
            alone.append(obj)
            continue
        kinds = coupled.setdefault(
            parent, {"real": [], "pseudo": [], "independent": []}
        )
        if pseudo_parent(obj) is parent:
            kinds["pseudo"].append(obj)
        elif any(axis is obj for axis in getattr(parent, "real_positioners", ())):
            kinds["real"].append(obj)
        else:
            kinds["independent"].append(obj)
    return alone, whole, coupled


def merge_cycler(cyc: "Cycler[Any, Any]") -> "Cycler[Any, Any]":
    """Let pseudo axes of one device move together, as one move of the device.

    Args:
        cyc: The path.

    Returns:
        A path with the same number of steps, and fewer keys where there was
        something to merge.

    Raises:
        PlanArgumentError: Real and pseudo axes of one device, or a device and an
            axis of it, are to be moved at once.
    """
    # A set, so in no order; the first step is in that of the arguments.
    keys = list(next(iter(cyc), {}))
    folding = Folding(keys)
    if not folding:
        return cyc
    columns: dict[Any, list[Any]] = {motor: [] for motor in folding.motors}
    for step in cyc:
        for motor, position in folding(step).items():
            columns[motor].append(position)
    return from_columns(columns)
