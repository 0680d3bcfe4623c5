"""The name that somebody may have meant."""

import pytest
from kit import soon

from lapwing.annotation.nearest import nearest

KNOWN = ["det1", "det2", "motor", "camera_front", "Energy"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ENERGY", "Energy"),
        ("dett2", "det2"),
        ("et2", "det2"),
        ("det", "det1"),
        ("dte2", "det2"),
        ("dex2", "det2"),
        ("motro", "motor"),
        ("motors", "motor"),
        ("camera_fornt", "camera_front"),
        ("camra_fromt", "camera_front"),
        ("xyz", None),
        ("", None),
        (5, None),
        ("det1" * 100, None),
    ],
)
def test_the_nearest_name_is_found(name, meant):
    assert nearest(name, KNOWN) == meant


def test_of_many_names_the_nearest_is_found_soon():
    known = [f"device_{n}" for n in range(50_000)]
    with soon(0.2):
        assert nearest("devise_7777", known) == "device_7777"
        assert nearest("x" * 12, known) is None
