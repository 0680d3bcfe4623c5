"""Write the pages of docs/reference that say what the code says.

Owns which pages there are, and their heads; the facts on them are signatures,
docstrings, tables of verbs, help texts and settings.
Must not know what any of them does.
Test: `python tools/reference.py --check`, or tests/architecture/test_tools.py.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from lapwing import (
    callbacks,
    devices,
    epics,
    plan_stubs,
    plans,
    preprocessors,
    simulators,
    stepscan,
    suspenders,
    trajectory,
)
from lapwing.cli.main import cli
from lapwing.config import PREFIX, Settings
from lapwing.data import catalogue, past_run, text
from lapwing.engine import (
    commands_device,
    commands_flow,
    commands_fly,
    commands_run,
)
from lapwing.session import facade, session
from lapwing.stepscan import spec_commands, xafs
from lapwing.stepscan.definition_model import schema
from lapwing.stepscan.spec_commands import MOVES, SCANS, SpecCommands
from lapwing.stepscan.spec_plans import SpecPlans
from lapwing.trajectory import motion, paths

import schema_text
from docstring_text import line, overview, sections, with_all_names

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
COMMAND = "python tools/reference.py"

SESSION = """\
# Sessions, engines and catalogues

What a script or a prompt begins with: `import lapwing`, then
`RE = lapwing.session().RE`; or `from lapwing import RunEngine` without files and
tables. `lapwing.session(data_dir, ...)` takes what `Session` takes, but for its
settings; what was recorded is in `lapwing.catalogue()`.
"""

DEVICES = """\
# Devices

What is moved and read: `from lapwing.devices import SoftMotor` for devices that are
made of software, `from lapwing.epics import EpicsMotor` for those of EPICS. Any device
that speaks Bluesky's protocols is as good.
"""

STEPSCAN = """\
# Step scans

The parts of [a step scan](../how-to/scan-with-pvs.md):
`from lapwing.stepscan import Positioner, StepScan`, ...
"""

PLANS = """\
# Plans

`from lapwing.plans import scan`, ...

What a plan says and records is what Bluesky's plan of the same name does; where ours
differs, `tests/compat` says so and why. Every plan takes `md`, metadata merged on top
of its own, and returns the uid of its run. If the variable `BLUESKY_PREDECLARE` is set
to anything, plans declare the stream `primary` before its first event, unless
`per_shot` or `per_step` is given.
"""

STUBS = """\
# Stubs

The smallest plans, of which others are made: `from lapwing import plan_stubs as bps`.
Use them with `yield from`; see [how to write a plan](../how-to/write-a-plan.md).
"""

PREPROCESSORS = """\
# Preprocessors

Plans that change plans: `from lapwing import preprocessors as bpp`. Each `..._wrapper`
takes a plan and returns one; the `..._decorator` of the same name takes the further
arguments, and changes what a plan function returns. `RE.preprocessors` is a list of
functions from plan to plan, which change every plan that is run.
"""

SIMULATORS = """\
# Simulators

Plans without their consequences: `from lapwing import simulators`. No device is moved.
What a plan asks for is answered by None, so relative plans are looked at as if all
devices were at 0.
"""

CALLBACKS = """\
# Callbacks

What is called with `(name, document)` for each document: tables, bars, plots, writers,
publishers. `from lapwing.callbacks import BestEffort`, then
`RE.subscribe(BestEffort())`. See
[how to publish documents](../how-to/publish-documents.md).
"""

SUSPENDERS = """\
# Suspenders

Signals that must be right while plans run: `from lapwing import suspenders`, then
`RE.install_suspender(suspenders.SuspendFloor(current, 10))`. What happens then:
[what the engine does](../explanation/engine.md#suspending).

All take the arguments of `SuspenderBase` besides their own.
"""

MESSAGES = """\
# Messages

What a plan may yield: `Msg(verb, obj, *args, run=None, **kwargs)`, after
`from lapwing import Msg`. [Stubs](stubs.md) make them for you; this page is for those
who write preprocessors, read `RE.msg_hook`, or need an engine of their own. Verbs that
begin with `_` are the engine's.

`group`, where it is taken, is the name by which `wait` waits. `run` is the key of the
run that the message concerns, None where a plan has only one. A verb of your own is
added by `RE.register_command(name, async_function)`.
"""

TEXT_FILES = """\
# Text files

A run as a text file in columns: `lapwing runs export ID --to FILE.dat`; or as it goes
on, beside its HDF5 file:

```python
from lapwing.data.text import TextSink, read_text

session.feeds.add(TextSink(session.settings.data_dir), others="ended", begin="own")
```

or of all runs of a session, `lapwing.session(text_files=True)`, and back:
`read_text("FILE.dat")["SIM:X"]`. The head is XDI's, so that programs for
absorption spectra understand it. Programs that pass over lines with `#` read the rows,
as `numpy.loadtxt` does where all columns are numbers.

```text
# Scan.KEY: value                      what was asked for: the metadata of the run
# Metadata.KEY: value
# Sample.name: value                   beamline, detector, element, facility, mono and
                                       sample are families of XDI's if they are dicts
# Column.N: label units || PV || title positioners first, then counters; then the time,
                                       in seconds since 1970, and number of the point;
                                       the title stands where people call it otherwise
# Array.N: label units || PV || -> FILE.h5:/dataset
                                       values that are arrays are in the HDF5 file
# Stream.NAME: -> FILE.h5:/group       so are other streams of the run
# ExtraPVs.Start: time || seconds since 1970 || stream
# Family.name: value || PV || units    extra PVs, of the streams baseline and extra_pvs:
# ExtraPVs.End:                        at the start, and at each breakpoint
# Scan.repeated: N                     point N was taken again: its last row counts
# Scan.end_time: time                  the last line of a file that is complete
```

Numbers stand in full and are the same when they are read. Booleans are 1 and 0, a
number that is missing is `nan`, any other value `null`. A text that is no plain word
stands in quotes, with JSON's escapes also for spaces, so that white space only divides
columns. Metadata of more than 2000 characters are in the HDF5 file only.
"""

XAFS = """\
# XAFS

The points of an absorption scan: `from lapwing.stepscan.xafs import XafsRegion`, ...

```python
points = xafs_points(
    [
        XafsRegion(-200, -20, step=10),
        XafsRegion(-20, 30, step=0.5),
        XafsRegion(2.8, 14, step=0.05, unit="k", dtime=1, dtime_final=8, dtime_wt=2),
    ],
    e0_ev=7112,
)
points.energy_ev, points.dwell, points.total_time
```
"""

TRAJECTORIES = """\
# Trajectories

Where a scan goes:
`from lapwing.trajectory import CompoundGenerator, LineGenerator`, ...
[How to describe a path](../how-to/describe-a-path.md) begins with examples. Paths and
their parts can be written as JSON and read again: `to_json()`, `from_json(text)`,
`to_dict()`, `from_dict(description)`.

Spirals in a window, as arrays, are in `lapwing.trajectory.paths`; motion within the
limits of axes (`MotionPlan`, its limits and its PVT points) is in
`lapwing.trajectory.motion`.
"""

STEP_SCANS = """\
# Files that define step scans

What may stand in a file of YAML or JSON that defines a step scan:
[how to define one](../how-to/define-a-step-scan.md). Words mean what YAML 1.2 says:
`on` and `12:30` are texts, `1e-3` is a number. Each of the parts takes only the keys
that are here. For programs there is [the JSON Schema](step-scan.schema.json), which
`lapwing scan schema` prints.

In Python: `from lapwing.stepscan.definition import load_scan`, then
`RE(load_scan("map.yaml").plan())`; `to_definition(scan)` and `dump(definition, path)`
go the other way.
"""

STEP_SCAN_PARTS = {
    "": "The scan",
    "PositionerPart": "Positioner",
    "Range": "Range",
    "MeshPart": "Mesh",
    "XafsPart": "XAFS",
    "Axis": "Axis",
    "RegionPart": "Region",
    "TriggerPart": "Trigger",
    "CounterPart": "Counter",
    "MotorCounterPart": "Motor counter",
    "SumCounterPart": "Sum counter",
    "DetectorPart": "Detector",
    "ReadyDetectorPart": "Ready detector",
    "PostingPart": "Posting",
}

SPEC = """\
# SPEC's commands

SPEC's commands at a prompt:
`from lapwing.stepscan.spec_commands import SpecCommands`, then

```python
spec = SpecCommands(session, motors={"x": "IOC:m1"}, detectors=[det])
spec.export(globals())
ascan(x, -1, 1, 20, 0.1)
```

The order of arguments is SPEC's, and n intervals are n + 1 points. A motor is one of
the names, a PV, a positioner or any device with `set`. Scans are step scans; relative
ones go back. `mv` returns when all has arrived. The same scans are plans under
`spec.plans`, to be nested in others or resumed:
`RE.resume_from(7, spec.plans.ascan("x", -1, 1, 20, 0.1))`.
"""

COMMAND_LINE = """\
# The command line

What `lapwing` and its sub-commands take.
"""

SETTINGS = """\
# Settings

Each is taken from an argument where there is one, else from an environment variable;
else the default holds.
"""


def _of_module(head: str, module: Any, names: Iterable[str]) -> str:
    known = with_all_names(module, names)
    return f"{head}\n{overview(known)}\n\n{sections(known)}"


def _plans() -> str:
    names = [name for name in plans.__all__ if name not in ("plan", "Plan")]
    return _of_module(PLANS, plans, names)


def _session() -> str:
    known = with_all_names(session, ["Session"])
    known |= with_all_names(facade, ["RunEngine"])
    known |= with_all_names(catalogue, ["Catalogue"])
    known |= with_all_names(past_run, ["PastRun", "PastStream"])
    return f"{SESSION}\n{overview(known)}\n\n{sections(known)}"


def _devices() -> str:
    known = with_all_names(devices, devices.__all__)
    classes = [name for name in epics.__all__ if name.title() != name.upper()]
    known |= with_all_names(epics, classes)
    return f"{DEVICES}\n{overview(known)}\n\n{sections(known)}"


def _preprocessors() -> str:
    names = [name for name in dir(preprocessors) if not name.endswith("_decorator")]
    return _of_module(PREPROCESSORS, preprocessors, names)


def _messages() -> str:
    parts = [MESSAGES]
    for title, room in (
        ("Runs and documents", commands_run),
        ("Devices", commands_device),
        ("Devices that take data by themselves", commands_fly),
        ("The flow of a plan", commands_flow),
    ):
        rows = ["| verb | what it does | arguments |", "| --- | --- | --- |"]
        rows += [_row(name, verb) for name, verb in room.COMMANDS.items()]
        parts.append(f"## {title}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts).rstrip()


def _row(name: str, verb: Callable[..., Any]) -> str:
    first, _, rest = line(verb.__doc__ or "").partition(". ")
    taken, _, answered = rest.partition(" The response ")
    does = first.rstrip(".") + (f"; the response {answered}" if answered else "")
    arguments = re.sub(r"\b(?:kw)?args\b", r"*\g<0>*", taken)
    return f"| `{name}` | {does.rstrip('.')} | {arguments.rstrip('.') or 'none'} |"


def _command_line() -> str:
    parts = [COMMAND_LINE]
    for path, command in _commands((), cli):
        name = " ".join(("lapwing", *path))
        context = click.Context(
            command, info_name=name, terminal_width=80, max_content_width=80
        )
        with context:
            parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts).rstrip()


def _commands(
    path: tuple[str, ...], command: click.Command
) -> Iterable[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and all below it, with the words that lead there."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _commands((*path, name), below)


def _spec() -> str:
    rows = ["| command | what it does |", "| --- | --- |"]
    for name in (*SCANS, *MOVES):
        command = getattr(SpecPlans if name in SCANS else SpecCommands, name)
        taken = ", ".join(
            f"*{one.name}" if one.kind is one.VAR_POSITIONAL else one.name
            for one in list(inspect.signature(command).parameters.values())[1:]
        )
        first = (command.__doc__ or "").partition("\n\n")[0]
        rows.append(f"| `{name}({taken})` | {line(first)} |")
    known = with_all_names(spec_commands, ["SpecCommands"])
    return f"{SPEC}\n" + "\n".join(rows) + f"\n\n{sections(known)}"


def _step_scans() -> str:
    return f"{STEP_SCANS}\n{schema_text.sections(schema(), STEP_SCAN_PARTS)}"


def _trajectories() -> str:
    known = with_all_names(trajectory, trajectory.__all__)
    known |= with_all_names(paths, paths.__all__)
    classes = [name for name in motion.__all__ if name != "UserProgram"]  # an enum
    known |= with_all_names(motion, classes)
    return f"{TRAJECTORIES}\n{overview(known)}\n\n{sections(known)}"


def _settings() -> str:
    rows = ["| variable | default | what it is |", "| --- | --- | --- |"]
    told = dict(
        re.findall(r"^        (\w+): (.+(?:\n {12}.+)*)", Settings.__doc__ or "", re.M)
    )
    defaults = Settings()
    for one in fields(Settings):
        variable = PREFIX + one.name.upper()
        default = getattr(defaults, one.name)
        rows.append(f"| `{variable}` | `{default}` | {line(told[one.name])} |")
    return f"{SETTINGS}\n" + "\n".join(rows)


PAGES: dict[str, Callable[[], str]] = {
    "session": _session,
    "devices": _devices,
    "step-scans": lambda: _of_module(STEPSCAN, stepscan, stepscan.__all__),
    "plans": _plans,
    "stubs": lambda: _of_module(STUBS, plan_stubs, dir(plan_stubs)),
    "preprocessors": _preprocessors,
    "simulators": lambda: _of_module(SIMULATORS, simulators, simulators.__all__),
    "callbacks": lambda: _of_module(CALLBACKS, callbacks, callbacks.__all__),
    "suspenders": lambda: _of_module(SUSPENDERS, suspenders, suspenders.__all__),
    "messages": _messages,
    "text-files": lambda: _of_module(TEXT_FILES, text, text.__all__),
    "xafs": lambda: _of_module(XAFS, xafs, xafs.__all__),
    "trajectories": _trajectories,
    "step-scan-files": _step_scans,
    "spec-commands": _spec,
    "command-line": _command_line,
    "settings": _settings,
}


def render(name: str) -> str:
    """Return the text of a page."""
    return f"{PAGES[name]()}\n\nThis page is made from the code by `{COMMAND}`.\n"


def files() -> dict[str, str]:
    """Return the texts of all files, by name."""
    found = {f"{name}.md": render(name) for name in PAGES}
    return {**found, "step-scan.schema.json": json.dumps(schema(), indent=2) + "\n"}


def main(arguments: list[str]) -> int:
    """Write the pages; with ``--check``, only say which are not up to date."""
    stale = []
    for name, wanted in files().items():
        path = FOLDER / name
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        stale.append(path.name)
        if "--check" not in arguments:
            path.write_text(wanted, encoding="utf-8")
    if stale and "--check" in arguments:
        print(
            f"not what the code says: docs/reference/{', '.join(stale)}; "
            f"run: {COMMAND}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
