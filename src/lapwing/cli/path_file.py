"""Path files: a path that a file of JSON or YAML describes.

Owns which descriptions are known, and errors that say where in a file they are.
Must not know options, numbers or pictures of a path.
Test: tests/unit/cli/test_path.py, with files that are right and wrong.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lapwing.errors import ConfigError, PlanArgumentError
from lapwing.stepscan.definition_text import Path as Keys
from lapwing.stepscan.definition_text import Place, error_at, parse
from lapwing.trajectory import Trajectory, from_scanspec
from lapwing.trajectory.description import Described

_LONGEST = 1_000_000
"""Characters of a file in which a place is looked for; longer ones take seconds."""


def read_path(file: Path) -> Trajectory:
    """Return the path that a file describes.

    Args:
        file: What `Trajectory.to_dict` or scanspec's `Spec.serialize` returned, in
            JSON or YAML.

    Raises:
        ConfigError: It cannot be read, is neither, or describes no path; says where.
        MissingExtraError: It is a scanspec, and scanspec is not installed.
    """
    text, name = _text_of(file), str(file)
    try:
        # YAML's reader, which knows places, takes seconds for an array of 10^5.
        data = json.loads(text)
    except (ValueError, RecursionError):
        data, _ = parse(text, name)
    if isinstance(data, Mapping) and "typeid" in data:
        return _described(data, text, name)
    if isinstance(data, Mapping) and "type" in data:
        return _scanspec(data, name)
    raise error_at(
        name,
        Place(1, 1),
        "describes no path; needed: a mapping with a typeid, as Trajectory.to_dict "
        "makes it, or with a type, as scanspec's Spec.serialize does",
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise ConfigError(
            f"{file} cannot be read: {exc.strerror or exc}", file=str(file)
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(
            f"{file} is no text in UTF-8: byte {exc.start} is {exc.reason}",
            file=str(file),
        ) from exc


def _described(data: Mapping[str, Any], text: str, name: str) -> Trajectory:
    try:
        return Trajectory.from_dict(data)
    except PlanArgumentError as exc:
        keys = _at_fault(data, ()) or ()
        places = parse(text, name)[1] if len(text) <= _LONGEST else {}
        where = f"{_dotted(keys)}: " if keys else ""
        said = f"{where}{exc.args[0]}"
        raise error_at(name, places.get(keys), said, hint=exc.hint) from exc


def _at_fault(value: Any, keys: Keys) -> Keys | None:
    """Return where the innermost part is that cannot be made; None: all can."""
    if isinstance(value, Mapping):
        parts = list(value.items())
    else:
        parts = list(enumerate(value)) if isinstance(value, list) else []
    for key, part in parts:
        if isinstance(part, list | Mapping):
            found = _at_fault(part, (*keys, key))
            if found is not None:
                return found
    if isinstance(value, Mapping) and "typeid" in value:
        try:
            Described.from_dict(value)
        except PlanArgumentError:
            return keys
    return None


def _scanspec(data: Mapping[str, Any], name: str) -> Trajectory:
    try:
        return from_scanspec(data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = _dotted(tuple(first["loc"]))
        raise ConfigError(
            f"{name}: describes no scanspec: {f'{where}: ' if where else ''}"
            f"{first['msg']}",
            file=name,
        ) from exc
    except PlanArgumentError as exc:
        raise ConfigError(
            f"{name}: {exc.args[0]}", hint=exc.hint, file=name, **exc.context
        ) from exc


def _dotted(keys: Keys) -> str:
    text = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys)
    return text.removeprefix(".")
