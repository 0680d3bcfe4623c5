"""Run the code of pages as a reader would, and compare what it says.

Owns which blocks of a page are run, in which order, and what counts as the same.
Must not know what the pages are about; there is a beamline for those that need one.
Test: tests/system/test_pages.py runs every page; tests/architecture/test_tools.py.

The first words after the fence say what a block is:

- ``python``: statements at a prompt; all of a page share their names;
- ``python file=NAME``, ``yaml file=NAME``: text of a file, which is written;
- ``console run``: commands of a shell, in the same directory;
- ``text`` right after one of these: lines that it must have said, in this order.
  A line of dots stands for any lines; times, dates, uids and bars may differ.

All other blocks, such as ``python seen``, are only to be looked at. A comment
``<!-- run`` holds statements that a reader need not see.
"""

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

_HIDDEN = "<!-- run"
_MASKS = (
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
    (r"\d{4}-\d\d-\d\d|\d{4}/\d\d/\d\d", "DATE"),
    (r"\b\d\d:\d\d(:\d\d(\.\d+)?)?", "TIME"),
    (r"in [\d.]+ ?(s|min)", "in TIME"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"_[0-9a-f]{8}(?=\.)", "_UID"),
    (r"^[0-9a-f]{8}\b", "UID"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"\s+", " "),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code of a page.

    Attributes:
        kind: "python", "file", "console" or "text".
        text: What stands in it.
        line: Number of its first line in the page.
        name: Name of the file, if it is one.
    """

    kind: str
    text: str
    line: int
    name: str = ""


class PageError(Exception):
    """A block of a page failed, or said something else."""


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page that have a meaning here, in order."""
    found = []
    for token in MarkdownIt("commonmark").parse(page):
        line = (token.map or [0])[0] + 2
        if token.type == "html_block" and token.content.startswith(_HIDDEN):
            text = token.content.removeprefix(_HIDDEN).partition("-->")[0]
            found.append(Block("python", text, line))
        elif token.type == "fence":
            kind, name = _kind_of(token.info)
            found.append(Block(kind, token.content, line, name))
    return found


def _kind_of(info: str) -> tuple[str, str]:
    words = info.split()
    if words[1:2] and words[1].startswith("file="):
        return "file", words[1].removeprefix("file=")
    if words == ["console", "run"]:
        return "console", ""
    return (words[0], "") if words in (["python"], ["text"]) else ("", "")


def run_page(path: Path) -> None:
    """Run a page's blocks in the present directory and process.

    Raises:
        PageError: One failed, or did not say what the page shows.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    sys.path.insert(0, "")  # as the prompt does
    before, said = Block("", "", 0), ""
    for block in blocks_of(path.read_text(encoding="utf-8")):
        place = f"{path.name}, line {block.line}"
        if block.kind == "file":
            file = Path(block.name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            said = _type(block, place, names)
        elif block.kind == "console":
            said = _shell(block, place)
        elif block.kind == "text" and before.kind in ("python", "console"):
            compare(block.text, said, place)
        before = block


def _type(block: Block, place: str, names: dict[str, Any]) -> str:
    """Run statements as the prompt does, which shows the value of an expression."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            for statement in ast.parse("\n" * (block.line - 1) + block.text).body:
                exec(compile(ast.Interactive([statement]), place, "single"), names)
        except BaseException as exc:
            raise PageError(f"{place}: {type(exc).__name__}: {exc}") from exc
    return out.getvalue()


def _shell(block: Block, place: str) -> str:
    done = subprocess.run(
        ["bash", "-ec", block.text],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        raise PageError(f"{place}: ended by signal {-done.returncode}: {done.stdout}")
    return done.stdout


def compare(shown: str, said: str, place: str) -> None:
    """Look for the lines that a page shows among those that were said, in order.

    Raises:
        PageError: One is missing; it is named, with what was said instead.
    """
    rest = iter([_masked(line) for line in said.splitlines()])
    for line in shown.splitlines():
        wanted = _masked(line)
        if wanted.strip(". ") and wanted not in rest:
            raise PageError(f"{place}: it does not say {line!r}, but:\n{said}")


def _masked(line: str) -> str:
    for pattern, mask in _MASKS:
        line = re.sub(pattern, mask, line)
    return line.strip()


@contextlib.contextmanager
def _surroundings(page: Path) -> Iterator[dict[str, str]]:
    """Give no windows, this Python's commands, and a beamline to who speaks of its PVs.

    To others not: where EPICS_CA_NAME_SERVERS is set, a process that has loaded
    pyepics and used no PV does not end (epics-base, issue 936).
    """
    from lapwing.sim.beamline import Beamline

    # How wide a terminal is must not decide what is seen.
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith("LAPWING_") and k not in ("COLUMNS", "LINES")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    kept |= {"PATH": path, "MPLBACKEND": "agg"}
    if "SIM:" not in page.read_text(encoding="utf-8"):
        yield kept
        return
    with Beamline.start() as beamline:
        yield {**kept, **beamline.environment}


def main(pages: list[str]) -> int:
    """Run each page in a process and a directory of its own; return 1 if one fails."""
    failed = 0
    for page in map(Path, pages):
        with tempfile.TemporaryDirectory() as folder, _surroundings(page) as variables:
            done = subprocess.run(
                [sys.executable, __file__, "--here", str(page.resolve())],
                cwd=folder,
                env=variables,
                check=False,
            )
        failed = failed or done.returncode
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        try:
            run_page(Path(sys.argv[2]))
        except PageError as exc:
            sys.exit(str(exc))
    else:
        sys.exit(main(sys.argv[1:]))
