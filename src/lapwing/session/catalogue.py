"""The catalogue for the prompt: ``lapwing.catalogue()``.

Owns where it looks if nobody says.
Must not know how runs are found.
Test: with and without the environment variable.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from lapwing.config import Settings
from lapwing.data.catalogue import Catalogue


def catalogue(
    data_dir: str | Path | None = None, *, environ: Mapping[str, str] | None = None
) -> Catalogue:
    """Return all runs that were recorded: ``cat = lapwing.catalogue(); cat[-1]``.

    Args:
        data_dir: The data directory; None takes ``LAPWING_DATA_DIR``, else
            ``./lapwing-data``.
        environ: Environment variables; None takes the process's.
    """
    variables = os.environ if environ is None else environ
    return Catalogue(Settings.from_environment(variables, data_dir=data_dir).data_dir)
