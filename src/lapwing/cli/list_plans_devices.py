"""``lapwing list-plans-devices``: write the lists that servers and clients read.

Owns the command, and what it says of the file.
Must not know how startup code is loaded, nor the form of the file.
Test: call it for startup code that is right, and wrong in each way.
"""

from pathlib import Path

import click

from lapwing.annotation.export import FILE_NAME, write_lists
from lapwing.annotation.lists import ExistingLists
from lapwing.cli.devices_screen import num_parts
from lapwing.cli.screen import counted
from lapwing.cli.startup import Source, code_options, tell_invalid


@click.command("list-plans-devices")
@code_options
@click.option(
    "--file-dir",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the file goes; the current directory if not given.",
)
@click.option(
    "--file-name", default=FILE_NAME, show_default=True, help="The name of the file."
)
@click.option(
    "--ignore-invalid-plans",
    type=click.Choice(["ON", "OFF"], case_sensitive=False),
    is_flag=False,
    flag_value="ON",
    default="OFF",
    help="Leave plans out that are faulty, and tell which; else nothing is written.",
)
@click.option(
    "--device-max-depth",
    "--max-depth",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Levels of devices and their parts: 1 is devices alone; 0, the default, all.",
)
def command(
    source: Source,
    file_dir: Path,
    file_name: str,
    ignore_invalid_plans: str,
    device_max_depth: int,
) -> None:
    """Write the plans and devices of startup code into a file.

    The file is what servers of queues and their clients read:
    existing_plans_and_devices.yaml. If it says the same already, it is left alone.
    """
    if not source.code:
        raise click.UsageError(
            "Startup code is needed: give --startup-dir, --startup-script, "
            "--startup-module or --startup-profile."
        )
    lists = source.load(
        max_depth=device_max_depth,
        ignore_invalid_plans=ignore_invalid_plans.upper() == "ON",
    )
    path = file_dir / file_name
    written = write_lists(path, lists)
    click.echo(f"{path}: {_summary(lists)}{'' if written else '; nothing is new'}")
    tell_invalid(lists)


def _summary(lists: ExistingLists) -> str:
    parts = num_parts(lists.devices)
    text = f"{counted(len(lists.plans), 'plan')}, "
    text += counted(len(lists.devices), "device")
    return f"{text} with {counted(parts, 'part')}" if parts else text
