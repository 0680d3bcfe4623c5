"""``bluesky_queueserver.manager.annotation_decorator``, from our rooms.

Owns nothing.
Must not hold code.
Test: tests/unit/compat/test_queueserver.py.
"""

from lapwing.annotation.decorator import parameter_annotation_decorator

__all__ = ["parameter_annotation_decorator"]
