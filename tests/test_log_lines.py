"""Log lines as text and as JSON: the same facts, in UTC, with the id of the request."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from feedserver import log_lines, request_ids
from feedserver.log_lines import LINES


@pytest.fixture(autouse=True)
def text_again() -> Iterator[None]:
    yield
    log_lines.use("text")


def record(message: str, *, error: BaseException | None = None) -> logging.LogRecord:
    found = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("feedserver.x", logging.WARNING, "x.py", 1, message, None, found)
    made.created, made.msecs = 1_772_971_200.25, 250.0
    return made


def as_json(line: str) -> dict[str, Any]:
    assert "\n" not in line
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_a_line_of_text_has_its_time_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert re.fullmatch(
        r"\[2026-03-08 12:00:00 \+0000\] \[\d+\] \[WARNING\] it rains", LINES.format(record("it rains"))
    )


def test_a_line_of_json_has_the_same() -> None:
    log_lines.use("json")

    line = as_json(LINES.format(record("it “rains”")))

    assert line.pop("process") > 0
    assert line == {"time": "2026-03-08T12:00:00.250Z", "level": "warning", "event": "it “rains”"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_of_a_request_has_its_id(form: str) -> None:
    log_lines.use(form)
    environ: dict[str, Any] = {"HTTP_X_REQUEST_ID": "5ee1"}

    request_ids.begin(environ, is_trusted=True)
    during = LINES.format(record("it rains"))
    request_ids.end()
    after = LINES.format(record("it rains"))

    assert "5ee1" in during
    assert "5ee1" not in after


def test_an_exception_is_within_its_line_of_json() -> None:
    log_lines.use("json")
    try:
        raise ValueError("wrong\nand worse")
    except ValueError as error:
        line = as_json(LINES.format(record("it failed", error=error)))

    assert line["event"] == "it failed"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("and worse")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_that_does_not_pass_through_logging_has_the_same_form(form: str) -> None:
    log_lines.use(form)

    line = log_lines.begun() + log_lines.rest(lambda: "it rains", lambda: {"event": "rain", "mm": 3})

    if form == "text":
        assert re.fullmatch(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000\] \[\d+\] \[INFO\] it rains", line)
    else:
        found = as_json(line)
        assert (found["level"], found["event"], found["mm"]) == ("info", "rain", 3)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["time"])
