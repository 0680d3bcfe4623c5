"""Importing is cheap, the faces are faces, and settings are handed in."""

import ast
import importlib
import json
import subprocess
import sys

import pytest
from architecture.source_tree import SRC, parse, project, source_files

HEAVY = ["h5py", "pydantic", "matplotlib", "event_model", "aioca", "softioc", "bluesky"]
FACES = {
    name
    for contract in project()["tool"]["importlinter"]["contracts"]
    for name in contract.get("exhaustive_ignores", [])
}
INSIDE = [
    name
    for name in source_files()
    if name.removesuffix(".py") not in {"__init__", *FACES}
]
READS_SETTINGS = {"session", "worker", "server", "cli"}
# These read no setting of ours: they hand EPICS' variables to its library, or to the
# process of the simulated beamline; or look at BLUESKY_PREDECLARE, as any plan does.
READS_NO_SETTING = {
    "epics/ca.py",
    "epics/clients.py",
    "sim/ioc.py",
    "sim/process.py",
    "sim/record_server.py",
    "sim/server_process.py",
    "plans/predeclare.py",
    # The queue server's marks of a worker, which its children and plans see.
    "annotation/worker_predicates.py",
    # Bluesky's own: BLUESKY_DEBUG_CALLBACKS and BLUESKY_HISTORY_PATH.
    "compat/bluesky/callbacks/safety.py",
    "compat/bluesky/utils/history.py",
}
# Faces themselves, under other names: what theirs gain, they gain.
FACES_OF_BLUESKY = {
    "compat/bluesky/plan_stubs.py",
    "compat/bluesky/preprocessors.py",
}


def loaded_after(statement: str) -> list[str]:
    """Return which of the heavy modules a fresh interpreter has after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return sorted(set(HEAVY) & set(json.loads(done.stdout)))


def test_import_lapwing_loads_nothing_heavy():
    assert loaded_after("import lapwing") == []


def test_the_check_for_heavy_modules_sees_one():
    assert "h5py" in loaded_after("import lapwing, h5py")


@pytest.mark.parametrize("name", ["lapwing", "lapwing.annotation"])
def test_every_name_that_lapwing_exports_is_there(name: str):
    lapwing = importlib.import_module(name)
    exported = getattr(lapwing, "__all__", [])
    assert [name for name in exported if getattr(lapwing, name, None) is None] == []
    assert set(exported) <= set(dir(lapwing))
    assert sorted(exported) == sorted(set(exported))


@pytest.mark.parametrize("name", sorted({*INSIDE} - FACES_OF_BLUESKY))
def test_no_floor_takes_a_name_from_a_face(name: str):
    assert list(names_from_faces(parse(name))) == []


def names_from_faces(tree: ast.Module):
    """Yield what a module takes from `lapwing` itself or from a lazy face."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="lapwing", names=names):
                for alias in names:
                    if alias.name in FACES or not is_inside(alias.name):
                        yield alias.name
            case ast.ImportFrom(module=str(module)) if is_face(module):
                yield module
            case ast.Import(names=names):
                yield from (a.name for a in names if is_face(a.name))
            case ast.Attribute(value=ast.Name("lapwing"), attr=attribute):
                if not attribute.startswith("__") and not is_inside(attribute):
                    yield attribute


def is_face(module: str) -> bool:
    return module.removeprefix("lapwing.").partition(".")[0] in FACES


def is_inside(name: str) -> bool:
    return (SRC / name).is_dir() or (SRC / f"{name}.py").is_file()


def test_the_check_for_faces_sees_each_kind_of_import():
    tree = ast.parse(
        "from lapwing import RunEngine, plan_stubs, errors\n"
        "from lapwing.plan_stubs import mv\n"
        "import lapwing.preprocessors\n"
        "lapwing.Msg, lapwing.__file__, lapwing.errors\n"
    )
    assert sorted(names_from_faces(tree)) == [
        "Msg",
        "RunEngine",
        "lapwing.plan_stubs",
        "lapwing.preprocessors",
        "plan_stubs",
    ]


@pytest.mark.parametrize(
    "name", [name for name in INSIDE if name.partition("/")[0] not in READS_SETTINGS]
)
def test_only_the_outer_rooms_read_the_environment(name: str):
    reads = [
        node.lineno
        for node in ast.walk(parse(name))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert not reads or name in READS_NO_SETTING
