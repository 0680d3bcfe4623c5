"""Without scanspec it is said what to install; with it, see tests/compat."""

import sys

import pytest

from lapwing.errors import MissingExtraError
from lapwing.trajectory.adapters import from_scanspec


def test_without_scanspec_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "scanspec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scanspec", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[scanspec\]'"):
        from_scanspec({})
