"""A terminal for tests: what a person would see of the bytes written to it."""

import io
import re

_TOKEN = re.compile(r"\x1b\[(\?)?([\d;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Clock:
    """Time that the test turns."""

    def __init__(self, now=100.0):
        self.now = now

    def __call__(self):
        return self.now

    def turn(self, seconds):
        self.now += seconds


class Terminal(io.StringIO):
    """Understands what rich uses: cursor up, erase line, colours, carriage return."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def lines(self):
        """The lines on the screen, scrolled-off ones included, without colours."""
        rows, row, column = [""], 0, 0
        for private, args, letter, ret, newline, text in _TOKEN.findall(
            self.getvalue()
        ):
            if ret:
                column = 0
            elif newline:
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            elif text:
                padded = rows[row].ljust(column)
                rows[row] = padded[:column] + text + padded[column + len(text) :]
                column += len(text)
            elif letter == "A":
                row = max(0, row - int(args or 1))
            elif letter == "K":
                rows[row] = ""
            elif letter not in "ml" and not (private and letter == "h"):
                raise NotImplementedError(f"escape sequence {args}{letter}")
        return [line.rstrip() for line in rows]
