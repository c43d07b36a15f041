import locale
import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone
from time import struct_time

import feedgen.entry
import feedgen.feed
import pytest
from lxml import etree

from feedserver.feeds.model import Person
from feedserver.feeds.syndication import atom, rfc822, rss
from tests.feeds.builders import NOON, SITE, a_category, a_feed, a_full_entry, a_thought, an_entry
from tests.feeds.reading import NS, attributes, parsed, texts, whole_text

BOTH = pytest.mark.parametrize("render", [rss, atom])


@BOTH
def test_the_same_feed_gives_the_same_bytes(render):
    feed = a_feed(a_full_entry(2), a_thought(1))

    assert render(feed) == render(feed)


@BOTH
def test_only_the_given_dates_show(render):
    moments = {NOON + timedelta(hours=1), NOON + timedelta(hours=1, minutes=30), NOON + timedelta(days=1), NOON}

    document = render(a_feed(a_full_entry(1)))

    root = etree.fromstring(document)
    found = [
        e.text for e in root.iter() if etree.QName(e).localname in ("updated", "published", "pubDate", "lastBuildDate")
    ]
    assert len(found) >= 3
    assert {_moment(one) for one in found} <= moments


def _moment(written):
    if written[0].isdigit():
        return datetime.fromisoformat(written)
    return datetime.strptime(written, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


def _utc(parsed_date: struct_time) -> datetime:
    return datetime.fromtimestamp(timegm(parsed_date), UTC)


@BOTH
def test_entries_keep_their_order_and_round_trip(render):
    entries = [a_full_entry(3), an_entry(2, title="Zwei — 二 & <drei>"), an_entry(1)]

    result = parsed(render(a_feed(*entries)))

    assert [e.id for e in result.entries] == [e.id for e in entries]
    assert [e.link for e in result.entries] == [e.url for e in entries]
    assert [e.title for e in result.entries] == [e.title for e in entries]
    assert [e.content[0].value for e in result.entries] == [e.html for e in entries]
    assert [e.summary for e in result.entries] == [e.summary for e in entries]
    assert [_utc(e.published_parsed) for e in result.entries] == [e.published for e in entries]
    assert [t.term for t in result.entries[0].tags] == ["feeds", "old web"]


@BOTH
def test_the_feed_says_what_it_is(render):
    result = parsed(render(a_feed(an_entry())))

    assert result.feed.title == "A blog"
    assert result.feed.subtitle == "Posts on one thing and another"
    assert result.feed.language == "en"
    assert result.feed.generator == "feedserver"
    assert result.feed.author == "Ada"
    assert _utc(result.feed.updated_parsed) == NOON
    assert result.feed.link == f"{SITE}/"


@BOTH
def test_the_feed_links_to_itself_and_to_its_page(render):
    links = parsed(render(a_feed(an_entry()))).feed.links

    assert [link.href for link in links if link.rel == "self"] == [f"{SITE}/feed.atom"]
    assert [link.href for link in links if link.rel == "alternate"] == [f"{SITE}/"]
    assert {link.type for link in links if link.rel == "self"} == {f"application/{render.__name__}+xml"}


@BOTH
def test_a_feed_may_be_empty(render):
    assert parsed(render(a_feed())).entries == []


@BOTH
def test_it_is_utf_8_with_a_declaration_and_nothing_before_it(render):
    document = render(a_feed(an_entry(title="Überall 🎉")))

    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert "Überall 🎉".encode() in document


@BOTH
def test_the_standard_prefixes_are_used(render):
    document = render(a_feed(a_full_entry(), a_thought(2))).decode()

    assert "ns0:" not in document
    assert all(f'xmlns:{prefix}="{uri}"' in document for prefix, uri in NS.items() if prefix not in ("a", "content"))


# --- bodies ---------------------------------------------------------------------------------------------------


def test_rss_has_the_description_before_the_content():
    item = etree.fromstring(rss(a_feed(an_entry(summary="a < b", html="<p>all</p>")))).find("channel/item")

    assert item is not None
    tags = [child.tag for child in item]
    assert tags.index("description") < tags.index(f"{{{NS['content']}}}encoded")
    assert item.findtext("description") == "a &lt; b"
    assert item.findtext("content:encoded", namespaces=NS) == "<p>all</p>"


def test_atom_has_escaped_summary_and_content_of_type_html():
    document = atom(a_feed(an_entry(summary="a < b", html="<p>all ]]> </p>")))

    assert texts(document, "a:entry/a:summary") == ["a &lt; b"]
    assert texts(document, "a:entry/a:content") == ["<p>all ]]> </p>"]
    assert [a["type"] for path in ("summary", "content") for a in attributes(document, f"a:entry/a:{path}")] == [
        "html"
    ] * 2


@pytest.mark.parametrize("summary", ["words", ""], ids=["with a summary", "without one"])
def test_an_empty_body_is_empty_and_repeats_no_title(summary):
    feed = a_feed(an_entry(summary=summary, html=""))

    expected = [summary] if summary else []
    assert texts(rss(feed), ".//item/description") == texts(atom(feed), "a:entry/a:summary") == expected
    assert texts(rss(feed), ".//content:encoded") == texts(atom(feed), "a:entry/a:content") == []


def test_html_is_cdata_in_rss_so_that_bodies_need_no_references():
    body = "<p>" + "<b>fish</b> &amp; <i>chips</i>" * 1000 + "</p>"
    entries = [an_entry(n, html=body, summary="a < b & c " * 20) for n in range(20)]

    document = rss(a_feed(*entries, a_thought(30, html=body), an_entry(31, html=body, summary="")))

    assert document.count(f"<content:encoded><![CDATA[{body}]]></content:encoded>".encode()) == 21
    assert document.count(b"<description><![CDATA[a &lt; b &amp; c ") == 20
    assert document.count(f"<description><![CDATA[{body}]]></description>".encode()) == 1
    assert len(re.findall(rb"&[#\w]+;", re.sub(rb"(?s)<!\[CDATA\[.*?\]\]>", b"", document))) == 0
    assert [entry.content[0].value for entry in parsed(document).entries[:21]] == [body] * 21


def test_the_end_of_a_cdata_section_in_html_stays_what_it_was():
    feed = a_feed(an_entry(html='<p title="a]]>b">]]&gt; ]]></p>', summary="]]> & ]]>"))

    assert texts(rss(feed), ".//content:encoded") == ['<p title="a]]&gt;b">]]&gt; ]]&gt;</p>']
    assert texts(rss(feed), ".//item/description") == ["]]&gt; &amp; ]]&gt;"]


def test_a_body_without_words_has_no_summary():
    feed = a_feed(an_entry(summary="", html="<hr>"))

    assert texts(rss(feed), ".//item/description") == ["<hr>"]
    assert texts(atom(feed), "a:entry/a:summary") == []


# --- people and tags ------------------------------------------------------------------------------------------


def test_every_author_is_named_in_both_formats():
    feed = a_feed(
        an_entry(authors=(Person("Ada"), Person("B & <C>", "https://b.example/"), Person("", "https://d.example/")))
    )

    names = ["Ada", "B & <C>", "https://d.example/"]
    assert texts(rss(feed), ".//item/dc:creator") == names
    assert texts(rss(feed), ".//author") == []
    people = etree.fromstring(atom(feed)).findall("a:entry/a:author", NS)
    assert [p.findtext("a:name", namespaces=NS) for p in people] == names
    assert [p.findtext("a:uri", namespaces=NS) for p in people] == [None, "https://b.example/", "https://d.example/"]


def test_an_entry_without_authors_leaves_it_to_the_feed():
    feed = a_feed(an_entry(authors=()))

    assert texts(rss(feed), ".//item/dc:creator") == texts(atom(feed), "a:entry/a:author/a:name") == []
    assert texts(rss(feed), "channel/dc:creator") == texts(atom(feed), "a:author/a:name") == ["Ada"]


def test_an_email_address_after_a_name_is_part_of_the_name():
    feed = a_feed(an_entry(authors=(Person("Joe <joe@example.org>"),)), author=Person("Ann <ann@example.org>"))

    for document, paths in (
        (atom(feed), ("a:author/a:name", "a:entry/a:author/a:name")),
        (rss(feed), ("channel/dc:creator", "channel/item/dc:creator")),
    ):
        found = [name for path in paths for name in texts(document, path)]
        assert found == ["Ann <ann@example.org>", "Joe <joe@example.org>"]


def test_categories_share_one_absolute_scheme_and_blank_ones_are_left_out():
    tags = tuple(a_category(name) for name in ("C, C++ & co", " ", "a/b"))
    feed = a_feed(an_entry(categories=tags))

    scheme = f"{SITE}/tags/"
    assert attributes(atom(feed), "a:entry/a:category") == [
        {"term": "C, C++ & co", "scheme": scheme},
        {"term": "a/b", "scheme": scheme},
    ]
    items = etree.fromstring(rss(feed)).findall(".//item/category")
    assert [(whole_text(item), item.get("domain")) for item in items] == [("C, C++ & co", scheme), ("a/b", scheme)]


# --- identity, dates, language --------------------------------------------------------------------------------


def test_the_guid_is_a_permalink_only_where_it_is_the_url():
    feed = a_feed(an_entry(1), an_entry(2, id=f"{SITE}/posts/post-2"))

    assert [a["isPermaLink"] for a in attributes(rss(feed), ".//guid")] == ["false", "true"]


def test_rss_has_an_update_only_if_there_was_one():
    feed = a_feed(a_full_entry(2), an_entry(1))

    assert texts(rss(feed), ".//item/a:updated") == ["2026-01-31T14:30:00Z"]


def test_an_rfc_822_date_is_gmt_and_english_in_any_zone_and_locale():
    moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert rfc822(moment) == "Sat, 28 Feb 2026 23:30:00 GMT"
    assert feedgen.entry.formatRFC2822 is feedgen.feed.formatRFC2822 is rfc822


def test_rendering_never_touches_the_locale_of_the_process(monkeypatch):
    monkeypatch.setattr(locale, "setlocale", lambda *_: pytest.fail("the locale was touched"))

    assert b"<pubDate>Sat, 31 Jan 2026 13:00:00 GMT</pubDate>" in rss(a_feed(an_entry()))


def test_atom_names_the_language_of_an_entry_only_where_it_differs():
    root = etree.fromstring(atom(a_feed(an_entry(2, lang="de"), an_entry(1, lang="en"))))

    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert root.get(lang) == "en"
    assert [entry.get(lang) for entry in root.findall("a:entry", NS)] == ["de", None]


@pytest.mark.parametrize(
    ("moment", "rfc_822", "rfc_3339"),
    [
        (datetime(1984, 5, 6, tzinfo=UTC), "Sun, 06 May 1984 00:00:00 GMT", "1984-05-06T00:00:00+00:00"),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59+00:00"),
        (datetime(79, 8, 24, 12, tzinfo=UTC), "Thu, 24 Aug 0079 12:00:00 GMT", "0079-08-24T12:00:00+00:00"),
    ],
    ids=["a diary", "before Unix", "Vesuvius"],
)
def test_a_date_of_long_ago_is_written_as_it_is(moment, rfc_822, rfc_3339):
    feed = a_feed(an_entry(published=moment, updated=moment))

    assert texts(rss(feed), "channel/item/pubDate") == [rfc_822]
    assert texts(atom(feed), "a:entry/a:published") == texts(atom(feed), "a:entry/a:updated") == [rfc_3339]


def test_entries_of_the_same_second_keep_their_times():
    feed = a_feed(an_entry(2, published=NOON, updated=NOON), an_entry(1, published=NOON, updated=NOON))

    assert texts(atom(feed), "a:entry/a:updated") == ["2026-01-31T12:00:00+00:00"] * 2
