"""Consolidator base: what an array in files looks like, while it grows.

Owns shape, chunks and rows, for files of any kind.
Must not read the files; shapes and chunks are worked out by `lapwing.data.chunking`.
Test: stream documents written by hand, and the shapes that they must give.
"""

from typing import Any, ClassVar

import numpy as np

from lapwing.compat.bluesky.data_sources import (
    ArrayStructure,
    Asset,
    DataSource,
    Management,
    StructureFamily,
)
from lapwing.data.chunking import Join, chunks_of, joined_shape
from lapwing.documents import Document
from lapwing.errors import DataError, DocumentError

_DTYPES = {
    "number": "<f8",
    "array": "<f8",
    "boolean": "|b1",
    "string": "<U0",
    "integer": "<i8",
}


class ChunkShapeError(DocumentError, AssertionError):
    """The chunks that a stream resource tells of cannot be those of its files."""


class ConsolidatorBase:
    """Tells what one array in files looks like, while it grows.

    Args:
        stream_resource: Tells where the files are.
        descriptor: Tells what one event has.

    Attributes:
        supported_mimetypes: Kinds of files that the class is for.
        join_method: "stack" or "concat"; see `lapwing.data.chunking.joined_shape`.
        join_chunks: Whether chunks may hold parts of several events.
        assets: The files.

    Raises:
        DocumentError: The files are of another kind.
    """

    supported_mimetypes: ClassVar[set[str]] = {"application/octet-stream"}
    join_method: Join = "concat"
    join_chunks: bool = True

    def __init__(self, stream_resource: Document, descriptor: Document):
        self.mimetype = self.get_supported_mimetype(stream_resource)
        self.data_key: str = stream_resource["data_key"]
        self.uri: str = stream_resource["uri"]
        self._sres_parameters = dict(stream_resource.get("parameters") or {})
        key = descriptor["data_keys"][self.data_key]
        self.datum_shape = tuple(int(n) for n in key.get("shape") or ())
        self.data_type = _dtype_of(key)
        self.chunk_shape: tuple[int, ...] = tuple(
            self._sres_parameters.pop("chunk_shape", None) or ()
        )
        if any(n < 1 for n in self.chunk_shape):
            raise ChunkShapeError(
                f"the chunks of {self.data_key!r} have the shape {self.chunk_shape}; "
                "each side must be 1 or more"
            )
        self.dims: tuple[str, ...] | None = None
        self.assets: list[Asset] = []
        self._num_rows = 0
        self._seqnums_to_indices_map: dict[int, int] = {}

    @classmethod
    def get_supported_mimetype(cls, sres: Document) -> str:
        """Return the kind of files of a stream resource.

        Raises:
            DocumentError: The class is for others.
        """
        if sres["mimetype"] not in cls.supported_mimetypes:
            raise DocumentError(
                f"{cls.__name__} is for {sorted(cls.supported_mimetypes)}, but a "
                f"stream resource of {sres['mimetype']!r} was given"
            )
        return sres["mimetype"]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array by now."""
        return joined_shape(self._num_rows, self.datum_shape, self.join_method)

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """The sizes of chunks along each axis."""
        return chunks_of(
            self._num_rows,
            self.datum_shape,
            self.join_method,
            self.chunk_shape,
            across_rows=self.join_chunks,
        )

    @property
    def has_skips(self) -> bool:
        """Whether there are rows that belong to no event."""
        return self._num_rows > len(self._seqnums_to_indices_map)

    def adapter_parameters(self) -> dict[str, Any]:
        """Return what has to be known to read such a file, beside its place."""
        return {}

    def structure(self) -> ArrayStructure:
        """Return type, shape and chunks by now."""
        return ArrayStructure(self.data_type, self.shape, self.chunks, self.dims)

    def consume_stream_datum(self, doc: Document) -> None:
        """Take further rows."""
        indices, numbers = doc["indices"], doc["seq_nums"]
        self._num_rows += indices["stop"] - indices["start"]
        pairs = zip(
            range(numbers["start"], numbers["stop"]),
            range(indices["start"], indices["stop"]),
            strict=False,
        )
        self._seqnums_to_indices_map.update(pairs)

    def get_data_source(self) -> DataSource:
        """Return whatever has to be known to read the array as it is by now."""
        return DataSource(
            StructureFamily.array,
            self.structure(),
            mimetype=self.mimetype,
            parameters=self.adapter_parameters(),
            assets=list(self.assets),
            management=Management.external,
        )

    def get_adapter(self, adapters_by_mimetype: Any = None) -> Any:
        """Return what reads the array.

        Args:
            adapters_by_mimetype: Makes an adapter, by kind of file.

        Raises:
            DataError: There is none for this kind.
        """
        make = (adapters_by_mimetype or {}).get(self.mimetype)
        if make is None:
            raise DataError(
                f"nothing is known that reads files of {self.mimetype!r}",
                hint="give adapters_by_mimetype, such as tiled's",
            )
        source = self.get_data_source()
        return make.from_catalog(source, None, **source.parameters)

    def update_from_stream_resource(self, stream_resource: Document) -> None:
        """Take a further file of the same array.

        Raises:
            DocumentError: Files of this kind have no further ones.
        """
        raise DocumentError(
            f"a second stream resource came for {self.data_key!r}, but "
            f"{type(self).__name__} takes one only"
        )

    def validate(
        self, adapters_by_mimetype: Any = None, fix_errors: bool = False
    ) -> list[str]:
        """Compare with what is in the files; returns what was found to be wrong.

        Args:
            adapters_by_mimetype: As of `get_adapter`.
            fix_errors: Whether to take over what is in the files.

        Raises:
            DataError: They differ, and ``fix_errors`` is False.
        """
        there = self.get_adapter(adapters_by_mimetype).structure()
        notes = []
        if tuple(there.shape) != self.shape:
            notes.append(f"the shape is {tuple(there.shape)}, not {self.shape}")
        found = getattr(there.data_type, "to_numpy_dtype", lambda: there.data_type)()
        if found != self.data_type:
            notes.append(f"the type is {found}, not {self.data_type}")
            if fix_errors:
                self.data_type = found
        if notes and not fix_errors:
            raise DataError(f"of {self.data_key!r} in files, {'; '.join(notes)}")
        return notes

    def _add_file(self, uri: str) -> None:
        self.assets.append(Asset(uri, False, "data_uris", len(self.assets)))


def _dtype_of(key: Document) -> np.dtype[Any]:
    told = key.get("dtype_numpy") or _DTYPES.get(key.get("dtype", "number"), "<f8")
    if isinstance(told, list | tuple):
        return np.dtype([tuple(field) for field in told])
    return np.dtype(told)
