import json
from dataclasses import replace
from datetime import timedelta

import pytest

from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.model import FeedLink, Person
from feedserver.posts.model import Enclosure
from tests.feeds.builders import SITE, a_category, a_feed, a_full_entry, a_thought, an_entry


def rendered(*entries, **given):
    return json.loads(json_feed(a_feed(*entries, **given)))


def item(entry):
    [only] = rendered(entry)["items"]
    return only


def test_the_feed_says_what_it_is_in_a_fixed_order():
    assert list(rendered().items()) == [
        ("version", "https://jsonfeed.org/version/1.1"),
        ("title", "A blog"),
        ("home_page_url", f"{SITE}/"),
        ("feed_url", f"{SITE}/feed.atom"),
        ("description", "Posts on one thing and another"),
        ("authors", [{"name": "Ada", "url": f"{SITE}/authors/Ada"}]),
        ("language", "en"),
        ("items", []),
    ]


def test_the_same_feed_gives_the_same_bytes():
    feed = a_feed(a_full_entry(2), a_thought(1))

    assert json_feed(feed) == json_feed(feed)


def test_it_is_compact_utf_8_and_ends_with_a_line_feed():
    document = json_feed(a_feed(an_entry(title="Überall 🎉")))

    assert '"title":"Überall 🎉","content_html"'.encode() in document
    assert document.endswith(b"]}\n")


def test_a_full_post_has_everything_in_a_fixed_order():
    assert list(item(a_full_entry(image="https://media.example/i.png", lang="de")).items()) == [
        ("id", "tag:blog.example,2026:post-1"),
        ("url", f"{SITE}/posts/post-1"),
        ("title", "Post 1"),
        ("content_html", "<p>The first words of post 1, and all the others.</p>"),
        ("summary", "The first words of post 1"),
        ("image", "https://media.example/i.png"),
        ("date_published", "2026-01-31T13:00:00Z"),
        ("date_modified", "2026-01-31T13:30:00Z"),
        ("authors", [{"name": "Ada", "url": f"{SITE}/authors/Ada"}]),
        ("tags", ["feeds", "old web"]),
        ("language", "de"),
        (
            "attachments",
            [
                {"url": "https://media.example/talk.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234},
                {"url": "https://media.example/cover.png", "mime_type": "image/png", "size_in_bytes": 99},
            ],
        ),
    ]


def test_unknown_members_are_left_out():
    bare = item(an_entry(title="", summary="", authors=(Person("Ada"), Person("")), categories=(a_category(" "),)))

    assert set(bare) == {"id", "url", "content_html", "date_published", "date_modified", "authors"}
    assert bare["authors"] == [{"name": "Ada"}]


def test_a_file_of_unknown_length_has_no_size():
    attached = item(an_entry(enclosures=(Enclosure("https://media.example/x", "audio/ogg", 0),)))["attachments"]

    assert attached == [{"url": "https://media.example/x", "mime_type": "audio/ogg"}]


def test_an_empty_body_is_empty_and_repeats_no_title():
    found = item(an_entry(html="", summary=""))

    assert found["content_html"] == ""
    assert not {"content_text", "summary"} & set(found)


def test_a_summary_of_an_empty_body_is_no_body():
    found = item(an_entry(html="", summary="In short"))

    assert (found["content_html"], found["summary"]) == ("", "In short")


def test_titles_are_plain_text_as_they_are():
    assert item(an_entry(title="a </b> &amp; c"))["title"] == "a </b> &amp; c"


def test_a_pingback_is_its_excerpt_as_text_and_names_source_sender_and_post():
    found = item(a_thought(3, html="<p>not this</p>"))

    assert found == {
        "id": "urn:uuid:00000000-0000-4000-8000-000000000003",
        "url": f"{SITE}/posts/post-1#thought-3",
        "external_url": "https://bob.example/3",
        "title": "Bob on “Post 1”",
        "content_text": "[…] as Ada wrote, feeds last […]",
        "date_published": "2026-01-31T15:00:00Z",
        "date_modified": "2026-01-31T15:00:00Z",
        "authors": [{"name": "Bob", "url": "https://bob.example/"}],
        "_feedserver": {"kind": "pingback", "response": None, "in_reply_to": "tag:blog.example,2026:post-1"},
    }


def test_a_comment_is_html_and_what_is_not_known_of_it_is_null():
    found = item(a_thought(kind="comment", html="<p>Well said</p>", external_url=None, authors=(Person("Bob"),)))

    assert found["content_html"] == "<p>Well said</p>"
    assert found["_feedserver"]["kind"] == "comment"
    assert "content_text" not in found
    assert found["external_url"] is None
    assert found["authors"] == [{"name": "Bob", "url": None}]


def test_a_thought_whose_words_changed_keeps_its_date_and_has_a_later_modification():
    thought = a_thought(3)

    found = item(replace(thought, updated=thought.updated + timedelta(days=1)))

    assert found["date_published"] == "2026-01-31T15:00:00Z"
    assert found["date_modified"] == "2026-02-01T15:00:00Z"


def test_a_post_has_nothing_of_a_thought():
    assert "_feedserver" not in item(an_entry())


NEXT = FeedLink("next", f"{SITE}/feed.json?page=2")
ARCHIVE = FeedLink("prev-archive", f"{SITE}/feed.json?archive=3")


@pytest.mark.parametrize(
    ("links", "expected"),
    [((), None), ((NEXT,), NEXT.href), ((ARCHIVE,), ARCHIVE.href), ((NEXT, ARCHIVE), ARCHIVE.href)],
    ids=["none", "page", "archive", "archive before page"],
)
def test_the_next_url_is_the_archive_before_or_else_the_next_page(links, expected):
    assert rendered(links=links).get("next_url") == expected


def test_hubs_are_named_only_where_there_are_some():
    assert rendered(links=(FeedLink("hub", "https://hub.example/"),))["hubs"] == [
        {"type": "WebSub", "url": "https://hub.example/"}
    ]
    assert "hubs" not in rendered()
