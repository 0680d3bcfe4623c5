"""Plans that others may submit: what their parameters are, may be, and become.

Owns the model of a plan's parameters, its check, and the names of devices and plans.
Must not know queues, servers or workers; nothing here evaluates text.
Test: ``tests/unit/annotation``, and the manual's examples among them.
"""

from lapwing.annotation.decorator import parameter_annotation_decorator
from lapwing.annotation.prepare import Namespace, PreparedPlan, prepare_plan
from lapwing.annotation.signature import read_plan
from lapwing.annotation.validate import check_plan, validate_plan

__all__ = [
    "Namespace",
    "PreparedPlan",
    "check_plan",
    "parameter_annotation_decorator",
    "prepare_plan",
    "read_plan",
    "validate_plan",
]
