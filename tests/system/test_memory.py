"""A long count costs no memory."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import resource

    from lapwing import RunEngine
    from lapwing.devices.soft import SoftDetector
    from lapwing.plans import count

    RE = RunEngine()
    RE.subscribe(lambda name, doc: None)
    det = SoftDetector("det", lambda: 1.0, [])

    def peak_kb():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    RE(count([det], 20_000))  # what is loaded and cached, is so by now
    before = peak_kb()
    RE(count([det], 1_000_000))
    print(peak_kb() - before)
"""


@pytest.mark.timeout(240)
def test_a_million_points_grow_the_process_by_less_than_20_megabytes():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        check=True,
        timeout=230,
    )
    assert int(done.stdout) < 20 * 1024
