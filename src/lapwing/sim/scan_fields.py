"""Scan fields: the names of an sscan record, and of a step scan's own keys.

Owns which fields there are to post into, and what each of them keeps.
Must not know which server has them.
Test: the names are those of the sscan record, and none comes twice.

Names and types are those of the sscan record's reference of synApps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_POINTS = 2000
NUM_DETECTORS = 70
_NUM_POSITIONERS = 4
_TEXT_SIZE = 1024

Kind = Literal["whole", "real", "text", "long text", "reals", "floats"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that keeps what is put into it.

    Attributes:
        name: Its name, after the record's and a separator.
        kind: What it keeps: a number, a text of up to 39 characters, a long text
            (an array of characters), or an array of float64 or float32.
        initial: The number that it begins with.
        size: Greatest number of elements of an array.
    """

    name: str
    kind: Kind
    initial: int = 0
    size: int = MAX_POINTS


def sscan_fields() -> Iterator[Field]:
    """Yield the fields of an sscan record to post into.

    There are four positioners and triggers, and seventy detectors.
    """
    yield Field("NPTS", "whole", 100)
    yield Field("MPTS", "whole", MAX_POINTS)
    for name in ("CPT", "EXSC", "BUSY", "FAZE", "DATA", "ALRT", "PAUS", "CMND"):
        yield Field(name, "whole")
    for name in ("WAIT", "WCNT", "WTNG", "AWCT", "AWAIT", "AAWAIT", "DSTATE", "PASM"):
        yield Field(name, "whole")
    yield Field("REFD", "whole", 1)
    for name in ("PDLY", "DDLY", "RDLY", "ATIME", "VAL"):
        yield Field(name, "real")
    for name in ("SMSG", "A1PV", "BSPV", "ASPV"):
        yield Field(name, "text")
    for name in ("A1CD", "BSCD", "ASCD"):
        yield Field(name, "real", 1)
    for i in range(1, _NUM_POSITIONERS + 1):
        yield from _positioner(i)
    for i in range(1, NUM_DETECTORS + 1):
        yield Field(f"D{i:02}PV", "text")
        yield Field(f"D{i:02}CV", "real")
        yield Field(f"D{i:02}DA", "floats")
        yield Field(f"D{i:02}CA", "floats")


def _positioner(i: int) -> Iterator[Field]:
    for name in (f"P{i}PV", f"R{i}PV", f"T{i}PV", f"P{i}EU"):
        yield Field(name, "text")
    for name in (f"P{i}DV", f"R{i}CV", f"P{i}CV", f"P{i}SP", f"P{i}EP", f"P{i}SI"):
        yield Field(name, "real")
    yield Field(f"T{i}CD", "real", 1)
    for name in (f"P{i}SM", f"P{i}AR"):
        yield Field(name, "whole")
    for name in (f"P{i}PA", f"P{i}RA", f"R{i}RA", f"P{i}CA"):
        yield Field(name, "reals")


def info_fields() -> Iterator[Field]:
    """Yield the keys under which a step scan tells of itself and is told what to do."""
    for name in ("status", "time_estimate", "heartbeat", "scan_progress"):
        yield Field(name, "text")
    for name in ("message", "last_error", "command", "filename", "workdir"):
        yield Field(name, "long text", size=_TEXT_SIZE)
    for name in ("cpt", "npts", "cmd_id"):
        yield Field(name, "whole")
    for name in ("abort", "pause", "resume", "skip", "shutdown"):
        yield Field(f"request_{name}", "whole")
