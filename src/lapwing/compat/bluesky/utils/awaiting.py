"""Awaiting: what a device returns, whether it is of the new style or of the old.

Owns bringing both to one form, and the documents that tell of files.
Must not know engines.
Test: devices with plain, and with asynchronous, methods.
"""

import warnings
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from lapwing.protocols import (
    SyncOrAsyncIterator,
    T,
    WritesExternalAssets,
    WritesStreamAssets,
)

already_warned: dict[Any, bool] = {}


async def iterate_maybe_async(iterator: SyncOrAsyncIterator[T]) -> AsyncIterator[T]:
    """Yield what an iterator gives, asynchronous or not."""
    if isinstance(iterator, AsyncIterable):
        async for one in iterator:
            yield one
    else:
        for one in iterator:
            yield one


async def maybe_collect_asset_docs(
    msg: Any, obj: Any, index: int | None = None, *args: Any, **kwargs: Any
) -> AsyncIterator[Any]:
    """Yield the documents that tell where a device has written its data, if any.

    Args:
        msg: The message that is being done.
        obj: The device.
        index: How many frames they may tell of; None: all.
        *args: For the device.
        **kwargs: For the device.
    """
    if not isinstance(obj, WritesExternalAssets | WritesStreamAssets):
        return
    warn_if_msg_args_or_kwargs(msg, obj.collect_asset_docs, args, kwargs)
    method: Any = obj.collect_asset_docs
    if isinstance(obj, WritesStreamAssets):
        args = (index, *args)
    async for doc in iterate_maybe_async(method(*args, **kwargs)):
        yield doc


def warn_if_msg_args_or_kwargs(
    msg: Any, meth: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Warn, once for each method, that a message's arguments go to a device.

    Args:
        msg: The message.
        meth: The device's method.
        args: What it is called with.
        kwargs: What it is called with.
    """
    if not (args or kwargs) or already_warned.get(msg.command):
        return
    already_warned[msg.command] = True
    name = getattr(meth, "__name__", str(meth))
    warnings.warn(
        f"""\
About to call {name}() with args {args} and kwargs {kwargs}.
In the future the passing of Msg.args and Msg.kwargs down to hardware from
Msg("{msg.command}") may be deprecated. If you have a use case for these,
we would like to know about it, so please open an issue at
https://github.com/bluesky/bluesky/issues""",
        stacklevel=2,
    )
