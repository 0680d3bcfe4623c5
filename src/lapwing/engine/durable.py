"""The durable feed: documents for those who must hear only what cannot be lost.

Owns the subscribers of ``when="durable"`` and what they have not heard yet.
Must not know where records are kept; the recorder says what is durable.
Test: a recorder whose durability the test advances by hand.
"""

import asyncio
import logging
import threading
from collections import deque
from itertools import count
from time import monotonic

from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.dispatcher import Subscriber, checked
from lapwing.engine.recorder import Recorder
from lapwing.errors import PlanArgumentError

logger = logging.getLogger("lapwing.engine")

BUDGET = 0.002
"""Seconds for which a feed with much to tell may keep the event loop to itself."""

_Waiting = tuple[Recorder | None, int | None, str, Document]

_MANY = 100
"""Documents that nobody listens to, after which the durable ones are let go."""


class _Subscription:
    """One subscriber; while it is told what is past, what comes is kept for it."""

    def __init__(self, func: Subscriber, name: str):
        self.func = func
        self.name = name
        self._lock = threading.Lock()
        self._behind: deque[_Waiting] | None = deque()
        # Whose records are past to it, and the number of the last of these.
        self._recorder: Recorder | None = None
        self._after = -1

    def hear(self, waiting: _Waiting) -> None:
        """Take a document that has become durable."""
        with self._lock:
            if self._behind is not None:
                self._behind.append(waiting)
                return
        self._tell_new(waiting)

    def catch_up(self, recorder: Recorder | None, *, replay: bool) -> None:
        """Tell what is past, if it is wanted, then what came in the meantime."""
        if recorder is not None:
            # Only now: what becomes durable from here on it hears by itself.
            self._recorder, self._after = recorder, recorder.durable
            for name, doc in recorder.documents(self._after) if replay else ():
                self._tell(name, doc)
        while self._behind is not None:
            with self._lock:
                if not self._behind:
                    self._behind = None
                    return
                waiting = self._behind.popleft()
            self._tell_new(waiting)

    def _tell_new(self, waiting: _Waiting) -> None:
        recorder, number, name, doc = waiting
        if recorder is not self._recorder or number is None or number > self._after:
            self._tell(name, doc)

    def _tell(self, name: str, doc: Document) -> None:
        if self.name not in ("all", name):
            return
        try:
            self.func(name, doc)
        except Exception:
            logger.exception("a subscriber of durable documents failed at a %s", name)


class DurableFeed:
    """Hands documents out, in order, after their record is durable.

    Without a recorder a document counts as durable once it is made.
    """

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._tokens = count(-1, -1)  # negative: apart from the dispatcher's
        self._lock = threading.Lock()  # a person subscribes from another thread
        self._subscriptions: dict[int, _Subscription] = {}
        self._waiting: deque[_Waiting] = deque()
        self._most = _MANY
        self._scheduled_on: asyncio.AbstractEventLoop | None = None
        self._heard: list[Recorder] = []  # those that tell what has become durable

    def follow(self, recorder: Recorder | None) -> None:
        """Take what keeps the records, if anything does; between two calls only.

        What the one before has kept must be durable by now; it may not be told yet.
        """
        with self._lock:
            self._recorder = recorder
            if self._subscriptions:
                self._listen()

    def _listen(self) -> None:
        recorder = self._recorder
        if recorder is not None and not any(recorder is one for one in self._heard):
            self._heard.append(recorder)
            recorder.on_durable(self._became_durable)

    def subscribe(self, func: Subscriber, name: str, *, replay: bool) -> int:
        """Call ``func(name, doc)`` for each document that becomes durable.

        With ``replay`` it is first told, by the caller's thread, all that is
        durable already; none is left out, and none told twice.

        Raises:
            PlanArgumentError: There are no documents of that name, or no recorder
                that could replay.
            PlanSignatureError: ``func`` is no function.
        """
        name = checked(func, name)
        recorder = self._recorder
        if replay and recorder is None:
            raise PlanArgumentError(
                "replay=True needs a recorder that keeps documents, and this "
                "engine has none"
            )
        token = next(self._tokens)
        subscription = _Subscription(func, name)
        with self._lock:
            self._subscriptions = {**self._subscriptions, token: subscription}
            self._listen()
        try:
            subscription.catch_up(recorder, replay=replay)
        except BaseException:
            self.unsubscribe(token)  # nobody else knows it
            raise
        return token

    def unsubscribe(self, token: int) -> None:
        """Forget a subscription; an unknown token is no error."""
        # A new dict each time: another thread may be walking over this one.
        with self._lock:
            self._subscriptions = {
                other: one
                for other, one in self._subscriptions.items()
                if other != token
            }

    def add(self, number: int | None, name: str, doc: Document) -> None:
        """Take a document; ``number`` is that of its record, if it has one."""
        if self._subscriptions:
            self._waiting.append((self._recorder, number, name, doc))
            self._schedule()
        elif self._recorder is not None:
            # Nobody listens: keep what is not durable yet, for those who may come.
            self._waiting.append((self._recorder, number, name, doc))
            if len(self._waiting) >= self._most:
                self._let_go()

    def _let_go(self) -> None:
        waiting = self._waiting
        while waiting and self._is_durable(waiting[0]):
            waiting.popleft()
        self._most = len(waiting) + _MANY

    def _is_durable(self, waiting: _Waiting) -> bool:
        recorder, number, *_ = waiting
        if recorder is not self._recorder or recorder is None or number is None:
            return True
        return number <= recorder.durable

    def _became_durable(self, _number: int) -> None:
        if self._waiting:
            device_loop.do_there(self._schedule)

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        if self._scheduled_on is not loop:  # one before may have been closed by then
            self._scheduled_on = loop
            loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        if self._scheduled_on is not asyncio.get_running_loop():
            return  # another has taken its place
        self._scheduled_on = None
        deadline = monotonic() + BUDGET
        while self._waiting and self._is_durable(self._waiting[0]):
            if monotonic() > deadline:
                self._schedule()
                return
            waiting = self._waiting.popleft()
            for subscription in self._subscriptions.values():
                subscription.hear(waiting)
