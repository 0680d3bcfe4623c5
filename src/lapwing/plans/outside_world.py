"""Outside world: what of Python and its libraries looks at it.

Owns the tables of clocks, random sources, files and the like, by dotted name.
Must not know plans or syntax trees.
Test: `kind_of` with names of each kind, and with names that are harmless.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of looking at the world.

    Attributes:
        name: What it is, as in "a clock".
        problem: Why it matters when a plan goes on after a crash.
        instead: What to write instead; ``{look}`` stands for the recorded look.
    """

    name: str
    problem: str
    instead: str


_REPLAYED = "after a crash the plan is replayed from what was recorded, and "

CLOCK = Kind("a clock", _REPLAYED + "the clock has gone on", "{look}")
CHANCE = Kind(
    "a random source",
    _REPLAYED + "the numbers would be others",
    "{look}, or numbers made from a seed that is an argument of the plan",
)
ENVIRONMENT = Kind(
    "the environment",
    _REPLAYED + "that is done by another process, whose environment may differ",
    "an argument of the plan, or {look}",
)
FILE = Kind(
    "a file",
    _REPLAYED + "the file may hold something else by then",
    "an argument of the plan, or recorded(lambda: ...) round all that opens, reads "
    "and closes it",
)
NETWORK = Kind(
    "another program or machine",
    _REPLAYED + "would be asked again, and may answer otherwise",
    "a device that the plan reads or sets by messages, or {look}",
)
CONTROL = Kind(
    "a control system beside the messages",
    _REPLAYED + "would be asked or written to again",
    "a device: yield from rd(device), yield from mv(device, value)",
)
PERSON = Kind(
    "a person",
    _REPLAYED + "would be asked again; and the engine stands still meanwhile",
    "yield from input_plan(prompt)",
)

_TABLES: list[tuple[Kind, str, str]] = [
    (CLOCK, "time", "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns"),
    (CLOCK, "time", "process_time process_time_ns thread_time thread_time_ns"),
    (CLOCK, "datetime.datetime", "now utcnow today"),
    (CLOCK, "datetime.date", "today"),
    (CLOCK, "timeit", "default_timer"),
    (CLOCK, "pandas.Timestamp", "now utcnow today"),
    (CLOCK, "arrow", "now utcnow"),
    (CLOCK, "pendulum", "now today"),
    (CLOCK, "asyncio.get_running_loop()", "time"),
    (CLOCK, "asyncio.get_event_loop()", "time"),
    (CHANCE, "uuid", "uuid1 uuid4 uuid6 uuid7 getnode"),
    (CHANCE, "os", "urandom getrandom"),
    (CHANCE, "random", "SystemRandom"),
    (CHANCE, "lapwing.documents", "new_uid"),
    (CHANCE, "bluesky.utils", "new_uid short_uid"),
    (ENVIRONMENT, "os", "environ environb getenv getpid getppid getcwd getlogin"),
    (ENVIRONMENT, "os", "getuid uname cpu_count getloadavg"),
    (ENVIRONMENT, "os.path", "expanduser expandvars"),
    (ENVIRONMENT, "pathlib.Path", "cwd home"),
    (ENVIRONMENT, "sys", "argv"),
    (ENVIRONMENT, "socket", "gethostname getfqdn"),
    (ENVIRONMENT, "getpass", "getuser"),
    (FILE, "builtins", "open"),
    (FILE, "io", "open"),
    (FILE, "os", "open listdir scandir walk stat access readlink"),
    (FILE, "os.path", "exists isfile isdir getmtime getsize getctime"),
    (FILE, "numpy", "load loadtxt genfromtxt fromfile save savetxt savez"),
    (FILE, "h5py", "File"),
    (FILE, "tifffile", "imread imwrite"),
    (FILE, "glob", "glob iglob"),
    (FILE, "shutil", "copy copyfile copy2 move rmtree disk_usage which"),
    (FILE, "sqlite3", "connect"),
    (NETWORK, "subprocess", "run Popen call check_call check_output getoutput"),
    (NETWORK, "os", "system popen"),
    (NETWORK, "urllib.request", "urlopen"),
    (NETWORK, "socket", "socket create_connection"),
    (CONTROL, "epics", "caget caput PV caget_many caput_many"),
    (CONTROL, "aioca", "caget caput"),
    (CONTROL, "cothread.catools", "caget caput"),
    (CONTROL, "pvaccess", "Channel"),
    (PERSON, "builtins", "input"),
    (PERSON, "getpass", "getpass"),
]
_BY_NAME = {
    f"{room}.{name}": kind for kind, room, names in _TABLES for name in names.split()
}

_ROOMS = {
    "secrets.": CHANCE,
    "tempfile.": FILE,
    "platform.": ENVIRONMENT,
    "requests.": NETWORK,
    "httpx.": NETWORK,
}
"""All that they have is of one kind."""

_NOW = {
    "time.localtime": 0,
    "time.gmtime": 0,
    "time.ctime": 0,
    "time.asctime": 0,
    "time.strftime": 1,
}
"""Take the time now unless they are given a time; by the arguments without one."""

_RANDOM_ROOMS = ("random.", "numpy.random.")
_MAKERS = {
    "Random",
    "default_rng",
    "RandomState",
    "SeedSequence",
    "PCG64",
    "PCG64DXSM",
    "MT19937",
    "Philox",
    "SFC64",
}
"""Make a source of numbers, and are predictable if they are given a seed."""

_NO_CHANCE = {"seed", "setstate", "getstate", "set_state", "get_state", "Generator"}

_PATH_METHODS = {
    "exists",
    "glob",
    "is_dir",
    "is_file",
    "iterdir",
    "mkdir",
    "open",
    "read_bytes",
    "read_text",
    "rglob",
    "stat",
    "touch",
    "unlink",
    "write_bytes",
    "write_text",
}


def kind_of(dotted: str, num_arguments: int | None) -> Kind | None:
    """Return the way in which something looks at the world; None if it does not.

    Args:
        dotted: What it is called, such as ``"time.monotonic"``; what calls return
            is written with brackets.
        num_arguments: How many arguments it is called with; None if it is not called.
    """
    if dotted in _BY_NAME:
        return _BY_NAME[dotted]
    if dotted in _NOW:
        return CLOCK if num_arguments == _NOW[dotted] else None
    for room, kind in _ROOMS.items():
        if dotted.startswith(room):
            return None if num_arguments is None else kind
    if dotted.startswith(_RANDOM_ROOMS):
        return _kind_of_random(dotted, num_arguments)
    if dotted.startswith("pandas.read_"):
        return FILE
    return _kind_of_path(dotted)


def _kind_of_random(dotted: str, num_arguments: int | None) -> Kind | None:
    room = next(one for one in reversed(_RANDOM_ROOMS) if dotted.startswith(one))
    maker, made, rest = dotted.removeprefix(room).partition("()")
    if made:
        # What a seeded source gives depends on how often it was asked before.
        return CHANCE if rest.startswith(".") and num_arguments is not None else None
    if maker in _MAKERS:
        return CHANCE if num_arguments == 0 else None
    return None if maker in _NO_CHANCE or "." in maker else CHANCE


def _kind_of_path(dotted: str) -> Kind | None:
    path, _, method = dotted.rpartition(".")
    is_path = path.startswith("pathlib.Path") and "()" in path
    return FILE if is_path and method in _PATH_METHODS else None
