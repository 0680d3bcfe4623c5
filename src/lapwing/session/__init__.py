"""The session: puts engine, files, tables and metadata together for a user.

Owns the blocking RunEngine, the metadata store and the default consumers.
Must not know servers or queues.
Test: make a session in a temporary directory and run a plan on soft devices.
"""
