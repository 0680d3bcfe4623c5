"""Preprocessors: plans that change what another plan says.

Owns the wrappers, and a decorator for each.
Must not know engines; they see only messages and responses.
Test: wrap a list of messages, compare.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from lapwing.documents import new_uid
from lapwing.engine.asides import recorded
from lapwing.errors import RunEngineControlException
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import root_ancestors

Messages = Iterable[Msg]
PlanFunction = Callable[..., Messages]


def ensure_generator(plan: Any) -> Generator[Msg, Any, Any]:
    """Return a generator for a plan, an iterable of messages, or one message."""
    if isinstance(plan, Msg):
        return _say_all([plan])
    iterator = iter(plan)
    return iterator if hasattr(iterator, "send") else _say_all(iterator)


def _say_all(messages: Messages) -> MsgGenerator[None]:
    for msg in messages:  # noqa: UP028 - what is sent must not go to the iterable
        yield msg


def make_decorator(
    wrapper: Callable[..., MsgGenerator[Any]],
) -> Callable[..., Callable[[PlanFunction], Callable[..., MsgGenerator[Any]]]]:
    """Make of ``wrapper(plan, *args)`` a decorator ``deco(*args)`` of functions."""

    @wraps(wrapper)
    def with_arguments(*args: Any, **kwargs: Any) -> Any:
        def decorate(func: PlanFunction) -> Callable[..., MsgGenerator[Any]]:
            @wraps(func)
            def decorated(*a: Any, **k: Any) -> MsgGenerator[Any]:
                return (yield from wrapper(func(*a, **k), *args, **kwargs))

            return decorated

        return decorate

    return with_arguments


# ---------------------------------------------------------------- mutators


def plan_mutator(
    plan: Messages,
    msg_proc: Callable[[Msg], tuple[Messages | None, Messages | None]],
) -> MsgGenerator[Any]:
    """Put plans in the place of, or after, messages of a plan.

    Args:
        plan: The plan to change.
        msg_proc: Gives, for each message, a ``head`` that takes its place (and
            whose last response the plan gets) and a ``tail`` that follows it;
            None leaves the message as it is. Messages of heads and tails are
            looked at as well, but the message itself only once.

    Returns:
        What the plan returned.
    """
    # Each level: its generator, what follows it, and, of a tail, in a tuple the
    # response that the level below gets when the tail is over.
    stack: list[tuple[Generator[Msg, Any, Any], Messages | None, tuple[Any] | None]] = [
        (ensure_generator(plan), None, None)
    ]
    handled: dict[int, Msg] = {}  # kept alive, so that an id stays one message's own
    response: Any = None
    error: BaseException | None = None
    while True:
        current, tail, held = stack[-1]
        try:
            if error is None:
                msg = current.send(response)
            else:
                thrown, error = error, None
                msg = current.throw(thrown)
        except StopIteration as stop:
            stack.pop()
            if not stack:
                return stop.value
            if held is not None:
                (response,) = held
            if tail is not None:
                stack.append((ensure_generator(tail), None, (response,)))
                response = None
            continue
        except Exception as exc:
            stack.pop()
            if not stack:
                raise
            error = exc
            continue
        if id(msg) not in handled:
            head, tail = msg_proc(msg)
            if head is not None or tail is not None:
                handled[id(msg)] = msg
                start = ensure_generator(msg if head is None else head)
                stack.append((start, tail, None))
                response = None
                continue
        try:
            response = yield msg
        except Exception as exc:  # noqa: BLE001 - the plan may handle it
            error = exc


def msg_mutator(
    plan: Messages, msg_proc: Callable[[Msg], Msg | None]
) -> MsgGenerator[Any]:
    """Change or leave out single messages of a plan.

    Args:
        plan: The plan to change.
        msg_proc: Gives the message to say instead; None leaves it out, and the
            plan is sent None.
    """
    plan = ensure_generator(plan)
    response: Any = None
    error: BaseException | None = None
    while True:
        try:
            if error is None:
                msg = plan.send(response)
            else:
                thrown, error = error, None
                msg = plan.throw(thrown)
        except StopIteration as stop:
            return stop.value
        changed = msg_proc(msg)
        response = None
        if changed is None:
            continue
        try:
            response = yield changed
        except Exception as exc:  # noqa: BLE001 - the plan may handle it
            error = exc


# ---------------------------------------------------------------- ends


def finalize_wrapper(
    plan: Messages, final_plan: Messages | Callable[[], Messages]
) -> MsgGenerator[Any]:
    """Run a second plan at the end of the first, whether it fails or not.

    Args:
        plan: The plan.
        final_plan: Follows it; a function is called when its time comes. After
            a halt nothing follows.
    """
    try:
        result = yield from ensure_generator(plan)
    except GeneratorExit:
        raise  # a halt: nothing more is to be said
    except BaseException:
        yield from _called(final_plan)
        raise
    yield from _called(final_plan)
    return result


def _called(plan: Messages | Callable[[], Messages]) -> Generator[Msg, Any, Any]:
    return ensure_generator(plan() if callable(plan) else plan)


def contingency_wrapper(
    plan: Messages,
    *,
    except_plan: Callable[[Exception], Messages] | None = None,
    else_plan: Callable[[], Messages] | None = None,
    final_plan: Callable[[], Messages] | None = None,
    auto_raise: bool = True,
) -> MsgGenerator[Any]:
    """Do for a plan what ``try``, ``except``, ``else`` and ``finally`` do for code.

    Args:
        plan: The plan.
        except_plan: Called with the exception if the plan raises one.
        else_plan: Called if it does not.
        final_plan: Called in either case.
        auto_raise: Raise the exception again after ``except_plan``.
    """
    halted = False
    try:
        result = yield from ensure_generator(plan)
    except GeneratorExit:
        halted = True
        raise
    except Exception as exc:
        if except_plan is None:
            raise
        answer = yield from ensure_generator(except_plan(exc))
        if auto_raise:
            raise
        return answer
    else:
        if else_plan is not None:
            yield from ensure_generator(else_plan())
        return result
    finally:
        if final_plan is not None and not halted:
            yield from ensure_generator(final_plan())


finalize_decorator = make_decorator(finalize_wrapper)
contingency_decorator = make_decorator(contingency_wrapper)


# ---------------------------------------------------------------- runs and staging


# These two stand round every point of every scan, so they are written out instead
# of made from `finalize_wrapper` and `contingency_wrapper`: each level of
# generators between a plan and the engine costs at each message.


def run_wrapper(
    plan: Messages, *, md: Mapping[str, Any] | None = None
) -> MsgGenerator[str]:
    """Open a run before a plan and close it after, with the status of its end.

    Returns:
        The uid of the run.
    """
    uid = yield Msg("open_run", **dict(md or {}))
    try:
        yield from ensure_generator(plan)
    except RunEngineControlException as exc:
        yield Msg("close_run", exit_status=exc.exit_status, reason=str(exc))
        raise
    except Exception as exc:
        yield Msg("close_run", exit_status="fail", reason=str(exc))
        raise
    yield Msg("close_run", exit_status=None, reason=None)
    return uid


def stage_wrapper(plan: Messages, devices: Sequence[Any]) -> MsgGenerator[Any]:
    """Stage devices before a plan, and unstage them after it in reverse order.

    Devices that are part of others are staged by staging their root.
    """
    roots = root_ancestors(devices)
    try:
        yield from _stage_all("stage", roots)
        result = yield from ensure_generator(plan)
    except GeneratorExit:
        raise  # a halt: nothing more is to be said
    except BaseException:
        yield from _stage_all("unstage", roots[::-1])
        raise
    yield from _stage_all("unstage", roots[::-1])
    return result


def _stage_all(verb: str, devices: Sequence[Any]) -> MsgGenerator[None]:
    group = recorded(new_uid)
    pending = False
    for device in devices:
        answer = yield Msg(verb, device, group=group)
        pending = pending or hasattr(answer, "add_callback")
    if pending:
        yield Msg("wait", None, group=group)


run_decorator = make_decorator(run_wrapper)
stage_decorator = make_decorator(stage_wrapper)


def subs_wrapper(plan: Messages, subs: Any) -> MsgGenerator[Any]:
    """Subscribe functions to the documents of a plan.

    Args:
        plan: The plan.
        subs: A function, a list of them, or such by document name.
    """
    wanted = subs if isinstance(subs, Mapping) else {"all": subs}
    tokens: list[Any] = []

    def inner() -> MsgGenerator[Any]:
        for name, funcs in wanted.items():
            for func in [funcs] if callable(funcs) else funcs:
                tokens.append((yield Msg("subscribe", None, func, name)))
        return (yield from ensure_generator(plan))

    def end() -> Messages:
        for token in tokens:
            yield Msg("unsubscribe", None, token=token)

    return (yield from finalize_wrapper(inner(), end))


subs_decorator = make_decorator(subs_wrapper)


def rewindable_wrapper(plan: Messages, rewindable: bool) -> MsgGenerator[Any]:
    """Say whether a plan may be repeated; put back afterwards what was in force."""
    before = yield Msg("rewindable", None, None)

    def inner() -> MsgGenerator[Any]:
        yield Msg("rewindable", None, rewindable)
        return (yield from ensure_generator(plan))

    def back() -> Messages:
        yield Msg("rewindable", None, before)

    return (yield from finalize_wrapper(inner(), back))


rewindable_decorator = make_decorator(rewindable_wrapper)


# ---------------------------------------------------------------- positions


def _position_of(obj: Any) -> MsgGenerator[Any]:
    """Find out where a device is, in the way that it offers."""
    if hasattr(obj, "position"):
        return recorded(lambda: obj.position)
    if hasattr(obj, "locate"):
        location = yield Msg("locate", obj)
        return 0 if location is None else location["setpoint"]
    reading = yield Msg("read", obj)
    if reading is None:
        return 0  # not run by an engine
    fields = (getattr(obj, "hints", None) or {}).get("fields", [])
    key = fields[0] if len(fields) == 1 else next(iter(reading))
    return reading[key]["value"]


def _note_positions(
    positions: dict[int, tuple[Any, Any]], devices: Sequence[Any] | None
) -> Callable[[Msg], tuple[Messages | None, Messages | None]]:
    """Before the first ``set`` of each device, note where it is."""
    wanted = None if devices is None else {id(obj) for obj in devices}

    def look_first(msg: Msg) -> tuple[Messages | None, Messages | None]:
        obj = msg.obj
        if msg.command != "set" or id(obj) in positions:
            return None, None
        if wanted is not None and id(obj) not in wanted:
            return None, None

        def head() -> MsgGenerator[Any]:
            position = yield from _position_of(obj)
            positions[id(obj)] = (obj, position)
            return (yield msg)

        return head(), None

    return look_first


def relative_set_wrapper(
    plan: Messages, devices: Sequence[Any] | None = None
) -> MsgGenerator[Any]:
    """Take the positions in a plan as relative to where the devices are.

    Args:
        plan: The plan.
        devices: Those concerned; None means all.
    """
    positions: dict[int, tuple[Any, Any]] = {}

    def shift(msg: Msg) -> Msg:
        if msg.command == "set" and id(msg.obj) in positions:
            offset = positions[id(msg.obj)][1]
            return msg._replace(args=(msg.args[0] + offset, *msg.args[1:]))
        return msg

    noted = plan_mutator(plan, _note_positions(positions, devices))
    return (yield from msg_mutator(noted, shift))


def reset_positions_wrapper(
    plan: Messages, devices: Sequence[Any] | None = None
) -> MsgGenerator[Any]:
    """Send the devices that a plan has moved back to where they were.

    Args:
        plan: The plan.
        devices: Those concerned; None means all.
    """
    positions: dict[int, tuple[Any, Any]] = {}

    def back() -> Messages:
        group = f"reset-{recorded(new_uid)[:6]}"
        for obj, position in positions.values():
            yield Msg("set", obj, position, group=group)
        yield Msg("wait", None, group=group)

    noted = plan_mutator(plan, _note_positions(positions, devices))
    return (yield from finalize_wrapper(noted, back))


relative_set_decorator = make_decorator(relative_set_wrapper)
reset_positions_decorator = make_decorator(reset_positions_wrapper)
