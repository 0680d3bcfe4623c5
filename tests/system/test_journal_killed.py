"""A journal while its process lives, and after it was killed."""

import subprocess
import sys
import textwrap
from contextlib import contextmanager
from random import Random

import numpy as np
import pytest

from lapwing.errors import StateError
from lapwing.journal.codec import Kind
from lapwing.journal.cursor import START, Cursor, CursorStore
from lapwing.journal.hold import alive
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader

# Writes numbered records in frames of any size until it is killed.
WRITER = """
    import sys
    from random import Random

    import numpy as np

    from lapwing.journal.log import Log

    random = Random(int(sys.argv[2]))
    log = Log(sys.argv[1], segment_bytes=200_000, reserve_bytes=2**20)
    while True:
        first = log.next_number
        numbers = range(first, first + random.choice([1, 2, 50, 256]))
        records = [[4, n, "x" * (n % 100)] for n in numbers]
        if random.random() < 0.02:
            records[-1] = [4, records[-1][1], np.full(10_000, records[-1][1])]
        log.write(records)
        log.rotate_if_large()
"""

# Moves a cursor on and on; prints the number of each when it has been moved.
MOVER = """
    import sys

    from lapwing.journal.cursor import Cursor, CursorStore

    store = CursorStore(sys.argv[1])
    number = store.get("sink", "j").number
    while True:
        number += 1
        store.move("sink", "j", Cursor(1, 24, number))
        print(number, flush=True)
"""


@contextmanager
def running(program, *args, stdout=subprocess.DEVNULL):
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, args)]
    process = subprocess.Popen(command, stdout=stdout)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def check(first, record):
    """Check that a record is the one with this number."""
    kind, number, content = record
    assert (kind, number) == (int(Kind.NOTE), first)
    if isinstance(content, str):
        assert content == "x" * (number % 100)
    else:
        np.testing.assert_array_equal(content, np.full(10_000, number))


def read_until(reader, cursor, number):
    """Read and check until some record is there."""
    while cursor.number < number:
        batches, cursor = reader.read(cursor)
        for batch in batches:
            for at, record in enumerate(batch.records, batch.number):
                check(at, record)
    return cursor


@pytest.mark.timeout(120)
def test_a_reader_follows_a_writer_and_kills_lose_nothing_that_was_read(tmp_path):
    random = Random(4)
    directory = tmp_path / "j"
    cursor = START
    for life in range(8):
        with running(WRITER, directory, life), Reader(directory) as reader:
            goal = cursor.number + random.randrange(1, 20_000)
            cursor = read_until(reader, cursor, goal)
        assert alive(directory) is None
        with Log(directory, sync_interval=0, reserve_bytes=2**20) as log:
            assert log.next_number >= cursor.number
            number = log.next_number
            log.write([[int(Kind.NOTE), number, "x" * (number % 100)]])
        with Reader(directory) as reader:
            cursor = read_until(reader, cursor, number + 1)
            assert reader.read(cursor) == ([], cursor)
    with Reader(directory) as reader:
        numbers = [number for number, _ in reader.records()]
    assert numbers == list(range(cursor.number))
    assert cursor.segment > 2


def test_a_second_process_on_a_journal_is_refused_with_the_first_ones_pid(tmp_path):
    directory = tmp_path / "j"
    with running(WRITER, directory, 0) as writer, Reader(directory) as reader:
        read_until(reader, START, 1)
        holder = alive(directory)
        assert holder is not None
        assert holder.pid == writer.pid
        with pytest.raises(StateError, match=f"process {writer.pid} on "):
            Log(directory)


@pytest.mark.timeout(120)
def test_a_place_that_was_moved_to_outlives_a_kill(tmp_path):
    path = tmp_path / "cursors.sqlite"
    for life in range(1, 6):
        with running(MOVER, path, stdout=subprocess.PIPE) as mover:
            for _ in range(20 * life):
                told = int(mover.stdout.readline())
            mover.kill()
            told = int([told, *mover.stdout.read().split()][-1])
        with CursorStore(path) as store:
            number = store.get("sink", "j").number
            assert store.get("sink", "j") == Cursor(1, 24, number)
        assert number - told in (0, 1)
