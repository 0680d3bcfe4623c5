"""Startup code without hardware, in processes of their own: EPICS stays cut off."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

LOAD = """
import sys, time
from lapwing.annotation.loader import load_startup
from lapwing.errors import LapwingError
started = time.monotonic()
try:
    namespace = load_startup(script=sys.argv[1], without_hardware=True)
except LapwingError as error:
    print(type(error).__name__, error)
    sys.exit()
print(time.monotonic() - started < 45)
"""


FIRST = """
import sys
from bluesky.run_engine import RunEngine
from ophyd_async.core import Device
RE = RunEngine({})
original, before = Device.connect, len(sys.meta_path)
"""


def load(tmp_path: Path, startup: str, then: str = "", first: str = "") -> list[str]:
    file = tmp_path / "startup.py"
    file.write_text(dedent(startup))
    done = subprocess.run(
        [sys.executable, "-c", dedent(first) + LOAD + dedent(then), str(file)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "OPHYD_CONTROL_LAYER": "pyepics"},
    )
    assert done.returncode == 0, done.stderr
    assert "CA.Client" not in done.stderr
    return done.stdout.splitlines()


def test_our_devices_connect_nothing_and_startup_code_can_ask(tmp_path):
    said = load(
        tmp_path,
        """
        from lapwing.annotation.offline import is_offline
        from lapwing.engine import device_loop
        from lapwing.epics import EpicsMotor, connect_all

        import os
        os.environ["EPICS_PVA_ADDR_LIST"] = "10.0.0.255"
        was = is_offline()
        motor = EpicsMotor("NO:SUCH:m1", "motor")
        device_loop.call(connect_all(motor, timeout=600))
        """,
        """
        from lapwing.engine import device_loop
        from lapwing.epics import ca, pva
        from lapwing.epics.clients import changed_since_cut_off
        print(changed_since_cut_off())
        print(namespace["was"], namespace["is_offline"]())
        print(namespace["motor"].connected, ca.in_use(), pva.in_use())
        try:
            device_loop.call(namespace["motor"].read())
        except LapwingError as error:
            print(error)
        """,
    )
    assert said[:2] == ["True", "['EPICS_PVA_ADDR_LIST']"]
    assert said[2:4] == ["True False", "False False False"]
    assert "not connected yet" in said[4]


def test_ophyds_devices_stay_unconnected_and_ophyd_asyncs_are_mocks(tmp_path):
    said = load(
        tmp_path,
        """
        from ophyd import EpicsMotor
        from ophyd_async.core import init_devices
        from ophyd_async.epics.motor import Motor

        classic = EpicsMotor("NO:SUCH:m1", name="classic")
        with init_devices(timeout=600):
            motor = Motor("ca://NO:SUCH:m2")
        """,
        """
        import os
        from lapwing.annotation.finding import find_in_namespace
        print(list(find_in_namespace(namespace).devices))
        print(namespace["classic"].connected, os.environ["EPICS_CA_AUTO_ADDR_LIST"])
        from ophyd_async.core import Device, get_mock_put
        print(namespace["motor"].name, get_mock_put(namespace["motor"].user_setpoint))
        print(Device.connect is original, len(sys.meta_path) == before)
        """,
        first=FIRST,
    )
    assert said[:3] == ["True", "['classic', 'motor']", "False NO"]
    assert said[3].startswith("motor <AsyncMock")
    assert said[4] == "True True"


def test_ophyd_async_may_be_imported_by_startup_code_first(tmp_path):
    said = load(
        tmp_path,
        """
        from bluesky.run_engine import RunEngine
        from ophyd_async.core import Device, init_devices
        from ophyd_async.epics.motor import Motor

        RE = RunEngine({})
        patched = Device.connect
        with init_devices(timeout=600):
            motor = Motor("ca://NO:SUCH:m1")
        """,
        "print(namespace['Device'].connect is namespace['patched'].__wrapped__)",
        first="import lapwing.compat\nlapwing.compat.install()\n",
    )
    assert said == ["True", "True"]


def test_waiting_for_a_device_is_told_with_its_line(tmp_path):
    said = load(
        tmp_path,
        """
        from ophyd import EpicsSignal
        signal = EpicsSignal("NO:SUCH", name="signal")
        signal.wait_for_connection(timeout=0.1)
        """,
    )
    assert said[0].startswith("ConfigError startup code failed in ")
    assert "startup.py, line 4: TimeoutError" in said[0]


def test_a_process_that_talks_to_epics_is_not_cut_off(tmp_path):
    said = load(
        tmp_path,
        "",
        first="""
        import asyncio
        from lapwing.epics import ca, clients
        async def use():
            ca.client()
            await clients.close()
        asyncio.run(use())
        """,
    )
    assert said[0].startswith("StateError EPICS_CA_")
    assert "cannot change any more" in said[0]
