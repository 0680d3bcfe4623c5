"""IPython's shell as startup code expects it, where there is no IPython.

Owns what ``get_ipython()`` gives in startup code, and the user's namespace.
Must not need IPython; must not know files or who loads them.
Test: ``get_ipython()`` in a namespace of one's own; ask what it has and has not.
"""

import functools
import inspect
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from lapwing.errors import ConfigError

logger = logging.getLogger(__name__)

_OF_THE_PROMPT = ("autoawait", "autocall", "autoindent", "automagic", "autoreload")
_OF_THE_PROMPT += ("autosave", "colors", "config", "gui", "load_ext", "logoff", "logon")
_OF_THE_PROMPT += ("logstart", "logstate", "logstop", "matplotlib", "pdb", "precision")
_OF_THE_PROMPT += ("pylab", "reload_ext", "unload_ext", "xmode")
"""Magics that change only how a prompt or its plots behave."""


class UserNamespace:
    """The namespace that the environment of this process lives in.

    Attributes:
        user_ns: Names and objects of the startup code.
        use_ipython: Whether an IPython runs it.
    """

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.use_ipython = False

    def set_user_namespace(
        self, *, user_ns: dict[str, Any], use_ipython: bool = False
    ) -> None:
        """Take another namespace.

        Args:
            user_ns: The namespace; it is kept, not copied.
            use_ipython: Whether an IPython runs it.
        """
        self.user_ns, self.use_ipython = user_ns, bool(use_ipython)


global_user_namespace = UserNamespace()
"""One a process: that of the startup code loaded last."""


class Shell:
    """Stands for IPython's shell in startup code.

    What only makes a prompt nicer is passed over and noted in the log; what would
    change the namespace in a way that needs IPython is refused.

    Attributes:
        log: A logger, for those who attach theirs to IPython's.
    """

    def __init__(self) -> None:
        self.log = logging.getLogger("lapwing.startup")
        self.events = _Events()

    @property
    def user_ns(self) -> dict[str, Any]:
        """The namespace of the startup code."""
        return global_user_namespace.user_ns

    def push(self, variables: Mapping[str, Any], interactive: bool = True) -> None:
        """Put names into the namespace."""
        self.user_ns.update(variables)

    def run_line_magic(self, magic_name: str, line: str = "", *_: Any) -> None:
        """Pass over a magic that is about the prompt; refuse any other.

        Raises:
            ConfigError: The magic does something that startup code may rely on.
        """
        if magic_name not in _OF_THE_PROMPT:
            raise ConfigError(
                f"startup code asks IPython for %{f'{magic_name} {line}'.strip()}, "
                f"and there is no IPython here",
                hint="write it in Python, or behind 'if is_ipython_mode():'",
                magic=magic_name,
            )
        _pass_over(f"%{magic_name} {line}".strip())

    def magic(self, line: str) -> None:
        """Do as `run_line_magic` does, with the magic and its line in one text."""
        name, _, rest = line.strip().lstrip("%").partition(" ")
        self.run_line_magic(name, rest)

    def register_magics(self, *magics: Any) -> None:
        """Pass over new magics: nobody can type them here."""
        _pass_over("register_magics()")

    def register_magic_function(self, *_: Any, **__: Any) -> None:
        """Pass over a new magic: nobody can type it here."""
        _pass_over("register_magic_function()")

    def enable_gui(self, gui: Any = None) -> None:
        """Pass over the loop of a window: there is none here."""
        _pass_over("enable_gui()")

    def enable_matplotlib(self, gui: Any = None) -> None:
        """Pass over the windows of plots: there are none here."""
        _pass_over("enable_matplotlib()")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"startup code asks for get_ipython().{name}, and there is no IPython "
            f"here; put it behind 'if is_ipython_mode():'",
            name=name,
            obj=self,
        )


class _Events:
    def register(self, event: str, function: Any) -> None:
        _pass_over(f"events.register({event!r})")

    def unregister(self, event: str, function: Any) -> None:
        _pass_over(f"events.unregister({event!r})")


_shell = Shell()


def get_ipython() -> Shell:
    """Return what stands for IPython's shell in startup code."""
    return _shell


def set_user_ns(func: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function the namespace of the environment at each call.

    Args:
        func: Has a parameter ``user_ns`` and, if it likes, ``ipython``: IPython's
            shell, or None. Generator functions stay such.

    Returns:
        The function without these two parameters.
    """
    header = inspect.signature(func)
    own = [name for name in ("user_ns", "ipython") if name in header.parameters]

    def given() -> dict[str, Any]:
        shell = _real_shell() if global_user_namespace.use_ipython else None
        namespace = shell.user_ns if shell else global_user_namespace.user_ns
        both = {"user_ns": namespace, "ipython": shell}
        return {name: both[name] for name in own}

    if inspect.isgeneratorfunction(func):

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return (yield from func(*args, **{**kwargs, **given()}))
    else:

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return func(*args, **{**kwargs, **given()})

    left = [one for name, one in header.parameters.items() if name not in own]
    wrapper.__signature__ = header.replace(parameters=left)  # type: ignore[attr-defined]
    return wrapper


def _real_shell() -> Any:
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _pass_over(what: str) -> None:
    logger.info("startup code asks IPython for %s; passed over, there is none", what)
