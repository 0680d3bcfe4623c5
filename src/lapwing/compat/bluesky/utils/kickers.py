"""Kickers: what kept figures alive before the engine had a thread of its own.

Owns functions that do nothing, and say so, for startup files that call them.
Must not know engines or figures.
Test: call each, see the warning.
"""

import warnings
from typing import Any


def install_kicker(loop: Any = None, update_rate: float = 0.03) -> None:
    """Do nothing: figures are drawn by a timer of their own; deprecated."""
    _warn("install_kicker")


def install_qt_kicker(loop: Any = None, update_rate: float = 0.03) -> None:
    """Do nothing: figures are drawn by a timer of their own; deprecated."""
    _warn("install_qt_kicker")


def install_remote_qt_kicker(loop: Any = None, update_rate: float = 0.03) -> None:
    """Do nothing: figures are drawn by a timer of their own; deprecated."""
    _warn("install_remote_qt_kicker")


def install_nb_kicker(loop: Any = None, update_rate: float = 0.03) -> None:
    """Do nothing: figures are drawn by a timer of their own; deprecated."""
    _warn("install_nb_kicker")


def _warn(name: str) -> None:
    warnings.warn(
        f"{name}() is not needed any more, and does nothing; leave it out",
        DeprecationWarning,
        stacklevel=3,
    )
