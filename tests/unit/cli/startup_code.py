"""Startup code for the tests of commands, and a terminal to call them at."""

from pathlib import Path

from click.testing import CliRunner, Result

from lapwing.cli.main import cli

CODE = '''\
import sys
from lapwing import parameter_annotation_decorator

class Part:
    parent = None
    def __init__(self, name, *parts):
        self.name = name
        for part in parts:
            setattr(self, part.name, part)
            part.parent = self
    def read(self): raise RuntimeError("nothing is read")
    describe = read

class Motor(Part):
    def set(self, value): raise RuntimeError("nothing moves")

det = Part("det", Part("val"))
stage = Motor("stage", Motor("x"), Motor("y"))
print("loading")

@parameter_annotation_decorator({"parameters": {
    "detectors": {"annotation": "typing.List[Detectors]",
                  "devices": {"Detectors": ["det", "det.val"]}},
    "exposure": {"annotation": "typing.Annotated[float, 's']", "min": 0.001, "max": 60},
}})
def count(detectors, num: int = 1, /, *more: int, exposure=0.1, **md: str):
    """Read detectors [several] times. Then stop.

    Parameters
    ----------
    num : int
        How often.
    """
    yield

def nothing():
    yield
'''
BAD = CODE + "\ndef bad(x=object):\n    yield\n\ndef worse(x=print):\n    yield\n"


class Terminal:
    """Calls commands as at a terminal of some width, in a directory."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.width = 80

    def file(self, name: str, content: str) -> Path:
        """Write a file."""
        path = self.directory / name
        path.write_text(content)
        return path

    def __call__(self, *args: object, status: int = 0) -> str:
        """Call a command that leaves with a status; return what is on stdout."""
        result = self.call(*args)
        code = result.exit_code if not result.exception else 1
        if isinstance(result.exception, SystemExit):
            code = result.exit_code
        assert code == status, result.output
        return result.stdout

    def call(self, *args: object) -> Result:
        """Call a command; return all there is to say."""
        env = {"COLUMNS": str(self.width), "IPYTHONDIR": ""}
        return CliRunner().invoke(cli, [str(one) for one in args], env=env)
