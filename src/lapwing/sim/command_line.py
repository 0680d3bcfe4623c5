"""Command line: the options that every simulated IOC takes.

Owns their names and defaults.
Must not know what an IOC serves.
Test: tests/unit/sim/test_beamline.py; ``python -m lapwing.sim.beamline --help``.
"""

import argparse


def parser_of(module: str, description: str, prefix: str) -> argparse.ArgumentParser:
    """Return a parser of the options that every IOC takes.

    Args:
        module: The module that is run.
        description: What its help begins with.
        prefix: What its PVs' names begin with, if nothing else is asked for.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=f"{description}; ends when its input closes.",
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--prefix", default=prefix)
    parser.add_argument("--velocity", type=float, default=50.0, help="mm/s")
    parser.add_argument("--acceleration-time", type=float, default=0.005, help="s")
    parser.add_argument("--limit", type=float, default=10.0, help="mm")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="counts without noise")
    return parser
