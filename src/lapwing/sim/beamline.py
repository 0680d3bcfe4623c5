"""Beamline: a simulated EPICS beamline in a process of its own, on the loopback.

Owns that process: its port, its environment, its start and its end.
Must not know EPICS clients; it hands out the environment that they need.
Test: tests/system/test_beamline.py; by hand ``python -m lapwing.sim.beamline``.
"""

import contextlib
import os
import random
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import lapwing
from lapwing.errors import (
    ConfigError,
    DeviceTimeoutError,
    MissingExtraError,
    RemoteError,
    StateError,
)

HOST = "127.0.0.1"
PREFIX = "SIM:"
# Below the ephemeral range, above 5000 which EPICS base refuses.
_PORTS = range(20_000, 32_000)
_READY = re.compile(rb"READY ca=(\d+) pid=(\d+)")


def _readable(stream: IO[bytes], timeout: float) -> bool:
    """Wait for something to read; ``select.select`` fails beyond 1024 open files."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return bool(selector.select(timeout))


class _PortTakenError(ConfigError):
    """The server got another port than the one that it was told to take."""


class Beamline:
    """A running simulated beamline: ``with Beamline.start() as beamline: ...``.

    It has two motors (``SIM:X``, ``SIM:Y``), a counter (``SIM:DET``) and the truth
    to compare with (``SIM:TRUTH:CENTRE``, ``SIM:TRUTH:FWHM``). It ends with
    `stop`, at the end of the ``with`` block, or when this process ends.

    Attributes:
        port: TCP port of Channel Access on 127.0.0.1.
        prefix: What all PV names begin with.
    """

    def __init__(self, port: int, options: Sequence[str], timeout: float):
        self.port = port
        self.prefix = PREFIX
        self._options = list(options)
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

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
        timeout: float = 20.0,
    ) -> "Beamline":
        """Start a beamline and wait until it serves.

        Args:
            velocity: Velocity of both motors in mm/s.
            noise: Whether counts carry Poisson noise (seeded per position).
            port: TCP port; None chooses a free one.
            dwell: Seconds of counting per trigger.
            acceleration_time: Seconds from rest to ``velocity``.
            seed: Seed of the noise.
            timeout: Seconds to wait for one start.

        Raises:
            ConfigError: The port asked for is in use.
            MissingExtraError: The extra ``epics`` is not installed.
            RemoteError: The process ended; its last words are in the message.
            DeviceTimeoutError: It did not serve in time.
        """
        if find_spec("softioc") is None:
            raise MissingExtraError(
                "the simulated beamline needs softioc, which is not installed",
                extra="epics",
            )
        options = [f"--velocity={velocity}", f"--dwell={dwell}", f"--seed={seed}"]
        options += [f"--acceleration-time={acceleration_time}"]
        options += [] if noise else ["--quiet"]
        for candidate in [port] if port is not None else _candidates():
            beamline = cls(candidate, options, timeout)
            # Somebody may take the port between our look and the server's.
            with contextlib.suppress(_PortTakenError):
                beamline.restart()
                return beamline
        raise ConfigError(
            f"port {port} is in use by another process"
            if port is not None
            else f"no free port between {_PORTS.start} and {_PORTS.stop}"
        )

    def restart(self) -> None:
        """Start the process anew, on the same port; it has forgotten all it knew."""
        if self._process is not None:
            self.stop()
        command = [sys.executable, "-m", "lapwing.sim.beamline"]
        # Open as long as the process is; _clean closes it.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [*command, f"--port={self.port}", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_plain_environment(os.environ),
            # Ctrl-C at the prompt pauses the scan; the beamline must not hear it.
            start_new_session=True,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client must have before it loads its EPICS library.

        They make it search for names by TCP at this port only; no UDP leaves it.
        """
        return client_environment(self.port)

    @property
    def pid(self) -> int:
        """Id of its process."""
        return self._running().pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self, timeout: float = 5.0) -> None:
        """End the process in order; kill it if that takes too long.

        Args:
            timeout: Seconds that it may take.
        """
        if self._process is None:
            return
        if self._process.stdin is not None:
            # It watches its input, so that it ends with us whatever happens.
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """Kill the process at once (SIGKILL), as a crash or a power cut does."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def wait(self) -> int:
        """Block until the process ends; return its exit status."""
        return self._running().wait()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise StateError("the simulated beamline does not run; restart() starts it")
        return self._process

    def _wait_until_ready(self) -> None:
        out = self._running().stdout
        deadline = time.monotonic() + self._timeout
        text = b""
        while (left := deadline - time.monotonic()) > 0:
            if out is None or not _readable(out, left):
                break
            if not (chunk := os.read(out.fileno(), 4096)):
                raise RemoteError(
                    f"the simulated beamline did not start: {self._last_words()}"
                )
            text += chunk
            if found := _READY.search(text):
                # A busy port silently becomes another one.
                if int(found[1]) != self.port:
                    raise _PortTakenError
                return
        raise DeviceTimeoutError(
            f"the simulated beamline did not serve within {self._timeout:g} s"
        )

    def _last_words(self) -> str:
        if self._errors is None:
            return "no word why"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no word why")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def client_environment(port: int) -> dict[str, str]:
    """Return the variables with which an EPICS client finds a beamline.

    Args:
        port: TCP port of Channel Access on 127.0.0.1.
    """
    return {
        "EPICS_CA_NAME_SERVERS": f"{HOST}:{port}",
        "EPICS_CA_ADDR_LIST": "",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_REPEATER_PORT": str(port + 1),
        # Also the period at which a server that is gone is looked for again, and
        # with 5 s of echo time what it takes to notice a frozen one.
        "EPICS_CA_CONN_TMO": "1.0",
    }


def free_port() -> int:
    """Return a port that nobody uses now, with the one above it free too.

    Raises:
        ConfigError: There is none.
    """
    for port in _candidates():
        return port
    raise ConfigError(f"no free port between {_PORTS.start} and {_PORTS.stop}")


def _candidates(tries: int = 20) -> Iterator[int]:
    for port in random.sample(_PORTS, tries):
        if all(map(_is_free, (port, port + 1))):
            yield port


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True


def _plain_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without EPICS', in which the child finds lapwing."""
    kept = {k: v for k, v in environ.items() if not k.startswith("EPICS_")}
    source = str(Path(lapwing.__file__).parents[1])
    paths = [source, *filter(None, [environ.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


if __name__ == "__main__":
    from lapwing.sim.process import main

    sys.exit(main())
