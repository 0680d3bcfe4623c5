"""IOC: the records of the simulated beamline, put together and served.

Owns which devices there are, what they are called, and the start of the server.
Must not know clients, nor how its process was started.
Test: tests/system/test_beamline.py, through Channel Access.

softioc is loaded with this module, so its process must have set the server's
``EPICS_CAS_*`` variables before.
"""

import asyncio
import ctypes

from softioc import builder, softioc
from softioc.asyncio_dispatcher import AsyncioDispatcher
from softioc.imports import Com

from lapwing.sim.records_camera import SimCamera
from lapwing.sim.records_counter import SimDetector, SimScaler
from lapwing.sim.records_mca import build_mca, build_multi_element
from lapwing.sim.records_motor import SimMotor
from lapwing.sim.records_passive import build_extras, build_fast, build_scan
from lapwing.sim.records_series import SimElectrometer, SimMultichannelScaler
from lapwing.sim.sample import Sample
from lapwing.sim.view import View


def build(
    prefix: str,
    sample: Sample,
    *,
    velocity: float,
    acceleration_time: float,
    noise: bool,
    dwell: float,
    limit: float,
) -> None:
    """Make all records of the beamline; once in a process, in its event loop.

    Args:
        prefix: What all names begin with, such as ``"SIM:"``.
        sample: What there is to see.
        velocity: Velocity of both motors in mm/s.
        acceleration_time: Their seconds from rest to that velocity.
        noise: Whether counts are noisy.
        dwell: Seconds of counting per trigger.
        limit: Both motors go from ``-limit`` to ``limit``, in mm.
    """
    drive = {"velocity": velocity, "acceleration_time": acceleration_time}
    x = SimMotor(f"{prefix}X", "along the peak", limit=limit, **drive)
    y = SimMotor(f"{prefix}Y", "across the peak", limit=limit, **drive)
    noisy = builder.boolOut(
        f"{prefix}DET:NOISE", ZNAM="off", ONAM="on", initial_value=noise
    )
    view = View(
        sample, lambda: (x.axis.position, y.axis.position), lambda: bool(noisy.get())
    )
    SimDetector(f"{prefix}DET", view, dwell=dwell)
    SimScaler(f"{prefix}SCALER:", view)
    build_mca(f"{prefix}MCA:", view)
    build_multi_element(f"{prefix}MED:", view)
    SimMultichannelScaler(f"{prefix}MCS:", view)
    SimElectrometer(f"{prefix}EM:", view)
    SimCamera(f"{prefix}CAM:", view)
    for name, value in (("CENTRE", sample.centre), ("FWHM", sample.fwhm)):
        builder.aIn(f"{prefix}TRUTH:{name}", initial_value=value, EGU="mm", PREC=4)
    build_scan(prefix)
    build_extras(prefix)
    build_fast(prefix)


def serve(*, pva: bool = False) -> tuple[int, int | None]:
    """Put the records on the network; needs a running event loop.

    Args:
        pva: Whether PVA is served beside Channel Access.

    Returns:
        The TCP ports that the server really got: Channel Access, and PVA or None.
    """
    builder.LoadDatabase()
    loop = asyncio.get_running_loop()
    softioc.iocInit(AsyncioDispatcher(loop), enable_pva=pva)
    # A busy port silently becomes another one; only the C environment tells.
    port = _c_environment(b"RSRV_SERVER_PORT")
    return port, _c_environment(b"PVAS_SERVER_PORT") if pva else None


def _c_environment(name: bytes) -> int:
    Com.getenv.restype = ctypes.c_char_p
    value = Com.getenv(name)
    return int(value) if value and value.isdigit() else 0
