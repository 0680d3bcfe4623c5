"""The whole way of a plan, from its decorator to its call, watched for code that runs.

`walk` does what a server does with a plan; an audit hook notes what no step of it may
do: run code, import, open a file, start a process.
"""

import gc
import sys
import time
from collections.abc import Callable
from typing import Any

from lapwing.annotation import (
    Namespace,
    parameter_annotation_decorator,
    prepare_plan,
    read_plan,
    validate_plan,
)
from lapwing.annotation.description import plan_to_dict
from lapwing.annotation.names import select_devices, select_plans
from lapwing.annotation.trees import described_trees
from lapwing.errors import LapwingError

DEVICES = {"det1": {"components": {"val": {}}}, "det2": {}, "motor": {}}
OBJECTS = {name: object() for name in DEVICES}
TREES = described_trees(DEVICES)

FORBIDDEN = ("exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.")

_watched: list[str] = []
_watching = [False]


def _note(event: str, args: tuple[Any, ...]) -> None:
    if _watching[0] and event.startswith(FORBIDDEN):
        _watched.append(f"{event} {args!r}"[:200])


sys.addaudithook(_note)  # which stays for the process, and is idle unless told


def watched(step: Callable[[], Any]) -> tuple[Any, float]:
    """Do a step; return what came of it, and the seconds of the processor.

    What comes of it is what it returns, or our own error. Any other error, and code
    that ran, are the test's failure.
    """
    _watched.clear()
    gc.disable()  # it would look at all that thousands of tests hold
    began = time.thread_time()
    _watching[0] = True
    try:
        found = step()
    except LapwingError as error:
        found = error
    finally:
        _watching[0] = False
        took = time.thread_time() - began
        gc.enable()
    assert not _watched
    return found, took


def a_plan(x=None, *rest, y=1, **others):
    yield x, rest, y, others


def walk(
    annotation: Any = None,
    *,
    described: Any = None,
    submitted: Any = None,
    func: Callable[..., Any] = a_plan,
) -> list[tuple[Any, float]]:
    """Decorate, read, describe, check and prepare; return what came of each step.

    Args:
        annotation: For the decorator; none if None.
        described: Stands for the description that is read from the function.
        submitted: Checked and prepared, if there is a description.
        func: The plan; the decorator does not stay on it.
    """
    steps: list[tuple[Any, float]] = []

    def do(step: Callable[[], Any]) -> Any:
        steps.append(watched(step))
        found = steps[-1][0]
        return None if isinstance(found, LapwingError) else found

    if annotation is not None:
        do(lambda: parameter_annotation_decorator(annotation)(func))
    if described is None:
        described = do(lambda: plan_to_dict(_read(func)))
    vars(func).pop("_custom_parameter_annotation_", None)
    allowed = {"a_plan": described, "count": {"name": "count"}}
    lists = {"allowed_plans": allowed, "allowed_devices": DEVICES}
    ok, words = do(lambda: validate_plan(submitted, **lists))
    assert ok == (words == "")
    assert len(words) < 3000
    namespace = Namespace(OBJECTS, {"a_plan": func}, {"sys": sys})
    prepared = do(
        lambda: prepare_plan(
            submitted, namespace=namespace, allows_function=lambda name: True, **lists
        )
    )
    assert (prepared is not None) <= ok
    return steps


def _read(func: Callable[..., Any]) -> Any:
    return read_plan(
        func,
        expand_devices=lambda items: select_devices(items, TREES),
        expand_plans=lambda items: select_plans(items, ["a_plan", "count"]),
    )
