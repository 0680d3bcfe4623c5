"""Data on disk: where runs are filed, and who writes them."""
