"""Hooks: what positioners, detectors and scans add before, after and at breakpoints.

Owns what may be a hook, and what ``super()`` in one of a subclass does.
Must not know devices, nor when hooks are done.
Test: tests/unit/stepscan/test_hooks.py: all kinds, as arguments and in subclasses.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator
from functools import partial, wraps
from typing import Any

from lapwing.engine import device_loop
from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans.plan import Plan
from lapwing.stepscan.hook_functions import Functions
from lapwing.stepscan.hook_kinds import Hook, Kind, arguments_of, kind_of, uses_super
from lapwing.stepscan.hook_plans import awaited_in_a_plan

__all__ = ["NAMES", "Hook", "Hooks"]

NAMES = ("pre_scan", "post_scan", "at_break")
_Work = Callable[[], Any]


class Hooks:
    """What has hooks: given as arguments, or by a subclass that overrides them.

    A function runs in a thread of its own, so it may block; a coroutine function runs
    on the device loop; the messages of a plan are the scan's own. A hook that has a
    parameter ``scan`` or ``point`` is given the scan, or the number of points taken.

    An abort cancels a coroutine. A function cannot be cut off: hooks that follow wait
    for its end, for so long as `lapwing.stepscan.hook_plans` says. After a pause in
    its midst, a function is waited for further and a coroutine is begun anew.

    A method that overrides a hook does that of its base by ``super()``: in a function
    ``super().pre_scan()``, in a coroutine ``await super().pre_scan()``, in a plan
    ``yield from super().pre_scan()``, whatever the base's is; what was given as an
    argument is the base of all. Only a plan can do a plan's messages.

    Args:
        pre_scan: Done before a scan.
        post_scan: Done after it.
        at_break: Done at each breakpoint.

    Raises:
        PlanArgumentError: One cannot be called, or a subclass' method would not do
            it: a plan whose override is none, or one whose override has no
            ``super()``.

    Attributes:
        functions: Those of its hooks that run in threads now.
        known: What its hooks may take, while they are done.
    """

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        for name in NAMES:
            own = vars(cls).get(name)
            if inspect.isfunction(own):
                _refuse_a_plan_below(cls, name, own)
                setattr(cls, name, _cooperating(cls, name, own))

    def __init__(
        self, pre_scan: Hook | None, post_scan: Hook | None, at_break: Hook | None
    ):
        given = {"pre_scan": pre_scan, "post_scan": post_scan, "at_break": at_break}
        self._given: dict[str, Hook | None] = given
        self.functions = Functions()
        self.known: dict[str, Any] = {}
        for name, hook in given.items():
            if hook is not None:
                self._refuse_what_would_be_lost(name, hook)

    def hook(self, name: str) -> Hook | None:
        """Return a hook by its name, or None if there is none.

        Args:
            name: ``"pre_scan"``, ``"post_scan"`` or ``"at_break"``.
        """
        if name in vars(self):  # as in ``scan.at_break = function``
            return vars(self)[name]
        overridden = getattr(type(self), name) is not getattr(Hooks, name)
        return getattr(self, name) if overridden else self._given[name]

    def pre_scan(self, *_: Any, **options: Any) -> Any:
        """Do what was given to be done before a scan; a subclass may override it."""
        return self._do_given("pre_scan", options)

    def post_scan(self, *_: Any, **options: Any) -> Any:
        """Do what was given to be done after a scan; a subclass may override it."""
        return self._do_given("post_scan", options)

    def at_break(self, *_: Any, **options: Any) -> Any:
        """Do what was given for breakpoints; a subclass may override it."""
        return self._do_given("at_break", options)

    def _do_given(self, name: str, options: dict[str, Any]) -> Any:
        hook = self._given[name] or _nothing
        known = {"scan": self, **options, **self.known}
        work = partial(hook, **arguments_of(hook, **known))
        return self.do(Hooks, name, work, kind_of(hook))

    def do(self, cls: type, name: str, work: _Work, kind: Kind) -> Any:
        """Do a hook of a class, as whoever calls it can have it done.

        Args:
            cls: The class whose hook it is.
            name: Which hook.
            work: Calls it.
            kind: What it is.

        Returns:
            What it returned, for a function and a script; for a coroutine function
            something to await; for a plan a plan.
        """
        caller = _caller(type(self), cls, name)
        if caller is None:
            return _called_from_outside(work, kind)
        if caller == "plan":
            return Plan(self._steps, (name, work, kind), {})
        if kind == "plan":
            raise _cannot_do_a_plan(type(self), name, caller)
        if caller == "coroutine function":
            return self.awaiting(name, work, kind)()
        return work() if kind == "function" else device_loop.call(work())

    def awaiting(
        self, name: str, work: _Work, kind: Kind
    ) -> Callable[[], Awaitable[Any]]:
        """Return what does a function, in a thread, or a coroutine function.

        It is awaited; once more if that was cancelled, which goes on with a function
        and begins a coroutine anew.

        Args:
            name: Which hook it is.
            work: Calls it.
            kind: What it is.
        """
        if kind == "coroutine function":
            return work
        title = f"{name} of {getattr(self, 'name', self)}"
        return partial(_made_by, self.functions.once(work, title), title)

    def _steps(self, name: str, work: _Work, kind: Kind) -> MsgGenerator[Any]:
        if kind == "plan":
            return (yield from work())
        return (yield from awaited_in_a_plan(self, name, work, kind))

    def _refuse_what_would_be_lost(self, name: str, hook: Any) -> None:
        if not callable(hook):
            raise PlanArgumentError(
                f"{name}={hook!r} cannot be called; a function, a coroutine function "
                "or a plan is needed"
            )
        kind = kind_of(hook)
        for cls, override in _overrides(type(self), name):
            if not uses_super(override, name):
                raise PlanArgumentError(
                    f"{name}={hook!r} would never be done: {cls.__name__}.{name} "
                    "overrides it",
                    hint=f"call super().{name}() there",
                )
            if kind == "plan" and kind_of(override) != "plan":
                raise _cannot_do_a_plan(cls, name, kind_of(override))


def _nothing() -> None:
    """Be the hook where none was given."""


async def _made_by(run: Callable[[], Awaitable[Any]], title: str) -> Any:
    made = await run()
    if inspect.isawaitable(made):
        return await made
    if isinstance(made, Generator | Plan):
        raise PlanArgumentError(
            f"the hook {title} made a plan, which nobody runs",
            hint="give the plan function itself, without calling it",
        )
    return made


def _overrides(cls: type, name: str) -> list[tuple[type, Any]]:
    """Return the classes that override a hook and their methods, the last first."""
    above = cls.__mro__[: cls.__mro__.index(Hooks)]
    return [(one, vars(one)[name]) for one in above if name in vars(one)]


def _caller(cls: type, owner: type, name: str) -> Kind | None:
    """Return of what kind the method is that has called a base's; None: none has."""
    order = cls.__mro__
    above: list[Kind] = [
        kind_of(method)
        for one, method in _overrides(cls, name)
        if order.index(one) < order.index(owner)
    ]
    return above[-1] if above else None


def _cooperating(cls: type, name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method one that any kind of method may call by ``super()``."""
    kind = kind_of(own)

    @wraps(own)
    def method(self: Hooks, *args: Any, **options: Any) -> Any:
        return self.do(cls, name, partial(own, self, *args, **options), kind)

    return method


def _called_from_outside(work: _Work, kind: Kind) -> Any:
    if kind == "plan":
        made = work()
        # One that nobody iterates says so.
        return made if isinstance(made, Plan) else Plan(lambda: made, (), {})
    if kind == "coroutine function" and not _on_a_loop():
        return device_loop.call(work())
    return work()


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _refuse_a_plan_below(cls: type, name: str, own: Callable[..., Any]) -> None:
    kind = kind_of(own)
    if kind == "plan" or not uses_super(own, name):
        return
    below = _overrides(cls, name)[1:]
    if below and kind_of(below[0][1]) == "plan":
        raise _cannot_do_a_plan(cls, name, kind)


def _cannot_do_a_plan(cls: type, name: str, kind: Kind) -> PlanArgumentError:
    return PlanArgumentError(
        f"{cls.__name__}.{name} is a {kind} and calls super().{name}(), which is a "
        "plan: only a plan can do a plan's messages",
        hint=f"make it a plan: yield from super().{name}()",
    )
