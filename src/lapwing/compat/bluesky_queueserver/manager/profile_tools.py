"""``bluesky_queueserver.manager.profile_tools``, from our rooms.

Owns nothing.
Must not hold code, nor need happi.
Test: tests/unit/compat/test_queueserver.py.
"""

from lapwing.annotation.startup_shell import (
    UserNamespace,
    global_user_namespace,
    set_user_ns,
)
from lapwing.annotation.worker_predicates import (
    clear_ipython_mode,
    clear_re_worker_active,
    is_ipython_mode,
    is_re_worker_active,
    set_ipython_mode,
    set_re_worker_active,
)

LACKING = {
    "load_devices_from_happi": (
        "load them with happi itself, whose database it is: "
        "det = happi.Client.from_config().load_device(name='det')"
    )
}
"""What to do instead, for names that the module has and its stand-in has not."""

__all__ = [
    "UserNamespace",
    "clear_ipython_mode",
    "clear_re_worker_active",
    "global_user_namespace",
    "is_ipython_mode",
    "is_re_worker_active",
    "set_ipython_mode",
    "set_re_worker_active",
    "set_user_ns",
]
