"""An IOC with one array of a million numbers, over CA and PVA; ends with its input."""

import os
import sys

from lapwing.sim.ports import pva_port_of
from lapwing.sim.process import server_environment

PORT = int(sys.argv[1])
os.environ.update(server_environment(PORT, pva_port_of(PORT)))

# Only now: base takes the environment as it is.
from softioc import asyncio_dispatcher, builder, softioc  # noqa: E402

builder.WaveformOut("HUGE", length=1_000_000, initial_value=[0.0], always_update=True)
builder.LoadDatabase()
softioc.iocInit(asyncio_dispatcher.AsyncioDispatcher(), enable_pva=True)
sys.stdout.write("READY\n")
sys.stdout.flush()
sys.stdin.read()
