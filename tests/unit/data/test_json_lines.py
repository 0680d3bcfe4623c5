import pytest
from unit.data.streams import line_scan

from lapwing.data.json_lines import JsonLinesSink
from lapwing.data.lines import decode, encode
from lapwing.data.paths import place_of_run
from lapwing.errors import DataExistsError


@pytest.fixture
def make(tmp_path):
    made = []

    def one():
        made.append(JsonLinesSink(tmp_path))
        return made[-1]

    yield one
    for sink in made:
        sink.close()


def hand(sink, documents):
    for name, doc in documents:
        sink.take(name, doc)
    sink.settle()


def path_of(tmp_path, documents):
    return place_of_run(tmp_path, documents[0][1]).with_suffix(".jsonl")


def read(path):
    return [tuple(decode(line)) for line in path.read_bytes().splitlines(True)]


def test_each_run_has_a_file_of_lines(make, tmp_path):
    runs = [line_scan(3), line_scan(5)]
    sink = make()
    for at in range(8):
        hand(sink, [doc for run in runs for doc in run[at : at + 1]])
    for run in runs:
        assert read(path_of(tmp_path, run)) == run
    assert list(sink.unfinished) == []


def test_run_that_comes_again_is_written_anew(make, tmp_path):
    documents = line_scan(6)
    first = make()
    hand(first, documents[:5])
    assert list(first.unfinished) == [documents[0][1]["uid"]]
    path = path_of(tmp_path, documents)
    with path.open("ab") as file:
        file.write(b'["event", {"half')  # as a killed process leaves it
    hand(make(), documents)
    assert read(path) == documents


@pytest.mark.parametrize("length", [0, 1, 5, 40])
def test_run_is_written_anew_though_not_even_its_start_was_whole(
    make, tmp_path, length
):
    documents = line_scan(2)
    path = path_of(tmp_path, documents)
    path.parent.mkdir(parents=True)
    path.write_bytes(encode(*documents[0])[:length])
    hand(make(), documents)
    assert read(path) == documents


def test_complete_file_is_left_alone(make, tmp_path):
    documents = line_scan(3)
    hand(make(), documents)
    path = path_of(tmp_path, documents)
    before = path.stat().st_mtime_ns
    sink = make()
    hand(sink, documents)
    assert path.stat().st_mtime_ns == before
    assert list(sink.unfinished) == []


@pytest.mark.parametrize("text", ["precious", '["start", {"uid": "another"}]\n', "1\n"])
def test_other_file_is_never_written_over(make, tmp_path, text):
    documents = line_scan(3)
    path = path_of(tmp_path, documents)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(DataExistsError):
        make().take(*documents[0])
    assert path.read_text() == text


def test_half_a_line_is_taken_back_when_the_disk_is_full(make, tmp_path):
    documents = line_scan(3)
    sink = make()
    hand(sink, documents[:2])
    path = path_of(tmp_path, documents)
    size = path.stat().st_size
    sink.take(*documents[2])
    (file,) = sink._files.values()
    real = file._file

    class Full:
        def write(self, data):
            if real.tell() > size:
                raise OSError(28, "no space left")
            return real.write(data[: len(data) // 2])

        def __getattr__(self, name):
            return getattr(real, name)

    file._file = Full()
    with pytest.raises(OSError, match="no space"):
        sink.settle()
    assert path.stat().st_size == size
    file._file = real
    sink.settle()
    hand(sink, documents[3:])
    assert read(path) == documents
