"""Where commands take plans and devices from: startup code, or a list of them.

Owns the options for that, and the loading; what startup code prints goes to stderr.
Must not know what is shown of the plans and devices.
Test: commands that list plans and devices, in fresh directories.
"""

import sys
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lapwing.annotation.export import FILE_NAME, read_lists
from lapwing.annotation.lists import ExistingLists, describe_namespace
from lapwing.annotation.nearest import nearest
from lapwing.annotation.permissions import read_permissions
from lapwing.errors import PlanArgumentError, StateError

_CODE = (
    click.option(
        "--startup-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Load the startup files (*.py, *.ipy) of a directory, in order of names.",
    ),
    click.option(
        "--startup-script",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Load one startup file.",
    ),
    click.option(
        "--startup-module", metavar="NAME", help="Load a module that is installed."
    ),
    click.option(
        "--startup-profile",
        metavar="NAME",
        help="Load the startup files of an IPython profile.",
    ),
    click.option(
        "--ipython-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        envvar="IPYTHONDIR",
        help="Where IPython's profiles are; else IPYTHONDIR, else ~/.ipython.",
    ),
    click.option("--compat", is_flag=True, help="Let 'import bluesky' mean Lapwing."),
    click.option(
        "--without-hardware",
        is_flag=True,
        help="Keep devices from connecting while startup code is loaded.",
    ),
)
_LISTED = (
    click.option(
        "--lists",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Load no code, but read a file of lists; else ./{FILE_NAME}.",
    ),
    click.option(
        "--permissions",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Show only what a --group may use, by this user_group_permissions.yaml.",
    ),
    click.option("--group", metavar="NAME", help="The group of users."),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where plans and devices come from, as the options say."""

    startup_dir: Path | None = None
    startup_script: Path | None = None
    startup_module: str | None = None
    startup_profile: str | None = None
    ipython_dir: Path | None = None
    compat: bool = False
    without_hardware: bool = False
    lists: Path | None = None
    permissions: Path | None = None
    group: str | None = None

    def load(
        self, *, max_depth: int = 0, ignore_invalid_plans: bool = False
    ) -> ExistingLists:
        """Load the startup code, and describe its plans and devices.

        Args:
            max_depth: Levels of devices and their parts; 0 lists all.
            ignore_invalid_plans: Leave plans that are faulty out.

        Raises:
            ConfigError: There is no such code, or it failed.
            PlanArgumentError: Plans are faulty.
        """
        if self.compat:
            from lapwing.compat import install

            install()
        from lapwing.annotation.finding import find_in_namespace
        from lapwing.annotation.loader import load_startup
        from lapwing.annotation.registration import registered

        # What is listed may be read by a program, so nothing else is on stdout.
        with redirect_stdout(sys.stderr):
            namespace = load_startup(
                directory=self.startup_dir,
                script=self.startup_script,
                module=self.startup_module,
                profile=self.startup_profile,
                ipython_dir=self.ipython_dir if self.startup_profile else None,
                without_hardware=self.without_hardware,
            )
            return describe_namespace(
                find_in_namespace(namespace),
                max_depth=max_depth,
                depths=registered.depths,
                ignore_invalid_plans=ignore_invalid_plans,
            )

    def read(self) -> ExistingLists:
        """Return plans and devices: of code, or of a file; if asked, of one group.

        Plans that are faulty are left out, and returned with what is wrong.

        Raises:
            ConfigError: What was named is not there, or wrong.
            AccessError: There is no such group.
        """
        found = self.load(ignore_invalid_plans=True) if self.code else self._listed()
        if self.permissions is None and self.group is None:
            return found
        if self.permissions is None or self.group is None:
            raise click.UsageError("--permissions and --group go together.")
        allowed = read_permissions(self.permissions).allowed_lists(
            found.plans, found.devices, self.group
        )
        return ExistingLists(allowed.plans, allowed.devices, found.invalid)

    @property
    def code(self) -> list[str]:
        """The options by which startup code was given."""
        given = {
            "--startup-dir": self.startup_dir,
            "--startup-script": self.startup_script,
            "--startup-module": self.startup_module,
            "--startup-profile": self.startup_profile,
        }
        return [name for name, value in given.items() if value is not None]

    def _listed(self) -> ExistingLists:
        if self.compat or self.without_hardware:
            raise click.UsageError(
                "--compat and --without-hardware are for startup code; give "
                "--startup-dir, --startup-script, --startup-module or "
                "--startup-profile."
            )
        if self.lists is not None:
            return read_lists(self.lists)
        if not Path(FILE_NAME).is_file():
            raise StateError(
                f"nothing was given to list, and there is no ./{FILE_NAME}",
                hint="give --startup-dir, --startup-script, --startup-module, "
                "--startup-profile or --lists",
            )
        return read_lists(Path(FILE_NAME))

    def check(self) -> None:
        """Refuse options that exclude each other.

        Raises:
            click.UsageError: There are some.
        """
        given = self.code + (["--lists"] if self.lists is not None else [])
        if len(given) > 1:
            raise click.UsageError(f"{' and '.join(given)} exclude each other.")


def tell_invalid(lists: ExistingLists) -> None:
    """Tell which plans were left out, and why."""
    for error in lists.invalid.values():
        click.secho(f"left out: {error.args[0]}", fg="yellow", err=True)


def missing(kind: str, name: str, known: Collection[str]) -> PlanArgumentError:
    """Return the error of a name that no plan, or no device, has."""
    near = nearest(name, known)
    meant = f"; is {near!r} meant?" if near else ""
    return PlanArgumentError(f"there is no {kind} {name!r}{meant}", nearest=near)


def code_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options for startup code; it gets a `Source` as ``source``."""
    return _with_source(command, _CODE)


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command those for startup code, lists and groups; likewise."""
    return _with_source(command, _CODE + _LISTED)


def _with_source(
    command: Callable[..., Any], options: tuple[Callable[..., Any], ...]
) -> Callable[..., Any]:
    names = Source.__dataclass_fields__

    @wraps(command)
    def called(**given: Any) -> Any:
        own = {name: given.pop(name) for name in names if name in given}
        source = Source(**own)
        source.check()
        return command(source=source, **given)

    for option in reversed(options):
        called = option(called)
    return called
