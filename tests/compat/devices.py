"""Devices of every shape that a plan may meet; each is made afresh for each engine.

They keep no clock: all timestamps are 1.0, so that documents can be compared.
"""

from typing import Any

from lapwing.status import Status


class Detector:
    """A readable that counts its readings."""

    parent: Any = None
    dtype = "number"

    def __init__(self, name: str = "det", *, parent: Any = None):
        self.name = name
        self.parent = parent
        self.done: list[str] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def read(self) -> dict[str, Any]:
        self.done.append("read")
        return {self.name: {"value": self.done.count("read"), "timestamp": 1.0}}

    def describe(self) -> dict[str, Any]:
        return {self.name: {"source": "test", "dtype": self.dtype, "shape": []}}


class HintedDetector(Detector):
    """Says what to show, must be triggered, stages in the old way, has settings."""

    @property
    def hints(self) -> dict[str, Any]:
        return {"fields": [self.name]}

    def trigger(self) -> Status:
        self.done.append("trigger")
        return Status.finished()

    def stage(self) -> list[Any]:
        self.done.append("stage")
        return [self]

    def unstage(self) -> list[Any]:
        self.done.append("unstage")
        return [self]

    def read_configuration(self) -> dict[str, Any]:
        return {f"{self.name}_gain": {"value": 2, "timestamp": 1.0}}

    def describe_configuration(self) -> dict[str, Any]:
        return {f"{self.name}_gain": {"source": "t", "dtype": "integer", "shape": []}}


class AsyncDetector(HintedDetector):
    """Does everything in coroutines, and stages with a status."""

    async def read(self) -> dict[str, Any]:  # type: ignore[override]
        return super().read()

    async def describe(self) -> dict[str, Any]:  # type: ignore[override]
        return super().describe()

    async def read_configuration(self) -> dict[str, Any]:  # type: ignore[override]
        return super().read_configuration()

    async def describe_configuration(self) -> dict[str, Any]:  # type: ignore[override]
        return super().describe_configuration()

    def stage(self) -> Status:  # type: ignore[override]
        self.done.append("stage")
        return Status.finished()

    def unstage(self) -> Status:  # type: ignore[override]
        self.done.append("unstage")
        return Status.finished()


class OneTimeDetector(HintedDetector):
    """Says that it cannot be rewound."""

    class rewindable:  # noqa: N801 - the name is the protocol's
        @staticmethod
        def get() -> bool:
            return False


class Motor(Detector):
    """A movable without hints, whose position is known from its reading alone."""

    def __init__(self, name: str = "m", at: Any = 0.0, *, parent: Any = None):
        super().__init__(name, parent=parent)
        self.at = at

    def set(self, value: Any) -> Status:
        self.done.append(f"set {float(value):g}")
        self.at = value
        return Status.finished()

    def read(self) -> dict[str, Any]:
        self.done.append("read")
        return {self.name: {"value": self.at, "timestamp": 1.0}}


class HintedMotor(Motor):
    """Says what to show."""

    @property
    def hints(self) -> dict[str, Any]:
        return {"fields": [self.name]}


class FieldlessMotor(Motor):
    """Has hints, but none about fields."""

    @property
    def hints(self) -> dict[str, Any]:
        return {}


class TwoFieldMotor(HintedMotor):
    """Two values, both worth showing, and its set-point is offset from where it is."""

    @property
    def hints(self) -> dict[str, Any]:
        return {"fields": [self.name, f"{self.name}_err"]}

    def locate(self) -> dict[str, Any]:
        return {"setpoint": self.at, "readback": self.at + 0.125}

    def read(self) -> dict[str, Any]:
        self.done.append("read")
        return {
            self.name: {"value": self.at + 0.125, "timestamp": 1.0},
            f"{self.name}_err": {"value": 0.125, "timestamp": 1.0},
        }

    def describe(self) -> dict[str, Any]:
        spec = {"source": "test", "dtype": "number", "shape": []}
        return {self.name: spec, f"{self.name}_err": dict(spec)}


class PositionMotor(HintedMotor):
    """Tells its position as an attribute."""

    @property
    def position(self) -> Any:
        return self.at


class CompleteMotor(PositionMotor, TwoFieldMotor):
    """Has both ``position`` and ``locate``, which differ."""

    @property
    def position(self) -> Any:
        return self.at + 0.125

    async def locate(self) -> dict[str, Any]:  # type: ignore[override]
        return {"setpoint": self.at, "readback": self.at + 0.125}

    def stop(self, success: bool = True) -> None:
        self.done.append(f"stop {success}")


class Slit(HintedDetector):
    """A device with two motors in it, which is staged as a whole."""

    def __init__(self, name: str = "slit"):
        super().__init__(name)
        self.top = HintedMotor(f"{name}_top", parent=self)
        self.bottom = HintedMotor(f"{name}_bottom", parent=self)


class BrokenMotor(HintedMotor):
    """Fails, with a status, to reach what is above 1."""

    def set(self, value: Any) -> Status:
        status = super().set(value)
        if value <= 1:
            return status
        failed = Status(self.name, "move")
        failed.set_exception(ValueError("stuck"))
        return failed
