"""The desk as a browser sees it: somebody who is signed in, and forms sent as they stand in a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from feedserver.accounts import sessions
from feedserver.accounts import store as accounts
from feedserver.accounts.model import Visitor
from feedserver.services import WebServices
from feedserver.tokens import new_secret

PASSWORD = "a long enough password"


@dataclass
class Form:
    """A form in a page: where it leads, and its fields as a browser would send them if nothing were typed."""

    action: str
    fields: MultiDict[str, str] = field(default_factory=MultiDict)
    buttons: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._area: str | None = None
        self._select = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        name = given.get("name", "")
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        elif tag == "textarea":
            self._area = name
            self.found[-1].fields.add(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self.found and ("selected" in given or self._select not in self.found[-1].fields):
            self.found[-1].fields[self._select] = given.get("value", "")
        elif tag == "input" and name and not (given.get("type") == "checkbox" and "checked" not in given):
            self.found[-1].fields.add(name, given.get("value", ""))

    def handle_data(self, text: str) -> None:
        if self._area is not None:
            self.found[-1].fields[self._area] += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            fields = self.found[-1].fields
            fields[self._area] = fields[self._area].removeprefix("\n")  # as browsers do
            self._area = None


def forms(page: TestResponse) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(page.text.replace("\r\n", "\n"))  # as browsers read it
    return parser.found


def form(page: TestResponse, action: str) -> Form:
    """The form of a page that leads to an address with that end."""
    (found,) = [one for one in forms(page) if one.action.endswith(action)]
    return found


def filled(fields: MultiDict[str, str], typed: dict[str, str]) -> MultiDict[str, str]:
    """Fields of a form with what somebody has typed."""
    copy = fields.copy()
    for name, value in typed.items():
        copy[name] = value
    return copy


@pytest.fixture
def welcome(services: WebServices) -> str:
    """The path of a sign-in link for ann."""
    return f"/desk/welcome/{services.accounts.add('ann')}"


@pytest.fixture
def ann(app: Flask, welcome: str) -> FlaskClient:
    """The browser of ann, who is signed in."""
    browser = app.test_client()
    assert browser.post(welcome, data={"password": PASSWORD}).status_code == 303
    return browser


def signed_in(app: Flask, services: WebServices, name: str) -> FlaskClient:
    """The browser of somebody who is signed in; without a password, which takes a third of a second to hash."""
    cookie = new_secret()
    with services.database.write() as connection:
        account = accounts.add(connection, name, services.clock())
        sessions.begin(connection, account.id, cookie, Visitor("192.0.2.9", "A browser"), services.clock())
    browser = app.test_client()
    browser.set_cookie("feedserver", cookie)
    return browser


@pytest.fixture
def author(app: Flask, services: WebServices) -> FlaskClient:
    """The browser of somebody who is signed in."""
    return signed_in(app, services, "ann")


@pytest.fixture
def bob(app: Flask, services: WebServices) -> FlaskClient:
    """The browser of somebody else, who is signed in too."""
    return signed_in(app, services, "bob")
