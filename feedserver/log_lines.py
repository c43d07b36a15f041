"""The form of log lines, of `logging`, gunicorn and the access log alike: text or JSON (`server.log`), in UTC.

A line holds its time, its level, what happened, and the id of the request if it belongs to one.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from feedserver import request_ids

Form = Literal["text", "json"]

TEXT: Final = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
TIME: Final = "[%Y-%m-%d %H:%M:%S +0000]"
_JSON_TIME: Final = "%Y-%m-%dT%H:%M:%S"


class LineFormatter(logging.Formatter):
    """Formats the records of all loggers of a process, in the form that is chosen."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(TEXT, TIME)
        self.form: Form = "text"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is Python's
        line = super().formatMessage(record)
        found = request_ids.current()
        return f"{line} (request {found})" if found else line

    def format(self, record: logging.LogRecord) -> str:
        if self.form == "text":
            return super().format(record)
        found = request_ids.current()
        fields = {
            "time": f"{time.strftime(_JSON_TIME, time.gmtime(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "process": record.process,
            **({"request_id": found} if found else {}),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        return _line(fields | ({"exception": record.exc_text} if record.exc_text else {}))


LINES: Final = LineFormatter()


def use(form: str) -> None:
    """Chooses the form of this process's lines, and of those that it forks."""
    LINES.form = "json" if form == "json" else "text"


def begun() -> str:
    """How a line of this moment begins that does not pass through `logging`; `rest` says how it goes on."""
    now = time.gmtime()
    if LINES.form == "text":
        return f"{time.strftime(TIME, now)} [{os.getpid()}] [INFO] "
    fields = {"time": time.strftime(f"{_JSON_TIME}Z", now), "level": "info", "process": os.getpid()}
    return _line(fields)[:-1] + ", "


def rest(text: Callable[[], str], fields: Callable[[], dict[str, Any]]) -> str:
    """The rest of such a line: what `text` returns, or `fields` as JSON."""
    return text() if LINES.form == "text" else _line(fields())[1:]


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
