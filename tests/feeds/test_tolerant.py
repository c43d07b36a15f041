"""Every format, with the worst texts that a feed can contain."""

import json
import logging
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.model import Category, Entry, Feed, FeedLink, InReplyTo, Person, Replies
from feedserver.feeds.syndication import atom, rss
from feedserver.feeds.tolerant import cleaned
from feedserver.posts.model import Enclosure
from tests.feeds.builders import a_feed, a_full_entry, a_thought, an_entry

FORMATS = pytest.mark.parametrize("render", [rss, atom, json_feed])
FORBIDDEN = ["\x00", "\x0b", "\x1f", "\ufffe", "\ud800"]


def ids(document):
    if document.startswith(b"{"):
        return [item["id"] for item in json.loads(document)["items"]]
    root = etree.fromstring(document)
    return [e.text for e in (*root.iterfind("channel/item/guid"), *root.iterfind("{*}entry/{*}id"))]


@pytest.mark.parametrize("render", [rss, atom])
@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
@pytest.mark.parametrize("field", ["title", "summary", "html", "id", "url", "image", "lang"])
def test_of_a_character_that_xml_forbids_an_entry_loses_only_the_character(render, field, character):
    sound, bad = an_entry(1), an_entry(2, **{field: f"tag:{character}x.example"})

    document = render(a_feed(bad, sound))

    assert document == render(a_feed(cleaned(bad), sound))
    assert len(ids(document)) == 2


@pytest.mark.parametrize("field", ["title", "summary", "html", "id", "url", "image", "lang"])
def test_of_a_lone_surrogate_an_entry_in_json_loses_only_the_character(field):
    sound, bad = an_entry(1), an_entry(2, **{field: "tag:\ud800x.example"})

    document = json_feed(a_feed(bad, sound))

    assert document == json_feed(a_feed(cleaned(bad), sound))
    assert len(ids(document)) == 2


@FORMATS
def test_an_entry_that_cannot_be_written_is_left_out_and_named_in_the_log(render, caplog):
    naive = an_entry(2, published=datetime(2026, 1, 1), id="tag:bad\nid")  # noqa: DTZ001

    document = render(a_feed(naive, an_entry(1)))

    assert ids(document) == ["tag:blog.example,2026:post-1"]
    assert "the entry 'tag:bad\\nid' is left out of the feed: its dates name no time zone" in caplog.text


@FORMATS
@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
def test_a_forbidden_character_in_the_feed_itself_is_dropped(render, character):
    bad = a_feed(
        title=f"A{character} blog", description=character, links=(FeedLink("hub", f"https://h.example/{character}"),)
    )

    assert render(bad) == render(cleaned(bad))


@FORMATS
def test_nothing_is_logged_for_a_sound_feed(render, caplog):
    with caplog.at_level(logging.DEBUG):
        render(a_feed(a_full_entry(), a_thought(2)))

    assert not caplog.records


TEXT = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(categories=["Cc", "Cs", "Cn", "Co", "Cf"]), max_size=8),
    st.lists(
        st.sampled_from(["</b>", "&", "<", "&amp;", "]]>", "<!--", "&#0;", "\x00", "\ud800", "\u202e", " "]), max_size=8
    ).map("".join),
)
LONG_LIVED = st.text("abc123", min_size=1, max_size=8)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PEOPLE = st.builds(Person, TEXT, st.none() | TEXT)


def tuples(strategy):
    return st.lists(strategy, max_size=3).map(tuple)


ENTRIES = st.builds(
    Entry,
    id=LONG_LIVED.map("tag:{}".format),
    url=TEXT.map("https://blog.example/".__add__),
    title=TEXT,
    summary=TEXT,
    html=TEXT,
    published=MOMENTS,
    updated=MOMENTS,
    authors=tuples(PEOPLE),
    categories=tuples(st.builds(Category, TEXT, TEXT)),
    enclosures=tuples(st.builds(Enclosure, TEXT, TEXT, st.integers(-1, 2**40))),
    lang=st.none() | TEXT,
    image=st.none() | TEXT,
    replies=st.none() | st.builds(Replies, st.integers(0, 9), TEXT, TEXT, TEXT, st.none() | MOMENTS),
    in_reply_to=st.none() | st.builds(InReplyTo, TEXT, TEXT, TEXT),
    external_url=st.none() | TEXT,
    kind=st.sampled_from([None, "pingback", "comment"]),
)
FEEDS = st.builds(
    Feed,
    id=st.just("tag:feed"),
    title=TEXT.map("A".__add__),
    description=TEXT,
    language=TEXT,
    author=PEOPLE,
    page_url=TEXT.map("https://blog.example/".__add__),
    self_url=TEXT.map("https://blog.example/".__add__),
    updated=MOMENTS,
    ttl=st.integers(0, 10**6),
    entries=tuples(ENTRIES),
    links=tuples(st.builds(FeedLink, TEXT, TEXT, st.none() | TEXT)),
    archive=st.booleans(),
    complete=st.booleans(),
)


@given(FEEDS)
@settings(max_examples=100, deadline=None, database=None)
def test_hostile_text_in_every_field_leaves_a_well_formed_feed_with_all_entries(feed):
    for render in (rss, atom, json_feed):
        document = render(feed)

        assert ids(document) == [entry.id for entry in feed.entries]
        assert render(feed) == document


@given(FEEDS)
@settings(max_examples=100, deadline=None, database=None)
def test_a_lenient_parser_finds_no_fault_with_hostile_text(feed):
    # Only fields without markup and addresses: feedparser raises at some invalid addresses.
    tame = replace(
        feed,
        links=(),
        entries=tuple(replace(a_full_entry(n), title=e.title, summary=e.summary) for n, e in enumerate(feed.entries)),
    )

    for render in (rss, atom):
        result = feedparser.parse(render(tame))

        assert not result.bozo
        assert len(result.entries) == len(feed.entries)


def test_cleaning_reaches_every_text_of_an_entry():
    dirty = _dirtied(a_full_entry(1, lang="de", image="https://i.example/")), _dirtied(a_thought(2))

    assert cleaned(dirty) == (a_full_entry(1, lang="de", image="https://i.example/"), a_thought(2))


def _dirtied(value):
    if isinstance(value, str):
        return "\x0b" + value
    if isinstance(value, tuple):
        return tuple(_dirtied(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _dirtied(getattr(value, f.name)) for f in fields(value)})
    return value
