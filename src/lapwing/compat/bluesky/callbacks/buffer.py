"""Bluesky's ``callbacks.buffer``: a face of `lapwing.callbacks.buffering`.

Owns nothing beside the names.
Must not hold code.
Test: Bluesky's own tests of them.
"""

from lapwing.callbacks.buffering import BufferingWrapper

__all__ = ["BufferingWrapper"]
