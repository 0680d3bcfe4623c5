"""The modules of the queue server that startup code imports from.

Owns nothing.
Must not hold code.
Test: tests/unit/compat/test_queueserver.py.
"""
