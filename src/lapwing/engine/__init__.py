"""The engine: interprets the messages of a plan.

Owns the loop, the verbs, pausing and rewinding, and composing documents from
readings. Must not know any device, file or journal: it knows protocols, and is
given a recorder. Test: run a list of messages on soft devices.
"""

from lapwing.engine.asides import (
    announce,
    foresee,
    handles,
    recorded,
    write_soon,
    written,
)
from lapwing.engine.engine import Engine, EngineResult
from lapwing.engine.recorder import MemoryRecorder, Recorder
from lapwing.engine.states import State

__all__ = [
    "Engine",
    "EngineResult",
    "MemoryRecorder",
    "Recorder",
    "State",
    "announce",
    "foresee",
    "handles",
    "recorded",
    "write_soon",
    "written",
]
