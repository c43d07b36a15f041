import html

import pytest
from lxml import etree

from feedserver.feeds.syndication import atom, rss
from tests.feeds.builders import SITE, a_category, a_feed, an_entry
from tests.feeds.reading import NS, parsed, whole_text

BOTH = pytest.mark.parametrize("render", [rss, atom])


def seen(construct):
    """What a reader shows of an Atom text construct."""
    text = whole_text(construct)
    return html.unescape(text) if construct.get("type") == "html" else text


@pytest.mark.parametrize(
    "title", ["AT&T", "a < b && c", "<b>bold", "]]> here", "use &amp; in HTML", "שלום", "x" * 5000]
)
def test_a_title_shows_as_it_was_written(title):
    feed = a_feed(an_entry(title=title))

    assert whole_text(etree.fromstring(rss(feed)).find("channel/item/title")) == title
    shown = etree.fromstring(atom(feed)).find("a:entry/a:title", NS)
    assert seen(shown) == title


def test_marks_in_rss_text_are_hexadecimal_references():
    document = rss(a_feed(an_entry(title="a & <b", categories=(a_category("Q&A"),)), title="R&D", description="A < B"))

    assert b"<title>a &#x26; &#x3C;b</title>" in document
    assert b">Q&#x26;A</category>" in document
    assert b"<title>R&#x26;D</title>" in document
    assert b"<description>A &#x3C; B</description>" in document


def test_a_closing_tag_in_an_rss_title_is_held_apart_by_a_word_joiner():
    assert "<title>1 &#x3C;\u2060/b&gt; &#x3C;/ 2</title>".encode() in rss(a_feed(an_entry(title="1 </b> </ 2")))


@pytest.mark.parametrize(
    ("title", "declared"),
    [
        ("plain", None),
        ("AT&T & R&D2", None),
        ("a <b> c", None),
        ("a </b>", "html"),
        ("&amp;", "html"),
        ("&#38;", "html"),
    ],
)
def test_an_atom_title_is_html_only_where_it_would_read_differently_as_html(title, declared):
    feed = a_feed(an_entry(title=title), title=title, description=title)

    root = etree.fromstring(atom(feed))

    for path in ("a:title", "a:subtitle", "a:entry/a:title"):
        (construct,) = root.findall(path, NS)
        assert construct.get("type") == declared


@BOTH
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (an_entry(title="", summary="two\nlines"), "two lines"),
        (an_entry(title="", summary="word " * 40), "word " * 14 + "word…"),
        (an_entry(title=" ", summary=""), f"{SITE}/posts/post-1"),
    ],
    ids=["first words", "at most 80 characters", "the URL"],
)
def test_an_empty_title_falls_back(render, entry, expected):
    assert parsed(render(a_feed(entry))).entries[0].title == expected
    assert len(expected) <= 80
