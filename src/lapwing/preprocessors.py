"""Plans that change plans: ``from lapwing import preprocessors as bpp``.

Owns nothing: it is a face of `lapwing.plans.preprocessors`.
Must not hold code.
Test: the names are those of the room behind.
"""

from lapwing.plans.preprocessors import *  # noqa: F403
