"""What a plan looks at beside its messages, found in its text."""

from pathlib import Path
from textwrap import dedent, indent

import pytest

import lapwing.plans
from lapwing.plans.durable_check import check_durable

IMPORTS = """\
import asyncio, os, random, secrets, sys, time, uuid
import datetime
import numpy as np
import time as ttime
import requests
from datetime import datetime as dt
from os import environ, path
from pathlib import Path
from time import time as t, perf_counter
from numpy.random import default_rng
from epics import caget
from lapwing import Msg, plan_stubs as bps, preprocessors as bpp, recorded
from startup import motor, det, shutter
"""


def found(text):
    """Line number within the text, and construct, of each finding."""
    above = IMPORTS.count("\n")
    findings = check_durable(IMPORTS + dedent(text))
    return [(one.line - above, one.construct) for one in findings]


def constructs(body, signature="plan(dets, motor2)"):
    text = (
        f"def {signature}:\n    yield from bps.null()\n{indent(dedent(body), '    ')}"
    )
    return [construct for _, construct in found(text)]


def one(body, **kwargs):
    text = f"def plan(dets, motor2):\n    yield from bps.null()\n    {body}\n"
    (finding,) = check_durable(IMPORTS + text)
    return finding


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("time.time()", "clock"),
        ("t()", "clock"),
        ("ttime.monotonic()", "clock"),
        ("perf_counter()", "clock"),
        ("time.strftime('%H')", "clock"),
        ("time.localtime()", "clock"),
        ("dt.now()", "clock"),
        ("datetime.datetime.utcnow()", "clock"),
        ("datetime.date.today()", "clock"),
        ("asyncio.get_running_loop().time()", "clock"),
        ("random.random()", "random"),
        ("random.Random().gauss(0, 1)", "random"),
        ("np.random.normal()", "random"),
        ("np.random.default_rng()", "random"),
        ("default_rng().normal()", "random"),
        ("secrets.token_hex(4)", "random"),
        ("uuid.uuid4()", "random"),
        ("os.urandom(4)", "random"),
        ("os.environ['HOME']", "environment"),
        ("environ.get('HOME')", "environment"),
        ("os.getenv('HOME')", "environment"),
        ("os.getcwd()", "environment"),
        ("sys.argv[1]", "environment"),
        ("Path.cwd()", "environment"),
        ("open('x')", "file"),
        ("path.exists('x')", "file"),
        ("os.listdir('.')", "file"),
        ("Path('x').read_text()", "file"),
        ("(Path('x') / 'y').read_text()", "file"),
        ("np.loadtxt('x')", "file"),
        ("requests.get('http://x')", "program or machine"),
        ("caget('X')", "control system"),
        ("input('go on?')", "person"),
        ("motor.position", "device"),
        ("motor2.position", "device"),
        ("det.value", "device"),
        ("motor.user_readback.get()", "device"),
        ("dets[0].gain.get()", "device"),
        ("shutter.read()", "device"),
        ("getattr(motor, 'x').value", "device"),
        ("motor.set(3)", "action"),
        ("det.gain.put(3)", "action"),
        ("det.trigger()", "action"),
    ],
)
def test_a_look_at_the_world_is_found(code, kind):
    findings = check_durable(
        f"{IMPORTS}def plan(dets, motor2):\n    yield Msg('null')\n    x = {code}\n"
    )
    assert findings, code
    assert all(kind in one.problem for one in findings)
    assert all("after a crash" in one.problem for one in findings)


@pytest.mark.parametrize(
    "code",
    [
        "recorded(time.time)",
        "recorded(t)",
        "recorded(lambda: time.time() + motor.position)",
        "recorded(motor.user_readback.get)",
        "recorded(lambda: os.environ.get('X'))",
        "recorded(partial(random.gauss, 0, 1))",
        "time.strftime('%H', start)",
        "time.localtime(0)",
        "datetime.datetime(2020, 1, 1)",
        "default_rng(42).normal()",
        "random.Random(3)",
        "random.seed(3)",
        "uuid.uuid5(uuid.NAMESPACE_DNS, 'x')",
        "path.join('a', 'b')",
        "Path('a').name",
        "{}.get('x')",
        "motor.name",
        "motor.user_readback",
        "motor.hints",
        "dets[0].parent",
        "Mode.FLY.value",
        "3 .real",
    ],
)
def test_what_is_recorded_or_always_the_same_is_not_found(code):
    assert constructs(f"x = {code}") == []


def test_a_finding_says_where_what_why_and_what_to_write():
    finding = one("x = [motor.position]")
    assert (finding.line, finding.column) == (IMPORTS.count("\n") + 3, 10)
    assert finding.construct == "motor.position"
    assert finding.plan == "plan"
    assert "the device may stand elsewhere by then" in finding.problem
    assert (
        finding.instead == "yield from rd(motor), or recorded(lambda: motor.position)"
    )


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        ("t()", "recorded(t)"),
        ("time.strftime('%H')", "recorded(lambda: time.strftime('%H'))"),
        ("det.gain.get()", "yield from rd(det.gain), or recorded(det.gain.get)"),
        ("motor.set(3)", "yield from mv(motor, value)"),
        ("det.trigger()", "yield from trigger(det)"),
        ("input('x')", "yield from input_plan(prompt)"),
    ],
)
def test_the_advice_fits_the_construct(code, instead):
    assert one(f"x = {code}").instead == instead


def test_a_long_construct_is_shortened():
    finding = one(f"x = open({'a' * 100!r})")
    assert len(finding.construct) == 60
    assert finding.construct.endswith("...")


def test_what_is_called_before_it_is_recorded_is_found():
    assert constructs("x = recorded(time.time())") == ["time.time()"]


def test_a_look_that_is_handed_on_is_found():
    assert constructs("x = list(map(random.gauss, dets, dets))") == ["random.gauss"]


# ---------------------------------------------------------------- names


def test_aliases_are_followed():
    text = """
        from time import monotonic
        clock = monotonic

        def plan():
            now = clock
            yield from bps.null()
            return now()
    """
    assert found(text) == [(8, "now()")]


def test_a_name_of_the_plan_s_own_is_not_the_module_s():
    text = """
        def plan(time, random):
            yield from bps.sleep(time.time())
            open = random.choice
            yield Msg("null", open())
    """
    assert found(text) == []


def test_imports_within_a_plan_count():
    text = """
        def plan():
            import time as clock
            yield from bps.null()
            return clock.time()
    """
    assert found(text) == [(5, "clock.time()")]


def test_a_random_source_made_at_the_top_gives_what_it_is_up_to():
    text = """
        rng = default_rng(1)

        def plan(seed):
            mine = default_rng(seed)
            yield from bps.mv(motor, mine.normal())
            yield from bps.mv(motor, rng.normal())
    """
    assert found(text) == [(7, "rng.normal()")]


@pytest.mark.parametrize(
    "code",
    [
        "x = (yield from bps.rd(motor))\nreturn x.value",
        "reading = yield Msg('read', det)\nreturn reading.get('det').value",
        "result = model.fit(data)\nreturn result.params['centre'].value",
        "result = model.fit(data)\nreturn [p.value for p in result.params.values()]",
        "try:\n    yield from f()\nexcept StopIteration as end:\n    x = end.value",
        "with open_run() as run:\n    return run.value",
        "queue = Queue()\nreturn queue.get()",
        "x = 3\nreturn x.value",
    ],
)
def test_answers_and_what_is_computed_are_no_devices(code):
    assert constructs(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "for d in dets:\n    x = d.value",
        "for i, d in enumerate(dets):\n    x = d.value",
        "x = [d.value for d in list(dets)]",
        "for d in (motor, det):\n    x = d.value",
        "d = dets[0]\nx = d.value",
        "d = motor2 if dets else motor\nx = d.value",
        "if (d := getattr(det, 'gain', None)):\n    x = d.value",
    ],
)
def test_devices_are_followed_through_names_and_loops(code):
    assert [text.rpartition(".")[2] for text in constructs(code)] == ["value"]


def test_annotated_numbers_are_no_devices_and_unknown_names_are():
    text = """
        def plan(x: float, y: "Motor", z: dict[str, int]):
            yield from bps.null()
            a = x.value, z.get(), y.position, from_startup.position
    """
    assert [c for _, c in found(text)] == ["y.position", "from_startup.position"]


def test_devices_made_at_the_top_are_devices_and_other_things_are_not():
    text = """
        from collections import deque
        from beamline import Slit
        from lapwing.devices import SoftMotor
        slit = Slit("X:")
        soft = SoftMotor("x")
        queue = deque()

        def plan():
            yield from bps.null()
            return slit.position, queue.value, soft.position
    """
    assert [c for _, c in found(text)] == ["slit.position", "soft.position"]


def test_a_status_is_a_look_at_how_far_things_are():
    text = """
        def plan():
            status = yield Msg("set", motor, 3)
            while not status.done:
                yield Msg("sleep", None, 1)
            other = make()
            return other.done
    """
    assert found(text) == [(4, "status.done")]


# ---------------------------------------------------------------- where it looks


def test_code_at_the_top_and_functions_that_are_no_plans_are_left_alone():
    text = """
        START = time.time()
        HERE = motor.position

        def analyse(path=os.getcwd()):
            return open(path).read(), time.time(), motor.position

        class Device:
            def read(self):
                return {"x": {"value": self.axis.position, "timestamp": time.time()}}

            def collect(self):
                yield from ({"time": time.time()} for _ in range(3))

        def numbers():
            while True:
                yield {"time": time.time()}

        @contextmanager
        def timing():
            began = time.time()
            yield
            print(time.time() - began)

        async def server():
            yield time.time()
    """
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "def plan():\n    yield Msg('null')\n    x = t()\n",
        "class A:\n    def plan(self):\n        yield from f()\n        x = t()\n",
        "def outer():\n    def inner():\n        yield from f(t())\n    RE(inner())\n",
        "@bpp.run_decorator()\ndef plan():\n    x = t()\n    return [Msg('null')]\n",
        "def plan() -> MsgGenerator[None]:\n    x = t()\n    return f()\n",
        "def plan():\n    x = t()\n    return bps.mv(motor, x)\n",
        "def a():\n    yield Msg('null')\n\ndef b():\n    x = t()\n    return a()\n",
        "def pre(plan):\n"
        "    def change(msg):\n        x = t()\n        return msg\n"
        "    return bpp.msg_mutator(plan, change)\n",
        "def pre(plan):\n    return bpp.plan_mutator(plan, lambda msg: t())\n",
    ],
)
def test_every_form_of_a_plan_is_looked_into(text):
    assert [construct for _, construct in found(text)] == ["t()"]


def test_functions_of_the_file_that_a_plan_calls_are_looked_into():
    text = """
        def stamp():
            return inner_stamp()

        def inner_stamp():
            return t()

        def unused():
            return t()

        class Scans:
            def here(self):
                return self.motor.position

            def plan(self):
                yield from bps.mv(motor, self.here(), det, stamp())
    """
    findings = check_durable(IMPORTS + dedent(text))
    assert [(f.construct, f.plan) for f in findings] == [
        ("t()", "Scans.plan"),
        ("self.motor.position", "Scans.plan"),
    ]


def test_what_is_only_recorded_or_only_hears_documents_is_left_alone():
    text = """
        def look():
            return t(), motor.position

        def plan():
            def hear(name, doc):
                print(t(), doc)

            async def ready():
                return t()

            token = yield from bps.subscribe("all", hear)
            yield Msg("subscribe", None, lambda name, doc: print(t()), "all")
            yield Msg("wait_for", None, [ready])
            yield from bpp.subs_wrapper(bps.null(), hear)
            return recorded(look), recorded(lambda: look())
    """
    assert found(text) == []


def test_an_attribute_that_an_object_gives_itself_is_its_own():
    text = """
        class Stepper:
            def __init__(self):
                self.position = 0

            def plan(self):
                yield from bps.mv(motor, self.position)
                yield from bps.mv(motor, self.value)
    """
    assert found(text) == [(8, "self.value")]


def test_names_that_stand_for_each_other_in_a_circle_are_unknown():
    text = """
        a = b
        b = a

        def plan():
            c = c
            yield from bps.null()
            a(), b(), c()
    """
    assert found(text) == []


def test_a_file_that_does_not_parse_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        check_durable("def plan(:\n")


# ---------------------------------------------------------------- our own plans

ROOM = Path(lapwing.plans.__file__).parent


@pytest.mark.parametrize("name", sorted(path.name for path in ROOM.glob("*.py")))
def test_our_own_plans_can_be_replayed(name):
    assert check_durable((ROOM / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "kept", "laid_open", "num"),
    [
        ("stubs.py", "recorded(time)", "time()", 2),
        ("fly.py", "recorded(lambda: status.done)", "status.done", 1),
        ("relative.py", "recorded(lambda: obj.position)", "obj.position", 1),
        ("relative.py", "recorded(new_uid)", "new_uid()", 1),
        ("preprocessors.py", "recorded(new_uid)", "new_uid()", 1),
        ("rewriting.py", "recorded(signal.get)", "signal.get()", 1),
    ],
)
def test_our_own_plans_without_recorded_could_not(name, kept, laid_open, num):
    text = (ROOM / name).read_text(encoding="utf-8")
    assert kept in text
    findings = check_durable(text.replace(kept, laid_open))
    assert [one.construct for one in findings] == [laid_open] * num
