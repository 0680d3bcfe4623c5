"""Lapwing's stand-in for Bluesky: its module names, each a face over our rooms.

Owns what ``import bluesky`` gives; see `lapwing.compat.install`.
Must not import Bluesky itself.
Test: Bluesky's own tests, run through the alias by ``tools/bluesky_suite.py``.
"""

from lapwing.compat.bluesky._version import __version__
from lapwing.compat.bluesky.log import set_handler
from lapwing.compat.bluesky.run_engine import RunEngine
from lapwing.errors import FailedStatus, IllegalMessageSequence, RunEngineInterrupted
from lapwing.messages import Msg
from lapwing.plans.supplemental import SupplementalData

__all__ = [
    "FailedStatus",
    "IllegalMessageSequence",
    "Msg",
    "RunEngine",
    "RunEngineInterrupted",
    "SupplementalData",
    "__version__",
    "set_handler",
]
