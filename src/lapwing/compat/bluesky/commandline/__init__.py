"""Bluesky's commands.

Owns nothing: each command is a module.
Must not hold code.
Test: each by its ``main``.
"""
