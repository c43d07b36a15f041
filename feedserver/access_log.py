"""The access log: one line per request, written by a thread so that no request waits for standard output."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue
from select import PIPE_BUF
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

from gunicorn.glogging import Logger

from feedserver import log_lines, request_ids
from feedserver.discreet_logs import DISCREET, configure, hidden
from feedserver.web.observing import NO_ROUTE, ROUTE

FORMAT: Final = f'%(h)s "%(r)s" %(s)s %(B)s %(M)sms "%(a)s" %({{{request_ids.KEY}}}e)s'

_CAPACITY: Final = 4000  # lines waiting to be written: a second of a busy worker
_GATHER_SECONDS: Final = 0.05  # between two batches: waking for each line would cost a tenth of a feed response
_CLOSE_SECONDS: Final = 2.0
_MILLISECOND: Final = timedelta(milliseconds=1)
_UNPRINTABLE: Final = re.compile(r"[^ -~]")


class AccessLogger(Logger):  # type: ignore[misc] # gunicorn is published without types
    """gunicorn's logger, with an `access` that formats only what FORMAT prints and hides private addresses."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self._lines = LineWriter(self._write)

    def setup(self, cfg: Any) -> None:
        """Applies new settings: at the start, and when gunicorn reloads its configuration."""
        super().setup(cfg)
        configure()
        self.error_log.addFilter(DISCREET)
        for handler in self.error_log.handlers:
            handler.setFormatter(log_lines.LINES)
        self._is_default = cfg.access_log_format == FORMAT  # reading it for each record costs a third more

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Logs one answered request. gunicorn itself formats an operator's own format."""
        if not self._is_default:
            super().access(resp, req, environ, request_time)
        elif self.access_log_enabled:
            self._lines.put(Record.of(resp, environ, request_time))

    def atoms(self, *arguments: Any) -> dict[str, Any]:
        """gunicorn's values for other formats, as discreet as our own."""
        atoms: dict[str, Any] = super().atoms(*arguments)
        return {name: _safe(value) if isinstance(value, str) else value for name, value in atoms.items()}

    def close(self) -> None:
        """Writes the waiting lines, for at most two seconds. Called once, when the worker ends."""
        self._lines.close()

    def _write(self, lines: Sequence[str]) -> None:
        begun = log_lines.begun()  # they are at most `_GATHER_SECONDS` old
        lines = [begun + line for line in lines]
        if self.cfg.accesslog == "-":  # not through `logging`: its lock would keep a blocked process from ending
            for piece in _pieces(lines):
                _write_all(sys.stdout.fileno(), piece)
        else:
            for line in lines:
                self.access_log.info("%s", line)


class Record(NamedTuple):
    """One answered request. `str` makes its line, in FORMAT or as JSON, in the writing thread: cheaper in batches."""

    address: str
    method: str
    uri: str
    protocol: str
    status: str | int
    sent: int  # bytes of the body
    time: timedelta
    agent: str
    request_id: str
    route: str

    @classmethod
    def of(cls, resp: Any, environ: Mapping[str, Any], request_time: timedelta) -> "Record":
        """From gunicorn's response and the WSGI environment."""
        get = environ.get
        return cls(
            get("REMOTE_ADDR", "-"),
            get("REQUEST_METHOD", ""),
            get("RAW_URI", ""),
            get("SERVER_PROTOCOL", ""),
            resp.status,
            resp.sent or _sent_by_kernel(resp, environ),
            request_time,
            get("HTTP_USER_AGENT", "-"),
            get(request_ids.KEY, "-"),
            get(ROUTE, NO_ROUTE),
        )

    def __str__(self) -> str:
        return log_lines.rest(self._as_text, self._as_json)

    def _as_text(self) -> str:
        """Escapes quotes as gunicorn does."""
        request, agent = self._request.replace('"', '\\"'), _safe(self.agent).replace('"', '\\"')
        return f'{self.address} "{request}" {self._status} {self.sent} {self._ms}ms "{agent}" {self.request_id}'

    def _as_json(self) -> dict[str, Any]:
        return {
            "event": "request",
            "request_id": self.request_id,
            "route": self.route,
            "request": self._request,
            "status": int(self._status),
            "bytes": self.sent,
            "ms": self._ms,
            "client": self.address,
            "agent": _safe(self.agent),
        }

    @property
    def _request(self) -> str:
        return _safe(f"{self.method} {self.uri} {self.protocol}")

    @property
    def _status(self) -> str | int:
        return self.status.split(None, 1)[0] if isinstance(self.status, str) else self.status

    @property
    def _ms(self) -> int:
        return self.time // _MILLISECOND


def _sent_by_kernel(resp: Any, environ: Mapping[str, Any]) -> int:
    """The bytes of a file that was sent without passing through gunicorn, which counts none of them."""
    return getattr(resp, "response_length", None) or 0 if environ.get("REQUEST_METHOD") == "GET" else 0


class LineWriter:
    """Writes lines (`str` of any objects) in batches, in a thread. Drops and counts lines beyond the capacity.

    The thread starts with the first line, so that it belongs to the forked process.
    """

    def __init__(self, write: Callable[[Sequence[str]], None], capacity: int = _CAPACITY) -> None:
        self._write = write
        self._capacity = capacity
        self._lines: SimpleQueue[object] = SimpleQueue()  # None ends the thread
        self._lock = Lock()
        self._dropped = 0
        self._thread: Thread | None = None

    def put(self, line: object) -> None:
        """Queues a line. Never blocks."""
        if self._thread is None:
            self._start()
        if self._lines.qsize() < self._capacity:
            self._lines.put(line)
        else:
            self._count_dropped(1)

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Writes the waiting lines and ends the thread; gives up after `seconds`."""
        if self._thread is not None:
            self._lines.put(None)
            self._thread.join(seconds)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="access log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            lines, goes_on = self._next_batch()
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            told = [_about_dropped(dropped)] if dropped else []
            try:
                if lines or told:
                    self._write([*lines, *told])
            except (OSError, ValueError):  # the reader has closed the pipe, the disk is full, or the stream is closed
                self._count_dropped(len(lines) + dropped)

    def _next_batch(self) -> tuple[list[str], bool]:
        """The lines to write, and whether more may follow."""
        line = self._lines.get()
        time.sleep(_GATHER_SECONDS)
        lines: list[str] = []
        while line is not None:
            lines.append(str(line))
            try:
                line = self._lines.get_nowait()
            except Empty:
                return lines, True
        return lines, False

    def _count_dropped(self, number: int) -> None:
        with self._lock:
            self._dropped += number


def _about_dropped(number: int) -> str:
    event = f"{number} lines of the access log were dropped"
    return log_lines.rest(lambda: event, lambda: {"event": event})


def _safe(text: str) -> str:
    """Printable ASCII, all else as `\\xNN`, without private addresses. The bytes of a request come as characters."""
    if not (text.isascii() and text.isprintable()):
        text = _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return hidden(text)


def _pieces(lines: Sequence[str]) -> Iterator[bytes]:
    """Whole lines, at most PIPE_BUF bytes at a time: the kernel does not interleave such writes (pipe(7))."""
    piece = b""
    for line in lines:
        encoded = f"{line}\n".encode()
        if len(piece) + len(encoded) > PIPE_BUF:
            yield piece
            piece = b""
        piece += encoded
    yield piece


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
