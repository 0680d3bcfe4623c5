"""RecordIoc: simulated EPICS records with true field names, in a process of its own.

Owns the settings that it is started with.
Must not know EPICS clients; it hands out the environment that they need.
Test: tests/system/test_record_ioc.py; by hand ``python -m lapwing.sim.record_ioc``.
"""

import sys
from typing import Self

from lapwing.sim.server_process import ServerProcess

PREFIX = "REC:"


class RecordIoc(ServerProcess):
    """A running IOC of motor, scaler, busy and sscan records.

    It stands beside the `Beamline`, whose server has no such records: there are
    ``REC:m1``, ``REC:m2``, ``REC:scaler1``, ``REC:busy1`` and ``REC:scan1``. It sees
    the same sample at the positions of its own motors. It ends with `stop`, at the
    end of the ``with`` block, or when this process ends.

    Attributes:
        port: TCP port of Channel Access on 127.0.0.1.
    """

    module = "lapwing.sim.record_ioc"
    library = "caproto"
    title = "the simulated record IOC"
    prefix = PREFIX

    @classmethod
    def start(
        cls,
        velocity: float = 50.0,
        noise: bool = True,
        port: int | None = None,
        *,
        acceleration_time: float = 0.005,
        seed: int = 1,
        timeout: float = 20.0,
    ) -> Self:
        """Start the IOC and wait until it serves.

        Args:
            velocity: Velocity of both motors in mm/s.
            noise: Whether counts carry Poisson noise (seeded per position).
            port: TCP port; None chooses a free one.
            acceleration_time: Seconds from rest to ``velocity``.
            seed: Seed of the noise.
            timeout: Seconds to wait for one start.

        Raises:
            ConfigError: The port asked for is in use.
            MissingExtraError: The extra ``epics`` is not installed.
            RemoteError: The process ended; its last words are in the message.
            DeviceTimeoutError: It did not serve in time.
        """
        options = [f"--velocity={velocity}", f"--seed={seed}"]
        options += [f"--acceleration-time={acceleration_time}"]
        options += [] if noise else ["--quiet"]
        return cls.launch(port, options, timeout, pva=False)


if __name__ == "__main__":
    from lapwing.sim.record_server import main

    sys.exit(main())
