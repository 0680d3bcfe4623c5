"""Plans that change plans: ``from lapwing import preprocessors as bpp``.

Owns nothing: it is a face of the rooms of preprocessors in `lapwing.plans`.
Must not hold code.
Test: the names are those of the rooms behind.
"""

from lapwing.plans.preprocessors import *  # noqa: F403
from lapwing.plans.rewriting import *  # noqa: F403
from lapwing.plans.summary import (  # noqa: F401
    print_summary_decorator,
    print_summary_wrapper,
)
from lapwing.plans.supplemental import *  # noqa: F403
