"""``lapwing run``: its options reach the session."""

import sys

import pytest
from click.testing import CliRunner

from lapwing.callbacks import best_effort
from lapwing.cli.main import cli

SCRIPT = """\
from lapwing.devices import SoftDetector, SoftMotor
from lapwing.plans import scan

x = SoftMotor("x")
RE(scan([SoftDetector("det", lambda x: x, [x])], x, 0, 1, 3))
print("has a window:", session.best.has_window)
"""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "has a window: False"),
        (["--live-plot"], "matplotlib can open no window here"),
    ],
)
def test_a_live_plot_is_shown_if_it_is_asked_for(options, words, tmp_path, monkeypatch):
    monkeypatch.setattr(best_effort, "opens_windows", lambda: False)
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    result = CliRunner().invoke(
        cli, ["run", *options, "--data-dir", str(tmp_path / "data"), str(script)]
    )
    assert result.exit_code == 0, result.output
    assert words in result.output
    assert ("no window" in result.output) is bool(options)
