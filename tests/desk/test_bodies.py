"""How long forms of the desk may be, and for whom."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, stream_encode_multipart

from feedserver.desk.bodies import rule_for
from feedserver.desk.frame import MAX_CARRYING, MAX_FORM
from feedserver.media import store as media
from feedserver.posts import store as posts
from feedserver.services import WebServices
from tests.desk.conftest import PASSWORD, filled, form
from tests.support.fixtures import Publish
from tests.support.outside import Clock


@pytest.fixture
def cookie(ann: FlaskClient) -> str:
    """The cookie of ann's session, as it is sent."""
    return next(value for name, value in ann.get("/desk/account").request.headers if name == "Cookie")


@pytest.mark.parametrize("length", ["", str(MAX_FORM + 1)], ids=["chunked", "long"])
@pytest.mark.one_database
def test_longer_bodies_are_taken_from_those_who_are_signed_in(services: WebServices, cookie: str, length: str) -> None:
    sent = {"CONTENT_LENGTH": length}

    assert rule_for(services, sent).max_bytes == MAX_CARRYING
    assert rule_for(services, sent | {"HTTP_COOKIE": "feedserver=invented"}).max_bytes == MAX_CARRYING
    signed_in = rule_for(services, sent | {"HTTP_COOKIE": cookie})
    assert signed_in.max_bytes == MAX_FORM + services.settings.media.largest
    assert signed_in.piece < MAX_FORM  # a least rate, no deadline for all of it


@pytest.mark.one_database
def test_nobody_is_asked_for_an_ordinary_form(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(services.signing_in), "session_of", lambda *_: pytest.fail("the database was asked"))

    assert (
        rule_for(services, {"CONTENT_LENGTH": str(MAX_FORM), "HTTP_COOKIE": "feedserver=x"}).max_bytes == MAX_CARRYING
    )


# --- what was typed beside files that are too large ---

NEW = "/desk/posts/new"
TEXT = '\n Zwei\n\n"Wörter" & <b>1</b>, \U0001f980 \n'
LARGE = 9_000_000  # bytes of a file: with it a form has more than 8 MiB


def send(ann: FlaskClient, path: str, fields: MultiDict[str, str], size: int = LARGE) -> TestResponse:
    """Sends a form with a file of this size where the form has it: before some of the fields."""
    sent = MultiDict[str, str | FileStorage](
        (name, FileStorage(BytesIO(b"\xff\xd8\xff" + b"x" * size), "roof.jpg", name) if name == "file" else value)
        for name, value in fields.items(multi=True)
    )
    stream, _, boundary = stream_encode_multipart(sent, use_tempfile=False)
    return ann.post(path, data=stream.read(), content_type=f"multipart/form-data; boundary={boundary}")


@pytest.fixture
def typed(ann: FlaskClient) -> MultiDict[str, str]:
    """A form of a new post, with texts before and after the place of its file."""
    fields = form(ann.get(NEW), NEW).fields
    names = list(fields)
    assert names.index("body") < names.index("file") < names.index("summary")
    return filled(fields, {"title": "T", "body": TEXT, "alt": "A roof", "summary": "Two words", "do": "publish"})


def assert_filled(page: TestResponse, typed: MultiDict[str, str]) -> None:
    shown = form(page, NEW).fields
    assert {name: shown[name] for name in ("title", "body", "alt", "summary")} == {
        name: typed[name] for name in ("title", "body", "alt", "summary")
    }


def stored(services: WebServices) -> tuple[int, int]:
    """How many posts and files there are."""
    with services.database.read() as connection:
        return len(posts.everything(connection)), len(media.everything(connection))


@pytest.mark.one_database
def test_a_text_beside_a_large_file_survives_the_end_of_the_session(
    ann: FlaskClient, services: WebServices, clock: Clock, typed: MultiDict[str, str]
) -> None:
    clock.move(days=31)

    refused = send(ann, NEW, typed)

    assert (refused.status_code, "Files have to be chosen anew." in refused.text) == (403, True)
    kept = filled(form(refused, "/desk/sign-in").fields, {"name": "ann", "password": PASSWORD})
    page = ann.post("/desk/sign-in", data=kept)
    assert (page.status_code, stored(services)) == (200, (0, 0))
    assert_filled(page, typed)


@pytest.mark.one_database
def test_it_survives_while_the_database_is_away(
    ann: FlaskClient, services: WebServices, typed: MultiDict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(type(services.signing_in), "session_of", fail)
        refused = send(ann, NEW, typed)
    assert (refused.status_code, "Files have to be chosen anew." in refused.text) == (503, True)

    page = ann.post(NEW, data=form(refused, NEW).fields)

    assert (page.status_code, stored(services)) == (200, (0, 0))
    assert_filled(page, typed)


@pytest.mark.one_database
@pytest.mark.parametrize("size", [2_000_000, LARGE + 1_000_000])
def test_it_survives_when_the_file_is_larger_than_files_may_be(
    ann: FlaskClient, services: WebServices, typed: MultiDict[str, str], publish: Publish, size: int
) -> None:
    object.__setattr__(services.settings.media, "largest", 1_000_000)
    object.__setattr__(services.library, "largest", 1_000_000)

    refused = send(ann, NEW, typed, size)

    assert (refused.status_code, stored(services)) == (422 if size < LARGE else 413, (0, 0))
    assert "1,000,000 bytes" in refused.text
    assert_filled(refused, typed)
    publish("A post", slug="p")
    fields = form(ann.get("/desk/posts/p/edit"), "/p/edit").fields
    refused = send(ann, "/desk/posts/p/edit", filled(fields, {"body": TEXT, "do": "update"}), size)
    assert form(refused, "/p/edit").fields["body"] == TEXT
    uploaded = form(ann.get("/desk/media"), "/desk/media").fields
    refused = send(ann, "/desk/media", filled(uploaded, {"alt": "A roof"}), size)
    assert (form(refused, "/desk/media").fields["alt"], stored(services)) == ("A roof", (1, 0))


@pytest.mark.one_database
def test_a_text_over_eight_mebibytes_beside_a_file_is_not_kept(
    ann: FlaskClient, clock: Clock, typed: MultiDict[str, str]
) -> None:
    clock.move(days=31)

    refused = send(ann, NEW, filled(typed, {"body": "word " * 2_000_000}))

    assert (refused.status_code, len(refused.data) < 30_000) == (413, True)


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/desk/sign-in", "/desk/account/apps", "/desk/nothing"])
def test_forms_that_take_no_files_do_nothing_without_those_that_were_sent(
    ann: FlaskClient, services: WebServices, typed: MultiDict[str, str], path: str
) -> None:
    object.__setattr__(services.settings.media, "largest", 1_000)
    fields = filled(typed, {"app": "an app", "name": "ann", "password": PASSWORD})

    assert send(ann, path, fields).status_code == (404 if path == "/desk/nothing" else 413)
    assert services.apps.listed() == []


def fail(*_: object) -> None:
    raise OperationalError("SELECT 1", {}, Exception("the connection is closed"))


@pytest.mark.one_database
def test_a_stranger_sends_64_mebibytes_of_them_a_minute_with_their_files(
    ann: FlaskClient, clock: Clock, typed: MultiDict[str, str]
) -> None:
    clock.move(days=31)

    assert [send(ann, NEW, typed).status_code for _ in range(8)] == [403] * 7 + [429]
