"""Bluesky's ``callbacks.stream``: a face of `lapwing.callbacks.live_dispatcher`.

Owns nothing beside the names.
Must not hold code.
Test: Bluesky's own tests of them.
"""

from lapwing.callbacks.live_dispatcher import LiveDispatcher

__all__ = ["LiveDispatcher"]
