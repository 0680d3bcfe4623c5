"""Patterns that users and authors write, searched in a time that is bounded.

Owns the choice of the engine (RE2), and how large a pattern may be.
Must not know what the texts are that are searched.
Test: ``BoundedPattern("(a+)+$").found_in("a" * 100_000 + "!")`` is quick.
"""

import re2

from lapwing.annotation.excerpt import shown
from lapwing.errors import PlanArgumentError

LONGEST_PATTERN = 1000
LARGEST_PROGRAM = 2000

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 32 << 20  # with less, a large pattern would be found nowhere

# A first look with little memory: what is far too large is given up at once.
_FIRST_LOOK = re2.Options()
_FIRST_LOOK.log_errors = False
_FIRST_LOOK.max_mem = 1 << 20


class BoundedPattern:
    r"""A regular expression whose search takes a time in proportion to the text.

    Args:
        text: A regular expression, up to 1,000 characters. What needs going back over
            the text (``(?=``, ``(?!``, ``\1``) is not to be had.

    Raises:
        PlanArgumentError: It is none, or too large.
    """

    __slots__ = ("_search", "text")

    def __init__(self, text: str):
        self.text = text
        if len(text) > LONGEST_PATTERN:
            raise PlanArgumentError(
                f"a pattern has {len(text)} characters; "
                f"it may have {LONGEST_PATTERN} at most"
            )
        try:
            program = re2.compile(text, _FIRST_LOOK)
        except (re2.error, UnicodeEncodeError) as error:
            raise PlanArgumentError(
                f"pattern {shown(text)} is no regular expression that is known here: "
                f"{_words(error)}",
                hint="look-around and back-references are not to be had",
            ) from None
        if program.programsize > LARGEST_PROGRAM:
            raise PlanArgumentError(
                f"pattern {shown(text)} is too large: its repetitions come to "
                f"{program.programsize} steps, of which {LARGEST_PROGRAM} are allowed"
            )
        # A set of one: it only says whether, not where, and is quicker by far.
        found = re2.Set.SearchSet(_OPTIONS)
        found.Add(text)
        found.Compile()
        self._search = found.Match

    def found_in(self, text: str) -> bool:
        """Return whether the pattern is somewhere in a text."""
        try:
            return bool(self._search(text))
        except UnicodeEncodeError:
            return False  # half of a character, which no pattern can hold

    def __repr__(self) -> str:
        return f"BoundedPattern({self.text!r})"


def _words(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    words = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    return words[:80]
