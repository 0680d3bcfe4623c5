"""The name that somebody may have meant.

Owns how near two names are, and that looking never takes long.
Must not know what the names are names of.
Test: ``nearest("dett1", ["det1", "motor"])``.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

LONGEST = 100
MOST = 400
MOST_FOR_SLIPS = 20_000


def nearest(name: Any, known: Collection[str] | Iterable[str]) -> str | None:
    """Return the known name that is nearest to one that is not known, or None.

    Capitals apart, the same name is nearest, then one with a single slip. Of many
    known names only those that begin alike are looked at further, so that it takes
    milliseconds at most.
    """
    if not isinstance(name, str) or not name or len(name) > LONGEST:
        return None
    folded = name.casefold()
    by_folded = {one.casefold(): one for one in known if len(one) <= LONGEST}
    if folded in by_folded:
        return by_folded[folded]
    candidates = [one for one in by_folded if abs(len(one) - len(folded)) <= 4]
    for one in candidates[:MOST_FOR_SLIPS]:
        if _is_one_slip(folded, one):
            return by_folded[one]
    if len(candidates) > MOST:
        candidates = [one for one in candidates if one[:2] == folded[:2]][:MOST]
    found = get_close_matches(folded, candidates, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _is_one_slip(name: str, other: str) -> bool:
    """Whether one letter is missing, too many or another, or two are swapped.

    It is found in a microsecond, where the general answer takes twenty.
    """
    pairs = enumerate(zip(name, other, strict=False))
    at = next((at for at, (one, two) in pairs if one != two), None)
    if at is None:
        return abs(len(name) - len(other)) == 1
    rest, other_rest = name[at + 1 :], other[at + 1 :]
    if rest in (other_rest, other[at:]) or name[at:] == other_rest:
        return True
    swapped = rest[:1] == other[at] and name[at] == other_rest[:1]
    return swapped and rest[1:] == other_rest[1:]
