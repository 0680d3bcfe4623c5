"""Tree: metadata as groups and fields.

Owns how dicts, lists and single values are written down in HDF5.
Must not know what the metadata mean.
Test: write a nested dict to a file in memory, read it back.

What HDF5 cannot hold as it is (None, mixed or nested lists, huge integers) is written
as JSON text, with an attribute ``encoding`` = "json" that says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from lapwing.data.layout import link_name, make_group, put_json, put_text

_DEEPEST = 16


def put_tree(parent: h5py.Group, name: str, values: Mapping[Any, Any]) -> None:
    """Write a dict as a group, dicts within it as groups within that one."""
    _put_mapping(make_group(parent, name, "NXcollection"), values, 1)


def put_value(
    group: h5py.Group, name: str, value: Any, depth: int = _DEEPEST
) -> h5py.Dataset | h5py.Group:
    """Write one value under a name, as natively as HDF5 can hold it."""
    if isinstance(value, Mapping) and depth < _DEEPEST and _nameable(value):
        inner = make_group(group, name, "NXcollection")
        _put_mapping(inner, value, depth + 1)
        return inner
    if isinstance(value, str):
        return put_text(group, name, value)
    array = _native(value)
    if array is None:
        return put_json(group, name, value)
    if array.dtype.kind == "U":
        dtype = h5py.string_dtype("utf-8")
        return group.create_dataset(name, data=array.astype(object), dtype=dtype)
    return group.create_dataset(name, data=array)


def _put_mapping(group: h5py.Group, values: Mapping[Any, Any], depth: int) -> None:
    if not _nameable(values):
        put_json(group, "json", values)
        return
    for key, value in values.items():
        put_value(group, key, value, depth)


def _nameable(values: Mapping[Any, Any]) -> bool:
    return all(isinstance(key, str) and key == link_name(key) != "" for key in values)


def _native(value: Any) -> np.ndarray[Any, Any] | None:
    """Return an array that holds exactly this value, or None."""
    single = isinstance(value, bool | int | float | complex | np.generic | np.ndarray)
    if not single and not (isinstance(value, Sequence) and _uniform(value)):
        return None
    array = _array(value)
    if array is None or array.dtype.kind not in "biufcU":
        return None
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return None
    if array.dtype.kind == "U" and not _storable(array):
        return None
    return array


def _uniform(values: Sequence[Any]) -> bool:
    kinds = {_kind(value) for value in values}
    if kinds == {int, float}:  # positions: 0, 0.5, 1
        return all(abs(value) <= 2**53 for value in values if _kind(value) is int)
    return len(kinds) == 1 and None not in kinds


def _kind(value: Any) -> type | None:
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind
    return None


def _array(value: Any) -> np.ndarray[Any, Any] | None:
    try:
        return np.asarray(value)
    except (ValueError, OverflowError):
        return None


def _storable(texts: np.ndarray[Any, Any]) -> bool:
    for text in texts.ravel().tolist():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return False
        if "\0" in text:
            return False
    return True
