"""Signing in at the desk, and what is refused there."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.errors import TooManyAtOnce
from feedserver.services import WebServices
from feedserver.settings import Settings, SiteSettings
from tests.desk.conftest import PASSWORD, form
from tests.support.fixtures import Assemble
from tests.support.outside import Clock

SITE = "http://blog.example"


def sign_in(client: FlaskClient, password: str = PASSWORD, **fields: str) -> Any:
    return client.post("/desk/sign-in", data={"name": "ann", "password": password, **fields})


@pytest.fixture
def elsewhere(app: Flask, ann: FlaskClient) -> FlaskClient:
    """A browser in which nobody is signed in, while ann has an account."""
    return app.test_client()


# --- links ---


def test_the_form_under_a_link_sets_a_password_and_signs_in(client: FlaskClient, welcome: str) -> None:
    page = client.get(welcome)
    assert page.status_code == 200
    assert client.head(welcome).status_code == 200  # which uses nothing up
    fields = form(page, "").fields
    assert list(fields) == ["password"]

    done = client.post(welcome, data={"password": PASSWORD})

    assert (done.status_code, done.location) == (303, f"{SITE}/desk")
    assert client.get("/desk/account").status_code == 200


@pytest.mark.parametrize("link", ["used", "invented"])
def test_a_link_that_has_ended_answers_410(ann: FlaskClient, welcome: str, link: str) -> None:
    path = welcome if link == "used" else "/desk/welcome/invented"

    assert ann.get(path).status_code == 410
    assert ann.post(path, data={"password": PASSWORD}).status_code == 410


def test_a_link_that_another_request_uses_meanwhile_answers_410(
    client: FlaskClient, welcome: str, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = type(services.signing_in.hasher)
    slot = slots.slot

    def used_meanwhile(*_: object) -> None:
        monkeypatch.setattr(slots, "slot", slot)
        assert client.post(welcome, data={"password": PASSWORD}).status_code == 303
        raise TooManyAtOnce

    monkeypatch.setattr(slots, "slot", used_meanwhile)

    assert client.post(welcome, data={"password": PASSWORD}).status_code == 410


def test_a_short_password_is_told_and_leaves_the_link_good(client: FlaskClient, welcome: str) -> None:
    refused = client.post(welcome, data={"password": "eleven char"})

    assert refused.status_code == 400
    assert "at least 12 characters" in refused.text
    assert "Set-Cookie" not in refused.headers
    assert client.post(welcome, data={"password": PASSWORD}).status_code == 303


def test_the_first_person_chooses_a_name(client: FlaskClient, services: WebServices) -> None:
    path = f"/desk/welcome/{services.accounts.first_link()}"
    assert set(form(client.get(path), "").fields) == {"name", "password"}
    assert client.post(path, data={"name": "", "password": PASSWORD}).status_code == 400

    assert client.post(path, data={"name": "Ann", "password": PASSWORD}).status_code == 303
    assert "Ann" in client.get("/desk/account").text


# --- signing in and out ---


def test_a_page_leads_to_the_form_and_back(elsewhere: FlaskClient) -> None:
    led = elsewhere.get("/desk/account?a=1&b=%C3%A9")
    assert (led.status_code, led.location) == (
        303,
        f"{SITE}/desk/sign-in?next=%2Fdesk%2Faccount%3Fa%3D1%26b%3D%25C3%25A9",
    )

    fields = form(elsewhere.get(led.location), "/desk/sign-in").fields
    assert list(fields) == ["name", "password", "code", "next"]
    done = elsewhere.post("/desk/sign-in", data={**fields, "name": "ann", "password": PASSWORD})

    assert (done.status_code, done.location) == (303, f"{SITE}/desk/account?a=1&b=%C3%A9")
    assert elsewhere.get("/desk/account").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example/desk", "/posts/x"])
def test_nobody_is_led_out_of_the_desk(elsewhere: FlaskClient, path: str) -> None:
    assert sign_in(elsewhere, next=path).location == f"{SITE}/desk"
    assert elsewhere.get("/desk/sign-in", query_string={"next": path}).location == f"{SITE}/desk"


def test_the_cookie_is_for_this_site_alone_and_new_at_each_sign_in(elsewhere: FlaskClient) -> None:
    first, second = (sign_in(elsewhere).headers["Set-Cookie"] for _ in range(2))

    assert first.partition(";")[0] != second.partition(";")[0]
    name, *attributes = first.split("; ")
    assert name.startswith("feedserver=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax", f"Max-Age={30 * 86_400}"} <= set(attributes)
    assert "Secure" not in attributes


def test_by_https_the_cookie_is_secure_and_of_this_host(settings: Settings, assemble: Assemble) -> None:
    services = assemble(replace(settings, site=SiteSettings(url="https://blog.example/below")))
    client = create_app(services=services).test_client()
    services.accounts.add("ann")
    path = f"/below/desk/welcome/{services.accounts.link('ann')}"

    done = client.post(path, data={"password": PASSWORD}, base_url="https://blog.example")

    cookie = done.headers["Set-Cookie"]
    assert cookie.startswith("__Host-feedserver=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert done.location == "https://blog.example/below/desk"
    assert client.get("/below/desk/account", base_url="https://blog.example").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"password": "not the password"}, {"name": "bob", "password": PASSWORD}, {"password": "", "name": ""}, {}],
)
def test_wrong_ones_get_403_with_the_same_words(elsewhere: FlaskClient, fields: dict[str, str]) -> None:
    refused = elsewhere.post("/desk/sign-in", data={"name": "ann", **fields})

    assert refused.status_code == 403
    assert "The name, the password or the code is not right." in refused.text
    assert "Set-Cookie" not in refused.headers


def test_after_ten_wrong_ones_it_is_said_when_to_come_back(elsewhere: FlaskClient) -> None:
    away = {"REMOTE_ADDR": "198.51.100.9"}
    for _ in range(10):
        assert elsewhere.post("/desk/sign-in", data={"name": "ann"}, environ_base=away).status_code == 403

    refused = elsewhere.post("/desk/sign-in", data={"name": "ann", "password": PASSWORD}, environ_base=away)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert sign_in(elsewhere).status_code == 303  # from where ann has signed in


def test_while_all_slots_are_taken_it_is_said_to_come_back(
    elsewhere: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedserver.accounts.passwords._WAIT", 0.01)
    hasher = services.signing_in.hasher
    with hasher.slot(), hasher.slot():
        refused = sign_in(elsewhere)

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert sign_in(elsewhere).status_code == 303


def test_signing_out_ends_the_session(ann: FlaskClient, app: Flask) -> None:
    (cookie,) = [value for name, value in ann.get("/desk/account").request.headers if name == "Cookie"]
    fields = form(ann.get("/desk/account"), "/desk/sign-out").fields

    done = ann.post("/desk/sign-out", data=fields)

    assert (done.status_code, done.location) == (303, f"{SITE}/desk/sign-in?done=signed-out")
    assert "feedserver=;" in done.headers["Set-Cookie"]
    assert "You are signed out." in ann.get("/desk/sign-in?done=signed-out").text
    assert app.test_client().get("/desk/account", headers={"Cookie": cookie}).status_code == 303


def test_a_session_that_is_used_gets_its_cookie_anew(ann: FlaskClient, clock: Clock) -> None:
    assert "Set-Cookie" not in ann.get("/desk/account").headers
    clock.move(minutes=2)

    assert f"Max-Age={30 * 86_400}" in ann.get("/desk/account").headers["Set-Cookie"]


# --- what is refused ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_forms_of_other_sites_do_nothing_and_nothing_is_kept_of_them(
    ann: FlaskClient, elsewhere: FlaskClient, headers: dict[str, str]
) -> None:
    fields = form(ann.get("/desk/account"), "/desk/sign-out").fields
    for client, path in ((ann, "/desk/sign-out"), (elsewhere, "/desk/sign-in"), (elsewhere, "/desk/account/apps")):
        refused = client.post(
            path, data={**fields, "name": "ann", "password": PASSWORD, "app": "words"}, headers=headers
        )
        assert refused.status_code == 403
        assert "words" not in refused.text
        assert "Set-Cookie" not in refused.headers

    assert ann.get("/desk/account").status_code == 200


@pytest.mark.parametrize("token", [None, "", "invented", "é"])
def test_a_form_needs_the_token_of_its_session(ann: FlaskClient, token: str | None) -> None:
    refused = ann.post("/desk/sign-out", data={} if token is None else {"form_token": token})

    assert refused.status_code == 403
    assert form(refused, "/desk/sign-in").fields["next"] == "/desk/sign-out"
    assert ann.get("/desk/account").status_code == 200


def test_the_token_of_a_former_session_is_none(ann: FlaskClient) -> None:
    fields = form(ann.get("/desk/account"), "/desk/sign-out").fields
    sign_in(ann)

    assert ann.post("/desk/sign-out", data=fields).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/desk/sign-in", 200),
        ("/desk/account", 303),
        ("/desk/nothing", 404),
        ("/desk//account", 301),
        ("/desk/account/", 301),
        ("/desk/account/password", 405),
        ("/desk/welcome/invented", 410),
        ("/desk/\x1f", 404),
        ("/desk/%2e%2e/desk/x", 404),
    ],
)
def test_no_answer_below_the_desk_is_stored_or_listed(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert answer.headers.getlist("Cache-Control") == ["no-store"]
    assert answer.headers.getlist("X-Robots-Tag") == ["noindex"]


def test_other_answers_may_be(client: FlaskClient) -> None:
    for path in ("/", "/deskx", "/posts/desk"):
        assert "X-Robots-Tag" not in client.get(path).headers


def test_pages_let_nothing_in_from_elsewhere_and_stand_in_no_frame(client: FlaskClient) -> None:
    headers = client.get("/desk/sign-in").headers

    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' http://blog.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "same-origin"


def test_nothing_public_links_to_the_desk(client: FlaskClient) -> None:
    for path in ("/", "/archive", "/feeds", "/sitemap.xml", "/nothing"):
        assert "desk" not in client.get(path).text


def test_stylesheet_and_script_may_be_stored(ann: FlaskClient) -> None:
    path = ann.get("/desk/account").text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]

    with ann.get(path) as sheet:
        assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
        assert "max-age=31536000" in sheet.headers["Cache-Control"]


def test_sentences_of_others_stand_in_no_page(client: FlaskClient) -> None:
    assert "Pay here" not in client.get("/desk/sign-in?done=Pay%20here").text
