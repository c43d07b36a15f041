"""Every address that takes bodies: ones that are too long, too late, or forms of very many fields do no harm there."""

import re
import time
from collections.abc import Callable
from io import RawIOBase
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedserver.desk.frame import MAX_FORM
from feedserver.request_body import FORM
from feedserver.services import WebServices
from tests.desk.conftest import signed_in

pytestmark = pytest.mark.one_database

FIELDS = b"a&" * 800_000
MANY_BYTES = 10**10
SECONDS = 0.5  # of CPU
REFUSED = {400, 401, 403, 404, 408, 410, 413, 415, 429}
ALWAYS_200 = ("/xmlrpc.php", "/pingback", "/indieauth/revoke")  # faults of XML-RPC; RFC 7009 section 2.2


class Endless(RawIOBase):
    """A body that goes on as long as anybody reads it; counts what was read."""

    def __init__(self) -> None:
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.bytes += len(buffer)
        buffer[:] = b"&" * len(buffer)
        return len(buffer)


class Silent(RawIOBase):
    """A body of which nothing comes until the socket's time is over."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        raise TimeoutError


@pytest.fixture(params=["a stranger", "an author"])
def somebody(request: pytest.FixtureRequest, app: Flask, services: WebServices) -> FlaskClient:
    return app.test_client() if request.param == "a stranger" else signed_in(app, services, "ann")


def doors(app: Flask) -> list[str]:
    """A path for each route that takes POST; nothing has these names."""
    paths = {
        re.sub("<int.*?>", "1", re.sub("<(?!int).*?>", "none", rule.rule))
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
    }
    assert len(paths) > 30
    return sorted(paths)


def each(app: Flask, ask: Callable[[str], int]) -> dict[str, tuple[int, float]]:
    """What each door answers, and how many seconds of CPU it takes."""
    found = {}
    for path in doors(app):
        began = time.process_time()
        found[path] = ask(path), time.process_time() - began
    return found


def check(found: dict[str, tuple[int, float]]) -> None:
    for path, (status, seconds) in found.items():
        assert status in REFUSED or (path in ALWAYS_200 and status == 200), path
        assert seconds < SECONDS, path


def test_a_body_that_is_too_long_is_never_read(app: Flask, somebody: FlaskClient) -> None:
    body = Endless()
    length = {"CONTENT_LENGTH": str(MANY_BYTES), "wsgi.input": body}

    check(each(app, lambda path: somebody.post(path, content_type=FORM, environ_overrides=length).status_code))

    assert body.bytes == 0


def test_of_one_that_does_not_tell_its_length_no_more_is_read_than_its_door_takes(app: Flask) -> None:
    stranger, most = app.test_client(), MAX_FORM + 2_000_000

    def ask(path: str) -> int:
        if path == "/xmlrpc.php":  # where the rest is read for some seconds, and thrown away
            return 413
        body = Endless()
        chunks = {"wsgi.input_terminated": True, "wsgi.input": body, "CONTENT_LENGTH": ""}
        status = stranger.post(path, content_type=FORM, environ_overrides=chunks).status_code
        assert body.bytes <= most, path
        return status

    check(each(app, ask))


def test_one_that_does_not_come_is_answered_408(app: Flask, somebody: FlaskClient) -> None:
    silent = {"CONTENT_LENGTH": "1000", "wsgi.input": Silent()}

    found = each(app, lambda path: somebody.post(path, content_type=FORM, environ_overrides=silent).status_code)

    assert {status for status, _ in found.values()} == {408}


def test_a_form_of_very_many_fields_is_not_parsed(app: Flask, somebody: FlaskClient) -> None:
    check(each(app, lambda path: somebody.post(path, content_type=FORM, data=FIELDS).status_code))
