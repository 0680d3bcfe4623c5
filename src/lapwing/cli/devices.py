"""``lapwing devices``: what devices there are, and what they can do.

Owns the commands.
Must not know how startup code is loaded, nor how a table is drawn.
Test: tests/unit/cli/test_plans_list.py.
"""

import json

import click

from lapwing.annotation.names import select_devices
from lapwing.annotation.trees import described_trees, is_listed
from lapwing.cli.devices_screen import device_table, walked
from lapwing.cli.screen import console, counted
from lapwing.cli.startup import Source, list_options, missing


@click.group("devices")
def command() -> None:
    """Look at the devices of startup code, or of a list."""


@command.command("list")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@list_options
@click.option(
    "--depth",
    type=click.IntRange(0),
    default=1,
    metavar="N",
    help="Levels to show: 1, the default, is devices alone; 0 shows all parts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the descriptions as JSON.")
def list_devices(
    source: Source, names: tuple[str, ...], depth: int, as_json: bool
) -> None:
    """List devices: what each can do, how many parts it has, and its class.

    NAME is a name, dotted for a part, or a pattern as in the annotation of a plan:
    '__MOTOR__:?.*' lists all motors. Without any all devices are listed.
    """
    devices = source.read().devices
    listed = list(walked(devices, 0 if names else depth))
    if names:
        chosen = set(select_devices(names, described_trees(devices)))
        listed = [(path, one) for path, one in listed if path in chosen]
        for name in names:
            if ":" not in name and not is_listed(name, devices):
                raise missing("device", name, [path for path, _ in walked(devices, 0)])
    if as_json:
        click.echo(json.dumps(dict(listed), indent=2, ensure_ascii=False))
        return
    if listed:
        console().print(device_table(listed))
    click.secho(counted(len(listed), "device"), dim=True, err=True)
