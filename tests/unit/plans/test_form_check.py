"""Mistakes in plans that can be seen without running them."""

from pathlib import Path
from textwrap import dedent

import pytest

import lapwing.plans
from lapwing.plans.form_check import PlanLine, check_form, list_plans

IMPORTS = """\
import time
from lapwing import Msg, plan, plan_stubs as bps, preprocessors as bpp
from lapwing.plans import count, scan as my_scan
"""


def found(text):
    """Line number within the text, construct and advice, of each finding."""
    above = IMPORTS.count("\n")
    return [
        (one.line - above, one.construct, one.instead)
        for one in check_form(IMPORTS + dedent(text))
    ]


# ---------------------------------------------------------------- what is listed


def test_plans_are_listed_with_their_signatures():
    text = dedent('''
        @plan
        def first(dets, motor: "Motor", *, num=5, md=None):
            """Do it first.

            More words.
            """
            yield from count(dets)

        def helper(x):
            return x

        def returns_one(dets):
            return my_scan(dets, m, 0, 1, 2)

        def _hidden():
            yield Msg("null")

        class Lab:
            def align(self, x=1):
                def inner():
                    yield Msg("null")
                yield from inner()
    ''')
    assert list_plans(IMPORTS + text) == [
        PlanLine(6, "first(dets, motor: 'Motor', *, num=5, md=None)", "Do it first."),
        PlanLine(16, "returns_one(dets)", ""),
        PlanLine(23, "Lab.align(self, x=1)", ""),
    ]


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize(
    ("text", "line", "construct", "instead"),
    [
        (
            "def p(d):\n    yield count([d])\n",
            2,
            "(yield count([d]))",
            "yield from count([d])",
        ),
        (
            "def p(d):\n    x = yield my_scan([d])\n",
            2,
            "(yield my_scan([d]))",
            "yield from my_scan([d])",
        ),
        (
            "def p(d):\n    yield from bps.null()\n    count([d])\n",
            3,
            "count([d])",
            "yield from count([d])",
        ),
        ("count([det])\n", 1, "count([det])", "RE(count([det]))"),
        (
            "def go():\n    bps.mv(m, 1)\n",
            2,
            "bps.mv(m, 1)",
            "RE(bps.mv(m, 1))",
        ),
        (
            "def a():\n    yield Msg('null')\ndef b():\n    yield a()\n",
            4,
            "(yield a())",
            "yield from a()",
        ),
        (
            "class A:\n"
            "    def a(self):\n        yield Msg('null')\n"
            "    def b(self):\n        yield Msg('null')\n        self.a()\n",
            6,
            "self.a()",
            "yield from self.a()",
        ),
        (
            "@plan\ndef p(d):\n    x = 1\n",
            2,
            "def p",
            "yield from another plan, or yield from null()",
        ),
        (
            "def p() -> MsgGenerator[None]:\n    print(1)\n",
            1,
            "def p",
            "yield from another plan, or yield from null()",
        ),
        (
            "def p():\n    yield Msg('null')\n    time.sleep(2)\n",
            3,
            "time.sleep(2)",
            "yield from sleep(2)",
        ),
        (
            "def w():\n    time.sleep(2)\ndef p():\n    yield Msg('null', w())\n",
            2,
            "time.sleep(2)",
            "yield from sleep(2)",
        ),
    ],
)
def test_a_mistake_is_found(text, line, construct, instead):
    assert found(text) == [(line, construct, instead)]


def test_names_that_a_star_brings_are_known():
    text = "from bluesky.plans import *\ncount([det])\n"
    (finding,) = check_form(text)
    assert (finding.line, finding.construct) == (2, "count([det])")


@pytest.mark.parametrize(
    "text",
    [
        "def p(d):\n    yield from count([d])\n",
        "def p(d):\n    todo = count([d])\n    yield from todo\n",
        "def p(d):\n    return count([d])\n",
        "def p(d):\n    yield Msg('null')\n    print(count)\n",
        "RE(count([det]))\n",
        "def count(dets):\n    return len(dets)\n\ncount([1])\n",
        "time.sleep(1)\n",
        "def wait():\n    time.sleep(1)\n",
        "@plan\ndef p():\n    '''A form.'''\n    ...\n",
        "@plan\ndef p():\n    raise NotImplementedError\n",
        "def p() -> MsgGenerator[None]:\n    return [Msg('null')]\n",
    ],
)
def test_what_only_looks_like_a_mistake_is_not_found(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("handler", "swallowed"),
    [
        ("except:", "an abort, a stop and a halt"),
        ("except BaseException:", "an abort, a stop and a halt"),
        ("except GeneratorExit:", "a halt"),
        ("except (ValueError, RequestAbort):", "an abort"),
        ("except errors.RequestStop:", "a stop"),
        ("except Exception:", "an abort and a stop"),
    ],
)
def test_a_handler_that_swallows_an_order_is_found(handler, swallowed):
    text = (
        f"def p():\n    try:\n        yield Msg('null')\n    {handler}\n        pass\n"
    )
    (finding,) = check_form(text)
    assert finding.line == 4
    assert finding.construct == handler.rstrip(":")
    assert swallowed in finding.problem
    assert finding.plan == "p"


@pytest.mark.parametrize(
    "handler",
    [
        "except:\n        raise",
        "except BaseException:\n        yield Msg('null')\n        raise",
        "except Exception as exc:\n        error = exc",
        "except ValueError:\n        pass",
        "except Exception:\n        raise ValueError from None",
        "finally:\n        yield Msg('null')",
    ],
)
def test_a_handler_that_passes_orders_on_is_not_found(handler):
    text = f"def p():\n    try:\n        yield Msg('null')\n    {handler}\n"
    assert check_form(text) == []


def test_a_handler_around_no_yield_is_not_found():
    text = """
        def p():
            yield Msg("null")
            try:
                x = 1

                def inner():
                    yield Msg("null")
            except:
                pass
    """
    assert check_form(dedent(text)) == []


def test_a_return_that_swallows_everything_is_found():
    text = """
        def p():
            try:
                yield Msg("null")
            finally:
                return 1
    """
    (finding,) = check_form(dedent(text))
    assert (finding.line, finding.construct) == (6, "return 1")
    assert "finally" in finding.problem


@pytest.mark.parametrize(
    "name",
    sorted(path.name for path in Path(lapwing.plans.__file__).parent.glob("*.py")),
)
def test_our_own_plans_are_well_formed(name):
    path = Path(lapwing.plans.__file__).parent / name
    assert check_form(path.read_text(encoding="utf-8")) == []
