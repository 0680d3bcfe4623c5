"""Where the sources are, and how they are read, for the tests of their shape."""

import ast
import importlib
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "lapwing"
TOOLS = ROOT / "tools"


def source_files() -> list[str]:
    """Return every module's file, relative to the package, such as engine/loop.py."""
    return sorted(path.relative_to(SRC).as_posix() for path in SRC.rglob("*.py"))


def parse(name: str) -> ast.Module:
    return ast.parse((SRC / name).read_text(encoding="utf-8"), filename=name)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def load_tool(name: str) -> ModuleType:
    """Import tools/NAME.py, which stands outside the package."""
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)
