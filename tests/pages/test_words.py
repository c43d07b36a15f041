"""All that pages say of ourselves is in the site's language: what is left in English is found."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment

from feedserver.app import create_app
from feedserver.installation import init
from feedserver.languages.catalogues import FOLDER
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.languages.test_catalogues import LANGUAGES
from tests.support import every_page
from tests.support.catalogues import PACKAGE, PLACE, TAGS, forms, read, said, sentences
from tests.support.outside import Clock

WORD = re.compile(r"[a-z]{2,}", re.IGNORECASE)
# Names of formats, of protocols and of their fields.
NAMES = set("rss atom json opml html http https utc webmention webmentions pingback pingbacks source target".split())
# Attributes that a macro puts into a tag, which nobody is shown.
ATTRIBUTES = re.compile(r' (?:lang|dir|class|aria-invalid|aria-describedby)="[^"]*"')
SHOWN = {"title", "alt", "aria-label", "placeholder", "label"}


class Shown(HTMLParser):
    """Collects the words of a page that people see or hear, as far as they are not an address."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.words += [value for name, value in attrs if name in SHOWN and value and "://" not in value]
        if tag == "meta" and given.get("name") == "description":
            self.words.append(given["content"] or "")
        self._hidden += tag in ("style", "code", "dd" if given.get("dir") == "ltr" else "style")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "code", "dd") and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def words_of(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(re.sub(r"https?://\S*", "", text))}


def bare(sentence: str) -> str:
    return PLACE.sub("", TAGS.sub("", sentence))


@cache
def english() -> set[str]:
    """The words of all our sentences."""
    return {word for sentence in sentences(said()) for form in sentence for word in words_of(bare(form))}


@cache
def vocabulary(language: str) -> set[str]:
    """The words of a language's catalogue, of which some are spelled as English ones are."""
    found: set[str] = set()
    for message in read(FOLDER / f"{language}.po"):
        for form in forms(message):
            found |= words_of(bare(form))
    return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(data_dir=tmp_path_factory.mktemp("site"), site=every_page.site_settings("en"))
    services = WebServices(settings, clock=Clock())
    init(services, example=False)
    every_page.fill(services)
    services.database.close()
    return settings


@pytest.fixture
def in_language(filled: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    services = WebServices(replace(filled, site=every_page.site_settings(request.param)), clock=Clock())
    yield create_app(services=services)
    services.waiting_slots.close()
    services.database.close()


@pytest.mark.one_database
@pytest.mark.parametrize(("in_language", "language"), [(one, one) for one in LANGUAGES], indirect=["in_language"])
def test_no_english_word_is_left_on_any_page(in_language: Flask, language: str) -> None:
    left = {}
    for name, html in every_page.pages(in_language):
        shown = Shown()
        shown.feed(html)
        left[name] = words_of(" ".join(shown.words)) & english() - vocabulary(language) - NAMES

    assert {name: words for name, words in left.items() if words} == {}


@pytest.mark.one_database
@pytest.mark.parametrize("in_language", ["en"], indirect=True)
def test_each_page_is_looked_at(in_language: Flask) -> None:
    pages = dict(every_page.pages(in_language))

    assert len(pages) == len(set(pages.values()))
    assert {"home", "receipt: held", "error 503", "wrong comment"} <= pages.keys()
    assert not [name for name, html in pages.items() if "<title>" not in html]


@pytest.mark.parametrize("template", sorted((PACKAGE / "pages/templates").rglob("*.html")), ids=lambda path: path.name)
def test_every_word_of_a_template_goes_through_gettext(template: Path) -> None:
    """What stands beside tags of Jinja and HTML, outside of `trans`, are punctuation and names of formats."""
    text, translated = "", False
    environment = Environment(trim_blocks=True, extensions=["jinja2.ext.i18n"])
    for _, kind, value in environment.lex(template.read_text("utf-8")):
        if kind == "name" and value in ("trans", "endtrans"):
            translated = value == "trans"
        elif kind == "data" and not translated:
            text += value
    shown = Shown()
    shown.feed(ATTRIBUTES.sub("", text))

    assert words_of(" ".join(shown.words)) <= {"rss", "atom", "json"}
