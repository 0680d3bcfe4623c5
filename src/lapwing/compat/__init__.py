"""Bluesky's names, mapped onto our rooms: existing scripts run as they are.

Owns nothing: it is a face of `lapwing.compat.install`.
Must not hold code.
Test: in fresh processes, for it changes what ``import bluesky`` means.
"""

from lapwing.compat.install import install

__all__ = ["install"]
