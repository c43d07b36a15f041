"""How long requests may be: files of any size from who has a token, a megabyte from others."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from feedserver.authoring.micropub.bodies import rule_for
from feedserver.authoring.micropub.sent import MAX_TEXT, MAX_UNKNOWN
from feedserver.services import WebServices
from tests.authoring.micropub.client import App
from tests.support.outside import Clock

MUCH = 200_000_000


@pytest.fixture
def longest(services: WebServices) -> Callable[[str], int]:
    """How many bytes a request with this header may have."""

    def ask(header: str) -> int:
        environ: dict[str, Any] = {"HTTP_AUTHORIZATION": header, "REMOTE_ADDR": "203.0.113.7"}
        return rule_for(environ, services.apps, MUCH).max_bytes

    return ask


@pytest.mark.one_database
def test_only_a_good_token_in_the_header_allows_large_files(app_of_ann: App, longest: Callable[[str], int]) -> None:
    assert longest(f"Bearer {app_of_ann.token}") == MUCH + MAX_TEXT
    assert {longest(header) for header in ("", "Bearer wrong", "Basic x", "Bearer")} == {MAX_UNKNOWN}


@pytest.mark.one_database
def test_a_film_is_taken(app_of_ann: App) -> None:
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x00\x08free" * 10 + b"\0\x40\0\0mdat" + bytes(4_194_296)

    response = app_of_ann.parts([("file", film, "film.mp4")], "/micropub/media")

    assert response.status_code == 201, response.text
    with app_of_ann.page(response.headers["Location"]) as served:
        assert served.headers["Content-Type"] == "video/mp4"


@pytest.mark.one_database
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}])
def test_others_are_refused_before_anything_is_read(client: FlaskClient, header: dict[str, str]) -> None:
    class Unread:
        """A body that must not be read."""

        def read(self, *_: Any) -> bytes:
            raise AssertionError

        readline = __iter__ = read

    environ = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(MUCH), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    response = client.post("/micropub/media", headers=header, environ_overrides=environ)

    assert response.status_code == (401 if header else 413)
    assert response.get_json()["error"] == ("unauthorized" if header else "invalid_request")


@pytest.mark.one_database
@pytest.mark.parametrize("number", [1_001, 5_000])
def test_too_many_parts_are_refused(app_of_ann: App, number: int) -> None:
    fields: dict[str, Any] = {f"x{number}": "y" for number in range(number)}

    assert app_of_ann.parts([], h="entry", content="x", **fields).status_code == 413


@pytest.mark.one_database
def test_guessers_with_long_bodies_are_counted_once_each(
    client: FlaskClient, services: WebServices, clock: Clock
) -> None:
    for _ in range(30):
        client.post("/micropub", data=b"x" * 100, headers={"Authorization": "Bearer wrong"})

    assert client.post("/micropub", data=b"x" * 100, headers={"Authorization": "Bearer wrong"}).status_code == 429
