"""Predeclaring: saying what a stream will hold before its first event.

Owns when plans do so: if the variable BLUESKY_PREDECLARE is set to anything.
Must not know which plan asks.
Test: set the variable, look at a plan's messages.
"""

import os
from collections.abc import Sequence
from typing import Any

from lapwing.engine.asides import recorded
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import separate_devices

VARIABLE = "BLUESKY_PREDECLARE"


def predeclare(devices: Sequence[Any]) -> MsgGenerator[None]:
    """Declare the stream that these will be read into, if that is asked for."""
    if recorded(lambda: bool(os.environ.get(VARIABLE))):
        yield Msg(
            "declare_stream",
            None,
            *separate_devices(devices),
            name="primary",
            collect=False,
        )
