"""Find out what is private to this machine, so that no file repeats it.

Owns the patterns: checkout, home, package indexes other than the public ones.
Must not know which files are searched.
Test: tests/architecture/test_tools.py.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

PUBLIC = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
VARIABLE = re.compile(r"(PIP|UV|NPM_CONFIG|POETRY|PDM)_.*(INDEX|REGISTRY|FIND_LINKS)")

# Written so that no pattern finds itself in this file.
ANYWHERE = (
    r"/(?:home|Users)/[\w.-]+",
    r"(?<![\w.])/roo[t]/",
    r"^--(?:extra-)?index[-]url\b",
    r"^--find[-]links\b",
)


def private_places(
    root: Path, environ: Mapping[str, str] = os.environ
) -> list[re.Pattern[str]]:
    """Return patterns for what a tracked file must not say.

    Args:
        root: The checkout.
        environ: The environment, which may name package indexes.
    """
    here = {str(path) for path in (root.resolve(), Path.home())}
    here |= set(_index_places(environ))
    # A single component, such as /src, is no private name.
    exact = [place for place in here if "/" not in place or place.count("/") > 1]
    return [
        *(re.compile(pattern) for pattern in ANYWHERE),
        *(re.compile(rf"(?<![\w.-]){re.escape(p)}(?![\w-])") for p in sorted(exact)),
    ]


def _index_places(environ: Mapping[str, str]) -> Iterator[str]:
    settings = [v for k, v in environ.items() if VARIABLE.match(k.upper())]
    for value in settings + _pip_settings():
        for word in re.split(r"[\s'\"=]+", value):
            url = urlsplit(word)
            if url.hostname and url.hostname not in PUBLIC | LOOPBACK:
                yield url.hostname
            elif not url.hostname and url.path.startswith("/"):
                yield url.path.rstrip("/")


def _pip_settings() -> list[str]:
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [
        line
        for line in done.stdout.splitlines()
        if re.search(r"index|find-links", line)
    ]
