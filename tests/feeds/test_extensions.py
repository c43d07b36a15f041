import pytest

from feedserver.feeds.extensions import update_period
from feedserver.feeds.model import FeedLink
from feedserver.feeds.syndication import atom, rss
from feedserver.posts.model import Enclosure
from tests.feeds.builders import SITE, a_feed, a_full_entry, a_thought, an_entry, some_replies
from tests.feeds.reading import NS, attributes, parsed, texts

BOTH = pytest.mark.parametrize("render", [rss, atom])


def test_the_first_file_is_the_enclosure_and_the_further_ones_alone_are_media_content():
    document = rss(a_feed(a_full_entry()))

    audio, picture = "https://media.example/talk.mp3", "https://media.example/cover.png"
    assert attributes(document, ".//enclosure") == [{"url": audio, "length": "1234", "type": "audio/mpeg"}]
    assert attributes(document, ".//media:content") == [{"url": picture, "fileSize": "99", "type": "image/png"}]


def test_a_length_that_is_not_known_is_zero_only_where_rss_demands_one():
    feed = a_feed(an_entry(enclosures=(Enclosure("https://media.example/x", "audio/ogg", 0),) * 2))

    assert attributes(rss(feed), ".//enclosure")[0]["length"] == "0"
    assert "fileSize" not in attributes(rss(feed), ".//media:content")[0]
    assert "length" not in attributes(atom(feed), "a:entry/a:link[@rel='enclosure']")[0]


@BOTH
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (a_full_entry(image="https://blog.example/i.png"), ["https://blog.example/i.png"]),
        (a_full_entry(), ["https://media.example/cover.png"]),
        (an_entry(), []),
    ],
    ids=["its image", "else its first picture file", "else none"],
)
def test_the_thumbnail(render, entry, expected):
    assert [a["url"] for a in attributes(render(a_feed(entry)), ".//media:thumbnail")] == expected


def test_atom_writes_all_links_of_an_entry():
    links = attributes(atom(a_feed(a_full_entry())), "a:entry/a:link")

    post, count = f"{SITE}/posts/post-1", f"{{{NS['thr']}}}count"
    assert [(a["rel"], a["type"], a["href"], a.get("length")) for a in links] == [
        ("alternate", "text/html", post, None),
        ("enclosure", "audio/mpeg", "https://media.example/talk.mp3", "1234"),
        ("enclosure", "image/png", "https://media.example/cover.png", "99"),
        ("replies", "text/html", f"{post}#thoughts", None),
        ("replies", "application/atom+xml", f"{post}/thoughts.atom", None),
    ]
    assert [a.get(count) for a in links] == [None, None, None, "2", "2"]


def test_atom_counts_the_thoughts_and_says_when_the_newest_came():
    some, none = (atom(a_feed(an_entry(replies=some_replies(count=n)))) for n in (2, 0))

    updated = f"{{{NS['thr']}}}updated"
    assert texts(some, "a:entry/thr:total") == ["2"]
    assert [a[updated] for a in attributes(some, "a:entry/a:link[@rel='replies']")] == ["2026-02-01T12:00:00Z"] * 2
    assert texts(none, "a:entry/thr:total") == ["0"]
    assert not any(updated in a for a in attributes(none, "a:entry/a:link"))


def test_rss_counts_the_thoughts_and_links_to_them():
    document = rss(a_feed(a_full_entry()))

    assert texts(document, ".//slash:comments") == ["2"]
    assert texts(document, ".//wfw:commentRss") == [f"{SITE}/posts/post-1/thoughts.rss"]
    assert texts(document, ".//comments") == [f"{SITE}/posts/post-1#thoughts"]


@BOTH
def test_a_thought_names_the_post_that_it_answers_and_its_source(render):
    document = render(a_feed(a_thought(7)))

    assert attributes(document, ".//thr:in-reply-to") == [
        {
            "ref": "tag:blog.example,2026:post-1",
            "href": f"{SITE}/posts/post-1",
            "type": "text/html",
            "source": f"{SITE}/feed.atom",
        }
    ]
    assert attributes(document, ".//a:link[@rel='related']") == [{"rel": "related", "href": "https://bob.example/7"}]
    assert parsed(document).entries[0].link == f"{SITE}/posts/post-1#thought-7"


@pytest.mark.parametrize(
    ("ttl", "period"),
    [
        (300, ("hourly", 12)),
        (900, ("hourly", 4)),
        (3600, ("hourly", 1)),
        (2700, ("daily", 32)),
        (7200, ("daily", 12)),
        (86_400, ("daily", 1)),
        (1000, ("hourly", 4)),
        (10_000_000, ("hourly", 1)),
        (0, ("hourly", 3600)),
    ],
)
def test_the_update_period_says_the_same_as_the_time_to_live(ttl, period):
    assert update_period(ttl) == period


@BOTH
def test_syndication_elements_are_written(render):
    document = render(a_feed(ttl=900))

    assert texts(document, ".//sy:updatePeriod") == ["hourly"]
    assert texts(document, ".//sy:updateFrequency") == ["4"]


@pytest.mark.parametrize(("ttl", "minutes"), [(900, "15"), (20, "1"), (3600, "60")])
def test_the_time_to_live_of_rss_is_in_minutes_and_never_zero(ttl, minutes):
    assert texts(rss(a_feed(ttl=ttl)), "channel/ttl") == [minutes]


def test_an_rss_channel_always_has_a_description():
    assert texts(rss(a_feed(description="")), "channel/description") == ["A blog"]


@BOTH
def test_pages_archives_and_hubs_are_links_of_the_feed(render):
    links = (
        FeedLink("prev-archive", f"{SITE}/a/1", "application/atom+xml"),
        FeedLink("hub", "https://hub.example/?a&b"),
    )

    document = render(a_feed(an_entry(), links=links))

    found = [a for a in attributes(document, ".//a:link") if a["rel"] in ("prev-archive", "hub")]
    assert found == [
        {"rel": "prev-archive", "type": "application/atom+xml", "href": f"{SITE}/a/1"},
        {"rel": "hub", "href": "https://hub.example/?a&b"},
    ]


@BOTH
def test_history_marks_stand_only_where_they_are_true(render):
    def marks(**given):
        document = render(a_feed(an_entry(), **given))
        return len(texts(document, ".//fh:archive")), len(texts(document, ".//fh:complete"))

    assert (marks(), marks(archive=True), marks(complete=True)) == ((0, 0), (1, 0), (0, 1))
