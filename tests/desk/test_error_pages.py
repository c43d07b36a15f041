"""Error pages below /desk, on a site that is not in English."""

from dataclasses import replace

import pytest
from flask import Flask

from feedserver.app import create_app
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.desk.conftest import signed_in
from tests.support.fixtures import Assemble


@pytest.fixture
def services(settings: Settings, assemble: Assemble) -> WebServices:
    return assemble(replace(settings, site=replace(settings.site, language="de")))


@pytest.fixture
def app(services: WebServices) -> Flask:
    return create_app(services=services)


@pytest.mark.parametrize(
    ("path", "method", "status", "words"),
    [
        ("/desk/nothing", "GET", 404, "There is nothing at this address."),
        ("/desk/nothing", "POST", 404, "There is nothing at this address."),
        ("/desk//nothing", "GET", 404, "There is nothing at this address."),
        ("/desk/posts/nothing/edit", "GET", 404, "There is nothing at this address."),
        ("/desk/sign-out", "GET", 405, "This address does not take requests of this kind."),
    ],
)
def test_they_are_english_and_in_the_layout_of_the_desk(
    app: Flask, services: WebServices, path: str, method: str, status: int, words: str
) -> None:
    page = signed_in(app, services, "ann").open(path, method=method)

    assert (page.status_code, words in page.text, '<html lang="en">' in page.text) == (status, True, True)
    assert "/static/desk/desk.css" in page.text
    assert page.text.count("Sign out") == 1
    assert "script-src" in page.headers["Content-Security-Policy"]
    assert page.headers.getlist("Cache-Control") == ["no-store"]
    assert page.headers.getlist("X-Robots-Tag") == ["noindex"]


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/desk/nothing", "/desk/posts/nothing/nothing"])
def test_who_is_not_signed_in_sees_nothing_of_the_desk(app: Flask, path: str) -> None:
    page = app.test_client().get(path)

    assert (page.status_code, "There is nothing at this address." in page.text) == (404, True)
    assert "<nav" not in page.text
    assert "Sign out" not in page.text


@pytest.mark.one_database
def test_a_form_from_elsewhere_is_refused_in_english(app: Flask, services: WebServices) -> None:
    page = signed_in(app, services, "ann").post("/desk/posts/new", headers={"Sec-Fetch-Site": "cross-site"})

    assert (page.status_code, "This cannot be done here." in page.text) == (403, True)
    assert "/static/desk/desk.css" in page.text


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/nothing", "/deskwork"])
def test_beside_the_desk_they_are_in_the_language_of_the_site(app: Flask, path: str) -> None:
    page = app.test_client().get(path)

    assert (page.status_code, '<html lang="de"' in page.text) == (404, True)
    assert "desk.css" not in page.text
