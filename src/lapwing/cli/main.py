"""The command ``lapwing`` and its sub-commands.

Owns the list of commands, and how errors are shown.
Must not load what a command needs before that command is called.
Test: ``lapwing --help`` in a fresh process.
"""

import sys
from importlib import import_module

import click

from lapwing.errors import LapwingError

# Name of the command, its module, and its line in the help; a module is loaded
# only when its command is called, for ``lapwing --help`` shall not take a second.
_COMMANDS = {
    "demo": ("lapwing.cli.demo", "Run two scans on a simulated EPICS beamline."),
    "devices": ("lapwing.cli.devices", "List devices and what they can do."),
    "journal": ("lapwing.cli.journal", "List the journals; remove old ones."),
    "list-plans-devices": (
        "lapwing.cli.list_plans_devices",
        "Write the lists of plans and devices.",
    ),
    "path": ("lapwing.cli.path", "Tell what a path comes to, and draw it."),
    "plans": ("lapwing.cli.plans", "List, show and check plans."),
    "resume": ("lapwing.cli.resume", "Go on with what a killed process left."),
    "run": ("lapwing.cli.run", "Run a script in which RE is ready for use."),
    "runs": ("lapwing.cli.runs", "List, show and export what was recorded."),
    "scan": ("lapwing.cli.scan", "Run, check, estimate scans that files define."),
    "sim": ("lapwing.cli.sim", "Run the simulated beamline in the foreground."),
    "sinks": ("lapwing.cli.sinks", "Show how far writers of data have come."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return import_module(_COMMANDS[cmd_name][0]).command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in _COMMANDS])


@click.command(cls=_Commands)
@click.version_option(package_name="lapwing")
def cli() -> None:
    """Lapwing runs experiments on instruments: step scans, fly scans, queues."""


def main() -> None:
    """Run the command line; an error of ours is one line, not a traceback."""
    try:
        cli(prog_name="lapwing")
    except LapwingError as exc:
        click.secho(f"{type(exc).__name__}: {exc}", fg="red", err=True)
        sys.exit(1)
