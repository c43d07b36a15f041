"""What the h-entry of a page says of itself and on a post: docs/interface.md, “Webmentions that come in”."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import mf2py
import pytest
from dateutil import parser as dates

from feedserver.thoughts.source.identity import page_key
from feedserver.thoughts.source.links import read
from feedserver.thoughts.source.responses import heard
from feedserver.urls import Urls
from tests.thoughts.source.entries import PAGE, PAGES, TARGET, Page

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
POST = 7


def found(html: str, url: str = PAGE) -> Page:
    """What is read of a page, in the form of what is expected."""
    reading, urls = read(html, url), Urls("http://blog.example")
    links = {POST: next(link for link in reading.links if urls.post_slug(link.url) == "fog")}
    speech = heard(reading.microformats, links, lambda found: POST if found == TARGET else None, {page_key(url)}, NOW)
    if speech.entry is None:
        return Page(html, None, "", "", "")
    one, (response, _) = speech.entry, speech.responses[POST]
    date = f"{one.published_at:%Y-%m-%dT%H:%M:%SZ}" if one.published_at else ""
    return Page(html, response, one.author_name, one.author_url, one.words, date, one.title)


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_a_page_says_this(page: Page) -> None:
    expected = page if page.response else Page(page.html, None, "", "", "")

    assert found(page.html) == replace(expected, judged="", title=found(page.html).title)
    if page.title is not None:
        assert found(page.html).title == page.title


# --- as another reader of microformats has it ---


def of_mf2py(html: str) -> Page:
    """What a receiver reads with mf2py, by the rules of post type discovery and authorship."""
    parsed = mf2py.Parser(doc=html, url=PAGE).to_dict()
    entries = [item for item in in_feeds(parsed["items"]) if "h-entry" in item["type"]]
    named = [one for one in entries if any(url.partition("#")[0] == PAGE for url in one["properties"].get("url", []))]
    if not named and len(entries) != 1:
        return Page(html, None, "", "", "")
    properties = (named or entries)[0]["properties"]
    author, address = author_in(properties, parsed)
    words = (properties.get("content") or properties.get("summary") or [""])[0]
    words = words["value"] if isinstance(words, dict) else words
    response = response_in(properties)
    words = words or ("RSVP: yes" if response == "rsvp" else "")
    return Page(html, response, author, address, " ".join(words.split()), date_in(properties))


def in_feeds(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for item in items for one in (item.get("children", []) if "h-feed" in item["type"] else [item])]


def response_in(properties: dict[str, Any]) -> Any:
    for name, response in (
        ("repost-of", "repost"),
        ("like-of", "like"),
        ("in-reply-to", "reply"),
        ("bookmark-of", "bookmark"),
    ):
        if any(TARGET in urls_of(value) for value in properties.get(name, [])):
            return (
                "rsvp"
                if "rsvp" in properties and TARGET in urls_of(properties.get("in-reply-to", [""])[0])
                else response
            )
    return "mention"


def urls_of(value: Any) -> list[str]:
    return value["properties"].get("url", []) if isinstance(value, dict) else [value]


def author_in(properties: dict[str, Any], parsed: dict[str, Any]) -> tuple[str, str]:
    feeds = [item["properties"] for item in parsed["items"] if "h-feed" in item["type"]]
    cards = [item for item in parsed["items"] if "h-card" in item["type"]]
    named = [author for one in (properties, *feeds) for author in one.get("author", [])]
    own = [card for card in cards if PAGE in urls_of(card) and PAGE in card["properties"].get("uid", [])]
    own += [
        card
        for card in cards
        if set(urls_of(card)) & {*parsed["rels"].get("me", []), *parsed["rels"].get("author", [])}
    ]
    for author in (*named, *own):
        if isinstance(author, dict):
            web = [url for url in urls_of(author) if url.startswith("http")]
            return author["properties"]["name"][0], web[0] if web else ""
        if not author.startswith("http"):
            return author, ""
        return next((card["properties"]["name"][0] for card in cards if author in urls_of(card)), ""), author
    return "", ""


def date_in(properties: dict[str, Any]) -> str:
    try:
        date = dates.isoparse(properties.get("published", [""])[0].replace(" ", "T", 1))
    except ValueError:
        return ""
    date = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    return f"{date:%Y-%m-%dT%H:%M:%SZ}" if datetime(1990, 1, 1, tzinfo=UTC) <= date <= NOW else ""


# mf2py does not tell where links are.
ASKED = {name: page for name, page in PAGES.items() if not page.judged and (page.response or "list" in name)}


@pytest.mark.parametrize("page", ASKED.values(), ids=list(ASKED))
def test_mf2py_reads_the_same(page: Page) -> None:
    ours = found(page.html)

    assert of_mf2py(page.html) == replace(ours, words=" ".join(ours.words.split()), title=None)
