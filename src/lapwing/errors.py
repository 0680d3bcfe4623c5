"""Every error that Lapwing raises, in one tree.

Owns the classes, their stable codes and their default hints.
Must not know anything else in the package: this is the lowest floor.
Test: construct one, look at ``str``, ``code``, ``hint`` and ``context``.

::

    LapwingError
    ├── PlanError                   the plan's author can mend it
    │   ├── NotAPlanError           also TypeError
    │   ├── PlanArgumentError       also ValueError
    │   ├── PlanSignatureError      also TypeError
    │   ├── IllegalMessageSequence
    │   ├── MismatchedReadError     also RuntimeError
    │   ├── UndeclaredStreamError   also AssertionError
    │   ├── InvalidCommand          also KeyError
    │   ├── ReplayMismatchError
    │   └── UnsupportedDeviceError  also AssertionError
    ├── DeviceError                 the beamline can mend it; carries device and PV
    │   ├── FailedStatus
    │   ├── WaitForTimeoutError     also TimeoutError
    │   ├── DeviceTimeoutError      also TimeoutError
    │   │   └── RampFail            also RuntimeError
    │   ├── DisconnectedError       also ConnectionError
    │   ├── LimitError              also ValueError
    │   ├── NoReadingError          also RuntimeError
    │   └── MotionError
    ├── StateError                  right command, wrong moment; also RuntimeError
    │   ├── ResumeError
    │   └── TransitionError
    ├── DataError
    │   ├── DocumentError           also ValueError
    │   ├── MetadataError           also ValueError
    │   ├── DataPathError           also OSError
    │   └── DataExistsError         also FileExistsError
    ├── AccessError
    ├── ReplayedError
    ├── ConfigError                 also ValueError
    │   └── MissingExtraError       also ImportError
    └── RemoteError

Control exceptions are not errors but orders that a plan sees at its yield::

    RunEngineControlException ← RequestAbort, RequestStop
    PlanHalt (a GeneratorExit) · FailedPause · NoReplayAllowed · RunEngineInterrupted
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class LapwingError(Exception):
    """The root of all errors that Lapwing raises.

    Args:
        message: One sentence: what was asked, what was found, what is allowed.
        hint: What to do next; the class's own hint if not given.
        **context: Facts for programs (device, pv, value, limit, ...).

    Attributes:
        code: Stable name of the error, for the wire and for logs.
        hint: What to do next.
        context: The facts, as given.
    """

    code: ClassVar[str] = "lapwing"
    default_hint: ClassVar[str] = ""

    def __init__(
        self, message: str = "", /, *, hint: str | None = None, **context: Any
    ):
        super().__init__(message)
        self.hint = self.default_hint if hint is None else hint
        self.context = context

    def __str__(self) -> str:
        # Spelled out because KeyError, a base of one of us, shows a repr.
        message = str(self.args[0]) if self.args else ""
        return f"{message} ({self.hint})" if self.hint else message


# ---------------------------------------------------------------- plans


class PlanError(LapwingError):
    """The plan asks for something that cannot be; its author can mend it."""

    code = "plan"


class NotAPlanError(PlanError, TypeError):
    """What was handed to the engine is no plan."""

    code = "plan.not_a_plan"
    default_hint = "call the plan function: RE(count([det])), not RE(count)"


class PlanArgumentError(PlanError, ValueError):
    """An argument of a plan has a value that it must not have."""

    code = "plan.argument"


class PlanSignatureError(PlanError, TypeError):
    """An argument of a plan has the wrong type or signature."""

    code = "plan.signature"


class IllegalMessageSequence(PlanError):
    """A message came at a moment at which it has no meaning."""

    code = "plan.sequence"


class MismatchedReadError(PlanError, RuntimeError):
    """An event was read from other devices than its stream's first event."""

    code = "plan.mismatched_read"
    default_hint = "give these devices a stream of their own"


class UndeclaredStreamError(PlanError, AssertionError):
    """A stream is used in a way for which it was not declared."""

    code = "plan.undeclared_stream"


class InvalidCommand(PlanError, KeyError):
    """The verb of a message is not registered with this engine."""

    code = "plan.command"
    default_hint = "register it with RE.register_command(name, async_function)"


class ReplayMismatchError(PlanError):
    """A plan that is run again after a crash says something else than before."""

    code = "plan.replay"
    default_hint = (
        "let it look at the world only by messages and 'recorded'; "
        "'lapwing plans check FILE --durable' finds where it does not"
    )


class UnsupportedDeviceError(PlanError, AssertionError):
    """The device lacks a method that the message needs."""

    code = "plan.unsupported_device"


# ---------------------------------------------------------------- devices


class DeviceError(LapwingError):
    """Something in the beamline failed; carries the device and, if any, the PV."""

    code = "device"

    def __init__(
        self,
        message: str = "",
        /,
        *,
        hint: str | None = None,
        device: str | None = None,
        pv: str | None = None,
        **context: Any,
    ):
        super().__init__(message, hint=hint, device=device, pv=pv, **context)
        self.device = device
        self.pv = pv


class FailedStatus(DeviceError):
    """An action of a device ended in failure; the cause is ``__cause__``."""

    code = "device.failed_status"

    def __init__(self, message: Any = "", /, *, status: Any = None, **context: Any):
        super().__init__(message, **context)
        self.status = status


class WaitForTimeoutError(DeviceError, TimeoutError):
    """A ``wait`` or ``wait_for`` was not over in its time."""

    code = "device.wait_timeout"


class DeviceTimeoutError(DeviceError, TimeoutError):
    """A device did not answer, or did not finish, in its time."""

    code = "device.timeout"


class RampFail(DeviceTimeoutError, RuntimeError):
    """What a ramp waits for was not done in its time."""

    code = "device.timeout.ramp"
    default_hint = "give it more time; timeout=None waits for ever"


class DisconnectedError(DeviceError, ConnectionError):
    """A PV is not, or no longer, connected.

    ``pvs`` lists every PV concerned, so that one look shows all of them.
    """

    code = "device.disconnected"
    default_hint = "check that the IOC runs and that EPICS_CA_* name its address"

    def __init__(
        self, message: str = "", /, *, pvs: Sequence[str] = (), **context: Any
    ):
        super().__init__(message, pvs=list(pvs), **context)
        self.pvs = list(pvs)


class LimitError(DeviceError, ValueError):
    """A position lies outside a limit; nothing was moved."""

    code = "device.limit"
    default_hint = "move it nearer or ask for new limits"


class NoReadingError(DeviceError, RuntimeError):
    """A device was read and returned nothing."""

    code = "device.no_reading"
    default_hint = "its read() must return a dict of readings, empty if need be"


class MotionError(DeviceError):
    """A motor did not reach the position it was sent to."""

    code = "device.motion"


# ---------------------------------------------------------------- states


class StateError(LapwingError, RuntimeError):
    """The right command at the wrong moment; says which are allowed now."""

    code = "state"


class ResumeError(StateError):
    """A call that a crash has cut off cannot be resumed, only closed."""

    code = "state.resume"
    default_hint = "close it: lapwing resume --close"


class TransitionError(StateError):
    """The engine cannot go from its state to the one asked for."""

    code = "state.transition"


# ---------------------------------------------------------------- data


class DataError(LapwingError):
    """Data or metadata cannot be taken, kept or read."""

    code = "data"


class DocumentError(DataError, ValueError):
    """A document breaks the event model."""

    code = "data.document"


class MetadataError(DataError, ValueError):
    """A piece of metadata cannot be written down; the key is named."""

    code = "data.metadata"
    default_hint = "use text, numbers, booleans, None, lists, dicts or numpy arrays"


class DataPathError(DataError, OSError):
    """The data directory cannot be written to."""

    code = "data.path"


class DataExistsError(DataError, FileExistsError):
    """A file of that name is there already; it is never overwritten."""

    code = "data.exists"


# ---------------------------------------------------------------- the rest


class AccessError(LapwingError):
    """The user may not do that."""

    code = "access"


class ReplayedError(LapwingError):
    """An error of before a crash, of a class that is not known here."""

    code = "replayed"


class ConfigError(LapwingError, ValueError):
    """A setting is wrong; names the setting, and the file and line if there is one."""

    code = "config"


class MissingExtraError(ConfigError, ImportError):
    """Something needs a library that comes with an extra of Lapwing.

    Args:
        message: What needs which library.
        extra: Name of the extra, such as "plots".
        hint: What to do next; how to install the extra if not given.
        **context: Facts for programs.
    """

    code = "config.missing_extra"
    default_hint = "pip install 'lapwing[plots,fit,notebook,epics]'"

    def __init__(
        self,
        message: str = "",
        /,
        *,
        extra: str = "",
        hint: str | None = None,
        **context: Any,
    ):
        if hint is None and extra:
            hint = f"pip install 'lapwing[{extra}]'"
        super().__init__(message, hint=hint, extra=extra, **context)
        self.extra = extra


class RemoteError(LapwingError):
    """Another process answered with an error, or not at all."""

    code = "remote"


# ---------------------------------------------------------------- control


class RunEngineControlException(Exception):
    """An order that is thrown into the plan at its yield.

    Attributes:
        exit_status: What an open run is closed with.
    """

    exit_status: ClassVar[str] = "abort"


class RequestAbort(RunEngineControlException):
    """Somebody asked to abort: clean up, and close runs with "abort"."""

    exit_status = "abort"


class RequestStop(RunEngineControlException):
    """Somebody asked to stop: clean up, and close runs with "success"."""

    exit_status = "success"


class PlanHalt(GeneratorExit):
    """Somebody asked to halt: end at once, without the plan's own clean-up."""


class FailedPause(Exception):
    """A pause was asked for where the plan cannot be resumed."""


class NoReplayAllowed(Exception):
    """A device cannot be rewound; raised by its ``pause``."""


class RunEngineInterrupted(Exception):
    """The blocking call returned because the plan is paused."""
