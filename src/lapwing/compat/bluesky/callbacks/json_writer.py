"""Bluesky's ``callbacks.json_writer``: a face of `lapwing.callbacks.json_writer`.

Owns nothing beside the names.
Must not hold code.
Test: Bluesky's own tests of them.
"""

from lapwing.callbacks.json_writer import JSONLinesWriter, JSONWriter

__all__ = ["JSONLinesWriter", "JSONWriter"]
