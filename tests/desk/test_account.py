"""The page of the own account."""

import re
from contextlib import suppress

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedserver.accounts import totp
from feedserver.accounts.model import Account, Session
from feedserver.accounts.own_account import OwnAccount
from feedserver.errors import AccountNotFound
from feedserver.services import WebServices
from tests.desk.conftest import PASSWORD, filled, form, forms
from tests.support.outside import Clock

NEW = "another long password"
KEY = re.compile(r'<code class="key">([^<]+)</code>')


@pytest.fixture
def other(app: Flask, ann: FlaskClient) -> FlaskClient:
    """Another browser in which ann is signed in."""
    browser = app.test_client()
    signed_in = browser.post(
        "/desk/sign-in", data={"name": "ann", "password": PASSWORD}, headers={"User-Agent": "Other <b>browser</b>"}
    )
    assert signed_in.status_code == 303
    return browser


def sent(client: FlaskClient, action: str, **typed: str) -> tuple[int, str]:
    """Sends a form of the page; returns the status, and where it leads or what it shows."""
    fields = filled(form(client.get("/desk/account"), action).fields, typed)
    done = client.post(f"/desk{action}", data=fields)
    return done.status_code, (done.location or done.text).removeprefix("http://blog.example")


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/desk/account").status_code == 200


def test_an_account_that_is_removed_during_a_request_leads_to_the_sign_in_form(
    ann: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = form(ann.get("/desk/account"), "/account/password").fields | {"password": "wrong", "new_password": NEW}
    account = OwnAccount.account

    def removed_just_before(own: OwnAccount, session: Session) -> Account:
        with suppress(AccountNotFound):
            services.accounts.remove("ann")
        return account(own, session)

    monkeypatch.setattr(OwnAccount, "account", removed_just_before)

    for answer in (ann.post("/desk/account/password", data=fields), ann.get("/desk/account")):
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "http://blog.example/desk/sign-in")


# --- password ---


def test_a_new_password_ends_all_other_sessions(ann: FlaskClient, other: FlaskClient) -> None:
    assert sent(ann, "/account/password", password=PASSWORD, new_password=NEW) == (303, "/desk/account?done=password")

    assert is_signed_in(ann)
    assert not is_signed_in(other)
    assert other.post("/desk/sign-in", data={"name": "ann", "password": PASSWORD}).status_code == 403
    assert other.post("/desk/sign-in", data={"name": "ann", "password": NEW}).status_code == 303


def test_the_present_password_is_asked_ten_times(ann: FlaskClient) -> None:
    for _ in range(10):
        assert sent(ann, "/account/password", password="wrong", new_password=NEW)[0] == 403

    assert sent(ann, "/account/password", password=PASSWORD, new_password=NEW)[0] == 429


def test_a_short_password_is_told_before_anything_is_asked(ann: FlaskClient) -> None:
    status, page = sent(ann, "/account/password", password="", new_password="short")

    assert status == 400
    assert "at least 12 characters; these are 5." in page


# --- second factor ---


def turn_on(client: FlaskClient, clock: Clock) -> tuple[str, list[str]]:
    """Turns the second factor on; returns its key, and the recovery codes."""
    key = form(client.get("/desk/account"), "/account/second-factor").fields["key"]
    fields = filled(form(client.get("/desk/account"), "/account/second-factor").fields, {"key": key})
    page = client.post(
        "/desk/account/second-factor", data=filled(fields, {"code": totp.code_of(key, totp.step_at(clock()))})
    )
    assert page.status_code == 200
    clock.move(seconds=30)
    return key, KEY.findall(page.text)


def test_a_key_is_shown_in_groups_and_as_an_address(ann: FlaskClient) -> None:
    page = ann.get("/desk/account")
    key = form(page, "/account/second-factor").fields["key"]

    assert KEY.findall(page.text) == [totp.grouped(key)]
    assert f'href="otpauth://totp/Example%20Blog%3Aann?secret={key}&amp;issuer=Example%20Blog"' in page.text


def test_a_right_code_turns_it_on_and_recovery_codes_are_shown_once(ann: FlaskClient, clock: Clock) -> None:
    key, codes = turn_on(ann, clock)

    assert len(codes) == 10
    page = ann.get("/desk/account")
    assert not any(code in page.text for code in codes)
    assert key not in page.text
    assert "10 recovery codes are left." in page.text


def test_a_wrong_code_keeps_the_key_to_try_again(ann: FlaskClient, services: WebServices) -> None:
    key = form(ann.get("/desk/account"), "/account/second-factor").fields["key"]
    status, page = sent(ann, "/account/second-factor", key=key, code="000000")

    assert status == 403
    assert totp.grouped(key) in page
    assert not services.accounts.listed()[0].totp


@pytest.mark.parametrize("key", ["", "AAAA", "a" * 32, "not base32 at all"])
def test_a_key_that_was_not_made_here_is_none(ann: FlaskClient, key: str) -> None:
    assert sent(ann, "/account/second-factor", key=key, code="000000")[0] == 403


def test_it_is_turned_off_with_the_password(ann: FlaskClient, services: WebServices, clock: Clock) -> None:
    turn_on(ann, clock)
    assert sent(ann, "/account/second-factor/off", password="wrong")[0] == 403
    assert services.accounts.listed()[0].totp

    assert sent(ann, "/account/second-factor/off", password=PASSWORD)[0] == 303
    assert not services.accounts.listed()[0].totp


def test_it_cannot_be_exchanged_while_it_is_on(ann: FlaskClient, clock: Clock) -> None:
    fields = form(ann.get("/desk/account"), "/account/second-factor").fields
    turn_on(ann, clock)

    code = totp.code_of(fields["key"], totp.step_at(clock()))
    assert ann.post("/desk/account/second-factor", data=filled(fields, {"code": code})).status_code == 403


# --- sessions ---


def test_sessions_are_listed_and_ended_one_by_one(ann: FlaskClient, other: FlaskClient) -> None:
    page = ann.get("/desk/account")
    assert "Other &lt;b&gt;browser&lt;/b&gt;" in page.text
    number = re.search(r'name="session" value="(\d+)"', page.text)
    assert number

    assert sent_with_button(ann, "session", number[1]) == 303
    assert is_signed_in(ann)
    assert not is_signed_in(other)


def test_all_others_are_ended_at_once(ann: FlaskClient, other: FlaskClient) -> None:
    assert sent_with_button(ann, "session", "others") == 303

    assert is_signed_in(ann)
    assert not is_signed_in(other)


def test_sessions_of_others_cannot_be_ended(ann: FlaskClient, app: Flask, services: WebServices) -> None:
    bob = app.test_client()
    bob.post(f"/desk/welcome/{services.accounts.add('bob')}", data={"password": PASSWORD})
    number = number_of_session(services, ann)
    fields = forms(bob.get("/desk/account"))[0].fields
    for which in (number, "9" * 30, "x", ""):
        assert bob.post("/desk/account/sessions", data=filled(fields, {"session": which})).status_code == 303

    assert is_signed_in(ann)


def number_of_session(services: WebServices, client: FlaskClient) -> str:
    cookie = client.get_cookie("feedserver")
    assert cookie
    session = services.signing_in.session_of(cookie.value)
    assert session
    return str(session.id)


def sent_with_button(client: FlaskClient, name: str, value: str) -> int:
    fields = forms(client.get("/desk/account"))[0].fields
    return client.post("/desk/account/sessions", data=filled(fields, {name: value})).status_code


# --- apps ---


def test_a_token_is_shown_once_and_writes_until_it_is_ended(ann: FlaskClient, services: WebServices) -> None:
    status, page = sent(ann, "/account/apps", app="MarsEdit")
    assert status == 200
    (token,) = KEY.findall(page)
    taken = services.apps.take(token, "192.0.2.7")
    assert (taken.account, taken.name) == ("ann", "MarsEdit")
    shown = ann.get("/desk/account").text
    assert "MarsEdit" in shown
    assert token not in shown

    fields = filled(forms(ann.get("/desk/account"))[0].fields, {"id": str(taken.id)})
    assert ann.post("/desk/account/apps/end", data=fields).status_code == 303
    assert services.apps.listed() == []


@pytest.mark.parametrize(("name", "status"), [("", 400), ("x" * 65, 400), ("MarsEdit", 409)])
def test_a_name_that_cannot_be_is_told_and_stays_in_its_form(
    ann: FlaskClient, services: WebServices, name: str, status: int
) -> None:
    services.apps.add("MarsEdit", "ann", ["create"])
    fields = form(ann.get("/desk/account"), "/account/apps").fields
    fields.setlist("scope", ["draft", "everything"])

    page = ann.post("/desk/account/apps", data=filled(fields, {"app": name}))

    assert page.status_code == status
    again = form(page, "/account/apps").fields
    assert (again["app"], again.getlist("scope")) == (name, ["draft"])


def test_tokens_of_others_are_neither_shown_nor_ended(ann: FlaskClient, services: WebServices) -> None:
    services.accounts.add("bob")
    made, _ = services.apps.create("bob", "Quill of bob", ["create"])

    assert "Quill of bob" not in ann.get("/desk/account").text
    fields = filled(forms(ann.get("/desk/account"))[0].fields, {"id": str(made.id)})
    ann.post("/desk/account/apps/end", data=fields)
    assert services.apps.listed()


def test_an_account_that_was_removed_is_signed_out(ann: FlaskClient, services: WebServices) -> None:
    services.accounts.remove("ann")

    assert ann.get("/desk/account").status_code == 303
