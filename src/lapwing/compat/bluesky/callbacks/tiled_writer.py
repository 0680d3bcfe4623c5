"""Tiled: the writer is the one of bluesky-tiled-plugins, if that is installed.

Owns saying what helps if it is not.
Must not know documents.
Test: import it, with and without such a package.
"""

from importlib import import_module

try:
    _writing = import_module("bluesky_tiled_plugins.writing.tiled_writer")
except ModuleNotFoundError as exc:
    raise ImportError(
        "Lapwing's stand-in for Bluesky has no TiledWriter of its own; pip install "
        "bluesky-tiled-plugins brings one that is found here, or write files with "
        f"bluesky.callbacks.json_writer or lapwing.session() ({exc})",
        name=__name__,
    ) from exc

TiledWriter = _writing.TiledWriter
RunNormalizer = _writing.RunNormalizer

__all__ = ["RunNormalizer", "TiledWriter"]
