"""Who may write: tokens in headers and bodies, what they allow, and those who guess."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.formparser import FormDataParser

from feedserver.services import WebServices
from tests.authoring.micropub.client import App
from tests.support.outside import Clock

FORM = "application/x-www-form-urlencoded"
OUTSIDE = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.mark.one_database
def test_a_request_without_a_token_is_told_how_to_send_one(client: FlaskClient) -> None:
    response = client.get("/micropub?q=config")

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert response.get_json()["error"] == "unauthorized"


@pytest.mark.one_database
@pytest.mark.parametrize("header", ["Bearer nonsense", "bearer  nonsense", "Bearer ß"])
def test_a_wrong_one_is_unauthorized(client: FlaskClient, header: str) -> None:
    response = client.get("/micropub?q=config", headers={"Authorization": header})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.one_database
def test_no_token_is_taken_from_the_address(app_of_ann: App) -> None:
    nobody = replace(app_of_ann, token=None)

    assert nobody.query([("q", "config"), ("access_token", app_of_ann.token or "")]).status_code == 401
    assert nobody.form(f"/micropub?access_token={app_of_ann.token}", content="Hello").status_code == 401


@pytest.mark.one_database
def test_two_tokens_in_one_body_are_too_many(app_of_ann: App) -> None:
    body = f"content=Hello&access_token={app_of_ann.token}&access_token={app_of_ann.token}"

    assert app_of_ann.client.post("/micropub", data=body, content_type=FORM).status_code == 400


@pytest.mark.one_database
@pytest.mark.parametrize(
    "where",
    [
        lambda token: {"access_token": token},
        lambda token: {"properties": {"content": ["Hello"], "access_token": [token]}},
        lambda token: {"properties": {"content": ["Hello"]}, "access_token": [token]},
    ],
)
def test_a_token_in_json_must_be_that_of_the_header_and_is_not_stored(
    app_of_ann: App, where: Callable[[Any], dict[str, Any]]
) -> None:
    post = {"type": ["h-entry"], "properties": {"content": ["Hello"]}}

    for other in ("another", 1, None, ["x"]):
        assert app_of_ann.json(post | where(other)).status_code == 400
    assert app_of_ann.query([("q", "source")]).get_json()["items"] == []

    made = app_of_ann.json(post | where(app_of_ann.token))
    assert made.status_code == 201
    assert "access_token" not in app_of_ann.source(made.headers["Location"])


@pytest.mark.one_database
def test_so_must_one_in_an_update(app_of_ann: App) -> None:
    url = app_of_ann.create(content=["Hello"])

    assert app_of_ann.update(url, add={"access_token": ["another"], "category": ["x"]}).status_code == 400
    assert app_of_ann.json({"action": "delete", "url": url, "access_token": "another"}).status_code == 400
    assert "category" not in app_of_ann.source(url)


@pytest.mark.parametrize(
    ("scopes", "request_", "allowed"),
    [
        (["create"], {"h": "entry", "content": "x"}, True),
        (["draft"], {"h": "entry", "content": "x"}, True),
        (["update", "delete", "undelete", "media"], {"h": "entry", "content": "x"}, False),
        (["delete"], {"action": "delete"}, True),
        (["create", "draft", "update", "undelete", "media"], {"action": "delete"}, False),
        (["undelete"], {"action": "undelete"}, True),
        (["create", "draft", "update", "delete", "media"], {"action": "undelete"}, False),
    ],
)
def test_each_deed_needs_its_scope(
    app_of_ann: App, services: WebServices, scopes: list[str], request_: dict[str, str], allowed: bool
) -> None:
    url = app_of_ann.create(content=["Hello"])

    response = app_of_ann.with_scopes(services, *scopes).form(**request_, url=url)

    assert (response.status_code < 300) is allowed
    if not allowed:
        assert (response.status_code, response.get_json()["error"]) == (401, "insufficient_scope")
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_an_update_needs_its_scope(app_of_ann: App, services: WebServices) -> None:
    url = app_of_ann.create(content=["Hello"])
    others = app_of_ann.with_scopes(services, "create", "draft", "delete", "undelete", "media")

    assert others.update(url, replace={"content": ["New"]}).status_code == 401
    assert app_of_ann.with_scopes(services, "update").update(url, replace={"content": ["New"]}).status_code == 204


def test_what_readers_do_not_see_needs_a_scope(app_of_ann: App, services: WebServices) -> None:
    draft = app_of_ann.create(content=["Secret"], post_status=["draft"])
    later = app_of_ann.create(content=["Secret"], published=["2099-01-01"])
    app_of_ann.create(content=["Public"])
    narrow = app_of_ann.with_scopes(services, "create", "media")

    for url in (draft, later):
        assert narrow.query([("q", "source"), ("url", url)]).status_code == 401
    for scope in ("update", "draft"):
        assert app_of_ann.with_scopes(services, scope).source(draft)["content"] == ["Secret"]
    items = narrow.query([("q", "source")]).get_json()["items"]
    assert [item["properties"]["content"] for item in items] == [["Public"]]
    assert narrow.query([("q", "source"), ("post-status", "draft")]).status_code == 401


@pytest.mark.one_database
def test_after_thirty_wrong_tokens_right_ones_from_there_are_refused_too(app_of_ann: App, clock: Clock) -> None:
    client, wrong = app_of_ann.client, {"Authorization": "Bearer wrong"}
    half = [client.get("/micropub?q=config", headers=wrong, environ_overrides=OUTSIDE) for _ in range(15)]
    body = b"h=entry&content=x&access_token=wrong"
    half += [client.post("/micropub", data=body, content_type=FORM, environ_overrides=OUTSIDE) for _ in range(15)]

    refused = client.get("/micropub?q=config", headers=app_of_ann.headers, environ_overrides=OUTSIDE)
    elsewhere = client.get("/micropub?q=config", headers=app_of_ann.headers)
    without = client.post("/micropub", data=b"{", content_type="application/json", environ_overrides=OUTSIDE)
    clock.move(minutes=16)
    later = client.get("/micropub?q=config", headers=app_of_ann.headers, environ_overrides=OUTSIDE)

    assert {response.status_code for response in half} == {401}
    assert (refused.status_code, without.status_code, elsewhere.status_code, later.status_code) == (429, 429, 200, 200)
    assert 0 < int(refused.headers["Retry-After"]) <= 900


@pytest.mark.one_database
@pytest.mark.parametrize("begins", ["", "access_token=wrong&", "access_token=%20&"])
def test_no_form_is_parsed_before_its_token_is_looked_up(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    monkeypatch.setattr(FormDataParser, "parse", lambda *_: pytest.fail("it was parsed"))
    body = f"{begins}h=entry&content={'%41' * 300_000}"

    assert client.post("/micropub", data=body, content_type=FORM).status_code == 401
    assert client.post("/micropub", data="{}", content_type="application/json").status_code == 401


@pytest.mark.one_database
def test_a_long_form_may_have_its_token_anywhere(app_of_ann: App) -> None:
    body = f"h=entry&content={'word+' * 100_000}&access_token={app_of_ann.token}"

    assert app_of_ann.client.post("/micropub", data=body, content_type=FORM).status_code == 201


@pytest.mark.one_database
def test_one_wrong_token_counts_once(app_of_ann: App) -> None:
    client, wrong = app_of_ann.client, {"Authorization": "Bearer wrong"}
    for _ in range(29):
        client.post("/micropub", data=b"x" * 70_000, content_type=FORM, headers=wrong, environ_overrides=OUTSIDE)

    assert client.get("/micropub?q=config", headers=app_of_ann.headers, environ_overrides=OUTSIDE).status_code == 200
