import pytest

from lapwing.cli.screen import console, duration, plain, size, table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (12.34, "12.3 s"), (190, "3 min 10 s"), (3725, "1 h 02 min")],
)
def test_durations_are_as_people_say_them(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (4200, "4.2 kB"),
        (1.3e9, "1.3 GB"),
        (999_900, "1.0 MB"),
        (7e15, "7000.0 TB"),
    ],
)
def test_sizes_are_as_people_say_them(num_bytes, text):
    assert size(num_bytes) == text


def test_control_characters_do_not_reach_the_terminal():
    assert plain("a\x1b[31mb\nc").plain == "a\ufffd[31mb\ufffdc"


def test_what_goes_to_a_pipe_has_no_blanks_at_the_ends_of_lines(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    listed = table("name", "about")
    listed.add_row("a", "long " * 30)
    listed.add_row("b", "")
    console().print(listed)
    assert capsys.readouterr().out.splitlines() == [
        "name  about",
        "a     " + ("long " * 30).rstrip(),
        "b",
    ]
