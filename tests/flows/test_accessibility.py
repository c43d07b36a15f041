"""axe-core finds nothing on a page of each kind for readers, in a real browser."""

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from feedserver.app import create_app
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.flows.test_browser import FLAGS
from tests.support import every_page
from tests.support.outside import Clock
from tests.support.serving import free_port

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Pages that are like others.
ALIKE = tuple("home, /further/thoughts, /receipt: s/receipt: d/receipt: r/error 4/webmention t/page of".split("/"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (Debian: apt-get install chromium)"),
]


@contextmanager
def served(folder: Path, language: str) -> Iterator[tuple[str, Flask]]:
    """A site with a page of every kind: its address, and its application."""
    port = free_port()
    site = every_page.site_settings(language, f"http://127.0.0.1:{port}")
    services = WebServices(Settings(data_dir=folder, site=site), clock=Clock())
    init(services, example=False)
    every_page.fill(services)
    app = create_app(services=services)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site.url, app
    server.shutdown()
    thread.join()
    server.server_close()
    services.waiting_slots.close()
    services.database.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def found_by_axe(browser: Any, url: str, pages: Mapping[str, str], **options: Any) -> dict[str, list[str]]:
    """The rules that are broken, and where, by page. All pages are shown at the address of one of the site."""
    page = browser.new_page(**options)
    page.goto(url + "/nothing")
    found = {}
    for name, html in pages.items():
        page.set_content(html)
        violations = axe.Axe().run(page).response["violations"]
        found[name] = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in violations]
    page.close()
    return {name: broken for name, broken in found.items() if broken}


@pytest.mark.timeout(300)
def test_axe_finds_nothing_on_any_kind_of_page(browser: Any, tmp_path: Path) -> None:
    with served(tmp_path, "en") as (url, app):
        pages = {name: html for name, html in every_page.pages(app) if not name.startswith(ALIKE)}
        dark = {name: pages[name] for name in ("home", "wrong comment", "receipt: held")}

        assert found_by_axe(browser, url, pages) == {}
        assert found_by_axe(browser, url, dark, color_scheme="dark") == {}
        assert found_by_axe(browser, url, {"none": "<html><img src=x></html>"}).keys() == {"none"}  # it looks


def test_axe_finds_nothing_on_pages_from_right_to_left(browser: Any, tmp_path: Path) -> None:
    with served(tmp_path, "ar") as (url, app):
        pages = dict(every_page.pages(app))

        assert found_by_axe(browser, url, {name: pages[name] for name in ("home", "reply", "wrong comment")}) == {}
