"""Bluesky's preprocessors: a face of `lapwing.preprocessors`.

Owns nothing beside the names.
Must not hold code.
Test: Bluesky's own tests of them.
"""

# ruff: noqa: F401, F403 - a face imports what others are to find in it

from lapwing.compat.bluesky.plan_stubs import (
    close_run,
    declare_stream,
    mv,
    open_run,
    pause,
    stage_all,
    trigger_and_read,
    unstage_all,
)
from lapwing.compat.bluesky.protocols import Locatable
from lapwing.compat.bluesky.utils import (
    Msg,
    RunEngineControlException,
    ensure_generator,
    get_hinted_fields,
    make_decorator,
    merge_axis,
    normalize_subs_input,
    root_ancestor,
    separate_devices,
    short_uid,
    single_gen,
)
from lapwing.preprocessors import *

_short_uid = short_uid
