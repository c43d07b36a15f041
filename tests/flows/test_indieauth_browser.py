"""An app in a real browser gets a token: sign-in, consent, and the way back to the app (IndieAuth section 5)."""

import hashlib
import json
import os
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.elsewhere import ElsewhereServer, Received, respond
from tests.support.person import PASSWORD, Person
from tests.support.serving import Blog, Site, request, running_site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
VERIFIER = "v" * 43
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PICTURES = os.environ.get("TESTS_PICTURES")  # a folder: pages are looked at there

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("indieauth")) as site:
        yield site


@pytest.fixture(scope="module")
def app() -> Iterator[Blog]:
    """The page of an app, which is led back to at `Callback`."""
    app = Blog("127.0.2.8")
    yield app
    app.close()


class Callback(ElsewhereServer):
    """Where the app is led back to: another site than that of its page. It leads on to a page of its own."""

    def __init__(self) -> None:
        super().__init__("127.0.2.9", self._answer)

    def _answer(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        if received.path == "/cb":
            respond(handler, 302, [("Location", "/home")])
        else:
            respond(handler, 200, [("Content-Type", "text/html")], b"<title>Back in the app</title>")


@pytest.fixture(scope="module")
def callback() -> Iterator[Callback]:
    server = Callback()
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def test_the_author_signs_in_consents_and_is_led_back(site: Site, app: Blog, callback: Callback, browser: Any) -> None:
    html = '<div class="h-app"><a class="u-url p-name" href="/">An app to write with</a></div>'
    client_id = app.put("/", f'<link rel="redirect_uri" href="{callback.url}/cb">{html}')
    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": f"{callback.url}/cb",
        "state": "of the app",
        "scope": "create update delete",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    Person(site).sign_in()
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))

    page.goto(f"{site.url}/indieauth/authorize?{urlencode(asked)}")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Let “An app to write with” write here?").wait_for()
    look_at(page, "consent")
    page.get_by_label("delete posts").uncheck()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{callback.url}/home")

    returned = next(received.asked for received in callback.requests if received.path == "/cb")
    assert (returned["state"], returned["iss"]) == ("of the app", f"{site.url}/")
    sent = {name: asked[name] for name in ("client_id", "redirect_uri")}
    sent |= {"grant_type": "authorization_code", "code": returned["code"], "code_verifier": VERIFIER}
    status, _, body = request(f"{site.url}/indieauth/token", body=urlencode(sent).encode(), headers=FORM)
    assert (status, json.loads(body)["scope"]) == (200, "create update")
    assert faults == []


def look_at(page: Any, name: str) -> None:
    """Saves pictures of a page, wide and narrow, light and dark, for whoever looks at them."""
    if PICTURES is None:
        return
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)
