"""Bluesky's stubs: a face of `lapwing.plan_stubs`.

Owns nothing beside the names.
Must not hold code.
Test: Bluesky's own tests of them.
"""

# ruff: noqa: F401, F403 - a face imports what others are to find in it

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lapwing.compat.bluesky.protocols import (
    Configurable,
    Flyable,
    Locatable,
    Location,
    Movable,
    PartialEvent,
    Preparable,
    Readable,
    Reading,
    Stageable,
    Status,
    Stoppable,
    Triggerable,
    check_supports,
)
from lapwing.compat.bluesky.utils import (
    CustomPlanMetadata,
    Msg,
    MsgGenerator,
    ScalarOrIterableFloat,
    all_safe_rewind,
    ensure_generator,
    get_hinted_fields,
    merge_cycler,
    plan,
    separate_devices,
    short_uid,
)
from lapwing.plan_stubs import *
from lapwing.plan_stubs import wait as _wait

TakeReading = Callable[[Sequence[Readable]], MsgGenerator[Mapping[str, Any]]]
_short_uid = short_uid
