"""Bluesky's utilities: a face over many rooms.

Owns nothing beside the names, and the smallest of what they name.
Must not hold what belongs into a room.
Test: Bluesky's own tests of them.
"""

import inspect
import sys
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from types import GeneratorType
from typing import Any, TypeAlias, TypedDict, TypeVar

from event_model.documents import (
    Document,
    Event,
    EventDescriptor,
    RunStart,
    RunStop,
)

from lapwing.compat.bluesky._sigint import SigintHandler
from lapwing.compat.bluesky.protocols import (
    Asset,
    HasHints,
    HasParent,
    Hints,
    Movable,
    Readable,
    StreamAsset,
    SyncOrAsync,
    SyncOrAsyncIterator,
    T,
    WritesExternalAssets,
    WritesStreamAssets,
    check_supports,
)
from lapwing.compat.bluesky.utils.awaiting import (
    already_warned,
    iterate_maybe_async,
    maybe_collect_asset_docs,
    warn_if_msg_args_or_kwargs,
)
from lapwing.compat.bluesky.utils.cyclers import (
    merge_axis,
    merge_cycler,
    snake_cyclers,
)
from lapwing.compat.bluesky.utils.during import DefaultDuringTask, DuringTask
from lapwing.compat.bluesky.utils.history import ENV_VAR, SEARCH_PATH, get_history
from lapwing.compat.bluesky.utils.kickers import (
    install_kicker,
    install_nb_kicker,
    install_qt_kicker,
    install_remote_qt_kicker,
)
from lapwing.compat.bluesky.utils.objects import (
    all_safe_rewind,
    ancestry,
    first_key_heuristic,
    get_hinted_fields,
    is_movable,
    maybe_update_hints,
    root_ancestor,
    separate_devices,
    share_ancestor,
)
from lapwing.compat.bluesky.utils.persistent import PersistentDict
from lapwing.compat.bluesky.utils.progress import (
    ProgressBar,
    ProgressBarBase,
    ProgressBarManager,
    TerminalProgressBar,
    default_progress_bar,
)
from lapwing.compat.bluesky.utils.progress import l2norm as _L2norm  # noqa: N812
from lapwing.compat.bluesky.utils.prompting import (
    AsyncInput,
    expiring_function,
    register_transform,
    ts_msg_hook,
)
from lapwing.compat.bluesky.utils.registry import (
    CallbackRegistry,
    _BoundMethodProxy,
)
from lapwing.compat.bluesky.utils.signals import PauseRequest, SignalHandler
from lapwing.compat.bluesky.utils.structures import Struct, StructMeta
from lapwing.compat.bluesky.utils.subscriptions import (
    SUBS_NAMES,
    DefaultSubs,
    Subs,
    apply_sub_factories,
    normalize_subs_input,
    update_sub_lists,
)
from lapwing.compat.bluesky.utils.values import (
    apply_to_dict_recursively,
    ensure_uid,
    sanitize_np,
    short_uid,
    truncate_json_overflow,
)
from lapwing.compat.bluesky.utils.values import (
    parallel_dicts as _rearrange_into_parallel_dicts,
)
from lapwing.documents import new_uid
from lapwing.errors import (
    FailedPause,
    FailedStatus,
    IllegalMessageSequence,
    InvalidCommand,
    NoReplayAllowed,
    PlanHalt,
    RampFail,
    RequestAbort,
    RequestStop,
    RunEngineControlException,
    RunEngineInterrupted,
    TransitionError,
)
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.mutators import ensure_generator, make_decorator
from lapwing.plans.plan import Plan, plan
from lapwing.protocols import resolve as maybe_await

__all__ = [
    "ENV_VAR",
    "PLAN_TYPES",
    "SEARCH_PATH",
    "SUBS_NAMES",
    "Asset",
    "AsyncInput",
    "CallbackRegistry",
    "CustomPlanMetadata",
    "DefaultDuringTask",
    "DefaultSubs",
    "Document",
    "DuringTask",
    "Event",
    "EventDescriptor",
    "FailedPause",
    "FailedStatus",
    "HasHints",
    "HasParent",
    "Hints",
    "IllegalMessageSequence",
    "InvalidCommand",
    "Movable",
    "Msg",
    "MsgGenerator",
    "NoReplayAllowed",
    "OneOrMany",
    "P",
    "PauseRequest",
    "PersistentDict",
    "Plan",
    "PlanHalt",
    "ProgressBar",
    "ProgressBarBase",
    "ProgressBarManager",
    "RampFail",
    "Readable",
    "RequestAbort",
    "RequestStop",
    "RunEngineControlException",
    "RunEngineInterrupted",
    "RunStart",
    "RunStop",
    "ScalarOrIterableFloat",
    "SigintHandler",
    "SignalHandler",
    "StreamAsset",
    "Struct",
    "StructMeta",
    "Subs",
    "Subscriber",
    "SubscriberMap",
    "Subscribers",
    "SyncOrAsync",
    "SyncOrAsyncIterator",
    "T",
    "TerminalProgressBar",
    "TransitionError",
    "WritesExternalAssets",
    "WritesStreamAssets",
    "_BoundMethodProxy",
    "_L2norm",
    "_rearrange_into_parallel_dicts",
    "all_safe_rewind",
    "already_warned",
    "ancestry",
    "apply_sub_factories",
    "apply_to_dict_recursively",
    "check_supports",
    "default_progress_bar",
    "ensure_generator",
    "ensure_uid",
    "expiring_function",
    "first_key_heuristic",
    "get_hinted_fields",
    "get_history",
    "install_kicker",
    "install_nb_kicker",
    "install_qt_kicker",
    "install_remote_qt_kicker",
    "is_movable",
    "is_plan",
    "iterate_maybe_async",
    "make_decorator",
    "maybe_await",
    "maybe_collect_asset_docs",
    "maybe_update_hints",
    "merge_axis",
    "merge_cycler",
    "new_uid",
    "normalize_subs_input",
    "plan",
    "register_transform",
    "root_ancestor",
    "sanitize_np",
    "separate_devices",
    "share_ancestor",
    "short_uid",
    "single_gen",
    "snake_cyclers",
    "sys",
    "time",
    "truncate_json_overflow",
    "ts_msg_hook",
    "update_sub_lists",
    "warn_if_msg_args_or_kwargs",
]

P = TypeVar("P")
CustomPlanMetadata = dict[str, Any]
ScalarOrIterableFloat: TypeAlias = float | Iterable[float]
Subscriber = Callable[[str, P], Any]
OneOrMany: TypeAlias = P | Sequence[P]
PLAN_TYPES: tuple[type, ...] = (GeneratorType, Plan)


class SubscriberMap(TypedDict, total=False):
    """Subscribers by the name of their documents."""

    all: OneOrMany[Subscriber[Document]]
    start: OneOrMany[Subscriber[RunStart]]
    stop: OneOrMany[Subscriber[RunStop]]
    event: OneOrMany[Subscriber[Event]]
    descriptor: OneOrMany[Subscriber[EventDescriptor]]


Subscribers: TypeAlias = OneOrMany[Subscriber[Document]] | SubscriberMap


def single_gen(msg: Msg) -> Generator[Msg, Any, Any]:
    """Return a plan of one message; it returns the response."""
    return (yield msg)


def is_plan(bs_plan: Any) -> bool:
    """Whether a function makes plans: is a generator function, or marked as one."""
    return inspect.isgeneratorfunction(bs_plan) or getattr(bs_plan, "_is_plan_", False)
