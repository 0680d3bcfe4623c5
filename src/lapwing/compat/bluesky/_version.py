"""The version of Bluesky whose interfaces the stand-in speaks.

Owns that number alone.
Must not be mistaken for Lapwing's own version.
Test: ``bluesky.__version__`` under the alias.
"""

__version__ = version = "1.15.1"
__version_tuple__ = version_tuple = (1, 15, 1)
