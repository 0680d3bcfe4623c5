"""The smallest plans: ``from lapwing import plan_stubs as bps``.

Owns nothing: it is a face of `lapwing.plans.stubs`.
Must not hold code.
Test: the names are those of the room behind.
"""

from lapwing.plans.stubs import *  # noqa: F403
