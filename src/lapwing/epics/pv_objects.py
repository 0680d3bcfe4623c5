"""PV objects: what may stand for the name of a PV, and what then talks to it.

Owns the rules for what is accepted as a PV.
Must not know channels or devices; must not import pyepics.
Test: tests/unit/epics/test_pv_objects.py.
"""

from typing import Any, Protocol, runtime_checkable

from lapwing.errors import PlanArgumentError


@runtime_checkable
class PvObject(Protocol):
    """A PV object as pyepics makes them, or whatever behaves as one.

    Attributes:
        pvname: Name of the PV.
        connected: Whether its server answers.
    """

    pvname: str
    connected: bool

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Return the value; take ``use_monitor=False`` and ``timeout`` if it can."""
        ...

    def put(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Write a value; call ``callback`` when that is over."""
        ...


def pv_name(pv: Any) -> str:
    """Return the name of a PV that is given by its name or as a PV object.

    Args:
        pv: A name such as ``"SIM:X"`` or ``"pva://SIM:X"``; or an object with
            ``pvname``, ``put``, ``get`` and ``connected``, as pyepics' are.

    Raises:
        PlanArgumentError: It is neither, or the name is empty.
    """
    name = pv if isinstance(pv, str) else getattr(pv, "pvname", None)
    complete = isinstance(pv, (str, PvObject))
    if not complete or not isinstance(name, str) or not name.strip():
        raise PlanArgumentError(
            f"{pv!r} is no PV; a name is needed, or an object with pvname, put, get "
            "and connected, such as pyepics' PV"
        )
    return name.strip()


def speaks_for_itself(pv: Any) -> bool:
    """Return whether a PV object must be asked itself, and not just for its name.

    A plain PV of pyepics is nothing but its name to us: a channel of our own tells the
    truth when its server dies. A subclass, or a stand-in without a network, may do
    something of its own.

    Args:
        pv: A name or a PV object.
    """
    if isinstance(pv, str):
        return False
    kind = type(pv)
    return (kind.__module__, kind.__qualname__) != ("epics.pv", "PV")


def prefix_of(pv: Any) -> str:
    """Return what the fields of a record begin with.

    Args:
        pv: The record's name, the name of its ``.VAL``, or a PV object of either.

    Raises:
        PlanArgumentError: It is no PV.
    """
    return pv_name(pv).removesuffix(".VAL")
