"""Bluesky's bundlers: a face of `lapwing.engine.bundler`.

Owns nothing beside the names.
Must not make documents.
Test: the names are those of the room behind.
"""

from lapwing.engine.bundler import RunBundler
from lapwing.protocols import resolve as maybe_await

__all__ = ["RunBundler", "maybe_await"]
