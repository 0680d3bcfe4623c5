import pytest

from lapwing.callbacks.addresses import (
    ClientCurve,
    check_prefix,
    check_reach,
    read_address,
)
from lapwing.errors import ConfigError


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("localhost:9", "tcp://localhost:9"),
        ("tcp://remote.host:9", "tcp://remote.host:9"),
        ("ipc:///tmp/path", "ipc:///tmp/path"),
        (("localhost", 9), "tcp://localhost:9"),
        (("ipc", "/tmp/path"), "ipc:///tmp/path"),
        (("tcp", "localhost", "9"), "tcp://localhost:9"),
        (5567, "tcp://127.0.0.1:5567"),
    ],
)
def test_an_address_may_be_given_in_several_forms(address, read):
    assert read_address(address) == read


@pytest.mark.parametrize("address", [12.5, None, True, ["a", 1]])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigError, match="was given as an address"):
        read_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://127.0.0.1:1",
        "tcp://127.8.8.8:1",
        "tcp://localhost:1",
        "tcp://[::1]:1",
        "ipc:///tmp/path",
        "inproc://here",
    ],
)
def test_on_one_machine_no_keys_are_needed(address):
    check_reach(address, None)


@pytest.mark.parametrize(
    "address",
    ["tcp://*:1", "tcp://0.0.0.0:1", "tcp://192.168.0.1:1", "tcp://host.org:1"],
)
def test_anything_else_needs_keys(address, tmp_path):
    with pytest.raises(ConfigError, match="without keys only") as caught:
        check_reach(address, None)
    assert "curve_config" in caught.value.hint
    check_reach(address, ClientCurve(tmp_path, tmp_path))


@pytest.mark.parametrize(
    ("prefix", "message"),
    [("text", "must be bytes, not string"), (b"a b", r"may not contain b' '")],
)
def test_a_prefix_is_bytes_without_spaces(prefix, message):
    with pytest.raises(ConfigError, match=message):
        check_prefix(prefix)
