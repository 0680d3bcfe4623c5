"""Documents between processes: ours and Bluesky's, with keys, too slow, unreadable."""

import asyncio
import contextlib
import logging
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import zmq
import zmq.auth
from kit import Detector, Motor, Stopwatch

from lapwing import RunEngine
from lapwing.callbacks.addresses import ClientCurve, ServerCurve
from lapwing.callbacks.proxy import Proxy
from lapwing.callbacks.publisher import Publisher
from lapwing.callbacks.remote import RemoteDispatcher
from lapwing.callbacks.wire import to_msgpack
from lapwing.documents import to_json
from lapwing.errors import ConfigError, DocumentError, StateError
from lapwing.plans import scan

PROBE = {"uid": "probe", "time": 0.0}


class Listener:
    """A remote dispatcher in a thread, and a queue of what it hands on."""

    def __init__(self, address, **options):
        self.got = queue.Queue()
        self.error = None
        self.dispatcher = RemoteDispatcher(address, **options)
        self.dispatcher.subscribe(self._take)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _take(self, name, doc):
        self.got.put((name, doc))

    def _run(self):
        try:
            self.dispatcher.start()
        except (DocumentError, LookupError) as exc:
            self.error = exc

    def hear(self, publish):
        """Have something published until it is heard: the way is open then."""
        for _ in range(400):
            publish("start", PROBE)
            with contextlib.suppress(queue.Empty):
                return self.got.get(timeout=0.05)
        raise AssertionError("nothing came")

    def next(self):
        """The next document that is no probe."""
        while (found := self.got.get(timeout=10))[1].get("uid") == "probe":
            pass
        return found

    def close(self):
        self.dispatcher.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()


@contextlib.contextmanager
def running(proxy):
    thread = threading.Thread(target=proxy.start)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def proxy():
    with running(Proxy()) as proxy:
        yield proxy


@pytest.fixture
def closing():
    with contextlib.ExitStack() as stack:
        yield lambda thing: stack.enter_context(contextlib.closing(thing))


@pytest.fixture
def context():
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


def python(code, *arguments):
    """Run Python code in a process of its own; warnings are errors there, too."""
    return subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error:::lapwing",
            "-c",
            textwrap.dedent(code),
            *map(str, arguments),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_scan_is_seen_by_another_listener_as_it_was(proxy, closing):
    publisher, listener = (
        closing(Publisher(proxy.in_address)),
        closing(Listener(proxy.out_address)),
    )
    listener.hear(publisher)
    RE, local = RunEngine({}), []
    RE.subscribe(publisher)
    detector = Detector("det", value=lambda: np.arange(4.0))
    RE(scan([detector], Motor(), 0, 1, 3), lambda *pair: local.append(pair))
    remote = [listener.next() for _ in local]
    assert [name for name, _ in remote] == [name for name, _ in local]
    for (_, sent), (_, came) in zip(local, remote, strict=True):
        assert to_json(sent) == to_json(came)
    event = next(doc for name, doc in remote if name == "event")
    assert np.array_equal(event["data"]["det"], np.arange(4.0))
    assert publisher.num_dropped == 0


def test_bluesky_reads_what_we_send_and_passes_it_on(closing):
    peer = python(
        """
        import sys, threading
        from bluesky.callbacks.zmq import Proxy, RemoteDispatcher
        from lapwing.callbacks.wire import from_bytes
        proxy = Proxy("tcp://127.0.0.1", "tcp://127.0.0.1")
        threading.Thread(target=proxy.start, daemon=True).start()
        heard = RemoteDispatcher(
            proxy.out_port, prefix=b"pp", deserializer=from_bytes)
        heard.subscribe(lambda name, doc: print(name, doc["uid"], flush=True))
        print(proxy.in_port, flush=True)
        heard.start()
        """
    )
    with peer:
        publisher = closing(Publisher(peer.stdout.readline().strip(), prefix=b"pp"))
        stop = threading.Event()

        def probe():
            while not stop.wait(0.05):
                publisher("start", PROBE)

        thread = threading.Thread(target=probe)
        thread.start()
        try:
            assert peer.stdout.readline() == "start probe\n"
        finally:
            stop.set()
            thread.join()
        publisher("stop", {"uid": "u", "run_start": "r", "time": 1.0})
        while (line := peer.stdout.readline()) == "start probe\n":
            pass
        assert line == "stop u\n"
        peer.kill()


@pytest.mark.parametrize("module", ["json", "msgpack"])
def test_we_read_what_bluesky_sends(proxy, closing, module):
    listener = closing(Listener(proxy.out_address, prefix=b"pp"))
    serializer = {
        "json": "lambda doc: json.dumps(doc).encode()",
        "msgpack": "msgpack.packb",
    }[module]
    peer = python(
        f"""
        import sys, {module}
        from bluesky.callbacks.zmq import Publisher
        other = Publisher(sys.argv[1], prefix=b"other", serializer={serializer})
        publish = Publisher(sys.argv[1], prefix=b"pp", serializer={serializer})
        for line in sys.stdin:
            other("start", {{"uid": "other", "time": 1.0}})
            publish("start", {{"uid": "probe", "time": 1.0}})
        """,
        proxy.in_address,
    )

    def publish(name, doc):
        peer.stdin.write("\n")
        peer.stdin.flush()

    with peer:
        assert listener.hear(publish) == ("start", {"uid": "probe", "time": 1.0})
        peer.kill()
    while not listener.got.empty():
        assert listener.got.get()[1]["uid"] == "probe"


def test_pickles_are_never_read(proxy, closing, caplog):
    import pickle

    class Trap:
        def __reduce__(self):
            return (exit, (3,))

    listener = closing(Listener(proxy.out_address))
    publisher = closing(Publisher(proxy.in_address))
    pickler = closing(Publisher(proxy.in_address, serializer=pickle.dumps))
    listener.hear(publisher)
    with caplog.at_level(logging.WARNING):
        while listener.dispatcher.num_refused == 0:
            pickler("start", {"uid": "u", "trap": Trap()})
            listener.hear(publisher)
    assert "never read" in caplog.text
    with pytest.raises(ConfigError, match="pickles are never read"):
        RemoteDispatcher(proxy.out_address, deserializer=pickle.loads)


def test_a_pickle_is_not_given_to_any_deserializer(proxy, closing):
    import pickle

    listener = closing(
        Listener(
            proxy.out_address, deserializer=lambda data: pickle.loads(data), strict=True
        )
    )
    pickler = closing(Publisher(proxy.in_address, serializer=pickle.dumps))
    while listener.thread.is_alive():
        pickler("start", PROBE)
        listener.thread.join(0.05)
    assert "never read" in str(listener.error)
    assert listener.got.empty()


def test_garbage_is_passed_over_or_with_strict_ends_the_dispatcher(proxy, closing):
    tolerant, strict = (
        closing(Listener(proxy.out_address)),
        closing(Listener(proxy.out_address, strict=True)),
    )
    publisher = closing(Publisher(proxy.in_address))
    garbage = closing(Publisher(proxy.in_address, serializer=lambda doc: b"garbage"))
    tolerant.hear(publisher)
    strict.hear(publisher)
    while strict.thread.is_alive():
        garbage("start", {})
        strict.thread.join(0.05)
    assert "neither msgpack nor JSON" in str(strict.error)
    tolerant.hear(publisher)
    publisher("nonsense", {"uid": "n"})
    publisher("stop", {"uid": "s"})
    assert tolerant.next() == ("stop", {"uid": "s"})
    assert tolerant.dispatcher.num_refused >= 2


def test_what_a_subscriber_raises_ends_the_dispatcher(proxy, closing):
    listener = closing(Listener(proxy.out_address))

    def fail(name, doc):
        raise LookupError("nothing there")

    publisher = closing(Publisher(proxy.in_address))
    listener.hear(publisher)
    listener.dispatcher.subscribe(fail)
    while listener.thread.is_alive():
        publisher("start", PROBE)
        listener.thread.join(0.05)
    assert str(listener.error) == "nothing there"


def test_a_slow_subscriber_holds_up_neither_publisher_nor_others(
    proxy, closing, context
):
    sleeper = closing(context.socket(zmq.SUB))  # never receives
    sleeper.linger = 0
    sleeper.subscribe(b"")
    sleeper.connect(proxy.out_address)
    sleeper.poll(1)
    listener = closing(Listener(proxy.out_address))
    publisher = closing(Publisher(proxy.in_address))
    listener.hear(publisher)
    doc = {"uid": "u", "data": np.zeros(1000)}
    longest = 0.0
    for i in range(3000):  # 24 MB, far more than all buffers of the sleeper
        begin = time.perf_counter()
        publisher("event", {**doc, "seq_num": i})
        longest = max(longest, time.perf_counter() - begin)
    seen = [listener.next()[1]["seq_num"] for _ in range(3000)]
    assert seen == list(range(3000))
    assert longest < 0.5


def test_a_proxy_that_stands_still_makes_the_publisher_drop_and_say_so(
    closing, caplog, context
):
    stuck = closing(context.socket(zmq.SUB))
    stuck.linger = 0
    stuck.rcvhwm = 1
    stuck.subscribe(b"")
    port = stuck.bind_to_random_port("tcp://127.0.0.1")
    publisher = closing(Publisher(port, queue_size=10))
    while not stuck.poll(50):
        publisher("start", PROBE)
    big = {"uid": "u", "data": np.zeros(100_000)}
    with caplog.at_level(logging.WARNING):
        for _ in range(200):
            publisher("event", big)
    assert publisher.num_dropped > 100
    assert caplog.text.count("too slowly") == 1


def test_without_anybody_documents_go_nowhere_and_closing_is_quick():
    publisher = Publisher(("127.0.0.1", 9))
    for _ in range(100):
        publisher("start", PROBE)
    watch = Stopwatch()
    publisher.close()
    publisher.close()
    assert watch.seconds < 3
    publisher("start", PROBE)
    assert publisher.num_dropped == 0


@pytest.fixture
def keys(tmp_path):
    for name in ("server", "client", "stranger"):
        zmq.auth.create_certificates(tmp_path, name)
    (tmp_path / "known").mkdir()
    (tmp_path / "client.key").rename(tmp_path / "known" / "client.key")
    return tmp_path


def test_with_keys_only_those_who_are_known_are_heard(keys, closing):
    server = ServerCurve(keys / "server.key_secret", keys / "known")
    known = ClientCurve(keys / "client.key_secret", keys / "server.key")
    stranger = ClientCurve(keys / "stranger.key_secret", keys / "server.key")
    # All interfaces: that is what keys are for.
    with running(Proxy("tcp://0.0.0.0:*", in_curve=server, out_curve=server)) as proxy:
        port = proxy.in_port
        listener = closing(Listener(proxy.out_address, curve_config=known))
        outsider = closing(Listener(proxy.out_address, curve_config=stranger))
        publisher = closing(Publisher(port, curve_config=known))
        intruder = closing(Publisher(port, curve_config=stranger))
        intruder("start", {"uid": "intruder"})
        listener.hear(publisher)
        for i in range(20):
            intruder("start", {"uid": "intruder"})
            publisher("event", {"uid": f"{i}"})
            assert listener.next() == ("event", {"uid": f"{i}"})
        assert outsider.got.empty()


@pytest.mark.parametrize("address", ["tcp://*:5567", "tcp://0.0.0.0:5567"])
def test_without_keys_only_the_loopback_is_allowed(address):
    for make in (Publisher, RemoteDispatcher, Proxy):
        with pytest.raises(ConfigError, match="not on the loopback"):
            make(address)


def test_wrong_keys_are_refused(keys):
    server = ServerCurve(keys / "server.key_secret", keys / "known")
    with pytest.raises(ConfigError, match="ServerCurve was given"):
        Proxy(in_curve=server, in_bind=False, in_address=5567)
    with pytest.raises(ConfigError, match="holds no secret key"):
        Publisher(5567, curve_config=ClientCurve(keys / "server.key", keys / "none"))
    with pytest.raises(ConfigError, match="cannot be read"):
        Publisher(5567, curve_config=ClientCurve(keys / "none", keys / "none"))


def test_a_port_that_is_taken_is_refused(proxy):
    with pytest.raises(ConfigError, match="Address already in use"):
        Proxy(proxy.in_port)
    with pytest.raises(ConfigError, match="Cannot specify both 'in_port'"):
        Proxy(1, in_port=1)


def test_a_proxy_can_be_named_by_localhost_and_is_used_once():
    with Proxy() as first:
        port = first.in_port
    with running(Proxy(f"localhost:{port}")) as proxy:
        assert proxy.in_address == f"tcp://127.0.0.1:{port}"
        assert str(proxy.out_port) in repr(proxy)
    assert proxy.closed
    with pytest.raises(StateError, match="was so already"):
        proxy.start()


def test_a_stop_that_comes_just_as_a_proxy_starts_ends_it():
    class StoppedJustThen(Proxy):
        is_closed, stopping = False, None

        @property
        def closed(self):
            found = self.is_closed
            if threading.current_thread() is starting and self.stopping is None:
                self.stopping = threading.Thread(target=self.stop)
                self.stopping.start()
                self.stopping.join(0.1)  # would it end the proxy, it would by then
            return found

        @closed.setter
        def closed(self, value):
            self.is_closed = value

    proxy = StoppedJustThen()
    starting = threading.Thread(target=proxy.start)
    starting.start()
    starting.join(10)
    proxy.stopping.join(10)
    assert proxy.closed
    assert not starting.is_alive()


def test_two_proxies_can_be_chained(proxy, closing):
    second = Proxy(proxy.out_address, in_bind=False)
    with running(second):
        listener = closing(Listener(second.out_address))
        publisher = closing(Publisher(proxy.in_address))
        assert listener.hear(publisher) == ("start", PROBE)


def test_a_unix_socket_serves_as_well(tmp_path, closing):
    with running(Proxy(("ipc", tmp_path / "in"), f"ipc://{tmp_path}/out")) as proxy:
        assert proxy.in_port is None
        listener = closing(Listener(proxy.out_address))
        assert listener.hear(closing(Publisher(proxy.in_address)))[0] == "start"


def interrupted(process):
    """Press Ctrl-C; returns what was printed from then on."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=10)[0]


def test_ctrl_c_ends_a_proxy_cleanly(closing):
    process = python(
        """
        from lapwing.callbacks.proxy import Proxy
        proxy = Proxy()
        print(proxy.in_address, proxy.out_address, flush=True)
        try:
            proxy.start()
        except KeyboardInterrupt:
            print(proxy.closed)
        """
    )
    with process:
        incoming, outgoing = process.stdout.readline().split()
        listener = closing(Listener(outgoing))
        listener.hear(closing(Publisher(incoming)))
        assert interrupted(process) == "True\n"


def test_ctrl_c_ends_a_dispatcher_cleanly(proxy):
    process = python(
        """
        import sys
        from lapwing.callbacks.remote import RemoteDispatcher
        dispatcher = RemoteDispatcher(sys.argv[1])
        dispatcher.loop.call_soon(lambda: print("ready", flush=True))
        try:
            dispatcher.start()
        except KeyboardInterrupt:
            print(dispatcher.closed)
        """,
        proxy.out_address,
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        assert interrupted(process) == "True\n"


def test_a_dispatcher_runs_in_a_loop_that_is_there(proxy, closing):
    publisher = closing(Publisher(proxy.in_address))

    async def listen():
        got = asyncio.Event()
        dispatcher = RemoteDispatcher(proxy.out_address)
        dispatcher.subscribe(lambda name, doc: got.set())
        task = asyncio.create_task(dispatcher.run())
        while not got.is_set():
            publisher("start", PROBE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(got.wait(), 0.05)
        dispatcher.stop()
        await task
        return dispatcher

    dispatcher = asyncio.run(listen())
    assert dispatcher.closed
    with pytest.raises(StateError, match="has ended"):
        dispatcher.start()


def test_a_dispatcher_in_a_loop_can_be_cancelled(proxy):
    async def listen():
        dispatcher = RemoteDispatcher(proxy.out_address)
        task = asyncio.create_task(dispatcher.run())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return dispatcher

    assert asyncio.run(listen()).closed


def test_a_dispatcher_can_be_stopped_by_its_own_loop_or_before_it_began(proxy):
    dispatcher = RemoteDispatcher(proxy.out_address)
    dispatcher.loop.call_later(0.01, dispatcher.stop)
    dispatcher.start()
    assert dispatcher.closed
    unused = RemoteDispatcher(proxy.out_address)
    assert unused.loop is unused.loop
    unused.stop()
    with pytest.raises(StateError, match="has ended"):
        unused.start()
    loop = asyncio.new_event_loop()
    given = RemoteDispatcher(proxy.out_address, loop=loop)
    loop.call_later(0.01, given.stop)
    given.start()
    assert not loop.is_closed()
    loop.close()


def test_a_published_document_is_sent_as_it_was_when_it_was_given(proxy, closing):
    listener = closing(Listener(proxy.out_address))
    publisher = closing(Publisher(proxy.in_address, serializer=to_msgpack))
    listener.hear(publisher)
    doc = {"uid": "u", "data": {"x": 1}}
    publisher("event", doc)
    doc["data"]["x"] = 2
    assert listener.next() == ("event", {"uid": "u", "data": {"x": 1}})
