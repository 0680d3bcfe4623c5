"""Safety: callbacks whose failures are told, and do not end a plan.

Owns the two decorators, and the variable by which they are turned off.
Must not know what the callbacks do.
Test: decorate what raises; call it, with the variable set and not.
"""

import logging
import os
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

VARIABLE = "BLUESKY_DEBUG_CALLBACKS"

_logger = logging.getLogger(__name__)


def make_callback_safe(
    func: Callable[..., Any] | None = None, *, logger: Any = None
) -> Any:
    """Let a callback's failures be logged instead of raised.

    For what shows data, never for what keeps them. If the environment variable
    ``BLUESKY_DEBUG_CALLBACKS`` is set to anything, they are raised as well.

    Args:
        func: The callback; without it, a decorator is returned.
        logger: Its ``exception`` is called; None takes this module's.
    """
    if func is None:
        return partial(make_callback_safe, logger=logger)
    log = _logger if logger is None else logger

    @wraps(func)
    def safe(*args: Any, **kwargs: Any) -> Any:
        try:
            return func(*args, **kwargs)
        except Exception:
            log.exception(
                "An exception of %r is being suppressed to not interrupt plan "
                "execution. To investigate, set the environment variable %s=1.",
                func,
                VARIABLE,
            )
            if os.environ.get(VARIABLE):
                raise
            return None

    return safe


def make_class_safe(
    cls: type[Any] | None = None,
    *,
    to_wrap: Sequence[str] | None = None,
    logger: Any = None,
) -> Any:
    """Let the failures of a class of callbacks be logged instead of raised.

    Args:
        cls: The class, which is changed; without it, a decorator is returned.
        to_wrap: Names of the methods concerned; None: ``__call__``.
        logger: As of `make_callback_safe`.
    """
    if cls is None:
        return partial(make_class_safe, to_wrap=to_wrap, logger=logger)
    for name in ("__call__",) if to_wrap is None else to_wrap:
        if (method := getattr(cls, name, None)) is not None:
            setattr(cls, name, make_callback_safe(method, logger=logger))
    return cls
