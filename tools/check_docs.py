"""Check the pages, and that no tracked file names a private place.

Owns the rules for pages: links, reach, decision records, the changelog.
Must not know what the pages say; needs no network, so links out are not followed.
Test: tests/architecture/test_tools.py runs it over small trees with one fault each.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from private_places import private_places

ROOT = Path(__file__).parents[1]
INDEX = "docs/README.md"
DECISIONS = "docs/decisions"
DECISION_PARTS = ("Context", "Decision", "Consequences", "What was refused")
DECISION_LINES = range(15, 41)
MADE = {".venv", ".git", "dist", "build", "node_modules", "lapwing-data"}


def main(root: Path = ROOT) -> int:
    """Print each problem on a line of its own; return 1 if there is one."""
    files = tracked_files(root)
    problems = [
        *check_links(root, files),
        *check_reach(root, files),
        *check_decisions(root, files),
        *check_changelog(root),
        *check_private_places(root, files, private_places(root)),
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def tracked_files(root: Path) -> list[str]:
    """Return the files under version control or about to be, as relative paths.

    Without git, or outside a checkout, all files that were not made by a tool.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        done = None
    if done is not None and done.returncode == 0:
        names = set(done.stdout.split("\0")) - {""}
    else:
        names = {
            path.relative_to(root).as_posix()
            for path in root.rglob("*")
            if MADE.isdisjoint(path.relative_to(root).parts)
        }
    return sorted(name for name in names if (root / name).is_file())


def check_links(root: Path, files: list[str]) -> Iterator[str]:
    """Yield the links that lead nowhere."""
    for page in _pages(files):
        for link in links_of(root / page):
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            target, _, anchor = link.partition("#")
            file = _resolve(page, target)
            if file is None or not (root / file).exists():
                yield f"{page}: the link to {link} leads nowhere"
            elif anchor and file.endswith(".md") and anchor not in anchors(root / file):
                yield f"{page}: {file} has no heading #{anchor}"


def check_reach(root: Path, files: list[str]) -> Iterator[str]:
    """Yield the pages under docs/ that nobody finds from its index."""
    if INDEX not in files:
        yield f"{INDEX}: the index of the pages is missing"
        return
    seen: set[str] = set()
    ahead = [INDEX]
    while ahead:
        page = ahead.pop()
        if page in seen or page not in files or not page.endswith(".md"):
            continue
        seen.add(page)
        found = (
            _resolve(page, link.partition("#")[0]) for link in links_of(root / page)
        )
        for file in filter(None, found):
            ahead.append(f"{file}/README.md" if (root / file).is_dir() else file)
    for page in _pages(files):
        if page.startswith("docs/") and page not in seen:
            yield f"{page}: no link leads here from {INDEX}"


def check_decisions(root: Path, files: list[str]) -> Iterator[str]:
    """Yield what is wrong with the decision records: number, form, listing."""
    pages = [
        f for f in files if re.fullmatch(rf"{DECISIONS}/\d{{4}}-[a-z0-9-]+\.md", f)
    ]
    others = {f"{DECISIONS}/README.md", f"{DECISIONS}/template.md"}
    for stray in sorted(set(files) - set(pages) - others):
        if stray.startswith(f"{DECISIONS}/"):
            yield f"{stray}: a decision is named NNNN-what-was-decided.md"
    index = root / DECISIONS / "README.md"
    listed = set(links_of(index)) if index.exists() else set()
    for expected, page in enumerate(pages, start=1):
        name = page.rpartition("/")[2]
        if int(name[:4]) != expected:
            yield f"{page}: the next number is {expected:04}"
        if name not in listed:
            yield f"{page}: is not listed in {DECISIONS}/README.md"
        yield from _form_of_decision(root, page)


def _form_of_decision(root: Path, page: str) -> Iterator[str]:
    lines = (root / page).read_text(encoding="utf-8").splitlines()
    number = page.rpartition("/")[2][:4]
    if not lines or not lines[0].startswith(f"# {number}. "):
        yield f"{page}: the first line must be '# {number}. Title'"
    parts = tuple(line[3:] for line in lines if line.startswith("## "))
    if parts != DECISION_PARTS:
        yield f"{page}: its parts must be {', '.join(DECISION_PARTS)}"
    if len(lines) not in DECISION_LINES:
        yield (
            f"{page}: has {len(lines)} lines; a decision takes "
            f"{DECISION_LINES.start} to {DECISION_LINES.stop - 1}"
        )


def check_changelog(root: Path) -> Iterator[str]:
    """Yield what the changelog lacks."""
    path = root / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if not re.search(r"^## \[?Unreleased\]?$", text, re.MULTILINE):
        yield "CHANGELOG.md: has no section '## Unreleased'"


def check_private_places(
    root: Path, files: Iterable[str], places: Iterable[re.Pattern[str]]
) -> Iterator[str]:
    """Yield the lines that name a directory or a host of one machine only."""
    for name in files:
        raw = (root / name).read_bytes()
        if b"\0" in raw:
            continue
        for number, line in enumerate(raw.decode(errors="replace").splitlines(), 1):
            for place in places:
                if found := place.search(line):
                    yield f"{name}:{number}: names a private place, {found[0]!r}"


def links_of(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures, in order."""
    found = []
    for token in _walk(_parse(page)):
        target = token.attrGet("href") or token.attrGet("src")
        if token.type in ("link_open", "image") and target:
            found.append(unquote(str(target)))
    return found


def anchors(page: Path) -> set[str]:
    """Return the names by which a page's headings can be linked to."""
    tokens = _parse(page)
    return {
        re.sub(r"[^\w\- ]", "", after.content.lower()).replace(" ", "-")
        for token, after in pairwise(tokens)
        if token.type == "heading_open"
    }


def _parse(page: Path) -> list[Token]:
    text = page.read_text(encoding="utf-8")
    return MarkdownIt("commonmark").enable("table").parse(text)


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])


def _pages(files: Iterable[str]) -> list[str]:
    return [name for name in files if name.endswith(".md")]


def _resolve(page: str, target: str) -> str | None:
    """Return the path, relative to the root, that a link on a page means."""
    if not target:
        return page
    parts: list[str] = [] if target.startswith("/") else page.split("/")[:-1]
    for part in target.strip("/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


if __name__ == "__main__":
    sys.exit(main())
