"""In which direction pages lay out what posts say: that of the language, whatever the first word is in."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.settings import Settings
from tests.pages.builders import elements
from tests.support.fixtures import Assemble, Publish

pytestmark = pytest.mark.one_database
HEBREW = "Python היא שפת תכנות נוחה מאוד לכתיבה.\n\nזאת פסקה שנייה."
ENGLISH = "שלום is what people in Jerusalem say when they meet."

At = Callable[[str], FlaskClient]


@pytest.fixture
def site_in(settings: Settings, assemble: Assemble) -> At:
    """A site with this `site.language`, and the same posts."""

    def make(language: str) -> FlaskClient:
        site = replace(settings.site, language=language)
        return create_app(services=assemble(replace(settings, site=site))).test_client()

    return make


def directions(client: FlaskClient, address: str, selector: str) -> set[str]:
    """Those that elements name, or their nearest ancestors with one."""
    found = [element.closest("[dir]") for element in elements(client.get(address).text, selector)]
    assert found
    return {str(element.attrs["dir"]) if element else "ltr" for element in found}


@pytest.mark.parametrize("language", ["en", "de", "he", "fa"])
def test_a_post_is_laid_out_in_the_direction_of_its_language_on_any_site(
    site_in: At, publish: Publish, language: str
) -> None:
    publish("Python בעברית", HEBREW, slug="hebrew", lang="he", summary="Python היא")
    publish("אבגד הוזח in English", ENGLISH, slug="english", lang="en-GB", summary="שלום is")
    client = site_in(language)

    for slug, direction in (("hebrew", "rtl"), ("english", "ltr")):
        assert directions(client, f"/posts/{slug}", "article h1, .lede, .e-content") == {direction}
        assert directions(client, f"/posts/{slug}/embed", "h1, main p:not(.byline)") == {direction}


@pytest.mark.parametrize(("body", "direction"), [(HEBREW, "rtl"), (ENGLISH, "ltr")])
def test_letters_tell_where_a_post_on_an_english_site_names_no_language(
    client: FlaskClient, publish: Publish, body: str, direction: str
) -> None:
    publish("Python", body, slug="a-post")

    assert directions(client, "/posts/a-post", "article h1, .e-content") == {direction}


def test_a_site_written_from_right_to_left_lays_out_its_posts_so_though_most_letters_are_latin(
    site_in: At, publish: Publish
) -> None:
    publish("Python", "Python 3.13, FastAPI: אוסף.", slug="a-post", lang="he")
    publish("About", "Python 3.13, FastAPI: אודות.", slug="about", page="true", lang="he")
    client = site_in("he")

    assert directions(client, "/posts/a-post", "article h1, .e-content") == {"rtl"}
    assert directions(client, "/about", "article h1, .e-content") == {"rtl"}


@pytest.mark.parametrize(
    ("address", "selector"),
    [
        ("/", "article:has([href$=hebrew]) :is(h2, .p-summary)"),
        ("/search?q=Python", "article:has([href$=hebrew]) :is(h2, .p-summary)"),
        ("/archive", "li a[href$=hebrew]"),
        ("/posts/older", ".neighbours a[href$=hebrew]"),
    ],
)
def test_lists_lay_out_titles_and_first_words_so_too(
    client: FlaskClient, publish: Publish, address: str, selector: str
) -> None:
    publish("Python", "Word.", slug="older", date="2026-01-01")
    publish("Python ועוד", HEBREW, slug="hebrew", lang="he", date="2026-01-02")

    assert directions(client, address, selector) == {"rtl"}
    named = {element.closest("[lang]") for element in elements(client.get(address).text, selector)}
    assert [element.attrs["lang"] for element in named if element] == ["he"] * len(named)


def test_a_feed_in_a_browser_lays_out_its_entries_so_too(client: FlaskClient, publish: Publish) -> None:
    publish("Python ועוד", HEBREW, slug="hebrew", lang="he")
    as_browser = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}

    page = client.get("/feed.rss", headers=as_browser).text

    assert [entry.attrs["dir"] for entry in elements(page, ".entries p:not(.byline)")] == ["rtl", "rtl"]
