"""The durable feed: documents for those who must hear only what cannot be lost.

Owns the subscribers of ``when="durable"`` and what they have not heard yet.
Must not know where records are kept; the recorder says what is durable.
Test: a recorder whose durability the test advances by hand.
"""

import asyncio
import logging
from collections import deque
from itertools import count

from lapwing.documents import Document
from lapwing.engine.dispatcher import NAMES, Subscriber
from lapwing.engine.recorder import Recorder
from lapwing.errors import PlanArgumentError

logger = logging.getLogger("lapwing.engine")


class DurableFeed:
    """Hands documents out, in order, after their record is durable.

    Without a recorder a document counts as durable once it is made.

    Args:
        recorder: What keeps the records, if anything does.

    Attributes:
        wanted: Whether anybody has subscribed.
    """

    def __init__(self, recorder: Recorder | None):
        self.wanted = False
        self._recorder = recorder
        self._tokens = count(-1, -1)  # negative: apart from the dispatcher's
        self._subscribers: dict[int, tuple[str, Subscriber]] = {}
        self._waiting: deque[tuple[int | None, str, Document]] = deque()
        self._scheduled = False
        self._listening = False

    def subscribe(self, func: Subscriber, name: str, *, replay: bool) -> int:
        """Call ``func(name, doc)`` for each durable document from now on.

        Raises:
            PlanArgumentError: There are no documents of that name, or no recorder
                that could replay.
        """
        if name != "all" and name not in NAMES:
            raise PlanArgumentError(f"there are no documents named {name!r}")
        if replay:
            if self._recorder is None:
                raise PlanArgumentError(
                    "replay=True needs a recorder that keeps documents, and this "
                    "engine has none"
                )
            for past, doc in self._recorder.documents():
                if name in ("all", past):
                    func(past, doc)
        token = next(self._tokens)
        self._subscribers[token] = (name, func)
        self.wanted = True
        if self._recorder is not None and not self._listening:
            self._listening = True
            self._recorder.on_durable(self._became_durable)
        return token

    def unsubscribe(self, token: int) -> None:
        """Forget a subscription; an unknown token is no error."""
        self._subscribers.pop(token, None)
        self.wanted = bool(self._subscribers)

    def add(self, number: int | None, name: str, doc: Document) -> None:
        """Take a document; ``number`` is that of its record, if it has one."""
        self._waiting.append((number, name, doc))
        self._schedule()

    def _became_durable(self, _number: int) -> None:
        if self._waiting:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        durable = None if self._recorder is None else self._recorder.durable
        while self._waiting:
            number = self._waiting[0][0]
            if durable is not None and number is not None and number > durable:
                return
            _, name, doc = self._waiting.popleft()
            for wanted, func in list(self._subscribers.values()):
                if wanted in ("all", name):
                    _tell(func, name, doc)


def _tell(func: Subscriber, name: str, doc: Document) -> None:
    try:
        func(name, doc)
    except Exception:
        logger.exception("a subscriber of durable documents failed at a %s", name)
