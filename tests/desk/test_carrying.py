"""Texts that were typed survive: the session that ends, wrong passwords, a database that is away."""

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse, stream_encode_multipart

from feedserver.accounts import totp
from feedserver.desk.frame import MAX_FORM
from feedserver.request_body import FORM
from feedserver.services import WebServices
from tests.desk.conftest import PASSWORD, filled, form
from tests.support.outside import Clock

TEXT = '\n Zwei\n\n"Wörter" & <b>1</b>, \U0001f980 \n'
AWAY = {"REMOTE_ADDR": "198.51.100.9"}


@pytest.fixture
def typed(ann: FlaskClient, clock: Clock) -> MultiDict[str, str]:
    """A form with text, whose session has ended since."""
    typed = form(ann.get("/desk/account"), "/desk/account/apps").fields
    typed["app"] = TEXT
    clock.move(days=30)
    return typed


def signed_in_again(ann: FlaskClient, kept: MultiDict[str, str], **fields: str) -> MultiDict[str, str]:
    """Signs in with what the sign-in form has kept; returns the form that is shown then."""
    page = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD, **fields}))
    assert page.status_code == 200
    return form(page, "/desk/account/apps").fields


def test_a_form_whose_session_has_ended_is_filled_in_again_after_signing_in(
    ann: FlaskClient, typed: MultiDict[str, str], services: WebServices
) -> None:
    refused = ann.post("/desk/account/apps", data=typed)
    assert refused.status_code == 403
    assert "Nothing was done." in refused.text

    again = signed_in_again(ann, form(refused, "/desk/sign-in").fields)

    assert again["app"] == TEXT
    assert again.getlist("scope") == typed.getlist("scope")
    assert again["form_token"] != typed["form_token"]
    assert services.apps.listed() == []  # nothing was done
    again["app"] = "an app"
    assert ann.post("/desk/account/apps", data=again).status_code == 200


def test_nothing_of_it_is_stored(ann: FlaskClient, typed: MultiDict[str, str], services: WebServices) -> None:
    before = services.database.writes
    ann.post("/desk/account/apps", data=typed)

    assert services.database.writes == before


def test_it_survives_wrong_passwords_a_wrong_code_and_a_long_wait(
    ann: FlaskClient, typed: MultiDict[str, str], services: WebServices, clock: Clock
) -> None:
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields
    for _ in range(10):
        refused = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann"}), environ_base=AWAY)
        assert refused.status_code == 403
        kept = form(refused, "/desk/sign-in").fields
    refused = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}), environ_base=AWAY)
    assert refused.status_code == 429
    clock.move(minutes=15)

    assert signed_in_again(ann, form(refused, "/desk/sign-in").fields)["app"] == TEXT


def test_it_survives_while_all_slots_are_taken(
    ann: FlaskClient, typed: MultiDict[str, str], services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedserver.accounts.passwords._WAIT", 0.01)
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields
    hasher = services.signing_in.hasher
    with hasher.slot(), hasher.slot():
        refused = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))

    assert refused.status_code == 503
    assert signed_in_again(ann, form(refused, "/desk/sign-in").fields)["app"] == TEXT


def test_it_survives_a_missing_code_of_the_second_factor(ann: FlaskClient, services: WebServices, clock: Clock) -> None:
    fields = form(ann.get("/desk/account"), "/desk/account/second-factor").fields
    key = fields["key"]
    ann.post("/desk/account/second-factor", data=filled(fields, {"code": totp.code_of(key, totp.step_at(clock()))}))
    typed = filled(form(ann.get("/desk/account"), "/desk/account/apps").fields, {"app": TEXT})
    clock.move(days=30)
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields
    refused = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))
    assert refused.status_code == 403

    code = totp.code_of(key, totp.step_at(clock()))
    assert signed_in_again(ann, form(refused, "/desk/sign-in").fields, code=code)["app"] == TEXT


@pytest.mark.one_database
def test_as_much_as_a_form_may_have_survives(ann: FlaskClient, typed: MultiDict[str, str]) -> None:
    typed["app"] = ""
    typed["app"] = "x" * (MAX_FORM - len(urlencode(list(typed.items(multi=True)))))
    assert len(urlencode(list(typed.items(multi=True)))) == MAX_FORM
    refused = ann.post("/desk/account/apps", data=typed)
    assert refused.status_code == 403

    page = send(
        ann, "/desk/sign-in", filled(form(refused, "/desk/sign-in").fields, {"name": "ann", "password": PASSWORD})
    )

    assert form(page, "/desk/account/apps").fields["app"] == typed["app"]


@pytest.mark.one_database
def test_eight_megabytes_of_it_survive(ann: FlaskClient, typed: MultiDict[str, str]) -> None:
    typed["app"] = ("é" * 79 + "\n") * 50_000  # of two bytes each, so nearly as many as a form may have
    refused = send(ann, "/desk/account/apps", typed)
    assert refused.status_code == 403
    kept = filled(form(refused, "/desk/sign-in").fields, {"name": "ann", "password": PASSWORD})

    page = send(ann, "/desk/sign-in", kept)

    assert page.status_code == 200
    assert form(page, "/desk/account/apps").fields["app"] == typed["app"]


@pytest.mark.one_database
def test_a_longer_form_is_refused(ann: FlaskClient, typed: MultiDict[str, str]) -> None:
    typed["app"] = "x" * MAX_FORM

    assert ann.post("/desk/account/apps", data=typed).status_code == 413


@pytest.mark.one_database
def test_a_form_of_very_many_fields_is_not_read(ann: FlaskClient) -> None:
    assert ann.post("/desk/account/apps", data="a=1&" * 1_000, content_type=FORM).status_code == 413
    assert ann.post("/desk/account/apps", data="a=1&" * 900, content_type=FORM).status_code == 403


@pytest.mark.one_database
def test_of_strangers_64_mebibytes_of_long_forms_are_taken_a_minute(
    ann: FlaskClient, clock: Clock, typed: MultiDict[str, str]
) -> None:
    typed["app"] = "x" * 140_000
    for _ in range(30):
        assert ann.post("/desk/account/apps", data=typed).status_code == 403, "nobody's text is lost"
    longest = filled(typed, {"app": "x" * 8_300_000})
    for _ in range(7):
        assert send(ann, "/desk/account/apps", longest).status_code == 403
    refused = send(ann, "/desk/account/apps", longest)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert ann.post("/desk/account/apps", data=filled(typed, {"app": "short"})).status_code == 403

    assert ann.post("/desk/account/apps", data=typed, environ_base=AWAY).status_code == 403
    clock.move(minutes=1)
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields
    assert signed_in_again(ann, kept)["app"] == typed["app"]


def test_passwords_are_carried_nowhere(ann: FlaskClient, clock: Clock) -> None:
    fields = form(ann.get("/desk/account"), "/desk/account/password").fields
    clock.move(days=30)

    refused = ann.post(
        "/desk/account/password", data=filled(fields, {"password": PASSWORD, "new_password": "another one"})
    )

    assert refused.status_code == 403
    assert PASSWORD not in refused.text
    done = ann.post(
        "/desk/sign-in", data=filled(form(refused, "/desk/sign-in").fields, {"name": "ann", "password": PASSWORD})
    )
    assert (done.status_code, done.location) == (303, "http://blog.example/desk/account")  # the page near by


@pytest.mark.parametrize("path", ["/desk/account/sessions", "/posts/x", "//evil.example", "/desk/nothing"])
def test_a_text_whose_form_is_not_there_after_signing_in_stands_in_the_page_to_be_copied(
    ann: FlaskClient, typed: MultiDict[str, str], path: str
) -> None:
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields

    page = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD, "next": path}))

    assert (page.status_code, "What you have written" in page.text) == (404, True)
    assert str(escape(TEXT)) in page.text
    assert (PASSWORD in page.text, typed["form_token"] in page.text) == (False, False)
    assert ann.get("/desk/account").status_code == 200, "the session has begun"


def test_a_text_for_a_post_that_is_not_there_stands_in_the_page_to_be_copied(ann: FlaskClient, clock: Clock) -> None:
    fields = {**form(ann.get("/desk/posts/new"), "/posts/new").fields, "do": "update", "body": TEXT}

    page = ann.post("/desk/posts/nothing/edit", data=fields)

    assert page.status_code == 404
    assert str(escape(TEXT)) in page.text
    assert (fields["form_token"] in page.text.partition("<h1>")[2], fields["submission"] in page.text) == (False, False)
    assert re.findall(r'<label for="written-\d">(\w+)<', page.text) == ["body"], "nobody has typed the rest"
    clock.move(days=31)
    kept = form(ann.post("/desk/posts/nothing/edit", data=fields), "/desk/sign-in").fields
    page = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))
    assert (page.status_code, str(escape(TEXT)) in page.text) == (404, True)


@pytest.mark.one_database
def test_of_a_form_that_is_refused_unread_no_page_holds_anything(ann: FlaskClient, typed: MultiDict[str, str]) -> None:
    typed["app"] = "x" * MAX_FORM
    kept = filled(typed, {f"kept-{name}": value for name, value in typed.items()})

    for page in (
        ann.post("/desk/posts/new", data={"body": TEXT}, headers={"Sec-Fetch-Site": "cross-site"}),
        ann.post("/desk/account/apps", data=typed),
        ann.post("/desk/sign-in", data=kept),
    ):
        assert page.status_code in (403, 413)
        assert "What you have written" not in page.text


def test_while_the_database_is_away_the_page_sends_it_once_more(
    ann: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = filled(form(ann.get("/desk/account"), "/desk/account/apps").fields, {"app": "an app"})
    with monkeypatch.context() as away:
        away.setattr(type(services.apps), "add", fail)
        refused = ann.post("/desk/account/apps", data=typed)
        assert ann.post("/desk/account/apps/end", data=typed).status_code == 303

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    again = form(refused, "/desk/account/apps")
    assert again.fields == typed
    assert ann.post("/desk/account/apps", data=again.fields).status_code == 200


@pytest.mark.parametrize("step", ["with_password", "session_of"])
def test_while_it_is_away_signing_in_keeps_what_was_carried_along(
    ann: FlaskClient, typed: MultiDict[str, str], services: WebServices, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields
    with monkeypatch.context() as away:
        away.setattr(type(services.signing_in), step, fail)
        refused = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert PASSWORD not in refused.text
    assert form(refused, "/desk/sign-in").fields["name"] == "ann"
    assert signed_in_again(ann, form(refused, "/desk/sign-in").fields)["app"] == TEXT


def test_while_it_is_away_a_form_that_is_carried_comes_back_as_that_of_signing_in(
    ann: FlaskClient, typed: MultiDict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = form(ann.post("/desk/account/apps", data=typed), "/desk/sign-in").fields
    with monkeypatch.context() as away:
        away.setattr("feedserver.desk.carrying.shown_again", fail)  # the session has begun
        refused = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))

    assert refused.status_code == 503
    assert signed_in_again(ann, form(refused, "/desk/sign-in").fields)["app"] == TEXT


@pytest.mark.one_database
def test_while_it_is_away_a_form_of_very_many_fields_is_not_read_either(
    ann: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(services.signing_in), "session_of", fail)

    assert ann.post("/desk/account/apps", data="a=1&" * 1_000, content_type=FORM).status_code == 503


def test_while_it_is_away_nobody_can_sign_in_and_the_page_says_so(
    ann: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(services.signing_in), "session_of", fail)

    page = ann.get("/desk/account")
    assert page.status_code == 503
    assert "One moment" in page.text


def send(client: FlaskClient, path: str, fields: MultiDict[str, str]) -> TestResponse:
    """Sends a form as multipart/form-data."""
    stream, _, boundary = stream_encode_multipart(fields, use_tempfile=False)
    return client.post(path, data=stream.read(), content_type=f"multipart/form-data; boundary={boundary}")


def fail(*_: object) -> None:
    raise OperationalError("SELECT 1", {}, Exception("the connection is closed"))
