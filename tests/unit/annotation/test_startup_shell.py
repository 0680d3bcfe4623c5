"""What ``get_ipython()`` is in startup code, and whose namespace functions get."""

import inspect
import logging
import sys
from types import SimpleNamespace

import pytest

from lapwing.annotation import startup_shell
from lapwing.annotation.loader import load_startup
from lapwing.annotation.startup_shell import (
    get_ipython,
    global_user_namespace,
    set_user_ns,
)
from lapwing.errors import ConfigError


@pytest.fixture(autouse=True)
def user_ns():
    """Have a namespace of the test's own."""
    before = global_user_namespace.user_ns
    namespace = {}
    global_user_namespace.set_user_namespace(user_ns=namespace)
    yield namespace
    global_user_namespace.set_user_namespace(user_ns=before)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "from IPython import get_ipython",
        "from IPython.core.getipython import get_ipython",
        "from IPython import (\n    get_ipython,\n)",
        "if True: from IPython import get_ipython  # comment",
        "try:\n    pass\nfinally:\n    from IPython import get_ipython",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n"
        "    from IPython import get_ipython\nelse:\n    from IPython import display",
        "match 1:\n    case 1:\n        from IPython import get_ipython",
    ],
)
def test_startup_code_gets_a_shell_with_its_namespace(tmp_path, line):
    (tmp_path / "00-a.py").write_text(f"{line}\nget_ipython().user_ns['b'] = 2")
    (tmp_path / "01-b.py").write_text("c = b + 1\n")
    assert load_startup(directory=tmp_path)["c"] == 3


def test_it_may_be_imported_by_another_name_and_later(tmp_path):
    (tmp_path / "a.py").write_text(
        "from IPython import get_ipython as shell, version_info\n"
        "from IPython import version_info as also\n"
        "def names():\n"
        "    from IPython import get_ipython\n"
        "    return get_ipython() is shell() and 'names' in shell().user_ns\n"
    )
    namespace = load_startup(script=tmp_path / "a.py")
    assert namespace["names"]()
    assert namespace["also"] == namespace["version_info"]


def test_ipython_need_not_be_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)  # an import of it now fails
    (tmp_path / "a.py").write_text("from IPython import get_ipython\nip=get_ipython()")
    assert load_startup(script=tmp_path / "a.py")["ip"] is get_ipython()


def test_lines_of_errors_stay_what_they_are(tmp_path):
    (tmp_path / "a.py").write_text("from IPython import (\n get_ipython,\n)\n1 / 0\n")
    with pytest.raises(ConfigError) as caught:
        load_startup(script=tmp_path / "a.py")
    assert caught.value.context["line"] == 4


def test_what_only_a_prompt_needs_is_passed_over_and_noted(caplog):
    shell = get_ipython()
    with caplog.at_level(logging.INFO, startup_shell.__name__):
        shell.run_line_magic("matplotlib", "qt5")
        shell.magic("%autoreload 2")
        shell.register_magics(object)
        shell.register_magic_function(print, "line")
        shell.events.register("post_run_cell", print)
        shell.events.unregister("post_run_cell", print)
        shell.enable_gui("qt")
        shell.enable_matplotlib()
    assert len(caplog.records) == 8
    assert "%matplotlib qt5; passed over" in caplog.text


def test_a_magic_that_startup_code_may_rely_on_is_refused():
    with pytest.raises(ConfigError, match=r"asks IPython for %run -i motors.py"):
        get_ipython().run_line_magic("run", "-i motors.py")


def test_what_the_shell_lacks_is_told():
    shell = get_ipython()
    assert not hasattr(shell, "kernel")
    with pytest.raises(AttributeError, match="behind 'if is_ipython_mode\\(\\)"):
        shell.run_cell("1")


def test_names_can_be_pushed(user_ns):
    get_ipython().push({"a": 1})
    assert user_ns == {"a": 1}


# ------------------------------------------------------------------ set_user_ns


def test_a_function_gets_the_namespace_of_the_moment(user_ns):
    @set_user_ns
    def names(prefix, user_ns, ipython):
        """Say names."""
        return [prefix + name for name in user_ns], ipython

    assert list(inspect.signature(names).parameters) == ["prefix"]
    assert names.__doc__ == "Say names."
    user_ns["a"] = 1
    assert names("x") == (["xa"], None)
    global_user_namespace.set_user_namespace(user_ns={"b": 1})
    assert names(prefix="y") == (["yb"], None)


def test_a_plan_stays_one(user_ns):
    @set_user_ns
    def plan(number=1, *, user_ns):
        return (yield user_ns["a"] + number)

    user_ns["a"] = 1
    assert inspect.isgeneratorfunction(plan)
    assert list(plan(5)) == [6]


def test_in_ipython_the_shell_and_its_names_are_given(monkeypatch):
    shell = SimpleNamespace(user_ns={"a": 7})
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)

    @set_user_ns
    def look(user_ns, ipython):
        return user_ns["a"], ipython is shell

    global_user_namespace.set_user_namespace(user_ns={"a": 1}, use_ipython=True)
    assert look() == (7, True)
