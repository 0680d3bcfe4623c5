"""Sentences: what is said of a PV that was lost, is silent, or takes too long.

Owns the errors of connections, in the same words for every backend.
Must not know channels beyond their names, nor any client library.
Test: tests/contract/test_channel.py and test_channel_faults.py, over every backend.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from lapwing.errors import DeviceError, DeviceTimeoutError, DisconnectedError


class Named(Protocol):
    """What messages call a channel.

    Attributes:
        pv: Name of the PV, without a scheme.
        device: Name of the device that uses it, for messages; may be "".
    """

    pv: str
    device: str


def title(channel: Named) -> str:
    """Return how messages begin: the device, if there is one, and the PV."""
    return f"{channel.device}: {channel.pv}" if channel.device else channel.pv


def by_device(channels: Iterable[Named]) -> dict[str, list[str]]:
    """Return the PVs of channels, by the device that uses them.

    Args:
        channels: Any channels.
    """
    found: dict[str, list[str]] = {}
    for channel in channels:
        found.setdefault(channel.device, []).append(channel.pv)
    return found


def unreachable(
    missing: Mapping[str, Sequence[str]], timeout: float
) -> DisconnectedError:
    """Return the error that names every PV without an answer.

    Args:
        missing: Those PVs, by device ("" for none); one at least.
        timeout: Seconds that were waited.
    """
    missing = {device: list(dict.fromkeys(pvs)) for device, pvs in missing.items()}
    pvs = list(dict.fromkeys(pv for names in missing.values() for pv in names))
    listed = "; ".join(
        f"{device}: {', '.join(names)}" if device else ", ".join(names)
        for device, names in missing.items()
    )
    number = "1 PV does" if len(pvs) == 1 else f"{len(pvs)} PVs do"
    return DisconnectedError(
        f"{number} not answer within {timeout:g} s: {listed}",
        pvs=pvs,
        pv=pvs[0],
        device=next(iter(missing)) or None,
        missing={device: list(names) for device, names in missing.items()},
    )


def lost(channel: Named, action: str) -> DisconnectedError:
    """Return the error that says that a connection broke during an action.

    Args:
        channel: The channel that lost its server.
        action: What was going on, such as ``"was set to 3"``.
    """
    return DisconnectedError(
        f"{title(channel)} disconnected while it {action}",
        pvs=[channel.pv],
        pv=channel.pv,
        device=channel.device or None,
    )


def silent(channel: Named, action: str, seconds: float) -> DisconnectedError:
    """Return the error that says that a server fell silent during an action.

    Args:
        channel: The channel whose server says nothing.
        action: What was going on, such as ``"was set to 3"``.
        seconds: How long it has said nothing.
    """
    return DisconnectedError(
        f"{title(channel)} does not answer for {seconds:g} s, since it {action}",
        hint="its server may be frozen or overloaded",
        pvs=[channel.pv],
        pv=channel.pv,
        device=channel.device or None,
    )


def late(channel: Named, action: str, timeout: float | None) -> DeviceTimeoutError:
    """Return the error that says that an action was not over in its time.

    Args:
        channel: The channel concerned.
        action: What was going on, such as ``"was set to 3"``.
        timeout: Seconds that were waited.
    """
    waited = "" if timeout is None else f" within {timeout:.3g} s"
    return DeviceTimeoutError(
        f"{title(channel)} {action} and did not finish{waited}",
        pv=channel.pv,
        device=channel.device or None,
        timeout=timeout,
    )


def first_of(errors: Sequence[DeviceError], timeout: float) -> DeviceError:
    """Return the one error that says what became of several requests.

    Args:
        errors: One for each PV that was not read; one at least.
        timeout: Seconds that were waited.
    """
    gone = [error for error in errors if isinstance(error, DisconnectedError)]
    if len(gone) < 2:
        return errors[0]
    missing: dict[str, list[str]] = {}
    for error in gone:
        missing.setdefault(error.context.get("device") or "", []).extend(error.pvs)
    return unreachable(missing, timeout)
