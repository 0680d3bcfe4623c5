"""``existing_plans_and_devices.yaml``: the lists of plans and devices as a file.

Owns the form of the file: a line of comment, then JSON, which is YAML too.
Must not know namespaces, plan functions or users.
Test: write lists, and read them with PyYAML; read what others have written.
"""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from lapwing.annotation.excerpt import shown
from lapwing.annotation.lists import ExistingLists
from lapwing.annotation.yaml_text import file_fault, parse_yaml
from lapwing.errors import DataError, DataPathError

FILE_NAME = "existing_plans_and_devices.yaml"
LARGEST_FILE = 256 << 20
LONGEST_KEY = 160
"""Characters; YAML finds no key of more than 1024, and some need six of them."""

DEEPEST = 200

_FEWEST_CHARACTERS = 6
"""For each value of a list in YAML. True ones have 9 and more, those that are made
to keep a reader busy have 1 to 3."""

_HEADER = b"# Written by Lapwing, from startup code. JSON, which is YAML, too.\n"

_FORM = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE

# What JSON may hold as it is but YAML may not, or would take for the end of a line.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# YAML takes a number with an exponent for one only if it has both "." and a sign.
_EXPONENT = re.compile(r"^( *(?:\".*\": )?-?\d+)(\.\d+)?e([-+]?)(\d+,?)$", re.MULTILINE)


def write_lists(path: Path, lists: ExistingLists) -> bool:
    """Write the file, whole or not at all; leave it alone if it says the same.

    Args:
        path: The file.
        lists: The descriptions of plans and devices.

    Returns:
        Whether it was written.

    Raises:
        DataError: The lists hold what no file can.
        DataPathError: The file cannot be written.
    """
    content = encode_lists(lists)
    try:
        path = path.resolve()
        if path.is_file() and path.read_bytes() == content:
            return False
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DataPathError(
            f"the list of plans and devices cannot be written to {path}: "
            f"{error.strerror or error}",
            hint="name a directory that is there and may be written to",
        ) from error
    return True


def encode_lists(lists: ExistingLists) -> bytes:
    """Return the content of the file: the same bytes for the same lists, always.

    Raises:
        DataError: A number is not finite, a text holds half of a character, or a
            key is too long.
    """
    content = {"existing_plans": lists.plans, "existing_devices": lists.devices}
    floats = _has_floats(content, "", 0)
    try:
        body = orjson.dumps(content, option=_FORM)
    except orjson.JSONEncodeError as error:
        raise DataError(
            f"the list of plans and devices cannot be written: {error}"
        ) from None
    text = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", body.decode())
    if floats:
        text = _EXPONENT.sub(_with_point, text)
    return _HEADER + text.encode()


def _with_point(found: re.Match[str]) -> str:
    whole, fraction, sign, exponent = found.groups()
    return f"{whole}{fraction or '.0'}e{sign or '+'}{exponent}"


def _has_floats(value: Any, place: str, depth: int) -> bool:
    """Return whether there are floats; refuse what would be read back otherwise."""
    if depth > DEEPEST:
        raise DataError(f"{place[:200]} is nested deeper than {DEEPEST} levels")
    found = False
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str) or len(key) > LONGEST_KEY:
                raise DataError(
                    f"a name in {place or 'the lists'} is {shown(key)}; it must be a "
                    f"text of {LONGEST_KEY} characters at most"
                )
            if not isinstance(one, (str, bool)):
                found |= _has_floats(one, f"{place}[{key!r}]", depth + 1)
    elif isinstance(value, (list, tuple)):
        for at, one in enumerate(value):
            if not isinstance(one, str):
                found |= _has_floats(one, f"{place}[{at}]", depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise DataError(f"{place} is {value}, which no list can hold")
        return True
    return found


# ------------------------------------------------------------------ reading


def read_lists(path: Path) -> ExistingLists:
    """Read a file of lists, ours or the queue server's.

    Ours takes milliseconds; the YAML of others takes seconds if it is long. Nothing
    in it is evaluated.

    Raises:
        ConfigError: There is no such file, or it is no list of plans and devices;
            ``context`` has ``file`` and, if known, ``line``.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise file_fault(path, f"it has more than {LARGEST_FILE >> 20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise file_fault(
            path, f"it cannot be read: {error.strerror or error}"
        ) from error
    return decode_lists(content, path)


def decode_lists(content: bytes, path: Path | str = "?") -> ExistingLists:
    """Read the content of a file of lists.

    Args:
        content: Of the file, in UTF-8.
        path: The file, for errors.

    Raises:
        ConfigError: It is no list of plans and devices.
    """
    found = _parsed(content, path)
    if found is None:
        raise file_fault(path, "it is empty")
    if not isinstance(found, dict):
        raise file_fault(path, f"it holds {shown(found)}, not plans and devices")
    lists: list[dict[str, Any]] = []
    for key in ("existing_plans", "existing_devices"):
        part = found.get(key, {}) or {}
        if not isinstance(part, dict):
            raise file_fault(path, f"{key!r} is {shown(part)}; it must be a dict")
        for name, described in part.items():
            if not isinstance(name, str) or not isinstance(described, dict):
                why = f"{key}[{shown(name)}] is not described by a dict"
                raise file_fault(path, why)
        lists.append(part)
    if not {"existing_plans", "existing_devices"} & set(found):
        raise file_fault(path, "it has neither 'existing_plans' nor 'existing_devices'")
    return ExistingLists(*lists)


def _parsed(content: bytes, path: Path | str) -> Any:
    try:
        return orjson.loads(_without_comment(content))
    except orjson.JSONDecodeError:
        return parse_yaml(content, path, fewest_characters=_FEWEST_CHARACTERS)


def _without_comment(content: bytes) -> memoryview | bytes:
    if not content.startswith(b"#"):
        return content
    return memoryview(content)[content.find(b"\n") + 1 :]
