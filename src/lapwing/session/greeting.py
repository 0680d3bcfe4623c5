"""The greeting: what a session says at its start of what others left unfinished.

Owns what is done about it, as ``LAPWING_UNFINISHED`` says.
Must not know how calls are found, resumed or closed.
Test: kill a process, start sessions with each setting, read what they say.
"""

from typing import TYPE_CHECKING

from lapwing.errors import LapwingError
from lapwing.session.leftovers import Leftover
from lapwing.session.recover import close

if TYPE_CHECKING:
    from lapwing.session.session import Session

MOST_LINES = 5


def greet(session: "Session") -> None:
    """Tell of what is unfinished in a data directory, or close it.

    With the setting "ask" each is told in a line, with what to type; with "close"
    they are closed; with "leave" nothing is looked for.
    """
    what = session.settings.unfinished
    if what == "leave":
        return
    try:
        found = session.unfinished()
    except LapwingError as exc:
        session.say(f"what is unfinished cannot be told: {exc}", "yellow")
        return
    if what == "close":
        for left in found:
            _close(session, left)
        return
    for left in found[-MOST_LINES:]:
        session.say(f"unfinished: {left.title}; go on: {left.way_on}", "yellow")
    if len(found) > MOST_LINES:
        more = len(found) - MOST_LINES
        session.say(f"unfinished: {more} more; see session.unfinished()", "yellow")


def _close(session: "Session", left: Leftover) -> None:
    try:
        close(left, "closed at the start of a session after its process died")
    except LapwingError as exc:
        # Most likely another process was quicker; this one has work to do.
        session.say(f"{left.title} is not closed: {exc}", "yellow")
    else:
        session.say(f"closed: {left.title}; its process had died", "yellow")
