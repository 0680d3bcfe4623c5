"""The version of the queue server whose interfaces the stand-in speaks.

Owns that number alone.
Must not be mistaken for Lapwing's own version.
Test: ``bluesky_queueserver.__version__`` under the alias.
"""

__version__ = version = "0.0.25"
__version_tuple__ = version_tuple = (0, 0, 25)
