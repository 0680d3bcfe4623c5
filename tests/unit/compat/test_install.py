"""The alias: what ``import bluesky`` means, and when it refuses to mean it.

Each in a process of its own, for it cannot be undone.
"""

import subprocess
import sys
from pathlib import Path

INSTALL = "import lapwing.compat\nlapwing.compat.install()\n"


def python(code: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def lapwing(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(Path(sys.executable).with_name("lapwing")), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=cwd,
    )


def test_a_module_has_two_names_and_is_one():
    said = python(
        INSTALL + "import sys, bluesky.run_engine, bluesky.callbacks.core\n"
        "import lapwing.compat.bluesky.run_engine as ours\n"
        "pairs = [(n, m) for n, m in sys.modules.items() if n.startswith('bluesky')]\n"
        "assert bluesky.run_engine is ours is sys.modules['bluesky.run_engine']\n"
        "assert all(sys.modules['lapwing.compat.' + n] is m for n, m in pairs)\n"
        "assert ours.__spec__.name == 'lapwing.compat.bluesky.run_engine'\n"
        "print(len(pairs) > 3)"
    )
    assert said == "True"


def test_what_was_imported_by_our_name_before_is_the_same_module():
    said = python(
        "import lapwing.compat.bluesky.suspenders as ours\n"
        + INSTALL
        + INSTALL
        + "import bluesky.suspenders\nprint(bluesky.suspenders is ours)"
    )
    assert said == "True"


def test_a_patch_through_one_name_is_seen_through_the_other():
    said = python(
        INSTALL + "from unittest.mock import patch\n"
        "import bluesky.utils, lapwing.compat.bluesky._sigint as ours\n"
        "with patch('bluesky.utils.time.monotonic', lambda: 7.0):\n"
        "    print(ours._monotonic())"
    )
    assert said == "7.0"


def test_nothing_of_bluesky_itself_is_loaded():
    said = python(
        INSTALL + "import sys, bluesky, bluesky.plans, bluesky.plan_stubs\n"
        "import bluesky.preprocessors, bluesky.simulators, bluesky.callbacks\n"
        "files = [getattr(m, '__file__', None) or '' for n, m in sys.modules.items()\n"
        "         if n.partition('.')[0] == 'bluesky']\n"
        "print(all('lapwing' in one for one in files))"
    )
    assert said == "True"


def test_it_refuses_and_names_what_is_loaded_already():
    said = python(
        "import sys, types\n"
        "sys.modules['bluesky'] = types.ModuleType('bluesky')\n"
        "sys.modules['ophyd_async.core'] = types.ModuleType('ophyd_async.core')\n"
        "from lapwing.errors import StateError\n"
        "import lapwing.compat\n"
        "try:\n    lapwing.compat.install()\n"
        "except StateError as error:\n    print(error.context['modules'], error)"
    )
    assert said.startswith("['bluesky', 'ophyd_async.core']")
    assert "loaded already: bluesky, ophyd_async.core" in said
    assert "lapwing run --compat" in said


def test_a_module_that_we_lack_is_an_import_error_that_says_so():
    said = python(
        INSTALL + "try:\n    import bluesky.broker_of_old\n"
        "except ModuleNotFoundError as error:\n    print(error.name, error)"
    )
    assert said.startswith(
        "bluesky.broker_of_old Lapwing's stand-in for Bluesky has no"
    )
    assert "leave out --compat" in said


def test_a_name_that_we_lack_is_an_import_error_that_says_so():
    said = python(
        INSTALL + "import bluesky.plans\n"
        "print(hasattr(bluesky.plans, 'no_such_scan'), hasattr(bluesky, 'nothing'))\n"
        "for line in ('from bluesky.plans import no_such_scan',\n"
        "             'from bluesky import nothing'):\n"
        "    try:\n        exec(line)\n"
        "    except ImportError as error:\n        print(error)"
    ).splitlines()
    assert said[0] == "False False"
    assert said[1].startswith(
        "Lapwing's stand-in for Bluesky has no bluesky.plans.no_such_scan; "
    )
    assert "bluesky.nothing" in said[2]


def test_a_library_that_is_not_there_is_named_with_the_extra_that_brings_it():
    said = python(
        INSTALL + "import sys\nsys.modules['event_model'] = None\n"
        "try:\n    import bluesky.protocols\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    assert said.startswith("bluesky needs event_model, which is not installed")
    assert "lapwing[" in said


def test_its_version_is_that_of_the_interfaces_it_speaks():
    said = python(
        INSTALL + "import bluesky, importlib.metadata as m\n"
        "print(bluesky.__version__, m.version('bluesky'))\n"
        "print(m.metadata('bluesky')['Summary'], m.version('click') != '')"
    ).splitlines()
    assert said == ["1.15.1 1.15.1", "Lapwing's stand-in for Bluesky True"]


def test_a_package_that_somebody_puts_below_the_name_finds_its_own_modules(
    tmp_path: Path,
):
    (tmp_path / "leaf.py").write_text("here = True\n")
    said = python(
        INSTALL + "import bluesky, sys, types\n"
        "bluesky.mine = mine = types.ModuleType('bluesky.mine')\n"
        "sys.modules['bluesky.mine'] = mine\n"
        f"mine.__path__ = [{str(tmp_path)!r}]\n"
        "import bluesky.mine.leaf\nprint(bluesky.mine.leaf.here)"
    )
    assert said == "True"


SCRIPT = """
from bluesky import RunEngine
from bluesky.plans import count
from bluesky.plan_stubs import mv
from ophyd.sim import det, motor

docs = []
own = RunEngine({})
own.subscribe(lambda name, doc: docs.append((name, doc)))
own(mv(motor, 1))
own(count([det], 2))
print([name for name, _ in docs], docs[0][1]["plan_name"])
print(type(RE) is RunEngine, RE.pause_msg != "")
RE(count([det]))
"""


def test_a_script_for_bluesky_runs_as_it_is(tmp_path: Path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = lapwing("run", "--compat", "--no-table", "script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    wanted = ["start", "descriptor", "event", "event", "stop"]
    assert lines[0] == f"{wanted} count"
    assert lines[1] == "True True"
    assert list(tmp_path.rglob("*.h5"))


# ------------------------------------------------------------ the queue server's name


def test_the_queue_servers_package_is_ours_too():
    said = python(
        INSTALL + "import sys, importlib.metadata as m\n"
        "from bluesky_queueserver import register_plan, __version__\n"
        "from bluesky_queueserver.manager.profile_tools import set_user_ns\n"
        "import bluesky_queueserver.manager.profile_ops as ops\n"
        "import lapwing.compat.bluesky_queueserver.manager.profile_ops as ours\n"
        "print(ops is ours, register_plan.__module__, set_user_ns.__module__)\n"
        "print(__version__ == m.version('bluesky-queueserver'), 'zmq' in sys.modules)\n"
        "print(m.metadata('bluesky_queueserver')['Summary'])"
    ).splitlines()
    assert said == [
        "True lapwing.annotation.registration lapwing.annotation.startup_shell",
        "True False",
        "Lapwing's stand-in for the queue server's package",
    ]


def test_what_a_client_needs_is_an_import_error_that_says_so():
    said = python(
        INSTALL + "for line in ('from bluesky_queueserver import ReceiveConsoleOutput',"
        "\n    'from bluesky_queueserver import no_such_thing',"
        "\n    'from bluesky_queueserver.manager.profile_tools import"
        " load_devices_from_happi',"
        "\n    'import bluesky_queueserver.manager.comms'):\n"
        "    try:\n        exec(line)\n"
        "    except ImportError as error:\n        print(error)"
    ).splitlines()
    assert said[0].startswith(
        "Lapwing's stand-in for the queue server's package has no "
        "bluesky_queueserver.ReceiveConsoleOutput; startup code does not talk to"
    )
    assert "leave out --compat" in said[1]
    assert "profile_tools.load_devices_from_happi; load them with happi" in said[2]
    assert "has no module 'bluesky_queueserver.manager.comms'" in said[3]


def test_it_refuses_if_the_queue_server_itself_is_loaded():
    said = python(
        "import sys, types\n"
        "sys.modules['bluesky_queueserver'] = types.ModuleType('bluesky_queueserver')\n"
        "from lapwing.errors import StateError\n"
        "import lapwing.compat\n"
        "try:\n    lapwing.compat.install()\n"
        "except StateError as error:\n    print(error.context['modules'])"
    )
    assert said == "['bluesky_queueserver']"
