"""Bluesky's consolidators: arrays in files, from their documents."""

import pytest

from lapwing.compat.bluesky.consolidators import (
    ChunkShapeError,
    ConsolidatorBase,
    HDF5Consolidator,
    NPYConsolidator,
    consolidator_factory,
)
from lapwing.errors import DataError, DocumentError

DESCRIPTOR = {
    "data_keys": {
        "img": {"shape": [2, 4, 3], "dtype": "array", "dtype_numpy": "<u2"},
        "n": {"shape": [], "dtype": "integer"},
    }
}


def resource(mimetype="application/x-hdf5", key="img", **parameters):
    return {
        "data_key": key,
        "mimetype": mimetype,
        "uri": "file://localhost/data/",
        "parameters": {"chunk_shape": [1], "dataset": "/a/b", **parameters},
    }


def datum(start, stop, first=None):
    first = start + 1 if first is None else first
    return {
        "indices": {"start": start, "stop": stop},
        "seq_nums": {"start": first, "stop": first + stop - start},
    }


def test_a_dataset_grows():
    told = consolidator_factory(resource(swmr=True), DESCRIPTOR)
    assert isinstance(told, HDF5Consolidator)
    told.consume_stream_datum(datum(0, 3))
    source = told.get_data_source()
    assert source.structure.shape == (6, 4, 3)
    assert source.structure.data_type == "u2"
    assert source.parameters == {"dataset": ["a", "b"], "swmr": True}
    assert not told.has_skips
    told.consume_stream_datum(datum(3, 5, first=3))
    assert told.has_skips


def test_a_dataset_goes_on_in_a_further_file():
    told = consolidator_factory(resource(), DESCRIPTOR)
    told.update_from_stream_resource({**resource(), "uri": "file://localhost/more"})
    assert [asset.num for asset in told.assets] == [0, 1]
    with pytest.raises(DocumentError, match="'/other'"):
        told.update_from_stream_resource(resource(dataset="/other"))


def test_files_have_numbers_in_their_names():
    kind = "multipart/related;type=application/x-npy"
    told = consolidator_factory(resource(kind, template="%s_%03d.npy"), DESCRIPTOR)
    assert isinstance(told, NPYConsolidator)
    told.consume_stream_datum(datum(0, 2))
    assert told.shape == (2, 2, 4, 3)
    assert [a.data_uri for a in told.assets] == [
        "file://localhost/data/_000.npy",
        "file://localhost/data/_001.npy",
    ]
    assert told.adapter_parameters() == {}


def test_scalars_have_no_axis_of_their_own():
    told = consolidator_factory(resource("text/csv;header=absent", "n"), DESCRIPTOR)
    told.consume_stream_datum(datum(0, 4))
    assert told.shape == (4,)
    assert told.adapter_parameters()["header"] is None


def test_what_contradicts_is_refused():
    with pytest.raises(DocumentError, match=r"x-hdf5.*'video/x'"):
        HDF5Consolidator(resource("video/x"), DESCRIPTOR)
    with pytest.raises(DocumentError, match="ConsolidatorBase"):
        consolidator_factory(resource("video/x"), DESCRIPTOR)
    tiff = "multipart/related;type=image/tiff"
    with pytest.raises(DocumentError, match=r"must end in one of"):
        consolidator_factory(resource(tiff, template="%d.png"), DESCRIPTOR)
    wrong = resource(tiff, template="%d.tif", chunk_shape=[3])
    with pytest.raises(ChunkShapeError, match="divide"):
        consolidator_factory(wrong, DESCRIPTOR)
    with pytest.raises(ChunkShapeError, match="1 or more"):
        consolidator_factory(resource(chunk_shape=[0]), DESCRIPTOR)


def test_one_file_is_enough_for_most_kinds():
    told = ConsolidatorBase(resource("application/octet-stream"), DESCRIPTOR)
    with pytest.raises(DocumentError, match="takes one only"):
        told.update_from_stream_resource(resource())


def test_files_are_compared_with_what_was_told():
    class Adapter:
        def __init__(self, structure):
            self._structure = structure

        def structure(self):
            return self._structure

        @classmethod
        def from_catalog(cls, source, node, **parameters):
            return cls(source.structure)

    told = consolidator_factory(resource(), DESCRIPTOR)
    adapters = {"application/x-hdf5": Adapter}
    assert told.validate(adapters) == []
    with pytest.raises(DataError, match="nothing is known that reads"):
        told.get_adapter()

    class Larger(Adapter):
        def structure(self):
            self._structure.shape = (9,)
            self._structure.data_type = "f8"
            return self._structure

    with pytest.raises(DataError, match=r"shape is \(9,\)"):
        told.validate({"application/x-hdf5": Larger})
    notes = told.validate({"application/x-hdf5": Larger}, fix_errors=True)
    assert len(notes) == 2
