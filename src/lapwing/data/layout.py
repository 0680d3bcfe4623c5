"""Layout: the parts that live and final files have in common.

Owns how groups, fields, attributes and names look in HDF5.
Must not know runs, or which file it works on.
Test: make groups and fields in a file in memory, look at names and attributes.
"""

import re
from collections.abc import Mapping
from typing import Any

import h5py

from lapwing.data.lines import encode_value

LIBVER = ("v110", "latest")
"""Version 1.10 is the oldest that can be read while written; older readers
(h5py, MATLAB, viewers) understand it, which they do not with plain "latest"."""

CACHE_BYTES = 131072
"""Memory for the chunks of one dataset. HDF5 2 takes 8 MB by default, and each
dataset of a long run would fill that."""

ENTRY = "entry"
RESERVED = {
    "data", "documents", "duration", "end_time", "entry_identifier", "exit_status",
    "instrument", "metadata", "plan_name", "program_name", "reason", "sample",
    "scan_id", "start_time", "title", "user",
}  # fmt: skip
"""Names in the entry that a stream cannot have."""

JSON = "json"
"""Value of the attribute ``encoding`` where text is JSON."""

_TEXT = h5py.string_dtype("utf-8")


def make_group(parent: h5py.Group, name: str, nx_class: str) -> h5py.Group:
    """Make a group of a NeXus class."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = nx_class
    return group


def group_at(parent: h5py.Group, path: str) -> h5py.Group:
    """Return a group that is there."""
    found = parent[path]
    if not isinstance(found, h5py.Group):
        raise TypeError(f"{path} in {parent.name} is no group")
    return found


def dataset_at(parent: h5py.Group, path: str) -> h5py.Dataset:
    """Return a dataset that is there."""
    found = parent[path]
    if not isinstance(found, h5py.Dataset):
        raise TypeError(f"{path} in {parent.name} is no dataset")
    return found


def link_name(key: str) -> str:
    """Return a name that HDF5 takes for a data key, device or metadata key.

    A slash would make a group and a lone dot means "here".
    """
    name = key.replace("/", "_").replace("\0", "_")
    name = re.sub(r"[\ud800-\udfff]", "_", name)
    return "_" if name.strip(".") == "" else name


def link_names(keys: Any, taken: Any = ()) -> dict[str, str]:
    """Return one name for each key, no two the same, none of ``taken``."""
    names: dict[str, str] = {}
    used = set(taken)
    for key in keys:
        name = stem = link_name(key)
        number = 2
        while name in used:
            name, number = f"{stem}_{number}", number + 1
        names[key] = name
        used.add(name)
    return names


def stream_path(name: str) -> str:
    """Return the path of a stream's group in a file."""
    plain = link_name(name)
    return f"{ENTRY}/{plain}_stream" if plain in RESERVED else f"{ENTRY}/{plain}"


def put_text(group: h5py.Group, name: str, text: str) -> h5py.Dataset:
    """Write one text; what UTF-8 or HDF5 cannot hold becomes JSON."""
    try:
        text.encode("utf-8")
        plain = "\0" not in text
    except UnicodeEncodeError:
        plain = False
    if not plain:
        return put_json(group, name, text)
    return group.create_dataset(name, data=text, dtype=_TEXT)


def put_json(group: h5py.Group, name: str, value: Any) -> h5py.Dataset:
    """Write any value as JSON text, with an attribute that says so."""
    field = group.create_dataset(name, data=json_text(value), dtype=_TEXT)
    field.attrs["encoding"] = JSON
    return field


def json_text(value: Any) -> str:
    """Return a value as JSON text."""
    return encode_value(value).decode("utf-8").strip()


def describe_field(
    field: h5py.Dataset | h5py.Group, key: str, data_key: Mapping[str, Any]
) -> None:
    """Give a field its units, source and the like, as attributes."""
    units = data_key.get("units")
    field.attrs["units"] = units if isinstance(units, str) else ""
    field.attrs["long_name"] = f"{key} ({units})" if units else key
    for name in ("source", "object_name"):
        if isinstance(text := data_key.get(name), str) and "\0" not in text:
            field.attrs[name] = text
    if isinstance(precision := data_key.get("precision"), int):
        field.attrs["precision"] = precision
    for name in ("limits", "choices"):
        if data_key.get(name):
            field.attrs[name] = json_text(data_key[name])
    if link_name(key) != key:
        field.attrs["data_key"] = json_text(key)
