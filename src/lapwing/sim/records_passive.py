"""Passive records: what keeps what is put into it, without any Python behind it.

Owns the records to post into, the extra PVs, and the fast ones for benchmarks.
Must not know detectors or motors; nothing here runs once the server serves.
Test: tests/system/test_beamline_records.py, through Channel Access.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from softioc import builder

from lapwing.sim.scan_fields import Field, info_fields, sscan_fields

WAVE_SIZE = 2048
NUM_FAST_POSITIONERS = 30
# Record types of base itself, which the builder makes from its definitions.
_RECORDS: Any = builder.records
_ARRAYS = {"reals": "DOUBLE", "floats": "FLOAT", "long text": "CHAR"}


def build_scan(prefix: str) -> None:
    """Make what a step scan posts into: ``scan1:NPTS`` ..., and ``scan:status`` ...

    Args:
        prefix: What all names begin with, such as ``"SIM:"``.
    """
    _build_fields(f"{prefix}scan1:", sscan_fields())
    _build_fields(f"{prefix}scan:", info_fields())


def _build_fields(prefix: str, fields: Iterable[Field]) -> None:
    for field in fields:
        name = prefix + field.name
        if field.kind == "whole":
            _RECORDS.longout(name, VAL=field.initial, PINI="YES")
        elif field.kind == "real":
            _RECORDS.ao(name, VAL=field.initial, PINI="YES")
        elif field.kind == "text":
            _RECORDS.stringout(name, PINI="YES", UDF=0)
        else:
            _RECORDS.waveform(
                name, FTVL=_ARRAYS[field.kind], NELM=field.size, PINI="YES"
            )


def build_extras(prefix: str) -> None:
    """Make what a scan notes beside its data: shutter, ring current, temperatures.

    Args:
        prefix: What all names begin with, such as ``"SIM:"``.
    """
    _RECORDS.bo(
        f"{prefix}SHUTTER",
        DESC="photon shutter",
        ZNAM="closed",
        ONAM="open",
        PINI="YES",
    )
    build = _RECORDS.ai
    build(
        f"{prefix}RING:CURRENT",
        DESC="current in the storage ring",
        EGU="mA",
        PREC=2,
        VAL=200.0,
        PINI="YES",
    )
    places = ("hutch", "monochromator", "sample")
    for i, (place, value) in enumerate(zip(places, (22.5, -150.2, 25.0), strict=True)):
        build(
            f"{prefix}TEMP{i + 1}",
            DESC=f"temperature of the {place}",
            EGU="degC",
            PREC=2,
            VAL=value,
            PINI="YES",
        )


def build_fast(prefix: str) -> None:
    """Make the records for benchmarks, processed by EPICS base alone.

    A put to ``FAST:TRIG`` adds 1 to ``FAST:COUNT`` before it completes, and with it
    goes what depends on the count: four numbers and a waveform of 2048, which
    begins with the count (modulo 2048) and rises by 1.

    Args:
        prefix: What all names begin with, such as ``"SIM:"``.
    """
    fast = f"{prefix}FAST:"
    names = ["POS", *(f"P{i:02}" for i in range(1, NUM_FAST_POSITIONERS + 1))]
    for name in names:
        _RECORDS.ao(fast + name, VAL=0, PREC=4, EGU="mm", PINI="YES")
    chain = ["COUNT", "S1", "S2", "S3", "S4", "INDEX", "WINDOW", "WAVE"]
    after = {one: fast + two for one, two in pairwise(chain)}
    _RECORDS.longout(f"{fast}TRIG", FLNK=f"{fast}COUNT")
    count = f"{fast}COUNT"
    # A calc that reads its own value: it is what counts.
    _RECORDS.calc(count, INPA=f"{count} NPP NMS", CALC="A+1", FLNK=after["COUNT"])
    for i in range(1, 5):
        _RECORDS.calc(
            f"{fast}S{i}",
            INPA=f"{count} NPP NMS",
            CALC=f"{i}*A",
            FLNK=after[f"S{i}"],
        )
    _RECORDS.calcout(
        f"{fast}INDEX",
        INPA=f"{count} NPP NMS",
        CALC=f"A%{WAVE_SIZE}",
        OUT=f"{fast}WINDOW.INDX NPP NMS",
        FLNK=after["INDEX"],
    )
    ramp = np.arange(2 * WAVE_SIZE, dtype=np.float64)
    # Read by a link only, so its Python side never runs.
    builder.WaveformOut(f"{fast}RAMP", ramp)
    arrays = {"FTVL": "DOUBLE", "NELM": WAVE_SIZE, "PINI": "YES"}
    _RECORDS.subArray(
        f"{fast}WINDOW",
        INP=f"{fast}RAMP NPP NMS",
        MALM=2 * WAVE_SIZE,
        FLNK=after["WINDOW"],
        **arrays,
    )
    # Clients see as many elements as a subArray could have; a waveform has these.
    _RECORDS.waveform(f"{fast}WAVE", INP=f"{fast}WINDOW NPP NMS", **arrays)
