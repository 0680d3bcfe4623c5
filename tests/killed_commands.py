"""The command ``lapwing`` on a beamline, killed where a test wants it to be.

Owns the process and its end; what it said is returned.
Must not know what the command does.
Use: ``live(beamline, tmp_path, "run", SCRIPT, kill_at="POINT 7\\n")``.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lapwing.sim.beamline import Beamline

LAPWING = str(Path(sys.executable).with_name("lapwing"))


def live(
    beamline: Beamline,
    data_dir: Path,
    *words: Any,
    kill_at: str | None = None,
    chance: random.Random | None = None,
    limit: float = 60.0,
) -> str:
    """Run a command to its end, or kill it at a line; return what it said.

    Args:
        beamline: Whose PVs it finds.
        data_dir: Where its data go.
        *words: The command's words.
        kill_at: How the line begins at which it is killed.
        chance: Draws the moment after that line; None kills it at once.
        limit: Seconds that it may take after that line.
    """
    process = subprocess.Popen(
        [LAPWING, *map(str, words), "--data-dir", str(data_dir)],
        env={**os.environ, **beamline.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if kill_at is not None and line.startswith(kill_at):
                if chance is not None:
                    # A moment at random is what is tested; there is no event for it.
                    time.sleep(chance.uniform(0.0, 0.04))
                process.kill()
                break
        rest, _ = process.communicate(timeout=limit)
    finally:
        process.kill()
        process.wait()
    said = "".join(lines) + rest
    assert process.returncode == (0 if kill_at is None else -signal.SIGKILL), said
    return said
