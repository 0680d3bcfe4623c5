"""Tiled: Lapwing has no writer for it.

Owns saying so, and what helps.
Must not load tiled.
Test: import it.
"""

raise ImportError(
    "Lapwing's stand-in for Bluesky has no TiledWriter; write files with "
    "bluesky.callbacks.json_writer or lapwing.session(), or run the script with "
    "Bluesky itself",
    name=__name__,
)
