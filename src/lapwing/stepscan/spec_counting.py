"""SPEC counting: telling detectors how long, and counting once without a run.

Owns which of a device's signals is its time.
Must not know motors, prompts or sessions.
Test: tests/unit/stepscan/test_spec_commands.py.
"""

from collections.abc import Generator, Sequence
from typing import Any

from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.preprocessors import finalize_wrapper
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.loop import staged
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.taking import count as take_count

_TIMES = ("dwell", "exposure_time", "count_time", "acquire_time", "preset_time")
_GROUP = "spec"


def set_times(devices: Sequence[Any], seconds: float) -> MsgGenerator[None]:
    """Tell devices how long to count, those that can be told.

    Args:
        devices: Detectors of step scans are told by their scan; of others the first
            of the signals dwell, exposure_time, count_time, acquire_time and
            preset_time is set.
        seconds: How long.
    """
    for device in devices:
        if isinstance(device, Detector):
            continue
        signals = (getattr(device, name, None) for name in _TIMES)
        signal = next((one for one in signals if hasattr(one, "set")), None)
        if signal is not None:
            yield Msg("set", signal, seconds, group=_GROUP)
            yield Msg("wait", None, group=_GROUP)


def count_once(scan: StepScan) -> Generator[Msg, Any, dict[str, Any]]:
    """Trigger and read all that a scan counts, once, without a run.

    Args:
        scan: What is counted, with a dwell.

    Returns:
        The readings by data key.
    """
    found: dict[str, Any] = {}
    yield from staged("stage", scan)

    def count() -> MsgGenerator[None]:
        yield from set_times(scan.devices, scan.dwell_at(0) or 0.0)
        for one in scan.detectors:
            one.set_dwell(scan.dwell_at(0) or 0.0)
            if one.dwell is not None:
                yield Msg("set", one.dwell, scan.dwell_at(0), group=_GROUP)
        yield Msg("wait", None, group=_GROUP)
        yield from take_count(scan, [])
        for one in (scan.point, *scan.devices):
            found.update((yield Msg("read", one)) or {})

    yield from finalize_wrapper(count(), lambda: staged("unstage", scan))
    return found
