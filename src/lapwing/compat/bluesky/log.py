"""Bluesky's loggers: what the engine says under the names that users listen to.

Owns the loggers' names and the handler that `config_bluesky_logging` makes.
Must not say anything by itself.
Test: configure into a text stream, log, read.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

__all__ = [
    "ComposableLogAdapter",
    "LogFormatter",
    "config_bluesky_logging",
    "current_handler",
    "doc_logger",
    "get_handler",
    "logger",
    "msg_logger",
    "set_handler",
    "state_logger",
    "validate_level",
]

logger = logging.getLogger("bluesky")
doc_logger = logging.getLogger("bluesky.emit_document")
msg_logger = logging.getLogger("bluesky.RE.msg")
state_logger = logging.getLogger("bluesky.RE.state")
current_handler: logging.Handler | None = None

plain_log_format = (
    "[%(levelname)1.1s %(asctime)s.%(msecs)03d %(module)15s:%(lineno)5d] %(message)s"
)
color_log_format = (
    "%(color)s[%(levelname)1.1s %(asctime)s.%(msecs)03d %(module)15s:%(lineno)5d]"
    "%(end_color)s %(message)s"
)


class ComposableLogAdapter(logging.LoggerAdapter[logging.Logger]):
    """Adds facts to each record, beside those that the caller gives."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Return the message, and the facts of both."""
        extra: Mapping[str, Any] = self.extra or {}
        kwargs["extra"] = {**extra, **(kwargs.get("extra") or {})}
        return msg, kwargs


class LogFormatter(logging.Formatter):
    """Formats records in one block each, with colours if they go to a terminal.

    Args:
        fmt: Format in the style of ``%``; ``color`` and ``end_color`` may be used.
        datefmt: Format of the time.
        style: Must be "%".
        color: Whether to use colours at all.
        colors: ANSI colour by level.
    """

    DEFAULT_FORMAT = color_log_format
    DEFAULT_DATE_FORMAT = "%y%m%d %H:%M:%S"
    DEFAULT_COLORS: Mapping[int, int] = {
        logging.DEBUG: 4,
        logging.INFO: 2,
        logging.WARNING: 3,
        logging.ERROR: 1,
    }

    def __init__(
        self,
        fmt: str = DEFAULT_FORMAT,
        datefmt: str | None = DEFAULT_DATE_FORMAT,
        style: str = "%",
        color: bool = True,
        colors: Mapping[int, int] = DEFAULT_COLORS,
    ):
        if style != "%":
            raise ValueError(f"style must be '%', not {style!r}")
        super().__init__(fmt, datefmt, defaults={"color": "", "end_color": ""})
        self._colors = colors if color and sys.stderr.isatty() else {}

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text, further lines indented."""
        number = self._colors.get(record.levelno)
        if number is not None:
            record.color = f"\033[3{number}m"
            record.end_color = "\033[0m"
        return super().format(record).rstrip().replace("\n", "\n    ")


def validate_level(level: int | str) -> int:
    """Return a level as a number.

    Raises:
        ValueError: There is no such level.
    """
    number = logging.getLevelName(level) if isinstance(level, str) else level
    if not isinstance(number, int):
        raise ValueError(f"{level!r} is no level of logging; use 'INFO' or such")
    return number


def config_bluesky_logging(
    file: str | TextIO | None = None,
    datefmt: str = "%H:%M:%S",
    color: bool = True,
    level: int | str = "WARNING",
) -> logging.Handler:
    """Show what Bluesky's loggers say, in a file or a stream; returns the handler.

    A handler that was configured before is replaced.

    Args:
        file: Path or stream; None takes what standard output is now.
        datefmt: Format of the time.
        color: Whether to use colours.
        level: Least level to show.
    """
    global current_handler
    handler = _handler("bluesky", file, datefmt, color, level)
    if current_handler is not None:
        logger.removeHandler(current_handler)
        current_handler.close()
    current_handler = handler
    return handler


set_handler = config_bluesky_logging  # its old name


def get_handler() -> logging.Handler | None:
    """Return the handler that was configured last, or None."""
    return current_handler


def _handler(
    name: str, file: str | TextIO | None, datefmt: str, color: bool, level: int | str
) -> logging.Handler:
    number = validate_level(level)
    handler: logging.Handler
    if isinstance(file, str):
        handler = logging.FileHandler(file)
    else:
        handler = logging.StreamHandler(sys.stdout if file is None else file)
    handler.setLevel(number)
    fmt = color_log_format if color else plain_log_format
    handler.setFormatter(LogFormatter(fmt, datefmt=datefmt))
    logging.getLogger(name).addHandler(handler)
    if logger.getEffectiveLevel() > number:
        logger.setLevel(number)
    return handler
