"""Persistent dict: metadata in a directory, in the files that Bluesky made there.

Owns their names and their content: one file a key, of msgpack.
Must not know engines. It never reads a pickle.
Test: write, open again, read; read what Bluesky's wrote.

New setups had best use `lapwing.session`, whose metadata several processes share.
"""

import os
import tempfile
import weakref
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgpack
import numpy as np

from lapwing.errors import DataError

# What Bluesky's files leave unquoted in their names.
_SAFE = " !#$%&'()+,-.;=@[]^_`{}~"


class PersistentDict(MutableMapping[str, Any]):
    """A dict whose items are files of a directory.

    Setting a key writes its file. A list or dict that is changed within is written
    by `flush`, at the latest when this object goes. Tuples come back as lists.

    Args:
        directory: The directory, made if need be.

    Raises:
        DataError: A file in it cannot be read.
    """

    def __init__(self, directory: str | os.PathLike[str]):
        self._directory = directory
        self._path = Path(directory).expanduser()
        self._path.mkdir(parents=True, exist_ok=True)
        self._cache: dict[str, Any] = {}
        self.reload()
        self._finalizer = weakref.finalize(self, _write_all, self._path, self._cache)

    @property
    def directory(self) -> Any:
        """The directory, as given."""
        return self._directory

    def __getitem__(self, key: str) -> Any:
        return self._cache[key]

    def __setitem__(self, key: str, value: Any) -> None:
        _write(self._path, key, value)
        self._cache[key] = value

    def __delitem__(self, key: str) -> None:
        del self._cache[key]
        (self._path / _name(key)).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._cache))

    def __len__(self) -> int:
        return len(self._cache)

    def __repr__(self) -> str:
        return f"<PersistentDict {self._cache!r}>"

    def popitem(self) -> tuple[str, Any]:
        """Remove the key that came last; returns it with its value."""
        key, value = self._cache.popitem()
        (self._path / _name(key)).unlink(missing_ok=True)
        return key, value

    def flush(self) -> None:
        """Write all items."""
        _write_all(self._path, self._cache)

    def reload(self) -> None:
        """Read all items again, as others may have written them."""
        files = (f for f in self._path.iterdir() if f.suffix != _PART)
        read = {unquote(f.name): _load(f) for f in files if f.is_file()}
        self._cache.clear()
        self._cache.update(read)


_PART = ".lapwing-part"


def _name(key: str) -> str:
    return quote(key, safe=_SAFE)


def _write_all(path: Path, items: dict[str, Any]) -> None:
    if not path.is_dir():
        return  # it has been removed, and with it whatever there was to keep
    for key, value in items.items():
        _write(path, key, value)


def _write(path: Path, key: str, value: Any) -> None:
    """Write a file under another name first: there is never half a one."""
    try:
        content = msgpack.packb(value, default=_plain) or b""
    except (TypeError, ValueError, OverflowError) as exc:
        raise DataError(f"the value of {key!r} cannot be written: {exc}") from exc
    with tempfile.NamedTemporaryFile(dir=path, suffix=_PART, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path / _name(key))


def _load(file: Path) -> Any:
    try:
        return msgpack.unpackb(
            file.read_bytes(), object_hook=_array, strict_map_key=False
        )
    except (ValueError, TypeError, msgpack.UnpackException) as exc:
        raise DataError(f"the file {file} holds no item: {exc}") from exc


def _plain(value: Any) -> Any:
    """Write arrays and numbers of numpy as ``msgpack_numpy`` does."""
    if isinstance(value, np.ndarray) and value.dtype.kind not in "OV":
        return {
            b"nd": True,
            b"type": value.dtype.str,
            b"kind": b"",
            b"shape": value.shape,
            b"data": value.tobytes(),
        }
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, MutableMapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} {str(value)[:80]!r} is not serialisable")


def _array(value: dict[Any, Any]) -> Any:
    """Read what `_plain`, or ``msgpack_numpy``, has written."""
    if b"nd" not in value:
        return value
    if value.get(b"kind", b"") == b"O":
        raise ValueError("it is an array of objects, which was written as a pickle")
    array = np.frombuffer(value[b"data"], np.dtype(value[b"type"]))
    return array.reshape(value[b"shape"]).copy() if value[b"nd"] else array[0]
