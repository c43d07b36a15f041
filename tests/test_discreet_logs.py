"""What no log line holds, whoever writes it."""

import io
import logging
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from feedserver.discreet_logs import DISCREET, hidden
from tests.support.private_addresses import SECRET, SPELLINGS
from tests.support.serving import clean_environ


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_private_address_shows_its_secret(spelling: str) -> None:
    shown = hidden(f"GET {spelling} HTTP/1.1")

    assert SECRET not in shown
    assert "…" in shown
    assert shown.startswith("GET /")
    assert shown.endswith(" HTTP/1.1")


@pytest.mark.parametrize(
    "text",
    ["/posts/moderation", "/posts/receipts-and-more?x=%41", "/tags/100%25%20caf%C3%A9/feed.rss", "receipts", "/%zz%4"],
)
def test_other_addresses_stay_as_they_were_sent(text: str) -> None:
    assert hidden(text) == text


def test_an_address_that_is_encoded_without_end_is_hidden_and_cheap() -> None:
    name = "72"  # “r”
    for _ in range(6):
        name = "".join(f"%{ord(digit):02x}" for digit in name)
    began = time.thread_time()

    assert hidden(f"GET /%{name}eceipts/{SECRET} HTTP/1.1") == "GET /…"
    assert hidden("%" * 8000 + "%2" * 8000) == "%" * 8000 + "%2" * 8000
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("text", ["GET /posts/moderation HTTP/1.1", "the moderation feed", "GET /receipts HTTP/1.1"])
def test_names_alone_stay(text: str) -> None:
    assert hidden(text) == text


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    logger = logging.Logger("strict")
    handler = logging.StreamHandler(written)
    handler.addFilter(DISCREET)
    logger.addHandler(handler)
    return logger


def test_a_message_is_one_discreet_line(log: logging.Logger, written: io.StringIO) -> None:
    log.error("Error handling request %s from %s", f"/receipts/{SECRET}", "a\u202e\nINFO forged: b\x9b")

    assert written.getvalue() == "Error handling request /receipts/… from a\\u202e\\u000aINFO forged: b\\u009b\n"


@pytest.mark.parametrize("message", ["%d of", "%s and %s", "100% of", "%(name)s"])
def test_a_message_whose_arguments_do_not_fit_harms_nobody(
    log: logging.Logger, written: io.StringIO, message: str
) -> None:
    log.error(message, f"/receipts/{SECRET}")

    assert written.getvalue() == f"{message} ('/receipts/…\n", "one line, and no secret"


def test_a_traceback_is_discreet_and_keeps_its_lines(log: logging.Logger, written: io.StringIO) -> None:
    try:
        raise ValueError(f"no such page: /receipts%2F{SECRET} \u202e")
    except ValueError:
        log.exception("failed")

    lines = written.getvalue().splitlines()
    assert lines[:2] == ["failed", "Traceback (most recent call last):"]
    assert lines[-1] == "ValueError: no such page: /receipts/… \\u202e"


LINE = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d+\] "  # when, and which process

PROGRAM = """
import logging
import re
from feedserver.services import Services
from feedserver.settings import Settings
from feedserver.discreet_logs import configure
from sqlalchemy import text

configure()
database = Services(Settings()).database
try:
    with database.read() as connection:
        connection.execute(text("SELECT * FROM no_such_table WHERE token = :token"), {"token": "SECRET"})
except Exception:
    logging.getLogger("feedserver").exception("failed on %s", "/receipts/SECRET")
"""


FAILING = """
from flask import Flask
from feedserver.discreet_logs import configure

configure()
app = Flask("feedserver")
app.add_url_rule("/receipts/<token>", view_func=lambda token: 1 / 0, endpoint="fails")
print(app.test_client().get("/receipts/SECRET").status_code)
"""


def test_an_exception_of_a_view_is_told_without_the_secret_of_its_address() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING.replace("SECRET", SECRET)],
        env=clean_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "500\n"
    first, _, rest = done.stderr.partition("\n")
    assert re.fullmatch(LINE + r"\[ERROR\] Exception on /receipts/… \[GET\]", first)
    assert rest.startswith("Traceback")
    assert done.stderr.count("ZeroDivisionError") == 1
    assert SECRET not in done.stderr


WARNING = """
import warnings
from feedserver.discreet_logs import configure

configure()
warnings.warn("this is old\\nINFO forged", FutureWarning)
"""


def test_a_warning_of_python_is_one_line_of_the_same_form() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WARNING], env=clean_environ(), capture_output=True, text=True, timeout=60, check=True
    )

    assert re.fullmatch(
        LINE + r"\[WARNING\] FutureWarning: this is old\\u000aINFO forged \(<string>:6\)\n", done.stderr
    )


def test_parameters_of_statements_are_not_logged(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/feedserver.sqlite3").touch()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("SECRET", SECRET)],
        cwd=tmp_path,
        env=clean_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "[ERROR] failed on /receipts/…\n" in done.stderr
    assert "no_such_table" in done.stderr
    assert SECRET not in done.stderr
