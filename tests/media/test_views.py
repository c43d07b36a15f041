"""`/media/HASH/NAME` over HTTP (docs/interface.md, “Pictures and files”)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.errors import MediaStoreError
from feedserver.media import store
from feedserver.media.model import Media
from feedserver.media.stores import Reader
from feedserver.services import WebServices
from feedserver.settings import Settings, SiteSettings
from tests.media.builders import picture, serve
from tests.support.fixtures import Assemble

pytestmark = pytest.mark.one_database


class Closing(FlaskClient):
    """Reads answers whole and closes what they were read from, as servers do."""

    def open(self, *arguments: Any, **named: Any) -> TestResponse:
        return super().open(*arguments, buffered=True, **named)


CONTENT = bytes(range(256)) * 40
Serve = Callable[..., Media]


@pytest.fixture
def app(app: Flask) -> Flask:
    app.test_client_class = Closing
    return app


@pytest.fixture
def served(services: WebServices, tmp_path: Path) -> Serve:
    """Stores CONTENT, or another one, under a name and a type."""

    def add(name: str = "roof.jpg", kind: str = "image/jpeg", content: bytes = CONTENT) -> Media:
        return serve(services, content, name, kind, tmp_path)

    return add


@pytest.fixture(params=["first", "known"])
def path(request: pytest.FixtureRequest, client: FlaskClient, served: Serve) -> str:
    """The path of a picture that is asked for the first time, or was asked for before."""
    path = f"/{served().path}"
    if request.param == "known":
        client.get(path)
    return path


def test_a_picture_is_sent_as_it_is_stored_and_may_be_kept_for_ever(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["ETag"] == f'"{path.split("/")[2]}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"  # a sandboxed film is of another origin than its page
    assert {"Content-Disposition", "Set-Cookie", "Vary"} & {*answer.headers.keys()} == set()


def test_head_has_the_same_fields_and_no_body(client: FlaskClient, path: str) -> None:
    got, head = client.get(path), client.head(path, headers={"Range": "bytes=2-3"})

    assert (head.status_code, head.data) == (200, b"")
    assert {*head.headers} == {*got.headers}


@pytest.mark.parametrize("field", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_who_has_it_is_told_so(client: FlaskClient, path: str, field: str) -> None:
    answer = client.get(path, headers={"If-None-Match": field.format(path.split("/")[2]), "Range": "bytes=2-3"})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == f'"{path.split("/")[2]}"'
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("field", "first", "last"), [("bytes=2-5", 2, 5), ("bytes=10000-", 10000, 10239), ("bytes=-5", 10235, 10239)]
)
def test_a_part_is_sent_alone(client: FlaskClient, path: str, field: str, first: int, last: int) -> None:
    answer = client.get(path, headers={"Range": field})

    assert (answer.status_code, answer.data) == (206, CONTENT[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(last + 1 - first)
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_a_part_past_the_end_is_told_the_size(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Range": "bytes=10240-"})

    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */10240"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("field", ['"other"', 'W/"{}"', "Sat, 31 Oct 2026 12:00:00 GMT"])
def test_a_part_of_another_state_is_the_whole(client: FlaskClient, path: str, field: str) -> None:
    tag = path.split("/")[2]

    assert client.get(path, headers={"Range": "bytes=2-5", "If-Range": field.format(tag)}).status_code == 200
    assert client.get(path, headers={"Range": "bytes=2-5", "If-Range": f'"{tag}"'}).status_code == 206


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "text/javascript",
        "image/svg+xml",
        "application/pdf",
        "text/plain",
        "application/octet-stream",
        "image/x-icon",
    ],
)
def test_what_is_no_picture_and_no_film_is_for_saving(client: FlaskClient, served: Serve, kind: str) -> None:
    path = f"/{served('räume 1.bin', kind).path}"

    for answer in (client.get(path), client.get(path), client.get(path, headers={"Range": "bytes=0-1"})):
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "filename*=UTF-8''r%C3%A4ume%201.bin" in answer.headers["Content-Disposition"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", ["audio/mpeg", "video/mp4", "image/png", "image/webp", "image/avif", "image/gif"])
def test_pictures_sound_and_films_are_shown(client: FlaskClient, served: Serve, kind: str) -> None:
    assert "Content-Disposition" not in client.get(f"/{served('a.bin', kind).path}").headers


def test_another_name_leads_to_the_right_one(client: FlaskClient, served: Serve) -> None:
    found = served()

    answer = client.get(f"/media/{found.hash}/other.jpg")

    assert (answer.status_code, answer.headers["Location"]) == (301, f"http://blog.example/{found.path}")


@pytest.mark.parametrize("path", ["/media/{}/roof.jpg", "/media/x/roof.jpg", "/media/{}", "/media/"])
def test_what_is_not_there_is_not_found(client: FlaskClient, served: Serve, path: str) -> None:
    served()

    assert client.get(path.format("0" * 32)).status_code == 404


def test_only_reading_is_possible(client: FlaskClient, path: str) -> None:
    assert client.post(path).status_code == 405


def test_a_smaller_copy_is_served_too(client: FlaskClient, services: WebServices, tmp_path: Path) -> None:
    found = picture()
    with services.database.write() as connection:
        store.enter(connection, found)
    (tmp_path / "copy").write_bytes(b"x" * 400)
    services.media_files.put(found.copies[0].hash, found.copies[0].name, tmp_path / "copy")

    assert client.get(f"/{found.copies[0].path}").data == b"x" * 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_was_removed_is_gone_in_processes_that_knew_it(
    client: FlaskClient, services: WebServices, path: str, method: str
) -> None:
    _, _, hash_, name = path.split("/")
    with services.database.write() as connection:
        store.remove(connection, hash_)
    services.media_files.remove(hash_, name)

    assert client.open(path, method=method).status_code == 404


def test_files_stand_below_the_path_of_the_site(assemble: Assemble, settings: Settings, tmp_path: Path) -> None:
    services = assemble(replace(settings, site=SiteSettings(url="http://blog.example/notes")))
    path = serve(services, CONTENT, "roof.jpg", "image/jpeg", tmp_path).path
    client = Closing(create_app(services=services))

    for _ in range(2):
        assert client.get(f"/notes/{path}").data == CONTENT
        assert client.get(f"/{path}").status_code == 404


class Away:
    """A store that does not answer."""

    def open(self, *_: object) -> Reader:
        raise MediaStoreError("s3://bucket: no route to host")

    def size(self, *_: object) -> int | None:
        raise MediaStoreError("s3://bucket: no route to host")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_while_the_store_is_away_clients_are_told_to_come_again(
    client: FlaskClient,
    services: WebServices,
    path: str,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(services.media_responder, "_files", Away())

    answer = client.open(path, method=method)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    assert "no route to host" in caplog.text
    assert "bucket" not in answer.text


def test_a_file_is_read_in_pieces(app: Flask, served: Serve) -> None:
    path = f"/{served(content=bytes(300_000)).path}"

    for _ in range(2):
        answer = FlaskClient(app).get(path)
        pieces = [len(piece) for piece in answer.iter_encoded()]
        answer.close()
        assert (sum(pieces), max(pieces)) == (300_000, 65_536)
