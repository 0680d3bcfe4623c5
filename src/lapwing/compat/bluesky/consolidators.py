"""Bluesky's consolidators: what an array in files looks like, from its documents.

Owns the classes, one for each kind of file, and what they tell of it.
Must not read the files; shapes and chunks are worked out by `lapwing.data.chunking`.
Test: stream documents written by hand, and the shapes that they must give.

What reads the files are adapters of the package tiled, which is not needed here.
"""

from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

from lapwing.compat.bluesky.consolidator_base import (
    ChunkShapeError,
    ConsolidatorBase,
)
from lapwing.compat.bluesky.data_sources import (
    ArrayStructure,
    Asset,
    DataSource,
    Management,
    StructureFamily,
)
from lapwing.data.chunking import Join, brace_template
from lapwing.documents import Document
from lapwing.errors import DocumentError

__all__ = [
    "CONSOLIDATOR_REGISTRY",
    "ArrayStructure",
    "Asset",
    "CSVConsolidator",
    "ChunkShapeError",
    "ConsolidatorBase",
    "DataSource",
    "HDF5Consolidator",
    "JPEGConsolidator",
    "Management",
    "MultipartRelatedConsolidator",
    "NPYConsolidator",
    "StructureFamily",
    "TIFFConsolidator",
    "consolidator_factory",
]


class CSVConsolidator(ConsolidatorBase):
    """Tells of a table of text; each event appends rows."""

    supported_mimetypes: ClassVar[set[str]] = {"text/csv;header=absent"}
    join_method: Join = "concat"
    join_chunks: bool = False

    def __init__(self, stream_resource: Document, descriptor: Document):
        super().__init__(stream_resource, descriptor)
        self._add_file(self.uri)

    def adapter_parameters(self) -> dict[str, Any]:
        """Return that there are no heads, and what the resource tells besides."""
        return {"header": None, **self._sres_parameters}


class HDF5Consolidator(ConsolidatorBase):
    """Tells of a dataset in an HDF5 file, or in several."""

    supported_mimetypes: ClassVar[set[str]] = {"application/x-hdf5"}

    def __init__(self, stream_resource: Document, descriptor: Document):
        super().__init__(stream_resource, descriptor)
        self._add_file(self.uri)

    def adapter_parameters(self) -> dict[str, Any]:
        """Return the dataset's path, and whether the file is being written."""
        parameters = self._sres_parameters
        return {
            "dataset": str(parameters["dataset"]).strip("/").split("/"),
            "swmr": bool(parameters.get("swmr", False)),
        }

    def update_from_stream_resource(self, stream_resource: Document) -> None:
        """Take a further file, that goes on with the same dataset.

        Raises:
            DocumentError: It is of another kind, or another dataset's.
        """
        self.get_supported_mimetype(stream_resource)
        dataset = (stream_resource.get("parameters") or {}).get("dataset")
        if dataset != self._sres_parameters.get("dataset"):
            raise DocumentError(
                f"a further file of {self.data_key!r} has the dataset {dataset!r}; the "
                f"first one has {self._sres_parameters.get('dataset')!r}"
            )
        self._add_file(stream_resource["uri"])


class MultipartRelatedConsolidator(ConsolidatorBase):
    """Tells of a sequence of numbered files; each is a chunk.

    Args:
        permitted_extensions: Endings of the files' names.
        stream_resource: Tells where the files are.
        descriptor: Tells what one event has.

    Raises:
        DocumentError: The names of the files end otherwise.
        ChunkShapeError: An event is no whole number of files.
    """

    def __init__(
        self,
        permitted_extensions: set[str],
        stream_resource: Document,
        descriptor: Document,
    ):
        super().__init__(stream_resource, descriptor)
        self.permitted_extensions = permitted_extensions
        self.template = brace_template(
            self._sres_parameters["template"],
            self._sres_parameters.get("filename", ""),
        )
        ending = PurePosixPath(self.template).suffix
        if ending not in permitted_extensions:
            raise DocumentError(
                f"the files of {self.data_key!r} are named {self.template!r}; their "
                f"names must end in one of {sorted(permitted_extensions)}"
            )
        frames = self.datum_shape[0] if self.datum_shape else 1
        if not self.chunk_shape or frames % self.chunk_shape[0]:
            raise ChunkShapeError(
                f"an event of {self.data_key!r} has {frames} frames, in files of "
                f"{self.chunk_shape[:1]}; these must divide them"
            )

    def get_datum_uri(self, indx: int) -> str:
        """Return where the file of a number is."""
        return f"{self.uri.rstrip('/')}/{self.template.format(indx)}"

    def adapter_parameters(self) -> dict[str, Any]:
        """Return nothing: the files' places are enough."""
        return {}

    def consume_stream_datum(self, doc: Document) -> None:
        """Take further rows, and with them further files."""
        start, stop = doc["indices"]["start"], doc["indices"]["stop"]
        frames = self.datum_shape[0] if self.datum_shape else 1
        stacked = self.join_method == "stack"
        each = 1 if stacked else frames // self.chunk_shape[0]
        for number in range(start * each, stop * each):
            self._add_file(self.get_datum_uri(number))
        super().consume_stream_datum(doc)


class TIFFConsolidator(MultipartRelatedConsolidator):
    """Tells of a sequence of TIFF files."""

    supported_mimetypes: ClassVar[set[str]] = {"multipart/related;type=image/tiff"}

    def __init__(self, stream_resource: Document, descriptor: Document):
        super().__init__({".tif", ".tiff"}, stream_resource, descriptor)


class JPEGConsolidator(MultipartRelatedConsolidator):
    """Tells of a sequence of JPEG files."""

    supported_mimetypes: ClassVar[set[str]] = {"multipart/related;type=image/jpeg"}

    def __init__(self, stream_resource: Document, descriptor: Document):
        super().__init__({".jpeg", ".jpg"}, stream_resource, descriptor)


class NPYConsolidator(MultipartRelatedConsolidator):
    """Tells of a sequence of numpy's files, one an event."""

    supported_mimetypes: ClassVar[set[str]] = {
        "multipart/related;type=application/x-npy"
    }
    join_method: Literal["stack", "concat"] = "stack"

    def __init__(self, stream_resource: Document, descriptor: Document):
        super().__init__({".npy"}, stream_resource, descriptor)


CONSOLIDATOR_REGISTRY: defaultdict[str, type[ConsolidatorBase]] = defaultdict(
    lambda: ConsolidatorBase,
    {
        mimetype: kind
        for kind in (
            CSVConsolidator,
            HDF5Consolidator,
            TIFFConsolidator,
            JPEGConsolidator,
            NPYConsolidator,
        )
        for mimetype in kind.supported_mimetypes
    },
)
"""The class for each kind of file; add your own."""


def consolidator_factory(
    stream_resource_doc: Document, descriptor_doc: Document
) -> ConsolidatorBase:
    """Return the consolidator for a kind of file.

    Args:
        stream_resource_doc: Tells where the files are.
        descriptor_doc: Tells what one event has.

    Raises:
        DocumentError: There is none for it.
    """
    kind = CONSOLIDATOR_REGISTRY[stream_resource_doc["mimetype"]]
    return kind(stream_resource_doc, descriptor_doc)
