"""Definition fault: a part of a definition of which nothing can be made.

Owns the way from an error of a scan's parts to the place of a definition.
Must not know files, nor what parts there are.
Test: tests/unit/stepscan/test_definition.py, by the lines that errors name.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lapwing.errors import ConfigError, DeviceError, PlanError
from lapwing.stepscan.definition_text import Path


class PartError(Exception):
    """A part of a definition cannot be made.

    Args:
        path: Where it stands in the definition.
        problem: What is wrong with it.
        hint: What to do about it.
    """

    def __init__(self, path: Path, problem: str, hint: str = ""):
        super().__init__(problem)
        self.path = path
        self.problem = problem
        self.hint = hint


@contextmanager
def naming(*path: str | int) -> Iterator[None]:
    """Let errors of this block name a part; the innermost block does.

    Args:
        *path: Where the part stands in the definition.

    Raises:
        PartError: In place of any error of the block.
    """
    try:
        yield
    except (PlanError, ConfigError, DeviceError) as exc:
        raise PartError(path, str(exc.args[0]), exc.hint) from exc
