"""Startup code loaded: from where, in which order, and what is left when it fails."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from lapwing.annotation.loader import load_startup, startup_files
from lapwing.annotation.registration import register_plan, registered
from lapwing.annotation.startup_shell import global_user_namespace
from lapwing.errors import ConfigError


@pytest.fixture(autouse=True)
def process_as_before():
    """Leave no module, path, registration or namespace of a test behind."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    assert sys.path == path
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    registered.clear()
    global_user_namespace.set_user_namespace(user_ns={})


def write(directory: Path, **files: str) -> Path:
    """Write files; ``s_01_a`` in a name stands for ``01-a.py``."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        stem = name.removeprefix("s_").replace("_", "-", 1)
        file = stem if name.startswith("s_") else name
        (directory / f"{file}.py").write_text(dedent(text), encoding="utf-8")
    return directory


# ------------------------------------------------------------------ directories


def test_files_run_in_the_order_of_their_names_in_one_namespace(tmp_path):
    write(
        tmp_path,
        s_00_a="seen = ['00']\nfile = __file__",
        s_10_b="seen.append('10')",
        s_05_c="seen.append('05')",
        last="seen.append('last')",
    )
    namespace = load_startup(directory=tmp_path)
    assert namespace["seen"] == ["00", "05", "10", "last"]
    assert namespace["file"] == str(tmp_path / "00-a.py")
    assert "__file__" not in namespace


def test_only_startup_files_run(tmp_path):
    write(tmp_path, s_00_a="a = 1")
    (tmp_path / "05-b.ipy").write_text("b = a + 1\n")
    (tmp_path / ".#00-a.py").write_text("no Python\n")
    (tmp_path / "README").write_text("no Python\n")
    (tmp_path / "package.py").mkdir()
    names = [file.name for file in startup_files(tmp_path)]
    assert names == ["00-a.py", "05-b.ipy"]
    assert load_startup(directory=tmp_path)["b"] == 2


def test_functions_know_names_that_later_files_define(tmp_path):
    write(tmp_path, s_00_a="def later():\n    return value", s_01_b="value = 3")
    assert load_startup(directory=tmp_path)["later"]() == 3


def test_the_module_of_what_startup_files_define_is_main(tmp_path):
    write(tmp_path, s_00_a="def plan():\n    yield\nis_main = __name__ == '__main__'")
    namespace = load_startup(directory=tmp_path)
    assert namespace["plan"].__module__ == "__main__"
    assert namespace["is_main"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_files_are_read_in_the_encoding_that_they_name(tmp_path, encoding):
    text = "# -*- coding: latin-1 -*-\nname = 'Probe \xfc'\n"
    text = text if encoding == "latin-1" else text.partition("\n")[2]
    (tmp_path / "00-a.py").write_bytes(text.encode(encoding))
    assert load_startup(directory=tmp_path)["name"] == "Probe \xfc"


def test_a_long_sum_is_no_trouble(tmp_path):
    write(tmp_path, s_00_a="total = " + "+".join(["1"] * 1500))
    assert load_startup(directory=tmp_path)["total"] == 1500


def test_a_future_import_of_one_file_does_not_reach_the_next(tmp_path):
    write(
        tmp_path,
        s_00_a="from __future__ import annotations\ndef first(a: int): ...",
        s_01_b="def second(a: int): ...",
    )
    namespace = load_startup(directory=tmp_path)
    assert namespace["first"].__annotations__ == {"a": "int"}
    assert namespace["second"].__annotations__ == {"a": int}


def test_modules_beside_the_files_can_be_imported_and_are_read_anew(tmp_path):
    write(tmp_path / "kit", beside="value = 1")
    write(tmp_path / "kit", s_00_a="from beside import value")
    assert load_startup(directory=tmp_path / "kit")["value"] == 1
    write(tmp_path / "kit", beside="value = 22")
    assert load_startup(directory=tmp_path / "kit")["value"] == 22


def test_a_file_in_the_directory_hides_no_module_of_pythons(tmp_path):
    write(tmp_path, s_00_a="import colorsys\nfound = colorsys.__file__", colorsys="")
    sys.modules.pop("colorsys", None)
    assert str(tmp_path) not in load_startup(directory=tmp_path)["found"]


@pytest.mark.parametrize("name", ["beamline", "profile_beamline"])
def test_a_profile_is_a_directory_of_ipythons(tmp_path, name):
    write(tmp_path / "profile_beamline" / "startup", s_00_a="a = 1")
    assert load_startup(profile=name, ipython_dir=tmp_path)["a"] == 1


def test_a_profile_is_looked_for_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / ".ipython" / "profile_default" / "startup", s_00_a="a = 1")
    assert load_startup(profile="default")["a"] == 1


# ------------------------------------------------------------------ scripts, modules


def test_a_script_runs_and_imports_what_stands_beside_it(tmp_path):
    write(tmp_path, startup="from beside import a\nfile = __file__", beside="a = 1")
    namespace = load_startup(script=tmp_path / "startup.py")
    assert (namespace["a"], namespace["file"]) == (1, str(tmp_path / "startup.py"))


def test_a_module_is_imported(tmp_path, monkeypatch):
    write(tmp_path / "beamline", __init__="", startup="def plan():\n    yield")
    monkeypatch.syspath_prepend(tmp_path)
    namespace = load_startup(module="beamline.startup")
    assert namespace["plan"].__module__ == "beamline.startup"


@pytest.mark.parametrize(
    "given",
    [{}, {"script": "a.py", "module": "a"}, {"script": "a.py", "ipython_dir": "b"}],
)
def test_one_source_must_be_given(given):
    with pytest.raises(ConfigError, match="must be one of directory, script, module"):
        load_startup(**given)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=f"directory {tmp_path / 'a'} is not there"):
        load_startup(directory=tmp_path / "a")
    with pytest.raises(ConfigError, match="has no startup files"):
        load_startup(directory=tmp_path)
    with pytest.raises(ConfigError, match=r"a\.py is not there"):
        load_startup(script=tmp_path / "a.py")
    with pytest.raises(ConfigError, match="No module named 'no_such_beamline'"):
        load_startup(module="no_such_beamline")


def test_a_script_finds_what_stands_beside_it_first(tmp_path):
    write(tmp_path, startup="import colorsys\nfound = colorsys.__file__", colorsys="")
    before = sys.modules.pop("colorsys", None)
    found = load_startup(script=tmp_path / "startup.py")["found"]
    assert found == str(tmp_path / "colorsys.py")
    if before:
        sys.modules["colorsys"] = before


# ------------------------------------------------------------------ what it sees


def test_hints_that_are_texts_are_found(tmp_path):
    write(
        tmp_path,
        s_00_a="""
            from __future__ import annotations
            import sys, typing

            class Part: ...

            class Device:
                part: Part

            hints = typing.get_type_hints(Device)
            found = sys.modules["__main__"].Part
        """,
    )
    main = sys.modules["__main__"]
    namespace = load_startup(directory=tmp_path)
    assert namespace["hints"]["part"] is namespace["Part"] is namespace["found"]
    assert sys.modules["__main__"] is main


def test_what_it_adds_to_the_path_stays_if_it_succeeds(tmp_path):
    write(tmp_path, s_00_a="import sys\nsys.path.append('/beamline/lib')")
    load_startup(directory=tmp_path)
    assert sys.path.pop() == "/beamline/lib"
    write(tmp_path, s_01_b="raise ValueError")
    failure(tmp_path)  # and the fixture sees that nothing is left


def test_it_runs_as_in_a_worker_even_where_it_is_only_listed(tmp_path):
    write(
        tmp_path,
        s_00_a="""
            from lapwing.annotation.worker_predicates import (
                is_ipython_mode, is_re_worker_active,
            )
            was = is_re_worker_active(), is_ipython_mode()
        """,
    )
    namespace = load_startup(directory=tmp_path)
    assert namespace["was"] == (True, False)
    assert not namespace["is_re_worker_active"]()


def test_the_files_are_told_in_the_log(tmp_path, caplog):
    write(tmp_path, s_00_a="", s_01_b="")
    with caplog.at_level("INFO", "lapwing.annotation.loader"):
        load_startup(directory=tmp_path)
    assert [Path(record.getMessage()).name for record in caplog.records] == [
        "00-a.py",
        "01-b.py",
    ]


# ------------------------------------------------------------------ failures


def failure(source: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_startup(directory=source)
    return caught.value


def test_an_error_names_file_and_line_and_has_its_cause(tmp_path):
    write(tmp_path, s_00_a="a = 1", s_01_b="b = a\n\nc = b / 0\n", s_02_c="d = 1")
    error = failure(tmp_path)
    file = str(tmp_path / "01-b.py")
    assert error.context == {"file": file, "line": 3}
    assert f"{file}, line 3: ZeroDivisionError: division by zero" in str(error)
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_the_innermost_line_of_startup_code_is_named(tmp_path):
    write(
        tmp_path,
        s_00_a="from beside import broken\nbroken()",
        beside="def broken():\n    return int('x')",
    )
    assert failure(tmp_path).context == {"file": str(tmp_path / "beside.py"), "line": 2}


def test_an_error_in_a_library_is_at_the_line_that_called_it(tmp_path):
    write(tmp_path, s_00_a="import json\n\njson.loads('{')")
    assert failure(tmp_path).context["line"] == 3


def test_what_is_no_python_is_named_with_its_line(tmp_path):
    write(tmp_path, s_00_a="a = 1\nb = = 2")
    error = failure(tmp_path)
    assert error.context == {"file": str(tmp_path / "00-a.py"), "line": 2}
    assert "SyntaxError: invalid syntax" in str(error)


def test_magics_in_an_ipy_file_are_refused_with_a_hint(tmp_path):
    (tmp_path / "00-a.ipy").write_text("a = 1\n%matplotlib qt\n")
    assert "write magics and shell commands in Python" in str(failure(tmp_path))


def test_a_missing_library_is_named(tmp_path):
    write(tmp_path, s_00_a="import no_such_library")
    assert failure(tmp_path).hint == "install no_such_library, or mend the import"


def test_an_error_of_ours_keeps_its_hint(tmp_path):
    write(
        tmp_path,
        s_00_a="from lapwing.errors import StateError\n"
        "raise StateError('the shutter is closed', hint='open it')",
    )
    error = failure(tmp_path)
    assert str(error).endswith("StateError: the shutter is closed (open it)")


def test_a_module_that_fails_is_read_again(tmp_path, monkeypatch):
    write(tmp_path / "lines", __init__="", parts="", startup="from . import parts\n1/0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_startup(module="lines.startup")
    assert caught.value.context == {
        "file": str(tmp_path / "lines" / "startup.py"),
        "line": 2,
    }
    assert not [name for name in sys.modules if name.partition(".")[0] == "lines"]
    write(tmp_path / "lines", startup="from . import parts\nfine = True\n")
    assert load_startup(module="lines.startup")["fine"]


def test_startup_code_cannot_end_the_process(tmp_path):
    write(tmp_path, s_00_a="import sys\nsys.exit(3)")
    error = failure(tmp_path)
    assert isinstance(error.__cause__, SystemExit)
    assert "SystemExit: 3" in str(error)


def test_a_person_can_stop_it(tmp_path):
    write(tmp_path, s_00_a="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_startup(directory=tmp_path)


def test_nothing_is_half_loaded(tmp_path):
    write(tmp_path / "good", s_00_a="a = 1")
    good = load_startup(directory=tmp_path / "good")
    register_plan("kept")
    write(
        tmp_path / "bad",
        s_00_a="from lapwing.annotation.registration import register_plan\n"
        "register_plan('lost')\nimport beside_bad",
        s_01_b="raise ValueError('no')",
        beside_bad="",
    )
    failure(tmp_path / "bad")
    assert "beside_bad" not in sys.modules
    assert list(registered.plans) == ["kept"]
    assert global_user_namespace.user_ns is good


def test_each_loading_begins_without_registrations(tmp_path):
    register_plan("of_before")
    write(
        tmp_path,
        s_00_a="from lapwing.annotation.registration import register_plan\n"
        "register_plan('count')",
    )
    load_startup(directory=tmp_path)
    assert list(registered.plans) == ["count"]
