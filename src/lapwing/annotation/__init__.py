"""Plans that others may submit: what their parameters are, may be, and become.

Owns the model of a plan's parameters, its check, the names of devices and plans, and
the loading of the startup code that has them.
Must not know queues, servers or workers; no text of a client is evaluated.
Test: ``tests/unit/annotation``, and the manual's examples among them.
"""

from lapwing.annotation.decorator import parameter_annotation_decorator
from lapwing.annotation.finding import find_in_namespace
from lapwing.annotation.loader import load_startup
from lapwing.annotation.offline import is_offline
from lapwing.annotation.prepare import Namespace, PreparedPlan, prepare_plan
from lapwing.annotation.registration import register_device, register_plan
from lapwing.annotation.signature import read_plan
from lapwing.annotation.validate import check_plan, validate_plan
from lapwing.annotation.worker_predicates import is_ipython_mode, is_re_worker_active

__all__ = [
    "Namespace",
    "PreparedPlan",
    "check_plan",
    "find_in_namespace",
    "is_ipython_mode",
    "is_offline",
    "is_re_worker_active",
    "load_startup",
    "parameter_annotation_decorator",
    "prepare_plan",
    "read_plan",
    "register_device",
    "register_plan",
    "validate_plan",
]
