"""The smallest plans: ``from lapwing import plan_stubs as bps``.

Owns nothing: it is a face of the rooms of stubs in `lapwing.plans`.
Must not hold code.
Test: the names are those of the rooms behind.
"""

from lapwing.plans.device_stubs import *  # noqa: F403
from lapwing.plans.flow_stubs import *  # noqa: F403
from lapwing.plans.fly_stubs import *  # noqa: F403
from lapwing.plans.move_stubs import *  # noqa: F403
from lapwing.plans.stubs import *  # noqa: F403
