"""Fields: what the PVs of a motor are called.

Owns the names of the motor record and of the simulated beamline's motors.
Must not know devices or channels.
Test: ``MOTOR_RECORD.pvs("IOC:m1")``.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class MotorFields:
    """What the PVs of a motor are called, after its prefix.

    The defaults are those of EPICS' motor record. None stands for a PV that the
    motor does not have; set-point, read-back and stop are always needed.

    Source:
        The motor record's reference (EPICS ``motor`` module, "Record Fields").
    """

    setpoint: str = ".VAL"
    readback: str = ".RBV"
    stop: str = ".STOP"
    done: str | None = ".DMOV"
    velocity: str | None = ".VELO"
    acceleration: str | None = ".ACCL"
    settle: str | None = ".DLY"
    high_limit: str | None = ".HLM"
    low_limit: str | None = ".LLM"
    violation: str | None = ".LVIO"
    missed: str | None = ".MISS"
    mode: str | None = ".SPMG"
    units: str | None = ".EGU"

    def pvs(self, prefix: str) -> dict[str, str]:
        """Return the names of the PVs, by role.

        Args:
            prefix: What they all begin with, such as ``"SIM:X"``.
        """
        suffixes = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {role: prefix + s for role, s in suffixes.items() if s is not None}


MOTOR_RECORD = MotorFields()

SIM_FIELDS = MotorFields(
    setpoint="",
    readback=":RBV",
    stop=":STOP",
    done=":DMOV",
    velocity=":VELO",
    acceleration=":ACCL",
    settle=None,
    high_limit=":HLM",
    low_limit=":LLM",
    violation=":LVIO",
    missed=":MISS",
    mode=None,
    units=":EGU",
)
"""The fields of the simulated beamline's motors."""
