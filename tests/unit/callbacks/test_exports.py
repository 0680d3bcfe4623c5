import json
import subprocess
import sys

import pytest

import lapwing.callbacks

HEAVY = {"matplotlib", "zmq", "msgpack", "IPython", "ipywidgets", "lmfit", "h5py"}


def test_importing_the_room_loads_nothing_that_is_not_needed_at_once():
    code = "import json, sys, lapwing.callbacks; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert HEAVY & set(json.loads(done.stdout)) == set()


@pytest.mark.parametrize("name", lapwing.callbacks.__all__)
def test_every_exported_name_is_there(name):
    assert getattr(lapwing.callbacks, name).__name__ == name
    assert name in dir(lapwing.callbacks)


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'LiveNothing'"):
        lapwing.callbacks.LiveNothing  # noqa: B018
