"""Olog: an entry in a logbook for each run.

Owns the texts of entries.
Must not know a logbook: it is given the function that writes.
Test: a function that keeps what it is given.

Templates of one's own are of the package jinja2; the usual texts do without it.
"""

import sys
from collections.abc import Callable, Mapping
from io import StringIO
from pprint import pformat
from typing import Any

from lapwing.callbacks.callback import CallbackBase
from lapwing.documents import Document

__all__ = ["TEMPLATES", "OlogCallback", "call_str", "logbook_cb_factory"]

TEMPLATES: dict[str, str] = {}
"""Templates to use instead of the usual texts: "desc", "long" and "call"."""


def logbook_cb_factory(
    logbook_func: Callable[..., Any],
    desc_template: str | None = None,
    long_template: str | None = None,
    desc_dispatch: Mapping[str, str] | None = None,
    long_dispatch: Mapping[str, str] | None = None,
) -> Callable[[str, Document], None]:
    """Return a callback for start documents, that writes to a logbook.

    Args:
        logbook_func: Called with ``text``, ``properties``, ``attachments``,
            ``verify`` and ``ensure``.
        desc_template: Template of an entry; None: the usual text.
        long_template: Template of what is attached to it; None: the usual text.
        desc_dispatch: Templates of entries, by the name of the plan.
        long_dispatch: Templates of attachments, by the name of the plan.
    """
    by_name = dict(desc_dispatch or {}), dict(long_dispatch or {})

    def write(name: str, doc: Document) -> None:
        if name != "start":
            return
        plan = doc.get("plan_name", "")
        desc = by_name[0].get(plan, desc_template or TEMPLATES.get("desc"))
        attached = by_name[1].get(plan, long_template or TEMPLATES.get("long"))
        entry = _title(doc) if desc is None else _rendered(desc, doc)
        long = _all_of(doc) if attached is None else _rendered(attached, doc)
        logbook_func(
            text=entry,
            properties={"start": doc},
            attachments=[StringIO(long)],
            verify=False,
            ensure=True,
        )

    return write


def call_str(start: Document, call_template: str | None = None) -> str:
    """Return a run's plan as text that could be typed at the prompt.

    Args:
        start: The start document.
        call_template: The template; None: the usual text.
    """
    template = call_template or TEMPLATES.get("call")
    if template is not None:
        return _rendered(template, start)
    args = [f"{key}={value}" for key, value in start.get("plan_args", {}).items()]
    return f"RE({start.get('plan_name', '')}({', '.join(args)}))"


def _title(start: Document) -> str:
    plan, uid = start.get("plan_name", ""), start["uid"]
    return f"{plan} ['{uid[:6]}'] (scan num: {start.get('scan_id', '')})"


def _all_of(start: Document) -> str:
    args = start.get("plan_args") or {}
    rest = {key: v for key, v in start.items() if key not in ("plan_name", "plan_args")}
    lines = [_title(start), "", "Scan Plan", "---------", start.get("plan_name", "")]
    lines += [f"    {key}: {args[key]}" for key in sorted(args)]
    lines += ["", "Metadata", "--------"]
    lines += [f"{key} : {value}" for key, value in rest.items()]
    return "\n".join(lines)


def _rendered(template: str, start: Document) -> str:
    if "{{" not in template and "{%" not in template:
        return template
    try:
        import jinja2
    except ImportError as exc:
        raise ImportError(
            "templates of the logbook are rendered by the package jinja2, which is "
            "not installed; pip install jinja2"
        ) from exc
    return jinja2.Template(template).render(start=start)


class OlogCallback(CallbackBase):
    """Writes each run's start document, and what was last typed, to a logbook.

    Args:
        logbook: Called with ``text``, ``logbooks``, and the rest of an entry.
    """

    def __init__(self, logbook: Callable[..., Any]):
        super().__init__()
        self.logbook = logbook

    def start(self, doc: Document) -> None:
        """Write an entry."""
        module = sys.modules.get("IPython")
        shell = None if module is None else module.get_ipython()
        typed = (getattr(shell, "user_ns", None) or {}).get("In") or [""]
        self.logbook(f"{typed[-1]}\n\n{pformat(doc)}")
