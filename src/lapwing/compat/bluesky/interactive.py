"""Interactive: plans drawn with the mouse on a figure.

Owns selecting a rectangle, and the plan that covers it.
Must not run the plan; its user hands it to an engine.
Test: select a rectangle by two events with coordinates.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.widgets import RectangleSelector

from lapwing.compat.bluesky.plans import grid_scan
from lapwing.errors import StateError

__all__ = ["OuterProductWidget", "ROIPlanCreator"]

Corner = tuple[float, float]


class ROIPlanCreator:
    """Makes a plan for a rectangle that is drawn on a figure; derive from it.

    Args:
        ax: The axes on which it is drawn.

    Attributes:
        last_rect: Two opposite corners of the last rectangle; None before.
    """

    def __init__(self, ax: Any):
        self.ax = ax
        self.last_rect: tuple[Corner, Corner] | None = None
        self._selector = RectangleSelector(ax, self._onselect, useblit=True)

    def _onselect(self, pt1: Any, pt2: Any) -> None:
        self.last_rect = (pt1.xdata, pt1.ydata), (pt2.xdata, pt2.ydata)

    @property
    def last_plan(self) -> Any:
        """A plan for the last rectangle, a new one each time.

        Raises:
            StateError: None was drawn.
        """
        if self.last_rect is None:
            raise StateError(
                "a plan was asked for, but no rectangle has been drawn; draw one"
            )
        return self._plan(*self.last_rect)

    def _plan(self, pt1: Corner, pt2: Corner) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no method _plan()")

    @property
    def creator_md(self) -> dict[str, Any]:
        """What a plan's metadata say of where it comes from."""
        return {"plan_creator": type(self).__name__, "rectangle": self.last_rect}

    @property
    def active(self) -> bool:
        """Whether the mouse draws rectangles."""
        return bool(self._selector.active)

    @active.setter
    def active(self, active: bool) -> None:
        self._selector.set_active(active)


class OuterProductWidget(ROIPlanCreator):
    """Makes a grid scan for a rectangle that is drawn on a figure.

    Args:
        ax: The axes on which it is drawn.
        dets: Devices to read at each point.
        motor1: Motor of the vertical axis, the slow one.
        motor2: Motor of the horizontal axis.
        num1: Number of rows.
        num2: Number of columns; as ``num1`` if None.
        snake: Whether the fast motor turns back at the end of a row.
        md: Metadata.
    """

    def __init__(
        self,
        ax: Any,
        dets: Sequence[Any],
        motor1: Any,
        motor2: Any,
        num1: int,
        num2: int | None = None,
        snake: bool = True,
        md: Mapping[str, Any] | None = None,
    ):
        super().__init__(ax)
        self.dets = list(dets)
        self.motor1 = motor1
        self.motor2 = motor2
        self.num1 = num1
        self.num2 = num1 if num2 is None else num2
        self.snake = snake
        self._md = dict(md or {})

    @property
    def md(self) -> ChainMap[str, Any]:
        """The metadata of the next plan."""
        return ChainMap(self._md, self.creator_md)

    def _plan(self, pt1: Corner, pt2: Corner) -> Any:
        (x1, y1), (x2, y2) = pt1, pt2
        return grid_scan(
            self.dets,
            self.motor1,
            *sorted((y1, y2)),
            self.num1,
            self.motor2,
            *sorted((x1, x2)),
            self.num2,
            snake_axes=self.snake,
            md=dict(self.md),
        )
