"""History: the metadata of very old setups, kept in one file.

Owns where that file is looked for.
Must not know engines; the file is a `MetadataStore`.
Test: set the variable, ask twice, look at the file.
"""

import os
import warnings
from pathlib import Path

from lapwing.session.metadata import MetadataStore

ENV_VAR = "BLUESKY_HISTORY_PATH"
SEARCH_PATH: list[str] = []
"""Files that are looked at, before that of one's own configuration."""


def get_history() -> MetadataStore:
    """Return metadata that outlive the process; deprecated.

    They are in the file that the variable ``BLUESKY_HISTORY_PATH`` names, else in
    the first of `SEARCH_PATH` that exists, else in ``~/.config/lapwing``. A file of
    the package ``historydict`` keeps what it holds, which is not read.
    """
    warnings.warn(
        "get_history() is deprecated; use lapwing.session().md, or PersistentDict",
        DeprecationWarning,
        stacklevel=2,
    )
    named = os.environ.get(ENV_VAR)
    there = [Path(path) for path in SEARCH_PATH if Path(path).is_file()]
    own = Path.home() / ".config" / "lapwing" / "history.sqlite"
    return MetadataStore(Path(named) if named else (there or [own])[0])
