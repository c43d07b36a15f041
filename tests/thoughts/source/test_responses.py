"""What the h-entry of a page says of itself and on a post: docs/interface.md, “Webmentions that come in”."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import mf2py
import pytest
from dateutil import parser as dates

from feedserver.thoughts.source.dates import published_at
from feedserver.thoughts.source.identity import page_key
from feedserver.thoughts.source.items import Item
from feedserver.thoughts.source.links import read
from feedserver.thoughts.source.responses import heard
from feedserver.urls import Urls
from tests.thoughts.source.entries import ANN, CONTENT, PAGE, PAGES, REPLY, TARGET, Page, entry

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


# --- what strangers may write ---


def words(content: str) -> str:
    return found(f'<div class="h-entry">{REPLY}<div class="e-content">{content}</div></div>').words


def test_words_are_cut_at_a_thousand_characters_between_letters_as_readers_see_them() -> None:
    family = "👨‍👩‍👧"

    cut = words("<p>Some words.</p><p>" + family * 300)

    assert cut == "Some words.\n\n" + family * ((999 - 13) // len(family)) + "…"


def test_bidi_controls_and_heaps_of_marks_are_taken_out_of_each_line() -> None:
    assert words("a\u202eb<br>c\u2067d" + "\u0301" * 50) == "ab\ncd" + "\u0301" * 30


def test_nothing_but_invisible_characters_are_no_words() -> None:
    assert words("<p>\u200b</p><p>\u00ad\u2060</p>") == ""


def test_a_name_and_an_address_are_clean_and_bounded() -> None:
    author = f'<a class="p-author h-card" href="http://ann.example/{"x" * 3_000}">A\u202en\n n{"x" * 600}</a>'

    one = found(f'<div class="h-entry">{REPLY}{author}</div>')

    assert (len(one.author), one.author[:4], one.address) == (500, "An n", "")


def test_of_many_values_a_bounded_number_is_read_and_the_first_ones_count() -> None:
    many = "".join(f'<a class="u-like-of" href="http://c.example/{n}">x</a>' for n in range(10_000))

    reading = read(f'<div class="h-entry">{REPLY}{many}</div>', PAGE)

    assert reading.microformats is not None
    (one,) = reading.microformats.entries
    assert sum(map(len, one.texts.values())) == 299, "and the entry itself"
    assert found(f'<div class="h-entry">{REPLY}{many}</div>').response == "reply"


@pytest.mark.parametrize(("before", "response"), [(19_990, "reply"), (20_000, None)])
def test_the_class_names_of_so_many_elements_are_read(before: int, response: str | None) -> None:
    assert found('<b class="x">.</b>' * before + entry(REPLY)).response == response


@pytest.mark.parametrize(("before", "response"), [(49, "reply"), (50, None)])
def test_of_the_addresses_that_an_entry_gives_itself_the_first_fifty_count(before: int, response: str | None) -> None:
    addresses = [f'<a class="u-url" href="http://ann.example/other/{number}">x</a>' for number in range(before)]
    own = f'<a class="u-url" href="{PAGE}">x</a>'

    assert found(entry("Somebody else's") + entry(*addresses, own, REPLY)).response == response


def test_nested_entries_are_followed_to_a_bounded_depth() -> None:
    html = f'<div class="h-entry">{REPLY}{CONTENT}{ANN}' + '<b class="u-in-reply-to h-entry">' * 5_000

    assert found(html) == replace(found(entry(REPLY, CONTENT, ANN)), html=html)


def test_items_in_items_are_kept_to_a_bounded_depth() -> None:
    reading = read('<b class="u-in-reply-to h-entry">' * 5_000 + REPLY, PAGE)

    assert reading.microformats is not None
    assert depth(reading.microformats.entries[0]) == 64


def depth(item: Item) -> int:
    return 1 + max((depth(one) for found in item.items.values() for one in found), default=0)


def test_a_page_without_an_entry_is_not_read_for_microformats() -> None:
    assert read('<p class="h-card vcard">x</p>', PAGE).microformats is None
    assert read('<p class="hentry">x</p>', PAGE).microformats is not None


def test_two_of_several_entries_may_speak_of_different_posts_of_a_page_that_is_none_of_them() -> None:
    assert found(entry(REPLY, ANN) + entry(ANN, CONTENT)).response is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one<p>two</p>three", "one\n\ntwo\n\nthree"),
        ("one<div>two</div>three", "one\ntwo\nthree"),
        ("one<br>two<br><br>three<br><br><br>four", "one\ntwo\n\nthree\n\nfour"),
        ("<p>one\n  two</p>\n\n<p>\tthree </p>", "one two\n\nthree"),
        ("<blockquote>one</blockquote>two", "one\n\ntwo"),
        ("<pre>one\n two</pre>\n three", "one\ntwo\n\nthree"),
        ("one <b>two</b><i> three</i>", "one two three"),
        ("<ul><li>one</li> <li>two</li></ul>", "one\ntwo"),
        ("a" + " " * 20_000 + "<b>b</b>", "a b"),
        ("x&amp;y &lt;b&gt;", "x&y <b>"),
    ],
)
def test_lines_and_paragraphs_are_those_that_readers_see(content: str, expected: str) -> None:
    assert words(content) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T09:30:00.123Z", "2026-03-01T09:30:00Z"),
        ("20260301T093000Z", "2026-03-01T09:30:00Z"),
        ("2026-03-01t09:30:00z", "2026-03-01T09:30:00Z"),
        ("2026-03-01 9:30 p.m. +01:00", "2026-03-01T20:30:00Z"),
        ("12:30am 2026-03-01", "2026-03-01T00:30:00Z"),
        ("  2026-03-01\n09:30 ", "2026-03-01T09:30:00Z"),
        ("1990-01-01", "1990-01-01T00:00:00Z"),
        ("1989-12-31T23:59:59Z", ""),
        ("2026-03-08T12:00:00Z", "2026-03-08T12:00:00Z"),
        ("2026-03-08T12:00:01Z", ""),
        ("2026-02-30", ""),
        ("2026-03-01T25:00", ""),
        ("0001-01-01T00:00+14:00", ""),
        ("1 March 2026", ""),
        ("1772357400", ""),
        ("2026-03-01" + " " * 60, ""),
    ],
)
def test_dates_are_read_as_machines_write_them(text: str, expected: str) -> None:
    read_as = published_at([text], NOW)

    assert (read_as.isoformat().replace("+00:00", "Z") if read_as else "") == expected


def test_the_first_sane_date_of_a_few_counts() -> None:
    assert published_at(["never", "2040-01-01", "2026-03-01", "2026-03-02"], NOW) == datetime(2026, 3, 1, tzinfo=UTC)
    assert published_at(["never"] * 10 + ["2026-03-01"], NOW) is None
