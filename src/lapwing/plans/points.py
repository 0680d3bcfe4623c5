"""Points: the steps of a scan, as lazy sequences.

Owns lines of positions, and inner and outer products of positions.
Must not know messages or engines; a step is a plain dict of position by motor.
Test: compare lengths, items and extents with lists written out.

Points are computed from their index, so that a grid of a million points costs
nothing before its first point is taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from operator import index as as_index
from typing import Any, SupportsIndex, cast

from lapwing.errors import PlanArgumentError


class Line(Sequence[float]):
    """Equally spaced positions, both ends included; as ``numpy.linspace``.

    Args:
        start: First position.
        stop: Last position.
        num: Number of positions, at least 0.
    """

    def __init__(self, start: float, stop: float, num: int):
        self.start, self.stop, self.num = float(start), float(stop), num
        self._step = (self.stop - self.start) / (num - 1) if num > 1 else 0.0

    def __len__(self) -> int:
        return self.num

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(self.num))]
        i = range(self.num)[i]
        # The last one is given, not computed: rounding must not move it.
        if i and i == self.num - 1:
            return self.stop
        return i * self._step + self.start

    def __iter__(self) -> Iterator[float]:
        # The same as by index, at a third of its cost.
        step, start = self._step, self.start
        for i in range(max(self.num - 1, min(self.num, 1))):
            yield i * step + start
        if self.num > 1:
            yield self.stop


class Points:
    """The steps of a scan: a lazy sequence of dicts of position by motor.

    Attributes:
        motors: The motors, in the order in which they were given.
    """

    motors: tuple[Any, ...]

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, i: int) -> dict[Any, Any]:
        raise NotImplementedError

    def extent(self, motor: Any) -> tuple[Any, Any] | None:
        """Return the lowest and highest position of a motor, or None.

        None means that there is no such thing: there are no points, or positions
        that cannot be compared.
        """
        raise NotImplementedError

    def __iter__(self) -> Iterator[dict[Any, Any]]:
        return map(self.__getitem__, range(len(self)))


class InnerProduct(Points):
    """All motors step together.

    Args:
        columns: Motor and its positions, for each motor; all equally many.
    """

    def __init__(self, columns: Sequence[tuple[Any, Sequence[Any]]]):
        self.motors = tuple(motor for motor, _ in columns)
        self._columns = [positions for _, positions in columns]

    def __len__(self) -> int:
        return len(self._columns[0]) if self._columns else 0

    def __getitem__(self, i: int) -> dict[Any, Any]:
        return {
            motor: column[i]
            for motor, column in zip(self.motors, self._columns, strict=True)
        }

    def __iter__(self) -> Iterator[dict[Any, Any]]:
        # The same as by index, without looking each position up.
        motors = self.motors
        steps = zip(*self._columns, strict=True)
        return (dict(zip(motors, step, strict=True)) for step in steps)

    def extent(self, motor: Any) -> tuple[Any, Any] | None:
        """Return the lowest and highest position of a motor, or None."""
        return _extent(self._columns[_index_of(motor, self.motors)])

    def __repr__(self) -> str:
        names = ", ".join(str(getattr(m, "name", m)) for m in self.motors)
        return f"<{len(self)} steps of {names} together>"


class OuterProduct(Points):
    """A grid: the first motor is slowest.

    Args:
        columns: Motor and its positions, for each motor.
        snaking: Whether each motor turns back instead of starting over.
    """

    def __init__(
        self,
        columns: Sequence[tuple[Any, Sequence[Any]]],
        snaking: Sequence[bool] | None = None,
    ):
        self.motors = tuple(motor for motor, _ in columns)
        self._columns = [positions for _, positions in columns]
        self.snaking = tuple(snaking or (False,) * len(columns))
        self.shape = tuple(len(positions) for positions in self._columns)
        self._size = 1
        strides = []
        for n in reversed(self.shape):
            strides.append(self._size)
            self._size *= n
        self._strides = tuple(reversed(strides))

    def __len__(self) -> int:
        return self._size if self._columns else 0

    def __getitem__(self, i: int) -> dict[Any, Any]:
        i = range(len(self))[i]
        step = {}
        for motor, column, n, stride, snakes in zip(
            self.motors,
            self._columns,
            self.shape,
            self._strides,
            self.snaking,
            strict=True,
        ):
            sweep, k = divmod(i // stride, n)
            step[motor] = column[n - 1 - k if snakes and sweep % 2 else k]
        return step

    def extent(self, motor: Any) -> tuple[Any, Any] | None:
        """Return the lowest and highest position of a motor, or None."""
        return _extent(self._columns[_index_of(motor, self.motors)])

    def __repr__(self) -> str:
        axes = " by ".join(
            f"{n} of {getattr(m, 'name', m)}"
            for m, n in zip(self.motors, self.shape, strict=True)
        )
        return f"<grid of {axes}>"


def _index_of(motor: Any, motors: tuple[Any, ...]) -> int:
    return next(i for i, known in enumerate(motors) if known is motor)


def _extent(positions: Sequence[Any]) -> tuple[Any, Any] | None:
    if len(positions) == 0:
        return None
    if isinstance(positions, Line):
        ends = (positions[0], positions[-1])
        return min(ends), max(ends)
    try:
        return min(positions), max(positions)
    except (TypeError, ValueError):
        return None  # positions that have no order, such as arrays and None


def line(motor: Any, start: Any, stop: Any, num: int) -> Line:
    """Return equally spaced positions of a motor.

    Raises:
        PlanArgumentError: An end is no finite number.
    """
    try:
        return Line(as_position(start), as_position(stop), num)
    except PlanArgumentError:
        raise PlanArgumentError(
            f"motor {getattr(motor, 'name', motor)!r} must be followed by two numbers, "
            f"its start and stop, but is followed by {start!r} and {stop!r}"
        ) from None


def as_position(value: Any, motor: Any = None) -> float:
    """Return a position as a float.

    Args:
        value: The position.
        motor: The motor concerned, for the error's text.

    Raises:
        PlanArgumentError: It is no finite number.
    """
    try:
        position = nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError):
        position = nan
    if not isfinite(position):
        of = f" of motor {getattr(motor, 'name', motor)!r}" if motor is not None else ""
        raise PlanArgumentError(
            f"a position{of} must be a finite number, but it is {value!r}"
        )
    return position


def check_offset(offset: Any, motor: Any) -> None:
    """Refuse what cannot be added to a position.

    Args:
        offset: A finite number, or an array, a sequence or a dict of such.
        motor: The motor concerned.

    Raises:
        PlanArgumentError: It is, or has in it, something else.
    """
    if _is_several(offset):
        for part in offset.values() if isinstance(offset, Mapping) else offset:
            check_offset(part, motor)
        return
    try:
        as_position(offset)
    except PlanArgumentError:
        raise PlanArgumentError(
            f"motor {getattr(motor, 'name', motor)!r} was to be moved by {offset!r}, "
            f"which is no offset; a finite number is needed"
        ) from None


def _is_several(value: Any) -> bool:
    if isinstance(value, str | bytes) or getattr(value, "ndim", 1) == 0:
        return False
    return hasattr(value, "__iter__")


def check_finite(**given: Any) -> None:
    """Refuse arguments that are no finite numbers.

    Args:
        **given: The arguments, by name.

    Raises:
        PlanArgumentError: Names the first that is none.
    """
    for name, value in given.items():
        try:
            as_position(value)
        except PlanArgumentError:
            raise PlanArgumentError(
                f"{name} must be a finite number, but it is {value!r}"
            ) from None


def as_number(num: Any, motor: Any = None, *, least: int = 1) -> int:
    """Return a number of points.

    Args:
        num: The number; 5.0 counts as 5.
        motor: The motor concerned, for the error's text.
        least: The smallest number allowed.

    Raises:
        PlanArgumentError: It is not whole, or too small.
    """
    whole = int(num) if isinstance(num, float) and num.is_integer() else num
    if isinstance(num, bool) or not hasattr(whole, "__index__") or whole < least:
        of = f" of motor {getattr(motor, 'name', motor)!r}" if motor is not None else ""
        raise PlanArgumentError(
            f"the number of points{of} must be a whole number, at least {least}, "
            f"but it is {num!r}"
        )
    return as_index(cast("SupportsIndex", whole))
