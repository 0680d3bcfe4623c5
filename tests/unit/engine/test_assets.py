"""Documents about data that devices keep in files of their own."""

import asyncio

import pytest
from kit import Detector, make_engine

from lapwing import Msg
from lapwing.errors import DocumentError
from lapwing.status import Status


class Camera(Detector):
    """Writes frames into a file; tells of them by stream_resource and stream_datum."""

    external = "STREAM:"

    def __init__(self, name="cam"):
        super().__init__(name)
        self.frames = 0
        self.told = 0
        self.resource = f"{name}-file"
        self.asked = []
        self.completion = Status(name, "complete")
        self.mimetype = "application/x-hdf5"

    def describe(self):
        spec = {
            "source": "t",
            "dtype": "array",
            "shape": [2],
            "external": self.external,
        }
        return {self.name: spec}

    def describe_collect(self):
        return self.describe()

    def read(self):
        return {}

    def trigger(self):
        self.frames += 1
        return super().trigger()

    def kickoff(self):
        return Status.finished()

    def complete(self):
        return self.completion

    def get_index(self):
        return self.frames

    def collect_asset_docs(self, index=None):
        self.asked.append(index)
        index = self.frames if index is None else index
        if self.resource:
            yield "stream_resource", self.resource_doc()
            self.resource = ""
        if index > self.told:
            yield "stream_datum", self.datum_doc(self.told, index)
            self.told = index

    def resource_doc(self):
        return {
            "uid": self.resource,
            "data_key": self.name,
            "mimetype": self.mimetype,
            "uri": "file://localhost/frames.h5",
            "parameters": {},
        }

    def datum_doc(self, start, stop):
        return {
            "uid": f"{self.name}-file/{start}",
            "stream_resource": f"{self.name}-file",
            "descriptor": "",
            "indices": {"start": start, "stop": stop},
            "seq_nums": {"start": 0, "stop": 0},
        }


class AsyncCamera(Camera):
    """Does the same in coroutines."""

    async def get_index(self):
        return self.frames

    async def collect_asset_docs(self, index=None):
        for doc in super().collect_asset_docs(index):
            yield doc


class FileCamera(Camera):
    """Does it in the older way: a resource, and a datum for each frame."""

    external = "FILESTORE:"

    def read(self):
        return {self.name: {"value": f"{self.name}/{self.frames}", "timestamp": 1.0}}

    def collect_asset_docs(self):
        if self.resource:
            yield "resource", {"uid": self.resource, "spec": "H5", "root": ""}
            self.resource = ""
        yield "datum", {"datum_id": f"{self.name}/{self.frames}", "resource": "r"}


def event(*objs, name="primary"):
    for obj in objs:
        yield Msg("trigger", obj)
    yield Msg("create", name=name)
    for obj in objs:
        yield Msg("read", obj)
    yield Msg("save")


def say_all(*inner):
    return (msg for messages in inner for msg in messages)


def one_run(*inner):
    yield Msg("open_run")
    yield from say_all(*inner)
    yield Msg("close_run")


def run(plan):
    engine, docs = make_engine()
    asyncio.run(engine.run(plan))
    return docs


# ---------------------------------------------------------------- create, read, save


@pytest.mark.parametrize("kind", [Camera, AsyncCamera])
def test_frames_of_a_step_scan_come_before_their_event_and_have_its_number(kind):
    camera, det = kind(), Detector()
    docs = run(one_run(event(camera, det), event(camera, det)))
    uid = docs.named("descriptor")[0]["uid"]
    assert docs.names == [
        *("start", "descriptor", "stream_resource", "stream_datum", "event"),
        *("stream_datum", "event", "stop"),
    ]
    assert docs.named("stream_resource")[0]["run_start"] == docs.all[0][1]["uid"]
    first, second = docs.named("stream_datum")
    assert first["descriptor"] == uid
    assert first["seq_nums"] == {"start": 1, "stop": 2}
    assert second["seq_nums"] == {"start": 2, "stop": 3}
    assert second["indices"] == {"start": 1, "stop": 2}
    assert docs.points() == {1: {"det": 1}, 2: {"det": 2}}


def test_resources_and_datums_of_the_older_kind():
    camera = FileCamera()
    docs = run(one_run(event(camera), event(camera)))
    assert docs.names == [
        *(
            "start",
            "descriptor",
            "resource",
            "datum",
            "event",
            "datum",
            "event",
            "stop",
        ),
    ]
    assert docs.named("resource")[0]["run_start"] == docs.all[0][1]["uid"]
    assert docs.named("event")[0]["data"] == {"cam": "cam/1"}
    assert docs.named("event")[0]["filled"] == {"cam": False}


def test_a_resource_that_came_with_a_dropped_event_is_told_with_the_next():
    camera = Camera()
    dropped = [*[*event(camera)][:-1], Msg("drop")]
    docs = run(one_run(dropped, event(camera)))
    assert docs.names[2:5] == ["stream_resource", "stream_datum", "event"]
    # The frame of the dropped event belongs to none.
    assert docs.named("stream_datum")[0]["indices"] == {"start": 1, "stop": 2}


@pytest.mark.parametrize("again", ["save", "checkpoint in the event"])
def test_a_resource_is_told_though_a_pause_came_between_read_and_save(again):
    engine, docs = make_engine()
    camera, det = Camera(), Detector()

    def plan():
        yield Msg("open_run")
        yield Msg("trigger", camera)
        yield Msg("create", name="primary")
        yield Msg("read", camera)
        if again != "save":
            yield Msg("subscribe", None, lambda name, doc: None, "stop")
        yield Msg("read", det)
        yield Msg("pause")
        yield Msg("save")
        yield Msg("close_run")

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert docs.names.count("stream_resource") == 1
    assert docs.names.index("stream_resource") < docs.names.index("event")
    # What was read before the messages were forgotten is in the event still.
    assert list(docs.points()) == [1]
    assert docs.named("descriptor")[0]["object_keys"] == {
        "cam": ["cam"],
        "det": ["det"],
    }


def test_an_event_tells_of_one_frame_at_most():
    camera = Camera()
    with pytest.raises(DocumentError, match="3 frames were told of for one event"):
        run(one_run([Msg("trigger", camera)] * 2, event(camera)))


# ---------------------------------------------------------------- collect


def flight(*cameras, **options):
    yield Msg("open_run")
    yield Msg("declare_stream", None, *cameras, name="main", collect=True)
    for camera in cameras:
        yield Msg("kickoff", camera, group="k")
        yield Msg("complete", camera, group="c")
    while not (
        yield Msg("wait", None, "c", timeout=0.0, error_on_timeout=False, watch=["k"])
    ):
        for camera in cameras:
            camera.frames += 2
        yield Msg("collect", *cameras, name="main", **options)
        if cameras[0].frames > 3:
            for camera in cameras:
                camera.completion.set_finished()
    yield Msg("collect", *cameras, name="main", **options)
    yield Msg("close_run")


@pytest.mark.parametrize("kind", [Camera, AsyncCamera])
def test_frames_are_collected_while_the_device_flies(kind):
    docs = run(flight(kind(), return_payload=False))
    assert docs.names == [
        *("start", "descriptor", "stream_resource", "stream_datum", "stream_datum"),
        "stop",
    ]
    first, second = docs.named("stream_datum")
    assert first["seq_nums"] == {"start": 1, "stop": 3}
    assert second["seq_nums"] == {"start": 3, "stop": 5}
    assert docs.named("stop")[0]["num_events"] == {"main": 4}


def test_several_devices_are_collected_up_to_what_all_of_them_have():
    slow, fast = AsyncCamera("slow"), Camera("fast")
    fast.frames = 3
    docs = run(flight(slow, fast))
    assert slow.asked == [2, 4, 4]
    assert fast.asked == [2, 4, 4]
    widths = [d["indices"] for d in docs.named("stream_datum")]
    assert widths == [{"start": 0, "stop": 2}] * 2 + [{"start": 2, "stop": 4}] * 2
    assert docs.named("stop")[0]["num_events"] == {"main": 4}


def test_devices_of_one_stream_are_collected_together_at_the_end():
    slow, fast = Camera("slow"), Camera("fast")
    slow.frames, fast.frames = 2, 3
    docs = run(
        [
            Msg("open_run"),
            Msg("declare_stream", None, slow, fast, name="main", collect=True),
            Msg("kickoff", slow),
            Msg("kickoff", fast),
        ]
    )
    assert len(docs.named("stream_datum")) == 2
    assert docs.named("stop")[0]["num_events"] == {"main": 2}


def test_frames_that_came_after_the_last_collection_are_collected_at_the_end():
    engine, docs = make_engine()
    camera = Camera()

    def plan():
        yield Msg("open_run")
        yield Msg("declare_stream", None, camera, name="main", collect=True)
        yield Msg("kickoff", camera)
        yield Msg("complete", camera)
        camera.frames = 2
        yield Msg("collect", camera, name="main")
        camera.frames = 5
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(engine.run(plan()))
    assert [d["indices"]["stop"] for d in docs.named("stream_datum")] == [2, 5]
    assert docs.named("stop")[0]["num_events"] == {"main": 5}


def test_what_was_collected_after_its_completion_is_not_asked_again():
    camera = Camera()
    camera.completion.set_finished()
    camera.frames = 2
    run(
        [
            Msg("open_run"),
            Msg("declare_stream", None, camera, name="main", collect=True),
            Msg("kickoff", camera),
            Msg("complete", camera),
            Msg("collect", camera, name="main"),
        ]
    )
    assert camera.asked == [None]


# ---------------------------------------------------------------- what contradicts


def collected(camera, *docs, before=()):
    """Collect, from a camera that makes these documents."""
    camera.collect_asset_docs = lambda *index: iter(docs)
    return run(
        [
            Msg("open_run"),
            Msg("declare_stream", None, camera, *before, name="main", collect=True),
            Msg("collect", camera, name="main"),
        ]
    )


def test_a_resource_is_declared_once():
    camera = Camera()
    resource = ("stream_resource", camera.resource_doc())
    with pytest.raises(DocumentError, match="was declared before"):
        collected(camera, resource, resource)


def test_a_resource_is_for_a_stream_key_of_its_stream():
    camera = Camera()
    resource = {**camera.resource_doc(), "data_key": "other"}
    with pytest.raises(DocumentError, match=r"'other', which is no\s+'STREAM:' key"):
        collected(camera, ("stream_resource", resource))


def test_a_resource_follows_the_schema():
    camera = Camera()
    resource = camera.resource_doc()
    del resource["uri"]
    with pytest.raises(DocumentError, match="stream_resource document"):
        collected(camera, ("stream_resource", resource))


def test_a_resource_of_the_older_kind_tells_of_a_spec():
    camera = Camera()
    resource = camera.resource_doc()
    del resource["mimetype"], resource["uri"]
    resource |= {"spec": "AD_HDF5_SWMR_STREAM", "resource_path": "frames.h5"}
    docs = collected(camera, ("stream_resource", resource))
    assert docs.named("stream_resource")[0]["spec"] == "AD_HDF5_SWMR_STREAM"


def test_streams_of_one_run_may_share_a_file():
    camera = Camera()
    names = ("flats", "darks")
    declared = [Msg("declare_stream", None, camera, name=name) for name in names]
    taken = []
    for name in names:
        taken += [Msg("trigger", camera), Msg("collect", camera, name=name)]
    docs = run([Msg("open_run"), *declared, *taken, Msg("close_run")])
    assert len(docs.named("stream_resource")) == 1
    first, second = docs.named("stream_datum")
    streams = [one["uid"] for one in docs.named("descriptor")]
    assert [first["descriptor"], second["descriptor"]] == streams


def test_what_was_declared_of_the_same_devices_is_collected_without_a_name():
    camera = Camera()
    docs = run(
        [
            Msg("open_run"),
            Msg("declare_stream", None, camera, name="main"),
            Msg("trigger", camera),
            Msg("collect", camera),
            Msg("close_run"),
        ]
    )
    assert docs.named("stop")[0]["num_events"] == {"main": 1}


def test_a_datum_belongs_to_a_resource():
    camera = Camera()
    with pytest.raises(DocumentError, match="'cam-file', which was not declared"):
        collected(camera, ("stream_datum", camera.datum_doc(0, 1)))


def test_frames_of_all_keys_come_together():
    camera, other = Camera(), Camera("other")
    with pytest.raises(DocumentError, match=r"not for \['other'\]; all must come"):
        collected(
            camera,
            ("stream_resource", camera.resource_doc()),
            ("stream_datum", camera.datum_doc(0, 1)),
            before=[other],
        )


def test_all_keys_have_as_many_frames():
    camera, other = Camera(), Camera("other")
    with pytest.raises(DocumentError, match="the numbers of frames differ"):
        collected(
            camera,
            ("stream_resource", camera.resource_doc()),
            ("stream_resource", other.resource_doc()),
            ("stream_datum", camera.datum_doc(0, 1)),
            ("stream_datum", other.datum_doc(0, 2)),
            before=[other],
        )


def test_there_are_four_kinds_of_assets():
    with pytest.raises(DocumentError, match="but one is 'event'"):
        collected(Camera(), ("event", {}))


def test_an_event_holds_no_value_for_a_key_whose_values_are_in_a_file():
    camera = Camera()
    camera.read = lambda: {"cam": {"value": 1, "timestamp": 1.0}}
    with pytest.raises(DocumentError, match=r"unknown \['cam'\]"):
        run(one_run(event(camera)))


def test_several_datums_of_one_key_are_counted_on():
    camera = Camera()
    docs = collected(
        camera,
        ("stream_resource", camera.resource_doc()),
        ("stream_datum", camera.datum_doc(0, 2)),
        ("stream_datum", camera.datum_doc(2, 3)),
    )
    assert [d["seq_nums"] for d in docs.named("stream_datum")] == [
        {"start": 1, "stop": 3},
        {"start": 3, "stop": 4},
    ]


def test_the_documents_of_the_device_are_not_changed():
    camera = Camera()
    datum = camera.datum_doc(0, 1)
    collected(
        camera, ("stream_resource", camera.resource_doc()), ("stream_datum", datum)
    )
    assert datum == camera.datum_doc(0, 1)
