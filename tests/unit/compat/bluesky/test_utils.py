"""Bluesky's utilities: what is more than another name for something of ours."""

import asyncio
import io
import signal
import threading
import types
import warnings
from typing import ClassVar

import msgpack
import msgpack_numpy
import numpy as np
import pytest
from cycler import cycler
from kit import Detector, Motor

from lapwing.compat.bluesky import utils
from lapwing.compat.bluesky.utils import during, jupyter
from lapwing.compat.bluesky.utils.cyclers import from_points
from lapwing.errors import DataError, PlanArgumentError, PlanSignatureError
from lapwing.messages import Msg
from lapwing.plans import patterns

# ---------------------------------------------------------------- cyclers


def test_a_path_of_ours_becomes_a_cycler():
    x, y = Motor("x"), Motor("y")
    path = patterns.outer_product([x, 0, 1, 2, y, 0, 1, 2, True])
    made = from_points(path)
    assert list(made) == list(path)
    assert made.keys == {x, y}


def test_an_empty_path_is_a_cycler_without_keys():
    assert len(from_points(patterns.inner_list_product([]))) == 0


def test_snaking_needs_a_word_for_each_cycler():
    with pytest.raises(PlanArgumentError, match="1 cyclers"):
        utils.snake_cyclers([cycler("x", [1])], [True, False])
    with pytest.raises(PlanArgumentError, match="no cyclers"):
        utils.snake_cyclers([], [])


def test_cyclers_of_several_keys_snake_together():
    rows = cycler("a", [1, 2])
    both = cycler("x", [1, 2]) + cycler("y", [3, 4])
    steps = list(utils.snake_cyclers([rows, both], [False, True]))
    assert [(s["a"], s["x"], s["y"]) for s in steps] == [
        (1, 1, 3),
        (1, 2, 4),
        (2, 2, 4),
        (2, 1, 3),
    ]


def test_axes_are_sorted_by_what_moves_what():
    class Pseudo(Motor):
        RealPosition = tuple

    device, alone = Pseudo("dif"), Motor("x")
    h, real, shutter = Motor("h"), Motor("th"), Motor("shutter")
    for part in (h, real, shutter):
        part.parent = device
    device.pseudo_positioners, device.real_positioners = (h,), (real,)
    found = utils.merge_axis([alone, device, h, real, shutter])
    kinds = {"real": [real], "pseudo": [h], "independent": [shutter]}
    assert found == ([alone], [device], {device: kinds})


# ---------------------------------------------------------------- registry


def test_exceptions_of_callbacks_are_ignored_if_that_is_asked_for():
    seen = []

    def bad():
        raise OSError("bad")

    registry = utils.CallbackRegistry(ignore_exceptions=OSError)
    registry.connect("s", bad)
    registry.connect("s", lambda: seen.append(1))
    registry.process("s")
    assert seen == [1]
    registry.ignore_exceptions = False
    with pytest.raises(OSError, match="bad"):
        registry.process("s")
    registry.ignore_exceptions = True
    registry.process("s")
    assert seen == [1, 1]


def test_a_function_connected_twice_keeps_its_number():
    registry = utils.CallbackRegistry()
    number = registry.connect("s", print)
    assert registry.connect("s", print) == number
    registry.disconnect(number)
    registry.disconnect(number)
    assert registry.callbacks == {"s": {}}


# ---------------------------------------------------------------- subscriptions


def test_subscribers_come_in_many_forms():
    empty = {name: [] for name in utils.SUBS_NAMES}
    assert utils.normalize_subs_input(None) == empty
    assert utils.normalize_subs_input(print) == {**empty, "all": [print]}
    assert utils.normalize_subs_input([print, len]) == {**empty, "all": [print, len]}
    given = {"start": print, "stop": [len]}
    assert utils.normalize_subs_input(given) == {
        **empty,
        "start": [print],
        "stop": [len],
    }


@pytest.mark.parametrize("wrong", [{"begin": print}, 3, [3], {"all": [None]}])
def test_what_is_no_subscriber_is_refused(wrong):
    with pytest.raises(PlanArgumentError):
        utils.normalize_subs_input(wrong)


def test_subscribers_of_a_class_and_of_an_instance():
    class Plan:
        subs = utils.Subs()
        default = utils.DefaultSubs(print)

    one, other = Plan(), Plan()
    one.subs = len
    assert one.subs["all"] == [len]
    assert other.subs["all"] == Plan.subs["all"] == []
    assert other.default["all"] == [print]
    one.default = len
    assert other.default["all"] == [len]


def test_factories_make_subscribers_for_a_plan():
    factories = {"all": [lambda plan: [print, plan], lambda plan: None]}
    made = utils.apply_sub_factories(factories, len)
    assert made == {"all": [print, len]}
    utils.update_sub_lists(made, {"all": [repr], "stop": [str]})
    assert made == {"all": [print, len, repr], "stop": [str]}


# ---------------------------------------------------------------- persistent dict


def test_metadata_outlive_the_process_with_their_arrays(tmp_path):
    kept = utils.PersistentDict(tmp_path)
    kept["user/name"] = {"a": [1, 2], "b": np.arange(3)}
    kept["n"] = np.float64(2.5)
    again = utils.PersistentDict(tmp_path)
    assert set(again) == {"user/name", "n"}
    assert again["n"] == 2.5
    assert again["user/name"]["a"] == [1, 2]
    assert again["user/name"]["b"].tolist() == [0, 1, 2]
    assert again.popitem() == ("n", 2.5) or "n" in again
    del kept["user/name"]
    again.reload()
    assert "user/name" not in again


def test_files_of_bluesky_s_are_read(tmp_path):
    value = {"b": np.ones((2, 2)), "c": np.int64(3)}
    packed = msgpack.packb(value, default=msgpack_numpy.encode)
    (tmp_path / "a%2Fb").write_bytes(packed)
    found = utils.PersistentDict(tmp_path)["a/b"]
    assert found["b"].tolist() == [[1, 1], [1, 1]]
    assert found["c"] == 3


def test_what_is_changed_within_is_written_at_the_end(tmp_path):
    kept = utils.PersistentDict(tmp_path)
    kept["a"] = []
    kept["a"].append(1)
    kept.flush()
    assert utils.PersistentDict(tmp_path)["a"] == [1]
    kept["a"].append(2)
    del kept
    assert utils.PersistentDict(tmp_path)["a"] == [1, 2]


def test_what_cannot_be_kept_is_refused_and_nothing_changes(tmp_path):
    kept = utils.PersistentDict(tmp_path)
    with pytest.raises(DataError, match="'a'"):
        kept["a"] = object()
    assert not kept
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_is_not_read(tmp_path):
    array = {b"nd": True, b"kind": b"O", b"data": b"x", b"type": "O", b"shape": [1]}
    (tmp_path / "a").write_bytes(msgpack.packb(array))
    with pytest.raises(DataError, match="pickle"):
        utils.PersistentDict(tmp_path)


def test_history_is_a_file_that_a_variable_names(tmp_path, monkeypatch):
    monkeypatch.setenv("BLUESKY_HISTORY_PATH", str(tmp_path / "h.sqlite"))
    with (
        pytest.warns(DeprecationWarning, match="session"),
        utils.get_history() as history,
    ):
        history["a"] = 1
    with (
        pytest.warns(DeprecationWarning, match="session"),
        utils.get_history() as history,
    ):
        assert history["a"] == 1


# ---------------------------------------------------------------- values, objects


def test_numbers_are_brought_to_what_json_readers_hold():
    most = 2**53 - 1
    given = {"a": [2**60, -(2**60), 2.0**60], "b": (float("inf"), 1.5, True, "x")}
    assert utils.truncate_json_overflow(given) == {
        "a": [most, -most, most],
        "b": [1.7976931348623157e308, 1.5, True, "x"],
    }


def test_numpy_is_made_plain_everywhere():
    given = {"a": np.int64(1), "b": {"c": np.zeros(2)}}
    plain = utils.apply_to_dict_recursively(given, utils.sanitize_np)
    assert plain is given
    assert plain == {"a": 1, "b": {"c": [0.0, 0.0]}}


def test_short_uids_have_a_label():
    assert utils.short_uid("scan").startswith("scan-")
    assert len(utils.short_uid()) == 6
    assert utils.ensure_uid({"uid": "u"}) == utils.ensure_uid("u") == "u"


def test_a_structure_has_its_fields_as_arguments():
    class Point(utils.Struct):
        _fields: ClassVar = ["x", "y"]

    point = Point(1, y=2)
    point.set(x=3)
    assert (point.x, point.y) == (3, 2)
    with pytest.raises(PlanSignatureError, match="'z'"):
        point.set(z=1)
    with pytest.raises(TypeError):
        Point(1)


def test_questions_of_devices():
    parent, part = Detector("d"), Detector("p")
    part.parent = parent
    assert utils.root_ancestor(part) is parent
    assert utils.share_ancestor(part, parent)
    assert utils.separate_devices([parent, part]) == [parent]
    assert utils.first_key_heuristic(part) == "p"
    part.describe = dict
    with pytest.raises(PlanArgumentError, match="one data key"):
        utils.first_key_heuristic(part)
    hints = {}
    utils.maybe_update_hints(hints, parent)
    assert hints == {"d": {"fields": ["d"]}}


def test_a_plan_is_told_by_its_function():
    def generator():
        yield Msg("null")

    assert utils.is_plan(generator)
    assert utils.is_plan(utils.plan(lambda: generator()))
    assert not utils.is_plan(print)
    assert list(utils.single_gen(Msg("null"))) == [Msg("null")]


# ---------------------------------------------------------------- the prompt


def test_messages_are_told_with_the_time():
    file = io.StringIO()
    utils.ts_msg_hook(Msg("set", Motor("x"), 1.5, group="g"), file)
    time, rest = file.getvalue().split(" ", 1)
    assert len(time) == len("12:00:00.000000")
    assert rest.startswith("set")
    assert "x" in rest
    assert "'group': 'g'" in rest


def test_input_comes_from_a_thread(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert asyncio.run(utils.AsyncInput()("go? ")) == "yes"
    assert "go? " in capsys.readouterr().out


def test_a_call_that_was_called_off_is_not_made():
    call, drop = utils.expiring_function(lambda x: x, None, 3)
    assert call() == 3
    drop()
    assert call() is None


def test_kickers_do_nothing_and_say_so():
    kickers = (
        utils.install_kicker,
        utils.install_qt_kicker,
        utils.install_remote_qt_kicker,
        utils.install_nb_kicker,
    )
    for kick in kickers:
        with pytest.warns(DeprecationWarning, match=kick.__name__):
            kick()


def test_windows_live_while_a_plan_runs(monkeypatch):
    over = threading.Event()
    canvas = types.SimpleNamespace(flush_events=over.set)
    monkeypatch.setattr(during, "_canvases", lambda: [canvas])
    utils.DefaultDuringTask().block(over)
    assert over.is_set()
    utils.DuringTask().block(over)
    monkeypatch.undo()
    assert isinstance(during._canvases(), list)


def test_a_signal_is_noted_instead_of_what_it_did():
    with utils.SignalHandler(signal.SIGUSR1) as handler:
        signal.raise_signal(signal.SIGUSR1)
        assert handler.interrupted
        assert handler.count == 1
    assert not handler.release()


# ---------------------------------------------------------------- devices' documents


async def _collected(device, index=None):
    msg = Msg("collect", device)
    asked = utils.maybe_collect_asset_docs(msg, device, index)
    return [doc async for doc in asked]


def test_documents_of_files_are_asked_for_in_either_style():
    class Plain:
        def collect_asset_docs(self):
            yield "resource", {}

    class Streams:
        async def collect_asset_docs(self, index=None):
            yield "stream_datum", {"to": index}

        def get_index(self):
            return 3

    assert asyncio.run(_collected(Plain())) == [("resource", {})]
    assert asyncio.run(_collected(Streams(), 2)) == [("stream_datum", {"to": 2})]
    assert asyncio.run(_collected(Detector())) == []


# ---------------------------------------------------------------- progress


class _Status:
    def __init__(self):
        self.done = False
        self.tell = None

    def watch(self, func):
        self.tell = func


def test_a_bar_hears_by_way_of_what_users_may_override():
    heard = []

    class Mine(utils.ProgressBar):
        def update(self, pos, **told):
            heard.append((pos, told))
            super().update(pos, **told)

    status = _Status()
    manager = utils.ProgressBarManager(Mine)
    manager([_Status(), status])
    status.tell(name="x", fraction=0.5)
    assert heard == [(1, {"name": "x", "fraction": 0.5})]
    manager(None)
    assert manager.pbar is None


def test_colours_belong_to_names():
    colour = jupyter.html_color_from_name("x")
    assert colour == jupyter.html_color_from_name("x")
    assert len(colour) == 7
    assert utils._L2norm((0, 3), (4, 0)) == utils._L2norm(0, 5) == 5


def test_nothing_warns_when_the_utilities_are_imported():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(hasattr(utils, name) for name in utils.__all__)
