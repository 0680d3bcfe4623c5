"""Lapwing's stand-in for the queue server's package, as startup code imports it.

Owns what ``import bluesky_queueserver`` gives; see `lapwing.compat.install`.
Must not import the queue server itself, nor talk to one.
Test: tests/unit/compat/test_queueserver.py; tests/compat/test_startup_code.py.
"""

from lapwing.annotation.decorator import parameter_annotation_decorator
from lapwing.annotation.registration import register_device, register_plan
from lapwing.annotation.validate import validate_plan
from lapwing.annotation.worker_predicates import (
    clear_ipython_mode,
    clear_re_worker_active,
    is_ipython_mode,
    is_re_worker_active,
    set_ipython_mode,
    set_re_worker_active,
)
from lapwing.compat.bluesky_queueserver._version import __version__
from lapwing.compat.bluesky_queueserver.manager.descriptions import (
    bind_plan_arguments,
    construct_parameters,
    format_text_descriptions,
)
from lapwing.compat.bluesky_queueserver.manager.gen_lists import (
    gen_list_of_plans_and_devices,
)

_OF_A_CLIENT = (
    "startup code does not talk to a server; run the client in a process of its own, "
    "with bluesky_queueserver itself and without --compat"
)
LACKING = dict.fromkeys(
    (
        "CommTimeoutError",
        "ReceiveConsoleOutput",
        "ReceiveConsoleOutputAsync",
        "ReceiveSystemInfo",
        "ReceiveSystemInfoAsync",
        "ZMQCommSendAsync",
        "ZMQCommSendThreads",
        "generate_zmq_keys",
        "generate_zmq_public_key",
        "validate_zmq_key",
    ),
    _OF_A_CLIENT,
)
"""What to do instead, for names that the package has and its stand-in has not."""

__all__ = [
    "__version__",
    "bind_plan_arguments",
    "clear_ipython_mode",
    "clear_re_worker_active",
    "construct_parameters",
    "format_text_descriptions",
    "gen_list_of_plans_and_devices",
    "is_ipython_mode",
    "is_re_worker_active",
    "parameter_annotation_decorator",
    "register_device",
    "register_plan",
    "set_ipython_mode",
    "set_re_worker_active",
    "validate_plan",
]
