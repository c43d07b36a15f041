"""From an app's question to its token, and the end of that (IndieAuth sections 5 to 7)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.accounts.apps import Apps as AppTokens
from feedserver.net.exchange import Response
from feedserver.services import WebServices
from tests.authoring.indieauth.asking_app import APP, VERIFIER, Apps, query, returned
from tests.desk.conftest import form
from tests.support.outside import Clock

SITE = "http://blog.example"
ME = f"{SITE}/"

Redeem = Callable[..., TestResponse]


def asked(browser: FlaskClient, **changes: str | None) -> TestResponse:
    return browser.get(f"/desk/authorize?{urlencode(query(**changes))}")


def decide(
    browser: FlaskClient, page: TestResponse, button: str = "allow", scopes: list[str] | None = None
) -> TestResponse:
    """Sends the form of the consent page; `scopes` are those that stay ticked."""
    sent = form(page, "/authorize/decision").fields
    if scopes is not None:
        sent.setlist("scope", scopes)
    return browser.post("/desk/authorize/decision", data={**sent.to_dict(flat=False), button: "1"})


def code_for(browser: FlaskClient, **changes: str | None) -> str:
    return returned(decide(browser, asked(browser, **changes)))["code"]


@pytest.fixture
def redeem(client: FlaskClient) -> Redeem:
    """Sends a code to the token endpoint, as the app that got it."""

    def send(code: str, path: str = "/indieauth/token", **changes: str | None) -> TestResponse:
        usual = {"grant_type": "authorization_code", "client_id": APP, "redirect_uri": f"{APP}cb", "code": code}
        sent = {**usual, "code_verifier": VERIFIER, **changes}
        return client.post(path, data={name: value for name, value in sent.items() if value is not None})

    return send


def test_an_app_gets_a_token_that_writes(
    apps: Apps, browser: FlaskClient, redeem: Redeem, client: FlaskClient, services: WebServices
) -> None:
    page = asked(browser)
    assert "My App" in page.text
    assert APP in page.text

    led = decide(browser, page)
    assert led.headers["Location"].startswith(f"{APP}cb?code=")
    answer = returned(led)
    assert (answer["state"], answer["iss"]) == ("of the app", ME)

    given = redeem(answer["code"])
    token = given.get_json()["access_token"]
    assert given.get_json() == {"access_token": token, "token_type": "Bearer", "scope": "create update", "me": ME}
    assert given.headers["Cache-Control"] == "no-store"

    made = client.post("/micropub", data={"content": "Hello"}, headers={"Authorization": f"Bearer {token}"})
    assert made.status_code == 201
    (listed,) = services.apps.listed()
    assert (listed.name, listed.account, listed.client_id) == ("app.example", "ann", APP)
    assert apps.asked == [APP]


def test_only_scopes_that_stay_ticked_are_given(apps: Apps, browser: FlaskClient, redeem: Redeem) -> None:
    led = decide(browser, asked(browser, scope="create update x-own"), scopes=["update", "x-own"])

    assert redeem(returned(led)["code"]).get_json()["scope"] == "update x-own"


@pytest.mark.one_database
def test_a_refusal_is_told(apps: Apps, browser: FlaskClient) -> None:
    assert returned(decide(browser, asked(browser), "refuse")) == {
        "error": "access_denied",
        "state": "of the app",
        "iss": ME,
    }


@pytest.mark.one_database
def test_who_is_not_signed_in_signs_in_first(app: Flask, apps: Apps) -> None:
    response = app.test_client().get(f"/desk/authorize?{urlencode(query())}")

    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{SITE}/desk/sign-in?next=")
    assert apps.asked == []


@pytest.mark.one_database
def test_the_public_address_leads_on_with_all_that_is_asked(client: FlaskClient) -> None:
    response = client.get("/indieauth/authorize?a=1&state=%26%20")

    assert (response.status_code, response.headers["Location"]) == (303, f"{SITE}/desk/authorize?a=1&state=%26%20")


@pytest.mark.one_database
def test_a_form_from_elsewhere_grants_nothing(apps: Apps, browser: FlaskClient, services: WebServices) -> None:
    sent = {**form(asked(browser), "/authorize/decision").fields.to_dict(), "allow": "1"}

    across = browser.post("/desk/authorize/decision", data=sent, headers={"Origin": "https://app.example"})
    forged = browser.post("/desk/authorize/decision", data={**sent, "form_token": "guessed"})

    assert (across.status_code, forged.status_code) == (403, 403)
    assert services.apps.listed() == []


@pytest.mark.one_database
@pytest.mark.parametrize(
    "changes", [{"client_id": None}, {"redirect_uri": None}, {"state": None}, {"scope": '"'}], ids=str
)
@pytest.mark.parametrize("button", ["allow", "refuse"])
def test_a_decision_that_no_page_of_ours_asks_for_leads_nowhere(
    apps: Apps, browser: FlaskClient, changes: dict[str, str | None], button: str
) -> None:
    sent = form(asked(browser), "/authorize/decision").fields.to_dict() | changes | {button: "1"}

    refused = browser.post("/desk/authorize/decision", data={name: text for name, text in sent.items() if text})

    assert (refused.status_code, "Location" in refused.headers) == (400, False)


# --- who cannot be sent an answer ---


@pytest.mark.one_database
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "https://10.0.0.1/"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": "otherapp://cb"},
        {"client_id": "https://unknown.example/", "redirect_uri": "https://elsewhere.example/cb"},
    ],
    ids=str,
)
def test_nobody_is_led_to_an_address_that_may_be_anybody_s(
    apps: Apps, browser: FlaskClient, changes: dict[str, str | None]
) -> None:
    page = asked(browser, **changes)

    assert page.status_code == 400
    assert "Location" not in page.headers
    assert "cannot be let in" in page.text
    assert f"<bdi>{changes.get('redirect_uri', f'{APP}cb') or '(no address)'}</bdi>" in page.text
    assert "feedserver app add NAME" in page.text


@pytest.mark.one_database
@pytest.mark.parametrize("uri", ["https://elsewhere.example/cb", "myapp://cb"])
def test_what_the_app_lists_is_led_to(apps: Apps, browser: FlaskClient, redeem: Redeem, uri: str) -> None:
    page = asked(browser, redirect_uri=uri)
    led = decide(browser, page)

    assert led.headers["Location"].startswith(f"{uri}?code=")
    assert redeem(returned(led)["code"], redirect_uri=uri).status_code == 200
    target = "https://elsewhere.example" if uri.startswith("https") else "myapp:"
    assert f"form-action 'self' {SITE} {target};" in page.headers["Content-Security-Policy"]


@pytest.mark.one_database
def test_an_app_that_cannot_be_read_is_shown_as_it_is(apps: Apps, browser: FlaskClient) -> None:
    page = asked(browser, client_id="https://unknown.example/x", redirect_uri="https://unknown.example/cb")

    assert page.status_code == 200
    assert '<h1>Let “<span dir="auto">https://unknown.example/x</span>” write here?' in page.text
    assert "says nothing of itself" in page.text


@pytest.mark.one_database
def test_another_host_cannot_speak_for_an_app(apps: Apps, browser: FlaskClient) -> None:
    page = Response("https://evil.example/", 200, (), b'<title>Evil</title><link rel=redirect_uri href="/cb">')
    apps.pages["https://open.example/?to=evil"] = page

    asked_ = asked(browser, client_id="https://open.example/?to=evil", redirect_uri="https://evil.example/cb")

    assert asked_.status_code == 400


@pytest.mark.one_database
def test_the_site_does_not_ask_itself(apps: Apps, browser: FlaskClient) -> None:
    asked(browser, client_id=f"{SITE}/", redirect_uri=f"{SITE}/cb")

    assert apps.asked == []


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"scope": '"'}, "invalid_scope"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_to_the_app(
    apps: Apps, browser: FlaskClient, changes: dict[str, str | None], error: str
) -> None:
    assert returned(asked(browser, **changes))["error"] == error


@pytest.mark.one_database
def test_hostile_words_of_an_app_stay_words(apps: Apps, browser: FlaskClient) -> None:
    evil = b"<div class=h-app><p class=p-name>&lt;script&gt;alert(1)&lt;/script&gt;</div>"
    apps.pages[APP] = Response(APP, 200, (("Content-Type", "text/html"),), evil)

    page = asked(browser, scope="create <script>", state='"><script>')

    assert "<script" not in page.text


# --- codes ---


@pytest.mark.one_database
@pytest.mark.parametrize(
    "changes",
    [
        {"code": "unknown"},
        {"client_id": "https://other.example/"},
        {"redirect_uri": f"{APP}other"},
        {"code_verifier": "y" * 43},
        {"code_verifier": None},
    ],
    ids=str,
)
def test_a_code_is_for_one_app_one_address_and_one_proof(
    apps: Apps, browser: FlaskClient, redeem: Redeem, changes: dict[str, str | None]
) -> None:
    code = code_for(browser)

    refused = redeem(changes.pop("code", code) or "", **changes)

    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_grant")
    assert redeem(code).status_code == 200


def test_a_code_that_is_used_twice_ends_the_token_of_its_first_use(
    apps: Apps, browser: FlaskClient, redeem: Redeem, services: WebServices
) -> None:
    code = code_for(browser)

    answers = [redeem(code) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 400, 400]
    assert services.apps.listed() == []


@pytest.mark.parametrize("end", ["revoked", "by number"])
def test_a_code_that_is_used_again_ends_no_token_but_its_own(
    apps: Apps, browser: FlaskClient, redeem: Redeem, client: FlaskClient, services: WebServices, end: str
) -> None:
    code = code_for(browser)
    token = redeem(code).get_json()["access_token"]
    if end == "revoked":
        client.post("/indieauth/revoke", data={"token": token})
    else:
        services.apps.end(services.apps.listed()[0].id)
    services.apps.create("ann", "Another", ["create"])

    assert redeem(code).status_code == 400
    assert [app.name for app in services.apps.listed()] == ["Another"]


@pytest.mark.one_database
def test_a_second_use_while_the_token_is_made_ends_it_too(
    apps: Apps, browser: FlaskClient, redeem: Redeem, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, make, again = code_for(browser), AppTokens.create, []

    def make_late(*args: Any, **values: Any) -> Any:
        again.append(redeem(code).status_code)
        return make(*args, **values)

    monkeypatch.setattr(AppTokens, "create", make_late)

    assert (redeem(code).status_code, again) == (400, [400])
    assert services.apps.listed() == []


@pytest.mark.parametrize(("minutes", "status"), [(9.9, 200), (10.1, 400), (60 * 25, 400)])
def test_a_code_is_good_for_ten_minutes(
    apps: Apps, browser: FlaskClient, redeem: Redeem, clock: Clock, minutes: float, status: int
) -> None:
    code = code_for(browser)
    clock.move(minutes=minutes)

    assert redeem(code).status_code == status


@pytest.mark.one_database
def test_a_code_that_a_wrong_clock_made_is_not_good(
    apps: Apps, browser: FlaskClient, redeem: Redeem, clock: Clock
) -> None:
    clock.move(days=3)
    code = code_for(browser)
    clock.move(days=-3)

    assert redeem(code).status_code == 400


@pytest.mark.one_database
def test_the_code_of_an_account_that_is_gone_is_not_good(
    apps: Apps, browser: FlaskClient, redeem: Redeem, services: WebServices
) -> None:
    code = code_for(browser)
    services.accounts.remove("ann")

    assert redeem(code).get_json()["error"] == "invalid_grant"


@pytest.mark.one_database
def test_another_account_of_the_same_name_gets_nothing_from_it(
    apps: Apps, browser: FlaskClient, redeem: Redeem, services: WebServices, clock: Clock
) -> None:
    code = code_for(browser)
    services.accounts.remove("ann")
    clock.move(minutes=1)
    services.accounts.add("Ann")

    assert redeem(code).get_json()["error"] == "invalid_grant"
    assert services.apps.listed() == []


@pytest.mark.one_database
def test_an_app_without_pkce_is_let_in_after_a_word(apps: Apps, browser: FlaskClient, redeem: Redeem) -> None:
    page = asked(browser, code_challenge=None, code_challenge_method=None)
    code = returned(decide(browser, page))["code"]

    assert "no PKCE challenge" in page.text
    assert "no PKCE challenge" not in asked(browser).text
    assert redeem(code, code_verifier="x" * 43).status_code == 400
    assert redeem(code, code_verifier=None).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "unsupported_grant_type"),
        (b"grant_type=refresh_token", "unsupported_grant_type"),
        (b"grant_type=authorization_code&code=x", "invalid_request"),
        (b"grant_type=authorization_code&code=x&code=y", "invalid_request"),
        (b"&".join(b"a%d=" % number for number in range(200)), "invalid_request"),
    ],
)
def test_a_form_that_cannot_be_read_is_told_so(client: FlaskClient, body: bytes, error: str) -> None:
    response = client.post("/indieauth/token", data=body, content_type="application/x-www-form-urlencoded")

    assert (response.status_code, response.get_json()["error"]) == (400, error)


# --- who the author is ---


@pytest.mark.one_database
def test_without_a_scope_an_app_learns_who_the_author_is_and_nothing_else(
    apps: Apps, browser: FlaskClient, redeem: Redeem
) -> None:
    code = code_for(browser, scope=None)

    assert redeem(code, "/indieauth/authorize").get_json() == {"me": ME}
    assert redeem(code_for(browser, scope=None)).get_json()["error"] == "invalid_grant"


@pytest.mark.one_database
def test_with_the_scope_profile_it_learns_a_name(
    apps: Apps, browser: FlaskClient, redeem: Redeem, client: FlaskClient
) -> None:
    profile = {"name": "Ann Author", "url": ME}
    given = redeem(code_for(browser, scope="profile create")).get_json()
    bearer = {"Authorization": f"Bearer {given['access_token']}"}

    assert redeem(code_for(browser, scope="profile"), "/indieauth/authorize").get_json() == {
        "me": ME,
        "profile": profile,
    }
    assert given["profile"] == profile
    assert client.get("/indieauth/userinfo", headers=bearer).get_json() == profile
    assert client.get("/indieauth/userinfo").status_code == 401


# --- the end of tokens ---


@pytest.mark.one_database
@pytest.mark.parametrize("how", [("/indieauth/revoke", {}), ("/indieauth/token", {"action": "revoke"})], ids=str)
def test_a_token_is_ended_and_nobody_learns_whether_there_was_one(
    apps: Apps, browser: FlaskClient, redeem: Redeem, client: FlaskClient, how: tuple[str, dict[str, str]]
) -> None:
    path, fields = how
    token = redeem(code_for(browser)).get_json()["access_token"]
    ask = {"Authorization": f"Bearer {token}"}

    assert client.get("/micropub?q=config", headers=ask).status_code == 200
    statuses = [client.post(path, data={**fields, "token": one}).status_code for one in (token, token, "unknown", "")]

    assert statuses == [200] * 4
    assert client.get("/micropub?q=config", headers=ask).status_code == 401


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"token": "%s"}', "application/json"),
        ("token=%s", "text/plain"),
        ("token=other&token=%s", "application/x-www-form-urlencoded"),
        (
            '--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n%s\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["JSON", "text", "twice", "parts"],
)
def test_a_token_is_ended_however_it_is_sent(
    apps: Apps, browser: FlaskClient, redeem: Redeem, client: FlaskClient, services: WebServices, body: str, kind: str
) -> None:
    token = redeem(code_for(browser)).get_json()["access_token"]

    assert client.post("/indieauth/revoke", data=body % token, content_type=kind).status_code == 200
    assert services.apps.listed() == []


@pytest.mark.one_database
@pytest.mark.parametrize(
    "body",
    [b"", b"[1]", b"{", b'{"token": 1}', b"\xff" * 9, b"token=a&" * 200, b"x" * 70_000],
    ids=lambda body: repr(body[:12]),
)
def test_what_names_no_token_is_no_error_for_who_ends_one(client: FlaskClient, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        assert client.post("/indieauth/revoke", data=body, content_type=kind).status_code == 200


@pytest.mark.one_database
def test_introspection_tells_a_token_to_whoever_has_a_good_one(
    apps: Apps, browser: FlaskClient, redeem: Redeem, client: FlaskClient, services: WebServices
) -> None:
    token = redeem(code_for(browser)).get_json()["access_token"]
    server = {"Authorization": f"Bearer {services.apps.create('ann', 'A server', ['create'])[1]}"}

    assert client.post("/indieauth/introspect", data={"token": token}).status_code == 401
    told = client.post("/indieauth/introspect", data={"token": token}, headers=server).get_json()
    assert told == {
        "active": True,
        "me": ME,
        "client_id": APP,
        "scope": "create update",
        "iat": int(services.clock().timestamp()),
    }
    own = client.get("/indieauth/token", headers={"Authorization": f"Bearer {token}"})
    assert own.get_json() == {"me": ME, "client_id": APP, "scope": "create update"}
    assert client.get("/indieauth/token").status_code == 401
    unknown = client.post("/indieauth/introspect", data={"token": "unknown"}, headers=server)
    assert unknown.get_json() == {"active": False}


# --- what apps find ---


@pytest.mark.one_database
def test_the_metadata_name_the_endpoints(client: FlaskClient) -> None:
    response = client.get("/.well-known/oauth-authorization-server")
    told = response.get_json()

    assert (told["issuer"], told["authorization_endpoint"]) == (ME, f"{SITE}/indieauth/authorize")
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    statuses = {"token": 415, "revocation": 200, "introspection": 401}
    for endpoint, status in statuses.items():
        assert client.post(told[f"{endpoint}_endpoint"].removeprefix(SITE)).status_code == status


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("path", "status"), [("/indieauth/token", 415), ("/indieauth/revoke", 200), ("/indieauth/authorize", 415)]
)
def test_scripts_of_any_site_may_use_them(client: FlaskClient, path: str, status: int) -> None:
    asked_, answer = client.options(path), client.post(path)

    assert (asked_.status_code, asked_.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
