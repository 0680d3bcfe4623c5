"""What a reader types from a page works, and says what the page shows."""

import subprocess
import sys

import pytest
from architecture.source_tree import ROOT

PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for folder in ("tutorial", "how-to")
    for page in (ROOT / "docs" / folder).glob("*.md")
)


ALSO = ["README.md", "docs/reference/plan-annotation.md"]


@pytest.mark.parametrize("page", [*ALSO, *PAGES])
def test_the_code_of_a_page_works(page):
    done = subprocess.run(
        [sys.executable, "tools/run_pages.py", page],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout
