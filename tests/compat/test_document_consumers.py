"""Consumers made for Bluesky's documents take Lapwing's: event_model's tools."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import event_model
import numpy as np
import ophyd.sim
import pytest
from compat.valid import assert_valid
from kit import Documents

import lapwing
from lapwing import plan_stubs as bps
from lapwing import plans as bp
from lapwing import preprocessors as bpp


@pytest.fixture(scope="module", name="hw")
def hw_fixture(tmp_path_factory):
    return ophyd.sim.hw(str(tmp_path_factory.mktemp("images")))


@pytest.fixture(scope="module", name="documents")
def documents_fixture(hw):
    """A run with a baseline, a scan with images in files, and a flyer."""
    engine, documents = lapwing.RunEngine({"beamline": "X1"}), Documents()
    engine.subscribe(documents)

    @bpp.baseline_decorator([hw.motor1, hw.motor2])
    @bpp.stage_decorator([hw.det, hw.img])
    @bpp.run_decorator(md={"plan_name": "all", "hints": {}})
    def plan():
        yield from bps.kickoff(hw.flyer1, wait=True)
        for place in (0, 1, 2):
            yield from bps.mv(hw.motor3, place)
            yield from bps.trigger_and_read([hw.motor3, hw.det3, hw.img])
        yield from bps.complete(hw.flyer1, wait=True)
        yield from bps.collect(hw.flyer1)

    engine(plan())
    return documents


def test_the_documents_are_valid(documents):
    assert_valid(documents.all)
    kinds = {"start", "descriptor", "event", "event_page", "resource", "datum", "stop"}
    assert set(documents.names) == kinds


class TextWriter(event_model.DocumentRouter):
    """Writes a table for each stream, as suitcases do."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder
        self.streams: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def start(self, doc):
        self.run = doc

    def descriptor(self, doc):
        self.streams[doc["uid"]] = doc
        self.rows.setdefault(doc["name"], [])

    def event_page(self, doc):
        rows = self.rows[self.streams[doc["descriptor"]]["name"]]
        rows += [event["data"] for event in event_model.unpack_event_page(doc)]

    def stop(self, doc):
        assert doc["exit_status"] == "success"
        for name, rows in self.rows.items():
            with (self.folder / f"{name}.csv").open("w") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)


def test_a_writer_made_of_a_document_router_writes_every_stream(documents, tmp_path):
    writer = TextWriter(tmp_path)
    for name, doc in documents.all:
        writer(name, doc)
    assert sorted(path.stem for path in tmp_path.glob("*.csv")) == [
        *("baseline", "flyer1", "primary")
    ]
    with (tmp_path / "primary.csv").open() as file:
        assert [float(row["motor3"]) for row in csv.DictReader(file)] == [0, 1, 2]
    with (tmp_path / "flyer1.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 20


def test_a_writer_writes_while_the_run_goes_on(hw, tmp_path):
    engine = lapwing.RunEngine({})
    engine.subscribe(TextWriter(tmp_path))
    engine(bp.scan([hw.det1], hw.motor1, 0, 1, 3))
    assert (tmp_path / "primary.csv").read_text().count("\n") == 4


def test_a_run_router_gives_each_of_several_runs_its_own_writer(hw, tmp_path):
    made: list[tuple[str, list[str]]] = []

    def factory(name: str, start: dict[str, Any]) -> Any:
        heard: list[str] = []
        made.append((start["sample"], heard))

        def subfactory(name: str, descriptor: dict[str, Any]) -> Any:
            return [lambda name, doc: heard.append(f"{descriptor['name']} {name}")]

        return [lambda name, doc: heard.append(name)], [subfactory]

    def plan():
        for key in ("a", "b"):
            yield from bpp.set_run_key_wrapper(bps.open_run({"sample": key}), key)
        for key in ("a", "b"):
            reading = bps.trigger_and_read([hw.det], name=f"of {key}")
            yield from bpp.set_run_key_wrapper(reading, key)
        for key in ("b", "a"):
            yield from bpp.set_run_key_wrapper(bps.close_run(), key)

    engine = lapwing.RunEngine({})
    engine.subscribe(event_model.RunRouter([factory]))
    engine(plan())
    assert [sample for sample, _ in made] == ["a", "b"]
    for key, heard in made:
        whole = [name for name in heard if " " not in name]
        part = [name for name in heard if " " in name]
        assert whole == ["start", "descriptor", "event_page", "stop"]
        assert part == [f"of {key} {name}" for name in whole]


def test_events_are_packed_unpacked_and_cut_anew(documents):
    uid = next(d for d in documents.named("descriptor") if d["name"] == "primary")[
        "uid"
    ]
    events = [doc for doc in documents.named("event") if doc["descriptor"] == uid]
    page = event_model.pack_event_page(*events)
    event_model.schema_validators[event_model.DocumentNames.event_page].validate(page)
    assert list(event_model.unpack_event_page(page)) == events
    (flown,) = documents.named("event_page")
    cut = list(event_model.rechunk_event_pages([flown], 6))
    assert [len(piece["seq_num"]) for piece in cut] == [6, 6, 6, 2]
    assert event_model.merge_event_pages(cut)["data"] == flown["data"]
    data = [doc for _, doc in documents.all if "datum_id" in doc]
    assert (
        list(event_model.unpack_datum_page(event_model.pack_datum_page(*data))) == data
    )


def test_a_filler_finds_the_images_in_files(documents):
    handlers = {"NPY_SEQ": ophyd.sim.NumpySeqHandler}
    filled = []
    with event_model.Filler(handlers, inplace=False) as filler:
        for name, doc in documents.all:
            new = filler(name, doc)[1]
            if name == "event" and "img" in new["data"]:
                filled.append(new["data"]["img"])
                assert new["filled"]["img"]
    assert np.array_equal(filled, np.ones((3, 10, 10)))


def test_documents_go_through_json(documents):
    text = json.dumps(documents.all, cls=event_model.NumpyEncoder)
    assert_valid([(name, doc) for name, doc in json.loads(text)])


def test_documents_are_sanitised_without_loss(documents):
    for _, doc in documents.all:
        clean = event_model.sanitize_doc(doc)
        assert clean.keys() == doc.keys()
    assert_valid([(name, event_model.sanitize_doc(doc)) for name, doc in documents.all])


def test_a_single_run_cache_keeps_a_run(documents):
    cache = event_model.SingleRunDocumentRouter()
    for name, doc in documents.all:
        cache(name, doc)
    assert cache.get_start()["beamline"] == "X1"
    event = documents.named("event")[0]
    assert cache.get_stream_name(event) == "baseline"


def test_the_writer_for_tiled_is_that_of_its_plug_ins(tmp_path):
    package = tmp_path / "bluesky_tiled_plugins" / "writing"
    package.mkdir(parents=True)
    source = "class TiledWriter: ...\nRunNormalizer = TiledWriter\n"
    (package / "tiled_writer.py").write_text(source)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "from lapwing.compat import install; install()\n"
        "from bluesky.callbacks.tiled_writer import RunNormalizer, TiledWriter\n"
        "import bluesky_tiled_plugins.writing.tiled_writer as writing\n"
        "assert TiledWriter is writing.TiledWriter is RunNormalizer\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
