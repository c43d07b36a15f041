"""The access log: gunicorn's line, without private addresses, written by a thread that no request waits for."""

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger, SafeAtoms

from feedserver import log_lines
from feedserver.access_log import FORMAT, AccessLogger, LineWriter
from tests.support.private_addresses import SECRET, SPELLINGS

ANSWER = SimpleNamespace(status="200 OK", sent=1234, headers=[])
REQUEST = SimpleNamespace(headers=[])


def environ(path: str = "/feed.rss?page=2", agent: str | None = "Reader/1.0") -> dict[str, Any]:
    named = {} if agent is None else {"HTTP_USER_AGENT": agent}
    return {
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "PATH_INFO": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "HTTP_REFERER": f"http://blog.example{path}",
        "feedserver.request_id": "5ee1",
    } | named


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def logger(written: list[str], monkeypatch: pytest.MonkeyPatch) -> AccessLogger:
    """A logger of gunicorn's settings as they are here, whose lines end in a list."""
    config = Config()
    config.set("access_log_format", FORMAT)
    config.set("accesslog", "-")
    logger = AccessLogger(config)
    monkeypatch.setattr(logger, "_lines", LineWriter(written.extend))
    return logger


def logged(logger: AccessLogger, written: list[str], environ: dict[str, Any], answer: Any = ANSWER) -> str:
    logger.access(answer, REQUEST, environ, timedelta(seconds=2, microseconds=345_678))
    logger.close()
    (line,) = written
    return line


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (environ(), ANSWER),
        (environ(agent=None), ANSWER),
        (environ(agent='Say "hello"'), ANSWER),
        (environ(), SimpleNamespace(status="304 Not Modified", sent=0, headers=[])),
        (environ(), SimpleNamespace(status=431, sent=0, headers=[])),
    ],
    ids=["ordinary", "no agent", "quotes", "304", "number"],
)
def test_a_line_is_the_one_that_gunicorn_would_write(
    logger: AccessLogger, written: list[str], given: dict[str, Any], answer: Any
) -> None:
    atoms = Logger(Config()).atoms(answer, REQUEST, given, timedelta(seconds=2, microseconds=345_678))

    assert logged(logger, written, given, answer) == FORMAT % SafeAtoms(atoms)


@pytest.mark.parametrize(("method", "sent"), [("GET", 200_000), ("HEAD", 0)])
def test_the_bytes_of_a_file_that_the_kernel_has_sent_are_logged(
    logger: AccessLogger, written: list[str], method: str, sent: int
) -> None:
    answer = SimpleNamespace(status="200 OK", sent=0, headers=[], response_length=200_000)

    line = logged(logger, written, environ("/media/x/roof.jpg") | {"REQUEST_METHOD": method}, answer)

    assert f'HTTP/1.1" 200 {sent} ' in line


def test_bytes_that_could_change_a_terminal_or_forge_a_line_are_escaped(
    logger: AccessLogger, written: list[str]
) -> None:
    line = logged(logger, written, environ(agent="caf\xc3\xa9\x1b[31m\x85\n192.0.2.8"))

    assert line.endswith(r'"caf\xc3\xa9\x1b[31m\x85\x0a192.0.2.8" 5ee1')


PRIVATE = [
    ("/receipts/abc_DEF-123", "/receipts/…"),
    ("/receipts/abc.json", "/receipts/….json"),
    ("/moderation/abc_DEF-123.atom", "/moderation/….atom"),
    ("/below/moderation/abc.atom?x=1", "/below/moderation/….atom?x=1"),
    ("/%72eceipts/%61bc", "/receipts/…"),
    ("/posts/moderation", "/posts/moderation"),
]


@pytest.mark.parametrize(("path", "shown"), PRIVATE)
def test_what_opens_a_private_address_is_not_logged(
    logger: AccessLogger, written: list[str], path: str, shown: str
) -> None:
    line = logged(logger, written, environ(path, agent=f"Reader (+http://blog.example{path})"))

    assert f'"GET {shown} HTTP/1.1" 200' in line
    assert "abc" not in line


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_one_is(logger: AccessLogger, written: list[str], spelling: str) -> None:
    line = logged(logger, written, environ(spelling, agent=f'"x" (+http://blog.example{spelling})'))

    assert SECRET not in line
    assert "HTTP/1.1" in line


@pytest.mark.parametrize(("path", "shown"), PRIVATE)
def test_nor_is_it_in_an_operators_own_format(
    logger: AccessLogger, written: list[str], caplog: pytest.LogCaptureFixture, path: str, shown: str
) -> None:
    logger.cfg.set("access_log_format", "%(r)s %(f)s %({raw_uri}e)s")
    logger.setup(logger.cfg)
    logger.access_log.addHandler(caplog.handler)

    logger.access(ANSWER, REQUEST, environ(path), timedelta())

    logger.access_log.removeHandler(caplog.handler)
    assert caplog.messages == [f"GET {shown} HTTP/1.1 http://blog.example{shown} {shown}"]
    assert written == []


def test_control_and_bidi_characters_are_escaped_in_an_operators_own_format_too(
    logger: AccessLogger, caplog: pytest.LogCaptureFixture
) -> None:
    logger.cfg.set("access_log_format", "%(a)s")
    logger.setup(logger.cfg)
    logger.access_log.addHandler(caplog.handler)

    logger.access(ANSWER, REQUEST, environ(agent="\xe2\x80\xae\x9b\n"), timedelta())

    logger.access_log.removeHandler(caplog.handler)
    assert caplog.messages == [r"\xe2\x80\xae\x9b\x0a"]


def test_gunicorns_own_errors_are_discreet(logger: AccessLogger, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr(logger.error_log, "handlers", [logging.StreamHandler(output)])  # pytest's are discreet already

    logger.warning("Invalid request %s", f"/receipts/{SECRET}")

    assert output.getvalue() == "Invalid request /receipts/…\n"


def test_without_an_access_log_no_line_is_formatted(written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config()
    config.set("access_log_format", FORMAT)
    logger = AccessLogger(config)
    monkeypatch.setattr(logger, "_lines", LineWriter(written.extend))

    logger.access(None, None, {}, timedelta())

    logger.close()
    assert written == []


def test_each_line_begins_as_those_of_gunicorn_do(
    logger: AccessLogger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = LineWriter(logger._write)
    monkeypatch.setattr(logger, "_lines", lines)
    with (tmp_path / "out").open("w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        logger.access(ANSWER, REQUEST, environ(), timedelta())
        logger.close()

    formatter = logging.Formatter(logger.error_fmt, logger.datefmt)
    expected = formatter.format(logging.LogRecord("x", logging.INFO, "", 0, "", (), None))
    (line,) = (tmp_path / "out").read_text().splitlines()
    begun, _, rest = line.partition("192.0.2.7 ")
    assert re.sub(r"\d", "0", begun) == re.sub(r"\d", "0", expected)
    assert begun.split()[3:] == expected.split()[3:], "the process and the level"
    assert rest.startswith('"GET /feed.rss?page=2 HTTP/1.1" 200')


# --- the thread that writes ---


def test_closing_writes_what_waits_in_its_order(written: list[str]) -> None:
    lines = LineWriter(written.extend)

    for number in range(100):
        lines.put(f"line {number}")
    lines.close()

    assert written == [f"line {number}" for number in range(100)]


class Blocked:
    """Standard output that takes nothing until it is opened."""

    def __init__(self) -> None:
        self.reached = Event()
        self.opened = Event()
        self.written: list[str] = []

    def __call__(self, lines: Sequence[str]) -> None:
        self.reached.set()
        self.opened.wait(30)
        self.written += lines


def test_what_does_not_fit_is_dropped_and_counted_in_one_later_line() -> None:
    output = Blocked()
    lines = LineWriter(output, capacity=5)
    lines.put("first")
    assert output.reached.wait(30)

    for number in range(12):
        lines.put(f"line {number}")
    output.opened.set()
    lines.close()

    assert output.written == [
        "first",
        *(f"line {number}" for number in range(5)),
        "7 lines of the access log were dropped",
    ]


def test_closing_gives_up_on_an_output_that_takes_nothing() -> None:
    output = Blocked()
    lines = LineWriter(output)
    lines.put("first")

    lines.close(seconds=0.01)

    assert output.written == []
    output.opened.set()


def test_lines_that_could_not_be_written_are_counted_as_dropped(written: list[str]) -> None:
    failed = Event()

    def write(given: Sequence[str]) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError(28, "No space left on device")
        written.extend(given)

    lines = LineWriter(write)
    lines.put("lost")
    assert failed.wait(30)
    lines.put("written")
    lines.close()

    assert written == ["written", "1 lines of the access log were dropped"]


def test_a_notice_that_could_not_be_written_is_told_later_with_the_lines_lost_since() -> None:
    output, failed = Blocked(), Event()

    def write(given: Sequence[str]) -> None:
        output(given)
        if output.written[-1] == "2 lines of the access log were dropped":
            failed.set()
            raise OSError(28, "No space left on device")

    lines = LineWriter(write, capacity=1)
    lines.put("first")
    assert output.reached.wait(30)
    for number in range(3):
        lines.put(f"line {number}")
    output.opened.set()
    assert failed.wait(30)
    lines.put("last")
    lines.close()

    assert output.written[-2:] == ["last", "3 lines of the access log were dropped"]


def test_the_thread_starts_with_the_first_line_so_that_it_is_not_lost_in_a_fork(written: list[str]) -> None:
    lines = LineWriter(written.extend)
    before = set(threading.enumerate())

    lines.put("first")

    (thread,) = set(threading.enumerate()) - before
    lines.close()
    assert (thread.name, thread.is_alive(), thread.daemon) == ("access log", False, True)


def test_as_json_it_has_route_status_and_milliseconds(
    logger: AccessLogger, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines.LINES, "form", "json")

    line = logged(logger, written, environ('/receipts/SECRET"\n') | {"feedserver.route": "private.receipt"})

    assert json.loads("{" + line) == {
        "event": "request",
        "request_id": "5ee1",
        "route": "private.receipt",
        "request": "GET /receipts/… HTTP/1.1",
        "status": 200,
        "bytes": 1234,
        "ms": 2345,
        "client": "192.0.2.7",
        "agent": "Reader/1.0",
    }
