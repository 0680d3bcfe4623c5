"""Pace: how the writer's thread leaves time to the scan.

Owns the moment in which it lets go of the interpreter.
Must not know what is written.
Test: a busy thread beside one that breathes; see ``Hdf5Writer``'s bench.
"""

import time


def breathe() -> None:
    """Let other threads run Python now; costs 0.1 ms if none wants to.

    Without it a thread that computes holds up the others for up to 5 ms, the
    interpreter's switch interval; with it for the time since the last breath.
    """
    time.sleep(0.00005)
