"""Subscription: what a Channel Access server tells by itself, and that it was lost.

Owns the way of news from libca's threads to the event loop.
Must not know channels, clients or devices; is loaded with libca, never before.
Test: tests/contract/test_subscription.py, against the simulated beamline.

aioca's own subscriptions are not used: they end for good if the server goes away while
they begin, mix up a loss with a return that came while the loop was busy, and can
leave a value lying until the next one comes.
"""

import asyncio
import contextlib
import ctypes
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aioca._catools import get_channel
from epicscorelibs.ca import cadef, dbr

from lapwing.epics.batch import NORMAL, Target, flush_soon, target_of, value_in
from lapwing.epics.convert import control_of
from lapwing.epics.wire import TIMED


@dataclass(frozen=True, slots=True)
class Wanted:
    """What libca is asked for.

    Attributes:
        kind: Code of the type.
        count: Number of elements.
        events: Of which changes to tell.
        read: Makes of what libca tells what is told on.
    """

    kind: int
    count: int
    events: int
    read: Callable[[Any], Any]


def values(target: Target) -> Wanted:
    """Return what asks for the values of a PV, all elements of an array.

    Args:
        target: The PV.
    """
    changes = cadef.DBE_VALUE | cadef.DBE_ALARM
    kind, count = target.kind + TIMED, target.count
    return Wanted(kind, count, changes, lambda news: value_in(target, news))


def controls(target: Target) -> Wanted:
    """Return what asks for the control data of a PV, without the traffic of values.

    Args:
        target: The PV.
    """
    known: Any = dbr.type_to_dbr(target.channel, None, dbr.FORMAT_CTRL)
    kind, read = known
    return Wanted(
        kind,
        1,
        cadef.DBE_PROPERTY,
        lambda news: control_of(read(news.raw_dbr, news.type, news.count)),
    )


class Post:
    """The way from libca's threads to the running event loop.

    One wake-up is for all that comes until the loop has turned.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Feed] = deque()
        self._woken = False

    def send(self, feed: "_Feed") -> None:
        """Let something be taken in the event loop; to be called in any thread.

        Args:
            feed: What has news.
        """
        self._waiting.append(feed)
        if not self._woken:
            self._woken = True
            # A loop that was closed meanwhile waits for nothing.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # Before anything is taken: what comes from now on wakes the loop again.
        self._woken = False
        while self._waiting:
            # Each by itself: an error of one listener stays with it.
            self._loop.call_soon(self._waiting.popleft().take)


class Subscription:
    """A subscription to one PV, made anew for each connection to its server.

    Args:
        pv: Name of the PV.
        post: What brings the news to the event loop.
        wanted: Says what to ask for, once there is a connection.
        on_news: Called in the event loop with each news.
        on_loss: Called in the event loop when the connection is lost.
        every: Tell every change; else only the last of those that came while the
            loop was busy.

    Attributes:
        channel: aioca's.
        target: What the PV is to libca; None before the first connection.
    """

    def __init__(
        self,
        pv: str,
        post: Post,
        wanted: Callable[[Target], Wanted],
        on_news: Callable[[Any], None],
        *,
        on_loss: Callable[[], None] | None = None,
        every: bool = True,
    ):
        self.channel: Any = get_channel(pv)
        self.target: Target | None = None
        self._wanted = wanted
        self._on_loss = on_loss
        most = None if every else 1
        self._new_feed = partial(_Feed, post=post, tell=on_news, most=most)
        self._feed: _Feed | None = None
        self._open = True
        self.channel._add_subscription(self)  # noqa: SLF001
        if self.channel.connected():
            self._begin()

    @property
    def is_open(self) -> bool:
        """Whether it still tells."""
        return self._open

    def close(self) -> None:
        """Call nobody any more."""
        if self._open:
            self._open = False
            self._end()
            self.channel._remove_subscription(self)  # noqa: SLF001

    def _on_connect(self, connected: bool) -> None:
        """Hear of a loss or a return; aioca calls this, in the event loop."""
        self._end()
        if connected:
            self._begin()
        elif self._on_loss is not None:
            # Not now: who is told may change what aioca is going through.
            asyncio.get_running_loop().call_soon(self._lose)

    def _lose(self) -> None:
        if self._open and self._on_loss is not None:
            self._on_loss()

    def _begin(self) -> None:
        # The server may be gone again, which will be told next.
        with contextlib.suppress(cadef.Disconnected):
            self.target = target_of(self.channel)
            wanted = self._wanted(self.target)
            self._feed = self._new_feed(self.target, wanted)
            flush_soon()

    def _end(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None


class _Feed:
    """A subscription at libca, from a connection to its loss.

    Args:
        target: The PV.
        wanted: What to ask for.
        post: What brings the news to the event loop.
        tell: Called there with each.
        most: How many news are kept until then; None keeps all.
    """

    def __init__(
        self,
        target: Target,
        wanted: Wanted,
        post: Post,
        tell: Callable[[Any], None],
        most: int | None,
    ):
        self.read = wanted.read
        self.post = post
        self.news: deque[Any] = deque(maxlen=most)
        self._tell = tell
        self._event: ctypes.c_void_p | None = ctypes.c_void_p()
        cadef.ca_create_subscription(
            wanted.kind,
            wanted.count,
            target.handle,
            wanted.events,
            _on_event,
            ctypes.py_object(self),
            ctypes.byref(self._event),
        )

    def take(self) -> None:
        """Tell the next news, if there is one still."""
        if self._event is not None and self.news:
            self._tell(self.news.popleft())

    def close(self) -> None:
        """Tell nothing any more; libca then knows this object no more."""
        event, self._event = self._event, None
        cadef.ca_clear_subscription(event)


@cadef.event_handler
def _on_event(args: Any) -> None:
    feed: _Feed = args.usr
    # Another status says that a server does not let us read, as yet.
    if args.status == NORMAL and args.raw_dbr:
        feed.news.append(feed.read(args))
        feed.post.send(feed)
