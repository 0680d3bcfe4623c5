"""The journal: all that a call says, hears and makes, on the disk as it happens.

Owns the log of records, its readers' places in it, and what a crash leaves of a call.
Must not know engines, devices or what reads it.
Test: write records, kill the process, read them.
"""
