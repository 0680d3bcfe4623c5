"""Beamline: a simulated EPICS beamline in a process of its own, on the loopback.

Owns the settings that a beamline is started with.
Must not know EPICS clients; it hands out the environment that they need.
Test: tests/system/test_beamline.py; by hand ``python -m lapwing.sim.beamline``.
"""

import sys
from typing import Self

from lapwing.sim.ports import client_environment, free_port
from lapwing.sim.server_process import ServerProcess

__all__ = ["PREFIX", "Beamline", "client_environment", "free_port"]

PREFIX = "SIM:"


class Beamline(ServerProcess):
    """A running simulated beamline: ``with Beamline.start() as beamline: ...``.

    It has two motors (``SIM:X``, ``SIM:Y``), a counter (``SIM:DET``), other
    instruments that see the same sample, and the truth to compare with
    (``SIM:TRUTH:CENTRE``, ``SIM:TRUTH:FWHM``); docs/reference/simulated-beamline.md
    lists its PVs. It ends with `stop`, at the end of the ``with`` block, or when
    this process ends.

    Attributes:
        port: TCP port of Channel Access on 127.0.0.1.
        pva_port: TCP port of PVA on 127.0.0.1; None if it serves none.
    """

    module = "lapwing.sim.beamline"
    library = "softioc"
    title = "the simulated beamline"
    prefix = PREFIX

    @classmethod
    def start(
        cls,
        velocity: float = 50.0,
        noise: bool = True,
        port: int | None = None,
        *,
        dwell: float = 0.01,
        acceleration_time: float = 0.005,
        seed: int = 1,
        pva: bool = False,
        timeout: float = 20.0,
    ) -> Self:
        """Start a beamline and wait until it serves.

        Args:
            velocity: Velocity of both motors in mm/s.
            noise: Whether counts carry Poisson noise (seeded per position).
            port: TCP port; None chooses a free one.
            dwell: Seconds of counting per trigger.
            acceleration_time: Seconds from rest to ``velocity``.
            seed: Seed of the noise.
            pva: Whether the same PVs are served over PVA too, on ``port + 2``.
            timeout: Seconds to wait for one start.

        Raises:
            ConfigError: The port asked for is in use.
            MissingExtraError: The extra ``epics`` is not installed.
            RemoteError: The process ended; its last words are in the message.
            DeviceTimeoutError: It did not serve in time.
        """
        options = [f"--velocity={velocity}", f"--dwell={dwell}", f"--seed={seed}"]
        options += [f"--acceleration-time={acceleration_time}"]
        options += [] if noise else ["--quiet"]
        return cls.launch(port, options, timeout, pva=pva)


if __name__ == "__main__":
    from lapwing.sim.process import main

    sys.exit(main())
