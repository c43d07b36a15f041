import pytest
from lxml import etree

from feedserver.feeds.syndication import atom, rss
from tests.feeds.builders import SITE, a_category, a_feed, an_entry
from tests.feeds.reading import NS, parsed, whole_text

BOTH = pytest.mark.parametrize("render", [rss, atom])


TITLES = [
    "AT&T",
    "a < b && c",
    "<b>bold",
    "<b>Both</b> </title>",
    "]]> here",
    "use &amp; in HTML, &#38; &lt;b&gt; too",
    "“Quotes” 'and' \"others\"",
    "שלום \u200fוברכה\u200e",
    "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
    "10\u00a0km",
    "x" * 5000,
]


@pytest.mark.parametrize("title", TITLES, ids=lambda title: title[:20])
def test_a_title_is_written_to_the_letter(title):
    feed = a_feed(an_entry(title=title), title=title, description=title)

    channel, root = etree.fromstring(rss(feed))[0], etree.fromstring(atom(feed))

    for path in ("title", "description", "item/title"):
        assert whole_text(channel.find(path)) == title
    for path in ("a:title", "a:subtitle", "a:entry/a:title"):
        [construct] = root.findall(path, NS)
        assert (construct.text, construct.get("type")) == (title, "text")


def test_marks_in_rss_text_are_hexadecimal_references():
    document = rss(a_feed(an_entry(title="a & <b", categories=(a_category("Q&A"),)), title="R&D", description="A < B"))

    assert b"<title>a &#x26; &#x3C;b</title>" in document
    assert b">Q&#x26;A</category>" in document
    assert b"<title>R&#x26;D</title>" in document
    assert b"<description>A &#x3C; B</description>" in document


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
