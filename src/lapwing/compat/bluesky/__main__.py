"""``python -m bluesky`` under the alias: says the version.

Owns one option.
Must not run plans.
Test: call `main` with ``["--version"]``.
"""

from argparse import ArgumentParser
from collections.abc import Sequence

from lapwing.compat.bluesky._version import __version__


def main(args: Sequence[str] | None = None) -> None:
    """Show the version if asked to."""
    parser = ArgumentParser(prog="bluesky")
    parser.add_argument("-v", "--version", action="version", version=__version__)
    parser.parse_args(args)


if __name__ == "__main__":
    main()
