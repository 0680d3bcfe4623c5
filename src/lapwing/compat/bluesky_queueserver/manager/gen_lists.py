"""``bluesky_queueserver.manager.gen_lists``: the lists of plans and devices as a file.

Owns the one call that makes them from startup code.
Must not load, describe or write anything itself.
Test: tests/unit/compat/test_queueserver.py.
"""

from pathlib import Path

from lapwing.annotation.export import FILE_NAME, write_lists
from lapwing.annotation.finding import find_in_namespace
from lapwing.annotation.lists import describe_namespace
from lapwing.annotation.loader import StrPath, load_startup
from lapwing.annotation.registration import registered
from lapwing.errors import ConfigError, DataExistsError


def gen_list_of_plans_and_devices(
    *,
    startup_profile: str | None = None,
    startup_dir: StrPath | None = None,
    startup_module_name: str | None = None,
    startup_script_path: StrPath | None = None,
    file_dir: StrPath | None = None,
    file_name: str | None = None,
    ipython_dir: StrPath | None = None,
    overwrite: bool = False,
    ignore_invalid_plans: bool = False,
    device_max_depth: int = 0,
    use_ipython_kernel: bool = False,
) -> None:
    """Write the list of the plans and devices of startup code to a file.

    Args:
        startup_profile: As ``profile`` of `lapwing.annotation.loader.load_startup`.
        startup_dir: As ``directory``.
        startup_module_name: As ``module``.
        startup_script_path: As ``script``.
        file_dir: Where the file goes; the current directory if not given.
        file_name: ``existing_plans_and_devices.yaml`` if not given.
        ipython_dir: As ``ipython_dir``.
        overwrite: Whether a file of that name is written over.
        ignore_invalid_plans: Whether faulty plans are left out.
        device_max_depth: Levels of devices and their parts; 0 lists all, 1 no parts.
        use_ipython_kernel: Must be False.

    Raises:
        ConfigError: The startup code is not there, or failed, or is to run in IPython.
        DataExistsError: The file is there, and shall not be written over.
        PlanArgumentError: Plans are faulty; all of them are told.
    """
    if use_ipython_kernel:
        raise ConfigError(
            "startup code is to run in an IPython kernel, which Lapwing does not start",
            hint="leave use_ipython_kernel out",
        )
    file = Path(file_dir or ".") / (file_name or FILE_NAME)
    if file.exists() and not overwrite:
        raise DataExistsError(
            f"the list of plans and devices {file} is there already",
            hint="say overwrite=True, or name another file",
        )
    namespace = load_startup(
        directory=startup_dir,
        script=startup_script_path,
        module=startup_module_name,
        profile=startup_profile,
        ipython_dir=ipython_dir,
    )
    lists = describe_namespace(
        find_in_namespace(namespace),
        max_depth=device_max_depth,
        depths=registered.depths,
        ignore_invalid_plans=ignore_invalid_plans,
    )
    write_lists(file, lists)
