"""ServerProcess: a simulated IOC in a process of its own, on the loopback.

Owns that process: its start, its end, its being frozen, and its last words.
Must not know what the IOC serves, nor EPICS clients.
Test: tests/system/test_beamline.py and test_record_ioc.py, with real processes.
"""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

import lapwing
from lapwing.errors import (
    ConfigError,
    DeviceTimeoutError,
    MissingExtraError,
    RemoteError,
    StateError,
)
from lapwing.sim import ports

_READY = re.compile(rb"READY ca=(\d+)(?: pva=(\d+))? pid=(\d+)")


class PortTakenError(ConfigError):
    """The server got another port than the one that it was told to take."""


class ServerProcess:
    """A simulated IOC as a process; it ends when this one does.

    A subclass names the module that is run and the library that it needs.

    Attributes:
        port: TCP port of Channel Access on 127.0.0.1.
        pva_port: TCP port of PVA on 127.0.0.1; None if it serves none.
        prefix: What all PV names begin with.
    """

    module: ClassVar[str]
    library: ClassVar[str]
    title: ClassVar[str]
    prefix: ClassVar[str]

    def __init__(
        self,
        port: int,
        options: Sequence[str],
        timeout: float,
        pva_port: int | None = None,
    ):
        self.port = port
        self.pva_port = pva_port
        self._options = list(options)
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    @classmethod
    def launch(
        cls, port: int | None, options: Sequence[str], timeout: float, *, pva: bool
    ) -> Self:
        """Start a server on a port, or on a free one, and wait until it serves.

        Args:
            port: TCP port of Channel Access; None chooses a free one.
            options: Its command line, ports left out.
            timeout: Seconds to wait for one start.
            pva: Whether it serves PVA too, two ports above.

        Raises:
            ConfigError: The port asked for is in use.
            MissingExtraError: The extra ``epics`` is not installed.
            RemoteError: The process ended; its last words are in the message.
            DeviceTimeoutError: It did not serve in time.
        """
        if find_spec(cls.library) is None:
            raise MissingExtraError(
                f"{cls.title} needs {cls.library}, which is not installed",
                extra="epics",
            )
        for candidate in [port] if port is not None else ports.candidates():
            pva_port = ports.pva_port_of(candidate) if pva else None
            server = cls(candidate, options, timeout, pva_port)
            # Somebody may take the port between our look and the server's.
            with contextlib.suppress(PortTakenError):
                server.restart()
                return server
        raise ConfigError(
            f"port {port} is in use by another process"
            if port is not None
            else f"no free port between {ports.RANGE.start} and {ports.RANGE.stop}",
            hint="name no port, and a free one is taken" if port is not None else None,
        )

    def restart(self) -> None:
        """Start the process anew, on the same port; it has forgotten all it knew."""
        if self._process is not None:
            self.stop()
        command = [sys.executable, "-m", self.module, f"--port={self.port}"]
        command += [f"--pva-port={self.pva_port}"] if self.pva_port else []
        # Open as long as the process is; kill() closes it.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [*command, *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_plain_environment(os.environ),
            # Ctrl-C at the prompt pauses the scan; the server must not hear it.
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
        pva = () if self.pva_port is None else (self.pva_port,)
        return ports.client_environment(self.port, pva=pva)

    @property
    def pid(self) -> int:
        """Id of its process."""
        return self._running().pid

    @property
    def running(self) -> bool:
        """Whether the process is there; a frozen one is."""
        return self._process is not None and self._process.poll() is None

    def freeze(self) -> None:
        """Stop the process where it is (SIGSTOP): connected, and silent."""
        os.kill(self.pid, signal.SIGSTOP)
        # The signal takes a moment, in which the server may still answer.
        os.waitpid(self.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self, timeout: float = 5.0) -> None:
        """End the process in order; kill it if that takes too long.

        Args:
            timeout: Seconds that it may take.
        """
        if self._process is None:
            return
        if self.running:
            # A frozen one would not see its input close.
            self.thaw()
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
            raise StateError(f"{self.title} does not run; restart() starts it")
        return self._process

    def _wait_until_ready(self) -> None:
        out = self._running().stdout
        deadline = time.monotonic() + self._timeout
        text = b""
        while (left := deadline - time.monotonic()) > 0:
            if out is None or not _readable(out, left):
                break
            if not (chunk := os.read(out.fileno(), 4096)):
                raise RemoteError(f"{self.title} did not start: {self._last_words()}")
            text += chunk
            if found := _READY.search(text):
                # A busy port silently becomes another one.
                pva = int(found[2]) if found[2] else None
                if (int(found[1]), pva) != (self.port, self.pva_port):
                    raise PortTakenError
                return
        raise DeviceTimeoutError(
            f"{self.title} did not serve within {self._timeout:g} s"
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


def _readable(stream: IO[bytes], timeout: float) -> bool:
    """Wait for something to read; ``select.select`` fails beyond 1024 open files."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return bool(selector.select(timeout))


def _plain_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without EPICS', in which the child finds lapwing."""
    kept = {k: v for k, v in environ.items() if not k.startswith("EPICS_")}
    source = str(Path(lapwing.__file__).parents[1])
    paths = [source, *filter(None, [environ.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}
